"""Small colour images of ten classes: 50,000 and 10,000 of 32 by 32."""

import os

import numpy

from ._cifar import batch, folder_of

_ORIGIN = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"


def load_data():
    """((x_train, y_train), (x_test, y_test)), arrays of uint8, of cifar-10-python.tar.gz."""
    folder = folder_of("cifar-10-python.tar.gz", _ORIGIN, "cifar-10-batches-py")
    parts = [batch(os.path.join(folder, f"data_batch_{i}")) for i in range(1, 6)]
    return ((numpy.concatenate([x for x, _ in parts]), numpy.concatenate([y for _, y in parts])),
            batch(os.path.join(folder, "test_batch")))
