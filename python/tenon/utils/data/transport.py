"""Messages between a data loader and its worker processes: small ones through a socket, the bytes
of tensors, and all else that is large, in memory that both have mapped, which has no name and goes
with its last user."""

import io
import os
import pickle
import socket
import struct

from ... import _core

_HEADER = struct.Struct("<BQ")  # the kind of message, bytes in shared memory
_LENGTH = struct.Struct("<Q")
_ALIGNMENT = 64

# Messages wait in the socket until they are read: both sides may have sent as many as are
# prefetched without anybody reading, so they must be small.
_MOST_INLINE = 512


class _Pickler(pickle.Pickler):
    """Hands out the bytes of tensors instead of writing them; arrays of NumPy do so by
    themselves."""

    def __init__(self, stream):
        self.buffers = []
        super().__init__(stream, protocol=5, buffer_callback=self.buffers.append)

    def reducer_override(self, value):
        if not isinstance(value, _core.Tensor) or value.numel() == 0:
            return NotImplemented
        data = pickle.PickleBuffer(_core.bytes_of(value.detach().contiguous()))
        return _rebuilt, (type(value), data, value.dtype, tuple(value.shape), value.requires_grad,
                          value.__dict__)


def _rebuilt(kind, part, dtype, shape, requires_grad, attributes):
    """A tensor in the shared memory."""
    made = _core._tensor_within(part, 0, dtype, shape)
    if kind is not _core.Tensor:
        made = kind(made)
    made.requires_grad_(requires_grad)
    made.__dict__.update(attributes)
    return made


def _padded(size):
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _write_shared(parts):
    """A file in memory with a table of lengths, then the parts, each on a round address."""
    table = b"".join(_LENGTH.pack(length) for length in (len(parts), *map(len, parts)))
    pieces = []
    for part in (table, *parts):
        pieces.append(part)
        if padding := _padded(len(part)) - len(part):
            pieces.append(bytes(padding))
    file = os.memfd_create("tenon-batch", os.MFD_CLOEXEC)
    try:
        for piece in pieces:
            rest = memoryview(piece)
            while len(rest) > 0:
                rest = rest[os.write(file, rest):]
    except BaseException:
        os.close(file)
        raise
    return file, sum(map(len, pieces))


def _read_shared(file, size):
    """The parts, as uint8 tensors over memory that stays mapped as long as any of them lives."""
    try:
        memory = _core._map_shared(file, size)
    finally:
        os.close(file)
    view = memoryview(memory)
    count = _LENGTH.unpack_from(view)[0]
    lengths = [_LENGTH.unpack_from(view, _LENGTH.size * (1 + i))[0] for i in range(count)]
    begin, parts = _padded(_LENGTH.size * (1 + count)), []
    for length in lengths:
        parts.append(_core._tensor_within(memory, begin, _core.uint8, (length,)))
        begin += _padded(length)
    return parts


def send(connection, kind, content):
    """Sends one message. Raises OSError where the other side has gone."""
    stream = io.BytesIO()
    pickler = _Pickler(stream)
    pickler.dump(content)
    inline = stream.getvalue()
    if not pickler.buffers and len(inline) <= _MOST_INLINE:
        connection.sendall(_HEADER.pack(kind, 0) + inline)
        return
    file, size = _write_shared([inline, *(buffer.raw() for buffer in pickler.buffers)])
    try:
        socket.send_fds(connection, [_HEADER.pack(kind, size)], [file])
    finally:
        os.close(file)


def receive(connection):
    """(kind, content) of the next message; raises EOFError where the other side has gone."""
    try:
        data, files, _, _ = socket.recv_fds(connection, _HEADER.size + _MOST_INLINE, 1)
    except ConnectionResetError:
        data = b""
    if not data:
        raise EOFError
    kind, size = _HEADER.unpack_from(data)
    if size == 0:
        return kind, pickle.loads(data[_HEADER.size:])
    stream, *buffers = _read_shared(files[0], size)
    return kind, pickle.loads(memoryview(stream), buffers=buffers)


def make_connections():
    """Two ends of one connection, which keeps messages apart."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
