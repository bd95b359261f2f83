"""tf.random: random numbers of a global seed, of generators, and of a seed alone."""

from .. import _core
from .. import random as _random
from .._eager import convert, dtypes
from .._eager.errors import InvalidArgumentError
from .._eager.tensor import op as _op
from . import _drawing
from ._candidates import (fixed_unigram_candidate_sampler, log_uniform_candidate_sampler,
                          uniform_candidate_sampler)

_MASK = 2**64 - 1
#: Of op seeds, the generators that were started for them since the global seed was set.
_by_seed = {}


def _mixed(*numbers):
    """A seed of 63 bits of several numbers, all of whose bits depend on all of theirs
    (splitmix64)."""
    state = 0
    for number in numbers:
        state = (state + (int(number) & _MASK) + 0x9E3779B97F4A7C15) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return state >> 1


def set_seed(seed):
    """All random numbers from here on follow from this seed."""
    _random.manual_seed(int(seed))
    _by_seed.clear()


def _generator(seed):
    """What an op with a seed of its own draws from; None for the global one."""
    if seed is None:
        return None
    seed = tuple(seed) if isinstance(seed, (list, tuple)) else int(seed)
    if seed not in _by_seed:
        numbers = seed if isinstance(seed, tuple) else (seed,)
        _by_seed[seed] = _core.Generator().manual_seed(_mixed(_random.initial_seed(), *numbers))
    return _by_seed[seed]


def _of_key(seed):
    """A generator of a stateless op's seed, a pair of numbers."""
    numbers = seed if isinstance(seed, (list, tuple)) else convert.tensor(seed).tolist()
    numbers = [int(number) for number in numbers]
    if len(numbers) != 2:
        raise ValueError(f"seed must have shape [2], got {numbers}")
    return _core.Generator().manual_seed(_mixed(*numbers))


# What is drawn, from a given generator.


def _normal(generator, shape, mean, stddev, dtype):
    dtype = dtypes.as_dtype(dtype)
    made = _core.randn(convert.sizes(shape), dtype=dtype, generator=generator)
    return _shifted(made, mean, stddev)


def _shifted(made, mean, stddev):
    if not (isinstance(stddev, (int, float)) and stddev == 1):
        made = made * convert.like(stddev, made)
    return made if isinstance(mean, (int, float)) and mean == 0 else made + convert.like(mean, made)


def _truncated_normal(generator, shape, mean, stddev, dtype):
    """The inverse of the distribution's integral, of numbers uniform within it: nothing beyond
    2."""
    within = 0.9544997361036416  # erf(sqrt(2))
    made = _core.rand(convert.sizes(shape), dtype=dtypes.as_dtype(dtype), generator=generator)
    return _shifted(_core.erfinv(made * (2 * within) - within) * 2 ** 0.5, mean, stddev)


def _uniform(generator, shape, minval, maxval, dtype):
    dtype, sizes = dtypes.as_dtype(dtype), convert.sizes(shape)
    if dtype.is_integer:
        if maxval is None:
            raise ValueError("Must specify maxval for integer dtype")
        low, high = (int(minval), int(maxval))
        return _core.randint(low, high, sizes, dtype=dtype, generator=generator)
    maxval = 1 if maxval is None else maxval
    made = _core.rand(sizes, dtype=dtype, generator=generator)
    if isinstance(minval, (int, float)) and isinstance(maxval, (int, float)):
        return made if (minval, maxval) == (0, 1) else made * (maxval - minval) + minval
    minval, maxval = (convert.like(value, made) for value in (minval, maxval))
    return made * (maxval - minval) + minval


def _full_int(generator, shape, dtype):
    """Any number of an integer dtype: those of 64 bits by two of 32."""
    dtype, sizes = dtypes.as_dtype(dtype), convert.sizes(shape)

    def drawn(low, high):
        return _core.randint(low, high + 1, sizes, dtype=_core.int64, generator=generator)

    if dtype.itemsize < 8:
        return drawn(*dtype.limits).to(dtype)
    return (drawn(-2**31, 2**31 - 1) * 2**32 + drawn(0, 2**32 - 1)).to(dtype)


def _categorical(generator, logits, num_samples, dtype):
    logits = convert.tensor(logits)
    if logits.dim() != 2:
        raise InvalidArgumentError(f"logits should be a matrix, got {list(logits.shape)} "
                                           "[Op:Multinomial]")
    drawn = _core.multinomial(_core.softmax(logits.detach(), -1), int(num_samples), True,
                              generator=generator)
    return drawn.to(dtypes.as_dtype(dtype))


