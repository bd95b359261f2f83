"""tf.image: images (height, width, channels), or batches of them, changed."""

from .. import _core
from .._eager import convert, dtypes
from .._eager.errors import InvalidArgumentError
from .._eager.tensor import op as _op
from .io._images import (decode_and_crop_jpeg, decode_bmp, decode_gif, decode_image,  # noqa: F401
                         decode_jpeg, decode_png, encode_jpeg, encode_png, is_jpeg)
from .random import _generator, _of_key


class ResizeMethod:
    """How `resize` computes pixels."""

    AREA, BICUBIC, BILINEAR, GAUSSIAN = "area", "bicubic", "bilinear", "gaussian"
    LANCZOS3, LANCZOS5, MITCHELLCUBIC = "lanczos3", "lanczos5", "mitchellcubic"
    NEAREST_NEIGHBOR = "nearest"


def _images(image):
    """A batch of images, and whether one alone was given."""
    image = convert.tensor(image)
    if image.dim() not in (3, 4):
        raise ValueError("'images' must have either 3 or 4 dimensions, got shape "
                         f"{tuple(image.shape)}")
    return (image.unsqueeze(0), True) if image.dim() == 3 else (image, False)


def _given(made, is_one):
    return _core.squeeze(made, 0) if is_one else made


def _cubic(a):
    """The cubic kernel of Keys (1981)."""
    def kernel(x):
        x2, x3 = x * x, x * x * x
        near, far = (a + 2) * x3 - (a + 3) * x2 + 1, a * x3 - 5 * a * x2 + 8 * a * x - 4 * a
        return _core.where(x < 1, near, _core.where(x < 2, far, _core.zeros_like(x)))

    return kernel


def _mitchell(x):
    """That of Mitchell and Netravali (1988)."""
    x2, x3 = x * x, x * x * x
    near = (7 * x3 - 12 * x2) / 6 + 16 / 18
    far = -7 / 18 * x3 + 2 * x2 - 10 / 3 * x + 16 / 9
    return _core.where(x < 1, near, _core.where(x < 2, far, _core.zeros_like(x)))


def _lanczos(radius):
    def kernel(x):
        return _core.where(x < radius, _core.sinc(x) * _core.sinc(x / radius), _core.zeros_like(x))

    return kernel


def _gaussian(x):
    return _core.where(x < 1.5, _core.exp(x * x * -2.0), _core.zeros_like(x))


_KERNELS = {"bilinear": lambda x: _core.clamp_min(1 - x, 0), "bicubic": _cubic(-0.5),
            "lanczos3": _lanczos(3), "lanczos5": _lanczos(5), "gaussian": _gaussian,
            "mitchellcubic": _mitchell}


def _weights(before, after, method, antialias):
    """A matrix of how much each pixel before is part of each one after; rows sum to 1."""
    scale = before / after
    pixels = _core.arange(0, before, 1, dtype=_core.float64)
    made = _core.arange(0, after, 1, dtype=_core.float64).unsqueeze(1)
    if method == "area":
        ends = _core.minimum((made + 1) * scale, pixels + 1)
        parts = _core.clamp_min(ends - _core.maximum(made * scale, pixels), 0)
    else:
        spread = max(scale, 1.0) if antialias else 1.0
        centers = (made + 0.5) * scale - 0.5
        if method == "bicubic" and not antialias:
            centers = _core.round(centers * 1024) / 1024  # TensorFlow has the kernel in a table
        parts = _KERNELS[method](_core.abs(pixels - centers) / spread)
    return (parts / _core.sum(parts, 1, True)).to(_core.float32)


@_op
def resize(images, size, method=ResizeMethod.BILINEAR, preserve_aspect_ratio=False,
           antialias=False):
    """Images of another size, float32 unless the method is 'nearest'. With `antialias`, what is
    made smaller takes in all pixels."""
    images, is_one = _images(images)
    height, width = convert.sizes(size)
    if preserve_aspect_ratio:
        factor = min(height / images.shape[1], width / images.shape[2])
        height, width = (max(1, round(images.shape[i] * factor)) for i in (1, 2))
    if method not in (*_KERNELS, "nearest", "area"):
        raise ValueError(f"resize(): no method is called {method!r}; they are "
                         f"{', '.join((*_KERNELS, 'nearest', 'area'))}")
    return _given(_resized(images, height, width, method, antialias), is_one)


