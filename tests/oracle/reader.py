"""Reads what oracle_dump wrote: see dump.cpp."""

import numpy as np


class Reader:
    def __init__(self, folder):
        self.data = (folder / "data.bin").read_bytes()

    def tensor(self, entry):
        if entry is None:
            return None
        count = int(np.prod(entry["sizes"], dtype=np.int64))
        array = np.frombuffer(self.data, np.dtype(entry["dtype"]), count, entry["offset"])
        return array.reshape(entry["sizes"]).copy()

    def tensors(self, entries):
        return [self.tensor(entry) for entry in entries]

    def argument(self, entry):
        if "tensor" in entry:
            return self.tensor(entry["tensor"])
        if "tensors" in entry:
            return self.tensors(entry["tensors"])
        if "number" in entry:
            return float(entry["number"])  # one that JSON can't write
        return entry["value"]
