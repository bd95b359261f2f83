#!/usr/bin/env python3
"""Checks that libtenon exports nothing but namespace tenon, and that a running program can load it.

usage: exports_test.py LIBTENON
"""
import re
import subprocess
import sys

# Itanium C++ ABI names of members of ::tenon, and of what belongs to its classes and functions.
OURS = re.compile(r"^(_ZT[ISVT](P|PK)?|_ZTh.*_|_ZTv.*_|_ZT[HW]|_ZGV|_ZGVZ|_ZZ|_Z)"
                  r"N[VK]*[RO]?5tenon|^tenon_")
FOREIGN = re.compile(r"\b(fmt|nlohmann|CLI|dnnl|hwy|asmjit|testing)::")

# A program that runs already, such as Python, has 1,664 bytes for the thread-local objects of all
# libraries that it loads (glibc's manual, "Dynamic Linking Tunables").
MOST_THREAD_LOCAL_BYTES = 1024


def thread_local_bytes(library):
    segments = subprocess.run(["readelf", "-lW", library], check=True, capture_output=True,
                              text=True).stdout.splitlines()
    return sum(int(line.split()[5], 16) for line in segments if line.split()[:1] == ["TLS"])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    lines = subprocess.run(["nm", "-D", "--defined-only", sys.argv[1]],
                           check=True, capture_output=True, text=True).stdout.splitlines()
    names = [line.split()[-1].split("@")[0] for line in lines]
    names = [name for name in names if name]
    readable = subprocess.run(["c++filt"], input="\n".join(names), check=True, capture_output=True,
                              text=True).stdout.splitlines()
    wrong = [text for name, text in zip(names, readable) if not OURS.match(name)
             or FOREIGN.search(text)]
    if not any("tenon::num_threads" in text for text in readable):
        sys.exit(f"{sys.argv[1]} doesn't export tenon::num_threads: is it libtenon?")
    if wrong:
        sys.exit("\n".join(wrong) + f"\n{len(wrong)} symbols that aren't Tenon's are exported")
    count = thread_local_bytes(sys.argv[1])
    if not 0 < count <= MOST_THREAD_LOCAL_BYTES:
        sys.exit(f"{count} bytes of thread-local objects; expected at most "
                 f"{MOST_THREAD_LOCAL_BYTES}: use Scratch, or one object for several")
    print(f"exports: {len(names)} symbols, all of namespace tenon")


if __name__ == "__main__":
    main()
