"""tf.experimental.numpy against NumPy: values and dtypes."""

import numpy as np
import pytest

import tenon.tf as tf

tnp = tf.experimental.numpy
X = np.random.RandomState(0).rand(2, 3) * 1.8 - 0.9
Y = np.random.RandomState(1).rand(2, 3) + 0.5
I, J = np.array([[7, 2, 3], [4, -5, 6]]), np.array([[2, 3, 4], [3, 2, 5]])
B = X > 0

CALLS = [(name, (x,)) for name in """sin cos tan arcsin arctan sinh cosh tanh arcsinh arctanh exp
         expm1 exp2 abs absolute fabs negative square sign conj floor ceil positive real imag
         deg2rad rad2deg sinc isnan isinf isfinite around""".split() for x in (X, X.astype("f"))]
CALLS += [(name, (Y,)) for name in "log log2 log10 log1p sqrt reciprocal".split()]
CALLS += [(name, (I,)) for name in "sin exp abs square sign negative bitwise_not".split()]
CALLS += [(name, (x, y)) for name in """add subtract multiply maximum minimum divide true_divide
          power floor_divide remainder mod equal not_equal less less_equal greater greater_equal
          hypot arctan2 logaddexp heaviside float_power nextafter""".split()
          for x, y in ((Y, Y + 0.25), (I, J), (J, Y), (Y.astype("f"), 2), (J, 1.5))
          if name != "nextafter" or x is Y]
CALLS += [(name, (I, J)) for name in ("bitwise_and", "bitwise_or", "bitwise_xor")]
CALLS += [(name, (B, ~B)) for name in ("logical_and", "logical_or", "logical_xor", "add")]
CALLS += [(name, (x, *more)) for name in ("sum", "prod", "max", "min", "mean", "std", "var", "amax",
                                          "amin", "ptp", "cumsum", "cumprod")
          for x in (X, I, X.astype("f")) for more in ((), (0,), (1,))]
CALLS += [(name, (B, *more)) for name in ("any", "all", "sum", "count_nonzero")
          for more in ((), (1,))]
CALLS += [(name, (X, *more)) for name in ("argmax", "argmin") for more in ((), (0,), (1,))]
CALLS += [("sort", (I,)), ("sort", (I, None)), ("argsort", (I, 0)), ("diff", (I,)),
          ("diff", (X, 1, 0)), ("reshape", (I, (3, 2))), ("reshape", (I, -1)), ("ravel", (I,)),
          ("transpose", (I,)), ("transpose", (I[None], (1, 0, 2))), ("squeeze", (I[None],)),
          ("expand_dims", (I, 1)), ("broadcast_to", (I, (2, 2, 3))), ("flip", (I,)),
          ("flip", (I, 0)), ("fliplr", (I,)), ("flipud", (I,)), ("roll", (I, 2)),
          ("roll", (I, 1, 1)), ("swapaxes", (I, 0, 1)), ("moveaxis", (I[None], 0, -1)),
          ("tril", (I,)), ("triu", (I, 1)), ("diag", (I,)), ("diag", (I[0], 1)),
          ("diagonal", (I,)), ("trace", (I,)), ("concatenate", ([I, X],)),
          ("concatenate", ([I, J], 1)), ("stack", ([I, J], 1)), ("vstack", ([I[0], J],)),
          ("hstack", ([I, J],)), ("hstack", ([I[0], J[0]],)), ("append", (I, [1, 2])),
          ("append", (I, J, 0)), ("split", (I, 3, 1)), ("split", (I[0], [1, 2])),
          ("tile", (I, 2)), ("tile", (I, (2, 1))), ("repeat", (I, 2)), ("repeat", (I, 2, 1)),
          ("take", (I, [[0, 2], [1, 1]])), ("take", (I, [2, 0], 1)),
          ("take_along_axis", (I, J % 3, 1)), ("meshgrid", (I[0], J[0])), ("pad", (I, 1)),
          ("pad", (I, ((1, 0), (0, 2)))), ("atleast_1d", (3,)), ("atleast_2d", (I[0],)),
          ("matmul", (I, J.T)), ("matmul", (I, X.T)), ("outer", (I[0], X[0])), ("kron", (I, J)),
          ("vdot", (I, J)), ("tensordot", (X, Y, ((1,), (1,)))), ("dot", (X, Y.T)),
          ("dot", (X[0], Y[0])), ("dot", (3, I)), ("inner", (X, Y)), ("cross", (X, Y)),
          ("einsum", ("ij,kj->ik", X, Y)), ("where", (B, I, X)), ("where", (B,)),
          ("nonzero", (I - 2,)), ("clip", (I, 0, 5)), ("clip", (X, -0.5, None)),
          ("isclose", (X, X + 1e-9)), ("allclose", (X, Y)), ("array_equal", (I, I)),
          ("array_equal", (I, I[0])), ("divmod", (I, J)), ("around", (X, 1)),
          ("average", (X,)), ("average", (X, 1, [1.0, 2.0, 3.0])), ("arange", (4,)),
          ("arange", (1, 2, 0.25)), ("linspace", (0, 1, 5)), ("logspace", (0, 1, 3)),
          ("geomspace", (1, 100, 3)), ("eye", (2, 3)), ("identity", (2,)), ("zeros", ((2,),)),
          ("ones", ((2, 1),)), ("full", ((2,), 7)), ("zeros_like", (I,)), ("ones_like", (X,)),
          ("full_like", (I, 3)), ("tri", (3,)), ("vander", (I[0],)), ("shape", (I,)),
          ("ndim", (I,)), ("size", (I,)), ("size", (I, 1)), ("isscalar", (3,)),
          ("logical_not", (B,)), ("array", ([[1, 2.5]],)), ("asarray", ([True, False],))]
