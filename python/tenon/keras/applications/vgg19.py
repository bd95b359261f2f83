"""VGG19."""

from ._common import to_bgr as preprocess_input
from ._vgg import vgg


def VGG19(include_top=True, weights="imagenet", input_tensor=None, input_shape=None, pooling=None,
          classes=1000, classifier_activation="softmax", name="vgg19"):
    """The network of 19 layers of Simonyan and Zisserman 2014. weights: None or a file's path."""
    return vgg("VGG19", (2, 2, 4, 4, 4), include_top, weights, input_tensor, input_shape, pooling,
               classes, classifier_activation, name)


__all__ = ["VGG19", "preprocess_input"]
