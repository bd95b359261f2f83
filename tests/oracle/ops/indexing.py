"""Ops that pick, place and order elements."""
import numpy as np


def _normal(index, size):
    return np.where(index < 0, index + size, index)


def index_select(x, dim, index):
    return np.take(x, index, dim)


def index_add(x, dim, index, source):
    y = np.moveaxis(x.copy(), dim, 0)
    source = np.moveaxis(source, dim, 0)
    for i, row in zip(index.reshape(-1), source):
        y[i] = y[i] + row
    return np.moveaxis(y, 0, dim)


def gather(x, dim, index):
    y = np.empty(index.shape, x.dtype)
    for place in np.ndindex(*index.shape):
        source = list(place)
        source[dim] = index[place]
        y[place] = x[tuple(source)]
    return y


def _scattered(x, dim, index, source, combine):
    y = x.copy()
    for place in np.ndindex(*index.shape):
        target = list(place)
        target[dim] = index[place]
        value = source if source.ndim == 0 else source[place]
        y[tuple(target)] = combine(y[tuple(target)], value)
    return y


def scatter(x, dim, index, source):
    return _scattered(x, dim, index, source, lambda old, new: new)


def scatter_add(x, dim, index, source):
    return _scattered(x, dim, index, source, lambda old, new: old + new)


def masked_fill(x, mask, value):
    return np.where(mask, np.asarray(value, x.dtype), x)


def masked_select(x, mask):
    x, mask = np.broadcast_arrays(x, mask)
    return x[mask]


def nonzero(x):
    return np.argwhere(x)


def _ordered(x, dim, descending):
    """The stable order: equal elements stay as they are, in both directions."""
    if x.ndim == 0:
        return np.zeros([], np.int64)
    if not descending:
        return np.argsort(x, dim, kind="stable")
    backwards = np.argsort(np.flip(x, dim), dim, kind="stable")
    return x.shape[dim] - 1 - np.flip(backwards, dim)


def sort(x, dim, descending, stable):
    order = _ordered(x, dim, descending)
    return (np.take_along_axis(x, order, dim) if x.ndim else x), order


def argsort(x, dim, descending, stable):
    return _ordered(x, dim, descending)


def topk(x, k, dim, largest, sorted):
    order = np.take(_ordered(x, dim, largest), range(k), dim)
    return np.take_along_axis(x, order, dim), order


def unique(x, sorted, return_inverse, return_counts):
    values, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
    nothing = np.zeros([0], np.int64)
    return (values, inverse.reshape(x.shape) if return_inverse else nothing,
            counts if return_counts else nothing)


def one_hot(x, num_classes):
    classes = num_classes if num_classes >= 0 else int(x.max()) + 1
    return (x[..., None] == np.arange(classes)).astype(np.int64)


def embedding(weight, index, padding_idx):
    return weight[index]


def index_rows(x, indices):
    return x[tuple(indices)]


def index_put_rows(x, values, indices, accumulate):
    y = x.copy()
    if accumulate:
        np.add.at(y, tuple(indices), values)
    else:
        y[tuple(indices)] = values
    return y


def _reduced(x, dim, index, src, include_self, combine):
    y, touched = x.copy(), set()
    for place in np.ndindex(*index.shape):
        target = list(place)
        target[dim] = index[place]
        target = tuple(target)
        first = not include_self and target not in touched
        y[target] = src[place] if first else combine(y[target], src[place])
        touched.add(target)
    return y


def scatter_reduce(x, dim, index, src, reduce, include_self):
    if reduce != "mean":
        combine = {"sum": lambda a, b: a + b, "prod": lambda a, b: a * b, "amax": max,
                   "amin": min}[reduce]
        return _reduced(x, dim, index, src, include_self, combine)
    total = _reduced(x, dim, index, src, include_self, lambda a, b: a + b)
    count = _reduced(np.ones_like(x), dim, index, np.ones_like(src), include_self,
                     lambda a, b: a + b)
    return total / count if x.dtype.kind == "f" else total // count


