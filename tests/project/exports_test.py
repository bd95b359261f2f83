#!/usr/bin/env python3
"""Checks that libtenon exports nothing but namespace tenon.

usage: exports_test.py LIBTENON
"""
import re
import subprocess
import sys

# Itanium C++ ABI names of members of ::tenon, and of what belongs to its classes and functions.
OURS = re.compile(r"^(_ZT[ISVT](P|PK)?|_ZTh.*_|_ZTv.*_|_ZT[HW]|_ZGV|_ZGVZ|_ZZ|_Z)N[VK]*[RO]?5tenon|^tenon_")
FOREIGN = re.compile(r"\b(fmt|nlohmann|CLI|dnnl|hwy|asmjit|testing)::")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    lines = subprocess.run(["nm", "-D", "--defined-only", sys.argv[1]],
                           check=True, capture_output=True, text=True).stdout.splitlines()
    names = [line.split()[-1].split("@")[0] for line in lines]
    names = [name for name in names if name]
    readable = subprocess.run(["c++filt"], input="\n".join(names), check=True, capture_output=True,
                              text=True).stdout.splitlines()
    wrong = [text for name, text in zip(names, readable) if not OURS.match(name) or FOREIGN.search(text)]
    if not any("tenon::num_threads" in text for text in readable):
        sys.exit(f"{sys.argv[1]} doesn't export tenon::num_threads: is it libtenon?")
    if wrong:
        sys.exit("\n".join(wrong) + f"\n{len(wrong)} symbols that aren't Tenon's are exported")
    print(f"exports: {len(names)} symbols, all of namespace tenon")


if __name__ == "__main__":
    main()
