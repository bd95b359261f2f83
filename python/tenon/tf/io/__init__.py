"""tf.io: files, records and what they hold."""

import gzip
import zlib

import numpy

from ... import _core
from ..._eager import convert, dtypes
from ..._eager.errors import InvalidArgumentError, NotFoundError
from ..._eager.strings import StringTensor
from ..._eager.tensor import own
from ...utils._records import framed
from . import gfile
from ._images import (decode_and_crop_jpeg, decode_bmp, decode_gif, decode_image,  # noqa: F401
                      decode_jpeg, decode_png, encode_jpeg, encode_png, is_jpeg)
from ._parsing import (FixedLenFeature, FixedLenSequenceFeature, VarLenFeature,  # noqa: F401
                       parse_example, parse_sequence_example, parse_single_example,
                       parse_single_sequence_example)
from ._tensors import parse_tensor, serialize_tensor  # noqa: F401


def _path(filename):
    name = filename.numpy() if hasattr(filename, "numpy") else filename
    return name.decode() if isinstance(name, bytes) else str(name)


def read_file(filename, name=None):
    """A file's bytes."""
    try:
        with open(_path(filename), "rb") as file:
            return StringTensor(file.read())
    except FileNotFoundError as error:
        raise NotFoundError(f"{_path(filename)}; No such file or directory "
                            "[Op:ReadFile]") from error


def write_file(filename, contents, name=None):
    """Writes a file, whose directories are made where they aren't there."""
    import os

    os.makedirs(os.path.dirname(_path(filename)) or ".", exist_ok=True)
    with open(_path(filename), "wb") as file:
        file.write(convert.tensor(contents).numpy())


def matching_files(pattern, name=None):
    """The files that patterns match, sorted."""
    patterns = convert.tensor(pattern).array.reshape(-1).tolist()
    return StringTensor(numpy.array(sorted({one for each in patterns
                                            for one in gfile.glob(each.decode())}), object))


class TFRecordOptions:
    """How records are packed: compression_type '', 'GZIP' or 'ZLIB'."""

    def __init__(self, compression_type="", **_):
        self.compression_type = compression_type or ""


class TFRecordWriter:
    """Writes records to a file; `with` closes it."""

    def __init__(self, path, options=None):
        kind = options if isinstance(options, str) else getattr(options, "compression_type", "")
        if kind not in ("", "GZIP", "ZLIB"):
            raise ValueError(f"compression_type is '', 'GZIP' or 'ZLIB', not {kind!r}")
        self._file = gzip.open(_path(path), "wb") if kind == "GZIP" else open(_path(path), "wb")
        self._packer = zlib.compressobj() if kind == "ZLIB" else None

    def write(self, record):
        """Adds a record, which is bytes."""
        record = record.numpy() if hasattr(record, "numpy") else record
        if not isinstance(record, (bytes, bytearray)):
            raise TypeError(f"a record is bytes, not {type(record).__name__}; "
                            "example.SerializeToString() gives them")
        data = framed(bytes(record))
        self._file.write(data if self._packer is None else self._packer.compress(data))

    def flush(self):
        """What was written is in the file from here on."""
        self._file.flush()

    def close(self):
        """Writes the end."""
        if self._packer is not None and not self._file.closed:
            self._file.write(self._packer.flush())
        self._file.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
        return False


def decode_raw(input_bytes, out_type, little_endian=True, fixed_length=None, name=None):
    """The bytes of each string as numbers, along a new last dim."""
    strings = convert.tensor(input_bytes).array
    kind = numpy.dtype(dtypes.as_dtype(out_type).as_numpy_dtype).newbyteorder(
        "<" if little_endian else ">")
    rows = [numpy.frombuffer(one, kind) for one in strings.reshape(-1).tolist()]
    if len({len(row) for row in rows}) > 1:
        raise InvalidArgumentError("DecodeRaw requires input strings to all be the same size")
    made = numpy.stack(rows).reshape((*strings.shape, -1)).astype(kind.newbyteorder("="))
    return own(_core.tensor_of_data(made, None))


def decode_base64(input, name=None):
    """The bytes of web-safe base64."""
    import base64

    return _each(input, lambda one: base64.urlsafe_b64decode(one + b"=" * (-len(one) % 4)))


def encode_base64(input, pad=False, name=None):
    """Web-safe base64 of bytes."""
    import base64

    return _each(input, lambda one: base64.urlsafe_b64encode(one) if pad else
                 base64.urlsafe_b64encode(one).rstrip(b"="))


def _each(input, function):
    array = convert.tensor(input).array
    made = numpy.empty(array.shape, object)
    made.reshape(-1)[:] = [function(one) for one in array.reshape(-1).tolist()]
    return StringTensor(made)


def decode_csv(records, record_defaults, field_delim=",", use_quote_delim=True, na_value="",
               select_cols=None, name=None):
    """The columns of lines of CSV, of the defaults' dtypes."""
    import csv

    lines = convert.tensor(records).array
    quoting = csv.QUOTE_MINIMAL if use_quote_delim else csv.QUOTE_NONE
    rows = list(csv.reader([one.decode() for one in lines.reshape(-1).tolist()],
                           delimiter=field_delim, quoting=quoting))
    if select_cols is not None:
        rows = [[row[i] for i in select_cols] for row in rows]
    columns = []
    for i, default in enumerate(record_defaults):
        default, dtype = _default_of(default)
        values = []
        for row in rows:
            if len(row) != len(record_defaults):
                raise InvalidArgumentError(f"Expect {len(record_defaults)} fields but have "
                                           f"{len(row)}")
            values.append(_csv_value(row[i], default, dtype, na_value, i))
        columns.append(_column(values, dtype, lines.shape))
    return columns


def _default_of(default):
    """The value that stands for an empty field, None where it must not be empty; and the dtype."""
    if isinstance(default, (dtypes.DType, dtypes.StringDType)):
        return None, default
    made = convert.tensor(default)
    values = made.array.reshape(-1).tolist() if isinstance(made, StringTensor) else \
        made.reshape(-1).tolist()
    return (values[0] if values else None), made.dtype


def _csv_value(text, default, dtype, na_value, place):
    if text in ("", na_value):
        if default is None:
            raise InvalidArgumentError(f"Field {place} is required but missing in record!")
        return default
    if dtype is dtypes.string:
        return text.encode()
    return float(text) if dtype.is_floating_point else int(text)


def _column(values, dtype, shape):
    if dtype is dtypes.string:
        return StringTensor(numpy.array(values, object).reshape(shape))
    return own(_core.tensor_of_data(values, dtype).reshape(tuple(shape)))
