"""One thing of Tenon's and the same of Keras's, with the same weights and inputs: how far results
are apart, relative to the largest number in them."""

import contextlib

import numpy as np
import tensorflow as tf
import keras

import tenon
from tenon import keras as own


def distance(one, other):
    """The largest difference of two structures of arrays, as a share of the largest number."""
    one, other = _flat(one), _flat(other)
    if len(one) != len(other):
        return float("inf")
    worst = 0.0
    largest = max([float(np.abs(b[np.isfinite(b)]).max()) for b in other
                   if np.isfinite(b).any()], default=0.0) or 1.0
    for a, b in zip(one, other):
        if a.shape != b.shape:
            return float("inf")
        if a.size == 0:
            continue
        if not np.array_equal(np.isnan(a), np.isnan(b)):
            return float("inf")
        with np.errstate(invalid="ignore"):
            apart = np.where(a == b, 0.0, np.abs(a - b))
        worst = max(worst, float(np.nan_to_num(apart).max() / largest))
    return worst


def _flat(structure):
    if structure is None:
        return []
    if isinstance(structure, dict):
        structure = [structure[key] for key in sorted(structure)]
    if isinstance(structure, (list, tuple)):
        return [array for one in structure for array in _flat(one)]
    if isinstance(structure, tenon.Tensor):
        structure = structure.detach().numpy()
    return [np.asarray(structure, dtype=np.float64)]


def inputs_of(shapes, seed=0):
    """Arrays for shapes; arrays stay."""
    generator = np.random.default_rng(seed)

    def make(shape):
        if isinstance(shape, list):
            return [make(one) for one in shape]
        if isinstance(shape, tuple):
            return generator.normal(size=shape).astype(np.float32)
        return shape

    return [make(shape) for shape in shapes]


def mapped(function, structure):
    if isinstance(structure, (list, tuple)):
        return [mapped(function, one) for one in structure]
    return function(structure)


def _weighted_sum(outputs, times, total):
    """The sum of outputs times fixed numbers, so that each has another gradient."""
    flat = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return sum(total(times(one, np.cos(np.arange(int(np.prod(one.shape)))).reshape(one.shape)))
               for one in flat)


def _run_keras(layer, arrays, options, steps):
    inputs = mapped(tf.constant, arrays)
    differentiable = [x for x in tf.nest.flatten(inputs) if x.dtype.is_floating]
    optimizer = keras.optimizers.SGD(0.1)
    found = []
    for step in range(steps):
        with tf.GradientTape() as tape:
            tape.watch(differentiable)
            outputs = layer(*inputs, **options)
            loss = _weighted_sum(outputs, lambda y, w: y * tf.constant(w, y.dtype), tf.reduce_sum)
        weights = layer.trainable_variables
        gradients = tape.gradient(loss, [*[v.value for v in weights], *differentiable])
        if step == 0:
            found += [tf.nest.map_structure(lambda y: y.numpy(), outputs),
                      [None if g is None else tf.convert_to_tensor(g).numpy() for g in gradients]]
        if weights:
            optimizer.apply(gradients[:len(weights)], weights)
    return [*found, layer.get_weights()]


def _run_own(layer, arrays, options, steps):
    inputs = mapped(tenon.tensor, arrays)
    differentiable = []

    def watch(x):
        if x.is_floating_point():
            differentiable.append(x.requires_grad_())
        return x

    mapped(watch, inputs)
    optimizer = own.optimizers.SGD(0.1)
    found = []
    for step in range(steps):
        outputs = layer(*inputs, **options)
        loss = _weighted_sum(outputs, lambda y, w: y * tenon.tensor(w).to(y.dtype),
                             lambda y: y.sum())
        weights = layer.trainable_variables
        gradients = tenon.autograd.grad(loss, [*weights, *differentiable], allow_unused=True)
        if step == 0:
            found += [mapped(lambda y: y.detach().numpy(), outputs), list(gradients)]
        if weights:
            optimizer.apply(list(gradients[:len(weights)]), weights)
    return [*found, layer.get_weights()]


def layer(make, shapes, options=None, steps=3):
    """{"forward": ..., "gradient": ..., "three steps": ...}: how far a layer is from Keras's."""
    arrays = inputs_of(shapes)
    keras.utils.set_random_seed(1)
    theirs, ours = make(keras.layers), make(own.layers)
    call = {"training": False, **(options or {})}
    with contextlib.suppress(Exception):  # layers without weights need no call before
        theirs(*mapped(tf.constant, arrays), **{**call, "training": False})
    mapped_inputs = mapped(tenon.tensor, arrays)
    ours(*mapped_inputs, **{**call, "training": False})
    weights = theirs.get_weights()
    generator = np.random.default_rng(5)
    # Not the constants that biases and statistics begin as.
    weights = [w + generator.uniform(0.1, 0.5, w.shape).astype(w.dtype) if w.dtype.kind == "f"
               else w
               for w in weights]
    theirs.set_weights(weights)
    ours.set_weights(weights)
    for one in theirs, ours:
        if getattr(one, "stateful", False):  # of the call that made the weights
            one.reset_state()
    results = [run(one, arrays, call, steps)
               for run, one in ((_run_keras, theirs), (_run_own, ours))]
    return {what: distance(mine, other) for what, other, mine in
            zip(("forward", "gradient", "three steps"), *results)}
