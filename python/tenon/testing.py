"""Comparisons for tests."""

import collections.abc
import numbers

from . import _core

__all__ = ["assert_allclose", "assert_close"]

#: (rtol, atol) of dtypes that round.
_TOLERANCES = {
    _core.float16: (1e-3, 1e-5), _core.bfloat16: (1.6e-2, 1e-5), _core.float32: (1.3e-6, 1e-5),
    _core.float64: (1e-7, 1e-7), _core.complex64: (1.3e-6, 1e-5), _core.complex128: (1e-7, 1e-7),
}


def _is_array(value):
    return type(value).__module__ == "numpy" and hasattr(value, "dtype")


def _worst(difference, place_count, limit, what):
    """A line about the largest difference and where it is."""
    worst = difference.flatten().nan_to_num(float("inf")).argmax().item()
    place = []
    for size in reversed(difference.shape):
        place.insert(0, worst % size)
        worst //= size
    value = difference.reshape(-1)[_flat(place, difference.shape)].item()
    where = f" at index {tuple(place)}" if place_count != 1 or difference.dim() else ""
    return f"Greatest {what} difference: {value}{where} (up to {limit} allowed)"


def _flat(place, sizes):
    number = 0
    for at, size in zip(place, sizes):
        number = number * size + at
    return number


def _compare(actual, expected, rtol, atol, equal_nan, scalars):
    """What is wrong with two tensors of one form, as text; None where nothing is."""
    if actual.dtype != expected.dtype:
        wider = _core.promote_types(actual.dtype, expected.dtype)
        actual, expected = actual.to(wider), expected.to(wider)
    if actual.dtype == _core.bool:
        actual, expected = actual.to(_core.uint8), expected.to(_core.uint8)
    close = _core.isclose(actual, expected, rtol, atol, equal_nan)
    if bool(close.all()):
        return None
    kind = "close" if rtol or atol else "equal"
    wide = _core.complex128 if actual.is_complex() else _core.float64
    difference = (actual.to(wide) - expected.to(wide)).abs()
    relative = difference / expected.to(wide).abs()
    if scalars:
        return (f"Scalars are not {kind}!\n\nExpected {expected.item()} but got {actual.item()}.\n"
                f"Absolute difference: {difference.item()} (up to {atol} allowed)\n"
                f"Relative difference: {relative.item()} (up to {rtol} allowed)")
    count = actual.numel()
    wrong = int((~close).sum().item())
    seen = difference.where(~close, 0.0), relative.where(~close, 0.0)
    return (f"Tensor-likes are not {kind}!\n\n"
            f"Mismatched elements: {wrong} / {count} ({100 * wrong / count:.1f}%)\n"
            f"{_worst(seen[0], count, atol, 'absolute')}\n"
            f"{_worst(seen[1], count, rtol, 'relative')}")


def _tensors(actual, expected, rtol, atol, equal_nan, checks, scalars):
    check_device, check_dtype, check_layout, check_stride = checks
    if actual.shape != expected.shape:
        return (f"The values for attribute 'shape' do not match: {tuple(actual.shape)} != "
                f"{tuple(expected.shape)}.")
    for name, is_checked in ("layout", check_layout), ("device", check_device), (
            "dtype", check_dtype):
        mine, others = getattr(actual, name), getattr(expected, name)
        if is_checked and mine != others:
            return f"The values for attribute '{name}' do not match: {mine} != {others}."
    if check_stride and actual.stride() != expected.stride():
        return ("The values for attribute 'stride()' do not match: "
                f"{actual.stride()} != {expected.stride()}.")
    if rtol is None:
        each = [_TOLERANCES.get(one.dtype, (0.0, 0.0)) for one in (actual, expected)]
        rtol, atol = (max(pair) for pair in zip(*each))
    return _compare(actual.detach(), expected.detach(), rtol, atol, equal_nan, scalars)


