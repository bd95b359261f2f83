"""VGG: Simonyan and Zisserman 2014."""

from .. import layers
from ._common import begin, end


def vgg(name, counts, include_top, weights, input_tensor, input_shape, pooling, classes,
        classifier_activation, model_name):
    """Blocks of so many convolutions each, and three dense layers."""
    images = x = begin(name, input_shape, input_tensor, include_top, 224)
    for block, (count, filters) in enumerate(zip(counts, (64, 128, 256, 512, 512)), 1):
        for i in range(1, count + 1):
            x = layers.Conv2D(filters, 3, activation="relu", padding="same",
                              name=f"block{block}_conv{i}")(x)
        x = layers.MaxPooling2D(2, strides=2, name=f"block{block}_pool")(x)
    if include_top:
        x = layers.Flatten(name="flatten")(x)
        for i in 1, 2:
            x = layers.Dense(4096, activation="relu", name=f"fc{i}")(x)
    return end(name, x, images, include_top, pooling, classes, classifier_activation, weights,
               model_name)
