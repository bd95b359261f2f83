"""What fit() and the others take as data, as batches (x, y, sample_weight) of tensors."""

import itertools
import warnings

from ... import _core
from ..._creation import randperm
from .. import _tree
from .._arrays import as_tensor
from .py_dataset import PyDataset, batches_of

Tensor = _core.Tensor


def unpack_x_y_sample_weight(data):
    """x, y and sample_weight of a batch, None for what isn't there."""
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple):
        return data, None, None
    if len(data) > 3:
        raise ValueError("Data is expected to be in format `x`, `(x,)`, `(x, y)`, or `(x, y, "
                         f"sample_weight)`, found a tuple of {len(data)}")
    return (*data, *(None,) * (3 - len(data)))


def pack_x_y_sample_weight(x, y=None, sample_weight=None):
    """The tuple that a batch is."""
    if y is None:
        return x if not isinstance(x, (tuple, list)) else (x,)
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def _array(value):
    """Data as a tensor; strings stay NumPy's, since tensors have none."""
    if isinstance(value, Tensor):
        return value.detach()
    if hasattr(value, "to_numpy"):  # of pandas
        value = value.to_numpy()
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    if kind is None and hasattr(value, "__array__"):
        import numpy

        value = numpy.asarray(value)
        kind = value.dtype.kind
    if kind is not None and kind not in "biufc":
        if kind == "O" and value.size and not isinstance(value.flat[0], (str, bytes)):
            import numpy

            return as_tensor(numpy.asarray(value.tolist()))
        return value
    return as_tensor(value)


def _is_array(value):
    return hasattr(value, "shape") and (hasattr(value, "dtype") or hasattr(value, "to_numpy"))


def _is_list_of_numbers(value):
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return isinstance(value, (int, float, bool))


