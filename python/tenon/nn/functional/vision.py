"""Images: other sizes, other places."""

import warnings

from ... import _core

pixel_shuffle, pixel_unshuffle = _core.pixel_shuffle, _core.pixel_unshuffle
channel_shuffle = _core.channel_shuffle


def _a_dim(value, dims):
    """A number a dim; nothing of None."""
    if value is None:
        return ()
    return (value,) * dims if isinstance(value, (int, float)) else tuple(value)


def interpolate(input, size=None, scale_factor=None, mode="nearest", align_corners=None,
                recompute_scale_factor=None, antialias=False):
    """The input at other sizes: `size`, or `scale_factor` times its own. `mode` is "nearest",
    "nearest-exact", "linear", "bilinear", "bicubic", "trilinear" or "area"; with `align_corners`
    the centres of the corners stay where they are."""
    dims = input.dim() - 2
    if size is None and scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if align_corners is not None and mode in ("nearest", "area", "nearest-exact"):
        raise ValueError("align_corners option can only be set with the interpolating modes: "
                         "linear | bilinear | bicubic | trilinear")
    return _core.interpolate(input, _a_dim(size, dims), _a_dim(scale_factor, dims), mode,
                             bool(align_corners), bool(recompute_scale_factor), antialias)


def upsample(input, size=None, scale_factor=None, mode="nearest", align_corners=None):
    """`interpolate` under its name before 0.4.1."""
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input, size=None, scale_factor=None):
    """`interpolate` with mode "nearest"."""
    return interpolate(input, size, scale_factor, "nearest")


def upsample_bilinear(input, size=None, scale_factor=None):
    """`interpolate` with mode "bilinear" and align_corners."""
    return interpolate(input, size, scale_factor, "bilinear", True)


def _corners(name, align_corners):
    if align_corners is None:
        warnings.warn(f"{name}() takes align_corners=False where nothing is said, as PyTorch since "
                      "1.3", stacklevel=3)
    return bool(align_corners)


def grid_sample(input, grid, mode="bilinear", padding_mode="zeros", align_corners=None):
    """The input at the places that `grid` holds, x before y, from -1 to 1 over the image."""
    return _core.grid_sample(input, grid, mode, padding_mode,
                             _corners("grid_sample", align_corners))


def affine_grid(theta, size, align_corners=None):
    """The places for `grid_sample` of affine maps (batch, 2, 3) for results of these sizes."""
    return _core.affine_grid(theta, tuple(size), _corners("affine_grid", align_corners))
