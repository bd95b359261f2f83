"""The two sides as processes: workers that measure a case when asked, and single starts."""

import json
import os
import select
import subprocess
import time

PATIENCE_SECONDS = 120  # for one answer: imports, compilation and warm-up included


class WorkerError(Exception):
    """A worker that ended, or said nothing in time."""


class Worker:
    """A program of benchmarks/ with --serve. Waiting, it takes no processor time."""

    def __init__(self, command, environment):
        self._process = subprocess.Popen(
            [*command, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env={**os.environ, **environment})
        self._rest = b""
        hello = self._answer()
        self.name, self.cases = hello["name"], hello["cases"]

    def _answer(self):
        """The next line that is JSON: libraries may print lines of their own."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            line, newline, rest = self._rest.partition(b"\n")
            if newline:
                self._rest = rest
                if line.startswith(b"{"):
                    return json.loads(line)
                continue
            ready, _, _ = select.select([self._process.stdout], [], [],
                                        max(0, deadline - time.monotonic()))
            more = os.read(self._process.stdout.fileno(), 1 << 16) if ready else b""
            if not more:
                self.close()
                raise WorkerError("ended" if ready else f"no answer in {PATIENCE_SECONDS} s")
            self._rest += more

    def measure(self, case):
        """The case's value, or None where the worker can't measure it."""
        if case not in self.cases:
            return None
        try:
            self._process.stdin.write(case.encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise WorkerError(str(error)) from error
        return self._answer().get("value")

    def close(self):
        self._process.kill()
        self._process.wait()


def answer_of(command, environment):
    """The last line of JSON that a program prints."""
    done = subprocess.run(command, capture_output=True, env={**os.environ, **environment},
                          timeout=PATIENCE_SECONDS, check=True)
    lines = [line for line in done.stdout.splitlines() if line.startswith(b"{")]
    return json.loads(lines[-1])


def start_to_first_op(command, environment):
    """Milliseconds from the start of a process to its first result, and the MB it holds then."""
    begin = time.monotonic_ns()
    answer = answer_of(command, environment)
    return (answer["monotonic_ns"] - begin) / 1e6, answer["resident_bytes"] / 1e6
