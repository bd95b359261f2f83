"""The machine and the programs on it, in words and figures."""

import os
import platform
import re
import subprocess
from pathlib import Path

NAMED_SETS = ["sse4_2", "avx2", "fma", "avx512f", "avx512_bf16", "amx_tile", "amx_bf16", "asimd",
              "sve"]


def cpu_info():
    text = Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*:\s*(.*)$", text, re.M)
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.*)$", text, re.M)
    has = flags.group(1).split() if flags else []
    return (model.group(1) if model else platform.machine()), [s for s in NAMED_SETS if s in has]


def memory_gb():
    kilobytes = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text()).group(1)
    return round(int(kilobytes) / (1 << 20), 1)


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()[0].strip()
    except (OSError, subprocess.CalledProcessError, IndexError):
        return ""


def tenon_version(root):
    number = re.search(r"project\(Tenon VERSION (\S+)", (root / "CMakeLists.txt").read_text())
    revision = first_line("git", "-C", str(root), "rev-parse", "--short", "HEAD")
    return f"{number.group(1)} ({revision})" if revision else number.group(1)


def describe(root, threads):
    model, sets = cpu_info()
    return {
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)),
        "threads": threads,
        "instruction_sets": sets,
        "memory_gb": memory_gb(),
        "system": f"{platform.system()} {platform.release()}",
        "compiler": first_line("c++", "--version"),
        "tenon": tenon_version(root),
    }
