"""keras.ops.image: sizes, colours, parts and geometry of images (height, width, channels), alone or
in batches."""

import math

from ... import _core
from ...tf import image as _image
from .. import _config
from .._seeds import generator_of
from .._windows import convolved, flat_padding, same_padding
from ._base import floats, names_of, op, promoted, sizes, tensor


class _Images:
    """Images as batches with channels last, and how they came."""

    def __init__(self, images, data_format=None, rank=2):
        x = tensor(images)
        if x.dim() not in (rank + 1, rank + 2):
            raise ValueError(f"Invalid images rank: expected rank {rank + 1} (single image) or "
                             f"rank {rank + 2} (batch of images). Received: images.shape="
                             f"{tuple(x.shape)}")
        self._is_one = x.dim() == rank + 1
        self._is_first = _config.standardize_data_format(data_format) == "channels_first"
        x = x.unsqueeze(0) if self._is_one else x
        self.x = x.movedim(1, -1) if self._is_first else x

    def back(self, y):
        y = y.movedim(-1, 1) if self._is_first else y
        return y[0] if self._is_one else y


# Colours.


def _of_colours(function):
    def convert(images, data_format=None):
        images = _Images(images, data_format)
        if not images.x.is_floating_point() and function is not _image.rgb_to_grayscale:
            raise ValueError("Invalid images dtype: expected float dtype. Received: images.dtype="
                             f"{str(images.x.dtype).rpartition('.')[2]}")
        return images.back(function(images.x))

    convert.__name__, convert.__doc__ = function.__name__, function.__doc__
    return op(convert)


rgb_to_grayscale = _of_colours(_image.rgb_to_grayscale)
rgb_to_hsv, hsv_to_rgb = _of_colours(_image.rgb_to_hsv), _of_colours(_image.hsv_to_rgb)


# Sizes.


@op
def resize(images, size, interpolation="bilinear", antialias=False, crop_to_aspect_ratio=False,
           pad_to_aspect_ratio=False, fill_mode="constant", fill_value=0.0, data_format=None):
    """In another size (height, width): "nearest", "bilinear", "bicubic", "lanczos3" or "lanczos5",
    whole, or the part in the middle of the same ratio, or with borders."""
    methods = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")
    if interpolation not in methods:
        raise ValueError(f"Invalid `interpolation` argument. Expected one of {methods}. Received: "
                         f"interpolation={interpolation}")
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError("Only one of `crop_to_aspect_ratio` & `pad_to_aspect_ratio` can be "
                         "`True`.")
    if fill_mode != "constant":
        raise ValueError("Invalid `fill_mode`. Only 'constant' is supported. Received: "
                         f"fill_mode={fill_mode}")
    images = _Images(images, data_format)
    x, (height, width) = images.x, sizes(size)
    rows, columns = x.shape[1:3]
    if crop_to_aspect_ratio:
        crop_height = min(rows, max(1, int(columns * height / width)))
        crop_width = min(columns, max(1, int(rows * width / height)))
        top, left = int((rows - crop_height) / 2), int((columns - crop_width) / 2)
        x = x[:, top:top + crop_height, left:left + crop_width]
    elif pad_to_aspect_ratio:
        all_rows = max(rows, int(columns * height / width))
        all_columns = max(columns, int(rows * width / height))
        top, left = int((all_rows - rows) / 2), int((all_columns - columns) / 2)
        x = _core.pad(x, [0, 0, left, all_columns - columns - left, top, all_rows - rows - top],
                      "constant", fill_value)
    y = _image.resize(x, (height, width), interpolation, antialias=antialias)
    if interpolation != "nearest" and not x.is_floating_point():
        y = _core.round(y)
    return images.back(y.to(x.dtype))


def _borders(first, last, size, target, what):
    """How much stands before and behind of so much more (or less) than `size`."""
    if [first, last, target].count(None) != 1:
        raise ValueError(f"Must specify exactly two of {what}. Received: {first}, {last}, {target}")
    if first is None:
        return target - size - last, last
    if last is None:
        return first, target - size - first
    return first, last


@op
def pad_images(images, top_padding=None, left_padding=None, bottom_padding=None, right_padding=None,
               target_height=None, target_width=None, data_format=None):
    """With zeros around: two of the borders and the size are given in each direction."""
    images = _Images(images, data_format)
    rows, columns = images.x.shape[1:3]
    top, below = _borders(top_padding, bottom_padding, rows, target_height,
                          "top_padding, bottom_padding, target_height")
    left, right = _borders(left_padding, right_padding, columns, target_width,
                           "left_padding, right_padding, target_width")
    if min(top, below, left, right) < 0:
        raise ValueError(f"pad_images(): the borders aren't negative: {top} above, {below} below, "
                         f"{left} left, {right} right")
    return images.back(_core.pad(images.x, [0, 0, left, right, top, below]))


