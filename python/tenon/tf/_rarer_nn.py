"""tf.nn's rarer parts: sampled losses, sparse embeddings, moments in steps, labels of sequences."""

import numpy

from .. import _core
from .._eager import convert
from .._eager.tensor import op as _op
from .._eager.tensor import own
from ._candidates import log_uniform
from ._gathering import gather
from ._sparse import SparseTensor


# Losses of some of many classes.


def _logits_and_labels(weights, biases, labels, inputs, num_sampled, num_classes, num_true,
                       sampled_values, remove_accidental_hits, seed):
    if isinstance(weights, (list, tuple)):
        weights = _core.cat([convert.tensor(one) for one in weights], 0)
    weights, biases, inputs = map(convert.tensor, (weights, biases, inputs))
    labels = convert.tensor(labels).to(_core.int64).reshape((-1, num_true))
    if sampled_values is None:
        drawn, chances = log_uniform(int(num_sampled), int(num_classes), True, seed)
        true_expected = _core.tensor_of_data(chances[labels.numpy()], inputs.dtype)
        expected = _core.tensor_of_data(chances[drawn], inputs.dtype)
        drawn = _core.tensor_of_data(drawn, _core.int64)
    else:
        drawn, true_expected, expected = map(convert.tensor, sampled_values)
        drawn = drawn.to(_core.int64)
    mine = gather(weights, labels)
    of_true = _core.sum(mine * inputs.unsqueeze(1), -1) + gather(biases, labels) - \
        _core.log(true_expected)
    of_drawn = _core.matmul(inputs, _core.transpose(gather(weights, drawn), 0, 1)) + \
        gather(biases, drawn) - _core.log(expected)
    if remove_accidental_hits:
        hits = _core.any(_core.eq(labels.unsqueeze(2), drawn), 1)
        of_drawn = _core.where(hits, _core.full_like(of_drawn, -1e37), of_drawn)
    logits = _core.cat([of_true, of_drawn], 1)
    targets = _core.cat([_core.full_like(of_true.detach(), 1.0 / num_true),
                         _core.zeros_like(of_drawn.detach())], 1)
    return logits, targets


@_op
def sampled_softmax_loss(weights, biases, labels, inputs, num_sampled, num_classes, num_true=1,
                         sampled_values=None, remove_accidental_hits=True, seed=None):
    """The cross entropy over the true classes and `num_sampled` others, for training with many
    (Jean et al. 2014)."""
    logits, targets = _logits_and_labels(weights, biases, labels, inputs, num_sampled, num_classes,
                                         num_true, sampled_values, remove_accidental_hits, seed)
    return -_core.sum(targets * _core.log_softmax(logits, -1), -1)


@_op
def nce_loss(weights, biases, labels, inputs, num_sampled, num_classes, num_true=1,
             sampled_values=None, remove_accidental_hits=False):
    """Noise-contrastive estimation (Gutmann and Hyvärinen 2010): the true classes against
    `num_sampled` others."""
    logits, targets = _logits_and_labels(weights, biases, labels, inputs, num_sampled, num_classes,
                                         num_true, sampled_values, remove_accidental_hits, None)
    losses = _core.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return _core.sum(losses, 1)


# Embeddings of sparse rows.


@_op
def embedding_lookup_sparse(params, sp_ids, sp_weights, combiner=None, max_norm=None,
                            allow_fast_lookup=False):
    """The rows of params that each row of sparse ids names, weighed and combined: 'mean', 'sum' or
    'sqrtn'."""
    from .nn import embedding_lookup

    combiner = combiner or "mean"
    if combiner not in ("mean", "sqrtn", "sum"):
        raise ValueError(f"combiner must be one of 'mean', 'sqrtn' or 'sum', got {combiner}")
    rows = _core.select(sp_ids.indices, 1, 0)
    count = int(rows.amax().item()) + 1 if rows.numel() else 0
    found = embedding_lookup(params, sp_ids.values, max_norm)
    weights = _core.ones((found.shape[0], 1), dtype=found.dtype) if sp_weights is None else \
        sp_weights.values.to(found.dtype).unsqueeze(1)

    def total(values):
        zeros = _core.zeros((count, *values.shape[1:]), dtype=values.dtype)
        return _core.index_add(zeros, 0, rows, values)

    made = total(found * weights)
    if combiner == "sum":
        return made
    of_weights = total(weights if combiner == "mean" else _core.square(weights))
    divisor = of_weights if combiner == "mean" else _core.sqrt(of_weights)
    is_empty = _core.eq(divisor, 0)
    return _core.where(is_empty, _core.zeros_like(made), made / _core.where(
        is_empty, _core.ones_like(divisor), divisor))


