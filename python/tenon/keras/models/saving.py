"""Files of models: save(), load_model(), save_weights(), load_weights().

A file is a safetensors file: variables by the paths that Keras's own files have, such as
layers/dense/vars/0, and in its metadata the config as JSON. Keras's files are read where h5py is
installed. No code of a file runs.
"""

import json
import os

from ... import _core
from ..._modes import no_grad
from ...nn.modules.module import Module
from .._arrays import as_tensor
from .._layer import Layer
from .._registry import custom_object_scope
from .configs import model_of_config, model_to_json, of_keras_file
from .paths import layers_with_paths

_KEY = "tenon.keras"
_FORMAT = 1  # files of larger numbers were written by newer versions

Tensor = _core.Tensor


def _store_of(layer):
    """What a layer keeps, by name: tensors, and plain values such as a vocabulary."""
    store = {}
    if isinstance(layer, Layer):
        layer.save_own_variables(store)
    else:
        store.update(layer.state_dict())
    return store


def _collect(model):
    """Tensors and other values of all layers, by their paths."""
    tensors, others = {}, {}
    for path, layer in layers_with_paths(model):
        prefix = f"{path}/vars/" if path else "vars/"
        for name, value in _store_of(layer).items():
            is_array = hasattr(value, "dtype") and getattr(value.dtype, "kind", "f") in "biufc"
            if isinstance(value, Tensor) or is_array:
                tensors[prefix + name] = as_tensor(value).detach().contiguous()
            else:
                others[prefix + name] = value.tolist() if hasattr(value, "tolist") else value
    return tensors, others


def _write(tensors, content, path, overwrite):
    path = os.fspath(path)
    if os.path.isdir(path):
        raise IsADirectoryError(f"{path} is a folder; a model is saved as one file")
    if os.path.exists(path) and not overwrite:
        raise FileExistsError(f"{path} exists; overwrite=True writes over it")
    text = json.dumps({"format": _FORMAT, **content})
    written = f"{path}.new"
    _core.save_tensors(tensors, written, {_KEY: text})
    os.replace(written, path)  # what was there before stays whole until then


def save_model(model, filepath, overwrite=True, include_optimizer=True, **_):
    """Writes a model as one file: its config, variables, what compile() was given, and the state of
    its optimizer."""
    tensors, others = _collect(model)
    if include_optimizer and model.compiled and model.optimizer is not None:
        store = {}
        model.optimizer.save_own_variables(store)
        tensors.update({f"optimizer/vars/{name}": as_tensor(value).detach()
                        for name, value in store.items()})
    content = {"model": json.loads(model_to_json(model)), "values": others}
    _write(tensors, content, filepath, overwrite)


def save_weights(model, filepath, overwrite=True, **_):
    """Writes a model's variables as one file."""
    tensors, others = _collect(model)
    _write(tensors, {"values": others}, filepath, overwrite)


# Reading.


def _kind_of(path):
    if os.path.isdir(path):
        raise ValueError(f"{path} is a folder: TensorFlow's SavedModel format isn't read; save the "
                         "model from Keras as one .keras file, or its weights as .weights.h5")
    with open(path, "rb") as file:
        start = file.read(8)
    if start.startswith(b"PK"):
        return "keras"
    return "h5" if start == b"\x89HDF\r\n\x1a\n" else "tenon"


def _read(path):
    """Tensors by path, and the other content, of a file of Tenon's."""
    metadata = _core.load_metadata(path)
    if _KEY not in metadata:
        raise ValueError(f"{path} holds tensors, but no Keras model; tenon.load() reads it")
    content = json.loads(metadata[_KEY])
    if content.get("format", 0) > _FORMAT:
        raise ValueError(f"{path} has format {content['format']} of a newer version of Tenon; this "
                         f"one reads formats up to {_FORMAT}")
    return _core.load_tensors(path), content


def _h5py(path):
    try:
        import h5py
    except ImportError:
        raise ImportError(f"{path} is a file of Keras's, which h5py reads; install h5py, or save "
                          "it again by Tenon") from None
    return h5py


def _read_h5(path, file):
    """Arrays by path of a .weights.h5 file, which has the same paths."""
    found = {}

    def visit(name, item):
        if hasattr(item, "shape") and hasattr(item, "dtype"):
            found[name] = as_tensor(item[()])

    with _h5py(path).File(file, "r") as opened:
        if "model_weights" in opened:
            raise ValueError(f"{path} is in Keras's old HDF5 format; save it from Keras as .keras "
                             "or .weights.h5")
        opened.visititems(visit)
    return found