@op
def crop_images(images, top_cropping=None, left_cropping=None, bottom_cropping=None,
                right_cropping=None, target_height=None, target_width=None, data_format=None):
    """Without borders: two of these and the size are given in each direction."""
    images = _Images(images, data_format)
    rows, columns = images.x.shape[1:3]
    if [top_cropping, bottom_cropping, target_height].count(None) != 1:
        raise ValueError("Must specify exactly two of top_cropping, bottom_cropping, "
                         "target_height.")
    if [left_cropping, right_cropping, target_width].count(None) != 1:
        raise ValueError("Must specify exactly two of left_cropping, right_cropping, target_width.")
    top = rows - target_height - bottom_cropping if top_cropping is None else top_cropping
    left = columns - target_width - right_cropping if left_cropping is None else left_cropping
    height = rows - top - bottom_cropping if target_height is None else target_height
    width = columns - left - right_cropping if target_width is None else target_width
    if min(top, left, height, width, rows - top - height, columns - left - width) < 0:
        raise ValueError(f"crop_images(): {height} x {width} from ({top}, {left}) on isn't within "
                         f"images of {rows} x {columns}")
    return images.back(images.x[:, top:top + height, left:left + width])


def _patches(images, size, strides, dilations, padding):
    """Windows of x (batch, ..., channels), flattened behind the places: window ..., channels."""
    x, rank = images.x, len(size)
    if str(padding).lower() == "same":
        pairs = [same_padding(*of_dim) for of_dim in zip(x.shape[1:-1], size, strides, dilations)]
        x = _core.pad(x, [0, 0, *flat_padding(pairs)])
    for dim, (window, stride, dilation) in enumerate(zip(size, strides, dilations), 1):
        x = x.unfold(dim, (window - 1) * dilation + 1, stride)[..., ::dilation]
    # (batch, places ..., channels, window ...)
    x = x.movedim(rank + 1, -1)
    return images.back(x.reshape((*x.shape[:rank + 1], -1)))


@op
def extract_patches(images, size, strides=None, dilation_rate=1, padding="valid", data_format=None):
    """The windows at each place, as vectors."""
    size = (size, size) if isinstance(size, int) else tuple(size)
    if len(size) == 3:
        return extract_patches_3d(images, size, strides, dilation_rate, padding, data_format)
    two = [size if one is None else (one,) * 2 if isinstance(one, int) else tuple(one)
           for one in (strides, dilation_rate)]
    return _patches(_Images(images, data_format), size, *two, padding)


@op
def extract_patches_3d(volumes, size, strides=None, dilation_rate=1, padding="valid",
                       data_format=None):
    """The windows of volumes (depth, height, width, channels) at each place, as vectors."""
    size = (size,) * 3 if isinstance(size, int) else tuple(size)
    three = [size if one is None else (one,) * 3 if isinstance(one, int) else tuple(one)
             for one in (strides, dilation_rate)]
    return _patches(_Images(volumes, data_format, 3), size, *three, padding)


# Geometry: images read at other places.

_FILL_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")


def _checked_mode(fill_mode, interpolation="bilinear"):
    if fill_mode not in _FILL_MODES:
        raise ValueError(f"Invalid value for argument `fill_mode`. Expected one of {_FILL_MODES}. "
                         f"Received: fill_mode={fill_mode}")
    if interpolation not in ("nearest", "bilinear"):
        raise ValueError("Invalid value for argument `interpolation`. Expected of one ('nearest', "
                         f"'bilinear'). Received: interpolation={interpolation}")


def _inside(index, size, fill_mode):
    """Places beyond the borders as those within that stand for them."""
    if fill_mode in ("constant", "nearest"):
        return _core.clamp(index, 0, size - 1)
    if fill_mode == "wrap":
        return _core.remainder(index, size)
    if fill_mode == "mirror":
        turn = max(2 * (size - 1), 1)
        index = _core.remainder(_core.abs(index), turn)
        return _core.where(index >= size, turn - index, index)
    index = _core.remainder(index, 2 * size)
    return _core.where(index >= size, 2 * size - 1 - index, index)


