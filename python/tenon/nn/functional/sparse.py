"""Rows of tables."""

from ... import _core
from ..._modes import no_grad

one_hot = _core.one_hot


def _limit_norms(weight, index, max_norm, norm_type):
    """Scales the rows that are looked up, in place, so that no norm is above `max_norm`."""
    with no_grad():
        places = _core.unique(index.reshape(-1))[0]
        rows = _core.index_select(weight, 0, places)
        norms = _core.norm(rows, norm_type, 1, True)
        scale = _core.where(norms > max_norm, max_norm / (norms + 1e-7), _core.ones_like(norms))
        weight[places] = rows * scale


def _divided_by_counts(rows, index):
    """The same rows, whose gradients are divided by how often their index is looked up."""
    _, inverse, counts = _core.unique(index.reshape(-1), return_inverse=True, return_counts=True)
    scale = (1 / _core.index_select(counts, 0, inverse).to(rows.dtype)).view((*index.shape, 1))
    fixed = rows.detach()
    return fixed + (rows - fixed) * scale


def embedding(input, weight, padding_idx=None, max_norm=None, norm_type=2.0,
              scale_grad_by_freq=False, sparse=False):
    """Rows of `weight` by their numbers. The row `padding_idx` gets no gradient; rows whose norm is
    above `max_norm` are scaled down in place; with `scale_grad_by_freq`, gradients are divided by
    how often a row is used. Gradients are dense, whatever `sparse` says."""
    rows = weight.shape[0]
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise ValueError(f"embedding(): padding_idx {padding_idx} must be within "
                             f"num_embeddings {rows}")
        padding_idx %= rows
    if max_norm is not None:
        _limit_norms(weight, input, max_norm, norm_type)
    result = _core.embedding(weight, input, -1 if padding_idx is None else padding_idx)
    return _divided_by_counts(result, input) if scale_grad_by_freq else result
