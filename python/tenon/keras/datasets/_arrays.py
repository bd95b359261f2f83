"""Files of data sets, and arrays of NumPy's archives."""

import os

import numpy


def local_file(name, origin, subdir="datasets"):
    """The path of a data set's file; where it isn't there, the error says where to put it."""
    home = os.path.expanduser(os.environ.get("KERAS_HOME") or os.path.join("~", ".keras"))
    path = os.path.join(home, subdir, name)
    if not os.path.exists(path):
        raise FileNotFoundError(f"{name} is not there, and data sets are not downloaded: put "
                                f"{origin} to {path}")
    return path


def of_archive(path, origin):
    """The four arrays of an archive."""
    with numpy.load(local_file(path, origin)) as data:
        return (data["x_train"], data["y_train"]), (data["x_test"], data["y_test"])


def of_pairs(path, origin, test_split, seed, count=None):
    """x and y of an archive, shuffled and split."""
    if not 0 <= test_split < 1:
        raise ValueError("`test_split` must be within [0, 1).")
    with numpy.load(local_file(path, origin)) as data:
        x, y = data["x"], data["y"]
    order = numpy.random.RandomState(seed).permutation(len(x))[:count]
    x, y = x[order], y[order]
    cut = int(len(x) * (1 - test_split))
    return (x[:cut], y[:cut]), (x[cut:], y[cut:])
