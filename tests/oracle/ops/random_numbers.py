"""Random ops have no one right answer: ranges, sizes, and moments where the sample is large enough.

The first argument of a function here is the op's result; the rest are the op's arguments."""
import numpy as np


def _moments(values, mean, std, what):
    """The sample mean within five of its standard deviations."""
    if values.size >= 2:
        distance = abs(float(np.mean(values.astype(np.float64))) - mean)
        assert distance <= 5 * std / np.sqrt(values.size) + 1e-3, f"{what}: mean off by {distance}"


def _sized(result, sizes):
    assert list(result.shape) == list(sizes), f"sizes {list(result.shape)}, expected {list(sizes)}"


def _unit(result, sizes):
    _sized(result, sizes)
    assert ((result >= 0) & (result < 1)).all(), "outside [0, 1)"
    _moments(result, 0.5, 12**-0.5, "uniform")


def _normal(result, sizes, mean=0.0, std=1.0):
    _sized(result, sizes)
    assert np.isfinite(result).all(), "not finite"
    assert (np.abs(result - mean) <= 7 * std).all(), "beyond seven standard deviations"
    _moments(result, mean, std, "normal")


def _integers(result, sizes, low, high):
    _sized(result, sizes)
    assert ((result >= low) & (result < high)).all(), f"outside [{low}, {high})"
    assert (result == np.trunc(result)).all(), "not whole"
    _moments(result, (low + high - 1) / 2, (high - low) / 12**0.5, "integers")


def rand(result, sizes, dtype, device, generator):
    _unit(result, sizes)


def rand_like(result, x, dtype, generator):
    _unit(result, x.shape)


def randn(result, sizes, dtype, device, generator):
    _normal(result, sizes)


def randn_like(result, x, dtype, generator):
    _normal(result, x.shape)


def randint(result, low, high, sizes, dtype, device, generator):
    _integers(result, sizes, low, high)


def randint_like(result, x, low, high, dtype, generator):
    _integers(result, x.shape, low, high)


def randperm(result, n, *rest):
    assert sorted(result.tolist()) == list(range(n)), "no permutation"


def bernoulli(result, x, p, generator):
    _sized(result, x.shape)
    assert np.isin(result, (0, 1)).all(), "not 0 or 1"
    chance = x if p is None else np.full(x.shape, p)
    assert (result[chance <= 0] == 0).all() and (result[chance >= 1] == 1).all(), "sure events"
    if result.size:
        _moments(result - chance, 0, 0.5, "bernoulli")


def uniform(result, x, low, high, generator):
    _sized(result, x.shape)
    assert ((result >= low) & (result < high)).all(), f"outside [{low}, {high})"
    _moments(result, (low + high) / 2, (high - low) / 12**0.5, "uniform")


def normal(result, x, mean, std, generator):
    _normal(result, x.shape, mean, std)


def random(result, x, low, high, generator):
    _sized(result, x.shape)
    assert (result >= low).all() and (result == np.trunc(result)).all(), "too small or not whole"
    assert high is None or (result < high).all(), "too large"


def dropout(result, x, p, training, generator):
    _sized(result, x.shape)
    if not training or p == 0:
        assert np.array_equal(result, x), "changed outside training"
        return
    kept = result != 0
    scale = 0 if p == 1 else 1 / (1 - p)
    assert np.allclose(result[kept], x[kept] * scale), "what is kept is not divided by 1 - p"
    if p == 1:
        assert not kept.any(), "p = 1 keeps nothing"
    if x.size and (x != 0).all():
        _moments(kept, 1 - p, 0.5, "share kept")


def _dropped_channels(result, x, p, training, first):
    """What dropout1d and its like may give: each channel is 0 or divided by 1 - p."""
    if not training or p == 0:
        assert np.array_equal(result, x), "changed outside training"
        return
    kept = (result != 0).any(tuple(range(first, x.ndim)), keepdims=True)
    assert np.allclose(result, np.where(kept, x / (1 - p), 0)), "not whole channels"


def dropout1d(result, x, p, training, generator):
    _dropped_channels(result, x, p, training, x.ndim - 1)


def dropout2d(result, x, p, training, generator):
    _dropped_channels(result, x, p, training, 2)


def dropout3d(result, x, p, training, generator):
    _dropped_channels(result, x, p, training, x.ndim - 3)


def alpha_dropout(result, x, p, training, generator):
    _sized(result, x.shape)
    if not training or p == 0:
        assert np.array_equal(result, x), "changed outside training"


def feature_alpha_dropout(result, x, p, training, generator):
    alpha_dropout(result, x, p, training, generator)


def exponential(result, x, lambd, generator):
    _sized(result, x.shape)
    assert (result > 0).all() and np.isfinite(result).all(), "not positive"
    _moments(result, 1 / lambd, 1 / lambd, "exponential")


def geometric(result, x, p, generator):
    _sized(result, x.shape)
    assert (result >= 1).all() and (result == np.trunc(result)).all(), "no count of trials"
    _moments(result, 1 / p, np.sqrt(1 - p) / p, "geometric")


def cauchy(result, x, median, sigma, generator):
    _sized(result, x.shape)
    assert np.isfinite(result).all(), "not finite"
    if result.size:
        _moments((result < median).astype(float), 0.5, 0.5, "share below the median")


def log_normal(result, x, mean, std, generator):
    _sized(result, x.shape)
    _normal(np.log(result), x.shape, mean, std)


def multinomial(result, x, num_samples, replacement, generator):
    _sized(result, list(x.shape[:-1]) + [num_samples])
    assert ((result >= 0) & (result < x.shape[-1])).all(), "no category"
    rows, weights = result.reshape(-1, num_samples), x.reshape(-1, x.shape[-1])
    for row, weight in zip(rows, weights):
        assert (weight[row] > 0).all(), "a category of weight 0"
        assert replacement or len(set(row.tolist())) == num_samples, "a category twice"
