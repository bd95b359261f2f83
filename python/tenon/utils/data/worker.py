"""A data loader's worker process."""

import random
import signal
import sys
import traceback

from ... import _core
from ...random import manual_seed
from . import transport
from .fetch import fetcher_of

# Kinds of messages. To a worker: the keys of a batch; a new epoch. From one: a batch; an error;
# that its part of an iterable data set has ended.
TASK, EPOCH, BATCH, ERROR, END = range(5)


class WorkerInfo:
    """What `get_worker_info()` gives: the number of the worker, how many there are, the seed of its
    random numbers, and its copy of the data set."""

    def __init__(self, id, num_workers, seed, dataset):
        self.id, self.num_workers, self.seed, self.dataset = id, num_workers, seed, dataset

    def __repr__(self):
        return (f"WorkerInfo(id={self.id}, num_workers={self.num_workers}, seed={self.seed}, "
                f"dataset={self.dataset!r})")


_info = None

# The loaders' ends of all connections of this process, which its children close: a worker must see
# that its loader has gone.
open_connections = set()


def get_worker_info():
    """About the worker process that calls it; None in the main process."""
    return _info


class WorkerError:
    """An exception in a worker, for the main process to raise: of the same class where it takes one
    text, else RuntimeError."""

    def __init__(self, where):
        self.kind, self.where = sys.exc_info()[0], where
        self.text = "".join(traceback.format_exception(*sys.exc_info()))

    def reraise(self):
        message = f"Caught {self.kind.__name__} in {self.where}.\nOriginal {self.text}"
        if self.kind is KeyError:
            message = _Readable(message)
        try:
            error = self.kind(message)
        except Exception:
            error = RuntimeError(message)
        raise error

    def __reduce__(self):
        try:
            found = sys.modules[self.kind.__module__]
            for part in self.kind.__qualname__.split("."):
                found = getattr(found, part)
            kind = self.kind if found is self.kind else RuntimeError
        except (KeyError, AttributeError):
            kind = RuntimeError
        return _error_of, (kind, self.where, self.text)


class _Readable(str):
    """KeyError shows the repr of its text: this one's keeps its lines."""

    def __repr__(self):
        return str(self)


def _error_of(kind, where, text):
    error = WorkerError.__new__(WorkerError)
    error.kind, error.where, error.text = kind, where, text
    return error


def _seed(seed):
    random.seed(seed)
    manual_seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed % (1 << 32))


def run(connection, id, num_workers, base_seed, dataset, collate, in_batches, drop_last, init):
    """Makes the batches that it is told to, until the other end of the connection closes. Ctrl-C is
    the main process's to answer."""
    global _info
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for other in open_connections:
        other.close()
    open_connections.clear()
    # The processes share the cores; and a forked child has none of the threads of OpenMP.
    _core.set_num_threads(1)
    _seed(base_seed + id)
    _info = WorkerInfo(id, num_workers, base_seed + id, dataset)
    failed, fetch = _started(id, dataset, collate, in_batches, drop_last, init)
    try:
        while True:
            kind, keys = transport.receive(connection)
            if kind == EPOCH:
                failed, fetch = _started(id, dataset, collate, in_batches, drop_last)
            elif failed:
                transport.send(connection, ERROR, failed)
            else:
                _answer(connection, id, fetch, keys)
    except (EOFError, OSError):
        pass  # the loader has gone


def _started(id, dataset, collate, in_batches, drop_last, init=None):
    """(error, fetcher) of an epoch: one of them is None."""
    try:
        if init is not None:
            init(id)
        return None, fetcher_of(dataset, collate, in_batches, drop_last)
    except Exception:
        return WorkerError(f"DataLoader worker process {id}"), None


def _answer(connection, id, fetch, keys):
    try:
        kind, content = BATCH, fetch(keys)
    except StopIteration:
        kind, content = END, None
    except Exception:
        kind, content = ERROR, WorkerError(f"DataLoader worker process {id}")
    try:
        transport.send(connection, kind, content)
    except OSError:
        raise
    except Exception:  # what can't be pickled
        transport.send(connection, ERROR, WorkerError(f"DataLoader worker process {id}"))
