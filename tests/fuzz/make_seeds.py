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


GRAPHS = {
    "convolution": """\
dims n = 2
%0: float32[n, 2, 6, 6] = input "x"
%1: float32[3, 2, 3, 3] = weight "constant.0"
%3: float32[n, 3, 6, 6] = conv2d(%0, %1, none) with ([1], [1], [1], 1)
%5: float32[n, 3, 6, 6] = relu(%3) in float32 over [n, 3, 6, 6]
%7: float32[n, 3, 3, 3], %9: int64[n, 3, 3, 3] = max_pool2d_with_indices(%5) with ([2], [], [0], \
[1], false)
return %7 as "output.0"
""",
    "sort": """\
dims n = 3
%0: float32[n, 4] = input "x"
%2: float32[n, 4], %4: int64[n, 4] = sort(%0) with (1, false, true)
%6: float32[n, 4] = gather(%0, %4) with (1)
%8: float32[n, 4] = cumsum(%6) in float32 over [n, 4] rows [0] scalars (0)
return %2 as "output.0", %4 as "output.1", %8 as "output.2"
""",
    "training": """\
%0: float32[5, 3] = external
%1: float32[3, 4] = external
%12: float32[] = external
%13: float32[] = external
%29: float32[4] = external
%3: float32[5, 4] = matmul(%0, %1)
%15: float32[] = mul(%12, %13) in float32 over []
%5: float32[5, 4], %11: float32[] per row, %19: float32[5, 4] = \
tanh+dropout_from+square+mean+mul+mul(%3, %15[5, 4; 0, 0; 0]) in float32 over [5, 4] rows [0, 1] \
scalars (0.3, 2) draw (1, 201) {
  %0 = load 0
  %1 = tanh %0
  %2 = scalar 0
  %3 = constant 1 1
  %4 = sub %3, %2
  %5 = reciprocal %4
  %6 = random_uniform 0
  %7 = ge %6, %2
  %8 = constant 0 0
  %9 = mul %1, %5
  %10 = select %7, %9, %8
  %11 = square %10
  %12 = row_length
  %13 = row_sum %11
  %14 = div %13, %12
  %15 = load 1
  %16 = mul %10, %15
  %17 = scalar 1
  %18 = mul %16, %17
  store 0, %1
  store 1, %14
  store 2, %18
}
%23: float32[5, 4] = dropout_from+tanh_backward(%19, %5) in float32 over [5, 4] scalars (0.3) \
draw (1, 201) {
  %0 = scalar 0
  %1 = constant 1 1
  %2 = sub %1, %0
  %3 = reciprocal %2
  %4 = random_uniform 0
  %5 = ge %4, %0
  %6 = constant 0 0
  %7 = load 0
  %8 = mul %3, %7
  %9 = select %5, %8, %6
  %10 = load 1
  %11 = square %10
  %12 = sub %1, %11
  %13 = mul %9, %12
  store 0, %13
}
%25: float32[3, 4] = matmul(%0[3, 5; 1, 3; 0], %23)
%28 in %1: float32[3, 4] = mul+sub(%25, %1) in float32 over [3, 4] scalars (0.10000000149011612) {
  %0 = scalar 0
  %1 = load 0
  %2 = mul %0, %1
  %3 = load 1
  %4 = sub %3, %2
  store 0, %4
}
%30 in %29: float32[4] = add(%29, none) in float32 over [4] scalars (1) {
  %0 = scalar 0
  %1 = load 0
  %2 = add %1, %0
  store 0, %2
}
%31 in %29: float32[2; 1; 0] = mul(%30[2; 1; 0], none) in float32 over [2] scalars (2) {
  %0 = scalar 0
  %1 = load 0
  %2 = mul %1, %0
  store 0, %2
}
keep %11, %25
""",
    "loop": """\
%0: float32[2, 4] = input "0"
%1: float32[4, 4] = weight "0"
%50: float32[2, 4] = update(%0) in float32 over [2, 4] {
  %0 = load 0
  store 0, %0
}
%49 in %50: float32[2, 4] = loop(%50, %1) 12 times {
  %0: float32[2, 4] = external
  %1: float32[4, 4] = external
  %2: float32[2, 4] = matmul(%0, %1) keeping its weight
  %4 in %0: float32[2, 4] = tanh+update(%2) in float32 over [2, 4] {
    %0 = load 0
    %1 = tanh %0
    store 0, %1
  }
}
return %49
""",
}


def graph_text_seeds():
    for name, text in GRAPHS.items():
        yield name, text.encode()


SEEDS = {"safetensors": safetensors_seeds, "checkpoint": checkpoint_seeds, "idx": idx_seeds,
         "png": png_seeds, "graph_text": graph_text_seeds}


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
