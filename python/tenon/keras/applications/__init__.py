"""Known networks for images, by their Keras names: their layers have the names and their variables
the order of Keras's, so that files of weights fit."""

import importlib

#: Where each network is.
_HOMES = {
    "mobilenet_v2": ("MobileNetV2",),
    "resnet": ("ResNet50", "ResNet101", "ResNet152"),
    "vgg16": ("VGG16",),
    "vgg19": ("VGG19",),
}
_NAMES = {name: home for home, names in _HOMES.items() for name in names}
_MODULES = (*_HOMES, "resnet50")


def __getattr__(name):
    if name in _NAMES:
        return getattr(importlib.import_module(f".{_NAMES[name]}", __name__), name)
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module 'tenon.keras.applications' has no attribute '{name}'; it has "
                         f"{', '.join(sorted(_NAMES))}")


def __dir__():
    return sorted({*globals(), *_NAMES, *_MODULES})
