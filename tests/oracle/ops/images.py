"""Images in other sizes and at other places, element by element."""
import itertools
import math

import numpy as np


def pixel_shuffle(x, r):
    *lead, channels, h, w = x.shape
    y = np.empty(lead + [channels // (r * r), h * r, w * r], x.dtype)
    for c, i, j in itertools.product(range(channels // (r * r)), range(r), range(r)):
        y[..., c, i::r, j::r] = x[..., c * r * r + i * r + j, :, :]
    return y


def pixel_unshuffle(x, r):
    *lead, channels, h, w = x.shape
    y = np.empty(lead + [channels * r * r, h // r, w // r], x.dtype)
    for c, i, j in itertools.product(range(channels), range(r), range(r)):
        y[..., c * r * r + i * r + j, :, :] = x[..., c, i::r, j::r]
    return y


def channel_shuffle(x, groups):
    each = x.shape[1] // groups
    order = [g * each + i for i in range(each) for g in range(groups)]
    return x[:, order]


def _cubic(x, a):
    x = abs(x)
    if x < 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a if x < 2 else 0.0


def _matrix(mode, inputs, outputs, scale, align_corners, antialias):
    """[outputs, inputs]: what each output takes of each input."""
    matrix = np.zeros((outputs, inputs))
    for i in range(outputs):
        if mode == "nearest":
            matrix[i, min(int(i * scale), inputs - 1)] += 1
        elif mode == "nearest-exact":
            matrix[i, min(int((i + 0.5) * scale), inputs - 1)] += 1
        elif mode == "area":
            begin, end = i * inputs // outputs, -(-(i + 1) * inputs // outputs)
            matrix[i, begin:end] = 1 / (end - begin)
        else:
            cubic = mode == "bicubic"
            place = i * scale if align_corners else (i + 0.5) * scale - 0.5
            if antialias:
                place = (i + 0.5) * scale - 0.5  # as in PyTorch, with align_corners, too
                width = max(scale, 1.0)
                reach = (2 if cubic else 1) * width
                weights = [0 if abs(k - place) >= reach else
                           _cubic((k - place) / width, -0.5) if cubic else 1 - abs(k - place) /
                           width
                           for k in range(inputs)]
                matrix[i] = np.array(weights) / sum(weights)
            elif cubic:
                for k in range(math.floor(place) - 1, math.floor(place) + 3):
                    matrix[i, min(max(k, 0), inputs - 1)] += _cubic(place - k, -0.75)
            else:
                place = min(max(place, 0), inputs - 1)
                left = int(place)
                matrix[i, left] += 1 - (place - left)
                matrix[i, min(left + 1, inputs - 1)] += place - left
    return matrix


def interpolate(x, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias):
    y = x
    for axis in range(2, x.ndim):
        inputs = x.shape[axis]
        if size:
            outputs, factor = (size * x.ndim)[axis - 2] if len(size) == 1 else size[axis - 2], None
        else:
            factor = scale_factor[0] if len(scale_factor) == 1 else scale_factor[axis - 2]
            outputs = math.floor(inputs * factor)
        scale = inputs / outputs if factor is None or recompute_scale_factor else 1 / factor
        if align_corners:
            scale = (inputs - 1) / (outputs - 1) if outputs > 1 else 0
        matrix = _matrix(mode, inputs, outputs, scale, align_corners, antialias)
        y = np.moveaxis(np.tensordot(y, matrix, axes=(axis, 1)), -1, axis)
    return y.astype(x.dtype)


def _base(count, align_corners):
    if align_corners:
        return np.linspace(-1, 1, count) if count > 1 else np.zeros(count)
    return (2 * np.arange(count) + 1) / count - 1


def affine_grid(theta, size, align_corners):
    spatial = size[2:]
    grids = np.meshgrid(*[_base(n, align_corners) for n in spatial], indexing="ij")
    points = np.stack(grids[::-1] + [np.ones(spatial)], -1)
    return np.einsum("nij,...j->n...i", theta, points).astype(theta.dtype)


def _inside(place, size, padding, align_corners):
    if padding == "zeros":
        return place
    if padding == "reflection":
        low, high = (0, size - 1) if align_corners else (-0.5, size - 0.5)
        if low == high:
            return 0.0
        while not low <= place <= high:
            place = 2 * low - place if place < low else 2 * high - place
    return min(max(place, 0), size - 1)


def _taps(place, size, mode, padding, align_corners):
    """(element, weight) of all terms along one dim."""
    place = (place * (size - 1) / 2 + (size - 1) / 2
             if align_corners else ((place + 1) * size - 1) / 2)
    if mode == "bicubic":
        left = math.floor(place)
        taps = [(_inside(left + k, size, padding, align_corners), _cubic(place - left - k, -0.75))
                for k in range(-1, 3)]
    else:
        place = _inside(place, size, padding, align_corners)
        if mode == "nearest":
            taps = [(round(place), 1.0)]
        else:
            left = math.floor(place)
            taps = [(left, 1 - (place - left)), (left + 1, place - left)]
    return [(int(k), w) for k, w in taps if 0 <= k <= size - 1]


def grid_sample(x, grid, mode, padding_mode, align_corners):
    n, channels, *spatial = x.shape
    y = np.zeros((n, channels) + grid.shape[1:-1], x.dtype)
    for at in itertools.product(*map(range, (n,) + grid.shape[1:-1])):
        places = grid[at][::-1]
        taps = [_taps(float(p), s, mode, padding_mode, align_corners)
                for p, s in zip(places, spatial)]
        for terms in itertools.product(*taps):
            weight = np.prod([w for _, w in terms])
            y[(at[0], slice(None)) + at[1:]] += weight * x[(at[0], slice(None)) +
                                                           tuple(k for k, _ in terms)]
    return y
