"""What datasets do between elements: order, threads, windows."""

import collections
import concurrent.futures
import itertools
import queue
import random
import threading
import time

from ... import _core
from ... import random as _random
from ..._eager import nest
from ..._eager.errors import InvalidArgumentError
from ..._eager.ragged import RaggedTensor
from ..._eager.tensor import CoreTensor, own
from ...keras._seeds import drawn_seed
from ..random import _mixed
from ._elements import joined

AUTOTUNE = -1


def checked_count(value, name):
    """A whole number above 0."""
    count = int(value)
    if count <= 0:
        raise InvalidArgumentError(f"{name} must be greater than zero, got {count}")
    return count


class Order:
    """The seeds of a shuffle, one an iteration."""

    def __init__(self, seed, reshuffles):
        self._base = drawn_seed() if seed is None else _mixed(_random.initial_seed(), int(seed))
        self._reshuffles = True if reshuffles is None else bool(reshuffles)
        self._iterations = 0

    def next_seed(self):
        """Of the next iteration."""
        seed = _mixed(self._base, self._iterations)
        self._iterations += self._reshuffles
        return seed


def shuffled(elements, buffer_size, seed):
    """Each time a random one of a buffer of the next elements."""
    numbers = random.Random(seed)
    buffer = []
    for element in elements:
        if len(buffer) < buffer_size:
            buffer.append(element)
            continue
        at = numbers.randrange(buffer_size)
        yield buffer[at]
        buffer[at] = element
    numbers.shuffle(buffer)
    yield from buffer


def batches_of_slices(tensors, order, batch_size, drop_remainder):
    """Batches of the slices of tensors in an order (a tensor of places; None for their own), each
    gathered at once."""
    leaves = nest.flatten(tensors)
    count = int(leaves[0].shape[0])
    end = count - count % batch_size if drop_remainder else count
    for first in range(0, end, batch_size):
        last = min(first + batch_size, count)
        if order is None:
            parts = [own(_core.narrow(leaf, 0, first, last - first))
                     if isinstance(leaf, CoreTensor) else leaf[first:last] for leaf in leaves]
        else:
            places = _core.narrow(order, 0, first, last - first)
            parts = [_slices_at(leaf, places) for leaf in leaves]
        yield nest.pack_sequence_as(tensors, parts)


def _slices_at(leaf, places):
    if isinstance(leaf, CoreTensor):
        return own(_core.index_select(leaf, 0, places))
    rows = places.numpy()
    return leaf.rows_at(rows) if isinstance(leaf, RaggedTensor) else leaf[rows]


def batches(elements, batch_size, drop_remainder, join=joined):
    """Lists of so many elements, joined."""
    held = []
    for element in elements:
        held.append(element)
        if len(held) == batch_size:
            yield join(held)
            held = []
    if held and not drop_remainder:
        yield join(held)


def batches_of_sizes(elements, sizes, drop_remainder):
    """Lists of so many elements, joined; of these sizes in turn."""
    for size in itertools.cycle(sizes):
        held = list(itertools.islice(elements, size))
        if not held or (drop_remainder and len(held) < size):
            return
        yield joined(held)


def mapped_in_threads(function, elements, workers):
    """function of each element, several at once, in order. Random numbers are those of the
    element's place, whichever thread runs it. A task is as many elements as take about a
    millisecond."""
    base = drawn_seed()

    def run(place, held):
        start, made = time.perf_counter(), []
        for place, element in enumerate(held, place):
            _random.manual_seed(_mixed(base, place))
            made.append(function(element))
        return made, (time.perf_counter() - start) / len(held)

    elements = iter(elements)
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        waiting, place, size = collections.deque(), 0, 1
        try:
            while held := list(itertools.islice(elements, size)):
                waiting.append(pool.submit(run, place, held))
                if place < 2 or len(waiting) > 2 * workers:  # the second is the first that is warm
                    made, seconds = waiting.popleft().result()
                    size = max(1, min(64, int(1e-3 / seconds))) if place else 1
                    yield from made
                place += len(held)
            while waiting:
                yield from waiting.popleft().result()[0]
        finally:
            for future in waiting:
                future.cancel()


class _Failed:
    def __init__(self, error):
        self.error = error


def prefetched(make, count):
    """The elements, made by a thread of their own, up to `count` ahead."""
    ready, stopped, end = queue.Queue(count), threading.Event(), object()
    seed = drawn_seed()

    def put(value):
        while not stopped.is_set():
            try:
                ready.put(value, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def produce():
        _random.manual_seed(seed)
        elements = make()
        try:
            for element in elements:
                if not put(element):
                    return
            put(end)
        except Exception as error:  # it is the consumer's
            put(_Failed(error))
        finally:
            if hasattr(elements, "close"):
                elements.close()

    thread = threading.Thread(target=produce, daemon=True)
    thread.start()
    try:
        while (value := ready.get()) is not end:
            if isinstance(value, _Failed):
                raise value.error
            yield value
    finally:
        stopped.set()
        thread.join()


def interleaved(makes, cycle_length, block_length):
    """So many elements of each of several datasets in turn. Where one ends its place is the next
    one's when it is its turn again."""
    makes = iter(makes)
    places = [None] * cycle_length
    idle = 0  # places in a row that have nothing to give
    at = -1
    while idle < cycle_length:
        at = (at + 1) % cycle_length
        if places[at] is None:
            following = next(makes, None)
            if following is None:
                idle += 1
                continue
            places[at] = iter(following)
        idle = 0
        for _ in range(block_length):
            try:
                yield next(places[at])
            except StopIteration:
                places[at] = None
                break


def windows(elements, size, shift, stride, drop_remainder):
    """Lists of `size` elements, `stride` apart, that begin `shift` apart."""
    span = (size - 1) * stride + 1
    held, skip = collections.deque(), 0
    for element in elements:
        if skip:
            skip -= 1
            continue
        held.append(element)
        if len(held) == span:
            yield list(held)[::stride]
            for _ in range(min(shift, span)):
                held.popleft()
            skip = max(0, shift - span)
    while held and not drop_remainder:
        yield list(held)[::stride]
        for _ in range(min(shift, len(held))):
            held.popleft()
