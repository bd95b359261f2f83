"""Images from and to the bytes of files, by Pillow."""

import io

import numpy

from ... import _core
from ..._eager import convert, dtypes
from ..._eager.errors import InvalidArgumentError
from ..._eager.strings import StringTensor
from ..._eager.tensor import CoreTensor, own

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def _pillow():
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("images are decoded by Pillow: pip install pillow") from error
    return Image


def _bytes_of(contents):
    data = contents.numpy() if hasattr(contents, "numpy") else contents
    if not isinstance(data, bytes):
        raise TypeError(f"image contents are one string of bytes, not {type(contents).__name__}")
    return data


def _opened(contents):
    try:
        return _pillow().open(io.BytesIO(_bytes_of(contents)))
    except OSError as error:
        raise InvalidArgumentError("Unknown image file format. One of JPEG, PNG, GIF, BMP "
                                   f"required. [Op:DecodeImage] ({error})") from error


def _array(image, channels):
    if channels not in (0, 1, 3, 4, None):
        raise InvalidArgumentError(f"channels must be 0, 1, 3 or 4, got {channels}")
    if channels:
        image = image.convert(_MODES[channels])
    elif image.mode not in ("L", "RGB", "RGBA", "I;16", "I"):
        image = image.convert("RGBA" if "A" in image.getbands() or "transparency" in image.info
                              else "RGB")
    array = numpy.asarray(image)
    return array[..., None] if array.ndim == 2 else array


def _decoded(contents, channels, dtype):
    image = _opened(contents)
    try:
        array = _array(image, channels)
    except OSError as error:
        raise InvalidArgumentError(f"the image is damaged: {error} [Op:DecodeImage]") from error
    made = own(_core.tensor_of_data(numpy.ascontiguousarray(array.astype(numpy.uint8)), None))
    dtype = dtypes.as_dtype(dtype)
    if dtype is _core.uint8:
        return made
    from ..image import convert_image_dtype

    return convert_image_dtype(made, dtype)


def decode_image(contents, channels=None, dtype=_core.uint8, name=None, expand_animations=True):
    """An image (height, width, channels) of a JPEG, PNG, GIF or BMP; of an animation all frames,
    along a first dim, unless expand_animations is False."""
    image = _opened(contents)
    if image.format == "GIF" and expand_animations:
        return decode_gif(contents)
    return _decoded(contents, channels, dtype)


def decode_jpeg(contents, channels=0, ratio=1, fancy_upscaling=True, try_recover_truncated=False,
                acceptable_fraction=1, dct_method="", name=None):
    """An image of a JPEG, with as many channels as asked for, or as it has."""
    return _decoded(contents, channels, _core.uint8)


def decode_png(contents, channels=0, dtype=_core.uint8, name=None):
    """An image of a PNG, with as many channels as asked for, or as it has."""
    if dtypes.as_dtype(dtype) not in (_core.uint8, _core.uint16):
        raise TypeError(f"decode_png() gives uint8 or uint16, not {dtypes.name_of(dtype)}")
    return _decoded(contents, channels, dtype)


def decode_bmp(contents, channels=0, name=None):
    """An image of a BMP."""
    return _decoded(contents, channels, _core.uint8)


def decode_gif(contents, name=None):
    """The frames of a GIF, in RGB."""
    from PIL import ImageSequence

    frames = [numpy.asarray(frame.convert("RGB"))
              for frame in ImageSequence.Iterator(_opened(contents))]
    return own(_core.tensor_of_data(numpy.stack(frames), None))


def decode_and_crop_jpeg(contents, crop_window, channels=0, ratio=1, fancy_upscaling=True,
                         try_recover_truncated=False, acceptable_fraction=1, dct_method="",
                         name=None):
    """The part [y, x, height, width] of a JPEG's image."""
    y, x, height, width = convert.sizes(crop_window)
    return decode_jpeg(contents, channels)[y:y + height, x:x + width]


def is_jpeg(contents, name=None):
    """Whether bytes begin as those of a JPEG do."""
    return own(_core.tensor_of_data(_bytes_of(contents)[:3] == b"\xff\xd8\xff", None))


def _encoded(image, format, **options):
    image = convert.tensor(image)
    if image.dtype is not _core.uint8 or image.dim() != 3:
        raise InvalidArgumentError(f"an image of uint8 with 3 dims is expected, got "
                                   f"{dtypes.name_of(image.dtype)} of shape {tuple(image.shape)}")
    array = CoreTensor.numpy(image)
    array = array[..., 0] if array.shape[-1] == 1 else array
    file = io.BytesIO()
    _pillow().fromarray(numpy.ascontiguousarray(array)).save(file, format, **options)
    return StringTensor(file.getvalue())


def encode_jpeg(image, format="", quality=95, **_):
    """A JPEG's bytes of an image."""
    return _encoded(image, "JPEG", quality=int(quality))


def encode_png(image, compression=-1, name=None):
    """A PNG's bytes of an image."""
    return _encoded(image, "PNG", **({} if compression < 0 else {"compress_level": compression}))
