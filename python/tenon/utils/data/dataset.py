"""Data sets: samples by number, or one after another."""

import bisect
import itertools
import math
import warnings
from typing import Generic, TypeVar

from ... import _core

_T = TypeVar("_T", covariant=True)


class Dataset(Generic[_T]):
    """Samples by key, mostly a number: subclasses have `__getitem__`, most `__len__`, too, and may
    have `__getitems__`, which gives a list of samples for a list of keys."""

    def __getitem__(self, index):
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__, which subclasses of "
                                  "Dataset must have")

    def __add__(self, other):
        return ConcatDataset([self, other])


class IterableDataset(Dataset[_T]):
    """Samples one after another: subclasses have `__iter__`. With several worker processes each has
    a copy of its own, which `get_worker_info()` tells its part."""

    def __iter__(self):
        raise NotImplementedError(f"{type(self).__name__} has no __iter__, which subclasses of "
                                  "IterableDataset must have")

    def __add__(self, other):
        return ChainDataset([self, other])


class TensorDataset(Dataset):
    """Tuples of the tensors' rows."""

    def __init__(self, *tensors):
        sizes = {len(tensor) for tensor in tensors}
        if len(sizes) > 1:
            raise ValueError("Size mismatch between tensors: the first dims of TensorDataset's "
                             f"tensors are {[len(tensor) for tensor in tensors]}")
        self.tensors = tensors

    def __getitem__(self, index):
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self):
        return len(self.tensors[0])


class StackDataset(Dataset):
    """Samples made of the samples of several data sets: tuples, or, of keywords, dicts."""

    def __init__(self, *args, **kwargs):
        if bool(args) == bool(kwargs):
            raise ValueError("StackDataset takes data sets, either as arguments or by keyword")
        self.datasets = args or kwargs
        sizes = [len(dataset) for dataset in self._all()]
        if len(set(sizes)) > 1:
            raise ValueError(f"Size mismatch between datasets: {sizes}")

    def _all(self):
        return self.datasets.values() if isinstance(self.datasets, dict) else self.datasets

    def __getitem__(self, index):
        if isinstance(self.datasets, dict):
            return {key: dataset[index] for key, dataset in self.datasets.items()}
        return tuple(dataset[index] for dataset in self.datasets)

    def __len__(self):
        return len(next(iter(self._all())))


class ConcatDataset(Dataset[_T]):
    """One data set after another."""

    @staticmethod
    def cumsum(sequence):
        return list(itertools.accumulate(len(dataset) for dataset in sequence))

    def __init__(self, datasets):
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset: datasets should not be an empty iterable")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise ValueError("ConcatDataset does not support IterableDataset; use ChainDataset")
        self.cumulative_sizes = self.cumsum(self.datasets)

    def __len__(self):
        return self.cumulative_sizes[-1]

    def __getitem__(self, index):
        if index < 0:
            if -index > len(self):
                raise ValueError("absolute value of index should not exceed dataset length")
            index += len(self)
        number = bisect.bisect_right(self.cumulative_sizes, index)
        if number == len(self.datasets):
            raise IndexError(f"index {index} is out of range of {len(self)} samples")
        before = self.cumulative_sizes[number - 1] if number > 0 else 0
        return self.datasets[number][index - before]


class ChainDataset(IterableDataset):
    """One iterable data set after another."""

    def __init__(self, datasets):
        self.datasets = datasets

    def __iter__(self):
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise TypeError("ChainDataset only supports IterableDataset, not "
                                f"{type(dataset).__name__}")
            yield from dataset

    def __len__(self):
        return sum(len(dataset) for dataset in self.datasets)


class Subset(Dataset[_T]):
    """The samples of some keys."""

    def __init__(self, dataset, indices):
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index):
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices):
        keys = [self.indices[i] for i in indices]
        many = getattr(self.dataset, "__getitems__", None)
        return many(keys) if callable(many) else [self.dataset[key] for key in keys]

    def __len__(self):
        return len(self.indices)


def random_split(dataset, lengths, generator=None):
    """Subsets that share no sample, of these lengths, or of these fractions, which add up to 1:
    what is left over by rounding down goes to the first ones, a sample each."""
    total = len(dataset)
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1 + 1e-9:
        for i, fraction in enumerate(lengths):
            if not 0 <= fraction <= 1:
                raise ValueError(f"Fraction at index {i} is not between 0 and 1: {fraction}")
        fractions, lengths = lengths, [math.floor(total * fraction) for fraction in lengths]
        for i in range(total - sum(lengths)):
            lengths[i % len(fractions)] += 1
        for i, length in enumerate(lengths):
            if length == 0:
                warnings.warn(f"Length of split at index {i} is 0: an empty dataset", stacklevel=2)
    if sum(lengths) != total:
        raise ValueError("Sum of input lengths does not equal the length of the input dataset: "
                         f"{sum(lengths)}, not {total}")
    order = _core.randperm(total, generator=generator).tolist()
    ends = itertools.accumulate(lengths)
    return [Subset(dataset, order[end - length:end]) for end, length in zip(ends, lengths)]
