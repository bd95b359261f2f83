"""Preprocessing layers, by values worked out by hand."""

import math

import numpy as np
import pytest

from tenon import keras
from tenon.keras import layers


def near(given, expected, tolerance=1e-5):
    given = given.detach().numpy()
    expected = np.asarray(expected, dtype=np.float64)
    assert given.shape == expected.shape
    return np.abs(given - expected).max() < tolerance


def test_rescaling_and_normalization():
    assert near(layers.Rescaling(1 / 127.5, offset=-1)(np.array([[0, 255]])), [[-1, 1]])
    x = np.array([[1.0, 10.0], [3.0, 30.0], [5.0, 50.0]], "f")
    layer = layers.Normalization()
    layer.adapt(x)
    expected = (x - [3, 30]) / np.sqrt([8 / 3, 800 / 3])
    assert near(layer(x), expected)
    assert [w.name for w in layer.weights] == ["mean", "variance", "count"]
    batches = layers.Normalization()
    batches.adapt([x[:1], x[1:]][i] for i in range(2))
    assert near(batches(x), expected) and batches.count.item() == 3
    given = layers.Normalization(mean=3.0, variance=4.0)
    assert near(given(x), (x - 3) / 2)
    assert near(layers.Normalization(mean=3.0, variance=4.0, invert=True)(x), x * 2 + 3)
    whole = layers.Normalization(axis=None)
    whole.adapt(x)
    assert near(whole(x), (x - x.mean()) / x.std())


def test_categories():
    indices = np.array([[0, 1], [3, 3]])
    assert near(layers.CategoryEncoding(4)(indices), [[1, 1, 0, 0], [0, 0, 0, 1]])
    assert near(layers.CategoryEncoding(4, "count")(indices), [[1, 1, 0, 0], [0, 0, 0, 2]])
    weighted = layers.CategoryEncoding(4, "count")(indices,
                                                   count_weights=np.array([[0.5, 1], [2, 3]]))
    assert near(weighted, [[0.5, 1, 0, 0], [0, 0, 0, 5]])
    assert near(layers.CategoryEncoding(3, "one_hot")(np.array([2, 0])), [[0, 0, 1], [1, 0, 0]])


def test_bins():
    layer = layers.Discretization(bin_boundaries=[0.0, 1.0, 2.0])
    assert layer(np.array([[-1.5, 0.0, 0.4, 3.4, 1.0]])).tolist() == [[0, 1, 1, 3, 2]]
    learnt = layers.Discretization(num_bins=4)
    learnt.adapt(np.arange(100, dtype="f"))
    assert np.bincount(learnt(np.arange(100, dtype="f")).numpy()).tolist() == [25] * 4
    again = layers.deserialize(layers.serialize(learnt))
    assert again.bin_boundaries == learnt.bin_boundaries == [25, 50, 75]
    one_hot = layers.Discretization([1.0], output_mode="one_hot")
    assert near(one_hot(np.array([0.5, 2.0])), [[1, 0], [0, 1]])


def test_hashes():
    layer = layers.Hashing(num_bins=5)
    words = np.array([["a"], ["b"], ["a"]])
    bins = layer(words).tolist()
    assert bins[0] == bins[2] and all(0 <= row[0] < 5 for row in bins)
    many = layer(np.array([str(i) for i in range(1000)])).numpy()
    assert np.bincount(many, minlength=5).min() > 150
    masked = layers.Hashing(num_bins=3, mask_value="")(np.array(["", "x", "y"])).tolist()
    assert masked[0] == 0 and min(masked[1:]) > 0
    assert layers.Hashing(5,
                          salt=3)(np.array([str(i)
                                            for i in range(50)])).tolist() != many[:50].tolist()


