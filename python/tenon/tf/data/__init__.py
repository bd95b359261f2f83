"""tf.data: datasets."""

from . import experimental  # noqa: F401
from ._dataset import INFINITE as INFINITE_CARDINALITY  # noqa: F401
from ._dataset import UNKNOWN as UNKNOWN_CARDINALITY  # noqa: F401
from ._dataset import Dataset, Iterator  # noqa: F401
from ._files import FixedLengthRecordDataset, TextLineDataset, TFRecordDataset  # noqa: F401
from ._options import Options, ThreadingOptions  # noqa: F401
from ._steps import AUTOTUNE  # noqa: F401
