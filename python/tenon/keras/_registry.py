"""Objects by name: what `get` finds for a string, and what configs are written and read as.

    losses = Registry("loss", "keras.losses")
    losses.register(MeanSquaredError, "mse")
    losses.get("mse")
"""

import contextlib
import importlib
import re
import types

from ._names import snake_case

_registries = {}  # by module, in Keras's spelling
_global_objects = {}  # registered name -> class or function
_registered_names = {}  # class or function -> registered name
_homes = {}  # class or function -> the module of its registry
_scopes = []  # dicts of custom_object_scope, the innermost last


class Registry:
    """The classes and functions of one kind, with their names."""

    def __init__(self, kind, module):
        self.kind = kind
        self.module = module
        self._entries = {}
        self._shown = []
        _registries[module] = self

    def register(self, entry, *aliases):
        """Adds a class, which `get` finds by its name and that in snake case, or a function, and
        other names of it. Returns it."""
        name = entry.__name__
        names = [name, snake_case(name)] if isinstance(entry, type) else [name]
        self._shown.append(names[-1])
        for known in (*names, *aliases):
            self._entries[known] = entry
        _registered_names[entry] = name
        _homes[entry] = self.module
        return entry

    def find(self, name, custom_objects=None):
        """The class or function of this name, of the user's first; None where there is none."""
        return find_custom(name, custom_objects) or self._entries.get(name)

    def get(self, identifier, custom_objects=None):
        """The object of a name, of a config, or what was given; None stays None."""
        if identifier is None:
            return None
        if isinstance(identifier, dict):
            return self.deserialize(identifier, custom_objects)
        if isinstance(identifier, str):
            found = self.find(identifier, custom_objects)
            if found is None:
                raise ValueError(self._unknown(identifier))
            return found() if isinstance(found, type) else found
        if isinstance(identifier, type):
            return identifier()
        if callable(identifier):
            return identifier
        raise ValueError(f"a {self.kind} is a name, a config, a callable or None, not "
                         f"{type(identifier).__name__}: {identifier!r}")

    def deserialize(self, config, custom_objects=None):
        """The object of a config, or of a name, of this kind."""
        if isinstance(config, str):
            return self.get(config, custom_objects)
        return deserialize(config, custom_objects, self)

    def serialize(self, thing):
        """The config of an object; functions of this kind are their names."""
        if isinstance(thing, types.FunctionType) and self._entries.get(thing.__name__) is thing:
            return thing.__name__
        return serialize(thing)

    def _unknown(self, name):
        import difflib

        near = difflib.get_close_matches(str(name).lower(), sorted(set(self._shown)), 4, 0.5)
        near = near or sorted(set(self._shown))[:8]
        return (f"{self.kind} {name!r} isn't known; near are: {', '.join(near)}. Objects of your "
                "own go into custom_objects, custom_object_scope or register_keras_serializable")


def find_custom(name, custom_objects=None):
    """The user's class or function of a name: of `custom_objects`, of scopes, then registered."""
    for objects in (custom_objects or {}, *reversed(_scopes), _global_objects):
        if name in objects:
            return objects[name]
    return None


@contextlib.contextmanager
def custom_object_scope(custom_objects):
    """Within `with`: names of these classes and functions are known."""
    _scopes.append(dict(custom_objects))
    try:
        yield
    finally:
        _scopes.pop()


CustomObjectScope = custom_object_scope


def get_custom_objects():
    """The registered classes and functions by name, which may be changed."""
    return _global_objects


def register_keras_serializable(package="Custom", name=None):
    """Stands before a class or function of the user's: files find it by "package>name"."""

    def decorate(thing):
        if isinstance(thing, type) and not hasattr(thing, "get_config"):
            raise ValueError(f"register_keras_serializable(): {thing.__name__} has no get_config()")
        registered = f"{package}>{name or thing.__name__}"
        _global_objects[registered] = thing
        _registered_names[thing] = registered
        return thing

    return decorate


def get_registered_name(obj):
    """The name that files have for a class or function."""
    return _registered_names.get(obj, getattr(obj, "__name__", str(obj)))


def get_registered_object(name, custom_objects=None, module_objects=None):
    """The class or function that a file's name means; None where it isn't known."""
    return find_custom(name, custom_objects) or (module_objects or {}).get(name)


# Configs.

_PLAIN = (str, int, float, bool, type(None))


def _keras_module(thing):
    """keras.layers for what stands in tenon.keras.layers.core; the user's own modules as they
    are."""
    if thing in _homes:
        return _homes[thing]
    parts = thing.__module__.split(".")
    if parts[:2] != ["tenon", "keras"]:
        return thing.__module__
    return ".".join(part for part in parts[1:3] if not part.startswith("_"))


