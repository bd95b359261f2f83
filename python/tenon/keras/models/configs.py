"""Models as configs, in Keras's form, and models of configs."""

import copy
import importlib
import json
import operator

from .. import _tree
from .._input import InputLayer
from .._layer import Layer
from .._names import snake_case
from .._registry import custom_object_scope, deserialize, find_custom, serialize
from .._symbolic import Function, KerasTensor, has_symbolic

# Functions by name. Only those of these modules, which compute, are found for files.

_OPERATORS = {"add": operator.add, "subtract": operator.sub, "multiply": operator.mul,
              "true_divide": operator.truediv, "divide": operator.truediv,
              "floor_divide": operator.floordiv, "mod": operator.mod, "power": operator.pow,
              "matmul": operator.matmul, "get_item": operator.getitem, "negative": operator.neg,
              "abs": operator.abs, "absolute": operator.abs, "logical_and": operator.and_,
              "logical_or": operator.or_, "logical_not": operator.invert, "equal": operator.eq,
              "not_equal": operator.ne, "less": operator.lt, "less_equal": operator.le,
              "greater": operator.gt, "greater_equal": operator.ge}
_HOMES = ("keras.ops", "keras.activations", "tf", "tf.math", "tf.nn", "tf.linalg", "tf.image",
          "tf.signal")


def _home(name):
    try:
        return importlib.import_module(f"tenon.{name}")
    except ImportError:
        return None


def _function_entry(node_function):
    """Module and class name of a function, as Keras's files name operations."""
    function = node_function.function
    for title, known in _OPERATORS.items():
        if known is function:
            return "keras.ops", _camel_case(title)
    name = getattr(function, "__name__", "")
    for home in _HOMES:
        if getattr(_home(home), name, None) is function:
            return home, name
    raise ValueError(f"the model calls the function {name or function!r} with symbolic tensors, "
                     "which a config can't name: use functions of keras.ops or tf, or a layer of "
                     "your own")


def _camel_case(name):
    return "".join(part.capitalize() for part in name.split("_"))


def _function_of(module, name):
    """The function of an entry of a config."""
    known = _OPERATORS.get(snake_case(name))
    if known is not None:
        return known
    homes = (module,) if module in _HOMES else ("keras.ops", "keras.activations")
    for home in homes:
        for spelled in (name, snake_case(name)):
            found = getattr(_home(home), spelled, None) if not spelled.startswith("_") else None
            if callable(found) and not isinstance(found, type):
                return found
    raise ValueError(f"the config names the function {name!r} of {module}, which isn't known")


# Arguments of calls.


def _encoded(value, histories):
    """Arguments of a call as JSON holds them; symbolic tensors by where they come from."""
    if isinstance(value, KerasTensor):
        return {"class_name": "__keras_tensor__",
                "config": {"shape": list(value.shape), "dtype": value.dtype,
                           "keras_history": list(histories[id(value)])}}
    if isinstance(value, (list, tuple)):
        return [_encoded(one, histories) for one in value]
    if isinstance(value, dict):
        return {key: _encoded(one, histories) for key, one in value.items()}
    if isinstance(value, slice):
        return {"class_name": "__slice__",
                "config": {"start": value.start, "stop": value.stop, "step": value.step}}
    if value is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    return serialize(value)


class _NotYet(Exception):
    """An argument of a call isn't made yet."""


def _decoded(value, tensors):
    if isinstance(value, list):
        return [_decoded(one, tensors) for one in value]
    if not isinstance(value, dict):
        return value
    name = value.get("class_name")
    if name == "__keras_tensor__":
        layer, node, place = value["config"]["keras_history"][:3]
        if (layer, node) not in tensors:
            raise _NotYet
        return tensors[layer, node][place]
    if name == "__slice__" and "start" in value["config"]:
        parts = value["config"]
        return slice(parts["start"], parts["stop"], parts["step"])
    if name == "__ellipsis__":
        return Ellipsis
    if name is not None and "config" in value:
        return deserialize(value)
    return {key: _decoded(one, tensors) for key, one in value.items()}


# Functional models.