NANS = np.array([[1.0, np.nan], [3.0, 4.0]])
CALLS += [(name, (NANS, *more)) for name in ("nansum", "nanprod", "nanmean") for more in ((), (0,))]


def close(made, expected):
    if isinstance(expected, (tuple, list)) and not isinstance(made, np.ndarray):
        assert len(made) == len(expected)
        for one, other in zip(made, expected):
            close(one, other)
        return
    if isinstance(made, tf.Tensor):
        expected = np.asarray(expected)
        assert np.dtype(made.dtype.name) == expected.dtype and made.shape == expected.shape
        made = made.numpy()
    rtol = 2e-5 if np.asarray(expected).dtype == np.float32 else 1e-12
    np.testing.assert_allclose(made, expected, rtol=rtol, atol=1e-15)


@pytest.mark.parametrize("name, arguments", CALLS, ids=[f"{i}-{name}" for i, (name, _) in
                                                        enumerate(CALLS)])
def test_as_numpy(name, arguments):
    close(getattr(tnp, name)(*arguments), getattr(np, name)(*arguments))


def test_keywords():
    for name in ("sum", "mean", "std", "max"):
        close(getattr(tnp, name)(X, axis=1, keepdims=True),
              getattr(np, name)(X, axis=1, keepdims=True))
    close(tnp.var(X, ddof=1), np.var(X, ddof=1))
    close(tnp.zeros(2, dtype=tnp.float32), np.zeros(2, np.float32))
    close(tnp.asarray([1, 2], dtype="int8"), np.array([1, 2], np.int8))
    assert tnp.result_type(tnp.int32, tnp.float32) is tf.float64
    assert tnp.promote_types(np.int8, "uint8") is tf.int16
    assert tnp.result_type(tf.constant([1.0]), 2) is tf.float32


def test_values_are_tensors_whose_gradients_flow():
    assert tnp.ndarray is tf.Tensor and isinstance(tnp.asarray([1]), tnp.ndarray)
    v = tf.Variable([1.0, 2.0], dtype=tf.float64)
    with tf.GradientTape() as tape:
        y = tnp.sum(tnp.square(v) * tnp.sin([0.5, 1.0])) + tnp.mean(tnp.stack([v[0], v[1]]))
    np.testing.assert_allclose(tape.gradient(y, v).numpy(),
                               2 * np.array([1.0, 2.0]) * np.sin([0.5, 1.0]) + 0.5)
    x = tnp.asarray(tf.constant([1.0]))
    copied = tnp.array(x)
    assert copied is not x and copied.numpy() == [1.0]


def test_mistakes():
    with pytest.raises(tf.errors.InvalidArgumentError, match="reshape"):
        tnp.reshape(tnp.ones((2, 3)), (4,))
    with pytest.raises(tf.errors.InvalidArgumentError, match="matmul"):
        tnp.matmul(X, Y)
    with pytest.raises(ValueError, match="equal division"):
        tnp.split(I, 2, 1)
