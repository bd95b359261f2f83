"""Layers, by values worked out by hand or by NumPy's formulas."""

import numpy as np
import pytest

import tenon
from tenon.keras import layers, regularizers


def near(given, expected, tolerance=1e-5):
    given = given.detach().numpy() if isinstance(given, tenon.Tensor) else given
    expected = np.asarray(expected, dtype=np.float64)
    assert given.shape == expected.shape
    return np.abs(given - expected).max() < tolerance


def arange(*shape):
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


def test_dense():
    layer = layers.Dense(2, activation="relu")
    assert near(layer(np.zeros((1, 3), np.float32)), [[0, 0]])
    layer.set_weights([[[1, 2], [3, 4], [5, 6]], [0.5, -100]])
    assert near(layer(np.ones((1, 3), np.float32)), [[9.5, 0]])
    assert [w.name for w in layer.weights] == ["kernel", "bias"] and layer.count_params() == 8
    assert near(layer(np.ones((2, 2, 3), np.float32))[1, 1], [9.5, 0])
    with pytest.raises(ValueError, match="units is a positive"):
        layers.Dense(0)
    with pytest.raises(ValueError, match="expected axis -1 of input shape to have value 3"):
        layer(np.ones((2, 4), np.float32))


def test_embedding_and_its_mask():
    layer = layers.Embedding(4, 2, mask_zero=True)
    y = layer(np.array([[1, 0, 3]]))
    layer.set_weights([arange(4, 2)])
    y = layer(np.array([[1, 0, 3]]))
    assert near(y, [[[2, 3], [0, 1], [6, 7]]])
    assert y._keras_mask.tolist() == [[True, False, True]]
    assert near(layers.Embedding(2, 2, weights=[np.eye(2)])(np.array([1.0])), [[0, 1]])
    with pytest.raises(IndexError):
        layer(np.array([4]))


def test_masking():
    y = layers.Masking(9.0)(np.array([[[1.0, 9.0], [9.0, 9.0]]], np.float32))
    assert near(y, [[[1, 9], [0, 0]]]) and y._keras_mask.tolist() == [[True, False]]


# TensorFlow's "same" of 5 elements, window 2, strides 2: 1 more behind.
@pytest.mark.parametrize("padding, strides, expected", [
    ("valid", 1, [1, 3, 5, 7]), ("valid", 2, [1, 5]), ("same", 1, [1, 3, 5, 7, 4]),
    ("same", 2, [1, 5, 4]), ("causal", 1, [0, 1, 3, 5, 7])])
def test_paddings_of_convolutions(padding, strides, expected):
    layer = layers.Conv1D(1, 2, strides, padding, use_bias=False, kernel_initializer="ones")
    assert near(layer(arange(1, 5, 1))[0, :, 0], expected)


def convolved(x, kernel):
    """A valid convolution of (batch, height, width, in) with (window, window, in, out)."""
    n, m = x.shape[1] - kernel.shape[0] + 1, x.shape[2] - kernel.shape[1] + 1
    return np.stack([np.stack([np.einsum("bhwi,hwio->bo", x[:, i:i + kernel.shape[0],
                                                          j:j + kernel.shape[1]], kernel)
                               for j in range(m)], 1) for i in range(n)], 1)


def test_convolutions_of_images():
    random = np.random.default_rng(0)
    x, kernel = random.normal(size=(2, 5, 6, 3)).astype("f"), random.normal(size=(3, 2, 3, 4))
    layer = layers.Conv2D(4, (3, 2))
    layer(x)
    layer.set_weights([kernel, np.arange(4)])
    expected = convolved(x, kernel) + np.arange(4)
    assert near(layer(x), expected, 1e-4)
    first = layers.Conv2D(4, (3, 2), data_format="channels_first")
    first(x.transpose(0, 3, 1, 2))
    first.set_weights(layer.get_weights())
    assert near(first(x.transpose(0, 3, 1, 2)), expected.transpose(0, 3, 1, 2), 1e-4)


def test_depthwise_and_separable_convolutions():
    random = np.random.default_rng(1)
    x = random.normal(size=(2, 5, 5, 3)).astype("f")
    depthwise, pointwise = random.normal(size=(3, 3, 3, 2)), random.normal(size=(1, 1, 6, 4))
    each = np.concatenate([convolved(x[..., c:c + 1], depthwise[:, :, c:c + 1]) for c in range(3)],
                          -1)
    layer = layers.DepthwiseConv2D(3, depth_multiplier=2)
    layer(x)
    layer.set_weights([depthwise, np.zeros(6)])
    assert near(layer(x), each, 1e-4)
    layer = layers.SeparableConv2D(4, 3, depth_multiplier=2)
    layer(x)
    layer.set_weights([depthwise, pointwise, np.ones(4)])
    assert near(layer(x), convolved(each, pointwise) + 1, 1e-4)


