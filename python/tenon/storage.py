"""`x.untyped_storage()`, `x.storage()`: the memory behind a tensor, which views of it share."""

from . import _core

__all__ = ["TypedStorage", "UntypedStorage"]

Tensor = _core.Tensor


class _Storage:
    """Elements in a row: what a tensor without dims would be. `_elements` is a tensor over them."""

    def __init__(self, elements):
        self._elements = elements

    def data_ptr(self):
        """The address of the first byte."""
        return self._elements.data_ptr()

    def nbytes(self):
        """Bytes of the whole memory."""
        return self._elements.nbytes

    def size(self):
        """The number of elements."""
        return self._elements.numel()

    def element_size(self):
        """Bytes of an element."""
        return self._elements.itemsize

    @property
    def device(self):
        return self._elements.device

    is_cuda = property(lambda self: False)

    def is_shared(self):
        """Whether other processes may share the memory."""
        return self._elements.is_shared()

    def is_pinned(self):
        return False

    def cpu(self):
        return self

    def clone(self):
        """A copy, in memory of its own."""
        return type(self)(self._elements.clone())

    def copy_(self, source, non_blocking=False):
        """Takes the elements of another storage of the same size."""
        self._elements.copy_(source._elements)
        return self

    def fill_(self, value):
        """Sets all elements."""
        self._elements.fill_(value)
        return self

    def tolist(self):
        """All elements as Python numbers."""
        return self._elements.tolist()

    def __len__(self):
        return self.size()

    def __getitem__(self, index):
        found = self._elements[index]
        return found.item() if found.dim() == 0 else type(self)(found)

    def __setitem__(self, index, value):
        self._elements[index] = value._elements if isinstance(value, _Storage) else value

    def __iter__(self):
        return iter(self.tolist())

    def __eq__(self, other):
        """Whether both are the same memory."""
        if not isinstance(other, _Storage):
            return NotImplemented
        return (self.data_ptr(), self.nbytes()) == (other.data_ptr(), other.nbytes())

    def __hash__(self):
        return hash((self.data_ptr(), self.nbytes()))


class UntypedStorage(_Storage):
    """Memory as bytes. `UntypedStorage(size)`: of that many, their values not set."""

    def __init__(self, size=0):
        super().__init__(size if isinstance(size, Tensor) else
                         _core.empty((size,), dtype=_core.uint8))

    def untyped(self):
        return self

    def __repr__(self):
        return f"<{type(self).__name__} of {self.nbytes()} bytes on {self.device}>"


class TypedStorage(_Storage):
    """Memory as elements of a dtype."""

    @property
    def dtype(self):
        return self._elements.dtype

    def untyped(self):
        """The same memory as bytes."""
        return UntypedStorage(_core.storage_of(self._elements))

    _untyped_storage = property(untyped)

    def pickle_storage_type(self):
        """PyTorch's name of such storages: "FloatStorage"."""
        return _NAMES[str(self.dtype).rpartition(".")[2]] + "Storage"

    def __repr__(self):
        return f"<TypedStorage of {self.size()} {self.dtype} on {self.device}>"


_NAMES = {"float32": "Float", "float64": "Double", "float16": "Half", "bfloat16": "BFloat16",
          "int64": "Long", "int32": "Int", "int16": "Short", "int8": "Char", "uint8": "Byte",
          "bool": "Bool", "complex64": "ComplexFloat", "complex128": "ComplexDouble"}


def untyped_storage(self):
    """The memory that it views, as bytes."""
    return UntypedStorage(_core.storage_of(self.detach()))


def storage(self):
    """The memory that it views, as elements of its dtype."""
    data = self.detach()
    size = untyped_storage(data).nbytes() // self.itemsize
    return TypedStorage(_core.as_strided(data, (size,), (1,), 0))
