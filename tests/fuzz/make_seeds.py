#!/usr/bin/env python3
"""Writes the inputs that the fuzz targets start from: small valid files of each format, by folder.

usage: make_seeds.py FOLDER
"""

import gzip
import json
import struct
import sys
import zlib
from pathlib import Path


def safetensors(header, data=b""):
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def safetensors_seeds():
    one = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}
    two = {"dtype": "BF16", "shape": [0, 4], "data_offsets": [24, 24]}
    three = {"dtype": "I64", "shape": [], "data_offsets": [24, 32]}
    yield "empty", safetensors({})
    yield "one", safetensors({"a": one}, bytes(24))
    yield "several", safetensors({"b.weight": two, "a": one, "c\n\"é": three}, bytes(32))
    yield "metadata", safetensors({"__metadata__": {"format": "pt", "key": "value"}})


def checkpoint_seeds():
    values = {"value.step": "int 12", "value.loss": "float 1.8p+1", "value.done": "bool true",
              "value.name": "string digits", "value.nan": "float nan"}
    tensor = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    yield "empty", safetensors({"__metadata__": {"tenon.checkpoint": "1"}})
    yield "values", safetensors({"__metadata__": {"tenon.checkpoint": "1", **values},
                                 "model.weight": tensor}, bytes(4))
    yield "later", safetensors({"__metadata__": {"tenon.checkpoint": "999"}})


def idx(code, element, *sides):
    count = 1
    for side in sides:
        count *= side
    head = struct.pack(f">BBBB{len(sides)}I", 0, 0, code, len(sides), *sides)
    return head + struct.pack(f">{count}{element}", *range(count))


def idx_seeds():
    for code, element in (0x08, "B"), (0x09, "b"), (0x0B, "h"), (0x0C, "i"), (0x0D, "f"), (0x0E,
                                                                                           "d"):
        yield f"type{code}", idx(code, element, 2, 3)
    images = idx(0x08, "B", 2, 4, 4)
    yield "images", images
    yield "gzip", gzip.compress(images, mtime=0)
    yield "gzip_members", gzip.compress(images[:9], mtime=0) + gzip.compress(images[9:], mtime=0)
    yield "none", idx(0x08, "B", 0, 4)


def png(depth, colour, channels, interlace=0, extra=()):
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    width, height = 5, 3
    row = b"\0" + bytes(range((width * channels * depth + 7) // 8))
    # An interlaced image of this size has other rows; its data is as good a start.
    return (b"\x89PNG\r\n\x1a\n" +
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)) +
            b"".join(chunk(kind, data) for kind, data in extra) +
            chunk(b"IDAT", zlib.compress(row * height)) + chunk(b"IEND", b""))


def png_seeds():
    yield "grey", png(8, 0, 1)
    yield "grey1", png(1, 0, 1)
    yield "grey16", png(16, 0, 1)
    yield "colour", png(8, 2, 3)
    yield "palette", png(2, 3, 1, extra=[(b"PLTE", bytes(range(12))), (b"tRNS", b"\0\x80")])
    yield "alpha", png(8, 6, 4)
    yield "interlaced", png(8, 0, 1, interlace=1)


SEEDS = {"safetensors": safetensors_seeds, "checkpoint": checkpoint_seeds, "idx": idx_seeds,
         "png": png_seeds}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    for reader, seeds in SEEDS.items():
        folder = Path(sys.argv[1]) / f"{reader}_fuzz"
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in seeds():
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
