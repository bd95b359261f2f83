"""keras.ops: values are NumPy's, dtypes Keras's; loops and conditions; symbolic use."""

import numpy as np
import pytest

from tenon import keras, tf
from tenon.keras import layers, ops

random = np.random.default_rng(4)
A, B = (random.normal(size=(3, 4)).astype("f") for _ in range(2))
V, POSITIVE = random.normal(size=7).astype("f"), np.abs(A) + 0.1
CUBE = random.normal(size=(2, 3, 4)).astype("f")
INTS = random.integers(1, 9, (3, 4)).astype("int32")
HOLES = np.where(B > 0.5, np.nan, A).astype("f")

OF_ONE = """abs exp expm1 square sign floor ceil sin cos tan tanh sinh cosh arctan arcsinh cbrt
negative trunc isnan isfinite signbit ravel fliplr flipud sinc exp2 logical_not""".split()
OF_POSITIVE = "log log1p log2 log10 sqrt reciprocal".split()
OF_TWO = """add subtract multiply divide maximum minimum arctan2 hypot logaddexp equal less greater
less_equal greater_equal not_equal floor_divide mod power logical_and logical_or fmax fmin inner
logaddexp2 nextafter heaviside outer kron""".split()
REDUCTIONS = "sum mean std var max min prod any all ptp median argmax argmin cumsum".split()
NAN_REDUCTIONS = "nansum nanmean nanstd nanvar nanmax nanmin nanprod nanmedian nanargmax".split()


def close(mine, expected, dtype="float32"):
    mine = np.asarray(mine)
    assert mine.dtype.name == dtype and mine.shape == np.shape(expected)
    np.testing.assert_allclose(mine, expected, rtol=2e-5, atol=2e-6)
    return True


@pytest.mark.parametrize("name", OF_ONE + OF_POSITIVE)
def test_elements_of_one(name):
    x = POSITIVE if name in OF_POSITIVE else A
    expected = getattr(np, name)(x)
    close(getattr(ops, name)(x), expected, expected.dtype.name)


@pytest.mark.parametrize("name", OF_TWO)
def test_elements_of_two(name):
    expected = getattr(np, name)(POSITIVE, np.abs(B))
    close(getattr(ops, name)(POSITIVE, np.abs(B)), expected, expected.dtype.name)


@pytest.mark.parametrize("name", REDUCTIONS + NAN_REDUCTIONS)
def test_reductions(name):
    x = HOLES if name in NAN_REDUCTIONS else A
    for axis in None, 0, 1:
        expected = np.asarray(getattr(np, name)(x, axis=axis))
        close(getattr(ops, name)(x, axis=axis), expected,
              {"int64": "int32"}.get(expected.dtype.name, expected.dtype.name))
    if "arg" not in name and "cum" not in name:
        expected = getattr(np, name)(CUBE, axis=(0, 2), keepdims=True)
        close(getattr(ops, name)(CUBE, axis=(0, 2), keepdims=True), expected, expected.dtype.name)


def test_dtypes():
    def name(x):
        return ops.dtype(x)

    assert name(ops.add(INTS, 1)) == "int32" and name(ops.add(INTS, 1.5)) == "float32"
    assert name(ops.add(INTS, A)) == "float32" and name(ops.divide(INTS, 2)) == "float32"
    assert name(ops.mean(INTS)) == "float32" and name(ops.sum(INTS > 3)) == "int32"
    assert name(ops.multiply(ops.cast(A, "float16"), 2.0)) == "float16"
    assert name(ops.concatenate([INTS, A])) == "float32" and name(ops.argmax(A)) == "int32"
    assert name(ops.arange(3)) == "int32" and name(ops.arange(0.0, 1, 0.5)) == "float32"
    assert name(ops.zeros((2,))) == "float32" and name(ops.array([1.5])) == "float32"
    assert name(ops.convert_to_tensor(np.ones(2))) == "float64"
    assert ops.saturate_cast([300.0, -7.0, 2.5], "uint8").tolist() == [255, 0, 2]
    assert ops.shape(A) == (3, 4) and ops.ndim(A) == 2 and int(ops.size(A)) == 12


