"""Whether a model's step does the same ops in each call."""

from .. import _tree
from .._layer import Layer
from .._symbolic import Function

#: Modules of layers whose calls are functions of tensors and of the layers' attributes alone.
_LAYERS = ("core", "convolution", "pooling", "normalization", "activation", "merging", "reshaping",
           "regularization", "attention", "recurrent")
_METHODS = ("train_step", "test_step", "predict_step", "compute_loss", "compute_metrics",
            "get_metrics_result")


def is_ours(value):
    """Whether a function, or the class of an object, is of this package."""
    home = getattr(value, "__module__", None)
    return isinstance(home, str) and home.split(".")[0] in ("tenon", "_operator")


def is_replayable(model, step, optimizer):
    """Whether all that `step` of a model runs is this package's, and depends on nothing but tensors
    and what Structure counts the changes of."""
    from .functional import Functional
    from .sequential import Sequential
    from .training import Training

    kind = type(model)
    if kind not in (Functional, Sequential) or any(
            name in model.__dict__ or getattr(kind, name) is not getattr(Training, name)
            for name in _METHODS):
        return False
    layers = model._flatten_layers()
    if not all(_is_plain(layer, (Functional, Sequential)) for layer in layers):
        return False
    if step != "predict_step" and not _are_plain_losses(model):
        return False
    if not all(_is_plain_variable(variable) for variable in model.weights):
        return False
    return optimizer is None or is_ours(type(optimizer)) and optimizer._can_be_fed()


def _is_plain_variable(variable):
    functions = [getattr(variable, name, None) for name in ("regularizer", "constraint")]
    return not hasattr(variable, "_has_hook") and all(
        one is None or is_ours(one) for one in functions)


def _is_plain(layer, models):
    home = type(layer).__module__
    if not home.startswith("tenon.keras.layers.") and type(layer) not in models and \
            home != "tenon.keras._input":
        return False
    if home.startswith("tenon.keras.layers.") and (
            home.split(".")[3] not in _LAYERS or type(layer).__name__ == "Lambda"):
        return False
    state = layer.__dict__
    if layer._has_hooks or state["_loss_functions"] or "call" in state or "forward" in state:
        return False
    if state.get("_generator") is not None:  # replays draw from the default generator
        return False
    if any(not isinstance(inner, Layer) for inner in layer._inner_layers()):
        return False
    graph = state.get("_graph")
    if graph is not None and not all(_is_plain_node(node) for node in graph.nodes):
        return False
    return all(is_ours(value) for value in state.values() if callable(value))


def _is_plain_node(node):
    """Of a step of a functional model: whether no function of the user's is in it."""
    operation = node.operation
    if isinstance(operation, Function) and not is_ours(operation.function):
        return False
    return all(is_ours(value) for value in _tree.flatten((node.args, node.kwargs))
               if callable(value))


def _are_plain_losses(model):
    """Whether losses and metrics are this package's, with functions of this package."""
    loss, metrics = model._compiled_loss, model._compiled_metrics
    losses = [] if loss is None else [one for one, _, _ in loss._parts or () if one is not None]
    if loss is not None and loss._parts is None or metrics is not None and metrics._parts is None:
        return False  # they are made in the first step
    for one in (*losses, *model.metrics):
        if not is_ours(type(one)) or not all(
                is_ours(value) for value in one.__dict__.values() if callable(value)):
            return False
    return True
