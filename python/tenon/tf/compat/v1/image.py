"""tf.compat.v1.image: `tf.image`, and its older names."""

from ...image import *  # noqa: F401, F403
from ...image import extract_patches as extract_image_patches  # noqa: F401
from ...image import resize as _resize
from ...image import resize_with_crop_or_pad as resize_image_with_crop_or_pad  # noqa: F401
from ...image import transpose as transpose_image  # noqa: F401


class ResizeMethod:
    """How images are resized."""

    BILINEAR, NEAREST_NEIGHBOR, BICUBIC, AREA = 0, 1, 2, 3


_METHODS = ("bilinear", "nearest", "bicubic", "area")


def resize_images(images, size, method=ResizeMethod.BILINEAR, align_corners=False,
                  preserve_aspect_ratio=False, name=None):
    """`tf.image.resize`, whose pixels are by their middles, as TensorFlow 2 has them."""
    if align_corners:
        raise ValueError("resize_images(): align_corners isn't offered; tf.image.resize takes "
                         "pixels by their middles")
    method = _METHODS[method] if isinstance(method, int) else method
    return _resize(images, size, method, preserve_aspect_ratio)


resize = resize_images
