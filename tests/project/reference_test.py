#!/usr/bin/env python3
"""Holds docs/reference/ops.md against the op table.

usage: reference_test.py ROOT PROGRAM   PROGRAM is tenon_reference
"""
import difflib
import pathlib
import re
import subprocess
import sys
import tempfile

RENEW = ("ninja -C build/release tenon_reference && "
         "build/release/tools/tenon_reference docs/reference/ops.md")


def main():
    root, program = pathlib.Path(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory() as folder:
        made = pathlib.Path(folder) / "ops.md"
        subprocess.run([program, str(made)], check=True)
        made = made.read_text()
    page = (root / "docs/reference/ops.md").read_text()
    if page != made:
        print("".join(list(difflib.unified_diff(page.splitlines(True), made.splitlines(True),
                                                "docs/reference/ops.md", "the op table"))[:40]))
        sys.exit(f"docs/reference/ops.md is not what the op table says; renew it with:\n  {RENEW}")
    # Read on its own, so that a page that leaves ops out can't agree with itself.
    for line in (root / "tenon/dispatch/op_list.txt").read_text().splitlines():
        match = re.match(r"(\w+)\(.*\) -> [^|]+(\|.*)?$", line)
        if not match:
            continue
        internal = "internal" in (match.group(2) or "").split()
        listed = f"\n### {match.group(1)}\n" in page
        if listed == internal:
            sys.exit("docs/reference/ops.md "
                     f"{'holds the internal op' if internal else 'leaves out'} {match.group(1)}")


if __name__ == "__main__":
    main()
