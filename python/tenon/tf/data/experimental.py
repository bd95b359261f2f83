"""tf.data.experimental: where TensorFlow had some of these before."""

from ._dataset import INFINITE as INFINITE_CARDINALITY  # noqa: F401
from ._dataset import UNKNOWN as UNKNOWN_CARDINALITY  # noqa: F401
from ._dataset import Dataset
from ._steps import AUTOTUNE  # noqa: F401


def cardinality(dataset):
    """How many elements a dataset has."""
    return dataset.cardinality()


def assert_cardinality(expected_cardinality):
    """For `Dataset.apply`: the dataset, which is known to have so many elements."""
    def change(dataset):
        return dataset._with(lambda: iter(dataset), int(expected_cardinality))

    return change


def unbatch():
    """For `Dataset.apply`: `Dataset.unbatch`."""
    return lambda dataset: dataset.unbatch()


def ignore_errors(log_warning=False):
    """For `Dataset.apply`: `Dataset.ignore_errors`."""
    return lambda dataset: dataset.ignore_errors(log_warning)


def get_single_element(dataset):
    """The only element."""
    return dataset.get_single_element()


def sample_from_datasets(datasets, weights=None, seed=None, stop_on_empty_dataset=False):
    """`Dataset.sample_from_datasets`."""
    return Dataset.sample_from_datasets(datasets, weights, seed, stop_on_empty_dataset)