def _shuffled(generator, value):
    value = convert.tensor(value)
    order = _core.randperm(value.shape[0], generator=generator)
    return value[order.tolist()] if not isinstance(value, _core.Tensor) else \
        _core.index_select(value, 0, order)


# Stateful.


@_op
def normal(shape, mean=0.0, stddev=1.0, dtype=_core.float32, seed=None):
    """Normally distributed numbers."""
    return _normal(_generator(seed), shape, mean, stddev, dtype)


@_op
def uniform(shape, minval=0, maxval=None, dtype=_core.float32, seed=None):
    """Numbers from minval to before maxval, 1 where none is given; integers need one."""
    return _uniform(_generator(seed), shape, minval, maxval, dtype)


@_op
def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=_core.float32, seed=None):
    """Normally distributed numbers without those beyond two standard deviations."""
    return _truncated_normal(_generator(seed), shape, mean, stddev, dtype)


@_op
def shuffle(value, seed=None):
    """The slices along the first dim in another order."""
    return _shuffled(_generator(seed), value)


@_op
def categorical(logits, num_samples, dtype=_core.int64, seed=None):
    """So many classes for each row of unnormalised log probabilities."""
    return _categorical(_generator(seed), logits, num_samples, dtype)


@_op
def gamma(shape, alpha, beta=None, dtype=_core.float32, seed=None):
    """Numbers of gamma distributions, `shape` of each alpha (and beta, 1 over the scale)."""
    return _drawing.gamma(_generator(seed), _drawing.with_own(shape, alpha, beta), alpha, beta,
                          dtype)


@_op
def poisson(shape, lam, dtype=_core.float32, seed=None):
    """Numbers of Poisson distributions, `shape` of each mean."""
    return _drawing.poisson(_generator(seed), _drawing.with_own(shape, lam), lam, dtype)


# Stateless: the same seed, the same numbers.


@_op
def stateless_normal(shape, seed, mean=0.0, stddev=1.0, dtype=_core.float32, alg="auto_select"):
    """`normal` of a seed alone."""
    return _normal(_of_key(seed), shape, mean, stddev, dtype)


@_op
def stateless_uniform(shape, seed, minval=0, maxval=None, dtype=_core.float32, alg="auto_select"):
    """`uniform` of a seed alone."""
    return _uniform(_of_key(seed), shape, minval, maxval, dtype)


@_op
def stateless_truncated_normal(shape, seed, mean=0.0, stddev=1.0, dtype=_core.float32,
                               alg="auto_select"):
    """`truncated_normal` of a seed alone."""
    return _truncated_normal(_of_key(seed), shape, mean, stddev, dtype)


@_op
def stateless_categorical(logits, num_samples, seed, dtype=_core.int64):
    """`categorical` of a seed alone."""
    return _categorical(_of_key(seed), logits, num_samples, dtype)


@_op
def stateless_gamma(shape, seed, alpha, beta=None, dtype=_core.float32):
    """Gamma numbers of a seed alone, of a shape that ends with that of alpha."""
    return _drawing.gamma(_of_key(seed), shape, alpha, beta, dtype)


@_op
def stateless_poisson(shape, seed, lam, dtype=_core.int32):
    """Poisson numbers of a seed alone, of a shape that ends with that of lam."""
    return _drawing.poisson(_of_key(seed), shape, lam, dtype)


@_op
def stateless_binomial(shape, seed, counts, probs, output_dtype=_core.int32):
    """How many of `counts` tries succeed, of a seed alone."""
    return _drawing.binomial(_of_key(seed), shape, counts, probs, output_dtype)


@_op
def stateless_shuffle(value, seed, alg="auto_select"):
    """`shuffle` of a seed alone."""
    return _shuffled(_of_key(seed), value)


@_op
def split(seed, num=2, alg="auto_select"):
    """So many seeds of one, a row each."""
    a, b = (int(number) for number in convert.tensor(seed).tolist())
    rows = [[_mixed(a, b, i, j) & 0x7FFFFFFF for j in (0, 1)] for i in range(int(num))]
    return _core.tensor_of_data(rows, _core.int32)


