#!/usr/bin/env python3
"""Holds the code in the documentation against the files that it quotes.

A fenced block whose first line is a comment with a path (`// examples/guide_tensors.cpp`, or `#
...`) quotes that file: its other lines must stand there, together and in this order; indentation
that all of them share doesn't count. A line `// ...` leaves lines out.

usage: quotes_test.py ROOT         checks docs/**/*.md and README.md
       quotes_test.py --self-test  checks that a wrong quote is caught
"""
import pathlib
import re
import sys
import tempfile
import textwrap

FENCE = re.compile(r"^```\w*\n(?://|#) (\S+/\S+\.\w+)\n(.*?)^```$", re.M | re.S)
LEFT_OUT = re.compile(r"^\s*(?://|#) \.\.\.\s*$", re.M)


def holds(text, part):
    """Whether `part` stands in `text` at some indentation."""
    lines = [line.rstrip() for line in text.splitlines()]
    wanted = [line.rstrip() for line in textwrap.dedent(part).strip("\n").splitlines()]
    for start in range(len(lines) - len(wanted) + 1):
        window = textwrap.dedent("\n".join(lines[start:start + len(wanted)])).splitlines()
        if [line.rstrip() for line in window] == wanted:
            return True
    return False


def problems(root):
    """(number of quotes, what is wrong with them)"""
    found, count = [], 0
    for page in sorted([*root.glob("docs/**/*.md"), *root.glob("*.md")]):
        for path, code in FENCE.findall(page.read_text()):
            count += 1
            file = root / path
            if not file.exists():
                found.append(f"{page.relative_to(root)} quotes {path}, which is not there")
                continue
            for part in LEFT_OUT.split(code):
                if part.strip() and not holds(file.read_text(), part):
                    found.append(f"{page.relative_to(root)} quotes what {path} doesn't "
                                 f"say:\n{part}")
    return count, found


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "docs").mkdir()
        (root / "src").mkdir()
        (root / "src/a.cpp").write_text("int a() {\n  int b = 1;\n  return b;\n}\n")
        page = root / "docs/a.md"
        page.write_text("```cpp\n// src/a.cpp\nint b = 1;\nreturn b;\n```\n")
        assert problems(root) == (1, []), problems(root)
        page.write_text("```cpp\n// src/a.cpp\nint a() {\n  // ...\n  return b;\n}\n```\n")
        assert problems(root) == (1, []), problems(root)
        page.write_text("```cpp\n// src/a.cpp\nint b = 2;\n```\n")
        assert len(problems(root)[1]) == 1
        page.write_text("```cpp\n// src/gone.cpp\nint b = 1;\n```\n")
        assert len(problems(root)[1]) == 1


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if sys.argv[1] == "--self-test":
        return self_test()
    count, found = problems(pathlib.Path(sys.argv[1]))
    print("\n".join(found) or f"{count} quotes")
    sys.exit(1 if found or count == 0 else 0)


if __name__ == "__main__":
    main()
