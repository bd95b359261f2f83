"""Castagnoli's checksums of many records at once, by NumPy."""

import functools

import numpy

_LANE = 64  # bytes that go through the table one after the other


def _step(count):
    """What becomes of a state of `count` values behind that many bits of 0."""
    made = numpy.arange(count, dtype=numpy.uint32)
    for _ in range(count.bit_length() - 1):
        made = numpy.where(made & 1, made >> 1 ^ numpy.uint32(0x82F63B78), made >> 1)
    return made


_TABLE = _step(1 << 16)  # two bytes at a time


@functools.lru_cache(None)
def _behind_zeros(doublings):
    """Four tables of what becomes of each byte of a state behind _LANE << doublings bytes of 0."""
    if doublings:
        tables = _behind_zeros(doublings - 1)
        return numpy.stack([_moved(tables, table) for table in tables])
    states = numpy.arange(256,
                          dtype=numpy.uint32) << (8 * numpy.arange(4, dtype=numpy.uint32)[:, None])
    for _ in range(_LANE // 2):
        states = states >> 16 ^ _TABLE[states & 0xFFFF]
    return states


def _moved(tables, states):
    return (tables[0][states & 0xFF] ^ tables[1][states >> 8 & 0xFF] ^
            tables[2][states >> 16 & 0xFF] ^ tables[3][states >> 24])


def _of_width(records, doublings):
    """Of records of at most _LANE << doublings bytes, zeros before them."""
    width = _LANE << doublings
    rows = numpy.zeros((len(records), width), numpy.uint8)
    by_length = {}
    for i, record in enumerate(records):
        by_length.setdefault(len(record), []).append(i)
    for length, places in by_length.items():
        data = numpy.frombuffer(b"".join([records[i] for i in places]), numpy.uint8)
        data = data.reshape(len(places), length).copy()
        data[:, :4] ^= 0xFF  # what the state begins as
        rows[places, width - length:] = data
    lanes = numpy.ascontiguousarray(rows.view("<u2").reshape(-1, _LANE // 2).T)
    states = numpy.zeros(lanes.shape[1], numpy.uint32)
    for column in lanes:
        states = states >> 16 ^ _TABLE[(states ^ column) & 0xFFFF]
    states = states.reshape(len(records), -1)
    for i in range(doublings):
        states = _moved(_behind_zeros(i), states[:, ::2]) ^ states[:, 1::2]
    return states[:, 0] ^ numpy.uint32(0xFFFFFFFF)


def checksums(records):
    """The CRC-32C (RFC 3720, B.4) of each of a list of bytes of at least 4."""
    by_width = {}
    for i, record in enumerate(records):
        by_width.setdefault(max(0, (len(record) - 1) // _LANE).bit_length(), []).append(i)
    made = numpy.zeros(len(records), numpy.uint32)
    for doublings, places in by_width.items():
        made[places] = _of_width([records[i] for i in places], doublings)
    return made.tolist()
