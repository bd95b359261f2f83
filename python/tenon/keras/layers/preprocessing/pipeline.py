"""Several layers as one."""

from ..._layer import Layer
from ..._registry import deserialize, serialize


class Pipeline(Layer):
    """Layers one after another, such as those that prepare data."""

    def __init__(self, layers, name=None, **kwargs):
        super().__init__(name=name, **kwargs)
        self.__dict__["_steps"] = list(layers)
        for i, layer in enumerate(layers):
            self.add_module(str(i), layer)

    @property
    def layers(self):
        return list(self._steps)

    def call(self, inputs, training=True, mask=None):
        for layer in self._steps:
            inputs = layer(inputs, training=training)
        return inputs

    def get_config(self):
        return {"layers": [serialize(layer) for layer in self._steps], "name": self.name}

    @classmethod
    def from_config(cls, config):
        """Of a config, which has those of the layers."""
        return cls(**{**config, "layers": [deserialize(layer) for layer in config["layers"]]})
