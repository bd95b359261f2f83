"""Layer: a module that makes its variables when it first sees what it is called with."""

import functools
import inspect

from .. import _core
from .._eager.tensor import call_layer
from .._modes import autocast as autocast_mode
from ..nn.modules.module import Module
from . import _dtype_policy, _tree
from ._arrays import as_dtype, as_tensor
from ._calls import calls, shown_shape, signature_of
from ._config import floatx
from ._input_spec import InputSpec, check_inputs
from ._layer_state import LayerState
from ._names import name_of
from ._symbolic import KerasTensor, has_symbolic, record, shapes_by_running

Tensor = _core.Tensor


def _building(build):
    """`build`, after which the layer is built."""

    @functools.wraps(build)
    def built(self, *args, **kwargs):
        is_outermost = "_build_arguments" not in self.__dict__  # a subclass's calls its base's
        if is_outermost:
            self.__dict__["_build_arguments"] = _named_shapes(build, args, kwargs)
        try:
            result = build(self, *args, **kwargs)
        except Exception:
            if is_outermost:
                del self.__dict__["_build_arguments"]
            raise
        self.__dict__["built"] = True
        if "_restores_later" in self.__dict__:  # a checkpoint waits for the variables
            self.__dict__.pop("_restores_later")()
        return result

    built._sets_built = True
    return built


def _named_shapes(build, args, kwargs):
    names = list(inspect.signature(build).parameters)[1:]
    return {**dict(zip(names, args)), **kwargs}


def default(method):
    """Marks a method that subclasses may define."""
    method._is_default = True
    return method


def is_default(method):
    """Whether a method is the base's own."""
    return getattr(method, "_is_default", False)