def safe_embedding_lookup_sparse(embedding_weights, sparse_ids, sparse_weights=None,
                                 combiner="mean", default_id=None, max_norm=None, name=None,
                                 allow_fast_lookup=False):
    """As `embedding_lookup_sparse`; rows without ids are zeros, or the row of `default_id`."""
    ids, rows = sparse_ids.values.numpy(), sparse_ids.indices.numpy()
    weights = None if sparse_weights is None else sparse_weights.values.numpy()
    kept = ids >= 0 if weights is None or combiner == "sum" else (ids >= 0) & (weights > 0)
    count = int(sparse_ids.dense_shape[0])
    empty = numpy.setdiff1d(numpy.arange(count), rows[kept, 0])
    places = numpy.concatenate([rows[kept], numpy.stack([empty, numpy.zeros_like(empty)], 1)])
    order = numpy.argsort(places[:, 0], kind="stable")
    filled = numpy.concatenate([ids[kept], numpy.full(len(empty), default_id or 0)])[order]

    def sparse(values, dtype):
        return SparseTensor(places[order], _core.tensor_of_data(values, dtype),
                            sparse_ids.dense_shape)

    if weights is not None:
        weights = sparse(numpy.concatenate([weights[kept], numpy.ones(len(empty))])[order],
                         sparse_weights.dtype)
    made = embedding_lookup_sparse(embedding_weights, sparse(filled, _core.int64), weights,
                                   combiner, max_norm)
    if default_id is None and len(empty):
        keeps = numpy.ones((count, 1))
        keeps[empty] = 0
        made = made * own(_core.tensor_of_data(keeps, made.dtype))
    return made


# Moments.


@_op
def sufficient_statistics(x, axes, shift=None, keepdims=False):
    """(count, sum, sum of squares, shift) over axes, of x - shift."""
    x, axes = convert.tensor(x), convert.axis_of(axes)
    total = 1
    for axis in axes if isinstance(axes, tuple) else (axes,):
        total *= x.shape[axis]
    shifted = x if shift is None else x - convert.like(shift, x)
    return (_core.full((), total, dtype=x.dtype), _core.sum(shifted, axes, keepdims),
            _core.sum(_core.square(shifted), axes, keepdims), shift)


@_op
def normalize_moments(counts, mean_ss, variance_ss, shift):
    """(mean, variance) of sufficient statistics."""
    mean_ss, variance_ss = convert.tensor(mean_ss), convert.tensor(variance_ss)
    part = 1 / convert.like(counts, mean_ss)
    mean = mean_ss * part
    variance = variance_ss * part - _core.square(mean)
    return (mean if shift is None else mean + convert.like(shift, mean)), variance


@_op
def weighted_moments(x, axes, frequency_weights, keepdims=False):
    """(mean, variance) over axes, each element as often as its weight says."""
    x, axes = convert.tensor(x), convert.axis_of(axes)
    weights = convert.like(frequency_weights, x)
    weights = _core.broadcast_to(weights, x.shape)
    total = _core.sum(weights, axes, True)
    mean = _core.sum(weights * x, axes, True) / total
    variance = _core.sum(weights * _core.square(x - mean), axes, True) / total
    if keepdims:
        return mean, variance
    return _core.squeeze(mean, axes), _core.squeeze(variance, axes)


# Labels of sequences.


@_op
def collapse_repeated(labels, seq_length):
    """(labels, lengths): each row without labels that follow their equals, padded by 0."""
    array, lengths = convert.tensor(labels).numpy(), convert.tensor(seq_length).tolist()
    rows = [[value for i, value in enumerate(row[:size]) if i == 0 or value != row[i - 1]]
            for row, size in zip(array.tolist(), lengths)]
    made = numpy.zeros((len(rows), max(map(len, rows), default=0)), array.dtype)
    for i, row in enumerate(rows):
        made[i, :len(row)] = row
    return (_core.tensor_of_data(made, None),
            _core.tensor_of_data([len(row) for row in rows], convert.tensor(seq_length).dtype))


@_op
def ctc_unique_labels(labels):
    """(labels, places): the different labels of each row, and which one each is."""
    array = convert.tensor(labels).numpy()
    made, places = numpy.zeros_like(array), numpy.zeros_like(array)
    for i, row in enumerate(array.tolist()):
        order = {}
        for j, value in enumerate(row):
            places[i, j] = order.setdefault(value, len(order))
        made[i, :len(order)] = list(order)
    return _core.tensor_of_data(made, _core.int64), _core.tensor_of_data(places, _core.int32)


def ctc_greedy_decoder(inputs, sequence_length, merge_repeated=True, blank_index=None):
    """([decoded], scores): of each sequence [time, batch, classes] the best class at each step,
    without blanks and repeats, as a SparseTensor, and minus the sum of the best logits."""
    logits = convert.tensor(inputs)
    blank = logits.shape[-1] - 1 if blank_index is None else int(blank_index) % logits.shape[-1]
    best = _core.argmax(logits, -1).numpy().T
    tops = _core.amax(logits, -1)
    places, values, scores = [], [], []
    for i, (row, size) in enumerate(zip(best.tolist(), convert.tensor(sequence_length).tolist())):
        kept = [value for j, value in enumerate(row[:size]) if value != blank and not (
            merge_repeated and j and row[j - 1] == value)]
        places += [(i, j) for j in range(len(kept))]
        values += kept
        scores.append(-_core.sum(tops[:size, i]))
    longest = max((place[1] + 1 for place in places), default=0)
    decoded = SparseTensor(numpy.array(places, numpy.int64).reshape(-1, 2),
                           _core.tensor_of_data(numpy.array(values, numpy.int64), _core.int64),
                           [best.shape[0], longest])
    return [decoded], own(_core.stack(scores, 0).unsqueeze(1))
