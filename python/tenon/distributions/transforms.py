"""Invertible functions, with the logarithms of how much they stretch."""

import math

from .. import _core
from . import constraints
from ._composing import (CatTransform, ComposeTransform, IndependentTransform, ReshapeTransform,
                         StackTransform, Transform, identity_transform, sum_rightmost, with_dims)
from .utils import clamp_probs, tril_matrix_to_vec, vec_to_tril_matrix

__all__ = ["AbsTransform", "AffineTransform", "CatTransform", "ComposeTransform",
           "CorrCholeskyTransform", "CumulativeDistributionTransform", "ExpTransform",
           "IndependentTransform", "LowerCholeskyTransform", "PositiveDefiniteTransform",
           "PowerTransform", "ReshapeTransform", "SigmoidTransform", "SoftmaxTransform",
           "SoftplusTransform", "StackTransform", "StickBreakingTransform", "TanhTransform",
           "Transform", "identity_transform"]


class ExpTransform(Transform):
    """y = exp(x)."""

    codomain = constraints.positive
    bijective, _sign = True, 1

    def _call(self, x):
        return x.exp()

    def _inverted(self, y):
        return y.log()

    def log_abs_det_jacobian(self, x, y):
        return x

    def __eq__(self, other):
        return isinstance(other, ExpTransform)

    __hash__ = object.__hash__


class PowerTransform(Transform):
    """y = x^exponent."""

    domain = codomain = constraints.positive
    bijective = True

    def __init__(self, exponent, cache_size=0):
        super().__init__(cache_size)
        self.exponent = exponent

    @property
    def sign(self):
        return self.exponent.sign() if isinstance(self.exponent, _core.Tensor) else math.copysign(
            1, self.exponent)

    def _call(self, x):
        return x**self.exponent

    def _inverted(self, y):
        return y ** (1 / self.exponent)

    def log_abs_det_jacobian(self, x, y):
        return (self.exponent * y / x).abs().log()


class SigmoidTransform(Transform):
    """y = 1 / (1 + exp(-x))."""

    codomain = constraints.unit_interval
    bijective, _sign = True, 1

    def _call(self, x):
        return _core.sigmoid(x)

    def _inverted(self, y):
        return y.log() - (-y).log1p()

    def log_abs_det_jacobian(self, x, y):
        return -_core.softplus(-x) - _core.softplus(x)

    def __eq__(self, other):
        return isinstance(other, SigmoidTransform)

    __hash__ = object.__hash__


class SoftplusTransform(Transform):
    """y = log(1 + exp(x))."""

    codomain = constraints.positive
    bijective, _sign = True, 1

    def _call(self, x):
        return _core.softplus(x)

    def _inverted(self, y):
        return (-(-y).expm1()).log() + y

    def log_abs_det_jacobian(self, x, y):
        return -_core.softplus(-x)


class TanhTransform(Transform):
    """y = tanh(x)."""

    codomain = constraints.interval(-1.0, 1.0)
    bijective, _sign = True, 1

    def _call(self, x):
        return x.tanh()

    def _inverted(self, y):
        return _core.atanh(y)

    def log_abs_det_jacobian(self, x, y):
        return 2.0 * (math.log(2.0) - x - _core.softplus(-2.0 * x))  # without cancellation

    def __eq__(self, other):
        return isinstance(other, TanhTransform)

    __hash__ = object.__hash__


class AbsTransform(Transform):
    """y = |x|; of the two inverses the positive one."""

    codomain = constraints.positive

    def _call(self, x):
        return x.abs()

    def _inverted(self, y):
        return y


class AffineTransform(Transform):
    """y = loc + scale x, of events of `event_dim` dims."""

    bijective = True

    def __init__(self, loc, scale, event_dim=0, cache_size=0):
        super().__init__(cache_size)
        self.loc, self.scale, self.event_dim = loc, scale, event_dim
        self.domain = self.codomain = with_dims(constraints.real, event_dim)

    @property
    def sign(self):
        return self.scale.sign() if isinstance(self.scale, _core.Tensor) else math.copysign(
            1, self.scale) if self.scale else 0

    def _call(self, x):
        return self.loc + self.scale * x

    def _inverted(self, y):
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x, y):
        scale = self.scale if isinstance(self.scale, _core.Tensor) else _core.full_like(
            x, self.scale)
        shape = _core.broadcast_tensors([scale, x])[0].shape
        return sum_rightmost(scale.abs().log().expand(shape), self.event_dim)


class SoftmaxTransform(Transform):
    """y = softmax(x), which isn't invertible: the inverse gives logarithms."""

    domain, codomain = constraints.real_vector, constraints.simplex

    def _call(self, x):
        return _core.softmax(x, -1)

    def _inverted(self, y):
        return y.log()


