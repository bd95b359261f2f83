#!/usr/bin/env python3
"""Holds the words of the library's errors to those that read well from C++ and from Python.

The Python package shows the same texts, with C++ names turned into its own by
`python/bindings/python_words.cpp`. A text that has names which that doesn't know is wrong there.

usage: error_words_test.py ROOT         checks the texts of fail<...>(...) in tenon/**
       error_words_test.py --self-test  checks that an unknown name is caught
"""
import pathlib
import re
import sys
import tempfile

CALL = re.compile(r"\bfail<\w+>\(")
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[()]')
CONSTANT = re.compile(r"\bk[A-Z]\w*")
KNOWN = re.compile(r"k(Bool|U?Int(8|16|32|64)|B?Float(16|32|64)|Complex(64|128)|Cpu|Meta)")
UNKNOWN = re.compile(r"\bstd::\w+|\bnullptr\b|\bnullopt\b|\bEnableGrad\b|\bInferenceMode\b|"
                     r"\bDType::\w+|[{.]\w+ = ")


def texts(source):
    """(line, text) of each call that fails."""
    for match in CALL.finditer(source):
        depth, end = 1, match.end()
        for token in TOKEN.finditer(source, match.end()):
            depth += {"(": 1, ")": -1}.get(token.group(), 0)
            end = token.end()
            if depth == 0:
                break
        literals = LITERAL.findall(source[match.end():end])
        yield source.count("\n", 0, match.start()) + 1, "".join(literals)


def problems(root):
    """(number of texts, what is wrong with them)"""
    found, count = [], 0
    for path in sorted(root.glob("tenon/**/*.cpp")):
        if path.stem.endswith("_test"):
            continue
        for line, text in texts(path.read_text(encoding="utf-8")):
            count += 1
            wrong = [name for name in CONSTANT.findall(text) if not KNOWN.fullmatch(name)]
            wrong += [match.group() for match in UNKNOWN.finditer(text)]
            for name in wrong:
                found.append(f"{path.relative_to(root)}:{line}: the error says {name!r}, which is "
                             "C++'s alone; word it for both, or teach python_words() the name")
    return count, found


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "tenon").mkdir()
        file = root / "tenon/a.cpp"
        file.write_text('fail<DTypeError>("f", g("use to(kInt64)(", x), "or to(kCpu)");\n')
        assert problems(root) == (1, []), problems(root)
        file.write_text('\nfail<ValueError>("f", "pass "\n  "std::nullopt, or kSomething");')
        count, found = problems(root)
        assert count == 1 and len(found) == 2 and found[0].startswith("tenon/a.cpp:2"), found
        assert "kSomething" in found[0] and "std::nullopt" in found[1], found
    print("names that are C++'s alone are caught")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    count, found = problems(pathlib.Path(sys.argv[1]))
    if not count:
        found.append("no text was found")
    for problem in found:
        print(problem)
    print(f"{count} texts")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