def test_crossed_features():
    words, numbers = np.array(["A", "B", "A", "B", "A"]), np.array([101, 101, 101, 102, 102])
    layer = layers.HashedCrossing(num_bins=5)
    assert layer((words, numbers)).tolist() == [1, 4, 1, 1, 3]  # of Keras's documentation
    one_hot = layers.HashedCrossing(num_bins=5, output_mode="one_hot")((words, numbers))
    assert near(one_hot, np.eye(5)[[1, 4, 1, 1, 3]])
    assert layer((words[:, None], numbers[:, None])).tolist() == [[1], [4], [1], [1], [3]]
    with pytest.raises(ValueError, match="at least two inputs"):
        layer([words])
    with pytest.raises(ValueError, match="one shape"):
        layer((words, numbers[:3]))
    with pytest.raises(ValueError, match="integer or string dtype, not float"):
        layer((words, numbers / 2))


def frames_of(x, window, length, step):
    starts = range(0, len(x) - length + 1, step)
    return np.stack([x[i:i + length] * window for i in starts])


def test_spectrograms():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 90, 3))
    window = np.hanning(30)
    whole = [[np.fft.rfft(frames_of(x[i, :, c], window, 30, 7), 32) for c in range(3)]
             for i in range(2)]
    spectrum = np.array(whole) / np.sqrt((window**2).sum())  # (batch, channel, frame, frequency)
    made = {mode: layers.STFTSpectrogram(mode, 30, 7, expand_dims=True)(x).numpy()
            for mode in ("real", "imag", "magnitude", "psd", "log", "angle", "stft")}
    expected = spectrum.transpose(0, 2, 3, 1)
    assert np.abs(made["real"] - expected.real).max() < 1e-4
    assert np.abs(made["imag"] - expected.imag).max() < 1e-4
    magnitude = np.sqrt(np.maximum(np.abs(expected) ** 2, 1e-7))
    assert np.abs(made["magnitude"] - magnitude).max() < 1e-4
    assert np.abs(made["log"] - np.log(magnitude)).max() < 1e-2
    doubled = np.abs(expected) ** 2 * np.array([1] + [2] * 15 + [1])[:, None]
    assert np.abs(made["psd"] - doubled).max() < 1e-3
    assert np.abs(np.cos(made["angle"]) - np.cos(np.angle(expected)))[:, :, 1:-1].max() < 1e-2
    assert made["stft"].shape == (2, 9, 34, 3)
    layer = layers.STFTSpectrogram("magnitude", 30, 7, scaling="spectrum", window=window)
    flat = layer(x).numpy().reshape(2, 9, 3, 17).transpose(0, 1, 3, 2)
    scale = np.sqrt((window**2).sum()) / window.sum()
    assert np.abs(flat - np.sqrt(np.maximum((np.abs(expected) * scale) ** 2, 1e-7))).max() < 1e-4
    assert layer.compute_output_shape((None, 90, 3)) == (None, 9, 51)
    assert [w.name for w in layer.trainable_weights] == ["real_kernel", "imag_kernel"]
    with pytest.raises(ValueError, match="window is one of hann"):
        layers.STFTSpectrogram(window="hat")


def test_mel_spectrograms():
    x = np.random.default_rng(0).normal(size=(2, 400))
    window = np.hanning(65)[:-1]
    padded = np.pad(x, ((0, 0), (32, 32)), "reflect")
    power = np.stack([np.abs(np.fft.rfft(frames_of(one, window, 64, 16))) ** 2 for one in padded])
    mel = 1127 * np.log1p(np.linspace(0, 500, 33) / 700)[1:, None]
    edges = np.linspace(1127 * np.log1p(20 / 700), 1127 * np.log1p(500 / 700), 10)
    triangles = np.minimum((mel - edges[:-2]) / (edges[1:-1] - edges[:-2]),
                           (edges[2:] - mel) / (edges[2:] - edges[1:-1])).clip(0)
    bins = (power[..., 1:] @ triangles).swapaxes(1, 2)
    options = {"fft_length": 64, "sequence_stride": 16, "num_mel_bins": 8, "sampling_rate": 1000}
    plain = layers.MelSpectrogram(**options, power_to_db=False)(x)
    assert near(plain, bins, 1e-2)
    decibels = 10 * np.log10(np.maximum(bins, 1e-10))
    layer = layers.MelSpectrogram(**options, top_db=20.0)
    assert near(layer(x), np.maximum(decibels, decibels.max() - 20), 1e-3)
    assert layer(x[0]).shape == (8, 26)
    assert layers.deserialize(layers.serialize(layer)).get_config() == layer.get_config()


