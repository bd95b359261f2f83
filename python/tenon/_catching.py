"""Whether code that calls an op would catch its error.

A compiled function's ops run later than they are called. One that may fail on the numbers that it
gets runs at once where the calling code stands in a `try`, between there and the compiled function:
asked when the call is new only.
"""

import dis
import sys


def _numbers(table):
    """The numbers of an exception table, of six bits a byte, the highest first."""
    value = 0
    for byte in table:
        value = value << 6 | byte & 0x3F
        if not byte & 0x40:
            yield value
            value = 0


def _handlers(code):
    """Begin, end and handler of the ranges that have one, in code units."""
    numbers = list(_numbers(code.co_exceptiontable))
    for begin, length, handler in zip(numbers[::4], numbers[1::4], numbers[2::4]):
        yield begin, begin + length, handler


def _is_try(code, handler):
    """The handlers of `with` and those that only clean up hand the error on."""
    first, second = code.co_code[2 * handler], code.co_code[2 * handler + 2]
    return first == dis.opmap["PUSH_EXC_INFO"] and second != dis.opmap["WITH_EXCEPT_START"]


def _stands_in_try(code, at):
    """Innermost handlers first: that of a handler's code is the one around it."""
    ranges = list(_handlers(code))
    for _ in ranges:
        handler = next((handler for begin, end, handler in ranges if begin <= at < end), None)
        if handler is None:
            return False
        if _is_try(code, handler):
            return True
        at = handler
    return False


def catches(outside):
    """Whether a frame of the user's, from the calling one up to `outside`, stands in a `try`."""
    if sys.version_info < (3, 11):
        return False  # no table says where a `try` is
    frame = sys._getframe(1)
    while frame is not None and frame is not outside:
        name = frame.f_globals.get("__name__", "")
        is_ours = name == "tenon" or name.startswith("tenon.")
        if not is_ours and _stands_in_try(frame.f_code, frame.f_lasti // 2):
            return True
        frame = frame.f_back
    return False
