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


def argsort(x, dim, descending):
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
