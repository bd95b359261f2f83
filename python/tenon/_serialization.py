"""save() and load(): dicts of tensors and plain values in safetensors files. No code is ever
run."""

import contextlib
import io
import os

from . import _core

_TENSOR, _ROOT, _VALUE = "__tensor__", "__tensor_itself__", "tenon.value"


@contextlib.contextmanager
def _path_of(f):
    """The path of a file on disk; of other files, one where their content comes to lie."""
    if isinstance(f, (str, os.PathLike)):
        yield os.fspath(f)
        return
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        yield os.path.join(folder, "content")


def save(obj, f, **_):
    """Writes a tensor, or dicts and lists of tensors, numbers, texts and None, as one file: a path,
    or a file open for writing bytes."""
    tensors = {}

    def plain(value, path):
        if isinstance(value, _core.Tensor):
            name = path or _ROOT
            while name in tensors:  # {"a.b": x, "a": {"b": y}}
                name += "_"
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
        if hasattr(value, "item") and getattr(value, "shape", None) == ():  # a number of NumPy's
            return {"value": value.item()}
        raise TypeError(f"save() takes tensors, dicts, lists, numbers, texts and None, not "
                        f"{type(value).__name__}")

    # Here, as elsewhere in the package, what few programs need isn't there from the start
    import json

    text = json.dumps(plain(obj, ""))
    with _path_of(f) as path:
        _core.save_tensors(tensors, path, {_VALUE: text})
        if not isinstance(f, (str, os.PathLike)):
            with open(path, "rb") as written:
                f.write(written.read())


def load(f, map_location=None, *, weights_only=True, **_):
    """What `save` wrote; of other safetensors files, a dict of their tensors; of PyTorch's
    checkpoints, their tensors and plain values. `f` is a path, or a file open for reading bytes.
    `map_location`: a device for all tensors; what PyTorch takes else has nothing to choose here. No
    code of the file runs, whatever `weights_only` says."""
    from . import _torch_checkpoint  # and with it zipfile and pickle, which few programs need

    device = map_location if isinstance(map_location, (str, _core.device)) else None
    if device is not None:
        _core.to_device(_core.empty((0,)), _core.device(device))  # an error before any work
    if not isinstance(f, (str, os.PathLike)):
        content = io.BytesIO(f.read())
        if _torch_checkpoint.is_checkpoint(content):
            return _torch_checkpoint.load(content, "the file")
        with _path_of(f) as path:
            with open(path, "wb") as copy:
                copy.write(content.getbuffer())
            return _load_safetensors(path)
    path = os.fspath(f)
    with open(path, "rb") as file:
        if _torch_checkpoint.is_checkpoint(file):
            return _torch_checkpoint.load(file, path)
    return _load_safetensors(path)


def _load_safetensors(path):
    tensors = _core.load_tensors(path)
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
        import json

        return restored(json.loads(text))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise _core.IoError(f"[load] {path}: its metadata doesn't describe its tensors") from error
