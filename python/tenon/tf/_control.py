"""Control flow as functions. The code runs, so that these are Python's statements in other
words."""

import numpy

from .. import _core
from .._eager import convert, dtypes, nest
from .._eager.errors import InvalidArgumentError
from .._eager.ragged import RaggedTensor, RaggedTensorSpec
from .._eager.strings import StringTensor
from .._eager.tensor import own
from ._ragged_ops import stack as stack_of_rows
from ._shaping import stack, unstack


def cond(pred, true_fn=None, false_fn=None, name=None):
    """true_fn() where the condition holds, else false_fn()."""
    if not callable(true_fn) or not callable(false_fn):
        raise TypeError("cond(): 'true_fn' and 'false_fn' must be callable")
    return true_fn() if bool(pred) else false_fn()


def case(pred_fn_pairs, default=None, exclusive=False, strict=False, name="case"):
    """The function of the first condition that holds, else `default`."""
    holding = [function for pred, function in pred_fn_pairs if bool(pred)]
    if exclusive and len(holding) > 1:
        raise InvalidArgumentError(f"case(): more than one of {len(pred_fn_pairs)} conditions "
                                   "holds")
    if holding:
        return holding[0]()
    if default is None:
        raise InvalidArgumentError("case(): none of the conditions holds and there is no default")
    return default()


def switch_case(branch_index, branch_fns, default=None, name="switch_case"):
    """The function with this number; the default, or the last, for others."""
    pairs = list(branch_fns.items()) if isinstance(branch_fns, dict) else [
        one if isinstance(one, tuple) else (i, one) for i, one in enumerate(branch_fns)]
    functions = {int(i): function for i, function in pairs}
    last = functions[max(functions)] if default is None else default
    return functions.get(int(branch_index), last)()


def while_loop(cond, body, loop_vars, shape_invariants=None, parallel_iterations=10, back_prop=True,
               swap_memory=False, maximum_iterations=None, name=None):
    """body(*loop_vars) again and again while cond(*loop_vars) holds."""
    count = None if maximum_iterations is None else int(maximum_iterations)
    values = nest.map_structure(_as_tensor, loop_vars)
    is_one = not isinstance(values, (list, tuple))
    values = [values] if is_one else values
    done = 0
    while (count is None or done < count) and bool(cond(*values)):
        made = body(*values)
        made = list(made) if isinstance(made, (list, tuple)) else [made]
        if len(made) != len(values):
            raise ValueError(f"while_loop(): the body gave {len(made)} values for {len(values)} "
                             "loop variables")
        values = nest.pack_sequence_as(values, nest.flatten(made))
        done += 1
    return values[0] if is_one or len(values) == 1 and not isinstance(loop_vars, (list, tuple)) \
        else values


def _as_tensor(value):
    if hasattr(value, "shape") or hasattr(value, "write"):
        return value
    return own(convert.tensor(value))


def _slices(elems):
    """The parts of each tensor of a structure along its first dim, in the structure."""
    flat = [unstack(_as_tensor(one)) for one in nest.flatten(elems)]
    counts = {len(one) for one in flat}
    if len(counts) != 1:
        raise ValueError(f"tensors of different lengths along the first dim: {sorted(counts)}")
    return [nest.pack_sequence_as(elems, parts) for parts in zip(*flat)]


def _stacked(results):
    if not results:
        raise ValueError("no elements to map, so that nothing is known of the results")
    flat = [nest.flatten(one) for one in results]
    return nest.pack_sequence_as(results[0], [stack([_as_tensor(one) for one in column])
                                              for column in zip(*flat)])


def _check_dtypes(results, wanted):
    """Raises where results of map_fn aren't of the dtypes that were asked for."""
    wanted = [dtypes.as_dtype(getattr(one, "dtype", one)) for one in nest.flatten(wanted)]
    for result in results:
        for made, dtype in zip(nest.flatten(result), wanted):
            made = made if hasattr(made, "dtype") else convert.tensor(made)
            if made.dtype is not dtype:
                raise InvalidArgumentError(
                    f"map_fn(): the function gave {dtypes.name_of(made.dtype)} where "
                    f"{dtypes.name_of(dtype)} is expected; say what it gives with "
                    "fn_output_signature")


def map_fn(fn, elems, dtype=None, parallel_iterations=None, back_prop=True, swap_memory=False,
           infer_shape=True, name=None, fn_output_signature=None):
    """fn of each slice along the first dim, stacked."""
    wanted = fn_output_signature if fn_output_signature is not None else dtype
    slices = _slices(elems)
    if not slices and wanted is not None and not isinstance(wanted, (list, tuple, dict)):
        return own(_core.zeros((0,), dtype=dtypes.as_dtype(getattr(wanted, "dtype", wanted))))
    results = [fn(one) for one in slices]
    _check_dtypes(results, elems if wanted is None else wanted)
    is_like_rows = wanted is None and isinstance(elems, RaggedTensor) and hasattr(
        results[0], "dim") and results[0].dim() > 0
    if isinstance(wanted, RaggedTensorSpec) or is_like_rows:
        return stack_of_rows(results)
    return _stacked(results)


def vectorized_map(fn, elems, fallback_to_while_loop=True, warn=True):
    """fn of each slice along the first dim, stacked."""
    return _stacked([fn(one) for one in _slices(elems)])


