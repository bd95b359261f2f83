#!/usr/bin/env python3
"""Holds the lines of Python's files to 100 columns; those of C++ are clang-format's.

usage: columns_test.py ROOT         checks *.py and *.pyi
       columns_test.py --self-test  checks that a long line is caught
"""
import pathlib
import sys
import tempfile

COLUMNS = 100
FOLDERS = ("benchmarks", "examples", "python", "scripts", "tests", "tools")


def problems(root):
    """(number of files, what is wrong with them)"""
    found, count = [], 0
    for path in sorted(path for folder in FOLDERS for path in (root / folder).rglob("*.py*")):
        if path.suffix not in (".py", ".pyi"):
            continue
        count += 1
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if len(line) > COLUMNS:
                found.append(f"{path.relative_to(root)}:{number} has {len(line)} columns; "
                             f"at most {COLUMNS}")
    return count, found


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "python").mkdir()
        page = root / "python/a.py"
        page.write_text("a = 1\n" + "b" * COLUMNS + "\n")
        assert problems(root) == (1, []), problems(root)
        page.write_text("a = 1\n" + "b" * COLUMNS + "c\n")
        assert problems(root) == (1, ["python/a.py:2 has 101 columns; at most 100"]), problems(root)
    print("long lines are caught")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    count, found = problems(pathlib.Path(sys.argv[1]))
    if not count:
        found.append("no file was found")
    for problem in found:
        print(problem)
    print(f"{count} files")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
