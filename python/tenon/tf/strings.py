"""tf.strings: tensors of byte strings."""

import re

import numpy

from .. import _core
from .._eager import convert, dtypes
from .._eager.errors import InvalidArgumentError
from .._eager.hashing import fingerprint64, siphash
from .._eager.ragged import RaggedTensor
from .._eager.strings import StringTensor
from .._eager.tensor import own
from ._ragged_ops import of_elements
from ._splitting import (bytes_split, ngrams, split, unicode_decode,  # noqa: F401
                         unicode_decode_with_offsets, unicode_split, unicode_split_with_offsets)


def _array(input):
    made = convert.tensor(input)
    if not isinstance(made, StringTensor):
        raise InvalidArgumentError(f"a tensor of strings is expected, got one of "
                                   f"{dtypes.name_of(made.dtype)}")
    return made.array


def _each(input, function):
    """function of each string, as strings."""
    if isinstance(input, RaggedTensor):
        return input.with_flat_values(_each(input.flat_values, function))
    array = _array(input)
    made = numpy.empty(array.shape, object)
    made.reshape(-1)[:] = [function(one) for one in array.reshape(-1).tolist()]
    return StringTensor(made)


def _numbers(input, function, dtype):
    """function of each string, as numbers."""
    if isinstance(input, RaggedTensor):
        return input.with_flat_values(_numbers(input.flat_values, function, dtype))
    array = _array(input)
    values = [function(one) for one in array.reshape(-1).tolist()]
    return own(_core.tensor_of_data(numpy.array(values).reshape(array.shape),
                                    dtypes.as_dtype(dtype)))


def length(input, unit="BYTE", name=None):
    """How many bytes, or with unit 'UTF8_CHAR' characters, each string has."""
    count = len if unit == "BYTE" else lambda one: len(one.decode())
    return _numbers(input, count, _core.int32)


def lower(input, encoding="", name=None):
    """In lower case; of ASCII alone unless encoding is 'utf-8'."""
    return _each(input, (lambda one: one.decode().lower().encode()) if encoding else bytes.lower)


def upper(input, encoding="", name=None):
    """In upper case; of ASCII alone unless encoding is 'utf-8'."""
    return _each(input, (lambda one: one.decode().upper().encode()) if encoding else bytes.upper)


def strip(input, name=None):
    """Without white space at the ends."""
    return _each(input, bytes.strip)


def regex_replace(input, pattern, rewrite, replace_global=True, name=None):
    """What a pattern matches, replaced; in `rewrite`, \\\\1 stands for the first group."""
    compiled = re.compile(_text(pattern).encode())
    new = re.sub(rb"\\0", rb"\\g<0>", _text(rewrite).encode())
    return _each(input, lambda one: compiled.sub(new, one, 0 if replace_global else 1))


def regex_full_match(input, pattern, name=None):
    """Whether a pattern matches the whole of each string."""
    compiled = re.compile(_text(pattern).encode())
    return _numbers(input, lambda one: compiled.fullmatch(one) is not None, _core.bool)


def _text(value):
    value = value.numpy() if hasattr(value, "numpy") else value
    return value.decode() if isinstance(value, bytes) else value


def join(inputs, separator="", name=None):
    """The strings of several tensors, one after the other."""
    if any(isinstance(one, RaggedTensor) for one in inputs):
        return of_elements(join, (list(inputs), separator), {})
    arrays = numpy.broadcast_arrays(*(_array(one) for one in inputs))
    between = _text(separator).encode()
    made = numpy.empty(arrays[0].shape, object)
    made.reshape(-1)[:] = [between.join(parts)
                           for parts in zip(*(one.reshape(-1).tolist() for one in arrays))]
    return StringTensor(made)


def reduce_join(inputs, axis=None, keepdims=False, separator="", name=None):
    """The strings along an axis, or all, joined."""
    between = _text(separator).encode()
    if isinstance(inputs, RaggedTensor):
        return _joined_rows(inputs, convert.axis_of(axis), between)
    array = _array(inputs)
    if axis is None:
        return StringTensor(between.join(array.reshape(-1).tolist()))
    moved = numpy.moveaxis(array, convert.axis_of(axis), -1)
    made = numpy.empty(moved.shape[:-1], object)
    for place in numpy.ndindex(made.shape):
        made[place] = between.join(moved[place].tolist())
    return StringTensor(numpy.expand_dims(made, axis) if keepdims else made)


def _joined_rows(rows, axis, between):
    """`reduce_join` of ragged rows: along the ragged axis, or all."""
    if axis is None:
        return StringTensor(between.join(rows.flat_values.array.reshape(-1).tolist()))
    axis = axis + rows.dim() if axis < 0 else axis
    if axis > 1:
        inner = reduce_join(rows.values, axis - 1, separator=between)
        return rows.with_values(inner)
    if axis == 0 or isinstance(rows.values, RaggedTensor):
        raise ValueError(f"reduce_join(): axis {axis} of {rows.ragged_rank} ragged dims; the last "
                         f"is {rows.dim() - 1}")
    return StringTensor([between.join(row) for row in rows.to_list()])


