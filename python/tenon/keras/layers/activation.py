"""Activations as layers."""

from ... import _core
from .. import activations
from .._input_spec import InputSpec
from ._base import BuiltIn


class _Elementwise(BuiltIn):
    """An activation that keeps shapes and masks."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def compute_output_shape(self, input_shape):
        return input_shape


class ReLU(_Elementwise):
    """x where it is above `threshold`, else negative_slope * (x - threshold), at most
    `max_value`."""

    def __init__(self, max_value=None, negative_slope=0.0, threshold=0.0, **kwargs):
        super().__init__(**kwargs)
        if max_value is not None and max_value < 0:
            raise ValueError(f"ReLU(): max_value isn't negative, but {max_value}")
        if negative_slope is None or negative_slope < 0 or threshold is None or threshold < 0:
            raise ValueError("ReLU(): negative_slope and threshold aren't negative, but "
                             f"{negative_slope} and {threshold}")
        self.max_value, self.negative_slope, self.threshold = max_value, negative_slope, threshold

    def call(self, inputs):
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


class LeakyReLU(_Elementwise):
    """x where it is positive, else negative_slope * x."""

    def __init__(self, negative_slope=0.3, **kwargs):
        if "alpha" in kwargs:  # its name in tf.keras 2
            negative_slope = kwargs.pop("alpha")
        super().__init__(**kwargs)
        if negative_slope is None or negative_slope < 0:
            raise ValueError(f"LeakyReLU(): negative_slope isn't negative, but {negative_slope}")
        self.negative_slope = negative_slope

    def call(self, inputs):
        return _core.leaky_relu(inputs, self.negative_slope)


class PReLU(_Elementwise):
    """x where it is positive, else alpha * x, where alpha is trained: one for each element, the
    same along `shared_axes`."""

    def __init__(self, alpha_initializer="zeros", alpha_regularizer=None, alpha_constraint=None,
                 shared_axes=None, **kwargs):
        super().__init__(**kwargs)
        self._set_rules("alpha", alpha_initializer, alpha_regularizer, alpha_constraint)
        self.shared_axes = list(shared_axes) if isinstance(shared_axes, (list, tuple)) else (
            None if shared_axes is None else [shared_axes])

    def build(self, input_shape):
        shape = list(input_shape[1:])
        for axis in self.shared_axes or ():
            shape[axis - 1] = 1
        self.alpha = self._add_by_rules("alpha", shape)
        axes = {i: size for i, size in enumerate(input_shape) if i and size != 1
                and i not in (self.shared_axes or ())}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=axes)

    def call(self, inputs):
        return _core.relu(inputs) - self.alpha * _core.relu(-inputs)


class ELU(_Elementwise):
    """x where it is positive, else alpha * (exp(x) - 1)."""

    def __init__(self, alpha=1.0, **kwargs):
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, inputs):
        return _core.elu(inputs, self.alpha)


class ThresholdedReLU(_Elementwise):
    """x where it is above theta, else 0."""

    def __init__(self, theta=1.0, **kwargs):
        super().__init__(**kwargs)
        self.theta = theta

    def call(self, inputs):
        return _core.threshold(inputs, self.theta, 0.0)


class Softmax(_Elementwise):
    """exp(x) / sum(exp(x)) along `axis`, or along several; what is masked takes no part."""

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs, mask=None):
        if mask is not None:
            lowest = -3e4 if inputs.dtype == _core.float16 else -3e38
            inputs = _core.where(mask.to(_core.bool), inputs, lowest)
        return activations.softmax(inputs, self.axis)
