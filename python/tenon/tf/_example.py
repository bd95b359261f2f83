"""tf.train.Example and its parts: named lists of bytes, floats or whole numbers."""

import json
import struct

from ..utils import _protobuf
from ..utils._protobuf import BYTES, field, fields


class _Message:
    """What can be written to bytes and read from them."""

    @classmethod
    def FromString(cls, data):
        """Of bytes."""
        made = cls()
        made.ParseFromString(data)
        return made

    def ParseFromString(self, data):
        """Becomes what the bytes say."""
        if hasattr(data, "numpy"):
            data = data.numpy()
        self.__init__()
        for number, kind, value in fields(data):
            self._take(number, kind, value)
        return len(data)

    def __eq__(self, other):
        return type(other) is type(self) and self.SerializeToString() == other.SerializeToString()

    def __repr__(self):
        """Protobuf's text."""
        return "".join(f"{line}\n" for line in _lines(self))


def _lines(message):
    for name, value in vars(message).items():
        if isinstance(value, dict):
            for key in sorted(value):
                yield from _within(name, [f"key: {json.dumps(key)}", *_within("value",
                                                                              _lines(value[key]))])
        elif isinstance(value, _Message):
            yield from _within(name, _lines(value))
        else:
            for one in value or ():
                if isinstance(one, _Message):
                    yield from _within(name, _lines(one))
                else:
                    yield f"{name}: {_written(one)}"


def _within(name, lines):
    return [f"{name} {{", *(f"  {line}" for line in lines), "}"]


def _written(value):
    if isinstance(value, bytes):
        text = "".join(chr(byte) if 32 <= byte < 127 and byte not in b"\"\\" else f"\\{byte:03o}"
                       for byte in value)
        return f'"{text}"'
    return f"{value:.8g}" if isinstance(value, float) else str(value)


class _List(_Message):
    def __init__(self, value=()):
        self.value = [self._checked(one) for one in value]

    def _checked(self, value):
        return value


class BytesList(_List):
    """A list of bytes."""

    def _checked(self, value):
        value = value.numpy() if hasattr(value, "numpy") else value
        if not isinstance(value, (bytes, bytearray)):
            raise TypeError(f"{value!r} has type {type(value).__name__}, but expected one of: "
                            "bytes")
        return bytes(value)

    def SerializeToString(self):
        return b"".join(field(1, one) for one in self.value)

    def _take(self, number, kind, value):
        if number == 1:
            self.value.append(value)


class FloatList(_List):
    """A list of float32."""

    def _checked(self, value):
        return struct.unpack("<f", struct.pack("<f", float(value)))[0]

    def SerializeToString(self):
        return field(1, struct.pack(f"<{len(self.value)}f", *self.value)) if self.value else b""

    def _take(self, number, kind, value):
        if number == 1:
            self.value.extend(struct.unpack(f"<{len(value) // 4}f", value))


class Int64List(_List):
    """A list of int64."""

    def _checked(self, value):
        if isinstance(value, float):
            raise TypeError(f"{value!r} has type float, but expected one of: int")
        return int(value)

    def SerializeToString(self):
        return field(1, b"".join(map(_protobuf.varint, self.value))) if self.value else b""

    def _take(self, number, kind, value):
        if number == 1:
            self.value.extend(_protobuf.packed_varints(value) if kind == BYTES else
                              [_protobuf.signed(value)])


_LISTS = {1: ("bytes_list", BytesList), 2: ("float_list", FloatList), 3: ("int64_list", Int64List)}


class Feature(_Message):
    """One of the lists."""

    def __init__(self, bytes_list=None, float_list=None, int64_list=None):
        self.bytes_list, self.float_list, self.int64_list = bytes_list, float_list, int64_list

    def WhichOneof(self, name):
        """The name of the list that it has; None without one."""
        return next((name for name, _ in _LISTS.values() if getattr(self, name) is not None), None)

    @property
    def values(self):
        """The list's elements."""
        name = self.WhichOneof("kind")
        return [] if name is None else getattr(self, name).value

    def SerializeToString(self):
        return b"".join(field(number, getattr(self, name).SerializeToString())
                        for number, (name, _) in _LISTS.items() if getattr(self, name) is not None)

    def _take(self, number, kind, value):
        if number in _LISTS:
            name, list_type = _LISTS[number]
            setattr(self, name, list_type.FromString(value))


class _Map(_Message):
    """Named messages of one kind; field 1 of each entry is the name, 2 the message."""

    def SerializeToString(self):
        entries = self._entries()
        return b"".join(field(1, field(1, name) + field(2, entries[name].SerializeToString()))
                        for name in sorted(entries))

    def _take(self, number, kind, value):
        if number == 1:
            parts = {at: part for at, _, part in fields(value)}
            self._entries()[parts.get(1, b"").decode()] = self._kind.FromString(parts.get(2, b""))


class Features(_Map):
    """Features by their names."""

    _kind = Feature

    def __init__(self, feature=None):
        self.feature = dict(feature or {})

    def _entries(self):
        return self.feature


class FeatureList(_Message):
    """Features in a row."""

    def __init__(self, feature=()):
        self.feature = list(feature)

    def SerializeToString(self):
        return b"".join(field(1, one.SerializeToString()) for one in self.feature)

    def _take(self, number, kind, value):
        if number == 1:
            self.feature.append(Feature.FromString(value))


class FeatureLists(_Map):
    """Feature lists by their names."""

    _kind = FeatureList

    def __init__(self, feature_list=None):
        self.feature_list = dict(feature_list or {})

    def _entries(self):
        return self.feature_list


class Example(_Message):
    """Features: what a record of a TFRecord file mostly is."""

    def __init__(self, features=None):
        self.features = Features() if features is None else features

    def SerializeToString(self):
        return field(1, self.features.SerializeToString())

    def _take(self, number, kind, value):
        if number == 1:
            self.features = Features.FromString(value)


class SequenceExample(_Message):
    """Features, and features for each step of a sequence."""

    def __init__(self, context=None, feature_lists=None):
        self.context = Features() if context is None else context
        self.feature_lists = FeatureLists() if feature_lists is None else feature_lists

    def SerializeToString(self):
        return field(1, self.context.SerializeToString()) + field(
            2, self.feature_lists.SerializeToString())

    def _take(self, number, kind, value):
        if number == 1:
            self.context = Features.FromString(value)
        elif number == 2:
            self.feature_lists = FeatureLists.FromString(value)
