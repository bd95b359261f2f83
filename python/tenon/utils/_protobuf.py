"""The wire format of protocol buffers: numbered fields of varints, 32- and 64-bit values and
bytes."""

import struct

from .._eager.errors import DataLossError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def varint(value):
    """A whole number, seven bits a byte; negative ones as 64-bit two's complement."""
    value &= 2**64 - 1
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def field(number, value):
    """A field of a number: bytes (or a message's), text, an int, or a float, which is 32 bits."""
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, (bytes, bytearray)):
        return varint(number << 3 | BYTES) + varint(len(value)) + bytes(value)
    if isinstance(value, float):
        return varint(number << 3 | FIXED32) + struct.pack("<f", value)
    return varint(number << 3 | VARINT) + varint(int(value))


def double_field(number, value):
    """A field of a 64-bit float."""
    return varint(number << 3 | FIXED64) + struct.pack("<d", float(value))


def read_varint(data, at):
    """The number that begins at a place, and the place behind it."""
    if at < len(data) and data[at] < 0x80:
        return data[at], at + 1
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise DataLossError("a message ends within a number")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7


def fields(data):
    """The fields of a message: (number, kind, value)."""
    data = bytes(data)
    for number, kind, value, first, last in spans(data, 0, len(data)):
        yield number, kind, data[first:last] if value is None else value


def spans(data, at, end):
    """The fields of the message that stands from one place in bytes to another: (number, kind,
    value of a varint or None, where other values begin, and end)."""
    while at < end:
        tag = data[at]
        at += 1
        if tag > 0x7F:
            tag, at = read_varint(data, at - 1)
        kind, value = tag & 7, None
        if kind == VARINT:
            value, at = read_varint(data, at)
            size = 0
        elif kind == BYTES:
            size, at = read_varint(data, at)
        elif kind in (FIXED32, FIXED64):
            size = 4 if kind == FIXED32 else 8
        else:
            raise DataLossError(f"a message has a field of unknown kind {kind}")
        if at + size > end:
            raise DataLossError(f"a message ends within field {tag >> 3}")
        yield tag >> 3, kind, value, at, at + size
        at += size


def signed(value):
    """A varint as the 64-bit number that it stands for."""
    return value - 2**64 if value >= 2**63 else value


def packed_varints(data):
    """The numbers of a packed field."""
    at = 0
    while at < len(data):
        value, at = read_varint(data, at)
        yield signed(value)
