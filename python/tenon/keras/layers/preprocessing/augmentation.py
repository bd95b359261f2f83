"""Random changes of images, in training. Each image of a batch is changed by numbers of its own."""

import math

from .... import _core
from ..._arrays import as_floats
from ..._seeds import generator_of
from .._base import checked_positive
from .images import ImageLayer, center_cropped, checked_interpolation, resized

_PADDINGS = {"constant": "zeros", "nearest": "border", "reflect": "reflection"}


class RandomLayer(ImageLayer):
    """Changes images in training, which is the default of calls outside of models. Subclasses say
    what is drawn for a batch, `_choices`, and what becomes of it then, `_applied`."""

    def _set(self, seed, data_format):
        self.seed = seed
        self.__dict__["_generator"] = generator_of(seed)
        self._set_format(data_format)

    def call(self, inputs, training=True):
        return super().call(inputs, training)

    def _drawn_for(self, x, training):
        return self._choices(x) if training else None

    def _changed(self, x, drawn, training):
        return x if drawn is None else self._applied(x, drawn)

    def _changed_mask(self, mask, drawn):
        return mask if drawn is None else self._applied_to_mask(mask, drawn)

    def _changed_labels(self, labels, drawn):
        return labels if drawn is None else self._applied_to_labels(labels, drawn)

    def _applied_to_mask(self, mask, drawn):
        return mask

    def _applied_to_labels(self, labels, drawn):
        return labels

    def _config_value(self, name):
        value = super()._config_value(name)
        return value if name != "seed" or isinstance(value, (int, type(None))) else None

    def _drawn(self, count, low=0.0, high=1.0):
        """Numbers for each image."""
        return _core.rand((count,), generator=self._generator) * (high - low) + low


def share_bounds(layer, name, factor, lowest=0.0, highest=1.0):
    """A range within `lowest` and `highest`: of a number, from `lowest` to that."""
    low, high = factor if isinstance(factor, (tuple, list)) and len(factor) == 2 else (lowest,
                                                                                       factor)
    if not all(isinstance(one, (int, float)) for one in (low, high)) or not (
            lowest <= low <= high <= highest):
        raise ValueError(f"{layer}(): {name} is a number from {lowest} to {highest}, or a range "
                         f"of them, not {factor!r}")
    return low, high


def _bounds(layer, name, factor, lowest=None):
    """A range: of a number, to both sides."""
    if isinstance(factor, (tuple, list)):
        low, high = map(float, factor)
    else:
        low, high = -abs(float(factor)), abs(float(factor))
    if low > high or (lowest is not None and low < lowest):
        raise ValueError(f"{layer}(): {name} is a number, or a range of them that isn't below "
                         f"{lowest}, not {factor!r}")
    return low, high


def of_images(numbers):
    """A number of each image in the shape that goes with (batch, channels, height, width)."""
    return numbers.reshape((-1, 1, 1, 1))


class RandomFlip(RandomLayer):
    """Mirrors images with probability 1/2: "horizontal", "vertical" or
    "horizontal_and_vertical"."""

    def __init__(self, mode="horizontal_and_vertical", seed=None, data_format=None, **kwargs):
        super().__init__(**kwargs)
        if mode not in ("horizontal", "vertical", "horizontal_and_vertical"):
            raise ValueError("RandomFlip(): mode is horizontal, vertical or "
                             f"horizontal_and_vertical, not {mode!r}")
        self.mode = mode
        self._set(seed, data_format)

    def _choices(self, x):
        return [(dim, of_images(self._drawn(x.shape[0]) <= 0.5))
                for name, dim in (("horizontal", 3), ("vertical", 2)) if name in self.mode]

    def _applied(self, x, drawn):
        for dim, flips in drawn:
            x = _core.where(flips, x.flip(dim), x)
        return x

    _applied_to_mask = _applied


