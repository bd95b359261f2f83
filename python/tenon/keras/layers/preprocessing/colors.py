"""Random changes of the colours of images, in training, each image by numbers of its own; and
contrast that is made the most of."""

from .... import _core
from ..._arrays import as_floats
from ..._windows import convolved
from .augmentation import (RandomBrightness, RandomContrast, RandomLayer, of_images, share_bounds)
from .images import ImageLayer, image_ops


def checked_range(layer, value_range):
    """The lowest and the highest value of images."""
    if not isinstance(value_range, (tuple, list)) or len(value_range) != 2 or not (
            value_range[0] < value_range[1]):
        raise ValueError(f"{layer}(): value_range is the lowest and the highest value of images, "
                         f"such as (0, 255), not {value_range!r}")
    return tuple(value_range)


def scaled(x, before, after):
    """Values of the range `before` as those of `after`."""
    if tuple(before) == tuple(after):
        return x
    share = (x - before[0]) / (before[1] - before[0])
    return share * (after[1] - after[0]) + after[0]


class _ByFactor(RandomLayer):
    """Changes values within `value_range` by a factor of each image: between the two numbers of
    `factor`, or from the lowest to it."""

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        kind = type(self).__name__
        self.factor, self.value_range = factor, checked_range(kind, value_range)
        self.__dict__["_range"] = share_bounds(kind, "factor", factor)
        self._set(seed, data_format)

    def _choices(self, x):
        return of_images(self._drawn(x.shape[0], *self._range))


def _hsv_of(x):
    """Hue, saturation and value of each pixel of (batch, 3, height, width) within 0 and 1."""
    return _core.unbind(image_ops().rgb_to_hsv(x, data_format="channels_first"), 1)


def _rgb_of(*hsv):
    return image_ops().hsv_to_rgb(_core.stack(hsv, 1), data_format="channels_first")


class RandomHue(_ByFactor):
    """Turns the hues of RGB images by up to factor / 2 of the circle of colours, to either side."""

    def _choices(self, x):
        sides = of_images(self._drawn(x.shape[0]) > 0.5).to(_core.float32) * 2 - 1
        return super()._choices(x) * sides * 0.5

    def _applied(self, x, drawn):
        x = scaled(as_floats(x), self.value_range, (0, 1))
        hue, saturation, value = _hsv_of(x)
        hue = hue + drawn.to(x.dtype).reshape((-1, 1, 1))
        hue = _core.where(hue > 1, hue - 1, _core.where(hue < 0, hue + 1, hue))
        y = _rgb_of(hue, saturation, value)
        return scaled(y.clamp(0, 1), (0, 1), self.value_range)


class RandomSaturation(_ByFactor):
    """Multiplies the saturation of RGB images by f / (1 - f), at most to 1, for a factor f: 0 gives
    grey, 0.5 the same image and 1 pure colours."""

    def _applied(self, x, drawn):
        x = scaled(as_floats(x), self.value_range, (0, 1))
        hue, saturation, value = _hsv_of(x)
        drawn = drawn.to(x.dtype).reshape((-1, 1, 1))
        saturation = (saturation * (drawn / (1 - drawn + 1e-7))).clamp(0, 1)
        return scaled(_rgb_of(hue, saturation, value), (0, 1), self.value_range)


class RandomColorDegeneration(_ByFactor):
    """x + f * (grey - x) for RGB images: 0 gives the same image, 1 its shades of grey."""

    def _applied(self, x, drawn):
        x = as_floats(x)
        grey = image_ops().rgb_to_grayscale(x, data_format="channels_first")
        return (x + drawn.to(x.dtype) * (grey - x)).clamp(*self.value_range)


