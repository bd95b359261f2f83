"""Gamma, Poisson and binomial numbers with TensorFlow's arguments and errors."""

from .. import _core, _sampling
from .._eager import convert, dtypes
from .._eager.errors import InvalidArgumentError


def _spread(value, shape):
    """A parameter for each number to be drawn, as float64."""
    return convert.tensor(value).detach().to(_core.float64).expand(shape).contiguous()


def _parameter(value, dtype):
    return convert.tensor(value, None if hasattr(value, "dtype") else dtypes.as_dtype(dtype))


def with_own(shape, *parameters):
    """A shape and behind it the parameters' own."""
    rows = [_parameter(one, _core.float32) for one in parameters if one is not None]
    return (*convert.sizes(shape), *_core.broadcast_tensors(rows)[0].shape)


def gamma(generator, shape, alpha, beta, dtype):
    """Numbers of gamma distributions with the rate beta. No gradient flows to alpha."""
    alpha = _parameter(alpha, dtype)
    beta = _core.ones((), dtype=alpha.dtype) if beta is None else convert.like(beta, alpha)
    wide = _spread(alpha, convert.sizes(shape))
    if bool(_core.any(wide <= 0)):
        raise InvalidArgumentError("gamma(): alpha is positive [Op:RandomGamma]")
    return _sampling.standard_gamma(wide, generator).to(alpha.dtype) / beta


def poisson(generator, shape, lam, dtype):
    """Numbers of Poisson distributions with the mean lam."""
    wide = _spread(_parameter(lam, _core.float32), convert.sizes(shape))
    if bool(_core.any(wide < 0)):
        raise InvalidArgumentError("poisson(): lam isn't negative [Op:RandomPoissonV2]")
    return _sampling.poisson(wide, generator).to(dtypes.as_dtype(dtype))


def binomial(generator, shape, counts, probs, dtype):
    """How many of `counts` tries succeed, each with these probabilities."""
    n, p = (_spread(_parameter(value, _core.float32), convert.sizes(shape))
            for value in (counts, probs))
    if bool(_core.any(_core.logical_or(n < 0, _core.logical_or(p < 0, p > 1)))):
        raise InvalidArgumentError("binomial(): counts aren't negative and probs within [0, 1] "
                                   "[Op:StatelessRandomBinomial]")
    return _sampling.binomial(n, p, generator).to(dtypes.as_dtype(dtype))
