"""TFRecord files: records with their lengths and checksums."""

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
    crc, table = 0xFFFFFFFF, _TABLE
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def masked_crc32c(data):
    """The checksum as the files have it: checksums of data with checksums in it would be weak."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def framed(record):
    """A record with its length and checksums."""
    length = struct.pack("<Q", len(record))
    return b"".join((length, struct.pack("<I", masked_crc32c(length)), record,
                     struct.pack("<I", masked_crc32c(record))))


def read_records(file, name):
    """The records of an open file; DataLossError where one is damaged or cut off."""
    at = 0
    while head := file.read(12):
        if len(head) < 12:
            raise DataLossError(f"{name}: truncated record at {at}")
        length, check = struct.unpack("<QI", head)
        if check != masked_crc32c(head[:8]):
            raise DataLossError(f"{name}: corrupted record at {at}: its length's checksum is wrong")
        body = file.read(length + 4)
        if len(body) < length + 4:
            raise DataLossError(f"{name}: truncated record at {at}")
        record = body[:length]
        if struct.unpack("<I", body[length:])[0] != masked_crc32c(record):
            raise DataLossError(f"{name}: corrupted record at {at}")
        yield record
        at += 16 + length
