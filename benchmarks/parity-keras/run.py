"""Holds tenon.keras against Keras 3 on TensorFlow, with the same weights and inputs, and writes
what came out to docs/parity-keras.md:

    KERAS_BACKEND=tensorflow PYTHONPATH=build/release/python python benchmarks/parity-keras/run.py

in an environment that has tensorflow and keras. The exit code is 1 where a difference is larger
than rounding and isn't explained below.
"""

import argparse
import functools
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

import compare
import layer_cases
import ops_cases
import other_cases as cases
import tenon
from tenon import keras as own

#: Differences above this share of the largest number need a reason.
ROUNDING = 2e-5
#: Names of cases whose difference has one.
REASONS = {
    "sparsemax": "Keras adds up the sums of all kept elements for its threshold, so that rows "
                 "don't sum to 1; Tenon's values are held against the formula in "
                 "python/tests/keras"}


def _value_and_gradient_keras(function, x):
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return np.asarray(y), np.asarray(tape.gradient(y, x))


def _value_and_gradient_own(function, x):
    x = tenon.tensor(x).requires_grad_()
    y = function(x)
    (gradient,) = tenon.autograd.grad(y.sum(), [x])
    return y.detach().numpy(), gradient.numpy()


def losses():
    for name, options, labels, predictions in cases.LOSSES:
        for reduction in cases.REDUCTIONS:
            weights = cases.WEIGHTS[:len(labels)] if reduction != "none" else None
            if name in ("Dice", "Tversky") or options.get("axis") == 0:
                weights = None  # one value in all
            both = [getattr(module.losses, name)(reduction=reduction, **options)
                    for module in (keras, own)]
            theirs = _value_and_gradient_keras(lambda x: both[0](labels, x, weights), predictions)
            ours = _value_and_gradient_own(lambda x: both[1](labels, x, weights), predictions)
            yield f"{name}{options or ''} {reduction}", {
                "value": compare.distance(ours[0], theirs[0]),
                "gradient": compare.distance(ours[1], theirs[1])}


def metrics():
    for name, options, labels, predictions in cases.METRICS:
        for weights in (None, cases.WEIGHTS):
            if weights is not None and name in cases.UNWEIGHTED:
                continue
            results = []
            for module in keras, own:
                metric = getattr(module.metrics, name)(**options)
                half = len(labels) // 2
                for part in slice(0, half), slice(half, None):  # batches of one stream
                    metric.update_state(labels[part], predictions[part],
                                        sample_weight=None if weights is None else weights[part])
                results.append(np.asarray(metric.result()))
            weighted = "" if weights is None else " weighted"
            yield f"{name}{options or ''}{weighted}", {"result": compare.distance(*results[::-1])}


def optimizers():
    generator = np.random.default_rng(3)
    start = [generator.normal(size=shape).astype("f") for shape in ((4, 3), (3,))]
    gradients = [[generator.normal(size=w.shape).astype("f") for w in start] for _ in range(5)]
    for name, all_options in cases.OPTIMIZERS.items():
        for options in all_options:
            results = []
            for module, array in (keras, tf.constant), (own, tenon.tensor):
                variables = [module.Variable(w) for w in start]
                optimizer = getattr(module.optimizers, name)(learning_rate=0.1, **options)
                for step in gradients:
                    optimizer.apply([array(g) for g in step], variables)
                results.append([v.numpy() for v in variables])
            yield f"{name}{options or ''}", {"five steps": compare.distance(*results[::-1])}


def schedules():
    for name, arguments in cases.SCHEDULES:
        both = [getattr(module.optimizers.schedules, name)(*arguments) for module in (keras, own)]
        values = [[float(schedule(step)) for step in range(40)] for schedule in both]
        yield f"{name}{arguments}", {"value": compare.distance(*values[::-1])}


def functions():
    x = np.random.default_rng(3).normal(size=(5, 8)).astype("f") * 3
    for name in cases.ACTIVATIONS:
        both = [getattr(module.activations, name) for module in (keras, own)]
        theirs, ours = _value_and_gradient_keras(both[0], x), _value_and_gradient_own(both[1], x)
        yield name, {"value": compare.distance(ours[0], theirs[0]),
                     "gradient": compare.distance(ours[1], theirs[1])}
    for module, name, arguments in cases.PENALTIES:
        both = [getattr(getattr(which, module), name)(*arguments) for which in (keras, own)]
        values = [np.asarray(one(array(x)))
                  for one, array in zip(both, (tf.constant, tenon.tensor))]
        yield f"{name}{arguments}", {"value": compare.distance(*values[::-1])}


def preprocessing():
    for name, (make, data) in cases.PREPROCESSING.items():
        values = []
        for module in keras, own:
            layer = make(module.layers)
            options = {"training": "rest" not in name} if name.startswith("Random") else {}
            values.append(np.asarray(layer(data, **options)))
        yield name, {"value": compare.distance(*values[::-1])}