def unique_consecutive(x, return_inverse, return_counts):
    flat, nothing = x.reshape(-1), np.zeros([0], np.int64)
    starts = np.flatnonzero(np.concatenate([np.ones(min(flat.size, 1), bool),
                                            flat[1:] != flat[:-1]]))
    counts = np.diff(np.append(starts, flat.size)).astype(np.int64)
    inverse = np.repeat(np.arange(starts.size), counts).reshape(x.shape)
    return (flat[starts], inverse if return_inverse else nothing, counts
            if return_counts else nothing)


def unique_dim(x, dim, return_inverse, return_counts):
    values, inverse, counts = np.unique(x, axis=dim, return_inverse=True, return_counts=True)
    nothing = np.zeros([0], np.int64)
    return (values, inverse.reshape(-1) if return_inverse else nothing, counts if return_counts
            else nothing)


def search_rows(sorted_sequence, x, right):
    side = "right" if right else "left"
    if sorted_sequence.ndim == 1:
        return np.searchsorted(sorted_sequence, x, side)
    places = np.zeros(x.shape, np.int64)
    for at in np.ndindex(*x.shape[:-1]):
        places[at] = np.searchsorted(sorted_sequence[at], x[at], side)
    return places


def searchsorted(sorted_sequence, input, out_int32, right, side, sorter):
    sequence = sorted_sequence if sorter is None else sorted_sequence[sorter]
    return search_rows(sequence, input, right or side == "right")


def bucketize(input, boundaries, out_int32, right):
    return np.searchsorted(boundaries, input, "right" if right else "left")


def isin(elements, test_elements, assume_unique, invert):
    return np.isin(elements, test_elements, invert=invert)


def index_copy(x, dim, index, source):
    y = np.moveaxis(x.copy(), dim, 0)
    y[index.reshape(-1)] = np.moveaxis(source, dim, 0)
    return np.moveaxis(y, 0, dim)


def index_reduce(x, dim, index, source, reduce, include_self):
    y = np.moveaxis(x.copy(), dim, 0)
    source = np.moveaxis(source, dim, 0)
    combine = {"prod": np.prod, "mean": np.mean, "amax": np.max, "amin": np.min}[reduce]
    for i in np.unique(index):
        rows = list(source[index.reshape(-1) == i]) + ([y[i].copy()] if include_self else [])
        y[i] = combine(rows, axis=0)
    return np.moveaxis(y, 0, dim)


def index_fill(x, dim, index, value):
    y = np.moveaxis(x.copy(), dim, 0)
    y[index.reshape(-1)] = value
    return np.moveaxis(y, 0, dim)


def take(x, index):
    return np.take(x, index)


def put(x, index, source, accumulate):
    y = x.reshape(-1).copy()
    if accumulate:
        np.add.at(y, index.reshape(-1), source.reshape(-1))
    else:
        y[index.reshape(-1)] = source.reshape(-1)
    return y.reshape(x.shape)


def take_along_dim(x, indices, dim):
    return np.take(x, indices.reshape(-1)) if dim is None else np.take_along_axis(x, indices, dim)


def masked_scatter(x, mask, source):
    sizes = np.broadcast_shapes(x.shape, mask.shape)
    y, mask = np.broadcast_to(x, sizes).copy(), np.broadcast_to(mask, sizes)
    y[mask] = source.reshape(-1)[:mask.sum()]
    return y


def embedding_bag(x, weight, offsets, mode, per_sample_weights, include_last_offset, padding_idx):
    if offsets is None:
        bags = [(row, None if per_sample_weights is None else w)
                for row, w in zip(x, x if per_sample_weights is None else per_sample_weights)]
    else:
        ends = list(offsets[1:]) + ([] if include_last_offset else [len(x)])
        bags = [(x[a:b], None if per_sample_weights is None else per_sample_weights[a:b])
                for a, b in zip(offsets, ends)]
    y = np.zeros((len(bags), weight.shape[1]), weight.dtype)
    for out, (numbers, scale) in zip(y, bags):
        rows = weight[numbers] if scale is None else weight[numbers] * scale[:, None]
        rows = rows[numbers != padding_idx]
        if len(rows):
            out[:] = {"sum": np.sum, "mean": np.mean, "max": np.max}[mode](rows, 0)
    return y
