"""Strings taken apart: the parts of each are a row."""

import numpy

from .. import _core
from .._eager import convert, dtypes
from .._eager.errors import InvalidArgumentError
from .._eager.ragged import RaggedTensor
from .._eager.strings import StringTensor
from .._eager.tensor import own


def _rows(input, function, make):
    """The parts that function gives of each string, made into values, in rows; of one string, the
    values alone."""
    if isinstance(input, RaggedTensor):
        return input.with_values(_rows(input.values, function, make))
    array = convert.tensor(input)
    if not isinstance(array, StringTensor):
        raise InvalidArgumentError(f"a tensor of strings is expected, got one of "
                                   f"{dtypes.name_of(array.dtype)}")
    array = array.array
    if array.ndim == 0:
        return make(function(array.item()))
    if array.ndim > 1:
        made = _rows(StringTensor(array.reshape(-1)), function, make)
        for size in reversed(array.shape[1:]):
            made = RaggedTensor.from_uniform_row_length(made, size,
                                                        None if size else array.shape[0])
        return made
    parts = [function(one) for one in array.tolist()]
    flat = make([part for row in parts for part in row])
    return RaggedTensor.from_row_lengths(flat, [len(row) for row in parts])


def _strings(parts):
    made = numpy.empty(len(parts), object)
    made[:] = parts
    return StringTensor(made)


def _ints(dtype):
    return lambda parts: own(_core.tensor_of_data(numpy.array(parts, numpy.int64), dtype))


def _plain(value):
    value = value.numpy() if hasattr(value, "numpy") else value
    return value.encode() if isinstance(value, str) else value


def split(input, sep=None, maxsplit=-1, name=None):
    """The parts of each string between separators; between white space where none is given."""
    sep = _plain(sep) or None
    return _rows(input, lambda one: one.split(sep, int(maxsplit)), _strings)


def bytes_split(input, name=None):
    """The bytes of each string."""
    return _rows(input, lambda one: [one[i:i + 1] for i in range(len(one))], _strings)


def _characters(encoding, errors, replacement=65533):
    """A function that gives the characters of bytes."""
    how = {"strict": "strict", "replace": "replace", "ignore": "ignore"}.get(errors)
    if how is None:
        raise ValueError(f"errors is 'strict', 'replace' or 'ignore', not {errors!r}")

    def characters(one):
        try:
            text = one.decode(encoding, how)
        except UnicodeDecodeError as error:
            raise InvalidArgumentError(f"Invalid formatting on input string: {error} "
                                       "[Op:UnicodeDecodeWithOffsets]") from None
        return text if replacement == 65533 else text.replace("\ufffd", chr(replacement))

    return characters


def unicode_decode(input, input_encoding, errors="replace", replacement_char=65533,
                   replace_control_characters=False, name=None):
    """The code points of the characters of each string."""
    characters = _characters(input_encoding, errors, replacement_char)
    return _rows(input, lambda one: list(map(ord, characters(one))), _ints(_core.int32))


def unicode_split(input, input_encoding, errors="replace", replacement_char=65533, name=None):
    """The characters of each string."""
    characters = _characters(input_encoding, errors, replacement_char)
    return _rows(input, lambda one: [part.encode(input_encoding) for part in characters(one)],
                 _strings)


def _offsets(input, encoding, errors):
    characters = _characters(encoding, errors)

    def places(one):
        sizes = [len(part.encode(encoding)) for part in characters(one)]
        return [sum(sizes[:i]) for i in range(len(sizes))]

    return _rows(input, places, _ints(_core.int64))


def unicode_decode_with_offsets(input, input_encoding, errors="replace", replacement_char=65533,
                                replace_control_characters=False, name=None):
    """(codes, offsets): `unicode_decode`, and the byte at which each character begins."""
    return (unicode_decode(input, input_encoding, errors, replacement_char),
            _offsets(input, input_encoding, errors))


def unicode_split_with_offsets(input, input_encoding, errors="replace", replacement_char=65533,
                               name=None):
    """(characters, offsets): `unicode_split`, and the byte at which each begins."""
    return (unicode_split(input, input_encoding, errors, replacement_char),
            _offsets(input, input_encoding, errors))


def ngrams(data, ngram_width, separator=" ", pad_values=None, padding_width=None,
           preserve_short_sequences=False, name=None):
    """So many neighbours of each row (or of each width in a tuple), joined; with `pad_values` (left
    and right) around the row."""
    widths = [ngram_width] if isinstance(ngram_width, int) else list(ngram_width)
    between = _plain(separator)
    rows = data if isinstance(data, RaggedTensor) else convert.tensor(data)
    pads = None if pad_values is None else tuple(map(_plain, (
        pad_values if isinstance(pad_values, (tuple, list)) else (pad_values, pad_values))))

    def of(row):
        made = []
        for width in widths:
            held = row
            if pads is not None:
                count = width - 1 if padding_width is None else min(int(padding_width), width - 1)
                held = [pads[0]] * count + row + [pads[1]] * count
            made += [between.join(held[i:i + width]) for i in range(len(held) - width + 1)]
        if not made and preserve_short_sequences and row:
            made.append(between.join(row))
        return made

    if isinstance(rows, StringTensor) and rows.dim() == 1:
        return _strings(of(rows.tolist()))
    if isinstance(rows, RaggedTensor) and isinstance(rows.values, RaggedTensor):
        return rows.with_values(ngrams(rows.values, ngram_width, separator, pad_values,
                                       padding_width,
                                       preserve_short_sequences))
    parts = [of(row)
             for row in (rows.to_list() if isinstance(rows, RaggedTensor) else rows.tolist())]
    return RaggedTensor.from_row_lengths(_strings([one for row in parts for one in row]),
                                         [len(row) for row in parts])
