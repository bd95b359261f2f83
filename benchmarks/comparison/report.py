"""The results as docs/benchmarks.md."""

from . import plan

ROW_TITLES = {
    "1": "Overhead of one op on eight floats, from C++",
    "2": "Linear regression, 1,000 SGD steps, a step; what an op of a compiled function costs",
    "3": "A small network, one Adam step",
    "4": "The digits CNN, batch 64",
    "8": "Control flow that depends on data",
    "9": "Memory-bound ops, eager and compiled",
    "12": "Data loading",
    "13": "Start, size, memory, and what compiling costs",
    "1p": "Overhead of one op on eight floats, from Python",
    "2p": "Linear regression from Python, a step",
    "3p": "A small network from Python, one Adam step",
    "4p": "The digits CNN from Python, batch 64",
    "6p": "Keras's fit(), and loops in TensorFlow's style",
    "8p": "Control flow that depends on data, from Python",
    "13p": "Start and size of the Python package",
}


def number(value):
    if value is None:
        return "–"
    if value >= 1e4:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 1000 else f"{value:.4g}"


def ratio(entry):
    if entry["ratio"] is None:
        return "–" if entry["peer_kind"] == "none" else "absent"
    low, high = entry["ratio_low"], entry["ratio_high"]
    return f"**{number(entry['ratio'])}** ({number(low)}–{number(high)})"


def table(entries):
    lines = ["| case | Tenon | peer | peer's | ratio (spread) | of the limit | goal | met |",
             "|---|---|---|---|---|---|---|---|"]
    for e in entries:
        fraction = "" if e["limit_fraction"] is None else f"{100 * e['limit_fraction']:.0f} %"
        met = {True: "yes", False: "**no**", None: ""}[e["met"]]
        lines.append(f"| {e['case']} | {number(e['ours'])} {e['unit']} | {e['peer_name']} "
                     f"| {number(e['peer'])} | {ratio(e)} | {fraction} | {e['goal'] or ''} "
                     f"| {met} |")
    return lines


def machine_lines(machine):
    limits = machine["limits"]
    yield f"- {machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB; " \
          f"{', '.join(machine['instruction_sets'])}; {machine['system']}"
    yield f"- {machine['threads']} threads on every side; {machine['compiler']}"
    yield f"- Tenon {machine['tenon']}; " + "; ".join(
        f"{name} {version}" for name, version in machine["versions"].items())
    yield "- limits measured in the same run: " + "; ".join(
        f"{name} {number(value)} {'GF/s' if 'multiply' in name else 'GB/s'}"
        for name, value in limits.items())


def write(path, machine, entries, notes):
    lines = [
        "# Benchmarks",
        "",
        "Ratios above 1 mean that Tenon is faster (or smaller). Both sides run in turn, A B A B, "
        "in",
        "processes that stay up, with the same threads, dtype and sizes; a figure is the median "
        "over",
        f"{machine['pairs']} pairs or more after a warm-up, the ratio the median of the pairs'",
        "ratios, with the lowest and the highest. To make this file again:",
        "",
        "    cmake --preset release && ninja -C build/release",
        "    ./benchmarks/compare",
        "",
        "It needs no peer to be installed before: `benchmarks/compare` makes a virtual environment",
        "of them, and reports those that it can't install as absent.",
        "",
        "## The machine",
        "",
        *machine_lines(machine),
        "",
        "## Results",
    ]
    for row in plan.ROWS:
        of_row = [entry for entry in entries if entry["row"] == row]
        if of_row:
            lines += ["", f"### Row {row}: {ROW_TITLES[row]}", "", *table(of_row)]
    path.write_text("\n".join(lines) + "\n\n" + notes)