def graph_config(model):
    """The config of a functional model: its layers, and how they are called."""
    graph = model._graph
    histories, nodes_of = {}, {}
    for tensor, layer in zip(graph.inputs, graph.input_layers):
        histories[id(tensor)] = (layer.name, 0, 0)
    for node in graph.nodes:
        held = nodes_of.setdefault(node.operation, [])
        for i, tensor in enumerate(node.output_tensors):
            histories[id(tensor)] = (node.operation.name, len(held), i)
        held.append(node)
    layers = []
    for operation in graph.operations:
        if isinstance(operation, Function):
            module, name = _function_entry(operation)
            entry = {"module": module, "class_name": name, "config": {"name": operation.name},
                     "registered_name": name}
        else:
            entry = serialize(operation)
        entry["name"] = operation.name
        entry["inbound_nodes"] = [{"args": _encoded(list(node.args), histories),
                                   "kwargs": _encoded(node.kwargs, histories)}
                                  for node in nodes_of.get(operation, ())]
        layers.append(entry)

    def places(struct):
        return _tree.map_structure(lambda tensor: list(histories[id(tensor)]), struct)

    return {"name": model.name, "trainable": model.trainable, "layers": layers,
            "input_layers": places(graph.inputs_struct),
            "output_layers": places(graph.outputs_struct)}


#: Arguments that Keras's files have and Tenon doesn't, with the values at which they ask for
#: nothing.
_NOT_NEEDED = {"quantization_config": None, "input_axes": None, "output_axes": None,
               "use_gate": False, "sliding_window": None, "attention_axes": [1], "sparse": False,
               "ragged": False, "rms_scaling": False}


def of_keras_file(value):
    """The config of a file that Keras wrote as Tenon writes it: modules by their public names,
    without arguments that ask for nothing."""
    if isinstance(value, list):
        return [of_keras_file(one) for one in value]
    if not isinstance(value, dict):
        return value
    made = {key: of_keras_file(one) for key, one in value.items()
            if not (key in _NOT_NEEDED and one == _NOT_NEEDED[key])}
    module = value.get("module") or ""
    if module.startswith("keras.src.") and "class_name" in value:
        made["module"] = ".".join(["keras", module.split(".")[2]])
    return made


def _is_function(entry):
    return (entry.get("module") or "") in _HOMES


def _made_operation(entry, custom_objects, ready):
    name = entry.get("name", entry["config"].get("name"))
    if name in ready:
        return ready[name]
    if _is_function(entry) and find_custom(entry.get("registered_name") or "",
                                           custom_objects) is None:
        made = Function(_function_of(entry["module"], entry["class_name"]), name)
        further = {key: value for key, value in entry["config"].items() if key != "name"}
        return made, further
    return deserialize(entry, custom_objects)


def _is_place(value):
    return (isinstance(value, list) and len(value) == 3 and isinstance(value[0], str)
            and isinstance(value[1], int))


def _map_places(function, struct):
    if _is_place(struct):
        return function(struct)
    if isinstance(struct, dict):
        return {key: _map_places(function, one) for key, one in struct.items()}
    return [_map_places(function, one) for one in struct]


def tensors_of_config(config, custom_objects=None, ready=None):
    """The symbolic inputs and outputs of a functional model's config. `ready` has layers by name
    that are taken instead of new ones."""
    tensors, waiting = {}, []
    for entry in config["layers"]:
        operation, further = _made_operation(entry, custom_objects, ready or {}), {}
        if isinstance(operation, tuple):
            operation, further = operation
        name = entry.get("name", entry["config"].get("name"))
        if isinstance(operation, InputLayer):
            tensors[name, 0] = [operation.output]
        for i, node in enumerate(entry.get("inbound_nodes", ())):
            waiting.append((name, i, operation, further, node))
    while waiting:
        left = [one for one in waiting if not _call(one, tensors)]
        if len(left) == len(waiting):
            raise ValueError(f"the config's layer {left[0][0]!r} takes from a layer that it "
                             "doesn't have")
        waiting = left

    def tensor(place):
        return tensors[place[0], place[1]][place[2]]

    return (_map_places(tensor, config["input_layers"]),
            _map_places(tensor, config["output_layers"]))


def _call(one, tensors):
    """Makes one call of a config; False where what it takes isn't there yet."""
    name, number, operation, further, node = one
    try:
        args = _decoded(node["args"], tensors)
        kwargs = {key: value for key, value in _decoded(node["kwargs"], tensors).items()}
    except _NotYet:
        return False
    if isinstance(operation, Function):
        outputs = _called_function(operation, _with_tuples(operation, args), {**further, **kwargs})
    else:
        kwargs = {key: value for key, value in kwargs.items()
                  if not (key in ("training", "mask") and (value is None or value is False))}
        outputs = operation(*args, **kwargs)
    tensors[name, number] = [value for value in _tree.flatten(outputs)
                             if isinstance(value, KerasTensor)]
    return True


