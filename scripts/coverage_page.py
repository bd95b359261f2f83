#!/usr/bin/env python3
"""Writes docs/coverage.md: which of the names that public code uses, PyTorch's and those of
TensorFlow and Keras, are in the package.

    PYTHONPATH=build/release/python build/python-environment/bin/python scripts/coverage_page.py \\
        torch-usage.csv keras-usage.csv > docs/coverage.md

The tables have a line a name: `name,kind,repos,uses,note`, with the number of repositories that use
it; that of Keras counts both spellings, `keras.x` and `tf.keras.x`, in `repos_either_spelling`.
"""

import csv
import sys
from collections import defaultdict

import tenon as torch
from tenon import keras, tf

KINDS = ("tensor-method", "function", "module", "module-method", "functional", "dtype", "init",
         "data", "autograd", "scheduler", "optimizer", "optimizer-method", "nn-utils", "amp",
         "linalg", "fft")
FEWEST = 8  # repositories that use a name
FEWEST_OF_KERAS = 10

#: Of TensorFlow 1, or no longer in TensorFlow: not claimed.
LEFT_OUT = ("tf-compat", "tf-removed")

#: Why a name is not there.
REASONS = {
    "Tensor.coalesce": "for sparse tensors, which Tenon doesn't have",
    "Tensor.index": "no method of PyTorch's tensors either; counted are lists' and arrays'",
    "Tensor.indices": "for sparse tensors; `x.max(1).indices` is there",
    "Tensor.values": "for sparse tensors; `x.max(1).values` is there",
}

_GRAPHS = "of graphs, which TensorFlow 1 had; code runs here"
_DEVICES = "for several devices or machines; there is one"
REASONS_OF_KERAS = {
    "Tensor.eval": _GRAPHS, "Tensor.graph": _GRAPHS, "Tensor.op": _GRAPHS, "tf.Graph": _GRAPHS,
    "tf.distribute.cluster_resolver.TPUClusterResolver": _DEVICES,
    "tf.feature_column.numeric_column": "TensorFlow has given it up for preprocessing layers",
    "tf.lite.TFLiteConverter": "for TensorFlow's own format; `save_program` writes Tenon's",
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


def exists_in_keras(name):
    """As `exists`, of TensorFlow's and Keras's names."""
    first, _, rest = name.partition(".")
    if first == "Optimizer":
        target = keras.optimizers.SGD()
    elif first == "GradientTape":
        target = tf.GradientTape
    elif first in ("Model", "Dataset"):
        target = keras.Model if first == "Model" else tf.data.Dataset
        if first == "Model" and rest in ("output", "input"):
            target = keras.Model(made := keras.Input((1,)), made)
    elif first == "Tensor":  # of variables, too
        return any(hasattr(one, rest) for one in (tf.constant(1.0), tf.Variable(1.0)))
    else:
        target = {"tf": tf, "keras": keras}[first]
    for part in rest.split("."):
        try:
            target = getattr(target, part)
        except (AttributeError, ImportError):
            return False
    return True


def table_of(names, reasons):
    lines = ["| name | used by | why it isn't there |", "|---|---|---|"]
    lines += [f"| `{name}` | {repos} | {reasons.get(name, 'not written yet')} |"
              for name, repos in names]
    return lines


def counts(path, wanted, is_there):
    """Of each kind, how many names are used enough, and those that aren't there."""
    counted, missing = defaultdict(int), defaultdict(list)
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            repos = wanted(row)
            if repos:
                counted[row["kind"]] += 1
                if not is_there(row["name"]):
                    missing[row["kind"]].append((row["name"], repos))
    return counted, missing


def print_part(title, sentence, counted, missing, kinds, reasons):
    total = sum(counted.values())
    there = total - sum(map(len, missing.values()))
    print(f"{title}\n")
    print(sentence.format(total=total, there=there, part=100 * there / total) + "\n")
    print("| kind | names | there |\n|---|---|---|")
    for kind in kinds:
        if counted[kind]:
            print(f"| {kind} | {counted[kind]} | {counted[kind] - len(missing[kind])} |")
    if missing:
        print("\n#" + "## What is not there\n")
        print("\n".join(table_of([pair for kind in kinds for pair in missing[kind]], reasons)))


def of_torch(row):
    repos = int(row["repos"])
    return repos if row["kind"] in KINDS and repos >= FEWEST else 0


def of_keras(row):
    repos = int(row["repos_either_spelling"])
    is_one = row["kind"] not in LEFT_OUT and "absent" not in row["note"]
    return repos if is_one and repos >= FEWEST_OF_KERAS else 0


def main():
    print("# Which names of PyTorch, TensorFlow and Keras are there\n")
    print("<!-- Made by scripts/coverage_page.py; don't edit. -->\n")
    print_part("## PyTorch", f"Of {{total}} names of PyTorch that {FEWEST} or more of 96 public "
                             "code bases "
               "use, {there} are in the package: {part:.1f} %.",
               *counts(sys.argv[1], of_torch, exists), KINDS, REASONS)
    counted, missing = counts(sys.argv[2], of_keras, exists_in_keras)
    print()
    print_part("## TensorFlow and Keras", f"Of {{total}} names of TensorFlow 2.21 and Keras 3 that "
               f"{FEWEST_OF_KERAS} or more of 53 public code bases use in either spelling, "
               f"{{there}} are in "
               "`tenon.tf` and `tenon.keras`: {part:.1f} %.", counted, missing, sorted(counted),
               REASONS_OF_KERAS)


if __name__ == "__main__":
    main()
