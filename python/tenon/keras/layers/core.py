"""Products, embeddings, functions and masks as layers."""

import inspect
import types

from ... import _core
from .. import _tree, activations
from .._input_spec import InputSpec
from .._layer import Layer
from .._registry import deserialize, find_custom, serialize
from .._symbolic import KerasTensor
from ._base import BuiltIn, checked_positive


class Dense(BuiltIn):
    """activation(x @ kernel + bias), over the last axis."""

    def __init__(self, units, activation=None, use_bias=True, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None,
                 activity_regularizer=None, kernel_constraint=None, bias_constraint=None, **kwargs):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units = checked_positive("Dense", "units", units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self._set_rules("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        self._set_rules("bias", bias_initializer, bias_regularizer, bias_constraint)
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape):
        size = input_shape[-1]
        self.kernel = self._add_by_rules("kernel", (size, self.units))
        self.bias = None
        if self.use_bias:
            self.bias = self._add_by_rules("bias", (self.units,))
        self.input_spec = InputSpec(min_ndim=2, axes={-1: size})

    def call(self, inputs):
        if not _core.is_grad_enabled():
            y = _core.linear(inputs, self.kernel.t(), self.bias)
        else:  # the same, whose gradient lies as the kernel does, which steps read then as it is
            y = _core.matmul(inputs, self.kernel)
            if self.bias is not None:
                y = y + (self.bias if self.bias.dtype is y.dtype else self.bias.to(y.dtype))
        return y if self.activation is activations.linear else self.activation(y)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)


class EinsumDense(BuiltIn):
    """activation(einsum(equation, x, kernel) + bias), for equations such as "abc,cd->abd"."""

    def __init__(self, equation, output_shape, activation=None, bias_axes=None,
                 kernel_initializer="glorot_uniform", bias_initializer="zeros",
                 kernel_regularizer=None, bias_regularizer=None, kernel_constraint=None,
                 bias_constraint=None, **kwargs):
        super().__init__(**kwargs)
        self.equation = equation
        # `output_shape` is a property of all layers.
        self.partial_output_shape = ((output_shape,) if isinstance(output_shape, int)
                                     else tuple(output_shape))
        self.activation = activations.get(activation)
        self.bias_axes = bias_axes
        self._set_rules("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        self._set_rules("bias", bias_initializer, bias_regularizer, bias_constraint)

    def _config_value(self, name):
        return self.partial_output_shape if name == "output_shape" else super()._config_value(name)

    def _sizes(self, input_shape):
        """The size of each letter, and the letters of inputs, kernel and outputs."""
        if self.equation.count(",") != 1 or "->" not in self.equation:
            raise ValueError(f"EinsumDense(): {self.equation!r} isn't of the form 'ab,bc->ac'")
        inputs, rest = self.equation.replace(" ", "").split(",")
        kernel, outputs = rest.split("->")
        # What "..." stands for is in the middle of no letters: the others are counted from behind
        # where it is at the beginning, from the front where it is at the end.
        front = inputs.startswith("...")
        letters = inputs.replace("...", "")
        given = input_shape[-len(letters):] if front else input_shape[:len(letters)]
        sizes = dict(zip(letters, given))
        letters = outputs.replace("...", "")
        for letter, size in zip(reversed(letters), reversed(self.partial_output_shape)):
            if size is not None:
                sizes[letter] = size
        return sizes, kernel, letters

    def build(self, input_shape):
        sizes, kernel, outputs = self._sizes(input_shape)
        self.kernel = self._add_by_rules("kernel", tuple(sizes[letter] for letter in kernel))
        self.bias = None
        if self.bias_axes is not None:
            first = min(outputs.index(letter) for letter in self.bias_axes)
            shape = [sizes[letter] if letter in self.bias_axes else 1 for letter in outputs[first:]]
            self.bias = self._add_by_rules("bias", shape)

    def call(self, inputs):
        y = _core.einsum(self.equation, [inputs, self.kernel])
        return self.activation(y if self.bias is None else y + self.bias)


class Embedding(BuiltIn):
    """The row of a table for each index. With `mask_zero`, zeros are masked."""

    def __init__(self, input_dim, output_dim, embeddings_initializer="uniform",
                 embeddings_regularizer=None, embeddings_constraint=None, mask_zero=False,
                 weights=None, input_length=None, **kwargs):
        if input_length is not None and "input_shape" not in kwargs:
            kwargs["input_shape"] = (input_length,)
        super().__init__(**kwargs)
        self.input_dim = checked_positive("Embedding", "input_dim", input_dim)
        self.output_dim = checked_positive("Embedding", "output_dim", output_dim)
        self._set_rules("embeddings", embeddings_initializer, embeddings_regularizer,
                        embeddings_constraint)
        self.mask_zero = mask_zero
        self.supports_masking = mask_zero
        self.weights_given = weights
        self.autocast = False  # indices may come as floats, which halves would round

    def build(self, input_shape=None):
        self.embeddings = self._add_by_rules("embeddings", (self.input_dim, self.output_dim))
        if self.weights_given is not None:
            given = self.weights_given
            self.set_weights(given if isinstance(given, (list, tuple)) else [given])

    def call(self, inputs):
        return _core.embedding(self.embeddings, inputs.to(_core.int64))

    def compute_mask(self, inputs, mask=None):
        return inputs != 0 if self.mask_zero else None

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.output_dim)

    def _config_value(self, name):
        # The values and the length are in the weights and in the model's shapes.
        return None if name in ("weights", "input_length") else super()._config_value(name)


