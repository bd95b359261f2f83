"""What a thread's ops do beside computing: recording for backward, casting."""

import functools
import warnings

from . import _core


class _Mode:
    """Within `with`, or a decorated function, a mode is `_value`."""

    _before = None  # what it was, and what `_before` was: modes may be entered within themselves

    def __enter__(self):
        self._before = self._get(), self._before
        self._set(self._value)
        return self

    def __exit__(self, *_):
        value, self._before = self._before
        self._set(value)
        return False

    def __call__(self, function):
        @functools.wraps(function)
        def wrapped(*arguments, **keywords):
            with self._again():
                return function(*arguments, **keywords)

        return wrapped

    def _again(self):
        return _Again(self)


class _Again(_Mode):
    """The same for one call of a decorated function, which may be called within itself."""

    def __init__(self, mode):
        self._value, self._get, self._set = mode._value, mode._get, mode._set


class _GradMode(_Mode):
    _get = staticmethod(_core.is_grad_enabled)
    _set = staticmethod(_core.set_grad_enabled)


class _BareMode(_GradMode):
    """May stand before a function without brackets: `@no_grad`."""

    def __new__(cls, function=None):
        self = super().__new__(cls)
        if function is None:
            return self
        if not callable(function):
            raise TypeError(f"{cls.__name__}() takes nothing, or the function that it decorates, "
                            f"not {function!r}")
        return self(function)


class no_grad(_BareMode):
    """Nothing is recorded for backward."""

    _value = False


class enable_grad(_BareMode):
    """Recording is on again within no_grad."""

    _value = True


class set_grad_enabled(_GradMode):
    """Recording is on or off: from the call on, or within `with`."""

    def __init__(self, mode):
        self._value = bool(mode)
        super().__enter__()

    def __enter__(self):
        return self


class inference_mode(_Mode):
    """As no_grad, and results can't be part of a graph later."""

    @staticmethod
    def _get():
        return _core.is_inference_mode_enabled(), _core.is_grad_enabled()

    @staticmethod
    def _set(value):
        inference, grad = value
        _core.set_inference_mode(inference)
        _core.set_grad_enabled(grad)

    def __new__(cls, mode=True):
        self = super().__new__(cls)
        if callable(mode):
            self._value = True, False
            return self(mode)
        self._value = (True, False) if mode else (False, True)
        return self


def is_autocast_enabled(device_type=None):
    """Whether ops cast: of "cpu"; where no device is named False, since that asks for a GPU."""
    return device_type == "cpu" and _core.autocast_dtype() != _core.float32


def is_autocast_cpu_enabled():
    """Whether ops cast."""
    return is_autocast_enabled("cpu")


def get_autocast_dtype(device_type):
    """The dtype that ops cast to on a device."""
    if device_type == "cpu":
        dtype = _core.autocast_dtype()
        return _core.bfloat16 if dtype == _core.float32 else dtype
    return _core.float16


def get_autocast_cpu_dtype():
    """The dtype that ops cast to."""
    return get_autocast_dtype("cpu")


def get_autocast_gpu_dtype():
    """The dtype that ops would cast to on a GPU."""
    return get_autocast_dtype("cuda")


class autocast(_Mode):
    """Ops that gain by it compute in `dtype`, float16 or bfloat16; those that need it stay in
    float32."""

    _get = staticmethod(_core.autocast_dtype)
    _set = staticmethod(_core.set_autocast_dtype)

    def __init__(self, device_type="cpu", dtype=None, enabled=True, cache_enabled=True):
        if str(device_type).startswith("cuda"):
            if enabled:
                warnings.warn("autocast: device_type 'cuda' is not available: disabled",
                              stacklevel=2)
            enabled = False
        else:
            _core.device(device_type)
        dtype = _core.bfloat16 if dtype is None else dtype
        if dtype not in (_core.bfloat16, _core.float16):
            raise ValueError(f"autocast() takes bfloat16 or float16, not {dtype}")
        self._value = dtype if enabled else _core.float32
