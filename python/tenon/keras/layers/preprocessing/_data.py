"""What preprocessing layers are called with and learn from."""

from ...._creation import as_tensor as tensor_of
from ..._arrays import Tensor


def batches_of(data, batch_size=None, steps=None):
    """The inputs of each batch of arrays, lists or data sets; of pairs, the first."""
    import numpy

    if isinstance(data, (str, bytes)):
        data = [data]
    if isinstance(data, (Tensor, numpy.ndarray, list, tuple)) or hasattr(data, "__array__"):
        yield data
        return
    for i, batch in enumerate(data):
        if steps is not None and i >= steps:
            return
        yield batch[0] if isinstance(batch, tuple) else batch


def strings_of(data):
    """An array of str objects of strings, bytes, or what holds some."""
    import numpy

    if hasattr(data, "numpy") and not isinstance(data, numpy.ndarray):
        data = data.numpy()
    array = numpy.asarray(data, dtype=object)
    return numpy.vectorize(_as_str, otypes=[object])(array) if array.size else array


def _as_str(value):
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def numbers_of(data):
    """An array of whole numbers."""
    import numpy

    return data.detach().numpy() if isinstance(data, Tensor) else numpy.asarray(data)


def ints_tensor(values):
    """An int64 tensor of an array of Python's numbers."""
    import numpy

    return tensor_of(numpy.asarray(values).astype(numpy.int64))
