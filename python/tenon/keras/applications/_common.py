"""What networks share: the input, the end, weights, and how images are prepared."""

from ... import _core
from .. import layers
from .._config import image_data_format
from .._symbolic import KerasTensor
from ..models import Model
from ..ops._base import floats, op


def begin(name, input_shape, input_tensor, include_top, size, least=32):
    """The symbolic images that a network begins with: (height, width, channels)."""
    if image_data_format() != "channels_last":
        raise ValueError(f"{name}(): networks of keras.applications take images with channels "
                         "last; call set_image_data_format('channels_last')")
    if input_tensor is not None:
        if not isinstance(input_tensor, KerasTensor):
            raise ValueError(f"{name}(): input_tensor is what Input() gives, not "
                             f"{type(input_tensor).__name__}")
        return input_tensor
    if input_shape is None:
        input_shape = (size, size, 3) if include_top else (None, None, 3)
    if len(input_shape) != 3 or any(one is not None and one < least for one in input_shape[:2]):
        raise ValueError(f"{name}(): input_shape is (height, width, channels) with sides of at "
                         f"least {least}, not {input_shape}")
    return layers.Input(input_shape)


def end(name, x, images, include_top, pooling, classes, activation, weights, model_name):
    """The model from images to classes (of `include_top`, whose Dense layers but the last are in x
    already), or to pooled or plain features."""
    if include_top:
        x = layers.Dense(classes, activation=activation, name="predictions")(x)
    elif pooling in ("avg", "max"):
        pool = layers.GlobalAveragePooling2D if pooling == "avg" else layers.GlobalMaxPooling2D
        x = pool()(x)
    elif pooling is not None:
        raise ValueError(f"{name}(): pooling is None, 'avg' or 'max', not {pooling!r}")
    model = Model(images, x, name=model_name)
    if weights == "imagenet":
        raise ValueError(f"{name}(): ImageNet's weights aren't part of this library; give "
                         "`weights` the path of a file of them, or None for random ones")
    if weights is not None:
        model.load_weights(weights)
    return model


@op
def to_bgr(x, data_format=None):
    """Images of 0 to 255 with channels blue, green, red, less ImageNet's means of these."""
    x = floats(x)
    is_first = (data_format or image_data_format()) == "channels_first"
    axis = x.dim() - 3 if is_first else -1
    x = x.flip(axis)
    means = _core.tensor_of_data([103.939, 116.779, 123.68], x.dtype)
    shape = [1] * x.dim()
    shape[axis] = 3
    return x - means.reshape(shape)


@op
def to_signed(x, data_format=None):
    """Images of 0 to 255 as -1 to 1."""
    return floats(x) / 127.5 - 1