class Layer(LayerState):
    """The base of all layers.

        class Scale(keras.layers.Layer):
            def build(self, input_shape):
                self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones")

            def call(self, x):
                return x * self.scale

    `build` is called with the shapes of the first call's arguments; `call` may take `training` and
    `mask`. A layer is an nn.Module: its variables are parameters, its `forward` builds and calls.
    """

    def __new__(cls, *args, **kwargs):
        self = super().__new__(cls)
        self.__dict__["_init_arguments"] = args, kwargs
        return self

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        build = cls.__dict__.get("build")
        if build is not None and not hasattr(build, "_sets_built"):
            cls.build = _building(build)

    def __init__(self, *, activity_regularizer=None, trainable=True, dtype=None, autocast=True,
                 name=None, **kwargs):
        input_shape = _input_shape_of(kwargs, type(self).__name__)
        super().__init__()
        state = self.__dict__
        state["training"] = None  # until train() or eval() says so, calls decide
        state["built"] = False
        state["_name"] = name_of(type(self)) if name is None else _checked_name(name)
        state["_trainable"] = bool(trainable)
        state["_dtype_policy"] = _dtype_policy.get(dtype)
        state["autocast"] = autocast
        state["supports_masking"] = not is_default(self.compute_mask)
        state["input_spec"] = None
        state["_metrics"], state["_call_losses"], state["_loss_functions"] = {}, [], []
        state["_inbound_nodes"] = []
        state["_input_shape"] = input_shape
        state["activity_regularizer"] = _regularizer(activity_regularizer)

    # What it is.

    @property
    def name(self):
        return self._name

    @property
    def path(self):
        return self._name

    @property
    def dtype_policy(self):
        """In what dtypes weights are kept and outputs computed."""
        return self.__dict__["_dtype_policy"]

    @dtype_policy.setter
    def dtype_policy(self, value):
        self.__dict__["_dtype_policy"] = _dtype_policy.get(value)

    @property
    def dtype(self):
        """The name of the dtype of weights."""
        return self.dtype_policy.variable_dtype

    variable_dtype = dtype

    @property
    def compute_dtype(self):
        """The name of the dtype in which outputs are computed."""
        return self.dtype_policy.compute_dtype

    @property
    def input_dtype(self):
        return self.compute_dtype

    def _node_values(self, what):
        if not self._inbound_nodes:
            raise AttributeError(f"The layer {self.name} has never been called with a symbolic "
                                 f"input and thus has no defined {what}.")
        if len(self._inbound_nodes) > 1:
            raise AttributeError(f"The layer {self.name} has been called "
                                 f"{len(self._inbound_nodes)} times, so that its {what} isn't one; "
                                 "use its call's result")
        return getattr(self._inbound_nodes[0], what)

    @property
    def input(self):
        """The symbolic tensor or tensors that it was called with."""
        return self._node_values("input")

    @property
    def output(self):
        """The symbolic tensor or tensors that its call gave."""
        return self._node_values("output")

    @property
    def input_shape(self):
        return _tree.map_structure(lambda x: x.shape, self.input)

    @property
    def output_shape(self):
        return _tree.map_structure(lambda x: x.shape, self.output)

    def extra_repr(self):
        return f"name={self.name}, built={self.built}"

    # What subclasses define.

    @default
    def build(self, input_shape=None):
        """Makes the variables, for inputs of this shape."""
        self.__dict__["built"] = True

    build._sets_built = True

    @default
    def call(self, *args, **kwargs):
        """What the layer computes."""
        raise NotImplementedError(f"Layer {type(self).__name__} does not have a `call()` method "
                                  "implemented.")

    @default
    def compute_mask(self, inputs, previous_mask=None):
        """The mask of the output: that of the input where the layer keeps it."""
        return previous_mask

    @default
    def compute_output_shape(self, *args, **kwargs):
        """The shape of the output for inputs of these shapes."""
        made = _tree.map_shapes(lambda shape: KerasTensor(shape, self.compute_dtype), args)
        outputs = self.compute_output_spec(*made)
        return _tree.map_structure(lambda x: x.shape, outputs)

    def compute_output_spec(self, *args, **kwargs):
        """Symbolic tensors of the output's shapes and dtypes for symbolic arguments."""
        if is_default(self.compute_output_shape):
            return shapes_by_running(self._call_for_shapes, args, kwargs)
        shapes = self._shapes_of(self.compute_output_shape, args, kwargs)
        made = self.compute_output_shape(**shapes)
        return _tree.map_shapes(lambda shape: KerasTensor(shape, self.compute_dtype), made)

    # Calls.

    def forward(self, *args, **kwargs):
        """Builds the layer where it isn't, and calls it."""
        if has_symbolic(args, kwargs):
            return self._symbolic_call(args, kwargs)
        signature = signature_of(type(self))
        given = (*args, *kwargs.values()) if calls.depth == 0 else None
        args, kwargs = self._converted(args, kwargs)
        if calls.finds_shapes:
            args, kwargs = signature.without_training(args, kwargs)
        if not self.built:
            self._build_for(args, kwargs)
        if self.input_spec is not None and args:
            check_inputs(self.input_spec, args[0], self)
        mask = self._take_masks(signature, args, kwargs)
        training, outer = self._take_training(signature, args, kwargs), calls.training
        if calls.depth == 0:
            self._clear_losses()
        calls.training = training
        calls.depth += 1
        try:
            if given is None:
                outputs = self._computed(*args, **kwargs)
            else:
                outputs = call_layer(self._computed, args, kwargs, given)
        except Exception as error:
            self._annotate(error, args)
            raise
        finally:
            calls.training = outer
            calls.depth -= 1
        if self.activity_regularizer is not None:
            for output in _tree.flatten(outputs):  # of each sample
                loss = self.activity_regularizer(output)
                self.add_loss(loss / output.shape[0] if output.dim() and output.shape[0] else loss)
        if mask is not None or self._makes_masks():
            self._set_masks(_first_of(signature, args, kwargs), outputs, mask)
        return outputs

    def _computed(self, *args, **kwargs):
        is_mixed, outer = self.__dict__["_dtype_policy"].is_mixed, calls.is_mixed
        if not (is_mixed or outer):
            return self.call(*args, **kwargs)
        dtype = as_dtype(self.compute_dtype) if is_mixed else None
        calls.is_mixed = is_mixed
        try:
            with autocast_mode("cpu", dtype=dtype, enabled=is_mixed):
                outputs = self.call(*args, **kwargs)
        finally:
            calls.is_mixed = outer
        if is_mixed and not self._modules:  # outputs of layers within have their layers' dtypes
            outputs = _convert(outputs, dtype)
        return outputs

    def _call_unrecorded(self, *args, **kwargs):
        """A call with tensors, whose losses leave no trace."""
        training, depth = calls.training, calls.depth
        calls.depth = depth + 1
        try:
            return self.forward(*args, **kwargs)
        finally:
            calls.training, calls.depth = training, depth
            for layer in self._flatten_layers():
                layer._call_losses.clear()

    def _call_for_shapes(self, *args, **kwargs):
        """As `_call_unrecorded`; a layer that needs a mask, which is known with the data only, gets
        one that is on."""
        try:
            return self._call_unrecorded(*args, **kwargs)
        except (AttributeError, TypeError, ValueError):
            if not (signature_of(type(self)).takes_mask and args and isinstance(args[0], Tensor)
                    and args[0].dim() > 1 and kwargs.get("mask") is None):
                raise
            mask = _core.ones(args[0].shape[:2], dtype=_core.bool)
            return self._call_unrecorded(*args, **{**kwargs, "mask": mask})

    def _symbolic_call(self, args, kwargs):
        if not self.built:
            self._build_for(args, kwargs)
        if self.input_spec is not None and args:
            check_inputs(self.input_spec, args[0], self)
        signature = signature_of(type(self))
        if not (signature.takes_training or signature.takes_any):
            kwargs.pop("training", None)
        training, outer = kwargs.get("training"), calls.training
        try:
            calls.training = outer if training is None else training
            outputs = self.compute_output_spec(*args, **kwargs)
        except Exception as error:
            self._annotate(error, args)
            raise
        finally:
            calls.training = outer
        return record(self, args, kwargs, outputs)

    def _converted(self, args, kwargs):
        """The arguments with arrays as tensors, floats as what the layer computes in."""
        if self.__dict__["autocast"]:
            dtype = as_dtype(self.__dict__["_dtype_policy"].compute_dtype)
        else:
            dtype = None
        args = tuple([x if type(x) is Tensor and x.dtype is dtype else _convert(x, dtype)
                      for x in args])
        if kwargs:
            kwargs = {name: _convert(x, dtype) for name, x in kwargs.items()}
        return args, kwargs

    def _build_for(self, args, kwargs):
        if self.input_spec is not None and args:
            check_inputs(self.input_spec, args[0], self)
        if is_default(self.build):
            named = signature_of(type(self)).named(args, kwargs)
            self.__dict__["_build_arguments"] = {
                f"{name}_shape": _shape_of(value) for name, value in named.items()
                if _has_shapes(value)}
            self.__dict__["built"] = True
            return
        self.build(**self._shapes_of(self.build, args, kwargs))

    def _shapes_of(self, method, args, kwargs):
        """What `build` or `compute_output_shape` gets of a call's arguments: the first's shape
        where it takes one, else those that it names, such as `query_shape`."""
        parameters = inspect.signature(method).parameters.values()
        names = [parameter.name for parameter in parameters
                 if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)]
        named = signature_of(type(self)).named(args, kwargs)
        if len(names) <= 1:
            first = next(iter(named.values()), None)
            return {name: _shape_of(first) for name in names}
        shapes = {f"{name}_shape": _shape_of(value) for name, value in named.items()
                  if _has_shapes(value)}
        if names and names[0] not in shapes and shapes:
            shapes[names[0]] = next(iter(shapes.values()))
        return {name: shapes[name] for name in names if name in shapes}

    def _take_training(self, signature, args, kwargs):
        """Whether this call trains; puts it among the arguments where `call` takes it."""
        if len(args) > signature.training_index:
            given = args[signature.training_index]
            return calls.training if given is None else given
        training = kwargs.get("training")
        if training is None:
            training = calls.training
            if training is None:
                training = self.__dict__["training"]
        if signature.takes_training:
            if training is not None:
                kwargs["training"] = training
        elif not signature.takes_any:
            kwargs.pop("training", None)
        if self.__dict__.get("_has_modules"):
            self._set_modes(bool(training))
        return training

    def _set_modes(self, training):
        for inner in self._inner_layers():
            if not isinstance(inner, Layer) and inner.training != training:
                inner.train(training)

    def _take_masks(self, signature, args, kwargs):
        """The masks of the first argument; masks go to the arguments of `call` that take them."""
        first = _first_of(signature, args, kwargs)
        mask = None if first is None else _mask_of(first)
        if signature.takes_mask:
            if (mask is not None and kwargs.get("mask") is None
                and len(args) <= signature.mask_index):
                kwargs["mask"] = mask
        elif not signature.takes_any:
            given = kwargs.pop("mask", None)
            mask = given if given is not None else mask
        for index, name, wanted in signature.mask_names:
            value = args[index] if index < len(args) else kwargs.get(name)
            found = None if value is None or kwargs.get(wanted) is not None else _mask_of(value)
            if found is not None:
                kwargs[wanted] = found
        return mask

    def _makes_masks(self):
        return self.supports_masking and not is_default(self.compute_mask)

    def _set_masks(self, first, outputs, mask):
        if not self.supports_masking:
            return
        made = self.compute_mask(first, mask)
        if made is None:
            return
        if isinstance(outputs, Tensor):
            if getattr(outputs, "_keras_mask", None) is None:
                outputs._keras_mask = made
            return
        for output, one in zip(_tree.flatten(outputs), _tree.flatten(made)):
            if isinstance(output, Tensor) and one is not None:
                output._keras_mask = one

    def _annotate(self, error, args):
        """Says in an error which layer it came from, and with what shapes that was called."""
        if hasattr(error, "add_note") and not getattr(error, "__notes__", None):
            shapes = ", ".join(str(_tree.map_shapes(shown_shape, _shape_of(value)))
                               for value in args if _has_shapes(value))
            error.add_note(f'in layer "{self.name}" ({type(self).__name__}), called with inputs of '
                           f"shape {shapes}")

    # Configs.

    @default
    def get_config(self):
        """What `from_config` makes the same layer of, without its variables."""
        config = {"name": self.name, "trainable": self.trainable, "dtype": self.dtype_policy.name}
        if self.activity_regularizer is not None:
            from . import regularizers

            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        if not is_default(type(self).get_config):
            return config
        return {**config, **self._init_config()}

    def _init_config(self):
        """The arguments of __init__, of classes that have no get_config of their own."""
        args, kwargs = self.__dict__.get("_init_arguments", ((), {}))
        init = type(self).__init__
        if init is Layer.__init__:
            return {}
        named = {**dict(zip(list(inspect.signature(init).parameters)[1:], args)), **kwargs}
        plain = (str, int, float, bool, type(None))
        for name, value in named.items():
            if not all(isinstance(one, plain) for one in _tree.flatten(value)):
                raise NotImplementedError(
                    f"Layer {type(self).__name__} was created by passing non-serializable argument "
                    f"values in `__init__()`, and therefore the layer must override `get_config()` "
                    f"to be serializable: {name}={value!r}")
        return named if _takes_base_arguments(init) else _only_named(named, init)

    @classmethod
    def from_config(cls, config):
        """The layer that a config is of."""
        known = dict(config)
        if not _takes_base_arguments(cls.__init__):
            known = _only_named(known, cls.__init__)
        try:
            return cls(**known)
        except TypeError as error:
            raise TypeError(f"Error when deserializing class '{cls.__name__}' using "
                            f"config={config}: {error}") from error

    def get_build_config(self):
        """The shapes that the layer was built with."""
        shapes = self.__dict__.get("_build_arguments")
        if not shapes:
            return None
        return {"input_shape": next(iter(shapes.values()))} if len(shapes) == 1 else {
            "shapes_dict": shapes}

    def build_from_config(self, config):
        """Builds the layer with the shapes of `get_build_config`."""
        if "shapes_dict" in config:
            self.build(**config["shapes_dict"])
        elif config.get("input_shape") is not None and not is_default(self.build):
            self.build(config["input_shape"])

    # Files: what a layer keeps besides its variables, such as a vocabulary.

    @default
    def save_own_variables(self, store):
        """Puts the layer's own variables into a dict, by number."""
        for i, variable in enumerate(self._own_variables()):
            store[str(i)] = variable

    @default
    def load_own_variables(self, store):
        """Sets the layer's own variables from what `save_own_variables` gave."""
        own = self._own_variables()
        if len(store) != len(own):
            raise ValueError(f"Layer '{self.name}' expected {len(own)} variables, but received "
                             f"{len(store)} variables during loading. Expected: "
                             f"{[variable.name for variable in own]}")
        for i, variable in enumerate(own):
            variable.assign(as_tensor(store[str(i)], variable.dtype))

    def __setattr__(self, name, value):
        if isinstance(value, Module) and not isinstance(value, Layer):
            self.__dict__["_has_modules"] = True
        super().__setattr__(name, value)


