"""The batches of CIFAR: pickled dicts of arrays, read without running code."""

import os

import numpy

from ..utils.files import get_file
from ._arrays import PickledArrays, local_file


def folder_of(name, origin, inner):
    """The directory with the batches, unpacked where it is still an archive."""
    local_file(name, origin)
    path = get_file(name, origin, extract=True)
    found = os.path.join(path, inner)
    return found if os.path.isdir(found) else path


def batch(path, key="labels"):
    """(images in the order of Keras's channels, labels) of one file."""
    with open(path, "rb") as file:
        data = PickledArrays(file, encoding="bytes").load()
    named = {name.decode() if isinstance(name, bytes) else name: value
             for name, value in data.items()}
    images = named["data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return numpy.ascontiguousarray(images), numpy.array(named[key], numpy.uint8)[:, None]
