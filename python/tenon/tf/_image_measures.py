"""How alike images are, and how pixels differ from their neighbours."""

from .. import _core
from .._eager import convert
from .._eager.errors import InvalidArgumentError
from .._eager.tensor import op as _op
from ._shaping import pad
from .image import _given, _images, convert_image_dtype


def _both(a, b, max_val, name):
    a, b = convert.require_same(convert.same((a, b)), name)
    peak = convert_image_dtype(convert.tensor(max_val).to(a.dtype), _core.float32)
    return (convert_image_dtype(a, _core.float32), convert_image_dtype(b, _core.float32), peak)


@_op
def psnr(a, b, max_val):
    """The ratio of the largest signal to the noise between images, in decibels."""
    a, b, peak = _both(a, b, max_val, "psnr")
    error = _core.mean(_core.square(a - b), (-3, -2, -1))
    return 20 * _core.log10(peak) - 10 * _core.log10(error)


def _gaussian(size, sigma):
    """A window [1, 1, size, size] that sums to 1."""
    steps = _core.arange(0, size, 1, dtype=_core.float32) - (size - 1) / 2.0
    logits = _core.square(steps) * (-0.5 / sigma ** 2)
    flat = (logits.unsqueeze(0) + logits.unsqueeze(1)).reshape(-1)
    return _core.softmax(flat, -1).reshape((1, 1, size, size))


def _parts(a, b, peak, window, k1, k2):
    """Of each image and channel a map of the structural similarity, and of its second factor."""
    lead, (height, width, channels) = a.shape[:-3], a.shape[-3:]

    def means(x):
        x = _core.movedim(x.reshape((-1, height, width, channels)), -1, 1)
        made = _core.conv2d(x.reshape((-1, 1, height, width)), window)
        return made.reshape((*lead, channels, *made.shape[2:]))

    c1, c2 = _core.square(k1 * peak), _core.square(k2 * peak)
    mean_a, mean_b = means(a), means(b)
    product, squares = mean_a * mean_b * 2.0, _core.square(mean_a) + _core.square(mean_b)
    contrast = (2.0 * means(a * b) - product + c2) / (
        means(_core.square(a) + _core.square(b)) - squares + c2)
    return (product + c1) / (squares + c1) * contrast, contrast


def _checked_size(a, size, name):
    if min(a.shape[-3:-1]) < size:
        raise InvalidArgumentError(f"{name}(): images of {a.shape[-3]} by {a.shape[-2]} are "
                                   f"smaller than the filter, of {size}")


@_op
def ssim(img1, img2, max_val, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03,
         return_index_map=False):
    """The structural similarity of images (Wang et al. 2004), or a map of it."""
    a, b, peak = _both(img1, img2, max_val, "ssim")
    _checked_size(a, filter_size, "ssim")
    similarity, _ = _parts(a, b, peak, _gaussian(filter_size, filter_sigma), k1, k2)
    if return_index_map:
        return _core.mean(similarity, -3)
    return _core.mean(_core.mean(similarity, (-2, -1)), -1)


_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


@_op
def ssim_multiscale(img1, img2, max_val, power_factors=_WEIGHTS, filter_size=11, filter_sigma=1.5,
                    k1=0.01, k2=0.03):
    """The structural similarity over several scales, each half as large (Wang et al. 2003)."""
    a, b, peak = _both(img1, img2, max_val, "ssim_multiscale")
    window, factors = _gaussian(filter_size, filter_sigma), []
    for scale in range(len(power_factors)):
        if scale:
            a, b = _halved(a), _halved(b)
        _checked_size(a, filter_size, "ssim_multiscale")
        similarity, contrast = (_core.mean(one, (-2, -1))
                                for one in _parts(a, b, peak, window, k1, k2))
        factors.append(_core.relu(contrast))
    factors[-1] = _core.relu(similarity)
    made = factors[0] ** power_factors[0]
    for factor, power in zip(factors[1:], power_factors[1:]):
        made = made * factor ** power
    return _core.mean(made, -1)


def _halved(x):
    lead, (height, width, channels) = x.shape[:-3], x.shape[-3:]
    x = x.reshape((-1, height, width, channels))
    if height % 2 or width % 2:
        x = pad(x, [[0, 0], [0, height % 2], [0, width % 2], [0, 0]], "SYMMETRIC")
    made = _core.avg_pool2d(_core.movedim(x, -1, 1), 2, 2)
    made = _core.movedim(made, 1, -1)
    return made.reshape((*lead, *made.shape[1:]))


@_op
def total_variation(images):
    """The sum of the distances between neighbouring pixels of each image."""
    images, is_one = _images(images)
    down = _core.abs(images[:, 1:] - images[:, :-1])
    right = _core.abs(images[:, :, 1:] - images[:, :, :-1])
    return _given(_core.sum(down, (1, 2, 3)) + _core.sum(right, (1, 2, 3)), is_one)


@_op
def image_gradients(image):
    """(dy, dx): the differences to the next pixel, 0 at the end."""
    images = convert.tensor(image)
    dy = _core.pad(images[:, 1:] - images[:, :-1], (0, 0, 0, 0, 0, 1), "constant", 0)
    dx = _core.pad(images[:, :, 1:] - images[:, :, :-1], (0, 0, 0, 1), "constant", 0)
    return dy, dx


@_op
def sobel_edges(image):
    """The differences down and to the right by Sobel's filters, as a new last dim (dy, dx)."""
    x = convert.tensor(image)
    n, height, width, channels = x.shape
    x = _core.movedim(pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], "REFLECT"), -1, 1)
    down = _core.tensor_of_data([[-1, -2, -1], [0, 0, 0], [1, 2, 1]], x.dtype)
    filters = _core.stack([down, _core.transpose(down, 0, 1)], 0).unsqueeze(1)
    made = _core.conv2d(x.reshape((n * channels, 1, height + 2, width + 2)), filters)
    return made.reshape((n, channels, 2, height, width)).permute((0, 3, 4, 1, 2))
