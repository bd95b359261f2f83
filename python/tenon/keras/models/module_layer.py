"""Modules of tenon.nn as layers."""

from ...nn.modules.module import Module
from .._layer import Layer
from .._names import name_of


class TorchModuleWrapper(Layer):
    """A layer that calls an nn.Module, whose parameters are its weights."""

    def __init__(self, module, name=None, **kwargs):
        if not isinstance(module, Module):
            raise TypeError("a layer, an Input or an nn.Module was expected, not "
                            f"{type(module).__name__}: {module!r}")
        super().__init__(name=name or name_of(type(module)), **kwargs)
        self.module = module

    def call(self, *args, training=None, **kwargs):
        return self.module(*args, **kwargs)

    def get_config(self):
        raise NotImplementedError(f"layer {self.name!r} holds a {type(self.module).__name__} of "
                                  "tenon.nn, which has no config: save_weights() keeps its "
                                  "parameters")
