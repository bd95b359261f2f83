"""Random changes of where pixels of images stand, and of what parts are seen, in training."""

from .... import _core
from ..._arrays import as_floats
from .augmentation import RandomLayer, of_images, share_bounds
from .colors import checked_range
from .images import checked_interpolation, image_ops

_FILL_MODES = ("reflect", "wrap", "constant", "nearest", "mirror")


def _checked_fill_mode(layer, fill_mode):
    if fill_mode not in _FILL_MODES:
        raise ValueError(f"{layer}(): fill_mode is one of {', '.join(_FILL_MODES)}, not "
                         f"{fill_mode!r}")
    return fill_mode


class RandomShear(RandomLayer):
    """Pixel (x, y) is read at (x + sx y, y + sy x), from the upper left corner on: sx between the
    two numbers of `x_factor`, or -x_factor and it, sy so of `y_factor`; both with one sign drawn
    at random."""

    def __init__(self, x_factor=0.0, y_factor=0.0, interpolation="bilinear", fill_mode="reflect",
                 fill_value=0.0, data_format=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.x_factor, self.y_factor = x_factor, y_factor
        for name, factor in ("x_factor", x_factor), ("y_factor", y_factor):
            low, high = share_bounds("RandomShear", name, factor)
            is_range = isinstance(factor, (tuple, list))
            self.__dict__[f"_{name}s"] = (low, high) if is_range else (-high, high)
        self.interpolation = checked_interpolation("RandomShear", interpolation)
        self.fill_mode = _checked_fill_mode("RandomShear", fill_mode)
        self.fill_value = fill_value
        self._set(seed, data_format)

    def _choices(self, x):
        count = x.shape[0]
        sides = (self._drawn(count) <= 0.5).to(_core.float32) * 2 - 1
        right, down = (self._drawn(count, *bounds) * sides
                       for bounds in (self._x_factors, self._y_factors))
        one, zero = _core.ones_like(right), _core.zeros_like(right)
        return _core.stack([one, right, zero, down, one, zero, zero, zero], 1)

    def _applied(self, x, drawn):
        return self._seen(as_floats(x), drawn, self.interpolation)

    def _applied_to_mask(self, mask, drawn):
        return self._seen(mask, drawn, "nearest")

    def _seen(self, x, vectors, interpolation):
        return image_ops().affine_transform(x, vectors, interpolation, self.fill_mode,
                                            self.fill_value, data_format="channels_first")


class RandomPerspective(RandomLayer):
    """Moves the corners (x, y) of images to (x + a x, y + b y) with a and b of each corner between
    -scale / 2 and scale / 2, with a probability between the two numbers of `factor`, or 0 and
    it."""

    def __init__(self, factor=1.0, scale=1.0, interpolation="bilinear", fill_value=0.0, seed=None,
                 data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.factor, self.scale, self.fill_value = factor, scale, fill_value
        self.__dict__["_range"] = share_bounds("RandomPerspective", "factor", factor)
        share_bounds("RandomPerspective", "scale", float(scale))
        self.interpolation = checked_interpolation("RandomPerspective", interpolation)
        self._set(seed, data_format)

    def _choices(self, x):
        count, _, height, width = x.shape
        moves = of_images(self._drawn(count) < self._drawn(count, *self._range))
        corners = _core.tensor_of_data([[0, 0], [width - 1, 0], [0, height - 1],
                                        [width - 1, height - 1]], _core.float32)
        shares = self._drawn(count * 8, -self.scale / 2, self.scale / 2).reshape((count, 4, 2))
        return moves, corners.broadcast_to((count, 4, 2)), corners + corners * shares

    def _applied(self, x, drawn):
        return self._seen(as_floats(x), drawn, self.interpolation)

    def _applied_to_mask(self, mask, drawn):
        return self._seen(mask, drawn, "nearest")

    def _seen(self, x, drawn, interpolation):
        moves, start, end = drawn
        y = image_ops().perspective_transform(x, start, end, interpolation,
                                              self.fill_value, data_format="channels_first")
        return _core.where(moves, y, x)


class RandomElasticTransform(RandomLayer):
    """Reads each pixel at a place nearby, by displacements that are smoothed: Simard et al. 2003.
    They are at most 0.1 s times the longer side and smoothed by a normal distribution of deviation
    0.05 s times the shorter one, for an s between the two numbers of `scale`, or 0 and it, the same
    for all images of a call. `factor` is the probability, or its two bounds."""

    def __init__(self, factor=1.0, scale=1.0, interpolation="bilinear", fill_mode="reflect",
                 fill_value=0.0, value_range=(0, 255), seed=None, data_format=None, **kwargs):
        super().__init__(**kwargs)
        kind = "RandomElasticTransform"
        self.factor, self.scale, self.fill_value = factor, scale, fill_value
        self.__dict__["_range"] = share_bounds(kind, "factor", factor)
        self.__dict__["_scales"] = share_bounds(kind, "scale", scale)
        self.interpolation = checked_interpolation(kind, interpolation)
        self.fill_mode = _checked_fill_mode(kind, fill_mode)
        self.value_range = checked_range(kind, value_range)
        self._set(seed, data_format)

    def _choices(self, x):
        if self._range[1] == 0 or self._scales[1] == 0:
            return None
        count = x.shape[0]
        moves = of_images(self._drawn(count) < self._drawn(count, *self._range))
        # Masks are to move as images do, so the displacements' seed is what is drawn.
        seed = _core.randint(0, 2**31, (1,), generator=self._generator).item()
        return moves, self._drawn(1, *self._scales).item(), seed

    def _applied(self, x, drawn):
        y = self._seen(as_floats(x), drawn, self.interpolation)
        return y.clamp(*self.value_range)

    def _applied_to_mask(self, mask, drawn):
        return self._seen(mask, drawn, "nearest")

    def _seen(self, x, drawn, interpolation):
        moves, scale, seed = drawn
        sides = x.shape[2:]
        y = image_ops().elastic_transform(
            x, max(sides) * 0.1 * scale, max(min(sides) * 0.05 * scale, 1e-3), interpolation,
            self.fill_mode, self.fill_value, seed, data_format="channels_first")
        return _core.where(moves, y, x)


def random_boxes(layer, x, height_shares, width_shares):
    """A box at random of each image (batch, channels, height, width), whose sides are these shares
    of the image's: a mask (batch, 1, height, width), and the shares of the images that boxes
    are."""
    spans = []
    for dim, shares in (2, height_shares), (3, width_shares):
        size = x.shape[dim]
        length = shares * size
        first = layer._drawn(x.shape[0]) * (size - length)
        places = _core.arange(0, size, dtype=_core.float32).reshape((1, -1))
        first, length = first.reshape((-1, 1)), length.reshape((-1, 1))
        spans.append(_core.logical_and(places >= first, places < first + length))
    rows, columns = spans
    mask = _core.logical_and(rows.unsqueeze(2), columns.unsqueeze(1)).unsqueeze(1)
    return mask, height_shares * width_shares


class RandomErasing(RandomLayer):
    """Fills a box of images with a probability between the two numbers of `factor`, or 0 and it:
    Zhong et al. 2017. The squares of its sides' shares of the images' are between the two numbers
    of `scale`. It is filled with `fill_value`, of each channel or of all, or with normally
    distributed numbers of deviation `value_range[1]`; within `value_range`."""

    def __init__(self, factor=1.0, scale=(0.02, 0.33), fill_value=None, value_range=(0, 255),
                 seed=None, data_format=None, **kwargs):
        super().__init__(**kwargs)
        kind = "RandomErasing"
        self.factor, self.scale, self.fill_value = factor, scale, fill_value
        self.__dict__["_range"] = share_bounds(kind, "factor", factor)
        self.__dict__["_shares"] = share_bounds(kind, "scale", scale)
        self.value_range = checked_range(kind, value_range)
        self._set(seed, data_format)

    def _choices(self, x):
        count = x.shape[0]
        rows, columns = (self._drawn(count, *self._shares).sqrt() for _ in range(2))
        boxes, _ = random_boxes(self, x, rows, columns)
        erases = of_images(self._drawn(count) < self._drawn(count, *self._range))
        return _core.logical_and(boxes, erases), self._filling(x)

    def _filling(self, x):
        if self.fill_value is None:
            values = _core.randn(x.shape, generator=self._generator) * self.value_range[1]
        else:
            values = _core.tensor_of_data(self.fill_value, _core.float32)
            if values.dim() and values.numel() != x.shape[1]:
                raise ValueError("RandomErasing(): fill_value is a number, or one for each of the "
                                 f"{x.shape[1]} channels, not {self.fill_value!r}")
            values = values.reshape((1, -1, 1, 1))
        return values.clamp(*self.value_range)

    def _applied(self, x, drawn):
        x, (boxes, values) = as_floats(x), drawn
        return _core.where(boxes, values.to(x.dtype), x)
