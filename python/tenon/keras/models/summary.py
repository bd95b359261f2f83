"""The table that summary() prints, in the form of Keras 3."""

import re
import shutil
import sys

from .. import _tree
from .._layer import Layer
from .._symbolic import Function


def readable_size(size):
    """812.00 B, 1.09 KB."""
    for unit in "B", "KB", "MB", "GB", "TB":
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} PB"


def _count(weights):
    return sum(weight.numel() for weight in weights)


def _bytes(weights):
    return sum(weight.numel() * weight.element_size() for weight in weights)


def is_chain(model):
    """Whether each layer takes what the one before gives, so that no connections need be shown."""
    graph = model._graph
    if graph is None or hasattr(model, "_sequence"):
        return True
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        return False
    current = graph.inputs[0]
    for node in graph.nodes:
        if len(node.input_tensors) != 1 or node.input_tensors[0] is not current or len(
                node.output_tensors) != 1:
            return False
        current = node.output_tensors[0]
    return len({id(node.operation) for node in graph.nodes}) == len(graph.nodes)


def output_shape_text(layer):
    """The shape of a layer's output, as far as it is known."""
    if layer._inbound_nodes:
        shapes = [tensor.shape for tensor in layer._inbound_nodes[-1].output_tensors]
    else:
        arguments = layer.__dict__.get("_build_arguments")
        if not arguments:
            return "?"
        try:
            found = layer.compute_output_shape(*arguments.values())
        except Exception:  # of a layer that can't say it: the table goes on
            return "?"
        shapes = [tuple(found)] if _tree.is_shape(found) else [
            tuple(shape) for shape in (found.values() if isinstance(found, dict) else found)]
    texts = [f"({', '.join(map(str, shape))})" for shape in shapes]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


class _Rows:
    """The cells of the table."""

    def __init__(self, model, expand_nested, show_trainable):
        self._graph = model._graph
        self._connects = not is_chain(model)
        self._expand_nested, self._show_trainable = expand_nested, show_trainable

    def of(self, layer, depth=0):
        """The row of a layer, and of those below that it holds."""
        kind = _kind(layer)
        prefix = "   " * depth + "└ " if depth else ""
        built = getattr(layer, "built", True)
        count = f"{_count(getattr(layer, 'weights', ())):,}" if built else "0 (unbuilt)"
        row = [f"{prefix}{layer.name} ({kind})", output_shape_text(layer), count]
        if self._connects:
            row.append(self._connections(layer))
        if self._show_trainable:
            weights = getattr(layer, "weights", ())
            row.append("-" if not weights else "Y" if layer.trainable else "N")
        rows = [row]
        if self._expand_nested:
            for inner in getattr(layer, "layers", None) or ():
                rows += self.of(inner, depth + 1)
        return rows

    def _connections(self, layer):
        known = {id(node) for node in self._graph.nodes}
        texts = []
        for node in layer._inbound_nodes:
            if id(node) not in known:
                continue
            for tensor in node.input_tensors:
                source, place = tensor._keras_history
                number = source.operation._inbound_nodes.index(source)
                texts.append(f"{source.operation.name}[{number}][{place}]")
        return ", ".join(texts) or "-"


def _kind(layer):
    if isinstance(layer, Function):
        return "".join(part.capitalize() for part in layer.title.split("_"))
    return type(layer).__name__


def _widths(positions, line_length):
    """The widths of columns, without borders and with a space on each side."""
    ends = [int(position * line_length) for position in positions]
    widths = [end - before for end, before in zip(ends, [0, *ends])]
    if min(widths) < 4:
        raise ValueError("Insufficient console width to print summary.")
    left = len(widths) + 1  # borders; the spaces are within the widths
    for i, width in enumerate(widths):
        share = round(left / (len(widths) - i))
        left -= share
        widths[i] = width - share
    return widths