def _resized(images, height, width, method, antialias):
    if (height, width) == tuple(images.shape[1:3]):
        return images if method == "nearest" else images.to(_core.float32)
    if method == "nearest":
        return _nearest(_nearest(images, 1, height), 2, width)
    images = images.to(_core.float32)
    if method == "bilinear" and not antialias:
        x = _core.movedim(images, -1, 1).contiguous()
        return _core.movedim(_core.interpolate(x, (height, width), mode="bilinear",
                                               align_corners=False), 1, -1)
    rows = _weights(images.shape[1], height, method, antialias)
    columns = _weights(images.shape[2], width, method, antialias)
    return _core.einsum("ih,jw,nhwc->nijc", [rows, columns, images])


def _nearest(x, dim, size):
    """The pixel under the middle of each new one."""
    places = (_core.arange(0, size, 1, dtype=_core.float64) + 0.5) * (x.shape[dim] / size)
    return _core.index_select(x, dim, _core.clamp_max(_core.floor(places).to(_core.int64),
                                                      x.shape[dim] - 1))


@_op
def resize_with_pad(image, target_height, target_width, method=ResizeMethod.BILINEAR,
                    antialias=False):
    """Images of another size without being distorted, in the middle of zeros."""
    images, is_one = _images(image)
    height, width = int(target_height), int(target_width)
    ratio = max(images.shape[2] / width, images.shape[1] / height)
    sizes = images.shape[1] / ratio, images.shape[2] / ratio
    images = _resized(images, int(sizes[0]), int(sizes[1]), method, antialias)
    top, left = int((height - sizes[0]) / 2), int((width - sizes[1]) / 2)
    return _given(_padded(images, top, left, height, width), is_one)


def _padded(images, top, left, height, width):
    below, right = height - top - images.shape[1], width - left - images.shape[2]
    if min(top, left, below, right) < 0:
        raise ValueError(f"an image of {images.shape[1]} by {images.shape[2]} at ({top}, {left}) "
                         f"does not fit into {height} by {width}")
    return _core.pad(images, (0, 0, left, right, top, below), "constant", 0)


@_op
def pad_to_bounding_box(image, offset_height, offset_width, target_height, target_width):
    """Images within zeros of another size."""
    images, is_one = _images(image)
    return _given(_padded(images, int(offset_height), int(offset_width), int(target_height),
                          int(target_width)), is_one)


@_op
def crop_to_bounding_box(image, offset_height, offset_width, target_height, target_width):
    """The part of images at a place."""
    images, is_one = _images(image)
    return _given(_cropped(images, int(offset_height), int(offset_width), int(target_height),
                           int(target_width)), is_one)


def _cropped(images, top, left, height, width):
    if min(top, left) < 0 or top + height > images.shape[1] or left + width > images.shape[2]:
        raise ValueError(f"a part of {height} by {width} at ({top}, {left}) isn't within an image "
                         f"of {images.shape[1]} by {images.shape[2]}")
    return _core.narrow(_core.narrow(images, 1, top, height), 2, left, width)


