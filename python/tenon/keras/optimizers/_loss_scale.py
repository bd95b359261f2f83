"""Training in float16, whose smallest number is above many a gradient."""

from ... import _core
from ..._modes import no_grad
from .._registry import deserialize, serialize
from ..initializers import Constant
from ._base import Optimizer


class LossScaleOptimizer(Optimizer):
    """Steps of `inner_optimizer` by gradients of a loss that was multiplied by a scale, which they
    are divided by: Micikevicius et al. 2018, section 3.2. A step whose gradients hold infinities or
    NaN is left out and halves the scale; `dynamic_growth_steps` in a row without such double it.

    compile() puts it around the optimizer of models that compute in "mixed_float16".
    """

    def __init__(self, inner_optimizer, initial_scale=2.0**15, dynamic_growth_steps=2000, name=None,
                 **kwargs):
        if not kwargs.pop("dynamic", True):
            raise ValueError("LossScaleOptimizer(): for a scale that stays, give the inner "
                             "optimizer a `loss_scale_factor`, in place of dynamic=False")
        if kwargs:
            raise ValueError(f"LossScaleOptimizer() doesn't know the argument "
                             f"{next(iter(kwargs))!r}; it may be one of the inner optimizer")
        if not isinstance(inner_optimizer, Optimizer):
            raise TypeError("LossScaleOptimizer(): inner_optimizer is an optimizer, not "
                            f"{type(inner_optimizer).__name__}")
        super().__init__(0.0, name=name)
        self.inner_optimizer = inner_optimizer
        self.initial_scale, self.dynamic_growth_steps = initial_scale, dynamic_growth_steps
        self.iterations = inner_optimizer.iterations
        inner_optimizer.loss_scale_factor = None  # gradients would be divided twice

    @property
    def learning_rate(self):
        """The inner optimizer's."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value):
        if "inner_optimizer" in self.__dict__:
            self.inner_optimizer.learning_rate = value
        else:  # the base's own, which is in files and never read
            Optimizer.learning_rate.fset(self, value)

    lr = learning_rate

    @property
    def variables(self):
        """Its state, and that of the inner optimizer."""
        return [*self._variables, *self.inner_optimizer.variables]

    weights = variables

    def build(self, variables):
        variables = list(variables)
        self.step_counter = self.add_variable((), "zeros", "int32", name="step_counter")
        self.dynamic_scale = self.add_variable((), Constant(self.initial_scale), "float32",
                                               name="dynamic_scale")
        if not self.inner_optimizer.built:
            self.inner_optimizer.build(variables)
        super().build(variables)

    def scale_loss(self, loss):
        """The loss times the scale."""
        return loss * (self.dynamic_scale.detach() if self.built else self.initial_scale)

    def apply(self, grads, trainable_variables=None):
        grads = list(grads)
        with no_grad():
            variables = self._known(grads, trainable_variables)
            found = [gradient for gradient in grads if gradient is not None]
            is_finite = not found or bool(_core.stack(
                [_core.isfinite(gradient).all() for gradient in found]).all())
            if not is_finite:
                self.step_counter.zero_()
                self.dynamic_scale.mul_(0.5)
                return
            scale = self.dynamic_scale
            self.inner_optimizer.apply([None if gradient is None else gradient / scale
                                        for gradient in grads], variables)
            if self.step_counter.item() == self.dynamic_growth_steps - 1:
                self.step_counter.zero_()
                self.dynamic_scale.mul_(2.0)
            else:
                self.step_counter.add_(1)

    def finalize_variable_values(self, var_list):
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self):
        """The arguments that make it again."""
        return {"name": self.name, "inner_optimizer": serialize(self.inner_optimizer),
                "initial_scale": self.initial_scale,
                "dynamic_growth_steps": self.dynamic_growth_steps}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The optimizer of a config."""
        inner = deserialize(config["inner_optimizer"], custom_objects)
        return cls(**{**config, "inner_optimizer": inner})
