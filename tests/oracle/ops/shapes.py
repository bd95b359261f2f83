"""Ops that move elements without changing them."""
import builtins

import numpy as np


def view(x, sizes):
    return x.reshape(sizes)


def reshape(x, sizes):
    return x.reshape(sizes)


def flatten(x, start_dim, end_dim):
    if x.ndim == 0:
        return x.reshape(1)
    start, end = start_dim % x.ndim, end_dim % x.ndim
    return x.reshape(x.shape[:start] + (int(np.prod(x.shape[start:end + 1])),) + x.shape[end + 1:])


def unflatten(x, dim, sizes):
    dim %= x.ndim
    sizes = list(sizes)
    if -1 in sizes:
        sizes[sizes.index(-1)] = x.shape[dim] // -int(np.prod(sizes))
    return x.reshape(x.shape[:dim] + tuple(sizes) + x.shape[dim + 1:])


def transpose(x, dim0, dim1):
    return np.swapaxes(x, dim0, dim1)


def t(x):
    return x.T


def permute(x, dims):
    return np.transpose(x, dims)


def movedim(x, source, destination):
    return np.moveaxis(x, source, destination)


def squeeze(x, dims):
    named = {d % x.ndim for d in dims} if dims else set(range(x.ndim))
    return x.reshape([n for i, n in enumerate(x.shape) if n != 1 or i not in named])


def unsqueeze(x, dim):
    return np.expand_dims(x, dim)


def expand(x, sizes):
    lead = len(sizes) - x.ndim
    return np.broadcast_to(x, [x.shape[i - lead] if n == -1 else n for i, n in enumerate(sizes)])


def expand_as(x, other):
    return np.broadcast_to(x, other.shape)


def repeat(x, repeats):
    return np.tile(x, repeats)


def tile(x, repeats):
    return np.tile(x, repeats)


def cat(tensors, dim):
    return np.concatenate(tensors, dim)


def stack(tensors, dim):
    return np.stack(tensors, dim)


def split(x, split_size, dim):
    return np.split(x, range(split_size, x.shape[dim], split_size), dim)


def split_with_sizes(x, split_sizes, dim):
    return np.split(x, np.cumsum(split_sizes)[:-1], dim)


