"""Datasets kept in memory, in files, and read back."""

import contextlib
import json
import os

from ..._eager import dtypes, nest
from ..._eager.errors import DataLossError, InvalidArgumentError, NotFoundError
from ..._eager.strings import StringTensor
from ...utils._records import framed, read_records
from .._function import TensorSpec
from . import _elements

_INDEX = "dataset.json"


class Storing:
    """What `Dataset` can do with files."""

    @staticmethod
    def list_files(file_pattern, shuffle=None, seed=None, name=None):
        """The files that patterns match, shuffled unless told otherwise."""
        import glob

        from ._dataset import Dataset

        patterns = _elements.as_element(file_pattern).array.reshape(-1).tolist()
        found = sorted({name for pattern in patterns for name in glob.glob(pattern.decode())})
        if not found:
            raise InvalidArgumentError(f"No files matched pattern: {file_pattern}")
        made = Dataset.from_tensor_slices(found)
        return made.shuffle(len(found), seed) if shuffle in (None, True) else made

    def cache(self, filename="", name=None):
        """Elements are kept from the first whole pass on: in memory, or in files whose names begin
        with `filename`."""
        filename = _path(filename)
        if filename:
            return self._kept_in(f"{filename}.data")
        kept = []

        def make():
            if kept:
                yield from kept[0]
                return
            held = []
            for element in iter(self):
                held.append(element)
                yield element
            kept[:] = [held]

        return self._with(make, is_light=self._is_light)

    def _kept_in(self, directory):
        """The elements, written to a directory in the first whole pass, then read from it."""
        def make():
            if os.path.exists(os.path.join(directory, _INDEX)):
                yield from _read_all(directory)
                return
            with _Writer(directory) as writer:
                for element in iter(self):
                    writer.write(element)
                    yield element
                writer.finish()

        return self._with(make)

    def snapshot(self, path, compression="AUTO", reader_func=None, shard_func=None, name=None):
        """As `cache` in a directory, which other programs may read."""
        if reader_func is None and shard_func is None:
            return self._kept_in(_path(path))
        directory = _path(path)

        def make():
            if not os.path.exists(os.path.join(directory, _INDEX)):
                self.save(directory, shard_func=shard_func)
            return iter(type(self).load(directory, reader_func=reader_func))

        return self._with(make)

    def save(self, path, compression=None, shard_func=None, checkpoint_args=None):
        """Writes the elements to a directory, from which `Dataset.load` reads them;
        shard_func(*element) says which of several files one goes to."""
        with _Writer(_path(path)) as writer:
            for element in iter(self):
                shard = 0 if shard_func is None else int(_elements.apply(shard_func, element))
                writer.write(element, shard)
            writer.finish(self.element_spec)

    @staticmethod
    def load(path, element_spec=None, compression=None, reader_func=None, wait=False):
        """The elements that `save` wrote. reader_func gives one dataset of one of the files'
        datasets."""
        from ._dataset import Dataset, of_list

        directory = _path(path)
        index = _index(directory)
        spec = _spec_of_json(index["spec"]) if element_spec is None else element_spec
        if reader_func is None:
            return Dataset(lambda: _read_all(directory), index["count"], lambda: spec)
        shards = [Dataset(lambda shard=shard: _read(directory, shard, spec), count, lambda: spec)
                  for shard, count in sorted((int(at), n) for at, n in index["shards"].items())]
        return reader_func(of_list(shards))


def _path(path):
    path = path.numpy() if hasattr(path, "numpy") else path
    return path.decode() if isinstance(path, bytes) else os.fspath(path)


class _Writer:
    """Elements as records of a directory's files, which count from `finish` on."""

    def __init__(self, directory):
        self._directory, self._files, self._counts = directory, {}, {}
        self._spec = None
        os.makedirs(directory, exist_ok=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for file in self._files.values():
            file.close()

    def write(self, element, shard=0):
        """One more element of a file."""
        from ..io._tensors import serialize_tensor

        if self._spec is None:
            self._spec = _elements.spec_of(element)
        if shard not in self._files:
            self._files[shard] = open(_shard(self._directory, shard), "wb")
        for leaf in nest.flatten(element):
            if not isinstance(leaf, (_elements.CoreTensor, StringTensor)):
                raise InvalidArgumentError(f"{type(leaf).__name__} can't be written to files; "
                                           "tensors can")
            self._files[shard].write(framed(serialize_tensor(leaf).numpy()))
        self._counts[shard] = self._counts.get(shard, 0) + 1

    def finish(self, spec=None):
        """All are written: the directory is whole."""
        spec = self._spec if spec is None else spec
        for file in self._files.values():
            file.flush()
        partial = os.path.join(self._directory, f"{_INDEX}.partial")
        with open(partial, "w", encoding="utf-8") as file:
            json.dump({"version": 1, "spec": None if spec is None else _json_of_spec(spec),
                       "count": sum(self._counts.values()), "shards": self._counts}, file)
        os.replace(partial, os.path.join(self._directory, _INDEX))


def _shard(directory, number):
    return os.path.join(directory, f"{number:05d}.tfrecord")


def _index(directory):
    try:
        with open(os.path.join(directory, _INDEX), encoding="utf-8") as file:
            index = json.load(file)
    except FileNotFoundError:
        raise NotFoundError(f"{directory} holds no dataset: there is no {_INDEX}, which is written "
                            "when all elements are") from None
    except ValueError as error:
        raise DataLossError(f"{directory}/{_INDEX} is damaged: {error}") from None
    if index.get("version") != 1:
        raise InvalidArgumentError(f"{directory} is of version {index.get('version')}, known is 1; "
                                   "a newer Tenon reads it")
    return index


def _read_all(directory):
    index = _index(directory)
    spec = None if index["spec"] is None else _spec_of_json(index["spec"])
    for shard in sorted(map(int, index["shards"])):
        yield from _read(directory, shard, spec)


def _read(directory, shard, spec):
    """The elements of one file."""
    from ..io._tensors import parse_tensor

    leaves = nest.flatten(spec)
    with open(_shard(directory, shard), "rb") as file:
        records = read_records(file, file.name)
        while True:
            parts = []
            with contextlib.suppress(StopIteration):
                for leaf in leaves:
                    parts.append(parse_tensor(StringTensor(next(records)), leaf.dtype))
            if not parts:
                return
            if len(parts) < len(leaves):
                raise DataLossError(f"{file.name} ends within an element")
            yield nest.pack_sequence_as(spec, parts)


def _json_of_spec(spec):
    if isinstance(spec, TensorSpec):
        return {"shape": spec.shape.as_list() if spec.shape.rank is not None else None,
                "dtype": dtypes.name_of(spec.dtype)}
    if isinstance(spec, dict):
        return {"dict": [[key, _json_of_spec(value)] for key, value in spec.items()]}
    if isinstance(spec, (tuple, list)):
        kind = "list" if isinstance(spec, list) else "tuple"
        return {kind: [_json_of_spec(one) for one in spec]}
    raise InvalidArgumentError(f"{spec!r} can't be written to files; tensors can")


def _spec_of_json(value):
    if "dict" in value:
        return {key: _spec_of_json(one) for key, one in value["dict"]}
    for kind, make in (("tuple", tuple), ("list", list)):
        if kind in value:
            return make(_spec_of_json(one) for one in value[kind])
    return TensorSpec(value["shape"], dtypes.as_dtype(value["dtype"]))