def _input_shape_of(kwargs, kind):
    """The shape, with the batch, that tf.keras's `input_shape=` and the like give; None without."""
    shape = None
    if kwargs.get("input_dim") is not None:
        shape = (None, kwargs["input_dim"])
    for name in ("batch_input_shape", "batch_shape"):
        if kwargs.get(name) is not None:
            shape = tuple(kwargs[name])
    if kwargs.get("input_shape") is not None:
        given = kwargs["input_shape"]
        shape = (kwargs.get("batch_size"),
                 *(given if isinstance(given, (list, tuple)) else (given,)))
    for name in ("input_dim", "batch_input_shape", "batch_shape", "input_shape", "batch_size",
                 "dynamic", "weights", "implementation"):
        kwargs.pop(name, None)
    if kwargs:
        raise ValueError(f"Unrecognized keyword arguments passed to {kind}: {kwargs}")
    return shape


def _checked_name(name):
    if not isinstance(name, str) or "/" in name:
        raise ValueError(f"Argument `name` must be a string and cannot contain character `/`. "
                         f"Received: name={name!r}")
    return name


def _regularizer(identifier):
    if identifier is None:
        return None
    from . import regularizers

    return regularizers.get(identifier)


def _convert(value, dtype):
    """An argument of a call: arrays as tensors, floats as `dtype`; strings and others as they
    are."""
    if isinstance(value, Tensor):
        if dtype is not None and value.dtype is not dtype and value.is_floating_point():
            return _cast(value, dtype)
        return value
    if isinstance(value, (list, tuple)):
        if value and isinstance(value, list) and all(type(one) in (int, float) for one in value):
            return _convert(as_tensor(value), dtype)
        return type(value)(_convert(one, dtype) for one in value) if not hasattr(
            value, "_fields") else type(value)(*(_convert(one, dtype) for one in value))
    if isinstance(value, dict):
        return {key: _convert(one, dtype) for key, one in value.items()}
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    if kind is not None and kind in "biufc":
        return _convert(as_tensor(value), dtype)
    return value


