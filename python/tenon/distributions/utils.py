"""What distributions share: parameters of one form, and probabilities in two."""

import numbers

from .. import _core, _dtypes

__all__ = ["broadcast_all", "clamp_probs", "lazy_property", "logits_to_probs", "probs_to_logits",
           "tril_matrix_to_vec", "vec_to_tril_matrix"]


def broadcast_all(*values):
    """Numbers and tensors as tensors of one shape; numbers take the dtype of the first tensor."""
    for value in values:
        if not isinstance(value, (_core.Tensor, numbers.Number)):
            raise _core.ValueError("[distributions] parameters are numbers or tensors, not "
                                   f"{type(value).__name__}")
    tensors = [value for value in values if isinstance(value, _core.Tensor)]
    dtype = tensors[0].dtype if tensors else _dtypes.get_default_dtype()
    made = [value if isinstance(value, _core.Tensor) else _core.full((), value, dtype=dtype)
            for value in values]
    return _core.broadcast_tensors(made)


def clamp_probs(probs):
    """Probabilities at least the dtype's precision away from 0 and 1."""
    eps = _dtypes.finfo(probs.dtype).eps
    return probs.clamp(eps, 1 - eps)


def logits_to_probs(logits, is_binary=False):
    """Probabilities of log-odds where `is_binary`, else of log-probabilities along the last dim."""
    return _core.sigmoid(logits) if is_binary else _core.softmax(logits, -1)


def probs_to_logits(probs, is_binary=False):
    """The inverse of `logits_to_probs`, of clamped probabilities."""
    clamped = clamp_probs(probs)
    return clamped.log() - (-clamped).log1p() if is_binary else clamped.log()


class lazy_property:
    """An attribute that is computed, with gradients, when it is first looked at."""

    def __init__(self, wrapped):
        self._wrapped = wrapped
        self.__doc__ = wrapped.__doc__

    def __set_name__(self, owner, name):
        self._name = name

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        before = _core.is_grad_enabled()
        _core.set_grad_enabled(True)
        try:
            value = self._wrapped(instance)
        finally:
            _core.set_grad_enabled(before)
        instance.__dict__[self._name] = value
        return value


def vec_to_tril_matrix(vec, diag=0):
    """Vectors [..., n] as lower triangular matrices, row by row."""
    count = vec.shape[-1]
    odd = 1 + 2 * diag
    size = (-odd + (odd**2 + 8 * count + 4 * abs(diag) * (diag + 1)) ** 0.5) / 2
    if round(size) - size > 1e-9:
        raise _core.ValueError(f"[vec_to_tril_matrix] {count} elements fill no lower triangle")
    size = round(size)
    rows, columns = _core.tril_indices(size, size, diag).unbind(0)
    flat = _core.zeros((*vec.shape[:-1], size * size), dtype=vec.dtype)
    return flat.index_copy(-1, rows * size + columns, vec).unflatten(-1, (size, size))


def tril_matrix_to_vec(mat, diag=0):
    """The inverse of `vec_to_tril_matrix`."""
    size = mat.shape[-1]
    if not -size <= diag < size:
        raise _core.ValueError(f"[tril_matrix_to_vec] diag ({diag}) must be in "
                               f"[{-size}, {size - 1}]")
    rows, columns = _core.tril_indices(size, size, diag).unbind(0)
    return mat[..., rows, columns]
