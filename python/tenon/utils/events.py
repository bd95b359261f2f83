"""Files of events, which TensorBoard shows: records of TensorFlow's format, with protobuf messages
in them that are few enough to be written by hand."""

import itertools
import os
import socket
import struct
import time

_numbers = itertools.count()


def _crc_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _crc_table()


def masked_crc32c(data):
    """CRC-32C (Castagnoli) of bytes, rotated and offset as records have it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def record_of(data):
    """Bytes as a record: length, its checksum, the bytes, their checksum."""
    length = struct.pack("<Q", len(data))
    return (length + struct.pack("<I", masked_crc32c(length)) + data
            + struct.pack("<I", masked_crc32c(data)))


# Protobuf's wire format.


def varint(value):
    """A number as protobuf's varint; negative ones as 64 bits."""
    value &= (1 << 64) - 1
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def _field(number, kind):
    return varint(number << 3 | kind)


def bytes_field(number, data):
    """A field of bytes, a text or a message."""
    data = data.encode() if isinstance(data, str) else data
    return _field(number, 2) + varint(len(data)) + data


def _double_field(number, value):
    return _field(number, 1) + struct.pack("<d", value)


def _float_field(number, value):
    return _field(number, 5) + struct.pack("<f", value)


def _histogram(values):
    """A message of a histogram of 30 buckets, of a tensor's elements."""
    values = values.detach().flatten().double()
    if values.numel() == 0:
        return b""
    low, high = values.min().item(), values.max().item()
    edges = [low + (high - low) * (i + 1) / 30 for i in range(30)] if high > low else [high]
    edges[-1] = high
    below = [int((values <= edge).sum().item()) for edge in edges]
    counts = [count - before for count, before in zip(below, [0, *below])]
    packed = [b"".join(struct.pack("<d", value) for value in column) for column in (edges, counts)]
    return (_double_field(1, low) + _double_field(2, high) + _double_field(3, values.numel())
            + _double_field(4, values.sum().item()) + _double_field(5, values.square().sum().item())
            + bytes_field(6, packed[0]) + bytes_field(7, packed[1]))


class EventWriter:
    """A new file of events in a folder."""

    def __init__(self, folder, suffix=""):
        self.folder = os.fspath(folder)
        os.makedirs(self.folder, exist_ok=True)
        name = (f"events.out.tfevents.{int(time.time())}.{socket.gethostname()}.{os.getpid()}."
                f"{next(_numbers)}{suffix}")
        self.path = os.path.join(self.folder, name)
        self._file = open(self.path, "wb")
        self._write(0, bytes_field(3, "brain.Event:2"))

    def _write(self, step, content):
        event = _double_field(1, time.time()) + _field(2, 0) + varint(int(step)) + content
        self._file.write(record_of(event))

    def _add(self, tag, value, step):
        self._write(step, bytes_field(5, bytes_field(1, bytes_field(1, tag) + value)))

    def add_scalar(self, tag, value, step):
        """One number."""
        self._add(tag, _float_field(2, float(value)), step)

    def add_histogram(self, tag, values, step):
        """How a tensor's elements are distributed."""
        self._add(tag, bytes_field(5, _histogram(values)), step)

    def flush(self):
        """What was added is in the file from now on."""
        if not self._file.closed:
            self._file.flush()

    def close(self):
        self._file.close()