def test_shapes_and_parts():
    close(ops.moveaxis(CUBE, 0, -1), np.moveaxis(CUBE, 0, -1))
    close(ops.expand_dims(A, (0, -1)), np.expand_dims(A, (0, -1)))
    close(ops.repeat(A, [1, 0, 2], axis=0), np.repeat(A, [1, 0, 2], axis=0))
    close(ops.take(A, [0, -1], axis=1), np.take(A, [0, -1], axis=1))
    close(ops.take_along_axis(A, np.argsort(A, 1), 1), np.sort(A, 1))
    for mode in "reflect", "symmetric", "edge", "wrap":
        close(ops.pad(A, ((2, 1), (1, 2)), mode), np.pad(A, ((2, 1), (1, 2)), mode))
    close(ops.pad(A, 1, constant_values=2.0), np.pad(A, 1, constant_values=2.0))
    for mine, expected in zip(ops.array_split(V, 3), np.array_split(V, 3)):
        close(mine, expected)
    close(ops.rearrange(CUBE, "a b (c d) -> (a c) b d", c=2),
          CUBE.reshape(2, 3, 2, 2).transpose(0, 2, 1, 3).reshape(4, 3, 2))
    values, first, inverse, counts = ops.unique(
        INTS, return_index=True, return_inverse=True, return_counts=True)
    expected = np.unique(INTS, return_index=True, return_inverse=True, return_counts=True)
    for mine, other in zip((values, first, inverse, counts), expected):
        close(mine, other.reshape(mine.shape), "int32")
    close(ops.histogram(V, 4)[0], np.histogram(V, 4)[0])
    close(ops.quantile(CUBE, [0.2, 0.7], axis=(0, 2)), np.quantile(CUBE, [0.2, 0.7], axis=(0, 2)))
    close(ops.gcd(INTS, 6), np.gcd(INTS, 6), "int32")
    close(ops.lcm(INTS, 6), np.lcm(INTS, 6), "int32")
    with pytest.raises(ValueError, match="doesn't divide into 2 equal parts"):
        ops.split(V, 2)
    with pytest.raises(ValueError, match="Cannot squeeze axis 0 of size 3"):
        ops.squeeze(A, 0)
    for mode in "valid", "same", "full":
        for pair in (V, A[0]), (A[0], V):
            close(ops.correlate(*pair, mode), np.correlate(*pair, mode))


def test_numbers_in_a_row():
    close(ops.linspace(0, 1, 5, endpoint=False), np.linspace(0, 1, 5, endpoint=False))
    close(ops.linspace(A[0], B[0], 4, axis=1), np.linspace(A[0], B[0], 4, axis=1))
    close(ops.geomspace(1.0, 16.0, 5), np.geomspace(1, 16, 5))
    close(ops.logspace(0.0, 2.0, 5, base=3), np.logspace(0, 2, 5, base=3))
    close(ops.eye(3, 4, 1), np.eye(3, 4, 1))
    for name in "bartlett", "blackman", "hamming", "hanning":
        close(getattr(ops, name)(7), getattr(np, name)(7))
    close(ops.kaiser(7, 5.0), np.kaiser(7, 5.0))
    close(ops.vander(V[:3]), np.vander(V[:3]))


def test_matrices():
    spd = CUBE @ CUBE.transpose(0, 2, 1) + 2 * np.eye(3, dtype="f")
    values, vectors = map(np.asarray, ops.eigh(spd))
    close(vectors @ (values[..., None] * vectors.transpose(0, 2, 1)), spd)
    u, s, v = map(np.asarray, ops.svd(CUBE, full_matrices=False))
    close((u * s[:, None]) @ v, CUBE)
    close(ops.solve(spd, CUBE), np.linalg.solve(spd, CUBE))
    for order in None, "fro", "nuc", 1, -1, 2, -2, np.inf:
        close(ops.norm(CUBE, order, (1, 2)), np.linalg.norm(CUBE, order, (1, 2)))
    close(ops.einsum("abc,dc->abd", CUBE, A), np.einsum("abc,dc->abd", CUBE, A))
    close(ops.dot(CUBE, A.T), np.dot(CUBE, A.T))
    with pytest.raises(ValueError, match=r"inv\(\) takes square matrices"):
        ops.inv(A)


