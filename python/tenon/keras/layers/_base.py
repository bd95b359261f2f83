"""What the layers of this package share: configs from their arguments, and where channels stand."""

import inspect

from .. import activations, constraints, initializers, regularizers
from .._config import standardize_data_format
from .._layer import Layer
from .._registry import Registry, serialize

registry = Registry("layer", "keras.layers")
_names_of_arguments = {}


def _argument_names(kind):
    """The arguments of the class of this package that `kind` is, or is derived from."""
    found = _names_of_arguments.get(kind)
    if found is None:
        own = next(one for one in kind.__mro__ if one.__module__.startswith("tenon.keras")
                   and "__init__" in one.__dict__)
        parameters = inspect.signature(own.__init__).parameters.values()
        found = [parameter.name for parameter in parameters if parameter.name != "self"
                 and parameter.kind != parameter.VAR_KEYWORD]
        _names_of_arguments[kind] = found
    return found


def serialized(value):
    """A value as configs have it: functions of `activations` by their names."""
    if callable(value) and getattr(activations, getattr(value, "__name__", ""), None) is value:
        return value.__name__
    return serialize(value)


class BuiltIn(Layer):
    """A layer whose arguments are attributes of the same names, of which its config is made."""

    def get_config(self):
        names = _argument_names(type(self))
        return {**super().get_config(),
                **{name: serialized(self._config_value(name)) for name in names}}

    def _config_value(self, name):
        """The value of an argument."""
        return getattr(self, name)

    def _set_rules(self, what, initializer, regularizer, constraint):
        """How the weight `what` is made and kept, as attributes that begin with its name."""
        setattr(self, f"{what}_initializer", initializers.get(initializer))
        setattr(self, f"{what}_regularizer", regularizers.get(regularizer))
        setattr(self, f"{what}_constraint", constraints.get(constraint))

    def _add_by_rules(self, what, shape, name=None, initializer=None):
        """The weight that `_set_rules` was told of."""
        return self.add_weight(shape, initializer or getattr(self, f"{what}_initializer"),
                               name=name or what,
                               regularizer=getattr(self, f"{what}_regularizer"),
                               constraint=getattr(self, f"{what}_constraint"))


def listed(value, count, name):
    """A size for each dim, of a number or a list of them."""
    if isinstance(value, int):
        return (value,) * count
    value = tuple(value)
    if len(value) != count or not all(isinstance(one, int) for one in value):
        raise ValueError(f"{name} is a number or {count} of them, not {value!r}")
    return value


def checked_positive(layer, name, value):
    """`value` where it is a positive whole number."""
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise ValueError(f"{layer}(): {name} is a positive whole number, not {value!r}")
    return value


class ChannelsMixin:
    """Computes with channels in dim 1 whatever the data format."""

    def _set_format(self, data_format):
        self.data_format = standardize_data_format(data_format)

    @property
    def _channel_axis(self):
        return -1 if self.data_format == "channels_last" else 1

    def _first(self, x):
        """x with its channels in dim 1."""
        return x.movedim(-1, 1) if self.data_format == "channels_last" else x

    def _back(self, x):
        """x with its channels where the data format has them."""
        return x.movedim(1, -1) if self.data_format == "channels_last" else x