def layers():
    for name, (make, shapes, *options) in layer_cases.CASES.items():
        yield name, compare.layer(make, shapes, *options)


def _parts(result):
    """The values of what an op gives, numbers and names among them."""
    if isinstance(result, (list, tuple)):
        return [part for one in result for part in _parts(one)]
    return [result]


def _difference(ours, theirs):
    """How far the parts of a result are apart: infinitely where dtypes or shapes differ."""
    kinds = [[(module.backend.standardize_dtype(one.dtype), tuple(one.shape))
              if hasattr(one, "dtype") else type(one).__name__ for one in parts]
             for module, parts in ((own, ours), (keras, theirs))]
    if kinds[0] != kinds[1]:
        print(f"{kinds[0]}, not {kinds[1]}")
        return float("inf")
    worst = 0.0
    for mine, other in zip(ours, theirs):
        if not hasattr(other, "dtype") or np.asarray(other).dtype.kind not in "fc":
            worst = max(worst, float(not np.array_equal(np.asarray(mine), np.asarray(other))))
        else:
            worst = max(worst, compare.distance(np.asarray(mine), np.asarray(other)))
    return worst


def _tensors(args, module):
    """The arguments of a call with arrays of numbers as tensors."""
    if isinstance(args, (list, tuple)):
        return type(args)(_tensors(one, module) for one in args)
    is_array = isinstance(args, np.ndarray) and args.dtype.kind == "f"
    return module.ops.convert_to_tensor(args) if is_array else args


def _symbolic_shapes(function, args, kwargs):
    """The shapes that a call with symbolic tensors in the place of arrays gives."""
    def symbol(value):
        return (own.KerasTensor(value.shape, value.dtype)
                if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value)

    made = function(*(tuple(map(symbol, one)) if isinstance(one, (tuple, list)) else symbol(one)
                      for one in args), **kwargs)
    return [tuple(one.shape) for one in _parts(made) if isinstance(one, own.KerasTensor)]


def ops():
    for name, calls in ops_cases.CASES.items():
        theirs, ours = (functools.reduce(getattr, name.split("."), module.ops)
                        for module in (keras, own))
        differences = {}
        for i, (args, kwargs) in enumerate(calls):
            what = f"call {i + 1} of {len(calls)}"
            try:
                results = [_parts(one(*_tensors(args, module), **kwargs))
                           for one, module in ((ours, own), (theirs, keras))]
                shapes = _symbolic_shapes(ours, args, kwargs)
            except Exception as error:
                print(f"ops.{name}, {what}: {type(error).__name__}: {error}"[:300])
                differences[what] = float("inf")
                continue
            differences[what] = _difference(*results)
            if shapes and shapes != [tuple(np.shape(one)) for one in results[0]]:
                differences[f"symbolic {what}"] = float("inf")
        yield name, differences


GROUPS = {"Layers": layers, "Preprocessing": preprocessing, "Losses": losses, "Metrics": metrics,
          "Optimizers": optimizers, "Schedules": schedules,
          "Activations, regularizers, constraints": functions, "Functions of keras.ops": ops}


def page(found):
    """The report as Markdown."""
    total = sum(map(len, found.values()))
    lines = ["# tenon.keras against Keras", "",
             f"Made by `benchmarks/parity-keras/run.py` with Keras {keras.__version__} on "
             f"TensorFlow {tf.__version__}: {total} cases in float32, with the same weights and "
             "inputs. A difference is the largest one of any element, as a share of the largest "
             "number. Layers: the results, the gradients of inputs and weights, and the weights "
             f"after three steps of SGD. What is below {ROUNDING:.0e} is rounding.", ""]
    for group, rows in found.items():
        lines += [f"## {group}", "", "| case | worst difference | in | reason |",
                  "|---|---|---|---|"]
        for name, differences in rows:
            what, worst = max(differences.items(), key=lambda item: item[1])
            reason = "" if worst <= ROUNDING else REASONS.get(name, "**not explained**")
            lines.append(f"| {name.replace('|', '/')} | {worst:.1e} | {what} | {reason} |")
        lines.append("")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", default=str(Path(__file__).parents[2] / "docs/parity-keras.md"))
    parser.add_argument("--groups", nargs="*", default=list(GROUPS))
    options = parser.parse_args()
    found, unexplained = {}, []
    for group in options.groups:
        found[group] = list(GROUPS[group]())
        for name, differences in found[group]:
            if max(differences.values()) > ROUNDING and name not in REASONS:
                unexplained.append((group, name, differences))
    Path(options.output).write_text(page(found))
    for group, name, differences in unexplained:
        print(f"{group}: {name}: {differences}")
    print(f"{sum(map(len, found.values()))} cases, {len(unexplained)} differences not explained")
    return bool(unexplained)


if __name__ == "__main__":
    sys.exit(main())