def test_strings():
    layer = layers.StringLookup(vocabulary=["a", "b", "c"])
    assert layer(np.array([["a", "c"], ["z", "b"]])).tolist() == [[1, 3], [0, 2]]
    assert layer.get_vocabulary() == ["[UNK]", "a", "b", "c"] and layer.vocabulary_size() == 4
    inverse = layers.StringLookup(vocabulary=layer.get_vocabulary(), invert=True)
    assert inverse(np.array([1, 3, 0])).tolist() == ["a", "c", "[UNK]"]
    masked = layers.StringLookup(vocabulary=["a"], mask_token="", num_oov_indices=2)
    assert masked(["", "a"]).tolist() == [0, 3] and masked(["x"]).tolist()[0] in (1, 2)
    learnt = layers.StringLookup(max_tokens=3)
    learnt.adapt(["b", "a", "c", "c", "b"])
    # Of equal counts, the later in the alphabet goes first.
    assert learnt.get_vocabulary() == ["[UNK]", "c", "b"]
    counts = layers.StringLookup(vocabulary=["a", "b"], output_mode="count")
    assert near(counts(np.array([["a", "a", "z"], ["b", "a", "b"]])), [[1, 2, 0], [0, 1, 2]])
    with pytest.raises(ValueError, match="isn't in the vocabulary"):
        layers.StringLookup(vocabulary=["a"], num_oov_indices=0)(["z"])
    with pytest.raises(ValueError, match="no vocabulary yet"):
        layers.StringLookup()(["z"])
    with pytest.raises(ValueError, match="more often"):
        layers.StringLookup(vocabulary=["a", "a"])


def test_weights_by_documents():
    layer = layers.StringLookup(output_mode="tf_idf")
    layer.adapt(np.array([["a", "a"], ["a", "b"], ["c", "a"]]))
    weights = {word: math.log(1 + 3 / (1 + n)) for word, n in {"a": 3, "b": 1, "c": 1}.items()}
    mean = sum(weights.values()) / 3
    assert layer.get_vocabulary() == ["[UNK]", "a", "c", "b"]
    assert near(layer(np.array([["a", "a", "z"]])), [[mean, 2 * weights["a"], 0, 0]])
    again = layers.deserialize(layers.serialize(layer))
    assert near(again(np.array([["b"]])), [[0, 0, 0, weights["b"]]])


def test_integers():
    layer = layers.IntegerLookup(vocabulary=[12, 36, 1138, 42])
    assert layer(np.array([[12, 1138, 42], [42, 1000, 36]])).tolist() == [[1, 3, 4], [4, 0, 2]]
    inverse = layers.IntegerLookup(vocabulary=[12, 36], invert=True)
    assert inverse(np.array([1, 2, 0])).tolist() == [12, 36, -1]
    learnt = layers.IntegerLookup()
    learnt.adapt(np.array([5, 7, 7]))
    assert learnt(np.array([7, 5, 1])).tolist() == [1, 2, 0]


