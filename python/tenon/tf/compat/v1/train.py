"""tf.compat.v1.train: optimizers, rates that fall, and what else of `tf.train`."""

from .... import _core
from ....keras import optimizers as _keras
from ..._variable import Variable
from ....keras.optimizers import schedules as _schedules
from ... import GradientTape
from ... import constant as _constant
from ...data import TFRecordDataset  # noqa: F401
from ...train import *  # noqa: F401, F403
from ...train import Checkpoint


class Optimizer:
    """One of TensorFlow 1, over the formulas of Keras's: `minimize(loss, var_list=...)` of a
    function that computes the loss, or `apply_gradients`."""

    def __init__(self, optimizer, name):
        self._optimizer, self._name = optimizer, name

    def get_name(self):
        """Its name."""
        return self._name

    def compute_gradients(self, loss, var_list=None, grad_loss=None, **_):
        """Pairs of gradients and variables."""
        if not callable(loss):
            raise RuntimeError("`loss` passed to Optimizer.compute_gradients should be a function "
                               "when eager execution is enabled.")
        if var_list is None:
            raise ValueError("compute_gradients(): var_list says which variables; without a graph "
                             "they aren't known")
        with GradientTape() as tape:
            value = loss()
        variables = list(var_list)
        return list(zip(tape.gradient(value, variables, grad_loss), variables))

    def apply_gradients(self, grads_and_vars, global_step=None, name=None):
        """Changes the variables, and counts the step where a variable for it is given."""
        pairs = [(grad, variable) for grad, variable in grads_and_vars if grad is not None]
        if not pairs:
            raise ValueError("No gradients provided for any variable: "
                             f"{[variable.name for _, variable in grads_and_vars]}.")
        self._optimizer.apply_gradients(pairs)
        self._begun()
        if global_step is not None:
            global_step.assign_add(1)

    def _begun(self):
        """After the first step's build."""

    def minimize(self, loss, global_step=None, var_list=None, grad_loss=None, name=None, **_):
        """`compute_gradients` and `apply_gradients`."""
        self.apply_gradients(self.compute_gradients(loss, var_list, grad_loss), global_step)

    def variables(self):
        """What it keeps."""
        return self._optimizer.variables


def _rate(learning_rate):
    """A number, or what a function gives."""
    return learning_rate() if callable(learning_rate) and not isinstance(
        learning_rate, _core.Tensor) else learning_rate


class GradientDescentOptimizer(Optimizer):
    """w -= rate g."""

    def __init__(self, learning_rate, use_locking=False, name="GradientDescent"):
        super().__init__(_keras.SGD(_rate(learning_rate)), name)


class MomentumOptimizer(Optimizer):
    """m = momentum m + g; w -= rate m."""

    def __init__(self, learning_rate, momentum, use_locking=False, name="Momentum",
                 use_nesterov=False):
        super().__init__(_keras.SGD(_rate(learning_rate), momentum, use_nesterov), name)


class AdamOptimizer(Optimizer):
    """Kingma and Ba (2015)."""

    def __init__(self, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8,
                 use_locking=False, name="Adam"):
        super().__init__(_keras.Adam(_rate(learning_rate), beta1, beta2, epsilon), name)


class AdagradOptimizer(Optimizer):
    """Duchi et al. (2011)."""

    def __init__(self, learning_rate, initial_accumulator_value=0.1, use_locking=False,
                 name="Adagrad"):
        super().__init__(_keras.Adagrad(_rate(learning_rate), initial_accumulator_value, 0.0), name)


class AdadeltaOptimizer(Optimizer):
    """Zeiler (2012)."""

    def __init__(self, learning_rate=0.001, rho=0.95, epsilon=1e-8, use_locking=False,
                 name="Adadelta"):
        super().__init__(_keras.Adadelta(_rate(learning_rate), rho, epsilon), name)


class FtrlOptimizer(Optimizer):
    """McMahan et al. (2013)."""

    def __init__(self, learning_rate, learning_rate_power=-0.5, initial_accumulator_value=0.1,
                 l1_regularization_strength=0.0, l2_regularization_strength=0.0,
                 use_locking=False, name="Ftrl", l2_shrinkage_regularization_strength=0.0,
                 beta=None):
        super().__init__(_keras.Ftrl(
            _rate(learning_rate), learning_rate_power, initial_accumulator_value,
            l1_regularization_strength, l2_regularization_strength,
            l2_shrinkage_regularization_strength, beta or 0.0), name)


