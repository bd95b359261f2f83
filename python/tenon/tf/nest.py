"""tf.nest: nested tuples, lists and dicts."""

from .._eager.nest import (assert_same_structure, flatten, is_nested, map_structure,  # noqa: F401
                           pack_sequence_as)
