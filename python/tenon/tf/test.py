"""tf.test: a test case that compares tensors."""

import os
import tempfile
import unittest

import numpy

from .._eager import nest
from ._making import is_tensor


def _evaluated(value):
    if isinstance(value, dict):
        return {key: _evaluated(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)) and any(is_tensor(one) for one in nest.flatten(value)):
        return [_evaluated(one) for one in value]
    return numpy.asarray(value.detach() if hasattr(value, "detach") else value)


class TestCase(unittest.TestCase):
    """unittest's, with assertions about arrays and tensors."""

    def get_temp_dir(self):
        """A directory for this test, removed after it."""
        if not hasattr(self, "_directory"):
            self._directory = tempfile.TemporaryDirectory()
            self.addCleanup(self._directory.cleanup)
        return self._directory.name

    def create_tempfile(self, file_path=None):
        """A file in that directory."""
        path = os.path.join(self.get_temp_dir(), file_path or "file")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "a").close()
        return path

    def evaluate(self, tensors):
        """The tensors of a structure as arrays."""
        return nest.map_structure(lambda one: one.numpy() if hasattr(one, "numpy") else one,
                                  tensors)

    def assertAllClose(self, a, b, rtol=1e-6, atol=1e-6, msg=None):
        """|a - b| <= atol + rtol |b| in every element of the structures."""
        self._compare(a, b, msg, lambda x, y: numpy.testing.assert_allclose(
            x, y, rtol=rtol, atol=atol, err_msg=msg or ""))

    def assertAllEqual(self, a, b, msg=None):
        """The same elements."""
        self._compare(a, b, msg, lambda x, y: numpy.testing.assert_array_equal(x, y, msg or ""))

    def _compare(self, a, b, msg, compare):
        a, b = _evaluated(a), _evaluated(b)
        if isinstance(a, dict):
            self.assertEqual(set(a), set(b), msg)
            for key in a:
                self._compare(a[key], b[key], msg, compare)
        elif isinstance(a, list) and isinstance(b, list):
            self.assertEqual(len(a), len(b), msg)
            for x, y in zip(a, b):
                self._compare(x, y, msg, compare)
        else:
            compare(numpy.asarray(a), numpy.asarray(b))

    def assertNotAllClose(self, a, b, rtol=1e-6, atol=1e-6, msg=None):
        """Somewhere not close."""
        self.assertFalse(numpy.allclose(_evaluated(a), _evaluated(b), rtol, atol), msg)

    def assertNotAllEqual(self, a, b, msg=None):
        """Somewhere not the same."""
        self.assertFalse(numpy.array_equal(_evaluated(a), _evaluated(b)), msg)

    def assertNear(self, f1, f2, err, msg=None):
        """At most `err` apart."""
        self.assertLessEqual(abs(float(f1) - float(f2)), err, msg)

    def assertShapeEqual(self, input_a, input_b, msg=None):
        """The same sizes."""
        self.assertEqual(tuple(input_a.shape), tuple(input_b.shape), msg)

    def assertAllInRange(self, target, lower_bound, upper_bound):
        """All elements within the bounds, which may be reached."""
        array = _evaluated(target)
        self.assertTrue(((array >= lower_bound) & (array <= upper_bound)).all())

    def assertAllGreater(self, a, comparison_target):
        """All elements greater."""
        self.assertTrue((_evaluated(a) > comparison_target).all())

    def assertAllLess(self, a, comparison_target):
        """All elements less."""
        self.assertTrue((_evaluated(a) < comparison_target).all())

    def assertDTypeEqual(self, target, expected_dtype):
        """Of this dtype."""
        self.assertEqual(_evaluated(target).dtype, numpy.dtype(expected_dtype))


def main(argv=None):
    """Runs the tests of the calling module."""
    unittest.main(argv=argv)


def is_gpu_available(cuda_only=False, min_cuda_compute_capability=None):
    """Whether there is a GPU."""
    return False


def is_built_with_cuda():
    """Whether this build has CUDA."""
    return False


def is_built_with_gpu_support():
    """No."""
    return False


def is_built_with_rocm():
    """No."""
    return False


def is_built_with_xla():
    """No: functions are compiled by Tenon's own compiler."""
    return False


def compute_gradient(f, x, delta=None):
    """(theoretical, numerical): for each argument of f the matrix of derivatives, by a tape and by
    central differences of `delta`."""
    import numpy

    from . import GradientTape, convert_to_tensor

    arguments = [convert_to_tensor(one) for one in x]
    delta = 1.0 / 1024 if delta is None else delta
    with GradientTape(persistent=True) as tape:
        tape.watch(arguments)
        made = f(*arguments)
    rows = [tape.jacobian(made, one).numpy().reshape(made.numpy().size, -1) for one in arguments]
    numerical = []
    for i, one in enumerate(arguments):
        base, columns = one.numpy().astype(float), []
        for place in numpy.ndindex(*base.shape):
            ends = []
            for step in (delta, -delta):
                moved = base.copy()
                moved[place] += step
                given = list(arguments)
                given[i] = convert_to_tensor(moved.astype(one.numpy().dtype))
                ends.append(f(*given).numpy().astype(float).reshape(-1))
            columns.append((ends[0] - ends[1]) / (2 * delta))
        numerical.append(numpy.stack(columns, 1))
    return rows, numerical


def gpu_device_name():
    """The name of the GPU; empty without one."""
    return ""
