"""The steps that lead from symbolic inputs to symbolic outputs, and runs of them."""

from .. import _tree
from .._input import InputLayer
from .._symbolic import KerasTensor


def _placed_inputs(inputs):
    """For each input tensor the input layer that stands for it: its own, or, where it is the result
    of a call, a new one."""
    layers = []
    for tensor in _tree.flatten(inputs):
        if not isinstance(tensor, KerasTensor):
            raise ValueError("All `inputs` values must be KerasTensors, which Input() and calls "
                             f"with them give. Received: {type(tensor).__name__}")
        node = tensor._keras_history and tensor._keras_history[0]
        if node and isinstance(node.operation, InputLayer):
            layers.append(node.operation)
        else:
            layers.append(InputLayer(batch_shape=tensor.shape, dtype=tensor.dtype))
    return layers


def _ordered(inputs, outputs):
    """The nodes from the inputs to the outputs, each behind those that it takes from."""
    given = {id(tensor) for tensor in inputs}
    order, done, begun = [], set(), set()
    stack = [(tensor, False) for tensor in reversed(outputs)]
    while stack:
        tensor, is_complete = stack.pop()
        if id(tensor) in given:
            continue
        if not isinstance(tensor, KerasTensor) or tensor._keras_history is None:
            raise ValueError(f"All `outputs` values must be KerasTensors. Received: {tensor!r}")
        node = tensor._keras_history[0]
        if id(node) in done:
            continue
        if node.is_input:
            raise ValueError(f"`inputs` not connected to `outputs`: the output depends on "
                             f"{tensor.name!r} of shape {tensor.shape}, which isn't among the "
                             f"inputs {[one.name for one in inputs]}")
        if is_complete:
            done.add(id(node))
            order.append(node)
        elif id(node) not in begun:
            begun.add(id(node))
            stack.append((tensor, True))
            stack += [(one, False) for one in reversed(node.input_tensors)]
    return order


class Graph:
    """What a functional model computes: `inputs` and `outputs` are structures of symbolic
    tensors."""

    def __init__(self, inputs, outputs):
        self.inputs_struct, self.outputs_struct = inputs, outputs
        self.inputs, self.outputs = _tree.flatten(inputs), _tree.flatten(outputs)
        self.input_layers = _placed_inputs(inputs)
        self.nodes = _ordered(self.inputs, self.outputs)
        self.operations = self._by_depth()
        self._check_names()
        self._plan()

    def _by_depth(self):
        """Layers and functions, those that are farthest from the outputs first."""
        depths = {}
        makers = {id(tensor): layer for tensor, layer in zip(self.inputs, self.input_layers)}
        for node in reversed(self.nodes):
            operation = node.operation
            depth = depths[operation] = max(depths.get(operation, 0), depths.get(node, 0))
            for tensor in node.input_tensors:
                maker = makers.get(id(tensor)) or tensor._keras_history[0]
                depths[maker] = max(depth + 1, depths.get(maker, 0))
        places = self._places(makers)
        return sorted(places, key=lambda layer: (-depths.get(layer, 0), places[layer]))

    def _places(self, input_makers):
        """In which order layers and functions are first met on the way from the outputs to the
        inputs, as Keras lists them."""
        places, seen = {}, set()
        stack = list(reversed(self.outputs))
        while stack:
            tensor = stack.pop()
            layer = input_makers.get(id(tensor))
            if layer is not None:
                places.setdefault(layer, len(places))
                continue
            node = tensor._keras_history[0]
            if id(node) not in seen:
                seen.add(id(node))
                places.setdefault(node.operation, len(places))
                stack += reversed(node.input_tensors)
        for layer in self.input_layers:
            places.setdefault(layer, -1)
        return places

    def _check_names(self):
        names = [operation.name for operation in self.operations]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f'The name "{twice[0]}" is used {names.count(twice[0])} times in the '
                             "model. All operation names should be unique.")

    def _plan(self):
        """The nodes as steps over a list of values, in which each tensor has its place."""
        places = {}

        def place(tensor):
            return places.setdefault(id(tensor), len(places))

        self._input_places = [place(tensor) for tensor in self.inputs]
        self._steps = []
        for node in self.nodes:
            if len(node.args) == 1 and not node.kwargs and isinstance(node.args[0], KerasTensor):
                args, take = place(node.args[0]), None
            else:
                args = _tree.map_structure(
                    lambda x: _Place(place(x)) if isinstance(x, KerasTensor) else x,
                    (node.args, node.kwargs))
                take = _filled
            is_single = isinstance(node.outputs, KerasTensor)
            to = place(node.outputs) if is_single else [
                place(tensor) if isinstance(tensor, KerasTensor) else None
                for tensor in _tree.flatten(node.outputs)]
            self._steps.append((node.operation, take, args, is_single, to))
        self._output_places = [place(tensor) for tensor in self.outputs]
        self._size = len(places)

    def run(self, inputs):
        """The outputs, in their structure, of inputs in the order of `self.inputs`."""
        values = [None] * self._size
        for place, value in zip(self._input_places, inputs):
            values[place] = value
        for operation, take, args, is_single, to in self._steps:
            if take is None:
                made = operation(values[args])
            else:
                filled, keywords = take(args, values)
                made = operation(*filled, **keywords)
            if is_single:
                values[to] = made
            else:
                for place, value in zip(to, _tree.flatten(made)):
                    if place is not None:
                        values[place] = value
        if isinstance(self.outputs_struct, KerasTensor):
            return values[self._output_places[0]]
        return _tree.pack_as(self.outputs_struct, [values[place] for place in self._output_places])


class _Place:
    """Stands in arguments for the tensor at a place."""

    __slots__ = ("number",)

    def __init__(self, number):
        self.number = number


def _filled(args, values):
    return _tree.map_structure(lambda x: values[x.number] if type(x) is _Place else x, args)
