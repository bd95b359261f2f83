"""Activations beyond the first ones, which stand in unary.py."""
import numpy as np


def relu6(x):
    return np.clip(x, 0, 6).astype(x.dtype)


def hardsigmoid(x):
    return np.clip(x / 6 + 0.5, 0, 1)


def hardswish(x):
    return x * np.clip(x + 3, 0, 6) / 6


def hardshrink(x, lambd):
    return np.where(np.abs(x) <= lambd, np.zeros_like(x), x)


def softshrink(x, lambd):
    return np.where(x > lambd, x - lambd, np.where(x < -lambd, x + lambd, np.zeros_like(x)))


def tanhshrink(x):
    return x - np.tanh(x)


def softsign(x):
    return x / (1 + np.abs(x))


def mish(x):
    return x * np.tanh(np.log(1 + np.exp(x)))


def selu(x):
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    return scale * np.where(x > 0, x, alpha * (np.exp(x) - 1))


def celu(x, alpha):
    return np.maximum(x, 0) + np.minimum(0, alpha * (np.exp(x / alpha) - 1))


def logsigmoid(x):
    return np.log(1 / (1 + np.exp(-x)))


def threshold(x, threshold, value):
    return np.where(x <= threshold, x.dtype.type(value), x)


def prelu(x, weight):
    wide = weight.reshape([1, -1] + [1] * (x.ndim - 2)) if x.ndim > 1 else weight
    return np.where(x > 0, x, wide * x)


def glu(x, dim):
    a, b = np.split(x, 2, axis=dim)
    return a / (1 + np.exp(-b))


def softmin(x, dim):
    e = np.exp(-x)
    return e / e.sum(dim, keepdims=True)


# Ops that may draw; the first argument is the result.

def rrelu(result, x, lower, upper, training, generator):
    kept = x > 0
    assert np.array_equal(result[kept], x[kept]), "changed what is positive"
    slopes = result[~kept] / x[~kept]
    middle = (lower + upper) / 2
    if training:
        assert ((slopes >= lower - 1e-6) & (slopes <= upper + 1e-6)).all(), "a slope out of bounds"
    else:
        assert np.allclose(slopes, middle), "another slope"


def gumbel_softmax(result, logits, tau, hard, eps, dim, generator):
    assert result.shape == logits.shape
    assert logits.size == 0 or np.allclose(result.sum(dim), 1), "rows don't sum to 1"
    if hard:
        ones = np.isclose(result, 1).sum(dim)
        assert (ones == 1).all() and np.isclose(result, np.round(result)).all(), "not one-hot"
