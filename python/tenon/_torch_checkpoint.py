"""Reads checkpoints that PyTorch's `torch.save` wrote: tensors, parameters and plain values in
dicts and lists. A pickle may name only what is in the table below, so no code of the file ever
runs."""

import collections
import io
import pickle
import struct
import zipfile

from . import _core

_STORAGES = {"FloatStorage": "float32", "DoubleStorage": "float64", "HalfStorage": "float16",
             "BFloat16Storage": "bfloat16", "ByteStorage": "uint8", "CharStorage": "int8",
             "ShortStorage": "int16", "IntStorage": "int32", "LongStorage": "int64",
             "BoolStorage": "bool", "ComplexFloatStorage": "complex64",
             "ComplexDoubleStorage": "complex128"}
_DTYPES = (*_STORAGES.values(), "uint16", "uint32", "uint64")
#: What a file before version 1.6 starts with, as a pickled number.
_OLD_MAGIC = 0x1950A86A20F9469CFC6C


class _Storage:
    """Stands for the dtype of a storage."""

    def __init__(self, dtype):
        self.dtype = dtype


def _rebuild_tensor(storage, offset, size, stride, requires_grad=False, hooks=None, metadata=None):
    made = _core.as_strided(storage, tuple(size), tuple(stride), offset)
    return made.requires_grad_() if requires_grad else made


def _rebuild_parameter(data, requires_grad=True, hooks=None, state=None):
    from .nn import Parameter

    return Parameter(data, requires_grad)


class _Unpickler(pickle.Unpickler):
    """Knows the few names that checkpoints of tensors have."""

    def __init__(self, file, path, find_storage):
        super().__init__(file, encoding="utf-8")
        self._path, self._find_storage = path, find_storage

    # Functions rather than the types themselves: a pickle could set attributes of those.
    _FUNCTIONS = {
        ("collections", "OrderedDict"): lambda: collections.OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): lambda: lambda *a: _rebuild_tensor(*a),
        ("torch._utils", "_rebuild_tensor"): lambda: lambda *a: _rebuild_tensor(*a),
        ("torch._utils", "_rebuild_parameter"): lambda: lambda *a: _rebuild_parameter(*a),
        ("torch._utils", "_rebuild_parameter_with_state"):
            lambda: lambda *a: _rebuild_parameter(*a),
        ("torch", "Size"): lambda: lambda *a: _core.Size(*a),
        ("torch", "device"): lambda: lambda *a: _core.device("cpu"),
    }

    def find_class(self, module, name):
        if make := self._FUNCTIONS.get((module, name)):
            return make()
        if module in ("torch", "torch.storage") and name in _STORAGES:
            return _Storage(getattr(_core, _STORAGES[name]))
        if module == "torch" and name in _DTYPES:
            return getattr(_core, name)
        raise _core.IoError(f"[load] {self._path} holds a {module}.{name}; checkpoints of tensors, "
                            "numbers, texts, dicts and lists are read, and no code is run. Save a "
                            "state_dict() instead")

    def persistent_load(self, saved_id):
        kind, storage, key, _, count = saved_id[:5]
        if kind != "storage" or not isinstance(storage, _Storage):
            raise _core.IoError(f"[load] {self._path} refers to an unknown kind of data, {kind!r}")
        if len(saved_id) > 5 and saved_id[5] is not None:
            raise _core.IoError(f"[load] {self._path} has views of storages, which no PyTorch "
                                "since 0.4 writes")
        return self._find_storage(str(key), storage.dtype, count)


def _checked(path, load):
    try:
        return load()
    except _core.Error:
        raise
    except (pickle.UnpicklingError, zipfile.BadZipFile, EOFError, KeyError, IndexError, TypeError,
            ValueError, AttributeError, struct.error, RecursionError, OverflowError,
            NotImplementedError) as error:
        raise _core.IoError(f"[load] {path} is no checkpoint that can be read: {error}") from error


def is_checkpoint(file):
    """Whether a file, open at its beginning, is a zip archive or starts with PyTorch's magic
    number; it is left at its beginning."""
    start = file.read(16)
    file.seek(0)
    if start.startswith(b"PK\x03\x04"):
        return True
    return start[:2] == b"\x80\x02" and start[2:4] == b"\x8a\n" and \
        int.from_bytes(start[4:14], "little") == _OLD_MAGIC


def load(file, path):
    """What the file, open at its beginning, holds."""
    is_zip = file.read(4) == b"PK\x03\x04"
    file.seek(0)
    return _checked(path, lambda: (_load_zip if is_zip else _load_old)(file, path))


def _fill(storage, read_into, path):
    view = memoryview(_core.bytes_of(storage))
    while len(view) and (count := read_into(view)):
        view = view[count:]
    if len(view):
        raise _core.IoError(f"[load] {path} is cut short: {len(view)} bytes of a tensor are "
                            "missing")


def _load_zip(file, path):
    with zipfile.ZipFile(file) as archive:
        names = {name.partition("/")[2]: name for name in archive.namelist()}
        if "data.pkl" not in names:
            raise _core.IoError(f"[load] {path} is a zip archive without PyTorch's data.pkl")
        if "byteorder" in names and archive.read(names["byteorder"]) != b"little":
            raise _core.IoError(f"[load] {path} has big-endian numbers")
        storages = {}

        def find_storage(key, dtype, count):
            if key not in storages:
                entry = archive.getinfo(names[f"data/{key}"])
                if entry.compress_type != zipfile.ZIP_STORED or \
                        entry.file_size != count * dtype.itemsize:
                    raise _core.IoError(f"[load] {path}: data/{key} should have {count} elements "
                                        f"of {dtype}, and has {entry.file_size} bytes")
                storages[key] = _core.empty((count,), dtype=dtype)
                with archive.open(entry) as stored:
                    _fill(storages[key], stored.readinto, path)
            return storages[key]

        pickled = io.BytesIO(archive.read(names["data.pkl"]))
        return _Unpickler(pickled, path, find_storage).load()


def _load_old(file, path):
    end = file.seek(0, io.SEEK_END)
    file.seek(0)
    storages = {}

    def find_storage(key, dtype, count):
        if key not in storages:
            if not 0 <= count * dtype.itemsize <= end:
                raise _core.IoError(f"[load] {path} is cut short: {count} elements of {dtype} are "
                                    "more than it has")
            storages[key] = _core.empty((count,), dtype=dtype)
        return storages[key]

    def next_pickle():
        return _Unpickler(file, path, find_storage).load()

    magic, _, system = next_pickle(), next_pickle(), next_pickle()
    if magic != _OLD_MAGIC or not system["little_endian"]:
        raise _core.IoError(f"[load] {path} has another format, or big-endian numbers")
    result = next_pickle()
    for key in next_pickle():
        count, = struct.unpack("<q", file.read(8))
        storage = storages[str(key)]
        if count != storage.numel():
            raise _core.IoError(f"[load] {path}: storage {key} has {count} elements in place of "
                                f"{storage.numel()}")
        _fill(storage, file.readinto, path)
    return result