def serialize(obj):
    """What a file or a config holds of an object: plain values as they are, others as
    {"module", "class_name", "config", "registered_name"}."""
    if isinstance(obj, _PLAIN):
        return obj
    if isinstance(obj, dict):
        return {key: serialize(value) for key, value in obj.items()}
    if isinstance(obj, (list, tuple)):
        return type(obj)([serialize(value) for value in obj])
    if isinstance(obj, (types.FunctionType, types.BuiltinFunctionType, type)):
        return _serialized_function(obj)
    if hasattr(obj, "get_config"):
        kind = type(obj)
        config = serialize_config(obj.get_config())
        result = {"module": _keras_module(kind), "class_name": kind.__name__, "config": config,
                  "registered_name": get_registered_name(kind)}
        build_config = getattr(obj, "get_build_config", lambda: None)()
        if build_config is not None:
            result["build_config"] = serialize_config(build_config)
        return result
    return _serialized_values(obj)


def serialize_config(config):
    """The config of a config: each of its values serialized."""
    return {key: serialize(value) for key, value in config.items()}


def _serialized_function(obj):
    if obj.__name__ == "<lambda>":
        raise ValueError("a lambda can't be written to a file, since reading it would run code; "
                         "make it a function and register it by register_keras_serializable")
    return {"module": _keras_module(obj), "class_name": "function", "config": obj.__name__,
            "registered_name": get_registered_name(obj)}


def _serialized_values(obj):
    """Of tensors and NumPy's arrays, numbers and dtypes."""
    from ._arrays import Tensor, dtype_name

    if hasattr(obj, "tolist") and hasattr(obj, "shape"):
        is_tensor = isinstance(obj, Tensor)
        if not is_tensor and obj.shape == ():
            return obj.tolist()
        dtype = dtype_name(obj.dtype) if is_tensor else str(obj.dtype)
        return {"class_name": "__tensor__", "config": {"value": obj.tolist(), "dtype": dtype}}
    try:
        return dtype_name(obj)
    except TypeError:
        raise TypeError(f"a {type(obj).__name__} can't be written to a config: {obj!r}; it needs "
                        "get_config() and from_config()") from None


def _deserialized_values(config):
    from .._creation import tensor
    from ._arrays import as_dtype

    return tensor(config["value"], dtype=as_dtype(config["dtype"]))


def deserialize(config, custom_objects=None, registry=None):
    """The object that a config was made of; no code of the file runs. `registry` is where names
    without a module are looked for."""
    if isinstance(config, (list, tuple)):
        return [deserialize(item, custom_objects) for item in config]
    if not isinstance(config, dict):
        return config
    name = config.get("class_name")
    if name is None or "config" not in config:
        return {key: deserialize(value, custom_objects) for key, value in config.items()}
    inner = config["config"]
    if name in ("__tensor__", "__numpy__"):
        return _deserialized_values(inner)
    if name == "__lambda__":
        raise ValueError("the config holds the code of a lambda, which isn't run")
    if name == "function":
        return _found(config, inner, custom_objects, registry)
    kind = _found(config, name, custom_objects, registry)
    if not hasattr(kind, "from_config"):
        raise TypeError(f"{name} has no from_config(), so that it can't be made from a config")
    with custom_object_scope(custom_objects or {}):
        made = kind.from_config(dict(inner))
    if config.get("build_config") and hasattr(made, "build_from_config") and not made.built:
        made.build_from_config(deserialize(config["build_config"], custom_objects))
    return made


def _found(config, name, custom_objects, registry):
    """The class or function that a config names."""
    for known in (config.get("registered_name"), name):
        found = known and find_custom(known, custom_objects)
        if found:
            return found
    module = config.get("module") or ""
    if re.fullmatch(r"keras(\.[a-z]+)*", module):
        with contextlib.suppress(ImportError):
            imported = importlib.import_module(f"tenon.{module}")
            home = _registries.get(module)
            found = home.find(name) if home else getattr(imported, name, None)
            # Only classes: no function of a module is to be called because a file says so.
            if isinstance(found, type) or (home and found):
                return found
    searched = registry or _registries.get(module) or _registries.get("keras.layers")
    found = searched and searched.find(name)
    if not found:
        raise ValueError(searched._unknown(name) if searched else f"{name!r} isn't known")
    return found


serialize_keras_object, deserialize_keras_object = serialize, deserialize
