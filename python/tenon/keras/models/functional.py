"""Functional: what Model(inputs, outputs) gives."""

from .. import _tree
from .._symbolic import KerasTensor
from .model import Model


def in_order(graph, inputs, name):
    """The values of the graph's inputs in their order, from a tensor, or a list or dict of them."""
    struct = graph.inputs_struct
    if isinstance(inputs, dict):
        if isinstance(struct, dict):
            names = sorted(struct)
        else:
            names = [layer.name for layer in graph.input_layers]
        missing = [one for one in names if one not in inputs]
        if missing:
            raise ValueError(f'Model "{name}" has the inputs {names}; {missing[0]!r} is missing '
                             f"among {sorted(inputs)}")
        return [inputs[one] for one in names]
    values = _tree.flatten(inputs)
    if len(values) != len(graph.inputs):
        raise ValueError(f'Model "{name}" expects {len(graph.inputs)} input(s), but received '
                         f"{len(values)} input tensors")
    return values


def check_shapes(graph, values, name):
    """Inputs that lack a last axis of size 1 get it; an error where they don't fit."""
    for i, (value, tensor, layer) in enumerate(zip(values, graph.inputs, graph.input_layers)):
        if value is None or not hasattr(value, "shape"):
            continue
        shape, wanted = tuple(value.shape), tensor.shape
        if len(shape) == len(wanted) and all(b is None or a is None or a == b
                                             for a, b in zip(shape, wanted)):
            continue
        if len(shape) == len(wanted) - 1 and wanted[-1] == 1:
            values[i] = value[..., None]
        elif len(shape) == len(wanted) + 1 and shape[-1] == 1:
            values[i] = value[..., 0]
        else:
            raise ValueError(f'Input {i} of model "{name}" (input layer "{layer.name}") is '
                             f"incompatible with the model: expected shape={wanted}, found "
                             f"shape={shape}")
    return values


def run_graph(model, inputs, mask):
    """The outputs for inputs in the structure of the model's, or by the names of its input
    layers."""
    graph = model._graph
    values = check_shapes(graph, in_order(graph, inputs, model.name), model.name)
    if mask is not None:
        for value, one in zip(values, _tree.flatten(mask)):
            if one is not None and not isinstance(value, KerasTensor):
                value._keras_mask = one
    return graph.run(values)


class Functional(Model):
    """A model that is made of symbolic inputs and outputs."""

    def call(self, inputs, training=None, mask=None):
        """The outputs for inputs in the structure of the model's, or by the names of its input
        layers."""
        return run_graph(self, inputs, mask)

    def compute_mask(self, inputs, previous_mask=None):
        return None  # the outputs carry theirs

    def get_config(self):
        from .configs import graph_config

        return graph_config(self)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The model that a config is of."""
        from .configs import model_of_graph_config

        return model_of_graph_config(cls, config, custom_objects)
