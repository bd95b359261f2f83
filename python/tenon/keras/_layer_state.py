"""What a layer holds: variables, other layers, losses, metrics."""

import weakref

from .._eager.recording import before_write, counted
from .._modes import no_grad
from ..func import functional_call
from ..nn.modules.module import Module
from ..nn.parameter import Parameter
from . import _tree
from ._arrays import as_dtype, as_tensor
from ._names import auto_name
from ._stateless import checked_values, values_of
from ._tracking import Structure, is_metric, members_of, tracked
from ._variable import Variable

#: Layers that had add_loss() called within a call; their lists are emptied when the next one
#: begins.
layers_with_losses = weakref.WeakSet()


def _unique(values):
    return list({id(value): value for value in values}.values())


class LayerState(Module):
    """The part of a layer that holds its state."""

    # What is assigned.

    def __setattr__(self, name, value):
        if "_modules" not in self.__dict__:
            if isinstance(value, (Module, Parameter)) or is_metric(value):
                raise RuntimeError(f"In layer {type(self).__name__}, call `super().__init__()` "
                                   "before attributes are set")
            object.__setattr__(self, name, value)
            return
        Structure.settings += 1
        if isinstance(value, (list, dict, tuple)) and not hasattr(type(self), name):
            value = tracked(value, self, name)
            self._track_members(name, value)
            object.__setattr__(self, name, value)
            return
        if isinstance(value, Parameter):
            self._rename_variable(name, value)
        if isinstance(value, (Module, Parameter)):
            Structure.changed()
        elif is_metric(value):
            self._metrics[name] = value
            Structure.changed()
        super().__setattr__(name, value)

    def _take_hooks(self):
        super()._take_hooks()
        Structure.changed()

    def __delattr__(self, name):
        Structure.changed()
        self._drop_members(name)
        super().__delattr__(name)

    def _rename_variable(self, name, variable):
        """A variable of add_weight() that becomes an attribute has that name, in the same place."""
        held = self._parameters
        for known, value in held.items():
            if value is variable and known != name:
                renamed = {name if key == known else key: one for key, one in held.items()
                           if key != name}
                held.clear()
                held.update(renamed)
                return

    def _drop_members(self, name):
        prefix = name + "."
        for held in (self._modules, self._parameters, self._metrics):
            for path in [path for path in held if path.startswith(prefix)]:
                del held[path]

    def _track_members(self, name, container):
        """Takes in what lies in a list or dict that is the attribute `name`."""
        self._drop_members(name)
        for path, value in members_of(container, name):
            if isinstance(value, Module):
                self._modules[path] = value
            elif isinstance(value, Parameter):
                if all(value is not known for known in self._parameters.values()):
                    self._parameters[path] = value
            else:
                self._metrics[path] = value
        Structure.changed()

    # Variables.

    def add_weight(self, *args, **kwargs):
        """add_weight(shape=(), initializer=None, dtype=None, trainable=True, autocast=True,
        regularizer=None, constraint=None, aggregation="none", name=None): a new variable of this
        layer. Without an initializer, floats begin as glorot_uniform, others as zeros. tf.keras's
        order, with the name first, is understood, too."""
        if args and isinstance(args[0], str):
            names = ("name", "shape", "dtype", "initializer", "regularizer", "trainable",
                     "constraint")
        else:
            names = ("shape", "initializer", "dtype", "trainable", "autocast", "regularizer",
                     "constraint", "aggregation", "name")
        if len(args) > len(names):
            raise TypeError(f"add_weight() takes at most {len(names)} arguments, not {len(args)}")
        twice = [name for name in names[:len(args)] if name in kwargs]
        if twice:
            raise TypeError(f"add_weight() got multiple values for argument '{twice[0]}'")
        return self._add_weight(**dict(zip(names, args)), **kwargs)

    add_variable = add_weight

    def _add_weight(self, shape=None, initializer=None, dtype=None, trainable=True, autocast=True,
                    regularizer=None, constraint=None, aggregation="none", name=None,
                    synchronization="auto", **_):
        # which import this module's neighbours
        from . import constraints, initializers, regularizers

        if "_modules" not in self.__dict__:
            raise RuntimeError(f"In layer {type(self).__name__}, call `super().__init__()` before "
                               "add_weight()")
        dtype = as_dtype(self.variable_dtype if dtype is None else dtype)
        if initializer is None:
            initializer = "glorot_uniform" if dtype.is_floating_point else "zeros"
        if isinstance(initializer, (bool, int, float)):
            initializer = initializers.Constant(initializer)
        if not isinstance(initializer, type) and hasattr(initializer, "shape"):
            shape = initializer.shape if shape is None else shape
        else:
            initializer = initializers.get(initializer)
        if isinstance(shape, int):
            shape = (shape,)
        shape = () if shape is None else tuple(shape)
        if None in shape:
            raise ValueError(f"add_weight() of layer {self.name!r}: a weight has no size that "
                             f"isn't known: {shape}; give the layer an input of known shape")
        with no_grad():
            variable = Variable(initializer, shape, dtype, trainable is not False, autocast,
                                aggregation, synchronization, name or auto_name("variable"),
                                constraint=constraints.get(constraint),
                                regularizer=regularizers.get(regularizer))
        variable.path = f"{self.name}/{variable.name}"
        if not self.trainable:
            variable.trainable = False
        key, count = variable.name.replace(".", "_") or "variable", 0
        while key in self._parameters or hasattr(type(self), key):
            count += 1
            key = f"{variable.name.replace('.', '_')}_{count}"
        self._parameters[key] = variable
        Structure.changed()
        return variable

    def _own_variables(self):
        """This layer's own: first those that were made to be trained."""
        own = _unique(value for value in self._parameters.values() if value is not None)
        kept = [value for value in own if not getattr(value, "made_trainable", True)]
        return [value for value in own if getattr(value, "made_trainable", True)] + kept

    def _inner_layers(self):
        """The layers and other modules right below this one."""
        return _unique(value for value in self._modules.values() if value is not None)

    def _flatten_layers(self, include_self=True, recursive=True):
        """This layer and all below it."""
        found = {id(self): self} if include_self else {}

        def walk(layer):
            for inner in layer._inner_layers():
                if isinstance(inner, LayerState) and id(inner) not in found:
                    found[id(inner)] = inner
                    if recursive:
                        walk(inner)

        walk(self)
        return list(found.values())

    def _cached(self, what, make):
        """What `make` gives, made again only where a layer has changed."""
        cache = self.__dict__.setdefault("_cache", {})
        held = cache.get(what)
        if held is None or held[0] != Structure.version:
            held = cache[what] = (Structure.version, make())
        return held[1]

    def _collect_weights(self):
        found = self._own_variables()
        for inner in self._inner_layers():
            if isinstance(inner, LayerState):
                found += inner._collect_weights()
            else:
                found += [*inner.parameters(), *inner.buffers()]
        return _unique(found)

    @property
    def weights(self):
        """All variables: this layer's own, then those of the layers below."""
        return list(self._cached("weights", self._collect_weights))

    variables = weights

    @property
    def trainable_weights(self):
        """The variables that training changes."""
        if not self.trainable:
            return []
        return [value for value in self._cached("weights", self._collect_weights)
                if _is_trained(value)]

    trainable_variables = trainable_weights

    @property
    def non_trainable_weights(self):
        """The variables that training doesn't change."""
        return [value for value in self._cached("weights", self._collect_weights)
                if not self.trainable or not _is_trained(value)]

    non_trainable_variables = non_trainable_weights

    @property
    def trainable(self):
        """Whether training changes the variables; holds for all layers below, too."""
        return self.__dict__.get("_trainable", True)

    @trainable.setter
    def trainable(self, value):
        value = bool(value)
        self.__dict__["_trainable"] = value
        for variable in self._own_variables():
            if isinstance(variable, Variable):
                variable.trainable = value and variable.made_trainable
            else:
                variable.requires_grad_(value)
        for inner in self._inner_layers():
            if isinstance(inner, LayerState):
                inner.trainable = value
            else:
                inner.requires_grad_(value)
        Structure.changed()

    def get_weights(self):
        """The values of all variables, as arrays of NumPy's."""
        return [weight.detach().clone().numpy() for weight in self.weights]

    def set_weights(self, weights):
        """Sets all variables, in the order of `weights`."""
        own, weights = self.weights, list(weights)
        if len(own) != len(weights):
            raise ValueError(f'You called `set_weights(weights)` on layer "{self.name}" with a '
                             f"weight list of length {len(weights)}, but the layer was expecting "
                             f"{len(own)} weights")
        values = [as_tensor(value, variable.dtype) for variable, value in zip(own, weights)]
        for variable, value in zip(own, values):
            if tuple(variable.shape) != tuple(value.shape):
                raise ValueError(f"Layer {self.name} weight shape {tuple(variable.shape)} is not "
                                 f"compatible with provided weight shape {tuple(value.shape)}")
        before_write(own)
        with no_grad():
            for variable, value in zip(own, values):
                variable.copy_(value)

    def count_params(self):
        """How many numbers the variables hold."""
        if not self.built:
            raise ValueError(f"You tried to call `count_params` on layer '{self.name}', but the "
                             "layer isn't built; call it, or build(input_shape), first")
        return sum(weight.numel() for weight in self.weights)

    def stateless_call(self, trainable_variables, non_trainable_variables, *args,
                       return_losses=False, **kwargs):
        """The layer's call with other values of its variables, in the order of
        `trainable_variables` and `non_trainable_variables`, which stay as they are: (outputs, the
        latter's new values), and with `return_losses` the call's losses, too."""
        if not self.built:
            raise ValueError(f"stateless_call() of layer {self.name!r}: it has no variables yet; "
                             "build it by build(input_shape) or a call")
        call = f"stateless_call() of layer {self.name!r}"
        trained, others = self.trainable_variables, self.non_trainable_variables
        given = checked_values(call, "trainable_variables", trained, trainable_variables)
        kept = [Variable(value, trainable=False) for value in checked_values(
            call, "non_trainable_variables", others, non_trainable_variables)]
        values = {id(one): value for one, value in zip((*trained, *others), (*given, *kept))}
        named = {name: values[id(one)] for name, one in self.named_parameters(
            remove_duplicate=False) if id(one) in values}
        with counted():  # gradients flow to the values, whatever the arguments are
            outputs = functional_call(self, named, args, kwargs)
        made = outputs, values_of(kept)
        if not return_losses:
            return made
        losses = [loss for layer in self._flatten_layers() for loss in layer._call_losses]
        losses += [one.regularizer(values[id(one)]) for one in self._regularized()]
        return (*made, losses)

    # Losses and metrics.

    def add_loss(self, loss):
        """Adds a loss to the one that is trained: a tensor within `call`, of the call's inputs, or
        a function without arguments."""
        for one in _tree.flatten(loss):
            if callable(one):
                self.__dict__["_loss_functions"].append(one)
            else:
                self.__dict__["_call_losses"].append(as_tensor(one))
                layers_with_losses.add(self)

    def _clear_losses(self):
        """Forgets the losses of the call before, of this layer and those below."""
        if layers_with_losses:
            for layer in self._cached("layers", self._flatten_layers):
                if layer in layers_with_losses:
                    layer._call_losses.clear()
                    layers_with_losses.discard(layer)

    @property
    def losses(self):
        """The losses of the last call by add_loss() and of regularizers, one scalar each."""
        found = []
        for layer in self._cached("layers", self._flatten_layers):
            found += layer._call_losses
            found += [function() for function in layer._loss_functions]
        for variable in self._cached("regularized", self._regularized):
            found.append(variable.regularizer(variable))
        return found

    def _regularized(self):
        return [variable for variable in self.trainable_weights
                if getattr(variable, "regularizer", None) is not None]

    @property
    def metrics(self):
        """The metrics of this layer and those below."""
        return list(self._cached("metrics", lambda: _unique(
            metric for layer in self._flatten_layers() for metric in layer._metrics.values())))

    @property
    def metrics_variables(self):
        """The variables of the metrics."""
        return [variable for metric in self.metrics for variable in metric.variables]


def _is_trained(value):
    return value.trainable if isinstance(value, Variable) else value.requires_grad
