"""MobileNetV2: Sandler et al. 2018."""

from .. import layers
from ._common import begin, end
from ._common import to_signed as preprocess_input

#: Of each stack of blocks: filters, the first one's stride, and how many.
_STACKS = ((16, 1, 1), (24, 2, 2), (32, 2, 3), (64, 2, 4), (96, 1, 3), (160, 2, 3), (320, 1, 1))


def _divisible(count, by=8):
    """The multiple of `by` next to a count, at least nine tenths of it."""
    nearest = max(by, int(count + by / 2) // by * by)
    return nearest + by if nearest < 0.9 * count else nearest


def _activated(x, prefix, name, what="BN"):
    x = layers.BatchNormalization(epsilon=1e-3, momentum=0.999, name=f"{prefix}{name}_{what}")(x)
    return layers.ReLU(6.0, name=f"{prefix}{name}_relu")(x)


def _block(x, filters, stride, number):
    """An inverted residual: wider, by each channel, and narrow again."""
    prefix, first, channels = f"block_{number}_" if number else "expanded_conv_", x, x.shape[-1]
    if number:
        x = layers.Conv2D(6 * channels, 1, padding="same", use_bias=False,
                          name=f"{prefix}expand")(x)
        x = _activated(x, prefix, "expand")
    if stride == 2:
        before = [size % 2 if size is not None else 0 for size in x.shape[1:3]]
        x = layers.ZeroPadding2D(tuple((one, 1) for one in before), name=f"{prefix}pad")(x)
    x = layers.DepthwiseConv2D(3, strides=stride, use_bias=False,
                               padding="same" if stride == 1 else "valid",
                               name=f"{prefix}depthwise")(x)
    x = _activated(x, prefix, "depthwise")
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{prefix}project")(x)
    x = layers.BatchNormalization(epsilon=1e-3, momentum=0.999, name=f"{prefix}project_BN")(x)
    if channels == filters and stride == 1:
        x = layers.Add(name=f"{prefix}add")([first, x])
    return x


def MobileNetV2(input_shape=None, alpha=1.0, include_top=True, weights="imagenet",
                input_tensor=None, pooling=None, classes=1000, classifier_activation="softmax",
                name=None):
    """The network of Sandler et al. 2018, whose layers are `alpha` times as wide. weights: None or
    a file's path."""
    images = begin("MobileNetV2", input_shape, input_tensor, include_top, 224)
    x = layers.Conv2D(_divisible(32 * alpha), 3, strides=2, padding="same", use_bias=False,
                      name="Conv1")(images)
    x = layers.BatchNormalization(epsilon=1e-3, momentum=0.999, name="bn_Conv1")(x)
    x = layers.ReLU(6.0, name="Conv1_relu")(x)
    number = 0
    for filters, stride, count in _STACKS:
        for i in range(count):
            x = _block(x, _divisible(int(filters * alpha)), stride if i == 0 else 1, number)
            number += 1
    last = _divisible(1280 * alpha) if alpha > 1 else 1280
    x = layers.Conv2D(last, 1, use_bias=False, name="Conv_1")(x)
    x = layers.BatchNormalization(epsilon=1e-3, momentum=0.999, name="Conv_1_bn")(x)
    x = layers.ReLU(6.0, name="out_relu")(x)
    if include_top:
        x = layers.GlobalAveragePooling2D()(x)
    rows = images.shape[1] or 224
    return end("MobileNetV2", x, images, include_top, pooling, classes, classifier_activation,
               weights, name or f"mobilenetv2_{alpha:0.2f}_{rows}")


__all__ = ["MobileNetV2", "preprocess_input"]
