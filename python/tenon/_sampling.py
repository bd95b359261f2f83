"""Random numbers by rejection, made of ops: candidates are drawn until each element has one."""

from . import _core


def _drawn(draw, *parameters):
    """The elements that `draw(*parameters)`, which gives (candidates, whether to take each), comes
    to for vectors of parameters."""
    values, taken = draw(*parameters)
    left = _core.nonzero(~taken).squeeze(1)
    while left.numel():
        candidates, taken = draw(*(parameter[left] for parameter in parameters))
        values[left] = _core.where(taken, candidates, values[left])
        left = left[~taken]
    return values


def _uniform(like, generator):
    """In (0, 1]."""
    return 1 - _core.rand(like.shape, dtype=like.dtype, generator=generator)


def standard_gamma(concentration, generator=None):
    """Gamma(concentration, 1) by Marsaglia and Tsang (2000); those of a concentration below 1 by
    one of a concentration 1 higher."""
    shape = concentration.shape
    alpha = concentration.detach().reshape(-1)

    def draw(alpha):
        third = alpha - 1 / 3
        z = _core.randn(alpha.shape, dtype=alpha.dtype, generator=generator)
        v = (1 + z / (3 * third.sqrt())) ** 3
        u = _uniform(alpha, generator)
        inside = v > 0
        bound = z * z / 2 + third * (1 - v + v.clamp(min=1e-30).log())
        return third * v, inside & (u.log() < bound)

    small = alpha < 1
    made = _drawn(draw, _core.where(small, alpha + 1, alpha))
    lowered = made * _uniform(alpha, generator) ** (1 / alpha)
    return _core.where(small, lowered, made).reshape(shape)


def _counted(step, limit, keeps_on):
    """How many `step()`s it takes, element by element, until `keeps_on(sum, limit)` fails."""
    total, count = step(), _core.zeros_like(limit)
    going = keeps_on(total, limit)
    while bool(going.any()):
        count = count + going.to(count.dtype)
        total = total + step()
        going = going & keeps_on(total, limit)
    return count


def poisson(rate, generator=None):
    """Poisson(rate): below 10 the arrivals of exponential steps, from there on by transformed
    rejection (Hoermann 1993, PTRS)."""
    flat = rate.detach().reshape(-1)

    def draw(rate):
        b = 0.931 + 2.53 * rate.sqrt()
        a = -0.059 + 0.02483 * b
        u = _core.rand(rate.shape, dtype=rate.dtype, generator=generator) - 0.5
        v = _uniform(rate, generator)
        us = 0.5 - u.abs()
        k = ((2 * a / us + b) * u + rate + 0.43).floor()
        inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
        is_likely = ((v * inverse_alpha / (a / (us * us) + b)).log()
                     <= k * rate.log() - rate - (k.clamp(min=0) + 1).lgamma())
        quickly = (us >= 0.07) & (v <= 0.9277 - 3.6224 / (b - 2))
        return k, quickly | ((k >= 0) & ((us >= 0.013) | (v <= us)) & is_likely)

    many = flat >= 10
    few = _core.where(many, 0.0, flat)
    counts = _counted(lambda: -_uniform(few, generator).log(), few, _core.lt)
    if bool(many.any()):
        counts = _core.where(many, _drawn(draw, _core.where(many, flat, 10.0)), counts)
    return counts.reshape(rate.shape)


def binomial(count, prob, generator=None):
    """Binomial(count, prob) of tensors of the same sizes: below a mean of 10 by the gaps between
    successes, from there on by transformed rejection (Hoermann 1993, BTRS)."""
    n, p = count.detach().reshape(-1).to(prob.dtype), prob.detach().reshape(-1)
    low = _core.where(p > 0.5, 1 - p, p)  # the rarer outcome is counted

    def draw(n, p):
        spread = (n * p * (1 - p)).sqrt()
        b = 1.15 + 2.53 * spread
        a = -0.0873 + 0.0248 * b + 0.01 * p
        alpha = (2.83 + 5.1 / b) * spread
        u = _core.rand(n.shape, dtype=n.dtype, generator=generator) - 0.5
        v = _uniform(n, generator)
        us = 0.5 - u.abs()
        k = ((2 * a / us + b) * u + n * p + 0.5).floor()
        inside = (k >= 0) & (k <= n)
        kept, m = k.clamp(min=0).minimum(n), ((n + 1) * p).floor()
        bound = ((m + 1).lgamma() + (n - m + 1).lgamma() - (kept + 1).lgamma()
                 - (n - kept + 1).lgamma() + (kept - m) * (p / (1 - p)).log())
        is_likely = (v * alpha / (a / (us * us) + b)).log() <= bound
        quickly = (us >= 0.07) & (v <= 0.92 - 4.2 / b)
        return k, inside & (quickly | is_likely)

    many = n * low >= 10
    few = _core.where(many, 0.0, low)
    ratio = _core.where(few > 0, 1 / (-few).log1p(), -float("inf"))
    counts = _counted(lambda: (_uniform(n, generator).log() * ratio).floor() + 1, n, _core.le)
    if bool(many.any()):
        drawn = _drawn(draw, _core.where(many, n, 100.0), _core.where(many, low, 0.5))
        counts = _core.where(many, drawn, counts)
    return _core.where(p > 0.5, n - counts, counts).reshape(prob.shape)