def read_at(x, places, order, fill_mode, fill_value):
    """x (batch, sizes ..., channels) at places (tensors of (batch, ...), one for each of the
    sizes): the nearest element (order 0) or between its neighbours (order 1). Beyond the borders is
    what `fill_mode` says."""
    sizes_ = x.shape[1:-1]
    near = [_core.floor(place + 0.5 if order == 0 else place) for place in places]
    result = None
    for corner in range(1 if order == 0 else 2**len(places)):
        at, weight, known = None, None, None
        for i, (place, first, size) in enumerate(zip(places, near, sizes_)):
            index = first + (corner >> i & 1)
            if order:
                share = 1 - _core.abs(place - index)
                weight = share if weight is None else weight * share
            within = _core.logical_and(index >= 0, index <= size - 1)
            known = within if known is None else _core.logical_and(known, within)
            index = _inside(index.to(_core.int64), size, fill_mode)
            at = index if at is None else at * size + index
        value = _chosen(x, at)
        if fill_mode == "constant":
            value = _core.where(known.unsqueeze(-1), value,
                                _core.full((), fill_value, dtype=x.dtype))
        part = value if weight is None else value * weight.unsqueeze(-1).to(x.dtype)
        result = part if result is None else result + part
    return result


def _chosen(x, at):
    """The elements of each image at places in a row: (batch, ..., channels)."""
    batch, channels = x.shape[0], x.shape[-1]
    flat = x.reshape((batch, -1, channels))
    index = at.reshape((batch, -1, 1)).expand((batch, at[0].numel(), channels))
    return _core.gather(flat, 1, index).reshape((*at.shape, channels))


def _pixels(height, width):
    """The y and x of all pixels: two (1, height, width)."""
    rows = _core.arange(0, height, 1, dtype=_core.float32).reshape((1, -1, 1))
    columns = _core.arange(0, width, 1, dtype=_core.float32).reshape((1, 1, -1))
    return rows.expand((1, height, width)), columns.expand((1, height, width))


def transformed(x, vectors, interpolation, fill_mode, fill_value):
    """x (batch, height, width, channels) of which pixel (x, y) is read at ((a0 x + a1 y + a2) / k,
    (b0 x + b1 y + b2) / k), k = c0 x + c1 y + 1, for vectors (batch, 8) of a, b and c."""
    y, column = _pixels(*x.shape[1:3])
    a0, a1, a2, b0, b1, b2, c0, c1 = (one.reshape((-1, 1, 1)) for one in _core.unbind(
        vectors.to(_core.float32), -1))
    k = c0 * column + c1 * y + 1
    places = [(b0 * column + b1 * y + b2) / k, (a0 * column + a1 * y + a2) / k]
    shape = (x.shape[0], *x.shape[1:3])
    places = [place.expand(shape) for place in places]
    read = floats(x)
    made = read_at(read, places, int(interpolation == "bilinear"), fill_mode, fill_value)
    return made if x.is_floating_point() else _core.round(made).to(x.dtype)


@op
def affine_transform(images, transform, interpolation="bilinear", fill_mode="constant",
                     fill_value=0, data_format=None):
    """Images of which pixel (x, y) is read at ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k), k =
    c0 x + c1 y + 1, for vectors a0, a1, a2, b0, b1, b2, c0, c1, one or one for each image."""
    _checked_mode(fill_mode, interpolation)
    images, vectors = _Images(images, data_format), floats(transform)
    vectors = vectors.unsqueeze(0) if vectors.dim() == 1 else vectors
    if vectors.dim() != 2 or vectors.shape[-1] != 8:
        raise ValueError("Invalid transform rank: expected (8,) or (batch, 8). Received: "
                         f"transform.shape={tuple(vectors.shape)}")
    return images.back(transformed(images.x, vectors, interpolation, fill_mode, fill_value))


def perspective_vectors(start_points, end_points):
    """The vectors (batch, 8) that read the places start_points (batch, 4, 2) for end_points."""
    start, end = floats(start_points), floats(end_points)
    rows = []
    zero, one = _core.zeros_like(end[..., 0, 0]), _core.ones_like(end[..., 0, 0])
    for i in range(4):
        x, y = end[..., i, 0], end[..., i, 1]
        u, v = start[..., i, 0], start[..., i, 1]
        rows += [_core.stack([x, y, one, zero, zero, zero, -x * u, -y * u], -1),
                 _core.stack([zero, zero, zero, x, y, one, -x * v, -y * v], -1)]
    matrix = _core.stack(rows, -2)
    values = start.reshape((*start.shape[:-2], 8, 1))
    return _core.linalg_solve(matrix, values).squeeze(-1)


