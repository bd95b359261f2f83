"""tf.sparse: tensors most of whose elements are 0."""

from ._sparse import (SparseTensor, from_dense, reorder, sparse_dense_matmul,  # noqa: F401
                      to_dense)
from ._sparse_ops import *  # noqa: F403
