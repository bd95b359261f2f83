"""tf.data.experimental: where TensorFlow had some of these before."""

import builtins

from ..io import TFRecordWriter as _Writer
from ._csv import CsvDataset, make_csv_dataset  # noqa: F401
from ._dataset import INFINITE as INFINITE_CARDINALITY  # noqa: F401
from ._dataset import UNKNOWN as UNKNOWN_CARDINALITY  # noqa: F401
from ._dataset import Dataset
from ._optional import Optional  # noqa: F401
from ._options import (AutoShardPolicy, AutotuneOptions, DistributeOptions,  # noqa: F401
                       ExternalStatePolicy, OptimizationOptions, ThreadingOptions)
from ._steps import AUTOTUNE  # noqa: F401

choose_from_datasets = Dataset.choose_from_datasets
sample_from_datasets = Dataset.sample_from_datasets
load, Counter, RandomDataset = Dataset.load, Dataset.counter, Dataset.random


def cardinality(dataset):
    """How many elements a dataset has."""
    return dataset.cardinality()


def get_single_element(dataset):
    """The only element."""
    return dataset.get_single_element()


def at(dataset, index):
    """The element with this number."""
    from ..._eager.errors import OutOfRangeError

    found = next(iter(dataset.skip(int(index)).take(1)), None) if int(index) >= 0 else None
    if found is None:
        raise OutOfRangeError(f"Index {int(index)} out of range for the dataset "
                              "[Op:GetElementAtIndex]")
    return found


def save(dataset, path, compression=None, shard_func=None, checkpoint_args=None):
    """`Dataset.save`."""
    dataset.save(path, compression, shard_func, checkpoint_args)


def from_list(elements, name=None):
    """A dataset of these elements, each a structure."""
    from . import _elements

    if not elements:
        raise ValueError("Empty list of elements")
    made = [_elements.as_element(one) for one in elements]
    return Dataset(lambda: iter(made), len(made), lambda: _elements.spec_of(made[0]), is_light=True)


def assert_cardinality(expected_cardinality):
    """For `Dataset.apply`: the dataset, which must have so many elements."""
    from ..._eager.errors import FailedPreconditionError

    expected = int(expected_cardinality)

    def change(dataset):
        def make():
            count = 0
            for count, element in builtins.enumerate(dataset, 1):
                if 0 <= expected < count:
                    raise FailedPreconditionError(f"Input dataset was expected to contain "
                                                  f"{expected} elements but contained more.")
                yield element
            if expected >= 0 and count < expected:
                raise FailedPreconditionError(f"Input dataset was expected to contain {expected} "
                                              f"elements but contained only {count} elements.")

        return dataset._with(make, expected)

    return change


def _applying(name, of=None):
    """The method as a function for `Dataset.apply`."""
    method = of or name

    def function(*arguments, **keywords):
        return lambda dataset: getattr(dataset, method)(*arguments, **keywords)

    function.__name__ = name
    function.__doc__ = f"For `Dataset.apply`: `Dataset.{method}`."
    return function


bucket_by_sequence_length = _applying("bucket_by_sequence_length")
dense_to_ragged_batch = _applying("dense_to_ragged_batch", "ragged_batch")
dense_to_sparse_batch = _applying("dense_to_sparse_batch", "sparse_batch")
enumerate_dataset = _applying("enumerate_dataset", "enumerate")
group_by_window = _applying("group_by_window")
ignore_errors = _applying("ignore_errors")
parallel_interleave = _applying("parallel_interleave", "interleave")
rejection_resample = _applying("rejection_resample")
scan, snapshot = _applying("scan"), _applying("snapshot")
take_while, unbatch, unique = _applying("take_while"), _applying("unbatch"), _applying("unique")


def prefetch_to_device(device, buffer_size=None):
    """For `Dataset.apply`: `Dataset.prefetch`; the device is the CPU."""
    return lambda dataset: dataset.prefetch(-1 if buffer_size is None else buffer_size)


def copy_to_device(target_device, source_device="/cpu:0"):
    """For `Dataset.apply`: the dataset; the device is the CPU."""
    return lambda dataset: dataset


def shuffle_and_repeat(buffer_size, count=None, seed=None):
    """For `Dataset.apply`: shuffled, then repeated."""
    return lambda dataset: dataset.shuffle(buffer_size, seed).repeat(count)


def map_and_batch(map_func, batch_size, num_parallel_batches=None, drop_remainder=False,
                  num_parallel_calls=None):
    """For `Dataset.apply`: mapped, then batched."""
    return lambda dataset: dataset.map(map_func, num_parallel_calls).batch(batch_size,
                                                                           drop_remainder)


def parse_example_dataset(features, num_parallel_calls=1, deterministic=None):
    """For `Dataset.apply`: `tf.io.parse_example` of each batch of serialized examples."""
    from ..io import parse_example

    return lambda dataset: dataset.map(lambda batch: parse_example(batch, features))


class Reducer:
    """What `group_by_reducer` does with the elements of one key."""

    def __init__(self, init_func, reduce_func, finalize_func):
        self.init_func, self.reduce_func, self.finalize_func = init_func, reduce_func, finalize_func


def group_by_reducer(key_func, reducer):
    """For `Dataset.apply`: of each key, in their order, what the reducer makes of its elements."""
    from . import _elements

    def change(dataset):
        def make():
            states = {}
            for element in dataset:
                key = _elements.apply(key_func, element)
                number = int(key)
                state = states[number] if number in states else reducer.init_func(key)
                states[number] = reducer.reduce_func(state, element)
            for number in sorted(states):
                yield _elements.as_element(reducer.finalize_func(states[number]))

        return dataset._of(make)

    return change


def make_batched_features_dataset(file_pattern, batch_size, features, reader=None, label_key=None,
                                  reader_args=None, num_epochs=None, shuffle=True,
                                  shuffle_buffer_size=10000, shuffle_seed=None,
                                  prefetch_buffer_size=None, reader_num_threads=None,
                                  parser_num_threads=None, sloppy_ordering=False,
                                  drop_final_batch=False):
    """Batches of the features of files of examples, shuffled and repeated unless told otherwise;
    with `label_key`, pairs of the others and that one."""
    from ..io import parse_example
    from ._files import TFRecordDataset

    reader = TFRecordDataset if reader is None else reader
    names = Dataset.list_files(file_pattern, shuffle, shuffle_seed)
    made = names.flat_map(lambda name: reader(name, *(reader_args or ())))
    if shuffle:
        made = made.shuffle(shuffle_buffer_size, shuffle_seed)
    made = made.repeat(num_epochs).batch(batch_size, drop_final_batch or num_epochs is None)

    def parse(batch):
        parsed = parse_example(batch, features)
        return parsed if label_key is None else (parsed, parsed.pop(label_key))

    return made.map(parse).prefetch(-1 if prefetch_buffer_size is None else prefetch_buffer_size)


class TFRecordWriter:
    """A file that a dataset of serialized examples is written to."""

    def __init__(self, filename, compression_type=None):
        self._filename, self._compression = filename, compression_type

    def write(self, dataset):
        """All elements, a record each."""
        with _Writer(self._filename, self._compression) as writer:
            for record in dataset:
                writer.write(record.numpy())


def enable_debug_mode():
    """Nothing: datasets run as written."""


def get_structure(dataset_or_iterator):
    """The specs of elements."""
    return dataset_or_iterator.element_spec


def get_next_as_optional(iterator):
    """The next element as an Optional."""
    return iterator.get_next_as_optional()