@op
def perspective_transform(images, start_points, end_points, interpolation="bilinear", fill_value=0,
                          data_format=None):
    """Images in which the four start_points (x, y) stand at the end_points."""
    _checked_mode("constant", interpolation)
    start, end = floats(start_points), floats(end_points)
    if start.shape[-2:] != (4, 2) or start.shape != end.shape:
        raise ValueError("Invalid start_points shape: expected (4,2) for a single image or (N,4,2) "
                         f"for a batch. Received shapes: {tuple(start.shape)} and "
                         f"{tuple(end.shape)}")
    start, end = (one.unsqueeze(0) if one.dim() == 2 else one for one in (start, end))
    images = _Images(images, data_format)
    return images.back(transformed(images.x, perspective_vectors(start, end), interpolation,
                                   "constant", fill_value))


@op
def map_coordinates(inputs, coordinates, order, fill_mode="constant", fill_value=0):
    """An array at these coordinates, a row for each of its axes: the nearest element (order 0) or
    between neighbours (order 1)."""
    _checked_mode(fill_mode)
    inputs, coordinates = tensor(inputs), floats(coordinates)
    if coordinates.shape[0] != inputs.dim():
        raise ValueError("First dim of `coordinates` must be the same as the rank of `inputs`. "
                         f"Received inputs with shape: {tuple(inputs.shape)} and coordinate "
                         f"leading dim of {coordinates.shape[0]}")
    if order not in (0, 1):
        raise ValueError("Invalid value for argument `order`. Expected one of [0, 1]. Received: "
                         f"order={order}")
    x = floats(inputs).reshape((1, *inputs.shape, 1))
    places = [one.unsqueeze(0) for one in _core.unbind(coordinates, 0)]
    made = read_at(x, places, order, fill_mode, fill_value)[0, ..., 0]
    return made if inputs.is_floating_point() else _core.round(made).to(inputs.dtype)


# Filters.


def _gaussian(size, sigma):
    """Weights of a vector around its middle, that add up to 1."""
    at = _core.arange(0, size, 1, dtype=_core.float32) - (size - 1) / 2
    weights = _core.exp(-_core.square(at) / (2 * _core.square(sigma)))
    return weights / _core.sum(weights)


def filtered(x, kernel, padding):
    """x (batch, height, width, channels) by a kernel (height, width), each channel by itself."""
    channels = x.shape[-1]
    weight = kernel.to(x.dtype).reshape((1, 1, *kernel.shape)).expand(
        (channels, 1, *kernel.shape))
    y = convolved(x.movedim(-1, 1), weight.contiguous(), None, (1, 1), padding, (1, 1), channels)
    return y.movedim(1, -1)


@op
def gaussian_blur(images, kernel_size=(3, 3), sigma=(1.0, 1.0), data_format=None):
    """Each pixel as the mean of those around it, weighted by a normal distribution."""
    images = _Images(images, data_format)
    kernel_size = (kernel_size,) * 2 if isinstance(kernel_size, int) else tuple(kernel_size)
    deviations = floats(sigma)
    deviations = deviations.expand((2,)) if not deviations.dim() else deviations
    rows, columns = (_gaussian(size, deviations[i]) for i, size in enumerate(kernel_size))
    y = filtered(floats(images.x), rows.unsqueeze(1) * columns, "same")
    return images.back(y.to(images.x.dtype))


@op
def elastic_transform(images, alpha=20.0, sigma=5.0, interpolation="bilinear", fill_mode="reflect",
                      fill_value=0.0, seed=None, data_format=None):
    """Each pixel read at a place nearby: displacements of at most `alpha`, drawn at random and
    smoothed by a normal distribution of deviation `sigma`."""
    _checked_mode(fill_mode, interpolation)
    images, generator = _Images(images, data_format), generator_of(seed)
    shape = images.x.shape[:3]
    kernel = _gaussian(int(6 * sigma) | 1, tensor(float(sigma)))
    places = []
    for pixels in _pixels(*shape[1:]):
        moved = _core.rand((*shape, 1), generator=generator) * 2 - 1
        moved = filtered(moved, kernel.unsqueeze(1) * kernel, "same").squeeze(-1)
        places.append(pixels + moved * alpha)
    made = read_at(floats(images.x), places, int(interpolation == "bilinear"), fill_mode,
                   fill_value)
    return images.back(made if images.x.is_floating_point() else _core.round(made).to(
        images.x.dtype))


