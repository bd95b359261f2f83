"""Input: where a functional model begins."""

from ._layer import Layer
from ._names import auto_name
from ._symbolic import KerasTensor, Node


class InputLayer(Layer):
    """Holds the place of an input, of this shape without (`shape`) or with (`batch_shape`) the
    batch."""

    def __init__(self, shape=None, batch_size=None, dtype=None, sparse=None, batch_shape=None,
                 input_tensor=None, optional=False, name=None, input_shape=None,
                 batch_input_shape=None, ragged=None, **kwargs):
        shape = input_shape if shape is None else shape
        batch_shape = batch_input_shape if batch_shape is None else batch_shape
        super().__init__(name=name or auto_name("input_layer"), **kwargs)
        if input_tensor is not None:
            batch_shape, dtype = input_tensor.shape, dtype or input_tensor.dtype
        if batch_shape is None:
            if shape is None:
                raise ValueError("Input() needs a `shape`")
            if isinstance(shape, int):
                raise ValueError(f"`shape` is a tuple such as ({shape},), not the number {shape}")
            batch_shape = (batch_size, *shape)
        if not all(size is None or isinstance(size, int) for size in batch_shape):
            raise ValueError("Input(): `shape` is a tuple of sizes, None where one isn't known, "
                             f"not {type(shape).__name__}; data goes to the model's call")
        self.__dict__["_batch_shape"] = tuple(batch_shape)
        self.__dict__["_input_dtype"] = dtype
        self.__dict__["optional"] = optional
        self.__dict__["built"] = True
        Node(self, (), {}, KerasTensor(self._batch_shape, dtype, name=self.name))

    @property
    def batch_shape(self):
        return self._batch_shape

    @property
    def dtype(self):
        return self.output.dtype

    def call(self, x=None):
        return x

    def get_config(self):
        return {"batch_shape": list(self._batch_shape), "dtype": self.dtype, "name": self.name,
                "optional": self.optional}


def Input(shape=None, batch_size=None, dtype=None, sparse=None, batch_shape=None, name=None,
          tensor=None, optional=False, ragged=None):
    """A symbolic tensor that stands for an input of a model: layers are called with it, and
    Model(inputs, outputs) is what leads from it to their results."""
    return InputLayer(shape, batch_size, dtype, sparse, batch_shape, tensor, optional, name).output
