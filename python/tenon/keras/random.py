"""keras.random: numbers of seeds. An integer as `seed` gives the same numbers in every call; a
SeedGenerator, or None for the global one, others each time."""

from .. import _core
from .._eager.tensor import op as _op
from ..tf import _drawing
from ..tf import random as _random
from ._arrays import as_dtype
from ._seeds import drawn_seed, generator_of


class SeedGenerator:
    """A source of numbers, which starts from a seed."""

    def __init__(self, seed=None, name=None, **_):
        if seed is not None and (not isinstance(seed, int) or seed < 0):
            raise ValueError(f"Argument `seed` must be a non-negative integer, got {seed!r}")
        self._initial_seed = drawn_seed() if seed is None else seed
        self.generator = _core.Generator().manual_seed(self._initial_seed)
        self.name = name

    def get_config(self):
        """What `from_config` makes the same of."""
        return {"seed": self._initial_seed}

    @classmethod
    def from_config(cls, config):
        """Of a config."""
        return cls(**config)


@_op
def normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Normally distributed numbers."""
    return _random._normal(generator_of(seed), shape, mean, stddev, as_dtype(dtype))


@_op
def uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Uniformly distributed numbers from minval to before maxval."""
    return _random._uniform(generator_of(seed), shape, minval, maxval, as_dtype(dtype))


@_op
def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Normally distributed numbers without those beyond two standard deviations."""
    return _random._truncated_normal(generator_of(seed), shape, mean, stddev, as_dtype(dtype))


@_op
def randint(shape, minval, maxval, dtype="int32", seed=None):
    """Whole numbers from minval to before maxval."""
    return _random._uniform(generator_of(seed), shape, minval, maxval, as_dtype(dtype))


@_op
def categorical(logits, num_samples, dtype="int32", seed=None):
    """So many classes for each row of unnormalised log probabilities."""
    return _random._categorical(generator_of(seed), logits, num_samples, as_dtype(dtype))


@_op
def gamma(shape, alpha, dtype=None, seed=None):
    """Numbers of the gamma distribution with the scale 1."""
    return _drawing.gamma(generator_of(seed), shape, alpha, None, as_dtype(dtype))


@_op
def beta(shape, alpha, beta, dtype=None, seed=None):
    """Numbers of the beta distribution: x / (x + y) for x and y of gamma distributions."""
    generator = generator_of(seed)
    x, y = (_drawing.gamma(generator, shape, one, None, as_dtype(dtype)) for one in (alpha, beta))
    return x / (x + y)


@_op
def binomial(shape, counts, probabilities, dtype=None, seed=None):
    """How many of `counts` tries succeed, each with these probabilities."""
    return _drawing.binomial(generator_of(seed), shape, counts, probabilities, as_dtype(dtype))


@_op
def shuffle(x, axis=0, seed=None):
    """The slices along an axis in another order."""
    order = _core.randperm(x.shape[axis], generator=generator_of(seed))
    return _core.index_select(x, axis, order)


@_op
def dropout(inputs, rate, noise_shape=None, seed=None):
    """Elements set to 0 with probability `rate`, the others divided by 1 - rate."""
    generator = generator_of(seed)
    if noise_shape is None:
        return _core.dropout(inputs, float(rate), True, generator=generator)
    sizes = [mine if size is None else size for mine, size in zip(inputs.shape, noise_shape)]
    kept = _core.ge(_core.rand(sizes, dtype=inputs.dtype, generator=generator), float(rate))
    return inputs * kept.to(inputs.dtype) / (1 - float(rate))