def arrays_of(structure):
    """Arrays, or a list, tuple or dict of them, as tensors. A list of numbers is an array."""
    if structure is None:
        return None
    if isinstance(structure, dict):
        return {key: arrays_of(value) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        if _is_list_of_numbers(structure):
            return as_tensor(structure)
        made = [arrays_of(value) for value in structure]
        return made if isinstance(structure, list) else tuple(made)
    return _array(structure)


def is_array_like(x):
    """Whether this is one array, or a list or dict of arrays, rather than a source of batches."""
    if isinstance(x, dict):
        return all(map(is_array_like, x.values()))
    if isinstance(x, (list, tuple)):
        return _is_list_of_numbers(x) or (bool(x) and all(map(is_array_like, x)))
    return _is_array(x) or (hasattr(x, "__array__") and not hasattr(x, "__next__"))


def _count(arrays):
    """How many examples arrays hold; an error where they differ."""
    counts = {name: [one.shape[0] for one in _tree.flatten(value) if one is not None]
              for name, value in arrays.items() if value is not None}
    for name, value in arrays.items():
        for one in _tree.flatten(value):
            if one is not None and len(one.shape) == 0:
                raise ValueError(f"`{name}` is one number, where an array of examples was expected")
    if len({count for one in counts.values() for count in one}) > 1:
        sizes = ", ".join(f"{name}: {', '.join(map(str, one))}" for name, one in counts.items())
        raise ValueError("Data cardinality is ambiguous. Make sure all arrays contain the same "
                         f"number of samples. Sizes: {sizes}")
    return next(iter(counts.values()))[0]


def train_validation_split(arrays, validation_split):
    """(x, y, sample_weight) for training, and the last part of them for validation."""
    if not 0 < validation_split < 1:
        raise ValueError("`validation_split` is a share of the data between 0 and 1, not "
                         f"{validation_split}")
    flat = [one for one in _tree.flatten(arrays) if one is not None]
    if not flat or not all(_is_array(one) for one in flat):
        raise ValueError("Argument `validation_split` is only supported for tensors or NumPy "
                         "arrays")
    count = flat[0].shape[0]
    at = int(count * (1.0 - validation_split))
    if at in (0, count):
        raise ValueError(f"Training data contains {count} samples, which is not sufficient to "
                         f"split it into a validation and training set as specified by "
                         f"`validation_split={validation_split}`. Either provide more data, or a "
                         "different value for the `validation_split` argument.")

    def part(begin, end):
        return _tree.map_structure(lambda one: None if one is None else one[begin:end], arrays)

    return part(0, at), part(at, count)


def class_weight_table(class_weight):
    """The weights by class as a tensor; classes that aren't named weigh 1."""
    if not isinstance(class_weight, dict) or not class_weight or any(
            not float(key).is_integer() or key < 0 for key in class_weight):
        raise ValueError("`class_weight` is a dict of class numbers and weights, such as {0: 1.0, "
                         f"1: 2.5}}, not {class_weight!r}")
    table = [1.0] * (int(max(class_weight)) + 2)
    for key, weight in class_weight.items():
        table[int(key)] = float(weight)
    return as_tensor(table)


def weights_of_classes(y, table):
    """The weight of each example by its label: a number, or one of several places that is one."""
    if not isinstance(y, Tensor):
        raise ValueError("`class_weight` is only supported for models with a single output")
    if y.dim() > 2:
        raise ValueError("`class_weight` not supported for 3+ dimensional targets: "
                         f"{tuple(y.shape)}")
    if y.dim() == 2:
        y = y[:, 0] if y.shape[1] == 1 else y.argmax(1)
    labels = y.round().to(_core.int64).clamp(-1, table.shape[0] - 1) if y.is_floating_point() else \
        y.to(_core.int64).clamp(-1, table.shape[0] - 1)
    labels = _core.where(labels < 0, table.shape[0] - 1, labels)
    return table[labels]


class ArrayAdapter:
    """Batches of arrays, in a new order each epoch where `shuffle`."""

    def __init__(self, x, y=None, sample_weight=None, batch_size=None, shuffle=False,
                 class_weight=None):
        arrays = {"x": arrays_of(x), "y": arrays_of(y), "sample_weight": arrays_of(sample_weight)}
        self._size = _count(arrays)
        if class_weight is not None:
            if sample_weight is not None:
                raise ValueError("You cannot `class_weight` and `sample_weight` at the same time.")
            arrays["sample_weight"] = weights_of_classes(arrays["y"],
                                                         class_weight_table(class_weight))
        self._data = pack_x_y_sample_weight(arrays["x"], arrays["y"], arrays["sample_weight"])
        self.batch_size = 32 if batch_size is None else int(batch_size)
        if self.batch_size <= 0:
            raise ValueError(f"`batch_size` is a positive number, not {batch_size}")
        self._shuffle = shuffle
        self.num_batches = -(-self._size // self.batch_size)

    def on_epoch_end(self):
        pass

    def __iter__(self):
        leaves = _tree.flatten(self._data)
        is_plain = type(self._data) is tuple and len(self._data) == len(leaves)
        for rows in self._rows():
            taken = [_taken(one, rows) for one in leaves]
            yield tuple(taken) if is_plain else _tree.pack_as(self._data, taken)

    def _rows(self):
        """What each batch has: slices, or tensors of numbers of rows."""
        size = self.batch_size
        if self._shuffle and self._shuffle != "batch":
            return randperm(self._size).split(size)
        begins = range(0, self._size, size)
        if self._shuffle:
            begins = [begins[i] for i in randperm(self.num_batches).tolist()]
        return [slice(begin, begin + size) for begin in begins]


def _taken(array, rows):
    if isinstance(rows, slice):
        return array[rows]
    if isinstance(array, Tensor):
        return _core.index_select(array, 0, rows)
    return array[rows.numpy()]


class IterableAdapter:
    """Batches that an iterable gives: a dataset of tf.data, a DataLoader, a list, a PyDataset, or a
    generator, which is gone through once."""

    def __init__(self, source, class_weight=None, shuffle=False):
        self._source = source
        self._table = None if class_weight is None else class_weight_table(class_weight)
        self._is_generator = iter(source) is source if not isinstance(source, PyDataset) else False
        self._shuffle = shuffle
        self.num_batches = None if self._is_generator else _length(source)

    def on_epoch_end(self):
        if isinstance(self._source, PyDataset):
            self._source.on_epoch_end()

    def __iter__(self):
        if isinstance(self._source, PyDataset):
            batches = batches_of(self._source, self._shuffle)
        else:
            batches = iter(self._source)
        for batch in batches:
            yield self._converted(batch)

    def _converted(self, batch):
        x, y, sample_weight = unpack_x_y_sample_weight(batch)
        x, y, sample_weight = arrays_of(x), arrays_of(y), arrays_of(sample_weight)
        if self._table is not None:
            if sample_weight is not None:
                raise ValueError("You cannot `class_weight` and `sample_weight` at the same time.")
            sample_weight = weights_of_classes(y, self._table)
        return pack_x_y_sample_weight(x, y, sample_weight)


def _length(source):
    """How many batches a source has; None where it doesn't know, or they never end."""
    if isinstance(source, PyDataset):
        return source.num_batches
    cardinality = getattr(source, "cardinality", None)
    if callable(cardinality):
        count = int(cardinality())
        return count if count >= 0 else None
    try:
        return len(source)
    except TypeError:
        return None


def make_adapter(call, x, y=None, sample_weight=None, batch_size=None, shuffle=False,
                 class_weight=None):
    """The batches of what fit(), evaluate() or predict() was given."""
    if isinstance(x, (ArrayAdapter, IterableAdapter)):
        return x
    if x is None:
        raise ValueError(f"{call}: `x` is missing")
    if not isinstance(x, PyDataset) and (y is not None or is_array_like(x)):
        if hasattr(x, "__next__"):
            raise ValueError(f"{call}: `y` is given beside a generator, which gives (x, y) itself")
        if isinstance(x, (list, tuple, dict)) or is_array_like(x):
            return ArrayAdapter(x, y, sample_weight, batch_size, shuffle, class_weight)
    if y is not None or sample_weight is not None:
        raise ValueError(f"{call}: with a {type(x).__name__} as `x`, labels and weights come out "
                         "of it: don't give `y` or `sample_weight`")
    if not hasattr(x, "__iter__") and not isinstance(x, PyDataset):
        raise ValueError(f"{call}: `x` is an array, a tensor, a list or dict of these, or "
                         f"something to iterate over, not {type(x).__name__}")
    return IterableAdapter(x, class_weight, shuffle)


class Epochs:
    """Goes through an adapter epoch by epoch. With `steps` each epoch has so many batches, and goes
    on where the one before ended; else it ends with the data."""

    def __init__(self, adapter, steps=None):
        self.adapter, self._steps = adapter, steps
        self._iterator = None
        self._counted = None
        self.ran_out = False
        if steps is not None and steps <= 0:
            raise ValueError(f"steps per epoch are a positive number, not {steps}")

    @property
    def num_batches(self):
        """How many batches an epoch has; None where that isn't known yet."""
        if self._steps is not None:
            return self._steps
        return self._counted if self.adapter.num_batches is None else self.adapter.num_batches

    def batches(self):
        """The batches of the next epoch."""
        if self._steps is None:
            count = 0
            for batch in self.adapter:
                yield batch
                count += 1
            self._counted = count
            if count == 0:
                self._warn()
            self.adapter.on_epoch_end()
            return
        for _ in range(self._steps):
            batch = next(self._running(), None)
            if batch is None and self.adapter.num_batches:
                self._iterator = None  # a source of known length begins again
                batch = next(self._running(), None)
            if batch is None:
                self._warn()
                return
            yield batch
        self.adapter.on_epoch_end()

    def _running(self):
        if self._iterator is None:
            self._iterator = iter(self.adapter)
        return self._iterator

    def _warn(self):
        self.ran_out = True
        warnings.warn("Your input ran out of data; interrupting training. Make sure that your "
                      "dataset or generator can generate at least `steps_per_epoch * epochs` "
                      "batches. You may need to use the `.repeat()` function when building your "
                      "dataset.",
                      stacklevel=4)

    def first(self):
        """The first batch, which stays the first."""
        iterator = iter(self.adapter)
        batch = next(iterator, None)
        if batch is None:
            return None
        if isinstance(self.adapter, IterableAdapter) and self.adapter._is_generator:
            self.adapter._source = _Rest(batch, self.adapter._source)
        return batch


class _Rest:
    """A generator of which the first batch was taken and put back."""

    def __init__(self, batch, source):
        self._batches = itertools.chain([batch], source)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._batches)

