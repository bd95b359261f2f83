"""Optimizer: what changes variables by their gradients, step by step."""

import contextlib
import inspect
import re
import warnings

from ... import _core
from ..._eager.recording import before_write
from ..._modes import enable_grad, no_grad
from .. import initializers
from .._names import name_of
from .._registry import Registry, deserialize, serialize
from .._stateless import checked_values, holding, values_of
from .._tracking import Structure
from .._variable import Variable
from ._number import NumberVariable
from .schedules import LearningRateSchedule

registry = Registry("optimizer", "keras.optimizers")


class Optimizer:
    """The base of optimizers. Subclasses make their variables in `build`, and change one variable
    in `update_step`:

        class Momentum(keras.optimizers.Optimizer):
            def build(self, variables):
                super().build(variables)
                self.speeds = self.add_optimizer_variables(variables, "speed")

            def update_step(self, gradient, variable, learning_rate):
                speed = self.speeds[self._get_variable_index(variable)]
                speed.assign(0.9 * speed - learning_rate * gradient)
                variable.assign_add(speed)

    clipnorm, clipvalue, global_clipnorm: gradients are limited, each in its norm, each element, or
    all in their common norm. weight_decay: variables shrink by this share of the rate before steps.
    use_ema: keeps means of the variables, which go on by ema_momentum, and take their place after
    every ema_overwrite_frequency steps. gradient_accumulation_steps: so many gradients make one
    step.
    """

    def __init__(self, learning_rate=0.001, weight_decay=None, clipnorm=None, clipvalue=None,
                 global_clipnorm=None, use_ema=False, ema_momentum=0.99,
                 ema_overwrite_frequency=None, loss_scale_factor=None,
                 gradient_accumulation_steps=None, name=None, **kwargs):
        if "lr" in kwargs:
            learning_rate = kwargs.pop("lr")
        if kwargs.pop("decay", None):
            warnings.warn("decay isn't an argument of optimizers any more, and is ignored; use a "
                          "schedule such as InverseTimeDecay", stacklevel=3)
        for old in "jit_compile", "is_legacy_optimizer":
            kwargs.pop(old, None)
        if kwargs:
            raise ValueError(f"{type(self).__name__}() doesn't know the argument "
                             f"{next(iter(kwargs))!r}")
        if sum(limit is not None for limit in (clipnorm, clipvalue, global_clipnorm)) > 1:
            raise ValueError("only one of clipnorm, clipvalue and global_clipnorm can be set")
        if gradient_accumulation_steps is not None and gradient_accumulation_steps < 2:
            raise ValueError("gradient_accumulation_steps is at least 2, not "
                             f"{gradient_accumulation_steps}")
        if use_ema and not 0 <= ema_momentum <= 1:
            raise ValueError(f"ema_momentum is in [0, 1], not {ema_momentum}")
        self.name = name or name_of(type(self))
        self.weight_decay = weight_decay
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.use_ema, self.ema_momentum = use_ema, ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency if use_ema else None
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self.built = self._are_swapped = False
        self._trainable_variables = []
        self._places = {}
        self._undecayed, self._undecayed_names = set(), []
        self.iterations = NumberVariable(0, dtype="int64", trainable=False, name="iteration")
        self._variables = [self.iterations]
        self._learning_rate = None
        self.learning_rate = learning_rate
        self._is_fed = False

    def __setattr__(self, name, value):
        if not name.startswith("_") and name not in ("learning_rate", "lr"):
            Structure.settings += 1
        super().__setattr__(name, value)

    def __getstate__(self):
        return {name: value for name, value in self.__dict__.items()
                if name not in ("_places", "_updater", "_tensors")}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self._places = {id(variable): i for i, variable in enumerate(self._trainable_variables)}

    # Its numbers.

    @property
    def learning_rate(self):
        """The learning rate of the next step: a variable, or what the schedule gives."""
        return self._learning_rate if isinstance(self._learning_rate, Variable) else self._rate()

    @learning_rate.setter
    def learning_rate(self, value):
        held = self._learning_rate
        if isinstance(value, dict):
            value = deserialize(value)
        if isinstance(value, LearningRateSchedule) or (callable(value)
                                                       and not hasattr(value, "shape")):
            self._variables = [v for v in self._variables if v is not held]
            self._learning_rate = value
        elif isinstance(held, LearningRateSchedule):
            raise TypeError("this optimizer was made with a schedule as its learning rate, which "
                            "can't be set; make it with a number")
        elif held is None:
            self._learning_rate = NumberVariable(float(value), dtype="float32", trainable=False,
                                                 name="learning_rate")
            self._variables.insert(1, self._learning_rate)
        else:
            held.assign(float(value))

    lr = learning_rate  # its name in tf.keras

    def _rate(self):
        """The learning rate of this step: a Python number where it is known as one."""
        held = self._learning_rate
        if isinstance(held, NumberVariable):
            return held.number()
        if not isinstance(held, LearningRateSchedule):
            return held()
        return held(self.iterations.number() if held._takes_numbers else self.iterations)

    # A step that is run again without its code reads its numbers from tensors.

    _rates_change_alone = False  # whether beside its rates a step's numbers are always the same

    def _rates(self):
        """The numbers of this step: the learning rate, and what subclasses make of it."""
        return (self._rate(),)

    def _share(self):
        """How much of a variable its mean takes in, in this step: at first it is the variable."""
        return 1.0 if self.iterations.number() == 0 else 1 - self.ema_momentum

    def _can_be_fed(self):
        """Whether `_rates` are all that changes from step to step, and the host knows them."""
        return (self._rates_change_alone and self.built and not self.ema_overwrite_frequency
                and not self.gradient_accumulation_steps and isinstance(self._rate(), float))

    def _feed(self):
        """Puts the numbers of the next step where one that is run again finds them."""
        rates = (*self._rates(), self._share())
        tensors = self.__dict__.get("_tensors")
        if tensors is None:
            tensors = self._tensors = [_core.tensor_of_data(rate, _core.float64) for rate in rates]
            return
        for tensor, rate in zip(tensors, rates):
            tensor.fill_(rate)

    @contextlib.contextmanager
    def _fed(self):
        """Within `with`, steps read the tensors of `_feed`."""
        self._is_fed = True
        try:
            yield
        finally:
            self._is_fed = False

    def _numbers_of_step(self):
        return self._tensors[:-1] if self._is_fed else self._rates()

    @property
    def variables(self):
        """Its state: the count of steps, the learning rate, and what it keeps of each variable."""
        return list(self._variables)

    weights = variables

    # Its variables.

    def build(self, variables):
        """Makes the state for these variables."""
        variables = list(variables)
        self._trainable_variables = variables
        self._places = {id(variable): i for i, variable in enumerate(variables)}
        if self.use_ema:
            self._averages = self.add_optimizer_variables(variables, "average")
        if self.gradient_accumulation_steps:
            self._accumulated = self.add_optimizer_variables(variables, "gradient_accumulator")
        self.built = True

    def add_variable(self, shape, initializer="zeros", dtype=None, aggregation="none", name=None):
        """A new variable of the state."""
        made = Variable(initializers.get(initializer), tuple(shape), dtype, False, name=name)
        self._variables.append(made)
        return made

    def add_variable_from_reference(self, reference_variable, name=None, initializer="zeros"):
        """A new variable of the state, of the form of another variable."""
        path = getattr(reference_variable, "path", "variable").replace("/", "_")
        return self.add_variable(reference_variable.shape, initializer, reference_variable.dtype,
                                 name=f"{path}_{name or 'var'}")

    def add_optimizer_variables(self, trainable_variables, name, initializer="zeros"):
        """A list of new variables of the forms of others; of several names, a tuple of lists. They
        stand in the state variable by variable, as in Keras's files."""
        names = [name] if isinstance(name, str) else name
        starts = (initializer if isinstance(initializer, (list, tuple))
                  else [initializer] * len(names))
        rows = [[self.add_variable_from_reference(variable, one, start)
                 for one, start in zip(names, starts)] for variable in trainable_variables]
        columns = tuple(map(list, zip(*rows))) if rows else tuple([] for _ in names)
        return columns[0] if isinstance(name, str) else columns

    def _get_variable_index(self, variable):
        return self._places[id(variable)]

    def assign(self, variable, value):
        """Sets a variable."""
        variable.assign(value)

    def assign_add(self, variable, value):
        """Adds to a variable."""
        variable.assign_add(value)

    def assign_sub(self, variable, value):
        """Subtracts from a variable."""
        variable.assign_sub(value)

    # Steps.

    def update_step(self, gradient, variable, learning_rate):
        """Changes one variable."""
        raise NotImplementedError(f"{type(self).__name__} has no update_step(gradient, variable, "
                                  "learning_rate), which optimizers must have")

    def apply_gradients(self, grads_and_vars, name=None, skip_gradients_aggregation=False,
                        **kwargs):
        """One step by pairs of gradient and variable."""
        pairs = list(grads_and_vars)
        self.apply([gradient for gradient, _ in pairs], [variable for _, variable in pairs])
        return self.iterations

    def apply(self, grads, trainable_variables=None):
        """One step by gradients of variables; of those it was built with, where none are given."""
        grads = list(grads)
        with no_grad():
            variables = self._known(grads, trainable_variables)
            grads, variables = self._with_gradients(grads, variables)
            if self.loss_scale_factor is not None:
                grads = [gradient / self.loss_scale_factor for gradient in grads]
            if self.gradient_accumulation_steps:
                grads = self._accumulate(grads, variables)
            if grads is not None:
                self._step(grads, variables)
            if self.use_ema:
                self._average()
            for variable in variables:
                constraint = getattr(variable, "constraint", None)
                if constraint is not None:
                    variable.copy_(constraint(variable))
            self.iterations.advance()

    def _known(self, grads, variables):
        if variables is None:
            if not self.built:
                raise ValueError("apply(grads) without variables needs build(variables) before")
            variables = self._trainable_variables
        variables = list(variables)
        if len(grads) != len(variables):
            raise ValueError(f"there are {len(grads)} gradients for {len(variables)} variables")
        if not self.built:
            self.build(variables)
            if "_restores_later" in self.__dict__:  # a checkpoint waits for the variables
                self.__dict__.pop("_restores_later")()
        for variable in variables:
            if id(variable) not in self._places:
                raise ValueError(f"optimizer {self.name!r} doesn't know the variable "
                                 f"{getattr(variable, 'path', variable)!r}: it steps those that it "
                                 "was built with; make another optimizer for others")
        return variables

    def _with_gradients(self, grads, variables):
        """The gradients that there are, and their variables."""
        pairs = [(g, v) for g, v in zip(grads, variables) if g is not None]
        if not pairs:
            raise ValueError("No gradients provided for any variable.")
        if len(pairs) < len(grads):
            missing = [getattr(v, "path", "variable") for g, v in zip(grads, variables)
                       if g is None]
            warnings.warn(f"Gradients do not exist for variables {missing} when minimizing the "
                          "loss.",
                          stacklevel=4)
        for gradient, variable in pairs:
            if gradient.shape != variable.shape:
                raise ValueError(f"the gradient of {getattr(variable, 'path', 'a variable')} has "
                                 f"shape {tuple(gradient.shape)}, the variable "
                                 f"{tuple(variable.shape)}")
        return [gradient for gradient, _ in pairs], [variable for _, variable in pairs]

    def _step(self, grads, variables):
        before_write(variables)
        grads = self._clipped(grads)
        rate = self._numbers_of_step()[0]
        if self.weight_decay is not None:
            for variable in variables:
                decay = self._decay_of(variable)
                if decay is not None and self._use_weight_decay(variable):
                    variable.sub_(variable * (decay * rate))
        self._update(grads, variables, rate)

    def _decay_of(self, variable):
        """By what share of the rate a variable shrinks before a step."""
        return self.weight_decay

    def _update(self, grads, variables, rate):
        for gradient, variable in zip(grads, variables):
            self.update_step(gradient, variable, rate)

    def _accumulate(self, grads, variables):
        """The mean of the gradients since the last step; None where the next step is still to
        come."""
        held = [self._accumulated[self._get_variable_index(variable)] for variable in variables]
        for sum_, gradient in zip(held, grads):
            sum_.add_(gradient)
        count = self.gradient_accumulation_steps
        if (self.iterations.number() + 1) % count:
            return None
        means = [sum_ / count for sum_ in held]
        for sum_ in self._accumulated:
            sum_.zero_()
        return means

    def _clipped(self, grads):
        if self.clipnorm:
            return [_limited(g, g.square().sum().sqrt(), self.clipnorm) for g in grads]
        if self.global_clipnorm:
            norm = sum(g.square().sum() for g in grads).sqrt()
            return [_limited(g, norm, self.global_clipnorm) for g in grads]
        if self.clipvalue:
            return [g.clamp(-self.clipvalue, self.clipvalue) for g in grads]
        return grads

    def exclude_from_weight_decay(self, var_list=None, var_names=None):
        """These variables, and those in whose names one of these expressions is found, don't
        decay."""
        self._undecayed.update(id(variable) for variable in var_list or ())
        self._undecayed_names += list(var_names or ())
        Structure.settings += 1

    def _use_weight_decay(self, variable):
        name = getattr(variable, "name", "")
        return id(variable) not in self._undecayed and not any(
            re.search(part, name) for part in self._undecayed_names)

    def _average(self):
        count = self.iterations.number() + 1
        share = self._tensors[-1] if self._is_fed else self._share()
        for mean, variable in zip(self._averages, self._trainable_variables):
            mean.lerp_(variable, share)
        if self.ema_overwrite_frequency and count % self.ema_overwrite_frequency == 0:
            self._take_averages()

    def _take_averages(self):
        for mean, variable in zip(self._averages, self._trainable_variables):
            variable.copy_(mean)

    def swap_averages(self):
        """The variables take their means, and those the values of the variables."""
        with no_grad():
            for mean, variable in zip(self._averages, self._trainable_variables):
                held = variable.detach().clone()
                variable.copy_(mean)
                mean.copy_(held)
        self._are_swapped = not self._are_swapped

    def finalize_variable_values(self, var_list):
        """Gives the variables their means, where `use_ema` keeps some."""
        if self.use_ema:
            if self._are_swapped:
                self.swap_averages()
            with no_grad():
                self._take_averages()

    def stateless_apply(self, optimizer_variables, grads, trainable_variables):
        """One step from these values of the optimizer's variables and of those that it was built
        with, which stay as they are: (the latter's new values, the former's)."""
        if not self.built:
            raise ValueError("stateless_apply() needs build(variables) before")
        own, trained = self.variables, self._trainable_variables
        values = checked_values("stateless_apply()", "optimizer_variables", own,
                                optimizer_variables)
        values += checked_values("stateless_apply()", "trainable_variables", trained,
                                 trainable_variables)
        with holding([*own, *trained], values):
            self.apply(grads, trained)
            return values_of(trained), values_of(own)

    def minimize(self, loss, var_list, tape=None):
        """One step down the gradient of `loss`: a function without arguments, or a tensor that was
        recorded, by `tape` or as any other."""
        from ...autograd import grad

        variables = list(var_list() if callable(var_list) else var_list)
        if tape is not None:
            grads = tape.gradient(loss, variables)
            grads = [None if one is None else self.scale_loss(one) for one in grads]
            return self.apply_gradients(zip(grads, variables))
        with enable_grad():
            loss = self.scale_loss(loss() if callable(loss) else loss)
        return self.apply_gradients(zip(grad(loss, variables, allow_unused=True), variables))

    def scale_loss(self, loss):
        """The loss times `loss_scale_factor`, by which gradients are divided again."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    # Files.

    def get_config(self):
        """The arguments that make it again."""
        rate = self._learning_rate
        rate = float(rate.numpy()) if isinstance(rate, Variable) else serialize(rate)
        config = {"name": self.name, "learning_rate": rate}
        names = [name for kind in (Optimizer, _built_in(type(self)))
                 for name in list(inspect.signature(kind.__init__).parameters)[1:]]
        for name in names:
            if name not in ("learning_rate", "name", "kwargs"):
                config[name] = getattr(self, name)
        return config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The optimizer of a config."""
        return cls(**config)

    def get_weights(self):
        """The values of the state, as arrays of NumPy's."""
        return [variable.numpy() for variable in self.variables]

    def set_weights(self, weights):
        """Sets the state."""
        if not self.built:
            raise ValueError("set_weights() of an optimizer that has no state yet; "
                             "build(variables) makes it")
        for variable, value in zip(self.variables, weights):
            variable.assign(value)

    def save_own_variables(self, store):
        """Writes the state into a dict."""
        for i, variable in enumerate(self.variables):
            store[str(i)] = variable

    def load_own_variables(self, store):
        """Reads the state from a dict."""
        if len(store) != len(self.variables):
            warnings.warn(f"the state of optimizer {self.name!r} isn't loaded: it has "
                          f"{len(self.variables)} variables, the file has {len(store)}",
                          stacklevel=2)
            return
        for i, variable in enumerate(self.variables):
            variable.assign(store[str(i)])


def _built_in(kind):
    """The class of this library that a class is or is derived from, whose arguments have names."""
    return next(one for one in kind.__mro__ if one.__module__.startswith("tenon.keras")
                and "learning_rate" in inspect.signature(one.__init__).parameters)


def _limited(gradient, norm, limit):
    """The gradient, shorter where the norm is above the limit."""
    return gradient * (limit / norm.clamp_min(limit))
