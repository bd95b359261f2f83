"""save() and load(): dicts of tensors and plain values in safetensors files. No code is ever
run."""

import contextlib
import io
import os

from . import _core
from ._structures import MALFORMED, describe, restore

_ROOT, _VALUE = "__tensor_itself__", "tenon.value"


@contextlib.contextmanager
def written_to(f):
    """A path to write to, whose content is then that of `f`: a path, or a file open for writing
    bytes."""
    if isinstance(f, (str, os.PathLike)):
        yield os.fspath(f)
        return
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "content")
        yield path
        with open(path, "rb") as written:
            f.write(written.read())


@contextlib.contextmanager
def read_from(f):
    """The path of what `f` holds: a path, or a file open for reading bytes."""
    if isinstance(f, (str, os.PathLike)):
        yield os.fspath(f)
        return
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "content")
        with open(path, "wb") as copy:
            copy.write(f.read())
        yield path


def save(obj, f, **_):
    """Writes a tensor, or dicts and lists of tensors, numbers, texts and None, as one file: a path,
    or a file open for writing bytes."""
    tensors = {}

    def name_of(tensor, path):
        name = path or _ROOT
        while name in tensors:  # {"a.b": x, "a": {"b": y}}
            name += "_"
        tensors[name] = tensor.detach()
        return name

    # Here, as elsewhere in the package, what few programs need isn't there from the start
    import json

    text = json.dumps(describe(obj, name_of, "save"))
    with written_to(f) as path:
        _core.save_tensors(tensors, path, {_VALUE: text})


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
        content.seek(0)
        with read_from(content) as path:
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

    try:
        import json

        return restore(json.loads(text), lambda name: tensors[name])
    except MALFORMED as error:
        raise _core.IoError(f"[load] {path}: its metadata doesn't describe its tensors") from error