@pytest.mark.parametrize("padding, window, strides, expected", [
    ("valid", 2, 2, [1, 1, 2, 2]), ("valid", 3, 2, [1, 1, 3, 2, 2]), ("same", 3, 2, [1, 1, 3, 2]),
    ("valid", 1, 2, [1, 0, 2, 0]), ("same", 3, 1, [3, 3])])
def test_transposed_convolutions(padding, window, strides, expected):
    layer = layers.Conv1DTranspose(1, window, strides, padding, kernel_initializer="ones")
    assert near(layer(np.array([[[1.0], [2.0]]], "f"))[0, :, 0], expected)


def test_poolings():
    x = arange(1, 3, 3, 1)
    assert near(layers.MaxPooling2D()(x)[0, :, :, 0], [[4]])
    assert near(layers.MaxPooling2D(padding="same")(x)[0, :, :, 0], [[4, 5], [7, 8]])
    # What is outside doesn't count.
    assert near(layers.AveragePooling2D(padding="same")(x)[0, :, :, 0], [[2, 3.5], [6.5, 8]])
    assert near(layers.GlobalAveragePooling2D()(x), [[4]])
    assert near(layers.GlobalMaxPooling2D(keepdims=True)(x), [[[[8]]]])
    assert near(layers.MaxPooling1D(2, 1)(-arange(1, 3, 1))[0, :, 0], [0, -1])


def test_means_over_steps_leave_out_masked_ones():
    x = tenon.tensor([[[1.0], [2.0], [9.0]]])
    x._keras_mask = tenon.tensor([[True, True, False]])
    y = layers.GlobalAveragePooling1D()(x)
    assert near(y, [[1.5]]) and getattr(y, "_keras_mask", None) is None


def test_batch_normalization():
    x = np.array([[1.0, 10.0], [3.0, 30.0]], "f")
    layer = layers.BatchNormalization(momentum=0.9)
    assert near(layer(x), x / np.sqrt(1.001), 1e-4)
    scale = np.sqrt(np.array([1.0, 100.0]) + 1e-3)
    assert near(layer(x, training=True), (x - [2, 20]) / scale)
    assert near(layer.moving_mean, [0.2, 2.0])
    # The variance of the batch, not that of a sample.
    assert near(layer.moving_variance, [0.9 + 0.1, 0.9 + 10.0], 1e-4)
    layer.trainable = False
    assert near(layer(x, training=True), (x - [0.2, 2.0]) / np.sqrt(np.array([1.001, 10.901])),
                1e-4)


def test_batch_normalization_leaves_out_masked_steps():
    x = tenon.tensor([[[1.0], [3.0], [50.0]]])
    x._keras_mask = tenon.tensor([[True, True, False]])
    layer = layers.BatchNormalization(momentum=0.5)
    y = layer(x, training=True)
    assert near(y[0, :2, 0], [-1 / np.sqrt(1.001), 1 / np.sqrt(1.001)])
    assert near(layer.moving_mean, [1.0])


def test_other_normalizations():
    x = np.array([[1.0, 3.0, 10.0, 30.0]], "f")
    assert near(layers.LayerNormalization(epsilon=0.0)(x), (x - x.mean()) / x.std())
    groups = layers.GroupNormalization(2, epsilon=1e-9)
    assert near(groups(x), [[-1, 1, -1, 1]])
    assert near(layers.UnitNormalization()(x), x / np.linalg.norm(x))
    assert near(layers.RMSNormalization(epsilon=0.0)(x), x / np.sqrt((x * x).mean()))
    with pytest.raises(ValueError, match="aren't a multiple"):
        layers.GroupNormalization(3)(x)