def test_fourier():
    real, imaginary = map(np.asarray, ops.fft((A, B)))
    close(real + 1j * imaginary, np.fft.fft(A + 1j * B).astype("complex64"), "complex64")
    signal = random.normal(size=(2, 64)).astype("f")
    spectrum = ops.stft(signal, 16, 4, 16)
    assert tuple(spectrum[0].shape) == (2, 17, 9)
    close(ops.istft(spectrum, 16, 4, 16), signal)


def test_writing():
    close(ops.scatter([[0], [2], [0]], A, (3, 4)), [A[0] + A[2], A[0] * 0, A[1]])
    expected = A.copy()
    expected[[0, 2], [1, 3]] = [5, -2]
    close(ops.scatter_update(A, [[0, 1], [2, -1]], [5.0, -2.0]), expected)
    expected = A.copy()
    expected[1:, :2] = 1
    close(ops.slice_update(A, (1, 0), np.ones((2, 2), "f")), expected)
    close(ops.slice(A, (0, 1), (2, 2)), A[:2, 1:3])
    close(ops.segment_sum(A, [0, 0, 2], 4), [A[0] + A[1], A[0] * 0, A[2], A[0] * 0])
    with pytest.raises(ValueError, match="`reduction` must be one of"):
        ops.scatter_update(A, [[0, 1]], [1.0], reduction="mean")


def test_control_flow():
    carry, ys = ops.scan(lambda c, x: (c + x, c * x), 0.0, V)
    close(carry, V.sum()), close(ys, (np.cumsum(V) - V) * V)
    carry, ys = ops.scan(lambda c, x: (c + x, c), np.float32(0), V, reverse=True)
    close(ys, np.cumsum(V[::-1])[::-1] - V)
    close(ops.associative_scan(lambda a, b: a + b, V), np.cumsum(V))
    close(ops.associative_scan(ops.maximum, A, reverse=True, axis=1),
          np.maximum.accumulate(A[:, ::-1], 1)[:, ::-1])
    assert [int(x) for x in ops.while_loop(
        lambda i, total: i < 5, lambda i, total: (i + 1, total + i), (0, 0))] == [5, 10]
    assert int(ops.while_loop(lambda i: i < 5, lambda i: i + 1, 0, maximum_iterations=3)) == 3
    assert int(ops.fori_loop(0, 5, lambda i, total: total + i, 0)) == 10
    assert ops.cond(ops.array(True), lambda: 1, lambda: 2) == 1
    assert ops.switch(7, [lambda x: x, lambda x: -x], 3) == -3
    close(ops.map(lambda row: row * 2, A), A * 2)
    close(ops.vectorized_map(lambda pair: pair[0] @ pair[1], (A, B)), (A * B).sum(1))
    close(ops.vectorize(lambda x, y: x * y + 1)(A, V[:4]), A * V[:4] + 1)
    value, product = ops.jvp(lambda x: x * x, (V,), (np.ones(7, "f"),))
    close(value, V * V), close(product, 2 * V)


