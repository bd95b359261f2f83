"""Files of data sets, and arrays of NumPy's archives."""

import os
import pickle
import zipfile

import numpy


def local_file(name, origin, subdir="datasets"):
    """The path of a data set's file; where it isn't there, the error says where to put it."""
    home = os.path.expanduser(os.environ.get("KERAS_HOME") or os.path.join("~", ".keras"))
    path = os.path.join(home, subdir, name)
    if not os.path.exists(path):
        raise FileNotFoundError(f"{name} is not there, and data sets are not downloaded: put "
                                f"{origin} to {path}")
    return path


class PickledArrays(pickle.Unpickler):
    """Reads what NumPy's arrays are pickled as, and nothing else."""

    _ALLOWED = {("numpy.core.multiarray", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype"),
                ("numpy._core.multiarray", "_reconstruct"), ("_codecs", "encode")}

    def find_class(self, module, name):
        if (module, name) not in self._ALLOWED:
            raise pickle.UnpicklingError(f"a data set has no {module}.{name}")
        if module.endswith("multiarray"):  # its name before NumPy 2, and from then on
            module = f"numpy.{'_core' if hasattr(numpy, '_core') else 'core'}.multiarray"
        return super().find_class(module, name)


def lists_of_archive(path, origin):
    """The arrays of an archive, those of lists, which are pickled, among them; no code runs."""
    found = {}
    with zipfile.ZipFile(local_file(path, origin)) as archive:
        for name in archive.namelist():
            with archive.open(name) as file:
                found[name.removesuffix(".npy")] = _array_of(file)
    return found


def _array_of(file):
    version = numpy.lib.format.read_magic(file)
    read = (numpy.lib.format.read_array_header_1_0 if version == (1, 0)
            else numpy.lib.format.read_array_header_2_0)
    shape, is_fortran, dtype = read(file)
    if dtype.hasobject:
        return PickledArrays(file).load()
    made = numpy.frombuffer(file.read(), dtype=dtype)
    return made.reshape(shape, order="F" if is_fortran else "C")


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