def test_dropouts():
    x = np.ones((100, 50), "f")
    layer = layers.Dropout(0.2, seed=1)
    assert near(layer(x), x)
    y = layer(x, training=True).numpy()
    assert set(np.unique(y)) <= {0.0, np.float32(1.25)} and abs((y == 0).mean() - 0.2) < 0.03
    assert not near(layer(x, training=True), y)
    assert near(layers.Dropout(0.2, seed=1)(x, training=True), y)
    rows = layers.Dropout(0.5, noise_shape=(None, 1))(x, training=True).numpy()
    assert (rows == rows[:, :1]).all() and 0 < rows.mean() < 2
    features = layers.SpatialDropout1D(0.5)(np.ones((3, 4, 50), "f"), training=True).numpy()
    assert (features == features[:, :1]).all() and len(np.unique(features)) == 2
    noise = layers.GaussianNoise(0.5, seed=3)(x, training=True).numpy()
    assert abs(noise.std() - 0.5) < 0.02 and abs(noise.mean() - 1) < 0.02
    scaled = layers.GaussianDropout(0.2, seed=3)(x, training=True).numpy()
    assert abs(scaled.std() - 0.5) < 0.02
    normal = np.random.default_rng(0).normal(size=(200, 50)).astype("f")
    alpha = layers.AlphaDropout(0.3, seed=3)(normal, training=True).numpy()
    assert abs(alpha.std() - 1) < 0.03 and abs(alpha.mean()) < 0.03
    with pytest.raises(ValueError, match="rate is a number in"):
        layers.Dropout(1.5)


def test_activity_penalties():
    layer = layers.ActivityRegularization(l1=0.5, l2=0.25)
    layer(np.array([[1.0, -2.0]], "f"))
    assert near(sum(layer.losses), 0.5 * 3 + 0.25 * 5)
    dense = layers.Dense(1, kernel_initializer="ones", kernel_regularizer=regularizers.L2(0.5))
    dense(np.ones((1, 3), "f"))
    assert near(sum(dense.losses), 1.5)


ONE, OTHER = np.array([[1.0, 5.0]], "f"), np.array([[2.0, 3.0]], "f")


@pytest.mark.parametrize("name, expected", [
    ("Add", [[3, 8]]), ("Subtract", [[-1, 2]]), ("Multiply", [[2, 15]]), ("Average", [[1.5, 4]]),
    ("Maximum", [[2, 5]]), ("Minimum", [[1, 3]]), ("Concatenate", [[1, 5, 2, 3]])])
def test_merging(name, expected):
    assert near(getattr(layers, name)()([ONE, OTHER]), expected)
    assert near(getattr(layers, name.lower())([ONE, OTHER]), expected)


def test_dot_and_mistakes_of_merging():
    assert near(layers.Dot(1)([ONE, OTHER]), [[17]])
    assert near(layers.dot([ONE, OTHER], axes=1, normalize=True), [[17 / np.sqrt(26 * 13)]])
    with pytest.raises(ValueError, match=r"Add: inputs of shapes \(1, 2\), \(1, 3\)"):
        layers.Add()([ONE, np.ones((1, 3), "f")])
    with pytest.raises(ValueError, match="matching shapes"):
        layers.Concatenate(0)([ONE, np.ones((1, 3), "f")])
    with pytest.raises(ValueError, match="list of 2 inputs"):
        layers.Multiply()(ONE)


def test_reshaping():
    x = arange(1, 2, 3)
    assert near(layers.Flatten()(x), [[0, 1, 2, 3, 4, 5]])
    assert near(layers.Reshape((3, -1))(x), [[[0, 1], [2, 3], [4, 5]]])
    assert near(layers.Permute((2, 1))(x), x.transpose(0, 2, 1))
    assert near(layers.RepeatVector(2)(x[0]), np.repeat(x[0][:, None], 2, 1))
    with pytest.raises(ValueError, match="have 6 elements"):
        layers.Reshape((4,))(x)
    images = arange(1, 3, 4, 1)
    assert near(layers.Cropping2D(((1, 0), (1, 2)))(images)[..., 0], [[[5], [9]]])
    padded = layers.ZeroPadding2D(((1, 0), (0, 2)))(images)
    assert near(padded, np.pad(images, ((0, 0), (1, 0), (0, 2), (0, 0))))
    assert near(layers.UpSampling2D((1, 2))(images), images.repeat(2, 2))
    assert near(layers.UpSampling1D(2)(x), x.repeat(2, 1))


def test_activation_layers():
    x = np.array([[-2.0, 0.5, 8.0]], "f")
    assert near(layers.ReLU(max_value=6.0, negative_slope=0.1)(x), [[-0.2, 0.5, 6.0]])
    assert near(layers.LeakyReLU()(x), [[-0.6, 0.5, 8.0]])
    assert near(layers.LeakyReLU(alpha=0.1)(x), [[-0.2, 0.5, 8.0]])
    assert near(layers.PReLU(alpha_initializer="ones")(-x), [[2.0, -0.5, -8.0]])
    assert near(layers.ELU(2.0)(x), [[2 * np.expm1(-2), 0.5, 8.0]])
    masked = layers.Softmax()(x, mask=np.array([[True, True, False]]))
    assert near(masked, [[1 / (1 + np.exp(2.5)), 1 / (1 + np.exp(-2.5)), 0]])


