"""Datasets whose elements are several of another's together: windows, groups, buckets."""

import random

from ... import _core
from ..._eager import nest
from ..._eager.errors import InvalidArgumentError
from ..._eager.tensor import own
from . import _elements, _steps
from ._steps import checked_count


class Grouping:
    """What `Dataset` can do with several elements at a time."""

    def _of(self, make, spec=None):
        """A dataset of an unknown number of other elements."""
        return self._with(make, -2, spec if spec is not None else _first_of(make))

    def group_by_window(self, key_func, reduce_func, window_size=None, window_size_func=None,
                        name=None):
        """The elements of reduce_func(key, dataset), of each `window_size` elements with one key;
        at the end of what is left, in the keys' order."""
        if (window_size is None) == (window_size_func is None):
            raise ValueError("Either the `window_size` argument or the `window_size_func` argument "
                             "must be specified, and not both.")

        def make():
            from ._dataset import of_list

            held = {}
            for element in iter(self):
                number = int(_elements.apply(key_func, element))
                key = own(_core.tensor_of_data(number, _core.int64))
                group = held.setdefault(number, [])
                group.append(element)
                size = int(window_size if window_size_func is None else window_size_func(key))
                if size <= 0:
                    raise InvalidArgumentError(f"Window size must be greater than zero, but got "
                                               f"{size}. [Op:IteratorGetNext]")
                if len(group) >= size:
                    yield from reduce_func(key, of_list(held.pop(number)))
            for number in sorted(held):
                key = own(_core.tensor_of_data(number, _core.int64))
                yield from reduce_func(key, of_list(held[number]))

        return self._of(make)

    def rejection_resample(self, class_func, target_dist, initial_dist=None, seed=None, name=None):
        """Pairs (class, element), elements left out at random such that classes come as often as
        `target_dist` says. How often they come before is counted where `initial_dist` isn't
        given."""
        target = _numbers(target_dist)
        known = None if initial_dist is None else _numbers(initial_dist)
        order = _steps.Order(seed, True)

        def make():
            numbers, counts = random.Random(order.next_seed()), [0] * len(target)
            for element in iter(self):
                kind = int(_elements.apply(class_func, element))
                counts[kind] += 1
                before = known if known is not None else [n / sum(counts) for n in counts]
                ratios = [wanted / part if part > 0 else 0.0
                          for wanted, part in zip(target, before)]
                if numbers.random() * max(ratios) < ratios[kind]:
                    yield own(_core.tensor_of_data(kind, _core.int32)), element

        return self._of(make)

    def ragged_batch(self, batch_size, drop_remainder=False, row_splits_dtype=_core.int64,
                     name=None):
        """As `batch`, of elements of different sizes, as the rows of ragged tensors."""
        count = checked_count(batch_size, "batch_size")

        def make():
            spec = None if self._is_spec_seen else self.element_spec
            join = lambda held: _elements.joined_ragged(  # noqa: E731
                held, spec, row_splits_dtype)
            return _steps.batches(iter(self), count, drop_remainder, join)

        return self._with(make, _batches(self._size, count, drop_remainder), _first_of(make))

    def sparse_batch(self, batch_size, row_shape, name=None):
        """As `batch`, of elements of different sizes, as sparse tensors whose rows have a shape
        that holds all."""
        from .._sparse import from_dense
        from .._sparse_ops import concat, expand_dims, reset_shape

        count = checked_count(batch_size, "batch_size")
        sizes = [None if size is None or size == -1 else int(size) for size in row_shape]

        def join(held):
            parts = [from_dense(one) for one in held]
            wanted = [max(part.shape[i] for part in parts) if size is None else size
                      for i, size in enumerate(sizes)]
            return concat(0, [expand_dims(reset_shape(part, wanted), 0) for part in parts])

        make = lambda: _steps.batches(iter(self), count, False, join)  # noqa: E731
        return self._with(make, _batches(self._size, count, False), _first_of(make))

    def window(self, size, shift=None, stride=1, drop_remainder=False, name=None):
        """Datasets of `size` elements, `stride` apart, that begin `shift` (size) apart."""
        size, stride = checked_count(size, "size"), checked_count(stride, "stride")
        shift = size if shift is None else checked_count(shift, "shift")

        from ._dataset import of_list

        def make():
            for held in _steps.windows(iter(self), size, shift, stride, drop_remainder):
                if not nest.is_nested(held[0]):
                    yield of_list(held)
                    continue
                parts = [nest.flatten(element) for element in held]
                yield nest.pack_sequence_as(held[0], [of_list(list(column))
                                                      for column in zip(*parts)])

        count = _count_of_windows(self._size, size, shift, stride, drop_remainder)
        return self._with(make, count, _first_of(make))

    def scan(self, initial_state, scan_func, name=None):
        """scan_func(state, element), which gives the next state and an element of the result."""
        def make():
            state = _elements.as_element(initial_state)
            for element in iter(self):
                state, made = scan_func(state, element)
                state = _elements.as_element(state)
                yield _elements.as_element(made)

        return self._with(make, spec=_first_of(make))

    def unique(self, name=None):
        """Each different element once."""
        def make():
            seen = set()
            for element in iter(self):
                key = str(element.numpy().tolist() if hasattr(element.numpy(), "tolist")
                          else element.numpy())
                if key not in seen:
                    seen.add(key)
                    yield element

        return self._with(make, -2)

    def bucket_by_sequence_length(self, element_length_func, bucket_boundaries, bucket_batch_sizes,
                                  padded_shapes=None, padding_values=None,
                                  pad_to_bucket_boundary=False, no_padding=False,
                                  drop_remainder=False, name=None):
        """Padded batches of elements of similar lengths."""
        def make():
            import bisect

            held = [[] for _ in bucket_batch_sizes]
            for element in iter(self):
                length = int(_elements.apply(element_length_func, element))
                at = bisect.bisect_right(list(bucket_boundaries), length)
                held[at].append(element)
                if len(held[at]) == bucket_batch_sizes[at]:
                    yield join(held[at])
                    held[at] = []
            for rest in held:
                if rest and not drop_remainder:
                    yield join(rest)

        def join(elements):
            return _elements.joined(elements) if no_padding else _elements.joined_padded(
                elements, padded_shapes, padding_values)

        return self._of(make)


def _first_of(make):
    """The spec of the first element, made when it is asked for."""
    known = []

    def spec():
        if not known:
            first = next(iter(make()), None)
            if first is None:
                raise ValueError("element_spec: the dataset has no elements to tell it by")
            known.append(_elements.spec_of(first))
        return known[0]

    return spec


def _count_of_windows(count, size, shift, stride, drops):
    """How many windows `count` elements have; a negative count (unknown, infinite) stays."""
    if count < 0:
        return count
    if not drops:
        return -(-count // shift)
    return max(0, (count - (size - 1) * stride - 1) // shift + 1)


def _batches(size, count, drops):
    return size if size < 0 else size // count if drops else -(-size // count)


def _numbers(value):
    from ..._eager import convert

    return [float(one) for one in convert.tensor(value).tolist()]