def _wrapped(text, width):
    """The lines of a cell; words that are too long end in …."""
    indent = re.match(" *(└ )?", text)[0]
    lines, line = [], ""
    for word in text[len(indent):].split(" "):
        word = word if len(word) <= width else word[:width - 1] + "…"
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        elif line:
            line += " " + word
        elif not lines and indent.strip() and len(indent) + len(word) > width:
            lines.append(indent.rstrip())
            line = word
        else:
            line = indent + word if not lines else word
    return [*lines, line]


def _table(header, alignments, widths, rows):
    """The lines of a table with a heavy head."""
    def border(left, line, middle, right):
        return left + middle.join(line * width for width in widths) + right

    def cells(row, edge):
        wrapped = [_wrapped(text, width - 2) for text, width in zip(row, widths)]
        for i in range(max(map(len, wrapped))):
            parts = [lines[i] if i < len(lines) else "" for lines in wrapped]
            padded = [f"{part:{align}{width - 2}}" for part, align, width in
                      zip(parts, alignments, widths)]
            yield f"{edge} " + f" {edge} ".join(padded) + f" {edge}"

    lines = [border("┏", "━", "┳", "┓"), *cells(header, "┃"), border("┡", "━", "╇", "┩")]
    for i, row in enumerate(rows):
        if i:
            lines.append(border("├", "─", "┼", "┤"))
        lines += cells(row, "│")
    lines.append(border("└", "─", "┴", "┘"))
    return lines


def _layers_in(layers, layer_range):
    """The layers from the one whose name the first pattern fits to that of the second."""
    if layer_range is None:
        return layers
    if len(layer_range) != 2 or not all(isinstance(one, str) for one in layer_range):
        raise ValueError(f"layer_range is a pair of layer names, not {layer_range!r}")
    ends = [[i for i, layer in enumerate(layers) if re.match(name, layer.name)]
            for name in layer_range]
    if not all(ends):
        raise ValueError("Passed layer_names do not match the layer names in the model. "
                         f"Received: {layer_range}")
    numbers = ends[0] + ends[1]
    return layers[min(numbers):max(numbers) + 1]


def summary_lines(model, line_length=None, positions=None, expand_nested=False,
                  show_trainable=False, layer_range=None):
    """The lines of summary()."""
    rows = _Rows(model, expand_nested, show_trainable)
    header, alignments = ["Layer (type)", "Output Shape", "Param #"], ["<", "<", ">"]
    length, places = 88, [0.45, 0.80, 1.0]
    if not is_chain(model):
        header.append("Connected to")
        alignments.append("<")
        length, places = 108, [0.3, 0.56, 0.74, 1.0]
    places = list(positions or places)
    if show_trainable:
        header.append("Trainable")
        alignments.append("^")
        length, places = length + 12, [place * 0.9 for place in places] + [1.0]
    length = line_length or min(length, shutil.get_terminal_size().columns - 4)
    layers = model.layers if hasattr(model, "_sequence") else model.operations
    cells = [row for layer in _layers_in(layers, layer_range) for row in rows.of(layer)]
    lines = [f'Model: "{model.name}"', *_table(header, alignments, _widths(places, length), cells)]
    trainable, others = model.trainable_weights, model.non_trainable_weights
    kept = model.optimizer.variables if model.compiled and getattr(model.optimizer, "built",
                                                                   False) else []
    totals = {"Total": [*trainable, *others, *kept], "Trainable": trainable,
              "Non-trainable": others}
    if kept:
        totals["Optimizer"] = kept
    return lines + [f" {name} params: {_count(weights):,} ({readable_size(_bytes(weights))})"
                    for name, weights in totals.items()]


def print_summary(model, line_length=None, positions=None, print_fn=None, expand_nested=False,
                  show_trainable=False, layer_range=None):
    """Prints the lines, or gives them to print_fn as one text."""
    if not isinstance(model, Layer):
        raise TypeError(f"summary() is of a model, not {type(model).__name__}")
    text = "\n".join(summary_lines(model, line_length, positions, expand_nested, show_trainable,
                                   layer_range))
    if print_fn is not None:
        print_fn(text + "\n")
    else:
        sys.stdout.write(text + "\n")
