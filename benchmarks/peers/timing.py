"""benchmarks/timing.h for the peers in Python: the same rounds, the same lines in and out."""

import json
import statistics
import sys
import time

SHORTEST_ROUND = 0.01

LEARNING_RATE = 1e-8  # of Adam: timing.h says why so low


def seconds_per_call(body, budget=0.12):
    """Median seconds of one call of `body`; see timing.h."""

    def round_of(calls):
        start = time.perf_counter()
        for _ in range(calls):
            body()
        return time.perf_counter() - start

    calls = 1
    took = round_of(1)
    while took < SHORTEST_ROUND:
        wanted = 1.2 * SHORTEST_ROUND / max(took, 1e-7)
        calls = max(calls + 1, int(calls * wanted))
        took = round_of(calls)
    rounds = []
    total = 0.0
    while len(rounds) < 3 or total < budget:
        took = round_of(calls)
        rounds.append(took / calls)
        total += took
    return statistics.median(rounds)


class Suite:
    """Cases by name; `prepare` gives what is timed, or None where the peer can't do it."""

    def __init__(self, name):
        self.name = name
        self.cases = {}

    def time(self, name, unit, scale, prepare):
        self.cases[name] = (unit, scale, False, prepare)

    def rate(self, name, unit, amount, prepare):
        self.cases[name] = (unit, amount, True, prepare)

    def _measure(self, name, prepared):
        unit, scale, is_rate, prepare = self.cases[name]
        if prepared.get("name") != name:
            prepared.clear()
            prepared["body"] = prepare()
            prepared["name"] = name
        seconds = seconds_per_call(prepared["body"])
        value = scale / seconds if is_rate else scale * seconds
        return {"case": name, "value": value, "unit": unit}

    def run(self):
        if "--serve" in sys.argv[1:]:
            print(json.dumps({"name": self.name, "cases": list(self.cases)}), flush=True)
            names = (line.rstrip("\n") for line in sys.stdin)
        else:
            names = iter(self.cases)
        prepared = {}
        for name in names:
            try:
                answer = self._measure(name, prepared)
            except Exception as error:  # one case of a peer must not end the run
                answer = {"case": name, "error": f"{type(error).__name__}: {error}"[:300]}
            print(json.dumps(answer), flush=True)
