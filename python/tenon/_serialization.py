"""save() and load(): dicts of tensors and plain values in safetensors files. No code is ever run."""

import json
import os

from . import _core

_TENSOR, _ROOT, _VALUE = "__tensor__", "__tensor_itself__", "tenon.value"


def save(obj, f):
    """Writes a tensor, or dicts and lists of tensors, numbers, texts and None, as one file."""
    tensors = {}

    def plain(value, path):
        if isinstance(value, _core.Tensor):
            name = path or _ROOT
            tensors[name] = value.detach()
            return {_TENSOR: name}
        if isinstance(value, dict):
            for key in value:
                if not isinstance(key, (str, int)):
                    raise TypeError(f"save(): keys are str or int, not {type(key).__name__}")
            return {"dict": [[key, plain(item, f"{path}.{key}" if path else str(key))]
                             for key, item in value.items()]}
        if isinstance(value, (list, tuple)):
            kind = "list" if isinstance(value, list) else "tuple"
            return {kind: [plain(item, f"{path}.{i}" if path else str(i))
                           for i, item in enumerate(value)]}
        if value is None or isinstance(value, (bool, int, float, str)):
            return {"value": value}
        raise TypeError(f"save() takes tensors, dicts, lists, numbers, texts and None, not "
                        f"{type(value).__name__}")

    text = json.dumps(plain(obj, ""))
    _core.save_tensors(tensors, os.fspath(f), {_VALUE: text})


def load(f, map_location=None, weights_only=True):
    """What `save` wrote; of other safetensors files, a dict of their tensors."""
    path = os.fspath(f)
    tensors = _core.load_tensors(path)
    if map_location is not None:
        tensors = {name: tensor.to(map_location) for name, tensor in tensors.items()}
    text = _core.load_metadata(path).get(_VALUE)
    if text is None:
        return tensors

    def restored(value):
        kind, content = next(iter(value.items()))
        if kind == _TENSOR:
            return tensors[content]
        if kind == "dict":
            return {key: restored(item) for key, item in content}
        if kind == "list":
            return [restored(item) for item in content]
        if kind == "tuple":
            return tuple(restored(item) for item in content)
        return content

    try:
        return restored(json.loads(text))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise _core.IoError(f"[load] {path}: its metadata doesn't describe its tensors") from error