def test_text():
    layer = layers.TextVectorization(output_sequence_length=4)
    layer.adapt(["The cat, the dog.", "the bird!"])
    assert layer.get_vocabulary() == ["", "[UNK]", "the", "dog", "cat", "bird"]
    assert layer(["The DOG saw", "cat"]).tolist() == [[2, 3, 1, 0], [4, 0, 0, 0]]
    assert layer(np.array([["bird"]])).tolist() == [[5, 0, 0, 0]]
    assert layer("dog").tolist() == [3, 0, 0, 0]
    again = layers.deserialize(layers.serialize(layer))
    assert again(["the bird"]).tolist() == [[2, 5, 0, 0]]
    free = layers.TextVectorization(vocabulary=["b", "a"])
    assert free(["a b a", "b"]).tolist() == [[3, 2, 3], [2, 0, 0]]
    hot = layers.TextVectorization(output_mode="multi_hot", vocabulary=["a", "b", "c"])
    assert near(hot(["c c z", "b"]), [[1, 0, 0, 1], [0, 0, 1, 0]])
    count = layers.TextVectorization(output_mode="count", vocabulary=["a", "b"], max_tokens=5,
                                     pad_to_max_tokens=True)
    assert near(count(["a a b"]), [[0, 2, 1, 0, 0]])
    pairs = layers.TextVectorization(ngrams=2, vocabulary=["a b", "b"])
    assert pairs(["a b"]).tolist() == [[1, 3, 2]]
    letters = layers.TextVectorization(split="character", standardize=None, vocabulary=["x", "Y"])
    assert letters(["xY"]).tolist() == [[2, 3]]
    own = layers.TextVectorization(standardize=lambda texts: [t.replace("<br />", " ")
                                                              for t in texts],
                                   vocabulary=["a", "b"])
    assert own(["a<br />b"]).tolist() == [[2, 3]]


def test_text_in_models():
    layer = layers.TextVectorization(vocabulary=["a", "b"], output_sequence_length=3)
    inputs = keras.Input((1,), dtype="string")
    indices = layer(inputs)
    assert indices.shape == (None, 3) and indices.dtype == "int64"
    model = keras.Model(inputs, layers.Embedding(4, 2)(indices))
    assert model(np.array([["a b"], ["b"]])).shape == (2, 3, 2)


def test_sizes_of_images():
    image = np.arange(16, dtype="f").reshape(1, 4, 4, 1)
    assert near(layers.CenterCrop(2, 2)(image)[0, :, :, 0], [[5, 6], [9, 10]])
    assert near(layers.Resizing(2, 2)(image)[0, :, :, 0], [[2.5, 4.5], [10.5, 12.5]])
    assert near(layers.Resizing(2, 2, interpolation="nearest")(image)[0, :, :, 0],
                [[5, 7], [13, 15]])
    assert (layers.Resizing(2, 4, crop_to_aspect_ratio=True)(image).tolist()
            == image[:, 1:3].tolist())
    padded = layers.Resizing(4, 8, pad_to_aspect_ratio=True)(image)
    assert near(padded[0, :, :, 0], np.pad(image[0, :, :, 0], ((0, 0), (2, 2))))
    assert layers.Resizing(2, 3)(image[0]).shape == (2, 3, 1)
    assert layers.CenterCrop(8, 4)(image).shape == (1, 8, 4, 1)


IMAGES = np.random.default_rng(0).uniform(0, 255, (40, 6, 5, 2)).astype("f")


def test_flips():
    y = layers.RandomFlip("horizontal", seed=1)(IMAGES).numpy()
    flipped = (y == IMAGES[:, :, ::-1]).all((1, 2, 3))
    assert (flipped | (y == IMAGES).all((1, 2, 3))).all() and 8 < flipped.sum() < 32
    assert near(layers.RandomFlip(seed=1)(IMAGES, training=False), IMAGES)
    assert layers.RandomFlip("vertical", seed=2)(IMAGES[0]).shape == (6, 5, 2)


def fixed(kind, *factors, **options):
    """A layer whose random factors are these numbers."""
    return kind(*((factor, factor) for factor in factors), **options)


def test_rotations():
    square = IMAGES[:2, :5]
    quarter = fixed(layers.RandomRotation, 0.25)(square)
    turned = (np.rot90(square, 1, (1, 2)), np.rot90(square, -1, (1, 2)))
    assert any(near(quarter, one, 1e-2) for one in turned)
    assert near(fixed(layers.RandomRotation, 0.5)(square), square[:, ::-1, ::-1], 1e-2)
    turned = fixed(layers.RandomRotation, 0.125, fill_mode="constant", fill_value=7.0)
    assert near(turned(np.ones((2, 7, 7, 1)))[:, 0, 0], np.full((2, 1), 7.0), 1e-3)


