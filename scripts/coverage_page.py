#!/usr/bin/env python3
"""Writes docs/coverage.md: which of the names that public PyTorch code uses are in the package.

    PYTHONPATH=build/release/python build/python-environment/bin/python scripts/coverage_page.py torch-usage.csv > docs/coverage.md

The table has a line a name: `name,kind,repos,uses,note`, with the number of repositories that use it.
"""

import csv
import sys
from collections import defaultdict

import tenon as torch

KINDS = ("tensor-method", "function", "module", "module-method", "functional", "dtype", "init", "data",
         "autograd", "scheduler", "optimizer", "optimizer-method", "nn-utils", "amp", "linalg", "fft")
FEWEST = 8  # repositories that use a name

#: Why a name is not there.
REASONS = {
    "Tensor.coalesce": "for sparse tensors, which Tenon doesn't have",
    "Tensor.index": "no method of PyTorch's tensors either; counted are lists' and arrays'",
    "Tensor.indices": "for sparse tensors; `x.max(1).indices` is there",
    "Tensor.values": "for sparse tensors; `x.max(1).values` is there",
}


def home_of(name):
    """The object that a name of the table starts from, and the rest of the name."""
    first, _, rest = name.partition(".")
    return {"Tensor": torch.Tensor, "torch": torch, "Module": torch.nn.Module,
            "Optimizer": torch.optim.Optimizer}[first], rest


def exists(name):
    target, rest = home_of(name)
    if name.startswith("Optimizer."):  # counted are schedulers' methods and attributes, too
        made = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
        return any(hasattr(one, rest) for one in
                   (made, torch.optim.lr_scheduler.StepLR(made, step_size=1)))
    for part in rest.split("."):
        if not hasattr(target, part):
            return False
        target = getattr(target, part)
    return True


def table_of(names):
    lines = ["| name | used by | why it isn't there |", "|---|---|---|"]
    lines += [f"| `{name}` | {repos} | {REASONS.get(name, 'not written yet')} |"
              for name, repos in names]
    return lines


def main():
    counted, missing = defaultdict(int), defaultdict(list)
    with open(sys.argv[1], newline="") as file:
        for row in csv.DictReader(file):
            if row["kind"] in KINDS and int(row["repos"]) >= FEWEST:
                counted[row["kind"]] += 1
                if not exists(row["name"]):
                    missing[row["kind"]].append((row["name"], int(row["repos"])))
    total = sum(counted.values())
    there = total - sum(map(len, missing.values()))
    print("# Which of PyTorch's names are there\n")
    print("<!-- Made by scripts/coverage_page.py; don't edit. -->\n")
    print(f"Of {total} names of PyTorch that {FEWEST} or more of 96 public code bases use, {there} are in "
          f"the package: {100 * there / total:.1f} %.\n")
    print("| kind | names | there |\n|---|---|---|")
    for kind in KINDS:
        if counted[kind]:
            print(f"| {kind} | {counted[kind]} | {counted[kind] - len(missing[kind])} |")
    if missing:
        print("\n## What is not there\n")
        print("\n".join(table_of([pair for kind in KINDS for pair in missing[kind]])))


if __name__ == "__main__":
    main()