def _cast(value, dtype):
    made = value.to(dtype)
    mask = getattr(value, "_keras_mask", None)
    if mask is not None:
        made._keras_mask = mask
    return made


def _shape_of(value):
    """The shape of an argument; of several, in their structure."""
    if hasattr(value, "shape"):
        return tuple(value.shape)
    if isinstance(value, dict):
        return {key: _shape_of(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shape_of(one) for one in value] if isinstance(value, list) else tuple(
            _shape_of(one) for one in value)
    return None


def _has_shapes(value):
    return any(hasattr(one, "shape") for one in _tree.flatten(value))


def _first_of(signature, args, kwargs):
    """The first argument of `call`, given by place or by name; None without one."""
    if args:
        return args[0]
    return kwargs.get(signature.names[0]) if signature.names else None


def _mask_of(value):
    """The mask that a tensor carries, or those of a structure; None where there is none."""
    if isinstance(value, Tensor):
        return getattr(value, "_keras_mask", None)
    if isinstance(value, (list, tuple, dict)):
        masks = _tree.map_structure(lambda one: getattr(one, "_keras_mask", None), value)
        return masks if any(mask is not None for mask in _tree.flatten(masks)) else None
    return None


def _takes_base_arguments(init):
    return any(parameter.kind == parameter.VAR_KEYWORD
               for parameter in inspect.signature(init).parameters.values())


def _only_named(config, init):
    """The entries of a config that __init__ takes; of the base's ones, it may do without."""
    names = inspect.signature(init).parameters
    return {key: value for key, value in config.items()
            if key in names or key not in ("name", "trainable", "dtype")}


__all__ = ["InputSpec", "Layer", "floatx"]