class RandomSharpness(_ByFactor):
    """x + (1 - 2 f) * (smooth - x), of which `smooth` is the mean of 3 x 3 pixels where the middle
    counts five times: a factor of 0 blurs, 0.5 gives the same image and 1 sharpens."""

    def _applied(self, x, drawn):
        x, channels = as_floats(x), x.shape[1]
        weights = [[1.0, 1.0, 1.0], [1.0, 5.0, 1.0], [1.0, 1.0, 1.0]]
        kernel = (_core.tensor_of_data(weights, _core.float32) / 13).to(x.dtype)
        kernel = kernel.reshape((1, 1, 3, 3)).expand((channels, 1, 3, 3)).contiguous()
        smooth = convolved(x, kernel, None, (1, 1), "same", (1, 1), channels)
        y = x + (1 - 2 * drawn.to(x.dtype)) * (smooth - x)
        return y.clamp(*self.value_range)


class RandomInvert(_ByFactor):
    """`value_range[1]` - x with a probability between the two numbers of `factor`, or 0 and it."""

    def __init__(self, factor=1.0, value_range=(0, 255), seed=None, data_format=None, **kwargs):
        super().__init__(factor, value_range, data_format, seed, **kwargs)

    def _choices(self, x):
        return of_images(self._drawn(x.shape[0])) < super()._choices(x)

    def _applied(self, x, drawn):
        x = as_floats(x)
        return _core.where(drawn, self.value_range[1] - x, x)


