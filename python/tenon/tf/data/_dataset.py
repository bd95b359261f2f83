"""Dataset: elements that are made one after the other, and what is done with them."""

import builtins
import functools
import itertools

from ... import _core
from ..._eager import convert, dtypes, nest
from ..._eager.errors import InvalidArgumentError, OutOfRangeError
from ..._eager.tensor import failed, own
from .._function import TensorSpec
from . import _elements, _steps
from ._grouping import Grouping
from ._optional import Optional
from ._options import Options
from ._storing import Storing
from ._steps import AUTOTUNE, checked_count

INFINITE, UNKNOWN = -1, -2


class Iterator:
    """The elements of one pass over a dataset."""

    def __init__(self, dataset):
        self._elements = dataset._make()
        self.element_spec_of = dataset
        self.position = 0  # how many elements there were

    def __iter__(self):
        return self

    def __next__(self):
        element = next(self._elements)
        self.position += 1
        return element

    def go_to(self, position):
        """Goes on behind so many elements of a new pass; a checkpoint restores it so."""
        self._elements = self.element_spec_of._make()
        self.position = 0
        for _ in itertools.islice(self, position):
            pass

    def get_next(self):
        """The next element; OutOfRangeError where there is none."""
        try:
            return next(self)
        except StopIteration:
            raise OutOfRangeError("End of sequence [Op:IteratorGetNext]") from None

    def get_next_as_optional(self):
        """The next element as an Optional; one without a value at the end."""
        found = next(self, None)
        return Optional(None, self.element_spec_of) if found is None else Optional(found)

    @property
    def element_spec(self):
        return self.element_spec_of.element_spec


def _number(value):
    return int(value)


