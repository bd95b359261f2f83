"""Batches of a data set, made in this process or by others."""

import collections
import functools
import itertools
import os
import signal
import time
import warnings
import weakref

from .collate import default_collate, default_convert
from .dataset import IterableDataset
from .fetch import fetcher_of
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler, drawn_seed
from .worker import BATCH, END, EPOCH, ERROR, TASK, get_worker_info, open_connections
from . import transport, worker

__all__ = ["DataLoader", "default_collate", "default_convert", "get_worker_info"]


class _EndlessSampler(Sampler):
    """Of iterable data sets, which know the order themselves."""

    def __iter__(self):
        return itertools.repeat(None)


def _length(dataset, keys, batch_size, drop_last):
    if not isinstance(dataset, IterableDataset):
        return len(keys)
    count = len(dataset)
    if batch_size is None:
        return count
    return count // batch_size if drop_last else -(-count // batch_size)


class DataLoader:
    """Batches of `dataset`, as an iterable: `batch_size` samples each that `collate_fn` makes one
    thing of, or, with batch_size=None, single samples. `shuffle`, `sampler` or `batch_sampler` say
    in which order. With `num_workers` processes, up to `prefetch_factor` batches of each are made
    ahead; the order is the same for any number of them. `timeout` is the longest wait for a batch
    in seconds, 0 for none; `worker_init_fn(number)` runs at the start of each process;
    `persistent_workers` stay from epoch to epoch. `generator` draws orders and seeds. Memory needs
    no pinning here: `pin_memory` is accepted for other devices' sake."""

    def __init__(self, dataset, batch_size=1, shuffle=None, sampler=None, batch_sampler=None,
                 num_workers=0, collate_fn=None, pin_memory=False, drop_last=False, timeout=0,
                 worker_init_fn=None, multiprocessing_context=None, generator=None, *,
                 prefetch_factor=None, persistent_workers=False, pin_memory_device="",
                 in_order=True):
        if num_workers < 0:
            raise ValueError("num_workers option should be non-negative; use num_workers=0 to "
                             "disable multiprocessing")
        if timeout < 0:
            raise ValueError("timeout option should be non-negative")
        if num_workers == 0 and prefetch_factor is not None:
            raise ValueError("prefetch_factor option could only be specified in multiprocessing; "
                             "let num_workers > 0 to enable multiprocessing, otherwise set "
                             "prefetch_factor to None")
        if prefetch_factor is not None and prefetch_factor <= 0:
            raise ValueError("prefetch_factor option should be positive")
        if persistent_workers and num_workers == 0:
            raise ValueError("persistent_workers option needs num_workers > 0")
        self.dataset, self.num_workers, self.timeout = dataset, num_workers, timeout
        self.prefetch_factor = 2 if prefetch_factor is None and num_workers else prefetch_factor
        self.pin_memory, self.pin_memory_device = pin_memory, pin_memory_device
        self.worker_init_fn, self.generator = worker_init_fn, generator
        self.multiprocessing_context = multiprocessing_context
        self.persistent_workers, self.in_order = persistent_workers, in_order
        self._set_order(batch_size, shuffle, sampler, batch_sampler, drop_last)
        in_batches = self._in_batches
        self.collate_fn = collate_fn or (default_collate if in_batches else default_convert)
        self._epochs = None

    def _set_order(self, batch_size, shuffle, sampler, batch_sampler, drop_last):
        is_iterable = isinstance(self.dataset, IterableDataset)
        if is_iterable and (shuffle or sampler is not None or batch_sampler is not None):
            raise ValueError("DataLoader with IterableDataset: the data set itself has the order; "
                             "expected no shuffle, sampler or batch_sampler")
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError("batch_sampler option is mutually exclusive with batch_size, "
                                 "shuffle, sampler, and drop_last")
            batch_size = None
        elif batch_size is None and drop_last:
            raise ValueError("batch_size=None option disables auto-batching and is mutually "
                             "exclusive with drop_last")
        if sampler is None:
            if is_iterable:
                sampler = _EndlessSampler()
            elif shuffle:
                sampler = RandomSampler(self.dataset, generator=self.generator)
            else:
                sampler = SequentialSampler(self.dataset)
        if batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size, self.drop_last = batch_size, drop_last
        self.sampler, self.batch_sampler = sampler, batch_sampler

    @property
    def _in_batches(self):
        return self.batch_sampler is not None

    @property
    def _keys(self):
        """What is given to the fetcher, one after another."""
        return self.batch_sampler if self._in_batches else self.sampler

    def __len__(self):
        return self._length_function()()

    def _length_function(self):
        """How long an epoch is, for iterators, which hold no loader: it may hold them."""
        return functools.partial(_length, self.dataset, self._keys, self.batch_size, self.drop_last)

    def __iter__(self):
        if self.num_workers == 0:
            return _OwnIterator(self)
        if not self.persistent_workers:
            return _WorkersIterator(self)
        if self._epochs is None or not self._epochs.is_usable:
            self._epochs = _WorkersIterator(self)
        else:
            self._epochs.start_again(self)
        return self._epochs


