"""What a thread's ops do beside computing: recording for backward, casting."""

import functools
import warnings

from . import _core


class _Mode:
    """Within `with`, or a decorated function, a mode has another value."""

    def __init__(self, value):
        self._value = value
        self._before = []

    def __enter__(self):
        self._before.append(self._get())
        self._set(self._value)
        return self

    def __exit__(self, *_):
        self._set(self._before.pop())
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
        super().__init__(mode._value)
        self._get, self._set = mode._get, mode._set


class _GradMode(_Mode):
    _get = staticmethod(_core.is_grad_enabled)
    _set = staticmethod(_core.set_grad_enabled)


class _BareMode(_GradMode):
    """May stand before a function without brackets: `@no_grad`."""

    _recorded = False

    def __new__(cls, function=None):
        self = super().__new__(cls)
        _GradMode.__init__(self, cls._recorded)
        return self(function) if callable(function) else self

    def __init__(self):
        pass


class no_grad(_BareMode):
    """Nothing is recorded for backward."""


class enable_grad(_BareMode):
    """Recording is on again within no_grad."""

    _recorded = True


class set_grad_enabled(_GradMode):
    """Recording is on or off: from the call on, or within `with`."""

    def __init__(self, mode):
        super().__init__(bool(mode))
        self._before.append(_core.is_grad_enabled())
        _core.set_grad_enabled(bool(mode))

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
            _Mode.__init__(self, (True, False))
            return self(mode)
        _Mode.__init__(self, (True, False) if mode else (False, True))
        return self

    def __init__(self, mode=True):
        pass


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
        super().__init__(dtype if enabled else _core.float32)
