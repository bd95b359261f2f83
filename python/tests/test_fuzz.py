"""No arguments whatever crash a public function, or bring out what is C++'s own."""

import os
import pathlib
import subprocess
import sys

CALLS = pathlib.Path(__file__).parent / "fuzz" / "calls.py"


def test_random_and_hostile_arguments(tmp_path):
    environment = {**os.environ, "TENON_MEMORY_LIMIT": str(256 << 20)}
    done = subprocess.run([sys.executable, "-B", CALLS, tmp_path, "1", "4"], env=environment,
                          text=True, capture_output=True, timeout=300)
    call = (tmp_path / "call").read_text(errors="replace")
    failures = tmp_path / "failures"
    assert failures.exists(), f"died in {call}\n{done.stderr[-3000:]}"
    assert not failures.read_text(errors="replace"), failures.read_text(errors="replace")[:5000]
    functions, calls, results = (int(word) for word in done.stdout.splitlines()[-1].split()
                                 if word.isdigit())
    assert functions > 2000 and calls > 3 * functions and results > calls / 10, done.stdout
