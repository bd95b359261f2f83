#!/usr/bin/env python3
"""Holds Tenon's Python package against PyTorch and writes docs/parity.md to standard output.

    build/release/oracle_dump DUMP_FOLDER
    PYTHONPATH=build/release/python PYTHON benchmarks/parity/report.py DUMP_FOLDER > docs/parity.md

PYTHON is one with PyTorch and NumPy: the peers' environment that benchmarks/compare makes. Exits
with 1 and names them where differences beyond rounding have no reason in reasons.py.
"""

import os
import sys
import warnings
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch  # noqa: E402

from parity import (
    functionals,
    module_cases,
    modules,
    ops,
    optimizers,
    random_numbers,
    schedulers,
)  # noqa: E402
from parity.compare import TOLERANCE  # noqa: E402
from parity.reasons import Judge  # noqa: E402

WIDE, HALF = ("float64", "float32"), ("bfloat16", "float16")


def number(worst, dtype):
    return f"{worst[dtype]:.1g}" if dtype in worst else ""


def others(row):
    """The dtypes beside float64 and float32 that were compared, with differences above 0."""
    parts = []
    for dtype, worst in row.forward.items():
        if dtype not in WIDE:
            worst = max(worst, row.gradient.get(dtype, 0.0))
            parts.append(f"{dtype} {worst:.1g}" if worst else dtype)
    return ", ".join(parts)


def table(rows):
    yield "| name | samples | float64 | gradient | float32 | gradient | others | why it differs |"
    yield "|---|--:|--:|--:|--:|--:|---|---|"
    for row in rows:
        cells = [f"`{row.name}`", str(row.samples)]
        for dtype in WIDE:
            cells += [number(row.forward, dtype), number(row.gradient, dtype)]
        yield "| " + " | ".join([*cells, others(row), "; ".join(row.reasons)]) + " |"


def short_table(rows, measure, dtype):
    yield f"| name | samples | {measure} | why it differs |\n|---|--:|--:|---|"
    for row in rows:
        worst = max([row.forward.get(kind, 0.0) for kind in dtype] or [0.0])
        yield f"| `{row.name}` | {row.samples} | {worst:.1g} | {'; '.join(row.reasons)} |"


def refusals(rows):
    """What only Tenon takes."""
    for row in rows:
        if row.refused:
            counts = ", ".join(
                f"{dtype} {len(cases)}" for dtype, cases in sorted(row.refused.items())
            )
            first = next(iter(row.refused.values()))[0]
            yield f"| `{row.name}` | {counts} | {first_words(first)} |"


def first_words(text, most=110):
    """An error's first line, without what a table can't hold."""
    line = text.partition(": ")[2].strip().splitlines()[0].replace("|", "or")
    return line if len(line) <= most else line[:most].rsplit(" ", 1)[0] + " ..."


HEAD = """# Held against PyTorch

<!-- Made by benchmarks/parity/report.py; don't edit. -->

The same calls, with the same tensors, in Tenon's Python package and in PyTorch {version}: what
differs, and why. Numbers are the largest |Tenon - PyTorch| / max(1, |PyTorch|) over all samples.
Sizes, dtypes, numbers of results, what happens to arguments, the names of arguments and whether a
call is refused are compared, too. Gradients are those of the results' sum with fixed weights. Every
float32 call of an op also runs compiled, and what it gives is held against PyTorch, too.

A difference is rounding up to {tolerances}.
Whatever differs by more has its reason in the last column, or the report fails. Where results
aren't determined, as the signs of singular vectors, what is determined is compared
(`invariants.py`). Reasons stand in `benchmarks/parity/reasons.py`;
[contributing.md](contributing.md) says how to make this page anew.
"""


def page(sections, absent, elsewhere):
    tolerances = ", ".join(f"{TOLERANCE[dtype]:g} in {dtype}" for dtype in (*WIDE, *HALF))
    yield HEAD.format(version=torch.__version__.partition("+")[0], tolerances=tolerances)
    yield "| section | names | samples | that differ |\n|---|--:|--:|--:|"
    for title, rows, _ in sections:
        differ = sum(bool(row.reasons) for row in rows)
        yield f"| {title} | {len(rows)} | {sum(row.samples for row in rows)} | {differ} |"
    for title, rows, write in sections:
        yield f"\n## {title}\n"
        yield from write(rows)
    yield "\n## What only Tenon takes\n"
    yield "Samples of ops that PyTorch refuses, with the first of its errors.\n"
    yield "| op | samples | PyTorch says |\n|---|---|---|"
    yield from refusals(sections[0][1])
    yield "\n## What is not compared\n"
    yield "| name | why |\n|---|---|"
    for name, why in sorted({**absent, **elsewhere}.items()):
        yield f"| `{name}` | {why} |"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    warnings.simplefilter("ignore")  # PyTorch's, of names that it will drop
    written = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no part of the page
    torch.manual_seed(1)
    op_rows, absent = ops.compare_ops(Path(sys.argv[1]))
    spread = lambda rows: short_table(rows, "distance", ("float32", "float64", "int64"))
    sections = [
        ("Ops", op_rows, table),
        ("Functions", functionals.compare_functionals(), table),
        ("Modules", modules.compare_modules(), table),
        ("Optimizers: losses and parameters of ten steps", optimizers.compare_optimizers(), table),
        (
            "Schedules: rates and momenta of thirty steps",
            schedulers.compare_schedulers(),
            lambda rows: short_table(rows, "difference", ("float64",)),
        ),
        (
            "Random numbers: Kolmogorov-Smirnov distance of 200,000 draws",
            random_numbers.compare_random(),
            spread,
        ),
    ]
    judge, failures = Judge(), 0
    for _, rows, _ in sections:
        for row in rows:
            judge.settle(row)
            failures += len(row.problems)
            for problem in row.problems:
                print(f"FAILED: {row.name}: {problem}", file=sys.stderr)
    for entry in judge.unused():
        failures += 1
        print(f"FAILED: a reason that nothing needs: {entry}", file=sys.stderr)
    elsewhere = {**module_cases.ELSEWHERE, **optimizers.ELSEWHERE}
    print("\n".join(page(sections, absent, elsewhere)), file=written, flush=True)
    print(
        f"{sum(len(rows) for _, rows, _ in sections)} names, {failures} failures", file=sys.stderr
    )
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
