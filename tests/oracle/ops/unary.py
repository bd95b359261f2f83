"""Functions of one number, from their definitions."""
import numpy as np
from scipy import special


def _floating(x):
    return x.astype(np.float32) if x.dtype.kind in "biu" else x


def exp(x):
    return np.exp(_floating(x))


def expm1(x):
    return np.expm1(_floating(x))


def log(x):
    return np.log(_floating(x))


def log1p(x):
    return np.log1p(_floating(x))


def log2(x):
    return np.log2(_floating(x))


def log10(x):
    return np.log10(_floating(x))


def sqrt(x):
    return np.sqrt(_floating(x))


def rsqrt(x):
    return 1 / np.sqrt(_floating(x))


def reciprocal(x):
    return 1 / _floating(x)


def square(x):
    return x * x


def abs(x):
    return np.abs(x)


def sign(x):
    return x if x.dtype == bool else np.sign(x)


def sin(x):
    return np.sin(_floating(x))


def cos(x):
    return np.cos(_floating(x))


def tan(x):
    return np.tan(_floating(x))


def asin(x):
    return np.arcsin(_floating(x))


def acos(x):
    return np.arccos(_floating(x))


def atan(x):
    return np.arctan(_floating(x))


def sinh(x):
    return np.sinh(_floating(x))


def cosh(x):
    return np.cosh(_floating(x))


def tanh(x):
    return np.tanh(_floating(x))


def sigmoid(x):
    return 1 / (1 + np.exp(-_floating(x)))


def erf(x):
    return special.erf(_floating(x))


def erfc(x):
    return special.erfc(_floating(x))


def floor(x):
    return np.floor(x) if x.dtype.kind == "f" else x


def ceil(x):
    return np.ceil(x) if x.dtype.kind == "f" else x


def round(x):
    return np.rint(x) if x.dtype.kind == "f" else x  # half to even


def trunc(x):
    return np.trunc(x) if x.dtype.kind == "f" else x


def isnan(x):
    return np.isnan(x)


def isinf(x):
    return np.isinf(x)


def isfinite(x):
    return np.isfinite(x)


def relu(x):
    return np.where(x > 0, x, np.zeros_like(x))


def leaky_relu(x, negative_slope):
    x = _floating(x)
    return np.where(x > 0, x, x.dtype.type(negative_slope) * x)


def elu(x, alpha):
    x = _floating(x)
    return np.where(x > 0, x, alpha * (np.exp(x) - 1))


def gelu(x, approximate):
    x = _floating(x)
    if approximate == "tanh":
        return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    return x * special.ndtr(x)


def silu(x):
    x = _floating(x)
    return x / (1 + np.exp(-x))


def softplus(x, beta, threshold):
    x = _floating(x)
    return np.where(beta * x > threshold, x, np.log(1 + np.exp(beta * x)) / beta)


def hardtanh(x, min_value, max_value):
    return np.clip(x, x.dtype.type(min_value), x.dtype.type(max_value))


def asinh(x):
    return np.arcsinh(_floating(x))


def acosh(x):
    return np.arccosh(_floating(x))


def atanh(x):
    return np.arctanh(_floating(x))


def exp2(x):
    x = _floating(x)
    return np.exp(x * np.log(2)).astype(x.dtype) if x.dtype.kind == "c" else np.exp2(x)


def sinc(x):
    return np.sinc(_floating(x))


def logit(x, eps):
    x = _floating(x)
    x = x if eps is None else np.clip(x, x.dtype.type(eps), x.dtype.type(1 - eps))
    return np.log(x / (1 - x))


def lgamma(x):
    return special.gammaln(_floating(x))


def digamma(x):
    x = _floating(x)
    return np.where(x == 0, x.dtype.type(-np.inf), special.psi(x))


def polygamma(n, x):
    return special.polygamma(n, _floating(x)).astype(_floating(x).dtype)


def special_bessel_j0(x):
    return special.j0(_floating(x))


def special_bessel_j1(x):
    return special.j1(_floating(x))


def special_bessel_y0(x):
    return special.y0(_floating(x))


def special_bessel_y1(x):
    return special.y1(_floating(x))


def special_modified_bessel_k0(x):
    return special.k0(_floating(x))


def special_modified_bessel_k1(x):
    return special.k1(_floating(x))


def special_scaled_modified_bessel_k0(x):
    return special.k0e(_floating(x))


def special_scaled_modified_bessel_k1(x):
    return special.k1e(_floating(x))


def special_spherical_bessel_j0(x):
    return special.spherical_jn(0, _floating(x))


def frexp(x):
    mantissa, exponent = np.frexp(x)
    return mantissa, exponent.astype(np.int32)


def erfinv(x):
    return special.erfinv(_floating(x))


def frac(x):
    return x - np.trunc(x)


def sgn(x):
    if x.dtype.kind != "c":
        return sign(x)
    return np.where(x == 0, 0, x / np.where(x == 0, 1, np.abs(x))).astype(x.dtype)


def signbit(x):
    return np.zeros(x.shape, bool) if x.dtype.kind in "bu" else np.signbit(x)


def rad2deg(x):
    return np.rad2deg(_floating(x))


def deg2rad(x):
    return np.deg2rad(_floating(x))


def isposinf(x):
    return (x == np.inf) if x.dtype.kind == "f" else np.zeros(x.shape, bool)


def isneginf(x):
    return (x == -np.inf) if x.dtype.kind == "f" else np.zeros(x.shape, bool)


def nan_to_num(x, nan, posinf, neginf):
    if x.dtype.kind not in "fc":
        return x
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


def view_as_real(x):
    return np.stack([x.real, x.imag], -1)


def view_as_complex(x):
    return x[..., 0] + 1j * x[..., 1]


def angle(x):
    return np.angle(_floating(x)).astype(_floating(x).real.dtype)


def isreal(x):
    return np.isreal(x)


def adjoint(x):
    return np.conj(np.swapaxes(x, -1, -2))


def mvlgamma(x, p):
    if x.size == 0:
        return x
    return special.multigammaln(x, p).astype(x.dtype)


def i0(x):
    return special.i0(_floating(x))


def special_i0e(x):
    return special.i0e(_floating(x))


def special_i1(x):
    return special.i1(_floating(x))


def special_i1e(x):
    return special.i1e(_floating(x))


def special_ndtr(x):
    return special.ndtr(_floating(x))


def special_log_ndtr(x):
    return special.log_ndtr(_floating(x))


def special_ndtri(x):
    return special.ndtri(_floating(x))


def special_erfcx(x):
    return special.erfcx(_floating(x))


def special_entr(x):
    return special.entr(_floating(x))