class _Moved(RandomLayer):
    """Images seen through another grid, whose matrices are what is drawn."""

    def _applied(self, x, drawn):
        return self._seen(x, drawn, self.interpolation)

    def _applied_to_mask(self, mask, drawn):
        return self._seen(mask, drawn, "nearest").to(mask.dtype)

    def _set_grid(self, fill_mode, interpolation, fill_value):
        if fill_mode not in _PADDINGS:
            raise ValueError(f"{type(self).__name__}(): fill_mode is one of "
                             f"{', '.join(_PADDINGS)}, not {fill_mode!r}")
        self.fill_mode, self.fill_value = fill_mode, fill_value
        self.interpolation = checked_interpolation(type(self).__name__, interpolation)

    def _seen(self, x, matrices, interpolation):
        """x at the places that matrices (batch, 2, 3) of pixels around the middle give: x, y, 1 of
        the result to x, y of the input."""
        batch, _, height, width = x.shape
        sizes = _core.tensor_of_data([width, height], _core.float32)
        columns = _core.arange(0, width, dtype=_core.float32) - (width - 1) / 2
        rows = _core.arange(0, height, dtype=_core.float32) - (height - 1) / 2
        xs, ys = (axis.broadcast_to((height, width)) for axis in (columns, rows.unsqueeze(-1)))
        places = _core.stack([xs, ys, _core.ones_like(xs)], -1).reshape(-1, 3)
        # grid_sample counts from -1 to 1, borders of the image at its ends.
        grid = (places @ matrices.transpose(1, 2)) * 2 / sizes
        grid = grid.reshape((batch, height, width, 2))
        x = as_floats(x)
        mode = _PADDINGS[self.fill_mode]
        y = _core.grid_sample(x, grid.to(x.dtype), interpolation, mode, False)
        if mode == "zeros" and self.fill_value:
            inside = _core.grid_sample(_core.ones_like(x[:, :1]), grid.to(x.dtype),
                                       interpolation, mode, False)
            y = y + self.fill_value * (1 - inside)
        return y


def _matrices(a, b, c, d, e, f):
    """((a, b, c), (d, e, f)) of each image."""
    return _core.stack([_core.stack([a, b, c], -1), _core.stack([d, e, f], -1)], 1)


