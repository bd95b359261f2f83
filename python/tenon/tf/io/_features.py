"""The features of serialized Examples, as they are wanted: their elements as arrays."""

import numpy

from ..._eager.errors import DataLossError
from ...utils._protobuf import BYTES, packed_varints, signed, spans

_KINDS = {1: "bytes_list", 2: "float_list", 3: "int64_list"}


class RawFeature:
    """A feature whose elements are made when they are asked for."""

    __slots__ = ("_kind", "_parts")

    def __init__(self, kind, parts):
        self._kind, self._parts = kind, parts

    def WhichOneof(self, name):
        """The name of the list that it has; None without one."""
        return _KINDS.get(self._kind)

    @property
    def packed(self):
        """The bytes of all elements of a list of numbers that stand together; None for others."""
        if self._kind > 1 and len(self._parts) == 1 and self._parts[0][0] == BYTES:
            return self._parts[0][1]
        return None

    @property
    def values(self):
        """The elements: a list of bytes, or an array."""
        if self._kind == 1:
            return [part for _, part in self._parts]
        if self._kind == 2:
            return floats(b"".join(part for _, part in self._parts))
        made = [integers(part) if kind == BYTES else [signed(part)] for kind, part in self._parts]
        if len(made) == 1:
            return made[0]
        return numpy.concatenate(made) if made else numpy.empty(0, numpy.int64)


#: By the lengths of Examples: where their elements are, and what stands around them. Examples of a
#: file are mostly alike but for their elements.
_layouts = {}


def features_of(serialized):
    """The features of an Example, by name."""
    layout = _layouts.get(len(serialized))
    if layout is not None:
        around, places = layout
        if all(serialized.startswith(text, at) for at, text in around):
            return {name: RawFeature(kind, ((BYTES, serialized[first:last]),))
                    for name, kind, first, last in places}
    made, places = {}, []
    for name, kind, parts in _found(serialized):
        made[name] = RawFeature(kind, [
            (wire, serialized[first:last] if value is None else value)
            for wire, value, first, last in parts])
        places += [(name, kind, first, last) for wire, _, first, last in parts if wire == BYTES]
    if len(places) == len(made):  # each feature's elements stand together
        if len(_layouts) >= 64:
            _layouts.clear()
        _layouts[len(serialized)] = _around(serialized, places), places
    return made


def _around(serialized, places):
    """What stands before, between and behind these places."""
    at, made = 0, []
    for _, _, first, last in sorted(places, key=lambda place: place[2]):
        made.append((at, serialized[at:first]))
        at = last
    return [*made, (at, serialized[at:])]


def _found(data):
    """(name, kind, parts) of each feature, a part being a field of its list."""
    for number, _, _, first, last in spans(data, 0, len(data)):
        if number != 1:
            continue
        for at, _, _, begin, end in spans(data, first, last):
            if at != 1:
                continue
            name, kind, parts = "", 0, []
            for field, _, _, start, stop in spans(data, begin, end):
                if field == 1:
                    name = data[start:stop].decode()
                elif field == 2:
                    for kind, _, _, head, tail in spans(data, start, stop):
                        parts = [(wire, value, one, other) for n, wire, value, one, other
                                 in spans(data, head, tail) if n == 1]
            yield name, kind if kind in _KINDS else 0, parts


def floats(data):
    """The float32 numbers that bytes are."""
    if len(data) % 4:
        raise DataLossError("a list of floats ends within a number")
    return numpy.frombuffer(data, "<f4")


def integers(data):
    """The int64 numbers of varints in a row."""
    if len(data) <= 32:
        return numpy.array(list(packed_varints(data)), numpy.int64)
    array = numpy.frombuffer(data, numpy.uint8)
    ends = numpy.flatnonzero(array < 0x80)
    if array[-1] >= 0x80:
        raise DataLossError("a message ends within a number")
    starts = numpy.concatenate([[0], ends[:-1] + 1])
    sizes = ends - starts + 1
    if sizes.max() > 10:
        raise DataLossError("a number has more than 64 bits")
    made = numpy.zeros(len(ends), numpy.uint64)
    for i in range(int(sizes.max())):
        has = sizes > i
        made[has] |= (array[starts[has] + i] & 0x7F).astype(numpy.uint64) << numpy.uint64(7 * i)
    return made.view(numpy.int64)


def counts(parts):
    """How many varints each of several bytes holds."""
    array = numpy.frombuffer(b"".join(parts), numpy.uint8) < 0x80
    total = numpy.concatenate([[0], numpy.cumsum(array)])
    ends = numpy.cumsum([len(part) for part in parts])
    return numpy.diff(total[ends], prepend=0)
