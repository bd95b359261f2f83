"""plot_model(): a model as a drawing in SVG."""

import os
import warnings

from ..._drawings import svg_of_graphs
from .summary import _kind, output_shape_text


def _label(layer, options):
    lines = [_kind(layer)]
    if options["show_layer_names"]:
        lines[0] = f"{layer.name} ({lines[0]})"
    activation = getattr(layer, "activation", None)
    if options["show_layer_activations"] and activation is not None:
        lines.append(f"activation: {getattr(activation, '__name__', activation)}")
    if options["show_dtype"] and hasattr(layer, "compute_dtype"):
        lines.append(f"dtype: {layer.compute_dtype}")
    if options["show_shapes"]:
        lines.append(f"output: {output_shape_text(layer)}")
    if options["show_trainable"] and getattr(layer, "weights", None):
        lines.append("trainable" if layer.trainable else "not trainable")
    return "\\n".join(line.replace('"', "'") for line in lines)


def _edges(model):
    """Pairs of layers, the second of which takes from the first, and the shape that goes along."""
    if model._graph is None:
        layers = model.layers
        return [(before, after, "") for before, after in zip(layers, layers[1:])]
    makers = {id(tensor): layer for tensor, layer in zip(model._graph.inputs,
                                                         model._graph.input_layers)}
    return [(makers.get(id(tensor)) or tensor._keras_history[0].operation, node.operation,
             str(tensor.shape)) for node in model._graph.nodes for tensor in node.input_tensors]


def _dot(model, options):
    """The model as a graph in dot's language, each layer behind those that it takes from."""
    names = {id(layer): f"n{i}" for i, layer in enumerate(model.operations)}
    lines = ["digraph model {"]
    for layer in model.operations:
        shape = ", shape=ellipse" if not layer._inbound_nodes or layer._inbound_nodes[
            0].is_input else ""
        lines.append(f'  {names[id(layer)]} [label="{_label(layer, options)}"{shape}];')
    for before, after, shape in _edges(model):
        lines.append(f'  {names[id(before)]} -> {names[id(after)]} [label="{shape}"];')
    return "\n".join([*lines, "}"])


def _nested(model):
    for layer in model.operations:
        if hasattr(layer, "_graph"):
            yield layer
            yield from _nested(layer)


def model_to_dot(model, show_shapes=False, show_dtype=False, show_layer_names=True,
                 show_layer_activations=False, show_trainable=False, **_):
    """The model as a text in the language of Graphviz's dot."""
    return _dot(model, {"show_shapes": show_shapes, "show_dtype": show_dtype,
                        "show_layer_names": show_layer_names, "show_trainable": show_trainable,
                        "show_layer_activations": show_layer_activations})


def plot_model(model, to_file="model.svg", show_shapes=False, show_dtype=False,
               show_layer_names=False, rankdir="TB", expand_nested=False, dpi=200,
               show_layer_activations=False, show_trainable=False, **_):
    """Draws a model's layers and what flows between them, as an SVG file, and returns the drawing,
    which notebooks show. Models within it are drawn below where `expand_nested`. A name that ends
    otherwise than in .svg gets that ending."""
    options = {"show_shapes": show_shapes, "show_dtype": show_dtype,
               "show_layer_names": show_layer_names, "show_trainable": show_trainable,
               "show_layer_activations": show_layer_activations}
    models = [model, *(_nested(model) if expand_nested else ())]
    drawing = svg_of_graphs([_dot(one, options) for one in models])
    if to_file is not None:
        path, ending = os.path.splitext(os.fspath(to_file))
        if ending != ".svg":
            warnings.warn(f"plot_model() draws in SVG: {path}.svg is written, not {to_file}",
                          stacklevel=2)
        with open(f"{path}.svg", "w", encoding="utf-8") as file:
            file.write(drawing)
    return drawing
