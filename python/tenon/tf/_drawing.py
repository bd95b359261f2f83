"""Gamma, Poisson and binomial numbers: by rejection, all that are still open drawn again
together."""

from .. import _core
from .._eager import convert, dtypes
from .._eager.errors import InvalidArgumentError


def _accepted(shape, dtype, draw):
    """Numbers of draw() -> (values, holds), which draws them all, each from the first round in
    which it holds."""
    made, is_open = None, None
    while True:
        values, holds = draw()
        made = values if made is None else _core.where(_core.logical_and(is_open, holds), values,
                                                       made)
        is_open = _core.logical_not(holds) if is_open is None else _core.logical_and(
            is_open, _core.logical_not(holds))
        if not bool(_core.any(is_open)):
            return made


def _uniform(generator, shape):
    """Numbers within (0, 1)."""
    return _core.clamp_min(_core.rand(shape, dtype=_core.float64, generator=generator), 2.0 ** -53)


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
    """By Marsaglia and Tsang (2000): d v of v = (1 + x / sqrt(9 d))^3, x normal; below 1 of alpha +
    1, times u^(1 / alpha). No gradient flows to alpha."""
    alpha, shape = _parameter(alpha, dtype), convert.sizes(shape)
    beta = _core.ones((), dtype=alpha.dtype) if beta is None else convert.like(beta, alpha)
    wide = _spread(alpha, shape)
    if bool(_core.any(wide <= 0)):
        raise InvalidArgumentError("gamma(): alpha is positive [Op:RandomGamma]")
    is_small = wide < 1
    d = _core.where(is_small, wide + 1, wide) - 1 / 3
    c = _core.rsqrt(9 * d)

    def draw():
        x = _core.randn(shape, dtype=_core.float64, generator=generator)
        u = _uniform(generator, shape)
        v = (1 + c * x) ** 3
        safe = _core.where(v > 0, v, _core.ones_like(v))
        holds = _core.log(u) < 0.5 * _core.square(x) + d - d * v + d * _core.log(safe)
        return d * v, _core.logical_and(v > 0, holds)

    made = _accepted(shape, _core.float64, draw)
    smaller = made * _uniform(generator, shape) ** (1 / _core.where(is_small, wide,
                                                                   _core.ones_like(wide)))
    return _core.where(is_small, smaller, made).to(alpha.dtype) / beta


def poisson(generator, shape, lam, dtype):
    """Below 10 by products of uniform numbers (Knuth), else by Hörmann's transformed rejection
    (PTRS, 1993)."""
    shape = convert.sizes(shape)
    wide = _spread(_parameter(lam, _core.float32), shape)
    if bool(_core.any(wide < 0)):
        raise InvalidArgumentError("poisson(): lam isn't negative [Op:RandomPoissonV2]")
    is_small = wide < 10
    made = _by_products(generator, shape, _core.where(is_small, wide, _core.zeros_like(wide)))
    if not bool(_core.all(is_small)):
        large = _by_rejection(generator, shape, _core.where(is_small, _core.full_like(wide, 10.0),
                                                            wide))
        made = _core.where(is_small, made, large)
    return made.to(dtypes.as_dtype(dtype))


def _by_products(generator, shape, lam):
    """How many uniform numbers it takes for their product to fall below e^-lam, less one."""
    least, product = _core.exp(-lam), _uniform(generator, shape)
    made = _core.zeros_like(lam)
    while bool(_core.any(product > least)):
        made = made + (product > least).to(_core.float64)
        product = product * _uniform(generator, shape)
    return made


def _by_rejection(generator, shape, lam):
    b = 0.931 + 2.53 * _core.sqrt(lam)
    a = -0.059 + 0.02483 * b
    inverse = 1.1239 + 1.1328 / (b - 3.4)
    log_lam, quick = _core.log(lam), 0.9277 - 3.6224 / (b - 2)

    def draw():
        u, v = _uniform(generator, shape) - 0.5, _uniform(generator, shape)
        us = 0.5 - _core.abs(u)
        k = _core.floor((2 * a / us + b) * u + lam + 0.43)
        fits = k >= 0
        safe = _core.where(fits, k, _core.zeros_like(k))
        holds = _core.log(v * inverse / (a / _core.square(us) + b)) <= \
            safe * log_lam - lam - _core.lgamma(safe + 1)
        squeezed = _core.logical_and(us >= 0.07, v <= quick)
        return safe, _core.logical_and(fits, _core.logical_or(squeezed, holds))

    return _accepted(shape, _core.float64, draw)


def binomial(generator, shape, counts, probs, dtype):
    """Below 10 expected by geometric gaps, else by Hörmann's transformed rejection (BTRS, 1993); of
    more than half by the failures."""
    shape = convert.sizes(shape)
    n, p = (_spread(_parameter(value, _core.float32), shape) for value in (counts, probs))
    if bool(_core.any(_core.logical_or(n < 0, _core.logical_or(p < 0, p > 1)))):
        raise InvalidArgumentError("binomial(): counts aren't negative and probs within [0, 1] "
                                   "[Op:StatelessRandomBinomial]")
    is_turned = p > 0.5
    q = _core.where(is_turned, 1 - p, p)
    is_small = n * q < 10
    made = _by_gaps(generator, shape, n, q, is_small)
    if not bool(_core.all(is_small)):
        large = _of_many(generator, shape, _core.where(is_small, _core.full_like(n, 40.0), n),
                         _core.where(is_small, _core.full_like(q, 0.5), q))
        made = _core.where(is_small, made, large)
    return _core.where(is_turned, n - made, made).to(dtypes.as_dtype(dtype))


def _by_gaps(generator, shape, n, p, is_wanted):
    """How many geometric gaps fit into n tries."""
    is_open = _core.logical_and(is_wanted, p > 0)
    log_miss = _core.log1p(-_core.where(is_open, p, _core.full_like(p, 0.5)))
    total, made = _core.zeros_like(n), _core.zeros_like(n)
    while True:
        total = total + _core.ceil(_core.log(_uniform(generator, shape)) / log_miss)
        is_open = _core.logical_and(is_open, total <= n)
        if not bool(_core.any(is_open)):
            return made
        made = made + is_open.to(_core.float64)


def _of_many(generator, shape, n, p):
    spread = _core.sqrt(n * p * (1 - p))
    b = 1.15 + 2.53 * spread
    a, c = -0.0873 + 0.0248 * b + 0.01 * p, n * p + 0.5
    quick, alpha = 0.92 - 4.2 / b, (2.83 + 5.1 / b) * spread
    middle = _core.floor((n + 1) * p)

    def log_ways(k):
        return _core.lgamma(k + 1) + _core.lgamma(n - k + 1)

    def draw():
        u, v = _uniform(generator, shape) - 0.5, _uniform(generator, shape)
        us = 0.5 - _core.abs(u)
        k = _core.floor((2 * a / us + b) * u + c)
        fits = _core.logical_and(k >= 0, k <= n)
        safe = _core.where(fits, k, middle)
        holds = _core.log(v * alpha / (a / _core.square(us) + b)) <= log_ways(middle) - \
            log_ways(safe) + (safe - middle) * _core.log(p / (1 - p))
        squeezed = _core.logical_and(us >= 0.07, v <= quick)
        return safe, _core.logical_and(fits, _core.logical_or(squeezed, holds))

    return _accepted(shape, _core.float64, draw)