def unsorted_segment_join(inputs, segment_ids, num_segments, separator="", name=None):
    """The strings of each segment, joined."""
    array, between = _array(inputs).reshape(-1), _text(separator).encode()
    rows = [[] for _ in range(int(num_segments))]
    for one, row in zip(array, convert.tensor(segment_ids).reshape(-1).tolist()):
        rows[row].append(one)
    return StringTensor([between.join(row) for row in rows])


def substr(input, pos, len, unit="BYTE", name=None):
    """The part of each string from a place on; places and lengths may differ between strings."""
    if isinstance(input, RaggedTensor):
        return input.with_flat_values(substr(input.flat_values, pos, len, unit))
    array, first, count = numpy.broadcast_arrays(_array(input), numpy.asarray(convert.tensor(pos)),
                                                 numpy.asarray(convert.tensor(len)))
    made = numpy.empty(array.shape, object)
    made.reshape(-1)[:] = [_part(one, at, length, unit)
                           for one, at, length in zip(array.reshape(-1), first.reshape(-1).tolist(),
                                                      count.reshape(-1).tolist())]
    return StringTensor(made)


def _part(one, first, count, unit):
    characters = one if unit == "BYTE" else one.decode()
    size = characters.__len__()
    if not -size <= first <= size:
        raise InvalidArgumentError(f"pos {first} out of range for string {one!r} [Op:Substr]")
    made = characters[first + size if first < 0 else first:][:count]
    return made if unit == "BYTE" else made.encode()


def to_number(input, out_type=_core.float32, name=None):
    """The number that each string is."""
    dtype = dtypes.as_dtype(out_type)

    def number(one):
        try:
            return float(one) if dtype.is_floating_point else int(one)
        except ValueError:
            raise InvalidArgumentError(f"StringToNumberOp could not correctly convert string: "
                                       f"{one.decode(errors='replace')} "
                                       "[Op:StringToNumber]") from None

    return _numbers(input, number, dtype)


def as_string(input, precision=-1, scientific=False, shortest=False, width=-1, fill="", name=None):
    """Each number as a string."""
    tensor = convert.tensor(input)
    if isinstance(tensor, StringTensor):
        return tensor
    digits = 6 if precision < 0 else precision
    kind = "e" if scientific else "g" if shortest else "f"
    values = tensor.detach().reshape(-1).tolist()

    def text(value):
        if isinstance(value, bool):
            return "true" if value else "false"
        made = f"{value:.{digits}{kind}}" if isinstance(value, float) else str(value)
        if width < 0:
            return made
        return made.ljust(width) if fill == "-" else made.rjust(width, fill or " ")

    made = numpy.empty(len(values), object)
    made[:] = [text(value).encode() for value in values]
    return StringTensor(made.reshape(tuple(tensor.shape)))


def to_hash_bucket_fast(input, num_buckets, name=None):
    """A number below `num_buckets` of each string, always the same: FarmHash's Fingerprint64."""
    count = _buckets(num_buckets)
    return _numbers(input, lambda one: fingerprint64(one) % count, _core.int64)


def to_hash_bucket_strong(input, num_buckets, key, name=None):
    """A number below `num_buckets` of each string that depends on a key of two numbers: SipHash."""
    key = convert.axis_of(key)
    if len(key) != 2:
        raise ValueError(f"key should be a list of 2 numbers, got {key}")
    count = _buckets(num_buckets)
    return _numbers(input, lambda one: siphash(key, one) % count, _core.int64)


def _buckets(num_buckets):
    if int(num_buckets) < 1:
        raise InvalidArgumentError(f"Value for attr 'num_buckets' of {int(num_buckets)} must be at "
                                   "least minimum 1 [Op:StringToHashBucketFast]")
    return int(num_buckets)


def to_hash_bucket(input, num_buckets, name=None):
    """`to_hash_bucket_fast`."""
    return to_hash_bucket_fast(input, num_buckets)


def unicode_encode(input, output_encoding="UTF-8", errors="replace", replacement_char=65533,
                   name=None):
    """Strings of the code points along the last dim."""
    codes = numpy.asarray(convert.tensor(input))
    made = numpy.empty(codes.shape[:-1], object)
    for place in numpy.ndindex(made.shape):
        made[place] = "".join(map(chr, codes[place].tolist())).encode(output_encoding)
    return StringTensor(made)


def unicode_transcode(input, input_encoding, output_encoding, errors="replace",
                      replacement_char=65533, replace_control_characters=False, name=None):
    """The same characters in another encoding."""
    return _each(input, lambda one: one.decode(input_encoding, errors).encode(
        output_encoding, errors))


def format(template, inputs, placeholder="{}", summarize=3, name=None):
    """A text with tensors in the place of its placeholders."""
    from ._clipping import _text as shown

    given = inputs if isinstance(inputs, (list, tuple)) else [inputs]
    parts = template.split(placeholder)
    if len(parts) != len(given) + 1:
        raise ValueError(f"{len(parts) - 1} placeholder(s) in template does not match {len(given)} "
                         "tensor(s) provided as input")
    return StringTensor("".join(text + (shown(one, summarize) if one is not None else "")
                                for text, one in zip(parts, [*given, None])))