def _folded(fn, elems, initializer, backwards):
    slices = _slices(elems)
    if backwards:
        slices.reverse()
    value = (nest.map_structure(_as_tensor, initializer)
             if initializer is not None else slices.pop(0))
    yield value, initializer is None
    for one in slices:
        value = fn(value, one)
        yield value, True


def foldl(fn, elems, initializer=None, parallel_iterations=10, back_prop=True, swap_memory=False,
          name=None):
    """fn(value, slice) over the slices from the first on."""
    return list(_folded(fn, elems, initializer, False))[-1][0]


def foldr(fn, elems, initializer=None, parallel_iterations=10, back_prop=True, swap_memory=False,
          name=None):
    """fn(value, slice) over the slices from the last on."""
    return list(_folded(fn, elems, initializer, True))[-1][0]


def scan(fn, elems, initializer=None, parallel_iterations=10, back_prop=True, swap_memory=False,
         infer_shape=True, reverse=False, name=None):
    """All values of fn(value, slice) over the slices, stacked."""
    values = [value for value, counts in _folded(fn, elems, initializer, reverse) if counts]
    return _stacked(values[::-1] if reverse else values)


class TensorArray:
    """A list of tensors: `write` gives the array with one more."""

    def __init__(self, dtype, size=None, dynamic_size=None, clear_after_read=None,
                 tensor_array_name=None, handle=None, flow=None, infer_shape=True,
                 element_shape=None, colocate_with_first_write_call=True, name=None):
        self.dtype = dtypes.as_dtype(dtype)
        self.dynamic_size = bool(dynamic_size)
        self.element_shape = element_shape
        self._values = [None] * (0 if size is None else int(size))

    def size(self, name=None):
        """How many there are."""
        return own(_core.tensor_of_data(len(self._values), _core.int32))

    def write(self, index, value, name=None):
        """With this value at an index."""
        index = int(index)
        if index >= len(self._values):
            if not self.dynamic_size:
                raise InvalidArgumentError(
                    f"Tried to write to index {index} but array is not resizeable and size is: "
                    f"{len(self._values)}")
            self._values.extend([None] * (index + 1 - len(self._values)))
        value = convert.tensor(value)
        if value.dtype is not self.dtype:
            value = convert.tensor(value, self.dtype)
        self._values[index] = value if isinstance(value, StringTensor) else own(value)
        return self

    def _value(self, index):
        if not 0 <= index < len(self._values):
            raise InvalidArgumentError(f"Tried to read from index {index} but array size is: "
                                       f"{len(self._values)}")
        value = self._values[index]
        if value is None:
            known = next((one for one in self._values if one is not None), None)
            sizes = convert.sizes(self.element_shape) if known is None else known.shape
            return own(_core.zeros(sizes, dtype=self.dtype))
        return value

    def read(self, index, name=None):
        """The value at an index; zeros where none was written."""
        return self._value(int(index))

    def stack(self, name=None):
        """All values along a new first dim."""
        return stack([self._value(i) for i in range(len(self._values))])

    def gather(self, indices, name=None):
        """Those at these indices, along a new first dim."""
        return stack([self._value(int(i)) for i in convert.tensor(indices).tolist()])

    def concat(self, name=None):
        """All values along their first dim."""
        from ._shaping import concat

        return concat([self._value(i) for i in range(len(self._values))], 0)

    def unstack(self, value, name=None):
        """The slices of a tensor as values."""
        for i, one in enumerate(unstack(value)):
            if i >= len(self._values):
                self._values.append(None)
            self.write(i, one)
        return self

    def scatter(self, indices, value, name=None):
        """The slices of a tensor at these indices."""
        for i, one in zip(convert.tensor(indices).tolist(), unstack(value)):
            self.write(i, one)
        return self

    def split(self, value, lengths, name=None):
        """Parts of these lengths as values."""
        from ._shaping import split

        for i, one in enumerate(split(value, convert.tensor(lengths).tolist())):
            if i >= len(self._values):
                self._values.append(None)
            self.write(i, one)
        return self

    def identity(self):
        return self


def py_function(func, inp, Tout, name=None):
    """func(*inp), whose results are converted to `Tout`."""
    return _called(func, [_as_tensor(one) for one in inp], Tout)


def numpy_function(func, inp, Tout, stateful=True, name=None):
    """func of arrays, whose results are converted to `Tout`."""
    return _called(func, [_as_tensor(one).numpy() if _as_tensor(one).dim() else
                          numpy.asarray(_as_tensor(one).numpy())[()] for one in inp], Tout)


def _called(func, arguments, Tout):
    result = func(*arguments)
    if Tout is None or (isinstance(Tout, (list, tuple)) and not Tout):
        return result
    if isinstance(Tout, (list, tuple)):
        result = result if isinstance(result, (list, tuple)) else [result]
        return [_of_dtype(one, dtype) for one, dtype in zip(result, Tout)]
    return _of_dtype(result, Tout)


def _of_dtype(value, dtype):
    dtype = dtypes.as_dtype(getattr(dtype, "dtype", dtype))
    made = convert.tensor(value)
    if isinstance(made, StringTensor):
        return made
    return own(made if made.dtype is dtype else made.to(dtype))


__all__ = ["TensorArray", "case", "cond", "foldl", "foldr", "map_fn", "numpy_function",
           "py_function", "scan", "switch_case", "vectorized_map", "while_loop"]
