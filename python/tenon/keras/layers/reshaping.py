"""Shapes, borders and sizes."""

import math

from ... import _core
from .._config import standardize_data_format
from .._input_spec import InputSpec
from ._base import BuiltIn, ChannelsMixin, listed


class Flatten(BuiltIn):
    """Each sample as one row."""

    def __init__(self, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs):
        if self.data_format == "channels_first" and inputs.dim() > 2:
            inputs = inputs.movedim(1, -1)
        return inputs.reshape((inputs.shape[0], math.prod(inputs.shape[1:])))

    def compute_output_shape(self, input_shape):
        rest = input_shape[1:]
        return input_shape[0], None if None in rest else math.prod(rest)


class Reshape(BuiltIn):
    """Each sample in another shape, of which one size may be -1."""

    def __init__(self, target_shape, **kwargs):
        super().__init__(**kwargs)
        self.target_shape = tuple(target_shape)

    def call(self, inputs):
        wanted, size = self.target_shape, math.prod(inputs.shape[1:])
        known = math.prod(one for one in wanted if one != -1)
        if wanted.count(-1) > 1 or (known != size if -1 not in wanted else known and size % known):
            raise ValueError(f"Reshape: samples of shape {tuple(inputs.shape[1:])} have {size} "
                             f"elements, which don't fit the shape {wanted}")
        if -1 in wanted and known:
            wanted = tuple(size // known if one == -1 else one for one in wanted)
        return inputs.reshape((inputs.shape[0], *wanted))


class Permute(BuiltIn):
    """The axes of each sample in another order; the first is 1."""

    def __init__(self, dims, **kwargs):
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError("Permute(): dims are 1 to the number of axes in any order, not "
                             f"{dims}")
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs):
        return inputs.permute((0, *self.dims))


class RepeatVector(BuiltIn):
    """(batch, features) n times as (batch, n, features)."""

    def __init__(self, n, **kwargs):
        super().__init__(**kwargs)
        if isinstance(n, bool) or not isinstance(n, int):
            raise TypeError(f"RepeatVector(): n is a whole number, not {n!r}")
        self.n = n
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs):
        return inputs.unsqueeze(1).repeat((1, self.n, 1))


def _pairs(value, rank, name):
    """((before, behind), ...) of a number, a number each dim or pairs."""
    if isinstance(value, int):
        return ((value, value),) * rank
    value = tuple(value)
    if rank == 1 and len(value) == 2 and all(isinstance(one, int) for one in value):
        return (value,)
    if len(value) != rank:
        raise ValueError(f"{name} is a number or one for each of {rank} dims, not {value!r}")
    return tuple((one, one) if isinstance(one, int) else tuple(one) for one in value)


class _Bordered(ChannelsMixin, BuiltIn):
    """What the borders of samples of `_rank` dims are changed by."""

    _rank = 2

    def _set_borders(self, value, name, data_format):
        borders = _pairs(value, self._rank, name)
        if min(amount for pair in borders for amount in pair) < 0:
            raise ValueError(f"{type(self).__name__}(): {name} isn't negative, but {value!r}")
        setattr(self, name, borders[0] if self._rank == 1 else borders)
        self.__dict__["_borders"] = borders
        self._set_format(data_format)
        self.input_spec = InputSpec(ndim=self._rank + 2)

    @property
    def _first_dim(self):
        return 1 if self.data_format == "channels_last" else 2


class _Padding(_Bordered):
    """Zeros around."""

    def call(self, inputs):
        amounts = [(0, 0)] * inputs.dim()
        amounts[self._first_dim:self._first_dim + self._rank] = self._borders
        return _core.pad(inputs, [amount for pair in reversed(amounts) for amount in pair])


class ZeroPadding1D(_Padding):
    """Zeros before and behind the steps of (batch, steps, features)."""

    _rank = 1

    def __init__(self, padding=1, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self._set_borders(padding, "padding", data_format)


class ZeroPadding2D(_Padding):
    """Zeros around the images of (batch, height, width, channels)."""

    def __init__(self, padding=(1, 1), data_format=None, **kwargs):
        super().__init__(**kwargs)
        self._set_borders(padding, "padding", data_format)


class ZeroPadding3D(_Padding):
    """Zeros around the volumes of (batch, depth, height, width, channels)."""

    _rank = 3

    def __init__(self, padding=((1, 1), (1, 1), (1, 1)), data_format=None, **kwargs):
        super().__init__(**kwargs)
        self._set_borders(padding, "padding", data_format)


class _Cropping(_Bordered):
    """Less at the borders."""

    def call(self, inputs):
        y = inputs
        for dim, (before, behind) in enumerate(self._borders, self._first_dim):
            size = y.shape[dim] - before - behind
            if size <= 0:
                raise ValueError(f"{type(self).__name__}: nothing is left of axis {dim} of an "
                                 f"input of shape {tuple(inputs.shape)} without {before} + "
                                 f"{behind} elements")
            y = y.narrow(dim, before, size)
        return y


class Cropping1D(_Cropping):
    """(batch, steps, features) without steps at both ends."""

    _rank = 1

    def __init__(self, cropping=(1, 1), **kwargs):
        super().__init__(**kwargs)
        self._set_borders(cropping, "cropping", "channels_last")


class Cropping2D(_Cropping):
    """(batch, height, width, channels) without borders."""

    def __init__(self, cropping=((0, 0), (0, 0)), data_format=None, **kwargs):
        super().__init__(**kwargs)
        self._set_borders(cropping, "cropping", data_format)


class Cropping3D(_Cropping):
    """(batch, depth, height, width, channels) without borders."""

    _rank = 3

    def __init__(self, cropping=((1, 1), (1, 1), (1, 1)), data_format=None, **kwargs):
        super().__init__(**kwargs)
        self._set_borders(cropping, "cropping", data_format)


def _repeated(x, first, counts):
    """Each element of the dims from `first` on as often as counted."""
    for dim, count in enumerate(counts, first):
        if count != 1:
            x = _core.repeat_interleave(x, count, dim)
    return x


class UpSampling1D(BuiltIn):
    """Each step of (batch, steps, features) `size` times."""

    def __init__(self, size=2, **kwargs):
        super().__init__(**kwargs)
        self.size = int(size)
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs):
        return _repeated(inputs, 1, (self.size,))


class UpSampling2D(ChannelsMixin, BuiltIn):
    """(batch, height, width, channels) `size` times as large: "nearest" repeats, "bilinear"
    interpolates."""

    def __init__(self, size=(2, 2), data_format=None, interpolation="nearest", **kwargs):
        super().__init__(**kwargs)
        self.size = listed(size, 2, "size")
        self.interpolation = str(interpolation).lower()
        if self.interpolation not in ("nearest", "bilinear"):
            raise ValueError("UpSampling2D(): interpolation is nearest or bilinear, not "
                             f"{interpolation!r}")
        self._set_format(data_format)
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs):
        if self.interpolation == "nearest":
            return _repeated(inputs, 1 if self.data_format == "channels_last" else 2, self.size)
        x = self._first(inputs)
        size = [one * times for one, times in zip(x.shape[2:], self.size)]
        return self._back(_core.interpolate(x, size, mode=self.interpolation))


class UpSampling3D(ChannelsMixin, BuiltIn):
    """Each element of (batch, depth, height, width, channels) `size` times in each dim."""

    def __init__(self, size=(2, 2, 2), data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.size = listed(size, 3, "size")
        self._set_format(data_format)
        self.input_spec = InputSpec(ndim=5)

    def call(self, inputs):
        return _repeated(inputs, 1 if self.data_format == "channels_last" else 2, self.size)
