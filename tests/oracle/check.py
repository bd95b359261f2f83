#!/usr/bin/env python3
"""Holds every op against its definition, written with NumPy and SciPy in ops/.

usage: check.py FOLDER          checks what oracle_dump wrote there
       check.py FOLDER PROGRAM  runs `PROGRAM FOLDER` (oracle_dump) first

Prints the largest difference of each op. A public op without a function in ops/ is an error. Exits
with 77 (CTest: skipped) where NumPy or SciPy are absent.
"""
import importlib.util
import inspect
import json
import pathlib
import subprocess
import sys

try:
    import numpy as np
    import scipy  # noqa: F401
except ImportError:
    print("left out: needs NumPy and SciPy (Debian: apt-get install python3-numpy python3-scipy)")
    sys.exit(77)

from reader import Reader  # noqa: E402

TOLERANCE = {"float16": 4e-3, "float32": 2e-5, "float64": 1e-11, "complex64": 2e-5,
             "complex128": 1e-11}


def load_functions():
    """name -> function of the files in ops/; what they import or start with _ is no op."""
    functions = {}
    for path in sorted((pathlib.Path(__file__).parent / "ops").glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"oracle_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ != module.__name__ or name.startswith("_"):
                continue
            op = name.rstrip("_")
            if op in functions:
                sys.exit(f"{path}: {op} is defined in two files")
            functions[op] = function
    return functions


def worst_difference(got, want):
    """(largest difference relative to max(1, |want|), what is wrong beside numbers or None)"""
    want = np.asarray(want)
    if got.shape != want.shape:
        return 0.0, f"sizes {list(got.shape)}, expected {list(want.shape)}"
    kinds = {"b": 0, "i": 1, "u": 1, "f": 2, "c": 3}
    if kinds[got.dtype.kind] != kinds[want.dtype.kind]:
        return 0.0, f"{got.dtype}, expected something like {want.dtype}"
    if got.size == 0:
        return 0.0, None
    if got.dtype.kind in "biu":
        differs = got != want
        if differs.any():
            at = tuple(int(i) for i in np.argwhere(differs)[0])
            return 1.0, f"{got[at]} at {list(at)}, expected {want[at]}"
        return 0.0, None
    same = (got == want) | (np.isnan(got) & np.isnan(want))
    with np.errstate(invalid="ignore", over="ignore"):
        size = np.maximum(1, np.abs(np.where(same, 1, want)))
        distance = np.abs(np.where(same, 0, got - want)) / size
    distance = np.where(np.isnan(distance), np.inf, distance)
    worst = float(distance.max())
    if worst > TOLERANCE[str(got.dtype)]:
        at = tuple(int(i) for i in np.unravel_index(np.argmax(distance), distance.shape))
        return worst, f"{got[at]} at {list(at)}, expected {want[at]}"
    return worst, None


def as_list(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def check_values(function, arguments, results):
    """(largest difference, problems) of an op with one right answer."""
    with np.errstate(all="ignore"):
        wanted = as_list(function(*arguments))
    if len(wanted) != len(results):
        return 0.0, [f"{len(results)} results, expected {len(wanted)}"]
    worst, problems = 0.0, []
    for i, (got, want) in enumerate(zip(results, wanted)):
        distance, problem = worst_difference(got, want)
        worst = max(worst, distance)
        if problem:
            problems.append(f"result {i}: {problem}")
    return worst, problems


def check_random(function, arguments, results, again):
    """An op that draws: the same draw twice, and whatever `function` asserts of it."""
    problems = []
    for first, second in zip(results, again):
        if not np.array_equal(first, second, equal_nan=first.dtype.kind in "fc"):
            problems.append("the same seed gave other numbers")
    try:
        function(results[0], *arguments)
    except AssertionError as error:
        problems.append(f"a wrong distribution: {error}")
    return 0.0, problems


def check_entry(entry, function, reader):
    arguments = [reader.argument(a) for a in entry["arguments"]]
    results = reader.tensors(entry["results"])
    if entry["random"]:
        return check_random(function, arguments, results, reader.tensors(entry["again"]))
    if entry["uninitialised"]:
        wanted = as_list(function(*arguments))
        same = all(g.shape == w.shape and g.dtype == w.dtype for g, w in zip(results, wanted))
        return 0.0, [] if same else ["wrong sizes or dtype"]
    return check_values(function, arguments, results)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    if len(sys.argv) == 3:
        subprocess.run([sys.argv[2], str(folder)], check=True)
    functions, reader = load_functions(), Reader(folder)
    worst, runs, failures, missing = {}, {}, [], set()
    for entry in json.loads((folder / "index.json").read_text()):
        op = entry["op"]
        if entry["internal"] and op not in functions:
            continue  # held against finite differences, as a part of the gradients that use it
        if op not in functions:
            missing.add(op)
            continue
        where = f"{op}, sample {entry['sample']}" + (f", {entry['variant']}" if entry["variant"]
                                                     else "")
        try:
            distance, problems = check_entry(entry, functions[op], reader)
        except Exception as error:  # the oracle itself refuses what the op took
            distance, problems = 0.0, [f"the oracle raised {type(error).__name__}: {error}"]
        failures += [f"{where}: {problem}" for problem in problems]
        worst[op] = max(worst.get(op, 0.0), distance)
        runs[op] = runs.get(op, 0) + 1
    for op in sorted(worst):
        print(f"{op:36} {runs[op]:4} runs, largest difference {worst[op]:.2g}")
    for op in sorted(missing):
        print(f"FAILED: {op} has no function in tests/oracle/ops/: write `def {op}(...)` from its "
              "definition")
    for failure in failures:
        print(f"FAILED: {failure}")
    print(f"{len(worst)} ops, {sum(runs.values())} runs, {len(failures)} differences, "
          f"{len(missing)} ops without an oracle")
    sys.exit(1 if failures or missing else 0)


if __name__ == "__main__":
    main()
