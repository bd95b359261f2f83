"""What there is to know about dtypes, and PyTorch's older ways to name them."""

from . import _core


class finfo:
    """The limits of a floating (or complex) dtype; of the default dtype where none is given."""

    #: bits, largest, machine epsilon, smallest normal, smallest subnormal, decimal digits
    _LIMITS = {
        "float16": (16, 65504.0, 2.0**-10, 2.0**-14, 2.0**-24, 1e-3),
        "bfloat16": (16, (2 - 2.0**-7) * 2.0**127, 2.0**-7, 2.0**-126, 2.0**-133, 1e-2),
        "float32": (32, (2 - 2.0**-23) * 2.0**127, 2.0**-23, 2.0**-126, 2.0**-149, 1e-6),
        "float64": (64, (2 - 2.0**-52) * 2.0**1023, 2.0**-52, 2.0**-1022, 5e-324, 1e-15),
    }

    def __init__(self, type=None):
        dtype = get_default_dtype() if type is None else _dtype_of(type, "finfo")
        real = {_core.complex64: _core.float32, _core.complex128: _core.float64}.get(dtype, dtype)
        name = _name(real)
        if name not in self._LIMITS:
            raise TypeError(f"finfo() takes a floating dtype, not {dtype}; use iinfo for integers")
        self.dtype = name
        (self.bits, self.max, self.eps, self.smallest_normal, self.smallest_subnormal,
         self.resolution) = self._LIMITS[name]
        self.min, self.tiny = -self.max, self.smallest_normal

    def __repr__(self):
        return (f"finfo(resolution={self.resolution}, min={self.min}, max={self.max}, "
                f"eps={self.eps}, smallest_normal={self.smallest_normal}, tiny={self.tiny}, "
                f"dtype={self.dtype})")


class iinfo:
    """The limits of an integer dtype."""

    def __init__(self, type):
        dtype = _dtype_of(type, "iinfo")
        self.dtype = _name(dtype)
        if "int" not in self.dtype:
            raise TypeError(f"iinfo() takes an integer dtype, not {dtype}; use finfo for floats")
        self.bits = dtype.itemsize * 8
        is_unsigned = self.dtype.startswith("u")
        self.max = 2 ** (self.bits - (not is_unsigned)) - 1
        self.min = 0 if is_unsigned else -self.max - 1

    def __repr__(self):
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"


def _name(dtype):
    return str(dtype).rpartition(".")[2]


def _dtype_of(type, caller):
    if isinstance(type, _core.dtype):
        return type
    by_type = {float: _core.float32, int: _core.int64, bool: _core.bool, complex: _core.complex64}
    if type in by_type:
        return by_type[type]
    raise TypeError(f"{caller}() takes a dtype such as tenon.float32, not {type!r}")


get_default_dtype, set_default_dtype = _core.get_default_dtype, _core.set_default_dtype
default_complex = _core.default_complex_dtype


def set_default_tensor_type(t):
    """`set_default_dtype` by a tensor type, or its name: `torch.DoubleTensor`."""
    name = t if isinstance(t, str) else t.__name__
    set_default_dtype(_TYPES.get(name.rpartition(".")[2], t))


#: PyTorch's names of tensor types.
_TYPES = {"FloatTensor": _core.float32, "DoubleTensor": _core.float64, "HalfTensor": _core.float16,
          "BFloat16Tensor": _core.bfloat16, "ByteTensor": _core.uint8, "CharTensor": _core.int8,
          "ShortTensor": _core.int16, "IntTensor": _core.int32, "LongTensor": _core.int64,
          "BoolTensor": _core.bool}


class _TensorType(type):
    """The type of `FloatTensor` and its like: tensors of one dtype are its instances."""

    def __call__(cls, *arguments):
        if not arguments:
            return _core.empty((0,), dtype=cls.dtype)
        if all(isinstance(value, int) for value in arguments):
            return _core.empty(arguments, dtype=cls.dtype)
        if isinstance(arguments[0], _core.Size):
            return _core.empty(arguments[0], dtype=cls.dtype)
        if len(arguments) > 1:
            raise TypeError(f"{cls.__name__}() takes sizes, or one list, array or tensor")
        return _core.tensor_of_data(arguments[0], cls.dtype)

    def __instancecheck__(cls, value):
        return isinstance(value, _core.Tensor) and value.dtype is cls.dtype