class Activation(BuiltIn):
    """An activation, by its name or as a function."""

    def __init__(self, activation, **kwargs):
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.supports_masking = True

    def call(self, inputs):
        return self.activation(inputs)

    def compute_output_shape(self, input_shape):
        return input_shape


class Identity(BuiltIn):
    """What it is called with."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs):
        return inputs


class Lambda(Layer):
    """A function as a layer; `arguments` are further ones of it. Models that hold a lambda (rather
    than a function that is registered) can't be read from files, since that would run code."""

    def __init__(self, function, output_shape=None, mask=None, arguments=None, **kwargs):
        super().__init__(**kwargs)
        self.function = function
        self.arguments = dict(arguments or {})
        self.mask = mask
        self._given_shape = output_shape
        self.supports_masking = mask is not None
        parameters = inspect.signature(function).parameters
        self._takes = [name for name in ("mask", "training") if name in parameters]

    def call(self, inputs, mask=None, training=None):
        known = {"mask": mask, "training": training}
        return self.function(inputs, **{name: known[name] for name in self._takes
                                        if name not in self.arguments}, **self.arguments)

    def compute_output_spec(self, inputs, **kwargs):
        if self._given_shape is None:
            return super().compute_output_spec(inputs, **kwargs)
        shape, first = self._given_shape, _tree.flatten(inputs)[0]
        if callable(shape):
            shape = shape(_tree.map_structure(lambda x: x.shape, inputs))
        else:
            shape = (first.shape[0], *shape)
        return KerasTensor(shape, first.dtype)

    def compute_mask(self, inputs, mask=None):
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def get_config(self):
        shape = None if callable(self._given_shape) else self._given_shape
        return {**super().get_config(), "function": serialize(self.function), "output_shape": shape,
                "arguments": serialize(self.arguments)}

    @classmethod
    def from_config(cls, config):
        function = config.get("function")
        if isinstance(function, dict):
            function = deserialize(function)
        elif isinstance(function, str):
            function = find_custom(function) or function
        if not isinstance(function, (types.FunctionType, types.BuiltinFunctionType)):
            raise ValueError(f"the function {function!r} of a Lambda layer isn't known; register "
                             "it by register_keras_serializable or give it in custom_objects")
        return cls(**{**config, "function": function})


class Masking(BuiltIn):
    """Masks steps all of whose features are `mask_value`."""

    def __init__(self, mask_value=0.0, **kwargs):
        super().__init__(**kwargs)
        self.mask_value = mask_value
        self.supports_masking = True

    def compute_mask(self, inputs, mask=None):
        return (inputs != self.mask_value).any(-1)

    def call(self, inputs):
        kept = self.compute_mask(inputs)
        y = inputs * kept.unsqueeze(-1).to(inputs.dtype)
        y._keras_mask = kept
        return y

    def compute_output_shape(self, input_shape):
        return input_shape


class Wrapper(Layer):
    """The base of layers around another one, `layer`."""

    def __init__(self, layer, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(layer, Layer):
            raise TypeError(f"{type(self).__name__}() wraps a layer, not {type(layer).__name__}")
        self.layer = layer

    def build(self, input_shape=None):
        if not self.layer.built:
            self.layer.build(input_shape)

    def get_config(self):
        return {**super().get_config(), "layer": serialize(self.layer)}

    @classmethod
    def from_config(cls, config):
        known = dict(config)
        for name, value in known.items():
            if isinstance(value, dict) and "class_name" in value:
                known[name] = deserialize(value)
        return cls(**known)


class TimeDistributed(Wrapper):
    """The layer on each step of (batch, time, ...)."""

    def __init__(self, layer, **kwargs):
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def build(self, input_shape):
        if len(input_shape) < 3:
            raise ValueError("`TimeDistributed` Layer should be passed an `input_shape` with at "
                             f"least 3 dimensions, received: {tuple(input_shape)}")
        super().build((input_shape[0], *input_shape[2:]))

    def call(self, inputs, training=None, mask=None):
        batch, steps = inputs.shape[:2]
        y = self.layer(inputs.reshape((batch * steps, *inputs.shape[2:])), training=training)
        return y.reshape((batch, steps, *y.shape[1:]))

    def compute_output_shape(self, input_shape):
        inner = self.layer.compute_output_shape((input_shape[0], *input_shape[2:]))
        return (inner[0], input_shape[1], *inner[1:])
