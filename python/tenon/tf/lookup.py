"""tf.lookup: tables of keys and values."""

import numpy

from .. import _core
from .._eager import convert, dtypes
from .._eager.errors import FailedPreconditionError, InvalidArgumentError, NotFoundError
from .._eager.hashing import fingerprint64
from .._eager.ragged import RaggedTensor
from .._eager.strings import StringTensor
from .._eager.tensor import own
from ._sparse import SparseTensor


def _tensor(values, dtype, shape):
    """A tensor of Python's values."""
    if dtype is dtypes.string:
        array = numpy.empty(len(values), object)
        array[:] = values
        return StringTensor(array.reshape(shape))
    return own(_core.tensor_of_data(numpy.array(values, dtype.as_numpy_dtype).reshape(shape),
                                    dtype))


def _given(value, dtype):
    dtype = None if dtype is None else dtypes.as_dtype(dtype)
    return convert.tensor(value, None if dtype is dtypes.string else dtype)


class KeyValueTensorInitializer:
    """The keys and values of two tensors."""

    def __init__(self, keys, values, key_dtype=None, value_dtype=None, name=None):
        self._keys, self._values = _given(keys, key_dtype), _given(values, value_dtype)
        if tuple(self._keys.shape) != tuple(self._values.shape):
            raise ValueError("Keys and values must have the same shape, got "
                             f"{tuple(self._keys.shape)} and {tuple(self._values.shape)}")
        self.key_dtype, self.value_dtype = self._keys.dtype, self._values.dtype

    def pairs(self):
        """(key, value) of each."""
        return zip(_listed(self._keys), _listed(self._values))


def _listed(tensor):
    return tensor.array.reshape(-1).tolist() if isinstance(tensor, StringTensor) else \
        tensor.reshape(-1).tolist()


class TextFileIndex:
    """What of a text file's lines stands for a key or value, beside a column's number."""

    WHOLE_LINE, LINE_NUMBER = -2, -1


class TextFileInitializer:
    """The keys and values of a text file's lines: columns, whole lines or their numbers."""

    def __init__(self, filename, key_dtype, key_index, value_dtype, value_index, vocab_size=None,
                 delimiter="\t", name=None, value_index_offset=0):
        self._filename, self._delimiter, self._count = filename, delimiter, vocab_size
        self.key_dtype, self.value_dtype = dtypes.as_dtype(key_dtype), dtypes.as_dtype(value_dtype)
        self._of_key, self._of_value, self._offset = key_index, value_index, value_index_offset
        for index, dtype, what in ((key_index, self.key_dtype, "key"),
                                   (value_index, self.value_dtype, "value")):
            if index == TextFileIndex.LINE_NUMBER and dtype is not _core.int64 and what == "key":
                raise ValueError("TextFileInitializer(): the number of a line is an int64 key, not "
                                 f"{dtypes.name_of(dtype)}")
            if index == TextFileIndex.WHOLE_LINE and dtype is not dtypes.string:
                raise ValueError(f"TextFileInitializer(): a whole line is a {what} of dtype "
                                 f"string, not {dtypes.name_of(dtype)}")

    def pairs(self):
        """(key, value) of each line."""
        path = self._filename.numpy().decode() if hasattr(self._filename, "numpy") else \
            self._filename
        try:
            with open(path, "rb") as file:
                lines = file.read().splitlines()
        except FileNotFoundError:
            raise NotFoundError(f"{path}; No such file or directory "
                                "[Op:InitializeTableFromTextFile]"
                                ) from None
        for number, line in enumerate(lines[:self._count]):
            yield (self._part(line, number, self._of_key, self.key_dtype, 0),
                   self._part(line, number, self._of_value, self.value_dtype, self._offset))

    def _part(self, line, number, index, dtype, offset):
        if index == TextFileIndex.LINE_NUMBER:
            return number + offset
        if index == TextFileIndex.WHOLE_LINE:
            return line
        parts = line.split(self._delimiter.encode())
        if index >= len(parts):
            raise InvalidArgumentError(f"Invalid number of columns in {self._filename} line "
                                       f"{number} ({line!r}): expected {index + 1}, got "
                                       f"{len(parts)}")
        if dtype is dtypes.string:
            return parts[index]
        return (float if dtype.is_floating_point else int)(parts[index])