tensor_types = {name: _TensorType(name, (), {"dtype": dtype, "__module__": "tenon", "__doc__":
                                             f"Makes {dtype} tensors of data or sizes."})
                for name, dtype in _TYPES.items()}
_NAMES = {dtype: f"torch.{name}" for name, dtype in _TYPES.items()}


def type_of(self, dtype=None, non_blocking=False):
    """Without a dtype, the name of its type, as in "torch.FloatTensor"; with one, or a type or its
    name, the tensor converted."""
    if dtype is None:
        return _NAMES.get(self.dtype, f"torch.{_name(self.dtype)}")
    if isinstance(dtype, _TensorType):
        dtype = dtype.dtype
    if isinstance(dtype, str):
        name = dtype.rpartition(".")[2]
        if name not in _TYPES:
            raise _core.ValueError(f"[type] no tensor type is called {dtype!r}; they are "
                                   f"{', '.join(sorted(_TYPES))}")
        dtype = _TYPES[name]
    return self.to(dtype)


class memory_format:
    """How dims lie in memory: `contiguous_format` row-major, `channels_last` with the channels of
    (N, C, H, W) innermost, `preserve_format` as they do already."""

    def __init__(self, name):
        self._name = name

    def __repr__(self):
        return f"tenon.{self._name}"

    def __reduce__(self):
        return self._name


contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")


class layout:
    """How elements are stored; all tensors here are `strided`."""

    def __repr__(self):
        return "tenon.strided"

    def __reduce__(self):
        return "strided"


strided = layout()


def _last_order(tensor, format):
    """The dims of an (N, C, ...) tensor with the channels last, and the way back."""
    dims = 4 if format is channels_last else 5
    if tensor.dim() != dims:
        raise _core.ShapeError(f"[{format}] expected {dims} dims, got sizes {tuple(tensor.shape)}")
    return (0, *range(2, dims), 1), (0, dims - 1, *range(1, dims - 1))


def contiguous(self, memory_format=contiguous_format):
    """The same elements without gaps, in the order of a memory format; itself where they lie so."""
    if memory_format in (channels_last, channels_last_3d):
        order, back = _last_order(self, memory_format)
        turned = self.permute(order)
        return self if _is_contiguous(turned) else _core.contiguous(turned).permute(back)
    return _core.contiguous(self)


def is_contiguous(self, memory_format=contiguous_format):
    """Whether elements lie without gaps in the order of a memory format."""
    if memory_format in (channels_last, channels_last_3d):
        order, _ = _last_order(self, memory_format)
        return _is_contiguous(self.permute(order))
    return _is_contiguous(self)


def clone(input, *, memory_format=preserve_format):
    """A copy, through which gradients flow."""
    if memory_format in (channels_last, channels_last_3d):
        order, back = _last_order(input, memory_format)
        return _core.clone(input.permute(order)).permute(back)
    return _core.clone(input)


_is_contiguous = _core.Tensor.is_contiguous


def set_printoptions(precision=None, threshold=None, edgeitems=None, linewidth=None, profile=None,
                     sci_mode=None):
    """How tensors are printed: digits behind the point; elements from which parts are left out; how
    many are shown at each end then; characters of a line; whether numbers are written as 1.e-05,
    which their sizes decide until it is set. `profile` is "default", "short" or "full"."""
    profiles = {"default": (4, 1000, 3, 80, None), "short": (2, 1000, 2, 80, None),
                "full": (4, 1 << 62, 3, 80, None)}
    if profile is not None and profile not in profiles:
        raise _core.ValueError(f"[set_printoptions] no profile is called {profile!r}; they are "
                               f"{', '.join(profiles)}")
    now = profiles[profile] if profile else _core.print_options()
    given = (precision, threshold, edgeitems, linewidth)
    counts = (old if new is None else int(min(new, 1 << 62)) for new, old in zip(given, now))
    _core.set_print_options(*counts, now[-1] if sci_mode is None else bool(sci_mode))