def load_model(filepath, custom_objects=None, compile=True, safe_mode=True):
    """The model that `save()` wrote, or that Keras wrote as a .keras file: with its variables, and
    compiled as it was, unless `compile` is off. Classes and functions of the user's come from
    `custom_objects`, custom_object_scope or register_keras_serializable."""
    path = os.fspath(filepath)
    if not os.path.exists(path):
        raise ValueError(f"File not found: filepath={path}. Please ensure the file is an "
                         "accessible `.keras` file.")
    kind = _kind_of(path)
    if kind == "h5":
        raise ValueError(f"{path} is an HDF5 file: make the model and load_weights() it, or save "
                         "it from Keras as a .keras file")
    if kind == "keras":
        config, tensors, values = _of_keras_file(path)
    else:
        tensors, content = _read(path)
        if "model" not in content:
            raise ValueError(f"{path} holds weights without a model: make the model and call its "
                             "load_weights()")
        config, values = content["model"], content["values"]
    with custom_object_scope(custom_objects or {}):
        model = model_of_config(config, custom_objects, compile)
    _load_into(model, tensors, values, path)
    if model.compiled and model.optimizer is not None:
        _load_optimizer(model, tensors)
    return model


def _of_keras_file(path):
    import zipfile

    with zipfile.ZipFile(path) as archive:
        config = of_keras_file(json.loads(archive.read("config.json")))
        with archive.open("model.weights.h5") as weights:
            tensors = _read_h5(path, weights)
    return config, tensors, {}


def _load_optimizer(model, tensors):
    prefix = "optimizer/vars/"
    store = {name[len(prefix):]: value for name, value in tensors.items()
             if name.startswith(prefix)}
    if store:
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        model.optimizer.load_own_variables(store)


def load_weights(model, filepath, skip_mismatch=False, **_):
    """Sets a model's variables to those of a file that `save_weights()` or `save()` wrote, or Keras
    as .weights.h5 or .keras. An error where they don't fit changes nothing; with `skip_mismatch`
    those that don't fit stay as they are."""
    path = os.fspath(filepath)
    if not os.path.exists(path):
        raise FileNotFoundError(f"load_weights(): {path} isn't there")
    kind = _kind_of(path)
    if kind == "tenon":
        tensors, content = _read(path)
        values = content["values"]
    elif kind == "h5":
        with open(path, "rb") as file:
            tensors, values = _read_h5(path, file), {}
    else:
        _, tensors, values = _of_keras_file(path)
    if not model.built:
        raise ValueError("You are loading weights into a model that has not yet been built: call "
                         "it, or its build(input_shape), first")
    _load_into(model, tensors, values, path, skip_mismatch)


def _stores(model, tensors, values):
    """Each layer with its path and what a file has for it."""
    by_layer = {}
    for name, value in (*tensors.items(), *values.items()):
        path, found, own = name.rpartition("vars/") if "vars/" in name else ("", "", "")
        if found:
            by_layer.setdefault(path.rstrip("/"), {})[own] = value
    for path, layer in layers_with_paths(model):
        yield path, layer, by_layer.get(path, {})


def _load_into(model, tensors, values, path, skip_mismatch=False):
    loads, faults = [], []
    for place, layer, store in _stores(model, tensors, values):
        wanted = _store_of(layer)
        fault = _fault(wanted, store)
        if fault is None:
            if store:
                loads.append((layer, store))
        elif wanted:
            faults.append(f"{place or model.name}: {fault}")
    if faults and not skip_mismatch:
        shown = "\n  ".join(faults[:10])
        raise ValueError(f"{path} doesn't fit the model {model.name!r}, which is unchanged:\n  "
                         f"{shown}")
    with no_grad():
        for layer, store in loads:
            if isinstance(layer, Layer):
                layer.load_own_variables(store)
            elif isinstance(layer, Module):
                layer.load_state_dict(store)


def _fault(wanted, store):
    """In what a file's variables of a layer differ from the layer's; None where they fit."""
    tensors = {name: value for name, value in wanted.items() if isinstance(value, Tensor)}
    held = {name: value for name, value in store.items() if isinstance(value, Tensor)}
    if len(tensors) != len(held) and set(tensors) - set(held):
        return f"the layer has {len(tensors)} variables, the file {len(held)}"
    for name, value in tensors.items():
        if name in held and tuple(held[name].shape) != tuple(value.shape):
            return (f"variable {getattr(value, 'name', None) or name} has shape "
                    f"{tuple(value.shape)}, in the file {tuple(held[name].shape)}")
    return None