def _differences(actual, expected, subclasses, options):
    """(where, what) of all that is wrong."""
    if isinstance(expected, collections.abc.Mapping) and isinstance(actual,
                                                                    collections.abc.Mapping):
        if set(actual) != set(expected):
            yield "", ("The keys of the mappings do not match:\nMissing keys in the actual "
                       f"mapping: {sorted(set(expected) - set(actual))}\nAdditional keys in the "
                       f"actual mapping: {sorted(set(actual) - set(expected))}")
            return
        for key in actual:
            for place, text in _differences(actual[key], expected[key], subclasses, options):
                yield f"[{key!r}]{place}", text
        return
    is_list = [isinstance(one, collections.abc.Sequence) and not isinstance(one, str)
               for one in (actual, expected)]
    if all(is_list):
        if len(actual) != len(expected):
            yield "", ("The length of the sequences do not match: "
                       f"{len(actual)} != {len(expected)}")
            return
        for i, pair in enumerate(zip(actual, expected)):
            for place, text in _differences(*pair, subclasses, options):
                yield f"[{i}]{place}", text
        return
    text = _leaves(actual, expected, subclasses, options)
    if text:
        yield "", text


def _leaves(actual, expected, subclasses, options):
    if actual is None and expected is None and type(actual) is type(expected):
        return None
    numeric = [isinstance(one, numbers.Number) for one in (actual, expected)]
    known = [one for one in (actual, expected)
             if isinstance(one, (_core.Tensor, numbers.Number)) or _is_array(one)]
    if len(known) != 2 or numeric[0] != numeric[1]:
        if actual is None or expected is None:
            return f"Expected {expected!r} but got {actual!r}."
        raise TypeError(f"No comparison pair was able to handle inputs of type {type(actual)} and "
                        f"{type(expected)}.")
    if not (isinstance(actual, type(expected)) or isinstance(expected, type(actual))) and (
            not subclasses or not all(numeric)):
        raise TypeError(f"No comparison pair was able to handle inputs of type {type(actual)} and "
                        f"{type(expected)}.")
    pair = [one if isinstance(one, _core.Tensor) else _core.tensor_of_data(
        one, _double_of(one) if all(numeric) else None) for one in (actual, expected)]
    rtol, atol, equal_nan, *checks = options
    if all(numeric):
        checks = [False] * 4
    return _tensors(*pair, rtol, atol, equal_nan, checks, all(numeric))


def _double_of(number):
    """Python's numbers have the precision of float64."""
    if isinstance(number, complex):
        return _core.complex128
    return _core.float64 if isinstance(number, float) else None


def assert_close(actual, expected, *, allow_subclasses=True, rtol=None, atol=None, equal_nan=False,
                 check_device=True, check_dtype=True, check_layout=True, check_stride=False,
                 msg=None):
    """Raises AssertionError unless |actual - expected| <= atol + rtol |expected| everywhere: of
    tensors, arrays, numbers, and sequences and mappings of them. Where neither tolerance is given
    they are those of the dtype. `msg` is the message, or makes one of the message."""
    if (rtol is None) != (atol is None):
        raise ValueError("Both 'rtol' and 'atol' must be either specified or unspecified, but got "
                         f"rtol={rtol} and atol={atol}.")
    options = rtol, atol, equal_nan, check_device, check_dtype, check_layout, check_stride
    for place, text in _differences(actual, expected, allow_subclasses, options):
        if place:
            text += f"\n\nThe failure occurred for item {place}"
        raise AssertionError(text if msg is None else msg(text) if callable(msg) else msg)


def assert_allclose(actual, expected, rtol=None, atol=None, equal_nan=True, msg=""):
    """An older `assert_close`, which takes dtypes for equal, and wider tolerances."""
    tensors = [one if isinstance(one, _core.Tensor) else _core.tensor_of_data(one, None)
               for one in (actual, expected)]
    if rtol is None and atol is None:
        known = {_core.float16: (1e-3, 1e-3), _core.float32: (1e-4, 1e-5),
                 _core.float64: (1e-5, 1e-8)}
        rtol, atol = (max(pair) for pair in zip(*(known.get(one.dtype, (0.0, 0.0))
                                                  for one in tensors)))
    assert_close(*tensors, rtol=rtol, atol=atol, equal_nan=equal_nan, check_dtype=False,
                 msg=msg or None)
