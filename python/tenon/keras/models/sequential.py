"""Sequential: layers one after the other."""

from .. import _tree
from .._input import InputLayer
from .._layer import Layer
from .._symbolic import KerasTensor
from .._tracking import Structure
from .graph import Graph
from .model import Model


class Sequential(Model):
    """Layers one after the other:

        model = keras.Sequential([layers.Dense(128, activation="relu"), layers.Dense(10)])

    Its variables are made when it is first called, or at once where it begins with an Input or a
    layer with `input_shape`. Modules of tenon.nn may be among the layers.
    """

    def __init__(self, layers=None, trainable=True, name=None):
        super().__init__(trainable=trainable, name=name)
        self.__dict__["_sequence"] = []
        if layers is not None:
            for layer in layers if isinstance(layers, (list, tuple)) else [layers]:
                self._append(layer)
            self._begin()

    @property
    def layers(self):
        """The layers, without the input."""
        return [layer for layer in self._sequence if not isinstance(layer, InputLayer)]

    def add(self, layer, rebuild=True):
        """Adds a layer, or an Input at the beginning."""
        self._append(layer)
        self._begin()

    def _append(self, layer):
        if isinstance(layer, KerasTensor) and layer._keras_history is not None:
            layer = layer._keras_history[0].operation
        if not isinstance(layer, Layer):
            layer = _as_layer(layer)
        if isinstance(layer, InputLayer) and self._sequence:
            raise ValueError(f"Sequential model '{self.name}' has already been configured to use "
                             f"input shape {self._input_description()}. You cannot add a different "
                             "Input layer to it.")
        if any(layer.name == known.name for known in self._sequence):
            raise ValueError("All layers added to a Sequential model should have unique names. "
                             f"Name '{layer.name}' is already the name of a layer in this model.")
        if not self._sequence and not isinstance(layer, InputLayer):
            shape = layer.__dict__.get("_input_shape")
            if shape is None and isinstance(layer, Model) and layer._graph is not None and \
                    len(layer._graph.inputs) == 1:
                shape = layer._graph.inputs[0].shape
            if shape is not None:
                self._append(InputLayer(batch_shape=shape, dtype=_input_dtype(layer)))
        self._sequence.append(layer)
        self._add_layer(layer)
        Structure.changed()

    def _input_description(self):
        first = self._sequence[0]
        return first.batch_shape if isinstance(first, InputLayer) else None

    def pop(self, rebuild=True):
        """Takes the last layer away and returns it."""
        layer = self._sequence.pop()
        del self._modules[layer.name]
        Structure.changed()
        self.__dict__["_graph"], self.__dict__["built"] = None, False
        self._begin()
        return layer

    def _begin(self):
        """Makes the variables where the shape of the input is known."""
        if len(self._sequence) > 1 and isinstance(self._sequence[0], InputLayer):
            self._make_graph(self._sequence[0].output)

    def _make_graph(self, inputs):
        x = inputs
        for layer in self.layers:
            x = layer(x)
        self.__dict__["_graph"] = Graph(inputs, x)
        self.__dict__["built"] = True

    def build(self, input_shape=None):
        """Makes the variables, for inputs of this shape with the batch."""
        if self._graph is not None or input_shape is None or not self._sequence:
            return
        if not _tree.is_shape(input_shape):
            raise ValueError(f"Sequential model '{self.name}' takes one input; build() got the "
                             f"shapes {input_shape}")
        first = InputLayer(batch_shape=(None, *tuple(input_shape)[1:]),
                           dtype=_input_dtype(self._sequence[0]))
        self._sequence.insert(0, first)
        self._make_graph(first.output)

    def call(self, inputs, training=None, mask=None):
        """What the layers make of the inputs, one after the other."""
        x = inputs
        if isinstance(x, (list, tuple)) and len(x) == 1:
            x, = x
        if mask is not None:
            x._keras_mask = mask
        for layer in self._sequence:
            x = layer(x)
        return x

    def compute_mask(self, inputs, previous_mask=None):
        return None  # the output carries its own

    def get_config(self):
        from .configs import sequential_config

        return sequential_config(self)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The model that a config is of."""
        from .configs import model_of_sequential_config

        return model_of_sequential_config(cls, config, custom_objects)


def _input_dtype(layer):
    return getattr(layer, "_expected_input_dtype", None)


def _as_layer(module):
    from .module_layer import TorchModuleWrapper

    return TorchModuleWrapper(module)