class RandomRotation(_Moved):
    """Turns images by an angle from -factor to factor, or from factor[0] to factor[1], of the full
    circle."""

    def __init__(self, factor, fill_mode="reflect", interpolation="bilinear", seed=None,
                 fill_value=0.0, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor
        self.__dict__["_range"] = _bounds("RandomRotation", "factor", factor)
        self._set_grid(fill_mode, interpolation, fill_value)
        self._set(seed, data_format)

    def _choices(self, x):
        low, high = self._range
        angles = self._drawn(x.shape[0], low * 2 * math.pi, high * 2 * math.pi)
        cos, sin, zero = angles.cos(), angles.sin(), _core.zeros_like(angles)
        return _matrices(cos, -sin, zero, sin, cos, zero)


class RandomZoom(_Moved):
    """Shows images from farther away by a share of their size (positive) or nearer (negative), from
    -factor to factor or from factor[0] to factor[1]; with a width_factor, widths by another one."""

    def __init__(self, height_factor, width_factor=None, fill_mode="reflect",
                 interpolation="bilinear", seed=None, fill_value=0.0, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        self.__dict__["_heights"] = _bounds("RandomZoom", "height_factor", height_factor, -1.0)
        self.__dict__["_widths"] = None if width_factor is None else _bounds(
            "RandomZoom", "width_factor", width_factor, -1.0)
        self._set_grid(fill_mode, interpolation, fill_value)
        self._set(seed, data_format)

    def _choices(self, x):
        height = 1 + self._drawn(x.shape[0], *self._heights)
        width = height if self._widths is None else 1 + self._drawn(x.shape[0], *self._widths)
        zero = _core.zeros_like(height)
        return _matrices(width, zero, zero, zero, height, zero)


class RandomTranslation(_Moved):
    """Moves images down and to the right by a share of their height and width: from -factor to
    factor, or from factor[0] to factor[1]."""

    def __init__(self, height_factor, width_factor, fill_mode="reflect", interpolation="bilinear",
                 seed=None, fill_value=0.0, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        self.__dict__["_heights"] = _bounds("RandomTranslation", "height_factor", height_factor,
                                            -1.0)
        self.__dict__["_widths"] = _bounds("RandomTranslation", "width_factor", width_factor, -1.0)
        self._set_grid(fill_mode, interpolation, fill_value)
        self._set(seed, data_format)

    def _choices(self, x):
        down = self._drawn(x.shape[0], *self._heights) * x.shape[2]
        right = self._drawn(x.shape[0], *self._widths) * x.shape[3]
        one, zero = _core.ones_like(down), _core.zeros_like(down)
        return _matrices(one, zero, -right, zero, one, -down)


class RandomContrast(RandomLayer):
    """(x - mean) * f + mean of each channel of an image, f from 1 - factor to 1 + factor, or from
    1 - factor[0] to 1 + factor[1], limited to `value_range`."""

    def __init__(self, factor, value_range=(0, 255), seed=None, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.factor, self.value_range = factor, tuple(value_range)
        low, high = factor if isinstance(factor, (tuple, list)) else (factor, factor)
        if not (0 <= low < 1 and 0 <= high):
            raise ValueError("RandomContrast(): factor is below 1 and not negative, not "
                             f"{factor!r}")
        self.__dict__["_range"] = 1 - low, 1 + high
        self._set(seed, data_format)

    def _choices(self, x):
        return of_images(self._drawn(x.shape[0], *self._range))

    def _applied(self, x, drawn):
        x = as_floats(x)
        mean = x.mean((2, 3), keepdim=True)
        return ((x - mean) * drawn.to(x.dtype) + mean).clamp(*self.value_range)


class RandomBrightness(RandomLayer):
    """Adds a number from -factor to factor, or from factor[0] to factor[1], times the width of
    `value_range`, to which the result is limited."""

    def __init__(self, factor, value_range=(0, 255), seed=None, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.factor, self.value_range = factor, tuple(value_range)
        self.__dict__["_range"] = _bounds("RandomBrightness", "factor", factor, -1.0)
        self._set(seed, data_format)

    def _choices(self, x):
        width = self.value_range[1] - self.value_range[0]
        return of_images(self._drawn(x.shape[0], *self._range)) * width

    def _applied(self, x, drawn):
        x = as_floats(x)
        return (x + drawn.to(x.dtype)).clamp(*self.value_range)


class RandomCrop(RandomLayer):
    """In training, a part of each image in this size, the same of all images of a call; otherwise
    the middle. Smaller images are resized, as by CenterCrop."""

    def __init__(self, height, width, seed=None, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.height = checked_positive("RandomCrop", "height", height)
        self.width = checked_positive("RandomCrop", "width", width)
        self._set(seed, data_format)

    def _choices(self, x):
        rows, columns = x.shape[2] - self.height, x.shape[3] - self.width
        if rows < 0 or columns < 0:
            return None
        return [_core.randint(0, more + 1, (1,), generator=self._generator)
                + _core.arange(0, size, dtype=_core.int64)
                for more, size in ((rows, self.height), (columns, self.width))]

    def _changed(self, x, drawn, training, interpolation="bilinear"):
        if drawn is None:
            return center_cropped(x, self.height, self.width, interpolation)
        return x.index_select(2, drawn[0]).index_select(3, drawn[1])

    def _changed_mask(self, mask, drawn):
        return self._changed(mask, drawn, True, "nearest")


class _RandomSize(RandomLayer):
    """Images in another size along one dim."""

    _dim = 2

    def __init__(self, factor, interpolation="bilinear", seed=None, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor
        self.__dict__["_range"] = _bounds(type(self).__name__, "factor", factor, -1.0)
        self.interpolation = checked_interpolation(type(self).__name__, interpolation)
        self._set(seed, data_format)

    def _choices(self, x):
        sizes = list(x.shape[2:])
        factor = 1 + self._drawn(1, *self._range).item()
        sizes[self._dim - 2] = max(1, int(sizes[self._dim - 2] * factor))
        return sizes

    def _applied(self, x, drawn):
        return resized(x, *drawn, self.interpolation)

    def _applied_to_mask(self, mask, drawn):
        return resized(mask, *drawn, "nearest")


class RandomHeight(_RandomSize):
    """Makes images higher or lower by a share of their height, the same of all images of a call."""


class RandomWidth(_RandomSize):
    """Makes images wider or narrower by a share of their width, the same of all images of a
    call."""

    _dim = 3
