"""Pictures of clothes: 60,000 and 10,000 images of 28 by 28."""

import gzip

import numpy

from ._arrays import local_file

_ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


def load_data():
    """((x_train, y_train), (x_test, y_test)), arrays of uint8, of the four files of
    fashion-mnist."""
    return _part("train"), _part("t10k")


def _part(name):
    arrays = []
    for kind, skipped in (("images-idx3", 16), ("labels-idx1", 8)):
        file_name = f"{name}-{kind}-ubyte.gz"
        path = local_file(file_name, _ORIGIN + file_name, "datasets/fashion-mnist")
        with gzip.open(path, "rb") as file:
            arrays.append(numpy.frombuffer(file.read(), numpy.uint8, offset=skipped))
    return arrays[0].reshape(-1, 28, 28), arrays[1]
