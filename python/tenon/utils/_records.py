"""TFRecord files: records with their lengths and checksums."""

import functools
import struct

from .._eager.errors import DataLossError


def _table():
    made = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        made.append(byte)
    return made


_TABLE = _table()


def crc32c(data):
    """Castagnoli's checksum (RFC 3720, B.4)."""
    if len(data) > 256:
        return _checksums([data])[0]
    crc, table = 0xFFFFFFFF, _TABLE
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def _checksums(records):
    from ._checksums import checksums

    return checksums(records)


def _masked(crc):
    """A checksum as the files have it: checksums of data with checksums in it would be weak."""
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def masked_crc32c(data):
    """The checksum of data as the files have it."""
    return _masked(crc32c(data))


@functools.lru_cache(1024)
def _of_length(length):
    return masked_crc32c(struct.pack("<Q", length))


def framed(record):
    """A record with its length and checksums."""
    length = struct.pack("<Q", len(record))
    return b"".join((length, struct.pack("<I", masked_crc32c(length)), record,
                     struct.pack("<I", masked_crc32c(record))))


def read_records(file, name):
    """The records of an open file; DataLossError where one is damaged or cut off. Checksums are
    compared for several records together."""
    at, held, size = 0, [], 0
    while True:
        problem, head = None, file.read(12)
        if len(head) == 12:
            length, check = struct.unpack("<QI", head)
            if check != _of_length(length):
                problem = f"corrupted record at {at}: its length's checksum is wrong"
            else:
                body = file.read(length + 4)
                if len(body) < length + 4:
                    problem = f"truncated record at {at}"
                else:
                    held.append((at, body))
                    at, size = at + 16 + length, size + length
        elif head:
            problem = f"truncated record at {at}"
        if problem or not head or size >= _TOGETHER or len(held) >= 256:
            yield from _checked(held, name)
            if problem:
                raise DataLossError(f"{name}: {problem}")
            if not head:
                return
            held, size = [], 0


_TOGETHER = 1 << 18  # bytes of records whose checksums are compared together


def _checked(held, name):
    """Records of (place, bytes with the checksum behind them)."""
    records = [body[:-4] for _, body in held]
    long = [record for record in records if len(record) >= 4]
    of_long = iter(_checksums(long) if long else ())
    for (at, body), record in zip(held, records):
        crc = next(of_long) if len(record) >= 4 else crc32c(record)
        if _masked(crc) != int.from_bytes(body[-4:], "little"):
            raise DataLossError(f"{name}: corrupted record at {at}")
        yield record