class _Table:
    """Values of keys, in a dict."""

    def __init__(self, key_dtype, value_dtype, default_value, name):
        self.key_dtype, self.value_dtype = dtypes.as_dtype(key_dtype), dtypes.as_dtype(value_dtype)
        default = _given(default_value, self.value_dtype)
        self.default_value = default
        self._default = default.tolist()
        self._value_shape = tuple(default.shape)
        self._values = {}
        self.name = name or "table"

    def _keys(self, keys):
        keys = _given(keys, self.key_dtype) if not hasattr(keys, "dtype") else convert.tensor(keys)
        if keys.dtype is not self.key_dtype:
            raise TypeError(f"Dtype of argument `keys` must be {dtypes.name_of(self.key_dtype)}, "
                            f"received: {dtypes.name_of(keys.dtype)}")
        return keys

    def _value(self, key):
        return self._values.get(key, self._default)

    def lookup(self, keys, name=None):
        """The value of each key; the default where it isn't there."""
        if isinstance(keys, RaggedTensor):
            return keys.with_flat_values(self.lookup(keys.flat_values))
        if isinstance(keys, SparseTensor):
            return SparseTensor(keys.indices, self.lookup(keys.values), keys.dense_shape)
        keys = self._keys(keys)
        found = [self._value(key) for key in _listed(keys)]
        return _tensor(found, self.value_dtype, (*keys.shape, *self._value_shape))

    def __getitem__(self, keys):
        return self.lookup(keys)

    def size(self, name=None):
        """How many keys there are."""
        return own(_core.tensor_of_data(len(self._values), _core.int64))

    def export(self, name=None):
        """(keys, values) of the whole table."""
        count = len(self._values)
        return (_tensor(list(self._values), self.key_dtype, (count,)),
                _tensor(list(self._values.values()), self.value_dtype, (count, *self._value_shape)))


class StaticHashTable(_Table):
    """A table of an initializer's keys and values, which doesn't change."""

    def __init__(self, initializer, default_value, name=None, experimental_is_anonymous=False):
        super().__init__(initializer.key_dtype, initializer.value_dtype, default_value, name)
        for key, value in initializer.pairs():
            if self._values.setdefault(key, value) != value:
                raise FailedPreconditionError(
                    f"HashTable has different value for same key. Key {key!r} has "
                    f"{self._values[key]!r} and trying to add value {value!r}")


class StaticVocabularyTable(StaticHashTable):
    """Numbers of words; of those that aren't there, one of `num_oov_buckets` behind them by a
    hash."""

    def __init__(self, initializer, num_oov_buckets, lookup_key_dtype=None, name=None,
                 experimental_is_anonymous=False):
        if num_oov_buckets <= 0:
            raise ValueError("`num_oov_buckets` must be greater than 0; use StaticHashTable "
                             "without them")
        self.num_oov_buckets = int(num_oov_buckets)
        if initializer is None:
            initializer = KeyValueTensorInitializer(
                _tensor([], dtypes.as_dtype(lookup_key_dtype or dtypes.string), (0,)),
                _tensor([], _core.int64, (0,)))
        if initializer.value_dtype is not _core.int64:
            raise TypeError(f"Invalid `value_dtype`, expected int64 but got "
                            f"{dtypes.name_of(initializer.value_dtype)}.")
        super().__init__(initializer, -1, name)

    def _value(self, key):
        if key in self._values:
            return self._values[key]
        text = key if isinstance(key, bytes) else str(key).encode()
        return len(self._values) + fingerprint64(text) % self.num_oov_buckets

    def size(self, name=None):
        """How many numbers there are, buckets too."""
        return own(_core.tensor_of_data(len(self._values) + self.num_oov_buckets, _core.int64))


class _MutableHashTable(_Table):
    """A table that changes: `insert`, `remove`."""

    def __init__(self, key_dtype, value_dtype, default_value, name="MutableHashTable",
                 checkpoint=True, experimental_is_anonymous=False):
        super().__init__(key_dtype, value_dtype, default_value, name)

    def insert(self, keys, values, name=None):
        """These values for these keys."""
        keys, values = self._keys(keys), _given(values, self.value_dtype)
        shape = (*keys.shape, *self._value_shape)
        if tuple(values.shape) != shape:
            raise InvalidArgumentError(f"Expected shape {list(shape)} for value, got "
                                       f"{list(values.shape)} [Op:LookupTableInsertV2]")
        array = values.array if isinstance(values, StringTensor) else values
        flat = array.reshape((-1, *self._value_shape)).tolist()
        self._values.update(zip(_listed(keys), flat))

    def insert_or_assign(self, keys, values, name=None):
        """`insert`."""
        self.insert(keys, values)

    def remove(self, keys, name=None):
        """Without these keys."""
        for key in _listed(self._keys(keys)):
            self._values.pop(key, None)

    erase = remove


class _DenseHashTable(_MutableHashTable):
    """A table that changes, with two keys that aren't used."""

    def __init__(self, key_dtype, value_dtype, default_value, empty_key, deleted_key,
                 initial_num_buckets=None, name="MutableDenseHashTable", checkpoint=True,
                 experimental_is_anonymous=False):
        super().__init__(key_dtype, value_dtype, default_value, name)
        self._unused = [_listed(_given(one, key_dtype))[0] for one in (empty_key, deleted_key)]
        if self._unused[0] == self._unused[1]:
            raise InvalidArgumentError("Empty and deleted keys must have different values")

    def _keys(self, keys):
        keys = super()._keys(keys)
        for key, what in zip(self._unused, ("empty", "deleted")):
            if key in _listed(keys):
                raise InvalidArgumentError(f"Using the {what}_key as a table key is not allowed")
        return keys


class experimental:
    """Tables that change."""

    MutableHashTable, DenseHashTable = _MutableHashTable, _DenseHashTable
