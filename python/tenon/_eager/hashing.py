"""Hashes of byte strings, the same numbers as TensorFlow's and so as its layers': FarmHash's
Fingerprint64 (Pike and Alakuijala, Google 2014, github.com/google/farmhash), which never changes,
and with a key SipHash-2-4 (Aumasson and Bernstein 2012)."""

import struct

_MASK = 2**64 - 1
_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F


def _turned(x, count):
    """The 64 bits rotated to the right."""
    x &= _MASK
    return (x >> count | x << (64 - count)) & _MASK


def _folded(x):
    x &= _MASK
    return x ^ x >> 47


def _pair(u, v, factor):
    """64 bits of 128."""
    u, v = u & _MASK, v & _MASK
    return _folded((v ^ _folded((u ^ v) * factor)) * factor) * factor & _MASK


def _word(text, at):
    return int.from_bytes(text[at:at + 8], "little")


def _up_to_16(text):
    size = len(text)
    if size >= 8:
        factor = _K2 + size * 2
        a, b = _word(text, 0) + _K2, _word(text, size - 8)
        return _pair(_turned(b, 37) * factor + a, (_turned(a, 25) + b) * factor, factor)
    if size >= 4:
        first = int.from_bytes(text[:4], "little")
        return _pair(size + (first << 3), int.from_bytes(text[-4:], "little"), _K2 + size * 2)
    if size:
        y, z = text[0] + (text[size >> 1] << 8), size + (text[-1] << 2)
        return _folded(y * _K2 ^ z * _K0) * _K2 & _MASK
    return _K2


def _halves(text, scale_a, scale_b):
    """What texts of 17 to 64 bytes begin with: two sums over both ends."""
    size = len(text)
    factor = _K2 + size * 2
    a, b = _word(text, 0) * scale_a & _MASK, _word(text, 8)
    c, d = _word(text, size - 8) * factor, _word(text, size - 16) * scale_b
    return (_turned(a + b, 43) + _turned(c, 30) + d, a + _turned(b + _K2, 18) + c, a, factor)


def _up_to_64(text):
    size = len(text)
    y, rest, a, factor = _halves(text, _K2, _K2)
    z = _pair(y, rest, factor)
    e, f = _word(text, 16) * factor & _MASK, _word(text, 24)
    g, h = (y + _word(text, size - 32)) * factor, (z + _word(text, size - 24)) * factor
    return _pair(_turned(e + f, 43) + _turned(g, 30) + h, e + _turned(f + a, 18) + g, factor)


def _block(text, at, a, b):
    """32 bytes, mixed into two numbers."""
    w, x, y, z = struct.unpack_from("<4Q", text, at)
    a += w
    b = _turned(b + a + z, 21)
    c = a
    a += x + y
    return (a + z) & _MASK, (b + _turned(a, 44) + c) & _MASK


def _round(text, at, state, factor, last):
    """64 bytes, mixed into the state; in the last round some parts weigh 9 times as much."""
    x, y, z, v, w = state
    weight = 9 if last else 1
    x = _turned(x + y + v[0] + _word(text, at + 8), 37) * factor
    y = _turned(y + v[1] + _word(text, at + 48), 42) * factor
    x ^= w[1] * weight
    y += v[0] * weight + _word(text, at + 40)
    z = _turned(z + w[0], 33) * factor
    v = _block(text, at, v[1] * factor, x + w[0])
    w = _block(text, at + 32, z + w[1], y + _word(text, at + 16))
    return z & _MASK, y & _MASK, x & _MASK, v, w


def fingerprint64(text):
    """FarmHash's Fingerprint64 of bytes, as a number below 2^64."""
    size = len(text)
    if size <= 16:
        return _up_to_16(text)
    if size <= 32:
        first, second, _, factor = _halves(text, _K1, _K2)
        return _pair(first, second, factor)
    if size <= 64:
        return _up_to_64(text)
    y = (81 * _K1 + 113) & _MASK
    z = _folded(y * _K2 + 113) * _K2 & _MASK
    state = (81 * _K2 + _word(text, 0)) & _MASK, y, z, (0, 0), (0, 0)
    for at in range(0, (size - 1) // 64 * 64, 64):
        state = _round(text, at, state, _K1, last=False)
    x, y, z, v, w = state
    factor = _K1 + ((z & 0xFF) << 1)
    first = w[0] + (size - 1 & 63)
    v = (v[0] + first) & _MASK, v[1]
    w = (first + v[0]) & _MASK, w[1]
    x, y, z, v, w = _round(text, size - 64, (x, y, z, v, w), factor, last=True)
    return _pair(_pair(v[0], w[0], factor) + _folded(y) * _K0 + z, _pair(v[1], w[1], factor) + x,
                 factor)


def _left(x, count):
    return (x << count | x >> (64 - count)) & _MASK


def _sip_rounds(v, count):
    a, b, c, d = v
    for _ in range(count):
        a, c = (a + b) & _MASK, (c + d) & _MASK
        b, d = _left(b, 13) ^ a, _left(d, 16) ^ c
        a = _left(a, 32)
        c, a = (c + b) & _MASK, (a + d) & _MASK
        b, d = _left(b, 17) ^ c, _left(d, 21) ^ a
        c = _left(c, 32)
    return a, b, c, d


def siphash(key, text):
    """SipHash-2-4 of bytes with a key of two numbers, as a number below 2^64."""
    k0, k1 = (int(one) & _MASK for one in key)
    v = (k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261,
         k1 ^ 0x7465646279746573)
    size = len(text)
    padded = text + bytes(7 - size % 8) + bytes([size & 0xFF])
    for (word,) in struct.iter_unpack("<Q", padded):
        a, b, c, d = _sip_rounds((v[0], v[1], v[2], v[3] ^ word), 2)
        v = a ^ word, b, c, d
    a, b, c, d = _sip_rounds((v[0], v[1], v[2] ^ 0xFF, v[3]), 4)
    return a ^ b ^ c ^ d


def crossed(hashes):
    """One number of several below 2^64, as TensorFlow's crossed features have it: each is folded
    into what stands for those before, MurmurHash's way (Appleby 2008)."""
    factor, made = 0xC6A4A7935BD1E995, 0xDECAFCAFFE
    for one in hashes:
        made ^= factor
        made ^= _folded((one & _MASK) * factor) * factor & _MASK
        made = _folded(made * factor & _MASK) * factor & _MASK
        made = _folded(made)
    return made
