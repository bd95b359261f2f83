#!/usr/bin/env python3
"""Holds the links of the documentation against the tree: every relative link leads to a file or
folder.

usage: links_test.py ROOT         checks docs/**/*.md and README.md
       links_test.py --self-test  checks that a broken link is caught
"""
import pathlib
import re
import sys
import tempfile

CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.M | re.S)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def problems(root):
    """(number of links, what is wrong with them)"""
    found, count = [], 0
    for page in sorted([*root.glob("docs/**/*.md"), *root.glob("*.md")]):
        for link in LINK.findall(CODE.sub("", page.read_text())):
            path = link.split("#")[0]
            if re.match(r"\w+:", link) or not path:  # of the web, or of the page itself
                continue
            count += 1
            if not (page.parent / path).exists():
                found.append(f"{page.relative_to(root)} links to {link}, which is not there")
    return count, found


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "docs").mkdir()
        (root / "LICENSE").write_text("")
        page = root / "docs/a.md"
        page.write_text("[one](../LICENSE) [two](a.md#part) [three](#part) "
                        "[four](https://a.b/c.md)\n`[five](b.md)`\n```cpp\nf[6](b.md);\n```\n")
        assert problems(root) == (2, []), problems(root)
        page.write_text("[one](b.md)\n")
        assert problems(root) == (1,
                                  ["docs/a.md links to b.md, which is not there"]), problems(root)
    print("broken links are caught")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    count, found = problems(pathlib.Path(sys.argv[1]))
    if not count:
        found.append("no link was found")
    for problem in found:
        print(problem)
    print(f"{count} links")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