class _OwnIterator:
    """Batches made in this process."""

    def __init__(self, loader):
        drawn_seed(loader.generator)  # as with workers: the numbers drawn next are the same
        self._keys = iter(loader._keys)
        self._fetch = fetcher_of(loader.dataset, loader.collate_fn, loader._in_batches,
                                 loader.drop_last)
        self._length_of = loader._length_function()

    def __iter__(self):
        return self

    def __len__(self):
        return self._length_of()

    def __next__(self):
        return self._fetch(next(self._keys))


class _Worker:
    """The main process's side of a worker."""

    def __init__(self, process, connection):
        self.process, self.connection = process, connection
        self.has_ended = False  # its part of an iterable data set

    def describe_end(self):
        self.process.join(1)
        code = self.process.exitcode
        how = ("it closed its connection" if code is None else f"exit code {code}" if code >= 0
               else f"killed by signal: {signal.Signals(-code).name}")
        return (f"DataLoader worker (pid {self.process.pid}) exited unexpectedly ({how}); where "
                "memory is short, use fewer workers or smaller batches")


def _shut_down(workers, owner):
    """Closing a connection tells its worker to go; one that doesn't is made to."""
    if os.getpid() != owner:
        return  # a forked child has a copy of the iterator, and none of the workers
    for one in workers:
        open_connections.discard(one.connection)
        one.connection.close()
    end = time.monotonic() + 5
    for one in workers:
        one.process.join(max(0.0, end - time.monotonic()))
        if one.process.is_alive():
            one.process.terminate()
            one.process.join(1)
        if one.process.is_alive():
            one.process.kill()
            one.process.join()
    workers.clear()


class _WorkersIterator:
    """Batches made by worker processes. Task number i is worker i % n's (of an iterable data set,
    of those workers that haven't ended, in turn), and results are read in that order."""

    def __init__(self, loader):
        self._workers = []
        self._shut_down = weakref.finalize(self, _shut_down, self._workers, os.getpid())
        self._timeout, self._length_of = loader.timeout, loader._length_function()
        self._is_persistent = loader.persistent_workers
        self._start_workers(loader, drawn_seed(loader.generator))
        self._begin(loader)

    @property
    def is_usable(self):
        return self._shut_down.alive

    def _start_workers(self, loader, base_seed):
        import multiprocessing

        context = loader.multiprocessing_context
        if context is None or isinstance(context, str):
            context = multiprocessing.get_context(context)
        for number in range(loader.num_workers):
            ours, theirs = transport.make_connections()
            open_connections.add(ours)
            process = context.Process(target=worker.run, daemon=True, args=(
                theirs, number, loader.num_workers, base_seed, loader.dataset, loader.collate_fn,
                loader._in_batches, loader.drop_last, loader.worker_init_fn))
            try:
                with warnings.catch_warnings():
                    # Python warns of forking where there are threads; ours start anew in a child.
                    warnings.simplefilter("ignore", DeprecationWarning)
                    process.start()
            except BaseException:
                open_connections.discard(ours)
                ours.close()
                raise
            finally:
                theirs.close()
            self._workers.append(_Worker(process, ours))

    def _begin(self, loader):
        self._keys = iter(loader._keys)
        self._tasks = collections.deque()  # whose the next results are
        self._turns = itertools.cycle(self._workers)
        for one in self._workers:
            one.has_ended = False
        for _ in range(loader.prefetch_factor * len(self._workers)):
            self._send_task()

    def start_again(self, loader):
        """One more epoch with the same workers."""
        while self._tasks:  # what a loop that was left early has not fetched
            self._receive()
        drawn_seed(loader.generator)
        for one in self._workers:
            self._send(one, EPOCH, None)
        self._begin(loader)

    def _send(self, one, kind, content):
        try:
            transport.send(one.connection, kind, content)
        except OSError:
            self._fail(one)

    def _fail(self, one):
        """The worker has gone without an answer; so do the others."""
        end = one.describe_end()
        self._shut_down()
        self._tasks.clear()
        raise RuntimeError(end)

    def _send_task(self):
        if all(one.has_ended for one in self._workers):
            return
        try:
            keys = next(self._keys)
        except StopIteration:
            return
        one = next(one for one in self._turns if not one.has_ended)
        self._send(one, TASK, keys)
        self._tasks.append(one)

    def _receive(self):
        """(worker, kind, content) of the next result."""
        from multiprocessing.connection import wait

        one = self._tasks[0]
        if not wait([one.connection, one.process.sentinel], self._timeout or None):
            raise RuntimeError(f"DataLoader timed out after {self._timeout} seconds")
        try:
            kind, content = transport.receive(one.connection)
        except EOFError:
            self._fail(one)
        self._tasks.popleft()
        return one, kind, content

    def __iter__(self):
        return self

    def __len__(self):
        return self._length_of()

    def __next__(self):
        while self._tasks:
            one, kind, content = self._receive()
            one.has_ended = one.has_ended or kind == END
            self._send_task()
            if kind == ERROR:
                content.reraise()
            if kind == BATCH:
                return content
        if not self._is_persistent:
            self._shut_down()
        raise StopIteration