class _RMSprop(_keras.RMSprop):
    """Whose mean of squares starts at 1."""

    def build(self, variables):
        super().build(variables)
        for one in self._velocities:
            one.assign(_core.ones_like(one))


class RMSPropOptimizer(Optimizer):
    """Tieleman and Hinton (2012)."""

    def __init__(self, learning_rate, decay=0.9, momentum=0.0, epsilon=1e-10, use_locking=False,
                 centered=False, name="RMSProp"):
        super().__init__(_RMSprop(_rate(learning_rate), decay, momentum, epsilon, centered), name)


# The number of the step.

_steps = []


def get_global_step(graph=None):
    """The variable that counts steps; None before it is made."""
    return _steps[0] if _steps else None


def create_global_step(graph=None):
    """Makes the variable that counts steps."""
    if _steps:
        raise ValueError('"global_step" already exists.')
    return get_or_create_global_step()


def get_or_create_global_step(graph=None):
    """The variable that counts steps, made where there is none."""
    if not _steps:
        _steps.append(Variable(0, dtype=_core.int64, trainable=False, name="global_step"))
    return _steps[0]


def global_step(sess, global_step_tensor):
    """The number of the step."""
    return int(global_step_tensor)


# Rates that fall.


def _falling(name, schedule, names, defaults, text):
    def function(learning_rate, global_step, *arguments, **keywords):
        given = dict(zip(names, arguments)) | {key: value for key, value in keywords.items()
                                               if key != "name"}
        unknown = set(given) - set(names)
        if unknown or len(arguments) > len(names):
            raise TypeError(f"{name}() takes learning_rate, global_step, {', '.join(names)}")
        made = schedule(learning_rate, **(defaults | given))
        return lambda: _constant(made(_rate(global_step)), _core.float32)

    function.__name__, function.__doc__ = name, f"A function that gives {text}"
    return function


exponential_decay = _falling("exponential_decay", _schedules.ExponentialDecay,
                             ("decay_steps", "decay_rate", "staircase"), {},
                             "rate decay_rate^(step / decay_steps).")
inverse_time_decay = _falling("inverse_time_decay", _schedules.InverseTimeDecay,
                              ("decay_steps", "decay_rate", "staircase"), {},
                              "rate / (1 + decay_rate step / decay_steps).")
polynomial_decay = _falling("polynomial_decay", _schedules.PolynomialDecay,
                            ("decay_steps", "end_learning_rate", "power", "cycle"), {},
                            "a polynomial from the rate down to `end_learning_rate`.")
cosine_decay = _falling("cosine_decay", _schedules.CosineDecay, ("decay_steps", "alpha"), {},
                        "half a cosine from the rate down to `alpha` times it.")


def piecewise_constant(x, boundaries, values, name=None):
    """A function that gives the value between the boundaries around x."""
    made = _schedules.PiecewiseConstantDecay(boundaries, values)
    return lambda: _constant(made(_rate(x)), _core.float32)


piecewise_constant_decay = piecewise_constant


class Saver:
    """Variables saved to files: `save(None, path)`, `restore(None, path)`."""

    def __init__(self, var_list=None, max_to_keep=5, **_):
        if var_list is None:
            raise RuntimeError("When eager execution is enabled, `var_list` must specify a list or "
                               "dict of variables to save")
        named = var_list if isinstance(var_list, dict) else {
            f"{i}_{variable.name}": variable for i, variable in enumerate(var_list)}
        self._checkpoint = Checkpoint(variables=named)

    def save(self, sess, save_path, global_step=None, **_):
        """Writes them; gives the path that `restore` takes."""
        path = save_path if global_step is None else f"{save_path}-{int(global_step)}"
        return self._checkpoint.write(path)

    def restore(self, sess, save_path):
        """Sets them."""
        self._checkpoint.read(save_path).assert_existing_objects_matched()


def checkpoint_exists(checkpoint_prefix):
    """Whether a checkpoint of this name is there."""
    import os

    return os.path.exists(f"{os.fspath(checkpoint_prefix)}.safetensors")
