"""Batches out of data sets, in whichever process."""

from .collate import default_collate
from .dataset import IterableDataset, TensorDataset


def fetcher_of(dataset, collate, in_batches, drop_last):
    """A function of keys (or, without batches, of one key) that gives a batch (a sample). Of an
    iterable data set, of any list as long as the batch; it raises StopIteration behind the end."""
    if isinstance(dataset, IterableDataset):
        return _fetcher_of_iterable(dataset, collate, in_batches, drop_last)
    if not in_batches:
        return lambda key: collate(dataset[key])
    if type(dataset) is TensorDataset and collate is default_collate:
        return lambda keys: _rows(dataset, keys)
    many = getattr(dataset, "__getitems__", None)
    if callable(many):
        return lambda keys: collate(many(keys))
    return lambda keys: collate([dataset[key] for key in keys])


def _rows(dataset, keys):
    """What default_collate makes of the rows, without a tensor for each of them."""
    if all(type(key) is int for key in keys):
        return [tensor[keys] for tensor in dataset.tensors]
    return default_collate([dataset[key] for key in keys])


def _fetcher_of_iterable(dataset, collate, in_batches, drop_last):
    samples = iter(dataset)
    if not in_batches:
        return lambda _: collate(next(samples))

    def fetch(keys):
        batch = []
        for _ in keys:
            try:
                batch.append(next(samples))
            except StopIteration:
                break
        if not batch or (drop_last and len(batch) < len(keys)):
            raise StopIteration
        return collate(batch)

    return fetch
