"""Where each layer's variables stand in files: the paths that Keras's own files have."""

from .._layer import Layer
from .._names import snake_case
from ...nn.modules.module import Module


def _members(obj):
    """Attributes of a layer that hold layers: a name and a layer, or a list of layers."""
    names = {}
    graph_names = obj.__dict__.get("_layer_keys", ())
    for key, value in obj._modules.items():
        if value is not None and key not in graph_names:
            attribute, _, rest = key.partition(".")
            if rest:
                names.setdefault(attribute, []).append(value)
            else:
                names[attribute] = value
    for name in sorted(name for name in names if not name.startswith("_")):
        yield name, names[name]
    if hasattr(obj, "layers") and hasattr(obj, "_graph"):
        yield "layers", obj.layers
    for name in sorted(name for name in names if name.startswith("_")):
        yield name.lstrip("_"), names[name]


def layers_with_paths(obj, path="", seen=None):
    """Paths and layers (or modules of tenon.nn), this one first, each once. Layers in a list are
    numbered by their class: dense, dense_1."""
    seen = set() if seen is None else seen
    if id(obj) in seen:
        return
    seen.add(id(obj))
    yield path, obj
    if not isinstance(obj, Layer):
        return
    prefix = f"{path}/" if path else ""
    for name, value in _members(obj):
        if isinstance(value, Module):
            yield from layers_with_paths(value, prefix + name, seen)
            continue
        counts = {}
        for inner in value:
            kind = snake_case(type(inner).__name__)
            count = counts.get(kind, 0)
            counts[kind] = count + 1
            numbered = f"{kind}_{count}" if count else kind
            yield from layers_with_paths(inner, f"{prefix}{name}/{numbered}", seen)
