"""Residual networks: He et al. 2015."""

from .. import layers
from ._common import begin, end
from ._common import to_bgr as preprocess_input


def _normalized(x, name):
    return layers.BatchNormalization(epsilon=1.001e-5, name=name)(x)


def _block(x, filters, stride, is_first, name):
    """x, or its projection in the first block of a stack, and what three convolutions make of
    it."""
    shortcut = x
    if is_first:
        shortcut = layers.Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(x)
        shortcut = _normalized(shortcut, f"{name}_0_bn")
    for i, (count, size, step) in enumerate(
            ((filters, 1, stride), (filters, 3, 1), (4 * filters, 1, 1)), 1):
        x = layers.Conv2D(count, size, strides=step, padding="same" if size == 3 else "valid",
                          name=f"{name}_{i}_conv")(x)
        x = _normalized(x, f"{name}_{i}_bn")
        if i < 3:
            x = layers.Activation("relu", name=f"{name}_{i}_relu")(x)
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.Activation("relu", name=f"{name}_out")(x)


def _resnet(name, counts, include_top, weights, input_tensor, input_shape, pooling, classes,
            classifier_activation, model_name):
    """Four stacks of so many blocks each."""
    images = begin(name, input_shape, input_tensor, include_top, 224)
    x = layers.ZeroPadding2D(3, name="conv1_pad")(images)
    x = layers.Conv2D(64, 7, strides=2, name="conv1_conv")(x)
    x = layers.Activation("relu", name="conv1_relu")(_normalized(x, "conv1_bn"))
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
    for stack, (count, filters) in enumerate(zip(counts, (64, 128, 256, 512)), 2):
        for i in range(1, count + 1):
            stride = 2 if i == 1 and stack > 2 else 1
            x = _block(x, filters, stride, i == 1, f"conv{stack}_block{i}")
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return end(name, x, images, include_top, pooling, classes, classifier_activation, weights,
               model_name)


def ResNet50(include_top=True, weights="imagenet", input_tensor=None, input_shape=None,
             pooling=None, classes=1000, classifier_activation="softmax", name="resnet50"):
    """The network of 50 layers of He et al. 2015. weights: None or a file's path."""
    return _resnet("ResNet50", (3, 4, 6, 3), include_top, weights, input_tensor, input_shape,
                   pooling, classes, classifier_activation, name)


def ResNet101(include_top=True, weights="imagenet", input_tensor=None, input_shape=None,
              pooling=None, classes=1000, classifier_activation="softmax", name="resnet101"):
    """The network of 101 layers of He et al. 2015. weights: None or a file's path."""
    return _resnet("ResNet101", (3, 4, 23, 3), include_top, weights, input_tensor, input_shape,
                   pooling, classes, classifier_activation, name)


def ResNet152(include_top=True, weights="imagenet", input_tensor=None, input_shape=None,
              pooling=None, classes=1000, classifier_activation="softmax", name="resnet152"):
    """The network of 152 layers of He et al. 2015. weights: None or a file's path."""
    return _resnet("ResNet152", (3, 8, 36, 3), include_top, weights, input_tensor, input_shape,
                   pooling, classes, classifier_activation, name)


__all__ = ["ResNet101", "ResNet152", "ResNet50", "preprocess_input"]
