"""Special functions, under the names of torch.special."""

from . import _core
from .nn.functional import log_softmax, softmax

digamma = psi = _core.digamma
erf, erfc, erfinv, erfcx = _core.erf, _core.erfc, _core.erfinv, _core.special_erfcx
exp2, expm1, log1p = _core.exp2, _core.expm1, _core.log1p
expit, logit, sinc, round = _core.sigmoid, _core.logit, _core.sinc, _core.round
gammaln, polygamma, multigammaln = _core.lgamma, _core.polygamma, _core.mvlgamma
gammainc, gammaincc, zeta = _core.igamma, _core.igammac, _core.special_zeta
i0, i0e, i1, i1e = _core.i0, _core.special_i0e, _core.special_i1, _core.special_i1e
bessel_j0, bessel_j1 = _core.special_bessel_j0, _core.special_bessel_j1
bessel_y0, bessel_y1 = _core.special_bessel_y0, _core.special_bessel_y1
modified_bessel_i0, modified_bessel_i1 = i0, i1
modified_bessel_k0 = _core.special_modified_bessel_k0
modified_bessel_k1 = _core.special_modified_bessel_k1
scaled_modified_bessel_k0 = _core.special_scaled_modified_bessel_k0
scaled_modified_bessel_k1 = _core.special_scaled_modified_bessel_k1
spherical_bessel_j0 = _core.special_spherical_bessel_j0
ndtr, ndtri, log_ndtr = _core.special_ndtr, _core.special_ndtri, _core.special_log_ndtr
entr, xlogy, xlog1py = _core.special_entr, _core.xlogy, _core.special_xlog1py
logsumexp = _core.logsumexp

__all__ = ["bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "digamma", "entr", "erf", "erfc",
           "erfcx", "erfinv", "exp2", "expit", "expm1", "gammainc", "gammaincc", "gammaln", "i0",
           "i0e", "i1", "i1e", "log1p", "log_ndtr", "log_softmax", "logit", "logsumexp",
           "modified_bessel_i0", "modified_bessel_i1", "modified_bessel_k0", "modified_bessel_k1",
           "multigammaln", "ndtr", "ndtri", "polygamma", "psi", "round",
           "scaled_modified_bessel_k0", "scaled_modified_bessel_k1", "sinc", "softmax",
           "spherical_bessel_j0", "xlog1py", "xlogy", "zeta"]