def test_functions_as_layers():
    assert near(layers.Lambda(lambda x: x * 2)(ONE), [[2, 10]])
    assert near(layers.Lambda(lambda x, by: x * by, arguments={"by": 3})(ONE), [[3, 15]])
    steps = layers.TimeDistributed(layers.Dense(1, kernel_initializer="ones"))
    assert near(steps(arange(1, 2, 3)), [[[3], [12]]])
    again = layers.deserialize(layers.serialize(steps))
    assert near(again(arange(1, 2, 3)), [[[3], [12]]])
    einsum = layers.EinsumDense("ab,bc->ac", 2, bias_axes="c", kernel_initializer="ones")
    assert near(einsum(ONE), [[6, 6]])


@pytest.mark.parametrize("layer, shape", [
    (layers.Dense(3, "relu", kernel_regularizer="l2", bias_initializer="ones"), (2, 4)),
    (layers.Conv2D(3, 3, strides=(2, 1), padding="same", activation="tanh"), (2, 5, 5, 2)),
    (layers.Conv2DTranspose(3, 3, 2, output_padding=1, padding="same"), (2, 5, 5, 2)),
    (layers.SeparableConv1D(3, 3, depth_multiplier=2), (2, 5, 2)),
    (layers.DepthwiseConv2D(3), (2, 5, 5, 2)), (layers.MaxPooling2D((2, 1)), (2, 5, 5, 2)),
    (layers.GlobalAveragePooling1D(keepdims=True), (2, 5, 2)),
    (layers.BatchNormalization(axis=1), (2, 5)), (layers.LayerNormalization([1, 2]), (2, 3, 4)),
    (layers.GroupNormalization(1), (2, 4)), (layers.Dropout(0.3, seed=3), (2, 3)),
    (layers.SpatialDropout2D(0.3), (2, 3, 3, 2)), (layers.Flatten(), (2, 3, 4)),
    (layers.Reshape((2, -1)), (2, 3, 4)), (layers.Permute((2, 1)), (2, 3, 4)),
    (layers.ZeroPadding2D(((1, 2), (0, 1))), (2, 3, 4, 1)), (layers.Cropping1D(1), (2, 4, 1)),
    (layers.UpSampling2D(2, interpolation="bilinear"), (2, 3, 3, 1)), (layers.ReLU(6.0), (2, 3)),
    (layers.PReLU(shared_axes=[1]), (2, 3, 4)), (layers.ActivityRegularization(0.1), (2, 3)),
    (layers.EinsumDense("abc,cd->abd", (None, 3), "relu", "d"), (2, 3, 4)),
    (layers.UnitNormalization(), (2, 3)), (layers.Activation("gelu"), (2, 3)),
    (layers.Masking(1.0), (2, 3, 4))])
def test_configs_and_shapes(layer, shape):
    x = np.random.default_rng(0).normal(size=shape).astype("f")
    y = layer(x)
    assert layer.compute_output_shape((None, *shape[1:])) == (None, *y.shape[1:])
    again = layers.deserialize(layers.serialize(layer))
    assert type(again) is type(layer) and again.get_config() == layer.get_config()
    assert again.name == layer.name
    again(x)
    again.set_weights(layer.get_weights())
    assert near(again(x), y.detach().numpy())


@pytest.mark.parametrize("make, message", [
    (lambda: layers.Conv2D(0, 3), "filters is a positive"),
    (lambda: layers.Conv2D(4, (3, 3, 3)), "kernel_size is a number or 2"),
    (lambda: layers.Conv2D(4, 3, padding="causal"), "padding is one of valid, same"),
    (lambda: layers.Conv2D(4, 3, strides=2, dilation_rate=2), "don't go with"),
    (lambda: layers.Conv2D(4, 3)(np.ones((2, 3, 3), "f")), "expected min_ndim=4"),
    (lambda: layers.MaxPooling2D(padding="full"), "padding is 'valid' or 'same'"),
    (lambda: layers.Permute((0, 1)), "1 to the number of axes"),
    (lambda: layers.Cropping1D(3)(np.ones((1, 4, 1), "f")), "nothing is left of axis 1"),
    (lambda: layers.Dense(3, activation="rleu"), "near are: relu")])
def test_mistakes(make, message):
    with pytest.raises(ValueError, match=message):
        make()
