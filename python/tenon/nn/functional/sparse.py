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


def _divided_by_counts(weight, index):
    """The same table, whose rows' gradients are divided by how often the row is looked up."""
    counts = _core.bincount(index.reshape(-1), minlength=weight.shape[0]).clamp(min=1)
    fixed = weight.detach()
    return fixed + (weight - fixed) / counts.unsqueeze(-1).to(weight.dtype)


def _row_number(call, padding_idx, weight):
    """`padding_idx` from the first row on; -1 where there is none."""
    rows = weight.shape[0]
    if padding_idx is None:
        return -1
    if not -rows <= padding_idx < rows:
        raise ValueError(f"{call}(): padding_idx {padding_idx} must be within "
                         f"num_embeddings {rows}")
    return padding_idx % rows


def embedding(input, weight, padding_idx=None, max_norm=None, norm_type=2.0,
              scale_grad_by_freq=False, sparse=False):
    """Rows of `weight` by their numbers. The row `padding_idx` gets no gradient; rows whose norm is
    above `max_norm` are scaled down in place; with `scale_grad_by_freq`, gradients are divided by
    how often a row is used. Gradients are dense, whatever `sparse` says."""
    padding = _row_number("embedding", padding_idx, weight)
    if max_norm is not None:
        _limit_norms(weight, input, max_norm, norm_type)
    table = _divided_by_counts(weight, input) if scale_grad_by_freq else weight
    return _core.embedding(table, input, padding)


def embedding_bag(input, weight, offsets=None, max_norm=None, norm_type=2.0,
                  scale_grad_by_freq=False, mode="mean", sparse=False, per_sample_weights=None,
                  include_last_offset=False, padding_idx=None):
    """The mean, sum or largest (`mode`) of the rows that each bag of numbers names: bags in the
    rows of `input`, or one behind the other from the places `offsets` on; the other arguments are
    those of `embedding`. Rows `padding_idx` don't count."""
    padding = _row_number("embedding_bag", padding_idx, weight)
    if max_norm is not None:
        _limit_norms(weight, input, max_norm, norm_type)
    table = _divided_by_counts(weight, input) if scale_grad_by_freq else weight
    return _core.embedding_bag(input, table, offsets, mode, per_sample_weights,
                               include_last_offset, padding)