def chunk(x, chunks, dim):
    if x.shape[dim] == 0:
        return [x] * chunks
    return split(x, max(1, -(-x.shape[dim] // chunks)), dim)


def unbind(x, dim):
    return [x.take(i, dim) for i in range(x.shape[dim])]


def flip(x, dims):
    return np.flip(x, dims)


def roll(x, shifts, dims):
    if not dims:
        return np.roll(x, shifts[0])
    for shift, dim in zip(shifts, dims):
        x = np.roll(x, shift, dim)
    return x


def pad(x, padding, mode, value):
    borders = [(0, 0)] * x.ndim
    for k in range(len(padding) // 2):
        borders[x.ndim - 1 - k] = (padding[2 * k], padding[2 * k + 1])
    for dim, (before, after) in enumerate(borders):  # negative ones cut
        x = x.take(range(max(0, -before), x.shape[dim] - max(0, -after)), dim)
    borders = [(max(0, b), max(0, a)) for b, a in borders]
    if mode == "constant":
        return np.pad(x, borders, constant_values=value)
    return np.pad(x, borders, {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}[mode])


def tril(x, diagonal):
    return np.tril(x, diagonal)


def triu(x, diagonal):
    return np.triu(x, diagonal)


def select(x, dim, index):
    return x.take(index, dim)


def _along(x, dim, index):
    return x[(slice_type(None),) * (dim % x.ndim) + (index,)]


slice_type = slice  # the op of that name hides it


def slice(x, dim, start, end, step):
    return _along(x, dim, slice_type(start, end, step))


def narrow(x, dim, start, length):
    start = start + x.shape[dim] if start < 0 else start
    return _along(x, dim, slice_type(start, start + length))


def diagonal(x, offset, dim0, dim1):
    return np.diagonal(x, offset, dim0, dim1)


def as_strided(x, sizes, strides, storage_offset):
    flat, first = x.reshape(-1), storage_offset or 0
    places = np.full(sizes, first, np.int64)
    for index in np.ndindex(*sizes):
        places[index] = first + int(np.dot(index, strides)) if sizes else first
    return flat[places]


def contiguous(x):
    return x


def clone(x):
    return x


def detach(x):
    return x


def stop_gradient(x):
    return x


def to_dtype(x, dtype):
    kind = np.dtype("float32" if dtype == "bfloat16" else dtype)
    if kind == bool:
        return x != 0
    if kind.kind in "iu" and x.dtype.kind == "f":
        info = np.iinfo(kind)
        truncated = np.trunc(np.where(np.isnan(x), 0, x))
        return np.clip(truncated, info.min, info.max).astype(kind)
    if x.dtype.kind == "c" and kind.kind != "c":
        x = x.real
    return x.astype(kind)


def to_device(x, device):
    return x


def repeat_interleave(x, repeats, dim):
    return np.repeat(x, repeats, dim)


def repeat_interleave_by(x, repeats, dim, output_size):
    return np.repeat(x, repeats, dim)


def broadcast_to(x, sizes):
    return np.broadcast_to(x, sizes)


def broadcast_tensors(tensors):
    return np.broadcast_arrays(*tensors)


def meshgrid(tensors, indexing):
    return np.meshgrid(*tensors, indexing=indexing)


def cartesian_prod(tensors):
    columns = [grid.reshape(-1) for grid in np.meshgrid(*tensors, indexing="ij")]
    return columns[0] if len(columns) == 1 else np.stack(columns, 1)


def combinations(x, r, with_replacement):
    import itertools

    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    return np.array(list(choose(x.tolist(), r)), x.dtype).reshape(-1, r)


def atleast_1d(x):
    return np.atleast_1d(x)


def atleast_2d(x):
    return np.atleast_2d(x)


def atleast_3d(x):
    return np.atleast_3d(x)


def vstack(tensors):
    return np.vstack(tensors)


def hstack(tensors):
    return np.hstack(tensors)


def dstack(tensors):
    return np.dstack(tensors)


def column_stack(tensors):
    return np.column_stack(tensors)


def block_diag(tensors):
    blocks = [np.atleast_2d(block) for block in tensors]
    y = np.zeros([sum(b.shape[0] for b in blocks), sum(b.shape[1] for b in blocks)],
                 blocks[0].dtype)
    row = column = 0
    for block in blocks:
        y[row:row + block.shape[0], column:column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return y


def tensor_split(x, sections, dim):
    return np.array_split(x, sections, dim)


def tensor_split_at(x, indices, dim):
    return np.split(x, indices, dim)


def fliplr(x):
    return np.fliplr(x)


def flipud(x):
    return np.flipud(x)


def rot90(x, k, dims):
    return np.rot90(x, k, dims or (0, 1))


def diag(x, diagonal):
    return np.diag(x, diagonal)


def diagflat(x, offset):
    return np.diagflat(x, offset)


def diag_embed(x, offset, dim1, dim2):
    n = x.shape[-1] + abs(offset)
    y = np.zeros(x.shape[:-1] + (n, n), x.dtype)
    for at in np.ndindex(*x.shape[:-1]):
        y[at] = np.diag(x[at], offset)[:n, :n]
    return np.moveaxis(y, (-2, -1), (dim1, dim2))


def unfold(x, dimension, size, step):
    dim = dimension % x.ndim
    windows = np.lib.stride_tricks.sliding_window_view(x, size, dim)
    return np.take(windows, range(0, windows.shape[dim], step), dim)


def _with_part(x, src, place):
    y = x.copy()
    y[place] = src
    return y


def select_scatter(x, src, dim, index):
    return _with_part(x, src, (builtins.slice(None),) * (dim % x.ndim) + (index,))


def slice_scatter(x, src, dim, start, end, step):
    return _with_part(x, src, (builtins.slice(None),) * (dim % x.ndim) +
                      (builtins.slice(start, end, step),))


def diagonal_scatter(x, src, offset, dim1, dim2):
    rows = np.arange(src.shape[-1]) + max(-offset, 0)
    return _with_part(x, src, (rows, rows + offset))