def test_custom_gradient_and_stopped_gradients():
    @ops.custom_gradient
    def clipped(x):
        def grad(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            return ops.clip(upstream, -1, 1)
        return x * 3, grad

    variable = keras.Variable([1.0, 2.0])
    with tf.GradientTape() as tape:
        y = ops.sum(clipped(variable) * 5 + ops.stop_gradient(variable) * 7)
    assert tape.gradient(y, variable).tolist() == [1.0, 1.0]


def test_images():
    images = random.uniform(0, 1, (2, 6, 5, 3)).astype("f")
    ndimage = pytest.importorskip("scipy.ndimage")
    places = random.uniform(-2, 8, (2, 9)).astype("f")
    for mode, scipys in (("constant", "grid-constant"), ("nearest", "nearest"),
                         ("wrap", "grid-wrap"), ("mirror", "mirror"), ("reflect", "reflect")):
        expected = ndimage.map_coordinates(images[0, ..., 0], places, order=1, mode=scipys)
        close(ops.image.map_coordinates(images[0, ..., 0], places, 1, mode), expected)
    patches = np.asarray(ops.image.extract_patches(images, (2, 3), 2))
    close(patches[1, 1, 0], images[1, 2:4, 0:3].reshape(-1))
    assert float(ops.image.ssim(np.ones((12, 12, 1), "f"), np.ones((12, 12, 1), "f"))) == 1.0
    moved = [1, 0, 1, 0, 1, 0, 0, 0]  # each pixel is read one to the right
    close(ops.image.affine_transform(images, moved), np.pad(images[:, :, 1:],
                                                           ((0, 0), (0, 0), (0, 1), (0, 0))))
    with pytest.raises(ValueError, match="Must specify exactly two of"):
        ops.image.crop_images(images, 1, 1)


def test_networks():
    query = random.normal(size=(2, 5, 2, 3)).astype("f")
    mine = ops.dot_product_attention(query, query, query, is_causal=True)
    close(np.asarray(mine)[:, 0], query[:, 0])
    labels, _ = ops.ctc_decode(np.log(np.eye(4, dtype="f")[[[1, 1, 0, 1, 2]]] + 1e-3), [5])
    assert labels.tolist() == [[[1, 1, 2, -1, -1]]]
    # Two ways to read "1", of which each alone is less likely than the blank.
    chances = np.log(np.array([[[0.6, 0.4], [0.6, 0.4]]], "f"))
    assert ops.ctc_decode(chances, [2])[0].tolist() == [[[-1, -1]]]
    labels, scores = ops.ctc_decode(chances, [2], "beam_search", top_paths=2)
    assert labels.tolist() == [[[1, -1]], [[-1, -1]]]
    np.testing.assert_allclose(np.exp(scores.numpy()), [[0.64, 0.36]], rtol=1e-5)
    close(ops.one_hot([1, -1], 3), [[0, 1, 0], [0, 0, 0]])
    close(ops.multi_hot([[0, 2], [1, 1]], 3), [[1, 0, 1], [0, 1, 0]])


def test_functional_models_of_ops(tmp_path):
    inputs = keras.Input((4,))
    x = ops.concatenate([inputs, ops.square(inputs)], axis=-1)
    x = layers.Dense(3)(ops.where(x > 0, x, 0.0))
    outputs = ops.softmax(ops.mean(ops.stack([x, x * 2], axis=1), axis=1))
    model = keras.Model(inputs, outputs)
    assert model.output_shape == (None, 3) and ops.transpose(inputs).shape == (4, None)
    expected = model.predict(A, verbose=0)
    model.save(tmp_path / "ops.keras")
    close(keras.models.load_model(tmp_path / "ops.keras").predict(A, verbose=0), expected)
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = model.evaluate(A, [0, 1, 2], verbose=0)
    model.fit(A, np.array([0, 1, 2]), epochs=5, verbose=0)
    assert model.evaluate(A, [0, 1, 2], verbose=0) < before


def test_random_numbers():
    for draw, mean in ((lambda seed: keras.random.gamma((4000,), 3.0, seed=seed), 3.0),
                       (lambda seed: keras.random.beta((4000,), 2.0, 6.0, seed=seed), 0.25),
                       (lambda seed: keras.random.binomial((4000,), 10.0, 0.3, seed=seed), 3.0)):
        numbers = draw(5).numpy()
        assert numbers.shape == (4000,) and numbers.dtype == "float32"
        assert abs(numbers.mean() - mean) < 0.15 and np.array_equal(numbers, draw(5).numpy())