def test_translations_and_zooms():
    moved = fixed(layers.RandomTranslation, 0.5, -0.2, fill_mode="constant")(IMAGES)
    expected = np.zeros_like(IMAGES)
    expected[:, 3:, :4] = IMAGES[:, :3, 1:]
    assert near(moved, expected, 1e-2)
    moved = fixed(layers.RandomTranslation, 1 / 6, 0.0)(IMAGES)
    assert near(moved, np.concatenate([IMAGES[:, :1], IMAGES[:, :5]], 1), 1e-2)
    near_by = fixed(layers.RandomZoom, -0.5, interpolation="nearest")(
        np.arange(16, dtype="f").reshape(1, 4, 4, 1))
    assert near(near_by[0, :, :, 0], np.array([[5, 5, 6, 6]] * 2 + [[9, 9, 10, 10]] * 2))
    assert near(fixed(layers.RandomZoom, 0.0)(IMAGES), IMAGES, 1e-2)


def test_contrast_and_brightness():
    y = layers.RandomContrast(0.5, seed=1)(IMAGES).numpy()
    mean = IMAGES.mean((1, 2), keepdims=True)
    inside = (y > 0) & (y < 255)
    ratio = (y - mean) / (IMAGES - mean)
    ratios = np.array([np.median(ratio[i][inside[i]]) for i in range(40)])
    assert (ratios >= 0.5).all() and (ratios <= 1.5).all() and ratios.std() > 0.1
    assert y.min() >= 0 and y.max() <= 255
    brighter = fixed(layers.RandomBrightness, 0.1)(IMAGES)
    assert near(brighter, np.clip(IMAGES + 25.5, 0, 255), 1e-2)


def test_crops_and_sizes():
    y = layers.RandomCrop(3, 2, seed=1)(IMAGES).numpy()
    places = [(i, j) for i in range(4) for j in range(4)
              if (IMAGES[:, i:i + 3, j:j + 2] == y).all()]
    assert len(places) == 1
    assert near(layers.RandomCrop(2, 3)(IMAGES, training=False), IMAGES[:, 2:4, 1:4])
    assert fixed(layers.RandomHeight, 0.5)(IMAGES).shape == (40, 9, 5, 2)
    assert fixed(layers.RandomWidth, -0.5)(IMAGES).shape == (40, 6, 2, 2)


@pytest.mark.parametrize("layer", [
    layers.RandomFlip("vertical", seed=3), layers.RandomRotation(0.2),
    layers.RandomZoom((0.1, 0.2)), layers.RandomTranslation(0.1, 0.2, fill_mode="nearest"),
    layers.RandomContrast((0.1, 0.2)), layers.RandomBrightness(0.2, (0, 1)),
    layers.RandomCrop(3, 3), layers.Resizing(3, 4), layers.CenterCrop(2, 2),
    layers.Rescaling(0.5, 1.0)])
def test_configs_and_shapes(layer):
    again = layers.deserialize(layers.serialize(layer))
    assert again.get_config() == layer.get_config()
    symbolic = layer(keras.Input((6, 5, 2)))
    assert symbolic.shape == (None, *layer(IMAGES).shape[1:])


def test_mistakes():
    for make, message in (
            (lambda: layers.RandomFlip("diagonal"), "mode is horizontal"),
            (lambda: layers.RandomRotation(0.1, fill_mode="mirror"), "fill_mode is one of"),
            (lambda: layers.Resizing(3, 3, interpolation="cubic"), "nearest or bilinear"),
            (lambda: layers.Resizing(3, 3)(IMAGES[0, 0]), "takes images"),
            (lambda: layers.Discretization(), "one of the two"),
            (lambda: layers.Normalization(mean=1.0), "both or none"),
            (lambda: layers.TextVectorization(split="word"), "split is a function or one of"),
            (lambda: layers.TextVectorization()(["a"]), "no vocabulary yet"),
            (lambda: layers.CategoryEncoding(3, "tf_idf"), "output_mode is one of")):
        with pytest.raises(ValueError, match=message):
            make()
