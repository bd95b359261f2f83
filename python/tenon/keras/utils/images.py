"""Images as files, as PIL's and as arrays."""

import io
import pathlib

import numpy

from .. import _config

_MODES = {"grayscale": "L", "rgba": "RGBA", "rgb": "RGB"}


def _pil():
    try:
        from PIL import Image
    except ImportError:
        raise ImportError("Could not import PIL.Image. The use of `load_img` and `array_to_img` "
                          "requires PIL: install pillow") from None
    return Image


def _interpolation(Image, name):
    known = {"nearest": Image.NEAREST, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC,
             "hamming": Image.HAMMING, "box": Image.BOX, "lanczos": Image.LANCZOS}
    if name not in known:
        raise ValueError(f"Invalid interpolation method {name} specified. Supported methods are "
                         f"{', '.join(known)}")
    return known[name]


def load_img(path, color_mode="rgb", target_size=None, interpolation="nearest",
             keep_aspect_ratio=False):
    """The image of a file as PIL has it, in colours of a mode and in a size (height, width)."""
    Image = _pil()
    if isinstance(path, io.BytesIO):
        image = Image.open(path)
    elif isinstance(path, (str, bytes, pathlib.Path)):
        with open(path, "rb") as file:
            image = Image.open(io.BytesIO(file.read()))
    else:
        raise TypeError(f"path should be path-like or io.BytesIO, not {type(path)}")
    if color_mode not in _MODES:
        raise ValueError('color_mode must be "grayscale", "rgb", or "rgba"')
    if color_mode == "grayscale":
        if image.mode not in ("L", "I;16", "I"):  # which are shades of grey already
            image = image.convert("L")
    elif image.mode != _MODES[color_mode]:
        image = image.convert(_MODES[color_mode])
    if target_size is None or image.size == (target_size[1], target_size[0]):
        return image
    height, width = target_size
    box = None
    if keep_aspect_ratio:
        columns, rows = image.size
        tall = min(rows, int(columns * height / width))
        wide = min(columns, int(rows * width / height))
        top, left = (rows - tall) // 2, (columns - wide) // 2
        box = (left, top, left + wide, top + tall)
    return image.resize((width, height), _interpolation(Image, interpolation), box)


def img_to_array(img, data_format=None, dtype=None):
    """PIL's image as an array (height, width, channels)."""
    is_first = _config.standardize_data_format(data_format) == "channels_first"
    x = numpy.asarray(img, dtype=dtype or _config.floatx())
    if x.ndim not in (2, 3):
        raise ValueError(f"Unsupported image shape: {x.shape}")
    if x.ndim == 2:
        return x[None] if is_first else x[..., None]
    return x.transpose(2, 0, 1) if is_first else x


def array_to_img(x, data_format=None, scale=True, dtype=None):
    """An array as PIL's image; with `scale` its smallest number becomes 0, its largest 255."""
    Image = _pil()
    x = numpy.asarray(x, dtype=dtype or _config.floatx())
    if x.ndim != 3:
        raise ValueError("Expected image array to have rank 3 (single image). Got array with "
                         f"shape: {x.shape}")
    if _config.standardize_data_format(data_format) == "channels_first":
        x = x.transpose(1, 2, 0)
    if scale:
        x = x - numpy.min(x)
        largest = numpy.max(x)
        x = x / largest * 255 if largest != 0 else x
    if x.shape[2] in (3, 4):
        return Image.fromarray(x.astype("uint8"), "RGBA" if x.shape[2] == 4 else "RGB")
    if x.shape[2] != 1:
        raise ValueError(f"Unsupported channel number: {x.shape[2]}")
    if numpy.max(x) > 255:
        return Image.fromarray(x[:, :, 0].astype("int32"), "I")
    return Image.fromarray(x[:, :, 0].astype("uint8"), "L")


def save_img(path, x, data_format=None, file_format=None, scale=True, **kwargs):
    """Writes an array as an image."""
    image = array_to_img(x, data_format, scale)
    if image.mode == "RGBA" and file_format in ("jpg", "jpeg"):
        image = image.convert("RGB")  # which JPEG can hold
    image.save(path, format=file_format, **kwargs)


def smart_resize(x, size, interpolation="bilinear", data_format="channels_last",
                 backend_module=None):
    """Images in another size (height, width) without distortion: of the part in the middle of the
    same ratio. Arrays give arrays."""
    from .. import ops

    made = ops.image.resize(x if hasattr(x, "requires_grad") else ops.convert_to_tensor(
        x, _config.floatx()), size, interpolation, crop_to_aspect_ratio=True,
        data_format=data_format)
    return made.numpy() if isinstance(x, numpy.ndarray) else made
