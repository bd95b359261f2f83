"""Files of events, which TensorBoard shows: records of TensorFlow's format, with protobuf messages
in them that are few enough to be written by hand."""

import itertools
import os
import socket
import struct
import time

from ._protobuf import double_field, field
from ._records import framed

_numbers = itertools.count()


def histogram_message(low, high, count, total, squares, edges, counts):
    """A message of a histogram, of its buckets' upper edges and how many elements are in each."""
    packed = [b"".join(struct.pack("<d", float(value)) for value in column)
              for column in (edges, counts)]
    return (double_field(1, low) + double_field(2, high) + double_field(3, count)
            + double_field(4, total) + double_field(5, squares)
            + field(6, packed[0]) + field(7, packed[1]))


def _histogram(values, buckets):
    """A message of a histogram of a tensor's elements."""
    values = values.detach().flatten().double()
    if values.numel() == 0:
        return b""
    low, high = values.min().item(), values.max().item()
    edges = [low + (high - low) * (i + 1) / buckets for i in range(buckets)
             ] if high > low else [high]
    edges[-1] = high
    below = [int((values <= edge).sum().item()) for edge in edges]
    counts = [count - before for count, before in zip(below, [0, *below])]
    return histogram_message(low, high, values.numel(), values.sum().item(),
                             values.square().sum().item(), edges, counts)


class EventWriter:
    """A new file of events in a folder."""

    def __init__(self, folder, suffix=""):
        self.folder = os.fspath(folder)
        os.makedirs(self.folder, exist_ok=True)
        name = (f"events.out.tfevents.{int(time.time())}.{socket.gethostname()}.{os.getpid()}."
                f"{next(_numbers)}{suffix}")
        self.path = os.path.join(self.folder, name)
        self._file = open(self.path, "wb")
        self.write(field(3, "brain.Event:2"))

    def write(self, content, step=None, walltime=None):
        """An event, of the fields of its message, at a time that is now where none is given."""
        walltime = time.time() if walltime is None else walltime
        place = b"" if step is None else field(2, int(step))
        self._file.write(framed(double_field(1, walltime) + place + content))

    def _add(self, tag, value, step, walltime=None):
        self.write(field(5, field(1, field(1, tag) + value)), step, walltime)

    def add_scalar(self, tag, value, step):
        """One number."""
        self._add(tag, field(2, float(value)), step)

    def add_histogram(self, tag, values, step, walltime=None, buckets=30):
        """How a tensor's elements are distributed."""
        self._add(tag, field(5, _histogram(values, buckets)), step, walltime)

    def flush(self):
        """What was added is in the file from now on."""
        if not self._file.closed:
            self._file.flush()

    def close(self):
        self._file.close()