_SOBEL = ((-1.0, -2.0, -1.0), (0.0, 0.0, 0.0), (1.0, 2.0, 1.0))


@op
def sobel_edges(images, data_format=None):
    """The changes downwards and to the right by Sobel's filters: (..., channels, 2)."""
    batch = _Images(images, data_format)
    x = floats(batch.x)
    down = _core.tensor_of_data(_SOBEL, x.dtype)
    x = _core.pad(x.movedim(-1, 1), [1, 1, 1, 1], "reflect").movedim(1, -1)
    edges = [batch.back(filtered(x, kernel, "valid")) for kernel in (down, down.t())]
    return _core.stack(edges, -1)


@op
def ssim(image1, image2, max_val=1.0, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03,
         data_format=None):
    """The structural similarity of images: Wang et al. 2004."""
    image1, image2 = map(floats, promoted((image1, image2)))
    first, second = _Images(image1, data_format), _Images(image2, data_format)
    a, b = first.x, second.x
    if a.shape != b.shape:
        raise ValueError(f"ssim() compares images of one shape, not {tuple(a.shape)} and "
                         f"{tuple(b.shape)}")
    kernel = _gaussian(filter_size, tensor(float(filter_sigma)))
    kernel = kernel.unsqueeze(1) * kernel
    mean_a, mean_b, aa, bb, ab = (filtered(one, kernel, "valid")
                                  for one in (a, b, a * a, b * b, a * b))
    c1, c2 = (k1 * max_val)**2, (k2 * max_val)**2
    means, squares = mean_a * mean_b, _core.square(mean_a) + _core.square(mean_b)
    likeness = ((2 * means + c1) / (squares + c1)
                * (2 * (ab - means) + c2) / (aa + bb - squares + c2))
    made = _core.mean(likeness, (1, 2, 3))
    return made[0] if image1.dim() == 3 else made


# Each axis by itself.


def _cubic(x):
    near = ((1.5 * x - 2.5) * x) * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return _core.where(x >= 2, _core.zeros_like(x), _core.where(x >= 1, far, near))


def _lanczos(radius):
    def kernel(x):
        y = radius * _core.sin(math.pi * x) * _core.sin(math.pi * x / radius)
        divisor = math.pi**2 * _core.square(x)
        safe = _core.where(x > 1e-3, divisor, _core.ones_like(x))
        made = _core.where(x > 1e-3, y / safe, _core.ones_like(x))
        return _core.where(x > radius, _core.zeros_like(x), made)

    return kernel


_KERNELS = {"linear": lambda x: _core.relu(1 - x), "bilinear": lambda x: _core.relu(1 - x),
            "trilinear": lambda x: _core.relu(1 - x), "cubic": _cubic, "bicubic": _cubic,
            "tricubic": _cubic, "lanczos3": _lanczos(3), "lanczos5": _lanczos(5)}


@op
def scale_and_translate(images, output_shape, scale, translation, spatial_dims, method,
                        antialias=True):
    """An array of `output_shape` in which index i of each of the spatial dims shows what stood at
    (i - translation) / scale."""
    if method not in _KERNELS:
        raise ValueError(f"Invalid method `{method}`; it is one of {', '.join(_KERNELS)}")
    x, scale, translation = floats(images), floats(scale), floats(translation)
    for i, dim in enumerate(spatial_dims):
        weights = _scaling(x.shape[dim], output_shape[dim], scale[i], translation[i],
                           _KERNELS[method], antialias)
        x = _core.tensordot(x, weights.to(x.dtype), [dim % x.dim()], [0]).movedim(-1, dim)
    return x


def _scaling(before, after, scale, translation, kernel, antialias):
    """What each element of the input counts for each of the result: (before, after)."""
    inverse = 1 / scale
    width = _core.clamp_min(inverse, 1.0) if antialias else _core.ones_like(inverse)
    places = _core.arange(0, after, 1, dtype=_core.float32)
    middles = (places + 0.5) * inverse - translation * inverse - 0.5
    pixels = _core.arange(0, before, 1, dtype=_core.float32).unsqueeze(1)
    weights = kernel(_core.abs(middles - pixels) / width)
    totals = _core.sum(weights, (0,), True)
    weights = _core.where(_core.abs(totals) > 1000 * 1.1920929e-07,
                          weights / _core.where(totals != 0, totals, _core.ones_like(totals)),
                          _core.zeros_like(weights))
    within = _core.logical_and(middles >= -0.5, middles <= before - 0.5)
    return _core.where(within, weights, _core.zeros_like(weights))


__all__ = names_of(globals())
