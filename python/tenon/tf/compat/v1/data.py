"""tf.compat.v1.data: `tf.data`, and iterators as functions."""

from ...data import *  # noqa: F401, F403
from ...data import Dataset, experimental  # noqa: F401


def make_one_shot_iterator(dataset):
    """`iter(dataset)`."""
    return iter(dataset)


def _of_spec(name, attribute):
    def function(dataset_or_iterator):
        from ...._eager import nest

        return nest.map_structure(lambda one: getattr(one, attribute),
                                  dataset_or_iterator.element_spec)

    function.__name__, function.__doc__ = name, f"The {attribute} of each tensor of elements."
    return function


get_output_types, get_output_shapes = (_of_spec("get_output_types", "dtype"),
                                       _of_spec("get_output_shapes", "shape"))