@_op
def fold_in(seed, data, alg="auto_select"):
    """Another seed, of one and a number."""
    a, b = (int(number) for number in convert.tensor(seed).tolist())
    return _core.tensor_of_data([_mixed(a, b, int(data), j) & 0x7FFFFFFF for j in (0, 1)],
                                _core.int32)


class Generator:
    """Random numbers of a state of its own: `Generator.from_seed(1).normal([2, 3])`."""

    def __init__(self, copy_from=None, state=None, alg=None):
        self._generator = _core.Generator()
        self.algorithm = alg
        if copy_from is not None:
            self._generator.set_state(copy_from._generator.get_state())
        elif state is not None:
            self._generator.set_state(convert.tensor(state))
        else:
            self._generator.seed()

    @classmethod
    def from_seed(cls, seed, alg=None):
        """Of a number."""
        made = cls(alg=alg)
        made.reset_from_seed(seed)
        return made

    @classmethod
    def from_non_deterministic_state(cls, alg=None):
        """Of a seed from the system."""
        return cls(alg=alg)

    @classmethod
    def from_state(cls, state, alg=None):
        """Goes on from a state."""
        return cls(state=state, alg=alg)

    @property
    def state(self):
        """The state, from which `from_state` goes on."""
        return self._generator.get_state()

    def reset_from_seed(self, seed):
        """Starts again from a seed."""
        self._generator.manual_seed(int(seed))

    def reset(self, state):
        """Goes on from a state."""
        self._generator.set_state(convert.tensor(state))

    def normal(self, shape, mean=0.0, stddev=1.0, dtype=_core.float32, name=None):
        """Normally distributed numbers."""
        return _drawn(_normal, self._generator, shape, mean, stddev, dtype)

    def truncated_normal(self, shape, mean=0.0, stddev=1.0, dtype=_core.float32, name=None):
        """Normally distributed numbers without those beyond two standard deviations."""
        return _drawn(_truncated_normal, self._generator, shape, mean, stddev, dtype)

    def uniform(self, shape, minval=0, maxval=None, dtype=_core.float32, name=None):
        """Numbers from minval to before maxval."""
        return _drawn(_uniform, self._generator, shape, minval, maxval, dtype)

    def binomial(self, shape, counts, probs, dtype=_core.int32, name=None):
        """How many of `counts` tries succeed."""
        return _drawn(_drawing.binomial, self._generator, shape, counts, probs, dtype)

    def uniform_full_int(self, shape, dtype=_core.int64, name=None):
        """Any number of an integer dtype."""
        return _drawn(_full_int, self._generator, shape, dtype)

    def make_seeds(self, count=1):
        """Seeds for stateless ops, a column each."""
        return _drawn(_uniform, self._generator, (2, int(count)), 0, 2**62, _core.int64)

    def split(self, count=1):
        """So many generators, independent of this one and each other."""
        seeds = self.make_seeds(count)
        return [Generator.from_seed(_mixed(*column)) for column in zip(*seeds.tolist())]


@_op
def _drawn(draw, generator, *arguments):
    return draw(generator, *arguments)


_global = None


def get_global_generator():
    """The generator that is shared, of a seed from the system unless `set_global_generator` was
    called."""
    global _global
    if _global is None:
        _global = Generator()
    return _global


def set_global_generator(generator):
    """Shares this one."""
    global _global
    _global = generator


class experimental:
    """Where TensorFlow had some of these before."""

    Generator = Generator
    stateless_split, stateless_fold_in = staticmethod(split), staticmethod(fold_in)
    stateless_shuffle = staticmethod(stateless_shuffle)
    get_global_generator = staticmethod(get_global_generator)
    set_global_generator = staticmethod(set_global_generator)


class Algorithm:
    """Names of algorithms; the numbers are those of one."""

    PHILOX, THREEFRY, AUTO_SELECT = "philox", "threefry", "auto_select"


__all__ = ["Algorithm", "Generator", "categorical", "experimental",
           "fixed_unigram_candidate_sampler", "fold_in", "gamma", "get_global_generator",
           "log_uniform_candidate_sampler", "normal", "poisson", "set_global_generator", "set_seed",
           "shuffle", "split", "stateless_binomial", "stateless_categorical", "stateless_gamma",
           "stateless_normal", "stateless_poisson", "stateless_shuffle",
           "stateless_truncated_normal", "stateless_uniform", "truncated_normal", "uniform",
           "uniform_candidate_sampler"]
