"""PyDataset: batches by number."""

import collections
import warnings

from ..._creation import randperm


class PyDataset:
    """The base of datasets that give batch `i` as `self[i]`, and may change between epochs:

        class Pictures(keras.utils.PyDataset):
            def __len__(self):
                return len(self.paths) // 32

            def __getitem__(self, i):
                return load(self.paths[32 * i:32 * (i + 1)]), self.labels[32 * i:32 * (i + 1)]

    workers: threads that make up to `max_queue_size` batches ahead, in order; 0 and 1 make none
    ahead. use_multiprocessing is taken, and threads do it.
    """

    def __init__(self, workers=1, use_multiprocessing=False, max_queue_size=10):
        self.workers, self.use_multiprocessing = workers, use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index):
        """Batch `index`: (inputs, targets) or (inputs, targets, sample_weights)."""
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__, which gives a batch")

    @property
    def num_batches(self):
        """How many batches there are; None where they never end."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(f"{type(self).__name__} has no __len__, the number of batches")

    def on_epoch_begin(self):
        """Called before every epoch."""

    def on_epoch_end(self):
        """Called after every epoch."""


Sequence = PyDataset  # its name in tf.keras


def batches_of(dataset, shuffle):
    """The batches of one epoch."""
    if not hasattr(dataset, "workers"):
        warnings.warn("Your `PyDataset` class should call `super().__init__(**kwargs)` in its "
                      "constructor.", stacklevel=2)
    dataset.on_epoch_begin()
    count = dataset.num_batches
    numbers = iter(range(1 << 62) if count is None else
                   randperm(count).tolist() if shuffle else range(count))
    workers = getattr(dataset, "workers", 1)
    if workers is None or workers <= 1:
        for i in numbers:
            yield dataset[i]
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(workers) as pool:
        waiting = collections.deque()
        for i in numbers:
            waiting.append(pool.submit(dataset.__getitem__, i))
            if len(waiting) >= dataset.max_queue_size:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
