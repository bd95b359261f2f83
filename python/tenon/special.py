"""Special functions, under the names of torch.special."""

from . import _core
from .nn.functional import log_softmax, softmax

digamma = psi = _core.digamma
erf, erfc, erfinv, erfcx = _core.erf, _core.erfc, _core.erfinv, _core.special_erfcx
exp2, expm1, log1p = _core.exp2, _core.expm1, _core.log1p
expit, logit, sinc, round = _core.sigmoid, _core.logit, _core.sinc, _core.round
gammaln, polygamma, multigammaln = _core.lgamma, _core.polygamma, _core.mvlgamma
i0, i0e, i1, i1e = _core.i0, _core.special_i0e, _core.special_i1, _core.special_i1e
ndtr, ndtri, log_ndtr = _core.special_ndtr, _core.special_ndtri, _core.special_log_ndtr
entr, xlogy, xlog1py = _core.special_entr, _core.xlogy, _core.special_xlog1py
logsumexp = _core.logsumexp

__all__ = ["digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "exp2", "expit", "expm1",
           "gammaln", "i0", "i0e", "i1", "i1e", "log1p", "log_ndtr", "log_softmax", "logit",
           "logsumexp", "multigammaln", "ndtr", "ndtri", "polygamma", "psi", "round", "sinc",
           "softmax", "xlog1py", "xlogy"]