def _with_tuples(operation, args):
    """Keys of several dims, which JSON holds as lists, are tuples."""
    if operation.function is operator.getitem and isinstance(args[1], list) and not has_symbolic(
            (args[1],), {}):
        return [args[0], tuple(args[1])]
    return args


def _called_function(operation, args, kwargs):
    from .._symbolic import record, shapes_by_running

    kwargs = {"shape" if key == "newshape" else key: value for key, value in kwargs.items()}
    return record(operation, tuple(args), kwargs,
                  shapes_by_running(operation.function, tuple(args), kwargs))


def model_of_graph_config(cls, config, custom_objects=None, ready=None):
    """The functional model of a config."""
    if "layers" not in config or "input_layers" not in config:  # of a subclass
        return Layer.from_config.__func__(cls, config)
    with custom_object_scope(custom_objects or {}):
        inputs, outputs = tensors_of_config(config, custom_objects, ready)
    if isinstance(inputs, list) and len(inputs) == 1 and _is_place(config["input_layers"]):
        inputs = inputs[0]
    model = cls(inputs=inputs, outputs=outputs, name=config.get("name"))
    if not config.get("trainable", True):
        model.trainable = False
    return model


# Sequential models.


def sequential_config(model):
    """The config of a sequential model: those of its layers."""
    first = model._sequence[0] if model._sequence else None
    config = {"name": model.name, "trainable": model.trainable, "dtype": model.dtype_policy.name,
              "layers": [serialize(layer) for layer in model._sequence]}
    if isinstance(first, InputLayer):
        config["build_input_shape"] = list(first.batch_shape)
    return config


def model_of_sequential_config(cls, config, custom_objects=None, ready=None):
    """The sequential model of a config."""
    if "layers" not in config:  # of a subclass
        return Layer.from_config.__func__(cls, config)
    model = cls(name=config.get("name"))
    with custom_object_scope(custom_objects or {}):
        for entry in config["layers"]:
            name = entry["config"].get("name")
            model.add((ready or {}).get(name) or deserialize(entry, custom_objects))
    if not model.built and config.get("build_input_shape"):
        model.build(config["build_input_shape"])
    if not config.get("trainable", True):
        model.trainable = False
    return model


# JSON and copies.


def model_to_json(model, **options):
    """A model's config, with what compile() was given, as text."""
    config = serialize(model)
    compiled = model.get_compile_config()
    if compiled is not None:
        config["compile_config"] = compiled
    return json.dumps(config, **options)


def model_of_config(config, custom_objects=None, compile=True):
    """The model of a config as `model_to_json` writes it."""
    with custom_object_scope(custom_objects or {}):
        model = deserialize(config, custom_objects)
        compiled = config.get("compile_config")
        if compile and compiled and compiled.get("optimizer") is not None:
            model.compile_from_config(compiled)
    return model


def model_from_json(json_string, custom_objects=None):
    """The model, with new weights, that `to_json()` wrote."""
    return model_of_config(of_keras_file(json.loads(json_string)), custom_objects)


def clone_model(model, input_tensors=None, clone_function=None, call_function=None, recursive=False,
                **_):
    """A model of new layers with new weights, called as those of `model` are. `clone_function`
    makes each layer's copy; `input_tensors` are what it is called with."""
    from .model import Model

    def new(layer):
        if isinstance(layer, InputLayer) or clone_function is None:
            return type(layer).from_config(copy.deepcopy(layer.get_config()))
        return clone_function(layer)

    if hasattr(model, "_sequence"):
        ready = {layer.name: new(layer) for layer in model._sequence}
        made = model_of_sequential_config(type(model), model.get_config(), ready=ready)
    elif model._graph is not None and "input_layers" in model.get_config():
        ready = {one.name: new(one) for one in model._graph.operations if isinstance(one, Layer)}
        made = model_of_graph_config(type(model), model.get_config(), ready=ready)
    else:
        if clone_function is not None or input_tensors is not None:
            raise ValueError("clone_model() with `clone_function` or `input_tensors` takes a "
                             f"functional or sequential model, not {type(model).__name__}")
        made = type(model).from_config(model.get_config())
        build_config = model.get_build_config()
        if build_config is not None:
            made.build_from_config(build_config)
    return made if input_tensors is None else Model(input_tensors, made(input_tensors))
