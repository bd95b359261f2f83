"""The order in which samples come."""

import itertools
from typing import Generic, TypeVar

from ... import _core

_T = TypeVar("_T", covariant=True)


def _positive(name, value):
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ValueError(f"{name} should be a positive integer value, but got {name}={value}")


def _bool(name, value):
    if not isinstance(value, bool):
        raise ValueError(f"{name} should be a boolean value, but got {name}={value}")


def drawn_seed(generator=None):
    """A seed for a generator of its own."""
    return _core.randint(0, (1 << 63) - 1, (), dtype=_core.int64, generator=generator).item()


class Sampler(Generic[_T]):
    """Keys of samples, or lists of them, in an order: subclasses have `__iter__`, most
    `__len__`."""

    def __init__(self, data_source=None):
        pass

    def __iter__(self):
        raise NotImplementedError(f"{type(self).__name__} has no __iter__, which subclasses of "
                                  "Sampler must have")


class SequentialSampler(Sampler):
    """0, 1, 2, ..."""

    def __init__(self, data_source):
        self.data_source = data_source

    def __iter__(self):
        return iter(range(len(self.data_source)))

    def __len__(self):
        return len(self.data_source)


class RandomSampler(Sampler):
    """All samples in a random order, again and again until there are `num_samples`; or, with
    replacement, that many, each drawn among all."""

    def __init__(self, data_source, replacement=False, num_samples=None, generator=None):
        _bool("replacement", replacement)
        if num_samples is not None:
            _positive("num_samples", num_samples)
        self.data_source, self.replacement = data_source, replacement
        self._num_samples, self.generator = num_samples, generator
        if self.num_samples == 0:
            raise ValueError("num_samples should be a positive integer value, but the data source "
                             "is empty")

    @property
    def num_samples(self):
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self):
        count, left = len(self.data_source), self.num_samples
        generator = self.generator
        if generator is None:
            generator = _core.Generator().manual_seed(drawn_seed())
        if self.replacement:
            yield from _core.randint(0, count, (left,), generator=generator).tolist()
            return
        while left > 0:
            order = _core.randperm(count, generator=generator).tolist()
            yield from order[:left]
            left -= count

    def __len__(self):
        return self.num_samples


class SubsetRandomSampler(Sampler):
    """These keys in a random order."""

    def __init__(self, indices, generator=None):
        self.indices, self.generator = indices, generator

    def __iter__(self):
        for i in _core.randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[i]

    def __len__(self):
        return len(self.indices)


class WeightedRandomSampler(Sampler):
    """`num_samples` numbers 0, 1, 2, ..., each drawn by its weight."""

    def __init__(self, weights, num_samples, replacement=True, generator=None):
        _positive("num_samples", num_samples)
        _bool("replacement", replacement)
        weights = weights if isinstance(weights, _core.Tensor) else _core.tensor_of_data(weights)
        if weights.dim() != 1:
            raise ValueError("weights should be a 1d sequence but given weights have shape "
                             f"{tuple(weights.shape)}")
        self.weights, self.num_samples = weights.double(), num_samples
        self.replacement, self.generator = replacement, generator

    def __iter__(self):
        yield from _core.multinomial(self.weights, self.num_samples, self.replacement,
                                     self.generator).tolist()

    def __len__(self):
        return self.num_samples


class BatchSampler(Sampler):
    """Lists of `batch_size` keys that another sampler gives; the last may be shorter."""

    def __init__(self, sampler, batch_size, drop_last):
        _positive("batch_size", batch_size)
        _bool("drop_last", drop_last)
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self):
        keys = iter(self.sampler)
        while batch := list(itertools.islice(keys, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self):
        count = len(self.sampler)
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)