class Dataset(Grouping, Storing):
    """Elements (tensors, or tuples and dicts of them), made when they are asked for.

        data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000).batch(32)
        for x, y in data: ...

    Each pass over it makes them again. Shuffles and random maps follow the seed.
    """

    def __init__(self, make, size=UNKNOWN, spec=None, slices=None, is_light=False):
        """make() gives an iterator; slices are (tensors, order) where elements are slices of
        tensors, order() giving a tensor of places, or None, for a pass."""
        self._make, self._size, self._spec = make, size, spec
        self._slices, self._is_light = slices, is_light
        self._options, self._kind = None, ""
        self._is_spec_seen = spec is None  # known by looking at an element

    # Made of.

    @staticmethod
    def from_tensor_slices(tensors, name=None):
        """The slices of tensors along their first dim."""
        return _of_slices(_elements.as_tensors(tensors), None)

    @staticmethod
    def from_tensors(tensors, name=None):
        """One element."""
        element = _elements.as_tensors(tensors)
        return Dataset(lambda: iter([element]), 1, lambda: _elements.spec_of(element),
                       is_light=True)

    @staticmethod
    def from_generator(generator, output_types=None, output_shapes=None, args=None,
                       output_signature=None, name=None):
        """What a generator function yields, checked against `output_signature`."""
        signature = output_signature
        if signature is None:
            if output_types is None:
                raise TypeError("Either `output_signature` or `output_types` must be specified.")
            shapes = nest.map_structure(lambda _: None,
                                        output_types) if output_shapes is None else \
                output_shapes
            signature = _signature(output_types, shapes)
        arguments = [_elements.as_element(one).numpy() for one in args or ()]

        def make():
            for value in generator(*arguments):
                if isinstance(value, list) and not isinstance(signature, list):
                    value = tuple(value) if isinstance(signature, tuple) else value
                yield _fitting(value, signature)

        return Dataset(make, UNKNOWN, lambda: signature)

    @staticmethod
    def range(*args, output_type=_core.int64, name=None):
        """Whole numbers: range(stop), range(start, stop) or range(start, stop, step)."""
        numbers = builtins.range(*map(_number, args))
        dtype = dtypes.as_dtype(output_type)
        values = _core.tensor_of_data(list(numbers), dtype) if len(numbers) else \
            _core.empty((0,), dtype=dtype)
        return _of_slices(own(values), None)

    @staticmethod
    def zip(*args, datasets=None, name=None):
        """Tuples (or another structure) of the elements of several datasets, as long as all
        last."""
        given = datasets if datasets is not None else args[0] if len(args) == 1 else args
        parts = nest.flatten(given)

        def make():
            iterators = [iter(one) for one in parts]
            while True:
                try:
                    yield nest.pack_sequence_as(given, [next(one) for one in iterators])
                except StopIteration:
                    return

        sizes = [one._size for one in parts]
        known = [size for size in sizes if size >= 0]
        size = UNKNOWN if UNKNOWN in sizes else min(known) if known else INFINITE
        return Dataset(make, size, lambda: nest.map_structure(lambda one: one.element_spec, given))

    @staticmethod
    def random(seed=None, rerandomize_each_iteration=None, name=None):
        """Random numbers of int64, without end."""
        order = _steps.Order(seed, bool(rerandomize_each_iteration))

        def make():
            import random

            numbers = random.Random(order.next_seed())
            while True:
                yield own(_core.tensor_of_data(numbers.randrange(2**32), _core.int64))

        return Dataset(make, INFINITE)

    @staticmethod
    def counter(start=0, step=1, dtype=_core.int64, name=None):
        """start, start + step and so on, without end."""
        return Dataset(lambda: (own(_core.tensor_of_data(i, dtypes.as_dtype(dtype)))
                                for i in itertools.count(start, step)), INFINITE)

    @staticmethod
    def sample_from_datasets(datasets, weights=None, seed=None, stop_on_empty_dataset=False,
                             rerandomize_each_iteration=None):
        """Each time an element of a random one of several datasets."""
        order = _steps.Order(seed, True)
        weights = [1.0] * len(datasets) if weights is None else [float(one) for one in weights]

        def make():
            import random

            numbers = random.Random(order.next_seed())
            open_ones = [(iter(one), weight) for one, weight in builtins.zip(datasets, weights)]
            while open_ones:
                chosen = numbers.choices(open_ones, [weight for _, weight in open_ones])[0]
                try:
                    yield next(chosen[0])
                except StopIteration:
                    if stop_on_empty_dataset:
                        return
                    open_ones.remove(chosen)

        return Dataset(make, UNKNOWN, lambda: datasets[0].element_spec)

    @staticmethod
    def choose_from_datasets(datasets, choice_dataset, stop_on_empty_dataset=True):
        """Each time an element of the dataset whose number comes."""
        def make():
            open_ones = [iter(one) for one in datasets]
            for choice in choice_dataset:
                try:
                    yield next(open_ones[int(choice)])
                except StopIteration:
                    if stop_on_empty_dataset:
                        return

        return Dataset(make, UNKNOWN, lambda: datasets[0].element_spec)

    # Looked at.

    def __iter__(self):
        return Iterator(self)

    def __bool__(self):
        return True

    def __len__(self):
        if self._size == INFINITE:
            raise TypeError("The dataset is infinite.")
        if self._size == UNKNOWN:
            raise TypeError("The dataset length is unknown.")
        return self._size

    def cardinality(self, name=None):
        """How many elements there are; tf.data.INFINITE_CARDINALITY or UNKNOWN_CARDINALITY."""
        return own(_core.tensor_of_data(self._size, _core.int64))

    @property
    def element_spec(self):
        """The shapes and dtypes of elements."""
        if self._spec is None:
            first = next(self._make(), None)
            if first is None:
                raise ValueError("element_spec: the dataset has no elements to tell it by")
            self._spec = lambda: _elements.spec_of(first)
        return self._spec()

    def as_numpy_iterator(self):
        """The elements as arrays."""
        return map(_elements.as_numpy, iter(self))

    def get_single_element(self, name=None):
        """The only element."""
        found = list(itertools.islice(iter(self), 2))
        if len(found) != 1:
            raise InvalidArgumentError(f"Dataset was expected to have one element, has "
                                       f"{'more' if found else 'none'}")
        return found[0]

    def reduce(self, initial_state, reduce_func, name=None):
        """reduce_func(state, element) over all elements."""
        state = _elements.as_element(initial_state)
        for element in self:
            state = _elements.as_element(reduce_func(state, element))
        return state

    def __repr__(self):
        return f"<_{self._kind}Dataset element_spec={self.element_spec!r}>"

    # Other datasets of it. What is light makes elements at hardly any cost.

    def _with(self, make, size=None, spec=None, is_light=False):
        made = Dataset(make, self._size if size is None else size,
                       (lambda: self.element_spec) if spec is None else spec, is_light=is_light)
        made._is_spec_seen = self._is_spec_seen if spec is None else True
        return made

    def map(self, map_func, num_parallel_calls=None, deterministic=None, synchronous=None,
            use_unbounded_threadpool=False, name=None):
        """map_func of each element; with num_parallel_calls several at once, in order all the
        same."""
        def one(element):
            made = _elements.apply(map_func, element)
            # A list is several results: functions give such, and they don't always stack.
            return _elements.as_element(tuple(made) if isinstance(made, list) else made)

        workers = None if num_parallel_calls is None else _number(num_parallel_calls)
        if workers is not None and (workers == AUTOTUNE or workers > 1):
            workers = max(2, _core.get_num_threads()) if workers == AUTOTUNE else workers
            return self._with(lambda: _steps.mapped_in_threads(one, iter(self), workers),
                              spec=self._mapped_spec(one))
        return self._with(lambda: builtins.map(one, iter(self)), spec=self._mapped_spec(one))

    def _mapped_spec(self, one):
        known = []

        def spec():
            if not known:
                element = next(iter(self))
                made = _elements.spec_of(one(element))
                before = nest.flatten(self.element_spec)
                open_sizes = {leaf.shape[0]
                              for leaf, of in builtins.zip(nest.flatten(element), before)
                              if isinstance(of, TensorSpec) and of.shape.rank
                              and of.shape[0] is None}
                known.append(_elements.with_sizes(made, lambda shape: [
                    None if i == 0 and size in open_sizes else size
                    for i, size in builtins.enumerate(shape)]))
            return known[0]

        return spec

    def batch(self, batch_size, drop_remainder=False, num_parallel_calls=None, deterministic=None,
              name=None):
        """So many elements together, along a new first dim."""
        count = checked_count(batch_size, "batch_size")
        drops = bool(drop_remainder)
        size = self._size
        if size >= 0:
            size = size // count if drops else -(-size // count)
        spec = lambda: _elements.with_sizes(  # noqa: E731
            self.element_spec, lambda shape: [count if drops else None, *shape])
        if self._slices is not None:
            tensors, order = self._slices
            return Dataset(lambda: _steps.batches_of_slices(tensors, order and order(), count,
                                                            drops),
                           size, spec, is_light=True)
        return Dataset(lambda: _steps.batches(iter(self), count, drops), size, spec)

    def padded_batch(self, batch_size, padded_shapes=None, padding_values=None,
                     drop_remainder=False, name=None):
        """As `batch`, of elements of different sizes, padded to the longest or to given shapes."""
        count = checked_count(batch_size, "batch_size")
        size = self._size
        if size >= 0:
            size = size // count if drop_remainder else -(-size // count)

        def join(held):
            return _elements.joined_padded(held, padded_shapes, padding_values)

        first = count if drop_remainder else None
        return Dataset(lambda: _steps.batches(iter(self), count, drop_remainder, join), size,
                       lambda: _elements.padded_spec(self.element_spec, padded_shapes, first,
                                                     self._is_spec_seen))

    def unbatch(self, name=None):
        """The slices of each element."""
        return Dataset(lambda: itertools.chain.from_iterable(
            map(_elements.taken_apart, iter(self))), UNKNOWN,
            lambda: _elements.with_sizes(self.element_spec, lambda shape: shape[1:]))

    def rebatch(self, batch_size, drop_remainder=False, name=None):
        """Batches of another size; of several sizes in turn where a list of them is given."""
        if nest.is_nested(batch_size) or getattr(batch_size, "shape", ()):
            counts = [checked_count(one, "batch_size") for one in batch_size]
            return Dataset(lambda: _steps.batches_of_sizes(iter(self.unbatch()), counts,
                                                           drop_remainder))
        return self.unbatch().batch(batch_size, drop_remainder)

    def shuffle(self, buffer_size, seed=None, reshuffle_each_iteration=None, name=None):
        """In random order: each time one of the next `buffer_size` elements, anew in each pass."""
        count = checked_count(buffer_size, "buffer_size") if buffer_size is not None else None
        order = _steps.Order(seed, reshuffle_each_iteration)
        if self._slices is not None and (count is None or count >= self._size) and \
                self._slices[1] is None:
            tensors, length = self._slices[0], self._size

            def places():
                generator = _core.Generator().manual_seed(order.next_seed())
                return _core.randperm(length, generator=generator)

            return _of_slices(tensors, places)
        count = (1 << 62) if count is None else count
        return self._with(lambda: _steps.shuffled(iter(self), count, order.next_seed()))

    def repeat(self, count=None, name=None):
        """So many times in a row; without end where no count, or -1, is given."""
        count = -1 if count is None else _number(count)

        def make():
            for _ in itertools.count() if count < 0 else builtins.range(count):
                is_empty = True
                for element in iter(self):
                    is_empty = False
                    yield element
                if is_empty:
                    return

        size = self._size
        if size != 0:
            size = INFINITE if count < 0 else size * count if size > 0 else size
        return self._with(make, size, is_light=self._is_light)

    def prefetch(self, buffer_size, name=None):
        """Elements are made by a thread of their own ahead of their use, where that costs
        anything."""
        count = _number(buffer_size)
        if self._is_light or count == 0:
            return self
        return self._with(lambda: _steps.prefetched(lambda: iter(self), 2 if count < 0 else count))

    def filter(self, predicate, name=None):
        """The elements for which the predicate holds."""
        return self._with(lambda: (element for element in iter(self)
                                   if _elements.holds(predicate, element)), UNKNOWN)

    def take(self, count, name=None):
        """The first `count` elements; all for -1."""
        count = _number(count)
        if count < 0:
            return self
        size = count if self._size == INFINITE else min(count, self._size) if self._size >= 0 else \
            UNKNOWN
        return self._with(lambda: itertools.islice(iter(self), count), size,
                          is_light=self._is_light)

    def skip(self, count, name=None):
        """All but the first `count` elements; none for -1."""
        count = _number(count)
        if count < 0:
            return self.take(0)
        size = max(0, self._size - count) if self._size >= 0 else self._size
        return self._with(lambda: itertools.islice(iter(self), count, None), size,
                          is_light=self._is_light)

    def take_while(self, predicate, name=None):
        """The elements before the first for which the predicate doesn't hold."""
        return self._with(lambda: itertools.takewhile(
            lambda element: _elements.holds(predicate, element), iter(self)), UNKNOWN)

    def shard(self, num_shards, index, name=None):
        """Every num_shards-th element, from `index` on."""
        count, at = _number(num_shards), _number(index)
        if not 0 <= at < count:
            raise InvalidArgumentError(f"index must be between 0 and {count - 1} (currently index "
                                       f"= {at}).")
        size = max(0, -(-(self._size - at) // count)) if self._size >= 0 else self._size
        return self._with(lambda: itertools.islice(iter(self), at, None, count), size)

    def concatenate(self, dataset, name=None):
        """The elements, then the other's."""
        sizes = (self._size, dataset._size)
        size = INFINITE if INFINITE in sizes else UNKNOWN if UNKNOWN in sizes else sum(sizes)

        def following():
            for i, element in builtins.enumerate(iter(dataset)):
                if i == 0:  # raises where it is of another kind
                    _elements.common_spec(self.element_spec, _elements.spec_of(element))
                yield element

        return self._with(lambda: itertools.chain(iter(self), following()), size,
                          lambda: _elements.common_spec(self.element_spec, dataset.element_spec))

    def enumerate(self, start=0, name=None):
        """Pairs of a number and an element."""
        first = _number(start)
        return Dataset(lambda: ((own(_core.tensor_of_data(i, _core.int64)), element)
                                for i, element in builtins.enumerate(iter(self), first)),
                       self._size, lambda: (TensorSpec((), _core.int64), self.element_spec))

    def flat_map(self, map_func, name=None):
        """The elements of the datasets that map_func gives, one dataset after the other."""
        return Dataset(lambda: itertools.chain.from_iterable(
            _elements.dataset_of(map_func, element) for element in iter(self)))

    def interleave(self, map_func, cycle_length=None, block_length=None, num_parallel_calls=None,
                   deterministic=None, name=None):
        """As `flat_map`, `block_length` elements of each of `cycle_length` datasets in turn."""
        cycle = (_core.get_num_threads()
                 if cycle_length in (None, AUTOTUNE) else _number(cycle_length))
        return Dataset(lambda: _steps.interleaved(
            (_elements.dataset_of(map_func, element) for element in iter(self)), cycle,
            1 if block_length is None else _number(block_length)))

    def apply(self, transformation_func):
        """transformation_func of this dataset."""
        return transformation_func(self)

    def with_options(self, options, name=None):
        """With these options, which change nothing of the elements."""
        made = Dataset(self._make, self._size, lambda: self.element_spec, self._slices,
                       self._is_light)
        made._options = self.options().merge(options)
        return made

    def options(self):
        """The options."""
        return self._options or Options()

    def ignore_errors(self, log_warning=False, name=None):
        """Without the elements whose making fails."""
        def make():
            elements = iter(self)
            while True:
                try:
                    yield next(elements)
                except StopIteration:
                    return
                except Exception:  # whatever a user's function raises
                    continue

        return self._with(make, UNKNOWN)


def _of_slices(tensors, order):
    """The slices of tensors, in the order of places that order() gives for a pass."""
    leaves = nest.flatten(tensors)
    if not leaves:
        raise ValueError("from_tensor_slices(): no tensors are given")
    for leaf in leaves:
        if leaf.dim() == 0:
            raise ValueError("Unbatching a tensor is only supported for rank >= 1")
    counts = {int(leaf.shape[0]) for leaf in leaves}
    if len(counts) > 1:
        raise ValueError(f"Dimensions {' and '.join(map(str, sorted(counts)))} are not compatible")
    count = counts.pop()

    def make():
        places = None if order is None else order().tolist()
        for i in builtins.range(count) if places is None else places:
            yield nest.pack_sequence_as(tensors, [leaf[i] for leaf in leaves])

    spec = lambda: nest.map_structure(_elements.spec_of_slices, tensors)  # noqa: E731
    return Dataset(make, count, spec, (tensors, order), is_light=True)


def of_list(elements):
    """A dataset of these elements."""
    return Dataset(lambda: iter(elements), len(elements),
                   lambda: _elements.spec_of(elements[0]), is_light=True)


def _signature(types, shapes):
    if isinstance(types, dict):
        return {key: _signature(types[key], shapes[key]) for key in types}
    if isinstance(types, (tuple, list)):
        return tuple(_signature(one, shape) for one, shape in builtins.zip(types, shapes))
    return TensorSpec(shapes, types)


def _fitting(value, signature):
    """A generator's value as tensors of the signature's dtypes and shapes."""
    if isinstance(signature, dict):
        return {key: _fitting(value[key], one) for key, one in signature.items()}
    if isinstance(signature, (tuple, list)):
        if not isinstance(value, (tuple, list)) or len(value) != len(signature):
            parts = len(value) if isinstance(value, (tuple, list)) else 1
            raise _unfitting(f"an element of {parts} parts, expected {len(signature)}: {value!r}")
        return type(signature)(_fitting(one, of) for one, of in builtins.zip(value, signature))
    if not isinstance(signature, TensorSpec):
        made = _elements.as_element(value)
        if type(_elements.spec_of(made)) is not type(signature) or made.dtype is not \
                signature.dtype:
            raise _unfitting(f"an element that is not of {signature!r}: {value!r}")
        return made
    dtype = None if signature.dtype is dtypes.string else signature.dtype
    try:
        made = value.to(dtype) if isinstance(value, _core.Tensor) else convert.tensor(value, dtype)
    except TypeError as error:
        raise _unfitting("an element that could not be converted to the expected type. The "
                         f"expected type was {dtypes.name_of(signature.dtype)}, but the yielded "
                         f"element was {value!r}.") from error
    if not signature.shape.is_compatible_with(made.shape):
        raise _unfitting(f"an element of shape {tuple(made.shape)} where an element of shape "
                         f"{signature.shape} was expected.")
    return own(made)


def _unfitting(text):
    """The error of a generator's element that isn't what its signature says."""
    return failed(TypeError(f"`generator` yielded {text}"), "IteratorGetNext")


def _naming(method, kind):
    """The method, whose datasets say by what they were made when they are printed."""
    @functools.wraps(method)
    def call(*arguments, **keywords):
        made = method(*arguments, **keywords)
        if isinstance(made, Dataset):
            made._kind = kind
        return made

    return call


for _name, _kind in {"batch": "Batch", "cache": "Cache", "concatenate": "Concatenate",
                     "filter": "Filter", "flat_map": "FlatMap", "interleave": "Interleave",
                     "map": "Map", "padded_batch": "PaddedBatch", "prefetch": "Prefetch",
                     "repeat": "Repeat", "shard": "Shard", "shuffle": "Shuffle", "skip": "Skip",
                     "take": "Take", "take_while": "TakeWhile", "unbatch": "Unbatch",
                     "window": "Window"}.items():
    setattr(Dataset, _name, _naming(getattr(Dataset, _name), _kind))
for _name, _kind in {"from_generator": "FlatMap", "from_tensor_slices": "TensorSlice",
                     "from_tensors": "Tensor", "range": "Range", "zip": "Zip"}.items():
    setattr(Dataset, _name, staticmethod(_naming(getattr(Dataset, _name), _kind)))
