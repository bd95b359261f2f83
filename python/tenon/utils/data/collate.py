"""Samples as batches."""

import copy
from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence

from ... import _core
from ..._creation import as_tensor, tensor


def _is_array(value):
    """Whether it is NumPy's, which isn't imported for this."""
    return type(value).__module__ == "numpy"


def _as_mapping(like, content):
    """A mapping of the kind of `like`, or a dict where it can't be made of content alone."""
    try:
        if isinstance(like, MutableMapping):
            made = copy.copy(like)
            made.update(content)
            return made
        return type(like)(content)
    except TypeError:
        return content


def _as_sequence(like, content):
    """A sequence of the kind of `like`, or a list where it can't be made of content alone."""
    try:
        if isinstance(like, MutableSequence):
            made = copy.copy(like)
            made[:] = content
            return made
        return type(like)(content)
    except TypeError:
        return content


def _is_named(value):
    return isinstance(value, tuple) and hasattr(value, "_fields")


def default_convert(data):
    """NumPy's arrays as tensors, within containers, too; all else as it is."""
    if _is_array(data):
        return data if data.dtype.kind in "SUO" else as_tensor(data)
    if isinstance(data, Mapping):
        return _as_mapping(data, {key: default_convert(value) for key, value in data.items()})
    if _is_named(data):
        return type(data)(*(default_convert(value) for value in data))
    if isinstance(data, tuple):
        return [default_convert(value) for value in data]
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _as_sequence(data, [default_convert(value) for value in data])
    return data


def default_collate(batch):
    """One thing of a list of like ones: tensors and arrays are stacked, numbers become a tensor,
    texts a list; of containers, a container of these."""
    first = batch[0]
    if isinstance(first, _core.Tensor):
        return _core.stack(batch, 0)
    if _is_array(first):
        if first.dtype.kind in "SUO":
            raise TypeError(f"default_collate: batches can't be made of arrays of {first.dtype}; "
                            "give DataLoader a collate_fn")
        import numpy

        return as_tensor(numpy.stack(batch))
    if isinstance(first, float):
        return tensor(batch, dtype=_core.float64)
    if isinstance(first, (bool, int)):
        return tensor(batch)
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return _as_mapping(first, {key: default_collate([value[key] for value in batch])
                                   for key in first})
    if _is_named(first):
        return type(first)(*(default_collate(list(values)) for values in zip(*batch)))
    if isinstance(first, Sequence):
        if any(len(value) != len(first) for value in batch):
            raise RuntimeError("default_collate: each element in list of batch should be of equal "
                               f"size, but sizes are {[len(value) for value in batch]}")
        collated = [default_collate(list(values)) for values in zip(*batch)]
        return collated if isinstance(first, tuple) else _as_sequence(first, collated)
    raise TypeError("default_collate: batch must contain tensors, numpy arrays, numbers, dicts or "
                    f"lists; found {type(first)}")