class RandomGrayscale(RandomLayer):
    """RGB images in shades of grey, in all three channels, with probability `factor`."""

    def __init__(self, factor=0.5, data_format=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        share_bounds("RandomGrayscale", "factor", factor)
        self.factor = factor
        self._set(seed, data_format)

    def _choices(self, x):
        return of_images(self._drawn(x.shape[0]) < self.factor)

    def _applied(self, x, drawn):
        grey = image_ops().rgb_to_grayscale(x, data_format="channels_first")
        return _core.where(drawn, grey, x)


class RandomPosterization(RandomLayer):
    """Images of so many bits a channel: `factor`, or a number from factor[0] to before
    factor[1]."""

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor
        self.value_range = checked_range("RandomPosterization", value_range)
        self.__dict__["_range"] = share_bounds("RandomPosterization", "factor", factor, 1, 8)
        self._set(seed, data_format)

    def _choices(self, x):
        low, high = map(int, self._range)
        return of_images(_core.randint(low, max(high, low + 1), (x.shape[0],),
                                       generator=self._generator))

    def _applied(self, x, drawn):
        x = scaled(as_floats(x), self.value_range, (0, 255)).floor()
        step = _core.exp2((8 - drawn).to(x.dtype))
        return scaled((x / step).floor() * step, (0, 255), self.value_range)


class Solarization(RandomLayer):
    """Adds a number from addition_factor[0] to 255 addition_factor[1] to values of 0 to 255, and
    inverts those that reach a threshold that is drawn in the same way of `threshold_factor`. A
    single number is the upper one of both."""

    def __init__(self, addition_factor=0.0, threshold_factor=0.0, value_range=(0, 255), seed=None,
                 data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.addition_factor, self.threshold_factor = addition_factor, threshold_factor
        self.value_range = checked_range("Solarization", value_range)
        state = self.__dict__
        state["_additions"] = share_bounds("Solarization", "addition_factor", addition_factor)
        state["_thresholds"] = share_bounds("Solarization", "threshold_factor", threshold_factor)
        self._set(seed, data_format)

    def _choices(self, x):
        return [of_images(self._drawn(x.shape[0], low, high * 255))
                for low, high in (self._additions, self._thresholds)]

    def _applied(self, x, drawn):
        x = scaled(as_floats(x), self.value_range, (0, 255))
        more, threshold = (one.to(x.dtype) for one in drawn)
        y = (x + more).clamp(0, 255)
        return scaled(_core.where(y < threshold, y, 255 - y), (0, 255), self.value_range)


class RandomGaussianBlur(RandomLayer):
    """Blurs images with a probability between the two numbers of `factor`, or 0 and it, by a normal
    distribution over `kernel_size` pixels, whose standard deviations down and to the right are
    between the two numbers of `sigma`, or 0 and it, the same for all images of a call."""

    def __init__(self, factor=1.0, kernel_size=3, sigma=1.0, value_range=(0, 255), data_format=None,
                 seed=None, **kwargs):
        super().__init__(**kwargs)
        kind = "RandomGaussianBlur"
        sizes = kernel_size if isinstance(kernel_size, (tuple, list)) else (kernel_size,) * 2
        if len(sizes) != 2 or not all(isinstance(size, int) and size > 0 and size % 2
                                      for size in sizes):
            raise ValueError(f"{kind}(): kernel_size is an odd number, or two of them, not "
                             f"{kernel_size!r}")
        self.factor, self.kernel_size, self.sigma = factor, tuple(sizes), sigma
        self.value_range = checked_range(kind, value_range)
        self.__dict__["_range"] = share_bounds(kind, "factor", factor)
        self.__dict__["_sigmas"] = share_bounds(kind, "sigma", sigma)
        self._set(seed, data_format)

    def _choices(self, x):
        blurs = self._drawn(x.shape[0]) < self._drawn(x.shape[0], *self._range)
        return of_images(blurs), self._drawn(2, *self._sigmas) + 1e-6

    def _applied(self, x, drawn):
        x, (blurs, sigma) = as_floats(x), drawn
        y = image_ops().gaussian_blur(x, self.kernel_size, sigma, data_format="channels_first")
        return _core.where(blurs, y, x).clamp(*self.value_range)


class RandomColorJitter(RandomLayer):
    """RandomBrightness, RandomContrast, RandomSaturation and RandomHue one after another, those
    whose factor is given."""

    def __init__(self, value_range=(0, 255), brightness_factor=None, contrast_factor=None,
                 saturation_factor=None, hue_factor=None, seed=None, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.value_range = checked_range("RandomColorJitter", value_range)
        self.brightness_factor, self.contrast_factor = brightness_factor, contrast_factor
        self.saturation_factor, self.hue_factor = saturation_factor, hue_factor
        self._set(seed, data_format)
        factors = ((RandomBrightness, brightness_factor), (RandomContrast, contrast_factor),
                   (RandomSaturation, saturation_factor), (RandomHue, hue_factor))
        self.__dict__["_steps"] = [
            kind(factor, value_range=value_range, seed=self._generator, data_format=data_format)
            for kind, factor in factors if factor is not None]

    def _choices(self, x):
        return [step._choices(x) for step in self._steps]

    def _applied(self, x, drawn):
        x = as_floats(x)
        for step, one in zip(self._steps, drawn):
            x = step._applied(x, one)
        return x


class AutoContrast(ImageLayer):
    """Each channel of each image over all of `value_range`; one of a single value stays."""

    def __init__(self, value_range=(0, 255), data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.value_range = checked_range("AutoContrast", value_range)
        self._set_format(data_format)

    def _changed(self, x, drawn, training):
        x = as_floats(x)
        low, high = _core.amin(x, (2, 3), True), _core.amax(x, (2, 3), True)
        width = high - low
        share = (x - low) / _core.where(width > 0, width, _core.ones_like(width))
        return _core.where(width > 0, scaled(share, (0, 1), self.value_range), x)


class Equalization(RandomLayer):
    """In training, each channel with the histogram of its values in `bins` bins as even as it can
    be, over all images of a call together."""

    def __init__(self, value_range=(0, 255), bins=256, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.value_range = checked_range("Equalization", value_range)
        self.bins = bins
        self._set(None, data_format)

    def _choices(self, x):
        return ()

    def _applied(self, x, drawn):
        x = scaled(as_floats(x), self.value_range, (0, 255))
        y = _core.stack([self._equalized(channel) for channel in _core.unbind(x, 1)], 1)
        return scaled(y, (0, 255), self.value_range)

    def _equalized(self, x):
        places = (x * ((self.bins - 1) / 255)).to(_core.int64).clamp(0, self.bins - 1)
        counts = _core.bincount(places.reshape(-1), None, self.bins)
        below = _core.cumsum(counts, 0)
        first = below[places.amin()]
        rest = (below[-1] - first).clamp_min(1)
        table = (((below - first) * 255).to(_core.float64) / rest).round().clamp(0, 255)
        y = _core.index_select(table.to(x.dtype), 0, places.reshape(-1)).reshape(x.shape)
        return _core.where((counts > 0).sum() > 1, y, x)