class StickBreakingTransform(Transform):
    """From n numbers to the simplex of n + 1: each takes its part of what is left of a stick."""

    domain, codomain = constraints.real_vector, constraints.simplex
    bijective = True

    def _offsets(self, count, dtype):
        return _core.arange(count, 0, -1, dtype=dtype).log()

    def _call(self, x):
        z = _core.sigmoid(x - self._offsets(x.shape[-1], x.dtype))
        left = (1 - z).cumprod(-1)
        ones = _core.ones((*x.shape[:-1], 1), dtype=x.dtype)
        return _core.cat([z, ones], -1) * _core.cat([ones, left], -1)

    def _inverted(self, y):
        cropped = y[..., :-1]
        left = 1 - cropped.cumsum(-1)
        return cropped.log() - left.log() + self._offsets(cropped.shape[-1], y.dtype)

    def log_abs_det_jacobian(self, x, y):
        shifted = x - self._offsets(x.shape[-1], x.dtype)
        return (-shifted + _core.logsigmoid(shifted) + y[..., :-1].log()).sum(-1)

    def forward_shape(self, shape):
        return (*shape[:-1], shape[-1] + 1)

    def inverse_shape(self, shape):
        return (*shape[:-1], shape[-1] - 1)

    def __eq__(self, other):
        return isinstance(other, StickBreakingTransform)

    __hash__ = object.__hash__


class CorrCholeskyTransform(Transform):
    """From n (n - 1) / 2 numbers to the lower triangular factor of a correlation matrix [n, n]: in
    each row, the tanh of a number takes its part of what is left of length 1."""

    domain, codomain = constraints.real_vector, constraints.corr_cholesky
    bijective = True

    def _call(self, x):
        parts = vec_to_tril_matrix(2 * clamp_probs((1 + x.tanh()) / 2) - 1, -1)
        left = (1 - parts.square()).sqrt().cumprod(-1)
        left = _core.cat([_core.ones_like(left[..., :1]), left[..., :-1]], -1)
        return (parts + _core.eye(parts.shape[-1], dtype=x.dtype)) * left

    def _inverted(self, y):
        before = y.square().cumsum(-1) - y.square()
        return _core.atanh(tril_matrix_to_vec(y, -1) / (1 - tril_matrix_to_vec(before, -1)).sqrt())

    def log_abs_det_jacobian(self, x, y):
        left = tril_matrix_to_vec(1 - y.square().cumsum(-1), -2)
        return 0.5 * left.log().sum(-1) + TanhTransform().log_abs_det_jacobian(x, None).sum(-1)

    def forward_shape(self, shape):
        size = round((0.25 + 2 * shape[-1]) ** 0.5 + 0.5)
        if size * (size - 1) // 2 != shape[-1]:
            raise _core.ValueError(f"{shape[-1]} numbers fill no lower triangle")
        return (*shape[:-1], size, size)

    def inverse_shape(self, shape):
        if len(shape) < 2 or shape[-1] != shape[-2]:
            raise _core.ValueError(f"expected square matrices, got {tuple(shape)}")
        return (*shape[:-2], shape[-1] * (shape[-1] - 1) // 2)


class LowerCholeskyTransform(Transform):
    """From matrices to lower triangular ones whose diagonal is positive: its exp."""

    domain, codomain = constraints.independent(constraints.real, 2), constraints.lower_cholesky

    def _call(self, x):
        return x.tril(-1) + x.diagonal(0, -2, -1).exp().diag_embed()

    def _inverted(self, y):
        return y.tril(-1) + y.diagonal(0, -2, -1).log().diag_embed()


class PositiveDefiniteTransform(Transform):
    """From matrices to L L^T of what LowerCholeskyTransform makes of them."""

    domain, codomain = constraints.independent(constraints.real, 2), constraints.positive_definite

    def _call(self, x):
        tril = LowerCholeskyTransform()(x)
        return tril @ tril.mT

    def _inverted(self, y):
        return LowerCholeskyTransform().inv(_core.linalg_cholesky(y))


class CumulativeDistributionTransform(Transform):
    """y = distribution.cdf(x)."""

    bijective, codomain, _sign = True, constraints.unit_interval, 1
    domain = property(lambda self: self.distribution.support)

    def __init__(self, distribution, cache_size=0):
        super().__init__(cache_size)
        self.distribution = distribution

    def _call(self, x):
        return self.distribution.cdf(x)

    def _inverted(self, y):
        return self.distribution.icdf(y)

    def log_abs_det_jacobian(self, x, y):
        return self.distribution.log_prob(x)