@_op
def resize_with_crop_or_pad(image, target_height, target_width):
    """The middle of images, or images in the middle of zeros."""
    images, is_one = _images(image)
    height, width = int(target_height), int(target_width)
    top, left = max(0, (images.shape[1] - height) // 2), max(0, (images.shape[2] - width) // 2)
    images = _cropped(images, top, left, min(height, images.shape[1]), min(width, images.shape[2]))
    return _given(_padded(images, (height - images.shape[1]) // 2, (width - images.shape[2]) // 2,
                          height, width), is_one)


@_op
def central_crop(image, central_fraction):
    """The middle of images, this part of each side."""
    if not 0 < central_fraction <= 1:
        raise ValueError("central_fraction must be within (0, 1]")
    images, is_one = _images(image)
    top, left = (int((images.shape[i] - images.shape[i] * central_fraction) / 2) for i in (1, 2))
    height, width = images.shape[1] - 2 * top, images.shape[2] - 2 * left
    return _given(_cropped(images, top, left, height, width), is_one)


@_op
def crop_and_resize(image, boxes, box_indices, crop_size, method="bilinear",
                    extrapolation_value=0.0):
    """Parts [y1, x1, y2, x2] (of the size, from 0 to 1) of images, in one size."""
    images, boxes = convert.tensor(image).to(_core.float32), convert.tensor(boxes)
    height, width = convert.sizes(crop_size)
    chosen = _core.index_select(images, 0, convert.tensor(box_indices).to(_core.int64))

    def places(first, last, count, size):
        steps = _core.arange(0, count, 1, dtype=_core.float32) / max(count - 1, 1)
        first, last = first.unsqueeze(1), last.unsqueeze(1)
        middle = first * (1 - steps) + last * steps if count > 1 else (first + last) / 2
        return middle * (size - 1)

    y = places(boxes[:, 0], boxes[:, 2], height, images.shape[1])
    x = places(boxes[:, 1], boxes[:, 3], width, images.shape[2])
    scale = [max(images.shape[i] - 1, 1) / 2 for i in (1, 2)]
    grid = _core.stack([(x / scale[1] - 1).unsqueeze(1).expand((x.shape[0], height, width)),
                        (y / scale[0] - 1).unsqueeze(2).expand((x.shape[0], height, width))], -1)
    made = _core.grid_sample(_core.movedim(chosen, -1, 1).contiguous(), grid, method, "border",
                             True)
    inside = _core.logical_and(
        _core.logical_and(y >= 0, y <= images.shape[1] - 1).unsqueeze(2),
        _core.logical_and(x >= 0, x <= images.shape[2] - 1).unsqueeze(1)).unsqueeze(1)
    outside = _core.full_like(made, float(extrapolation_value))
    return _core.movedim(_core.where(inside, made, outside), 1, -1)


# Turned.


def _turning(name, dims, text):
    def function(image):
        images, is_one = _images(image)
        return _given(_core.flip(images, dims), is_one)

    function.__name__, function.__doc__ = name, text
    return _op(function)


flip_left_right = _turning("flip_left_right", (2,), "Left and right exchanged.")
flip_up_down = _turning("flip_up_down", (1,), "Top and bottom exchanged.")


@_op
def transpose(image):
    """Rows and columns exchanged."""
    images, is_one = _images(image)
    return _given(_core.transpose(images, 1, 2), is_one)


@_op
def rot90(image, k=1):
    """Turned k times by 90 degrees, against the clock."""
    images, is_one = _images(image)
    return _given(_core.rot90(images, int(k), (1, 2)), is_one)


# Dtypes and colours.


@_op
def convert_image_dtype(image, dtype, saturate=False):
    """Integers as the part of their largest number, and back."""
    image, dtype = convert.tensor(image), dtypes.as_dtype(dtype)
    if image.dtype is dtype:
        return image
    if image.dtype.is_integer and dtype.is_integer:
        if image.dtype.max > dtype.max:
            return _core.floor_divide(image, (image.dtype.max + 1) // (dtype.max + 1)).to(dtype)
        return image.to(dtype) * ((dtype.max + 1) // (image.dtype.max + 1))
    if image.dtype.is_integer:
        return image.to(dtype) * (1.0 / image.dtype.max)
    if dtype.is_integer:
        scaled = image * (dtype.max + 0.5)
        return (_core.clamp(scaled, dtype.min, dtype.max) if saturate else scaled).to(dtype)
    return image.to(dtype)


def _in_float(function, image, *arguments):
    """function of the image in [0, 1], as an image of the same dtype again."""
    image = convert.tensor(image)
    dtype = image.dtype
    made = function(convert_image_dtype(image, _core.float32) if not dtype.is_floating_point
                    else image, *arguments)
    return convert_image_dtype(made, dtype, saturate=True)


def _checked_rgb(image):
    if image.shape[-1] != 3:
        raise InvalidArgumentError(f"images with 3 channels are expected, got shape "
                                   f"{tuple(image.shape)}")
    return image


@_op
def rgb_to_grayscale(images):
    """One channel of three, by how bright they seem."""
    def weighed(x):
        weights = _core.tensor_of_data([0.2989, 0.587, 0.114], x.dtype)
        return _core.sum(_checked_rgb(x) * weights, -1, True)

    return _in_float(weighed, images)


@_op
def grayscale_to_rgb(images):
    """Three equal channels of one."""
    images = convert.tensor(images)
    return images.expand((*images.shape[:-1], 3)).contiguous()


@_op
def rgb_to_hsv(images):
    """Hue, saturation and value, all in [0, 1]."""
    r, g, b = _core.unbind(_checked_rgb(convert.tensor(images)), -1)
    high, low = _core.maximum(_core.maximum(r, g), b), _core.minimum(_core.minimum(r, g), b)
    span = high - low
    safe = _core.where(span > 0, span, _core.ones_like(span))
    hue = _core.where(high == r, (g - b) / safe,
                      _core.where(high == g, (b - r) / safe + 2, (r - g) / safe + 4)) / 6
    hue = _core.where(span > 0, _core.remainder(hue, 1.0), _core.zeros_like(hue))
    saturation = _core.where(high > 0, span / _core.where(high > 0, high, _core.ones_like(high)),
                             _core.zeros_like(high))
    return _core.stack([hue, saturation, high], -1)


@_op
def hsv_to_rgb(images):
    """And back."""
    h, s, v = _core.unbind(_checked_rgb(convert.tensor(images)), -1)
    parts = []
    for shift in (5, 3, 1):
        k = _core.remainder(h * 6 + shift, 6.0)
        parts.append(v - v * s * _core.clamp(_core.minimum(k, 4 - k), 0, 1))
    return _core.stack(parts, -1)


@_op
def adjust_brightness(image, delta):
    """delta added to every pixel, in [0, 1]."""
    return _in_float(lambda x: x + float(delta), image)


@_op
def adjust_contrast(images, contrast_factor):
    """Distances from each channel's mean times a factor."""
    def change(x):
        mean = _core.mean(x, (-3, -2), True)
        return (x - mean) * float(contrast_factor) + mean

    return _in_float(change, images)


def _shifted_hue(x, delta):
    hsv = rgb_to_hsv(x)
    hue = _core.remainder(hsv[..., :1] + delta, 1.0)
    return hsv_to_rgb(_core.cat([hue, hsv[..., 1:]], -1))


@_op
def adjust_hue(image, delta):
    """The hue turned by delta, 1 being a whole turn."""
    return _in_float(_shifted_hue, image, float(delta))


def _scaled_saturation(x, factor):
    hsv = rgb_to_hsv(x)
    saturation = _core.clamp(hsv[..., 1:2] * factor, 0, 1)
    return hsv_to_rgb(_core.cat([hsv[..., :1], saturation, hsv[..., 2:]], -1))


@_op
def adjust_saturation(image, saturation_factor):
    """The saturation times a factor."""
    return _in_float(_scaled_saturation, image, float(saturation_factor))


@_op
def adjust_gamma(image, gamma=1, gain=1):
    """gain x^gamma."""
    return _in_float(lambda x: gain * x ** gamma, image)


@_op
def per_image_standardization(image):
    """Each image with mean 0 and variance 1; of no less a deviation than of one pixel."""
    images, is_one = _images(image)
    x = images.to(_core.float32)
    count = x.shape[1] * x.shape[2] * x.shape[3]
    mean = _core.mean(x, (1, 2, 3), True)
    deviation = _core.sqrt(_core.var(x, (1, 2, 3), 0.0, True))
    return _given((x - mean) / _core.clamp_min(deviation, count ** -0.5), is_one)


def _mixing(name, rows, text):
    """Colours times a matrix."""
    def function(images):
        x = _checked_rgb(convert.tensor(images))
        return _core.matmul(x, _core.tensor_of_data(rows, x.dtype))

    function.__name__, function.__doc__ = name, text
    return _op(function)


_YIQ = [[0.299, 0.59590059, 0.2115], [0.587, -0.27455667, -0.52273617],
        [0.114, -0.32134392, 0.31119955]]
_YUV = [[0.299, -0.14714119, 0.61497538], [0.587, -0.28886916, -0.51496512],
        [0.114, 0.43601035, -0.10001026]]
rgb_to_yiq = _mixing("rgb_to_yiq", _YIQ, "Luma, and two chrominances of NTSC.")
yiq_to_rgb = _mixing("yiq_to_rgb", [[1, 1, 1], [0.95598634, -0.27201283, -1.10674021],
                                    [0.6208248, -0.64720424, 1.70423049]], "And back.")
rgb_to_yuv = _mixing("rgb_to_yuv", _YUV, "Luma, and two chrominances of PAL.")
yuv_to_rgb = _mixing("yuv_to_rgb", [[1, 1, 1], [0, -0.394642334, 2.03206185],
                                    [1.13988303, -0.58062185, 0]], "And back.")


@_op
def adjust_jpeg_quality(image, jpeg_quality):
    """An image as JPEG of this quality has it."""
    image = convert.tensor(image)
    packed = encode_jpeg(convert_image_dtype(image, _core.uint8, saturate=True),
                         quality=int(jpeg_quality))
    return convert_image_dtype(decode_jpeg(packed, image.shape[-1]), image.dtype, saturate=True)


# At random: of a seed of the global one, or (stateless_...) of a seed alone.


def _drawn(generator, low, high):
    return low + (high - low) * _core.rand((), generator=generator).item()


def _flipped(image, dim, generator):
    images, is_one = _images(image)
    if is_one:
        turn = _core.rand((), generator=generator).item() < 0.5
        return _given(_core.flip(images, (dim,)) if turn else images, True)
    turns = _core.rand((images.shape[0], 1, 1, 1), generator=generator) < 0.5
    return _core.where(turns, _core.flip(images, (dim,)), images)


def _part(value, size, generator):
    value = convert.tensor(value)
    sizes = [value.shape[i] if size == -1 else size for i, size in enumerate(convert.sizes(size))]
    for i, wanted in enumerate(sizes):
        if wanted > value.shape[i]:
            raise InvalidArgumentError(f"random_crop(): {tuple(value.shape)} is smaller than "
                                       f"{sizes}")
        first = int(_core.randint(0, value.shape[i] - wanted + 1, (), generator=generator).item())
        value = _core.narrow(value, i, first, wanted)
    return value


_RANDOM = {
    "flip_left_right": (lambda g, image: _flipped(image, 2, g), "image"),
    "flip_up_down": (lambda g, image: _flipped(image, 1, g), "image"),
    "crop": (lambda g, value, size: _part(value, size, g), "value size"),
    "brightness": (lambda g, image, max_delta:
                   adjust_brightness(image, _drawn(g, -max_delta, max_delta)), "image max_delta"),
    "contrast": (lambda g, image, lower, upper: adjust_contrast(image, _drawn(g, lower, upper)),
                 "image lower upper"),
    "hue": (lambda g, image, max_delta: adjust_hue(image, _drawn(g, -max_delta, max_delta)),
            "image max_delta"),
    "jpeg_quality": (lambda g, image, min_jpeg_quality, max_jpeg_quality: adjust_jpeg_quality(
        image, int(_core.randint(min_jpeg_quality, max_jpeg_quality, (), generator=g).item())),
        "image min_jpeg_quality max_jpeg_quality"),
    "saturation": (lambda g, image, lower, upper: adjust_saturation(image, _drawn(g, lower, upper)),
                   "image lower upper"),
}


def _random_form(kind, is_stateless):
    change, names = _RANDOM[kind]
    names = names.split()

    def function(*arguments, seed=None, **keywords):
        if len(arguments) > len(names):
            seed, arguments = arguments[len(names)], arguments[:len(names)]
        given = dict(zip(names, arguments)) | keywords
        if set(given) != set(names):
            raise TypeError(f"{function.__name__}() takes {', '.join(names)} and seed, got "
                            f"{', '.join(given)}")
        generator = _of_key(seed) if is_stateless else _generator(seed)
        return change(generator, *(given[name] for name in names))

    function.__name__ = f"{'stateless_' if is_stateless else ''}random_{kind}"
    function.__doc__ = (f"{kind.replace('_', ' ').capitalize()} at random: "
                        f"({', '.join(names)}, seed).")
    return _op(function)


for _kind in _RANDOM:
    for _is_stateless in (False, True):
        _function = _random_form(_kind, _is_stateless)
        globals()[_function.__name__] = _function


# Of other files, which use what is above.

from ._blocks import extract_patches  # noqa: E402, F401
from ._image_boxes import (combined_non_max_suppression, draw_bounding_boxes,  # noqa: E402, F401
                           non_max_suppression, non_max_suppression_overlaps,
                           non_max_suppression_padded, non_max_suppression_with_scores,
                           sample_distorted_bounding_box, stateless_sample_distorted_bounding_box)
from ._image_measures import (image_gradients, psnr, sobel_edges, ssim,  # noqa: E402, F401
                              ssim_multiscale, total_variation)
