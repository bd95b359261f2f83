"""keras.preprocessing, files of data sets and folders, keras.tree."""

import json

import numpy as np
import pytest

from tenon import keras
from tenon.keras import preprocessing

random = np.random.default_rng(5)
TEXTS = ["The cat sat on the mat!", "the dog, the cat and THE bird"]


def test_tokenizer():
    tokenizer = preprocessing.text.Tokenizer(num_words=4, oov_token="?")
    tokenizer.fit_on_texts(TEXTS)
    assert tokenizer.word_index == {"?": 1, "the": 2, "cat": 3, "sat": 4, "on": 5, "mat": 6,
                                    "dog": 7, "and": 8, "bird": 9}
    assert tokenizer.texts_to_sequences(["The cat flew", "on"]) == [[2, 3, 1], [1]]
    assert tokenizer.sequences_to_texts([[2, 3, 9]]) == ["the cat ?"]
    assert tokenizer.texts_to_matrix(["the the cat"], "count").tolist() == [[0, 0, 2, 1]]
    assert tokenizer.texts_to_matrix(["the the cat"], "freq").tolist() == [[0, 0, 2 / 3, 1 / 3]]
    rare = np.log(1 + 2 / (1 + 2))  # both words are in both texts
    np.testing.assert_allclose(tokenizer.texts_to_matrix(["the the cat"], "tfidf"),
                               [[0, 0, (1 + np.log(2)) * rare, rare]])
    again = preprocessing.text.tokenizer_from_json(tokenizer.to_json())
    assert again.texts_to_sequences(TEXTS) == tokenizer.texts_to_sequences(TEXTS)
    letters = preprocessing.text.Tokenizer(char_level=True)
    letters.fit_on_texts(["abca"])
    assert letters.texts_to_sequences(["cab"]) == [[3, 1, 2]]
    assert preprocessing.text.text_to_word_sequence("A, b. C") == ["a", "b", "c"]
    assert all(1 <= i < 9 for i in preprocessing.text.hashing_trick("to be or not", 9, "md5"))
    with pytest.raises(ValueError, match="Unknown vectorization mode: often"):
        tokenizer.texts_to_matrix(TEXTS, "often")


def test_sequences():
    made = preprocessing.sequence.TimeseriesGenerator(np.arange(10), np.arange(10) * 10, 3,
                                                      stride=2, batch_size=2)
    assert len(made) == 2
    samples, targets = made[1]
    assert samples.tolist() == [[4, 5, 6], [6, 7, 8]] and targets.tolist() == [70, 90]
    assert preprocessing.sequence.pad_sequences([[1], [2, 3]]).tolist() == [[0, 1], [2, 3]]
    pairs, labels = preprocessing.sequence.skipgrams([1, 2, 3], 9, 1, shuffle=False, seed=1)
    assert pairs[:4] == [[1, 2], [2, 1], [2, 3], [3, 2]] and labels == [1] * 4 + [0] * 4
    table = preprocessing.sequence.make_sampling_table(5)
    assert table.shape == (5,) and (np.diff(table[1:]) > 0).all()


def picture(path, size=(6, 9)):
    from PIL import Image

    array = random.integers(0, 255, (*size, 3)).astype("uint8")
    Image.fromarray(array).save(path)
    return array


@pytest.fixture
def folder(tmp_path):
    pytest.importorskip("PIL")
    for name in "cats", "dogs":
        (tmp_path / name).mkdir()
        for i in range(5):
            picture(tmp_path / name / f"{i}.png")
    return tmp_path


def test_images_as_files_and_arrays(tmp_path):
    pytest.importorskip("PIL")
    array = picture(tmp_path / "one.png")
    image = keras.utils.load_img(tmp_path / "one.png")
    assert image.size == (9, 6)
    np.testing.assert_array_equal(keras.utils.img_to_array(image), array.astype("f"))
    assert keras.utils.img_to_array(keras.utils.load_img(
        tmp_path / "one.png", "grayscale", target_size=(4, 5))).shape == (4, 5, 1)
    keras.utils.save_img(tmp_path / "two.png", array, scale=False)
    np.testing.assert_array_equal(
        keras.utils.img_to_array(keras.utils.load_img(tmp_path / "two.png")), array)
    assert preprocessing.image.smart_resize(array, (3, 3)).shape == (3, 3, 3)
    with pytest.raises(ValueError, match="color_mode must be"):
        keras.utils.load_img(tmp_path / "one.png", "cmyk")


def test_images_from_arrays():
    x, y = random.uniform(0, 255, (7, 8, 8, 3)).astype("f"), np.arange(7)
    generator = preprocessing.image.ImageDataGenerator(rescale=1 / 255)
    batches = generator.flow(x, y, batch_size=3, shuffle=False)
    assert len(batches) == 3
    images, labels = next(batches)
    np.testing.assert_allclose(images, x[:3] / 255, rtol=1e-6)
    assert labels.tolist() == [0, 1, 2]
    assert [next(batches)[1].tolist() for _ in range(3)] == [[3, 4, 5], [6], [0, 1, 2]]
    shuffled = generator.flow(x, y, batch_size=7, seed=1)
    first, second = next(shuffled)[1], next(shuffled)[1]
    assert sorted(first) == sorted(second) == list(range(7)) and first.tolist() != second.tolist()
    flipped = preprocessing.image.ImageDataGenerator(horizontal_flip=True)
    np.random.seed(0)
    kinds = [np.array_equal(one, x[0]) + 2 * np.array_equal(one, x[0, :, ::-1])
             for one in (flipped.random_transform(x[0]) for _ in range(20))]
    assert set(kinds) == {1, 2}
    centred = preprocessing.image.ImageDataGenerator(featurewise_center=True,
                                                     featurewise_std_normalization=True)
    with pytest.raises(ValueError, match="hasn't been fit on any training data"):
        centred.standardize(x[0])
    centred.fit(x)
    normalized = np.stack([centred.standardize(one) for one in x])
    np.testing.assert_allclose(normalized.mean((0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(normalized.std((0, 1, 2)), 1, rtol=1e-4)
    split = preprocessing.image.ImageDataGenerator(validation_split=0.3)
    assert split.flow(x, subset="validation").n == 2 and split.flow(x, subset="training").n == 5


def test_moved_images():
    move, x = preprocessing.image.apply_affine_transform, random.uniform(0, 9, (6, 6, 2))
    axes = {"row_axis": 0, "col_axis": 1, "channel_axis": 2}
    np.testing.assert_allclose(move(x, tx=1, **axes)[:, :-1], x[:, 1:], atol=1e-5)
    np.testing.assert_allclose(move(x, ty=-2, fill_mode="constant", cval=7, **axes),
                               np.concatenate([np.full((2, 6, 2), 7), x[:-2]]), atol=1e-5)
    np.testing.assert_allclose(move(x, theta=90, **axes), np.rot90(x), atol=1e-4)
    np.testing.assert_allclose(move(x, zx=-1, **axes), x[:, ::-1], atol=1e-5)
    bright = preprocessing.image.apply_brightness_shift(np.array([10.0, 200.0]), 1.5, False)
    assert bright.tolist() == [15, 255]


def test_images_of_folders(folder):
    generator = preprocessing.image.ImageDataGenerator(rescale=1 / 255, validation_split=0.4)
    batches = generator.flow_from_directory(folder, (5, 7), batch_size=4, seed=1,
                                            subset="training")
    assert batches.class_indices == {"cats": 0, "dogs": 1} and batches.n == 6
    assert batches.filenames[0] == "cats/2.png" and batches.classes.tolist() == [0, 0, 0, 1, 1, 1]
    images, labels = next(batches)
    assert images.shape == (4, 5, 7, 3) and images.max() <= 1 and labels.shape == (4, 2)
    binary = generator.flow_from_directory(folder, (5, 7), class_mode="binary")
    assert sorted(next(binary)[1]) == [0] * 5 + [1] * 5
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    history = model.fit(binary, epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2 and model.predict(binary, verbose=0).shape == (10, 1)
    with pytest.raises(ValueError, match="Invalid class_mode: many"):
        generator.flow_from_directory(folder, class_mode="many")


def test_texts_of_folders(tmp_path):
    for name, texts in {"good": ["fine", "lovely day"], "bad": ["dull"]}.items():
        (tmp_path / name).mkdir()
        for i, text in enumerate(texts):
            (tmp_path / name / f"{i}.txt").write_text(text)
    made = keras.utils.text_dataset_from_directory(tmp_path, shuffle=False, max_length=6,
                                                   verbose=False)
    ((texts, labels),) = list(made)
    assert texts.numpy().tolist() == [b"dull", b"fine", b"lovely"] and labels.tolist() == [0, 1, 1]
    assert made.class_names == ["bad", "good"]
    with pytest.raises(ValueError, match=r"No files found .* \('.png|.bmp"):
        keras.utils.image_dataset_from_directory(tmp_path)


def lists(*rows):
    made = np.empty(len(rows), dtype=object)
    made[:] = rows
    return made


def test_reviews_and_newswires(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="imdb.npz is not there, and data sets are not"):
        keras.datasets.imdb.load_data()
    (tmp_path / "datasets").mkdir()
    np.savez(tmp_path / "datasets/imdb.npz", x_train=lists([1, 2, 30], [4]), y_train=[1, 0],
             x_test=lists([5, 6], [7]), y_test=[0, 1])
    (x, y), (x_test, _) = keras.datasets.imdb.load_data(num_words=10)
    assert sorted(zip(x, y)) == [([1, 4, 5, 2], 1), ([1, 7], 0)] and len(x_test) == 2
    (x, _), _ = keras.datasets.imdb.load_data(start_char=None, index_from=0, oov_char=None,
                                              skip_top=2)
    assert sorted(x) == [[2, 30], [4]]
    np.savez(tmp_path / "datasets/reuters.npz", x=lists([1], [2, 3], [4], [5], [6]), y=range(5))
    (x, y), (x_test, y_test) = keras.datasets.reuters.load_data()
    assert len(x) == 4 and len(x_test) == 1 and sorted([*y, *y_test]) == list(range(5))
    (tmp_path / "datasets/imdb_word_index.json").write_text(json.dumps({"film": 1}))
    assert keras.datasets.imdb.get_word_index() == {"film": 1}
    assert len(keras.datasets.reuters.get_label_names()) == 46


def test_files_of_data_sets_run_no_code(tmp_path, monkeypatch):
    class Harmful:
        def __reduce__(self):
            return print, ("run",)

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "datasets").mkdir()
    np.savez(tmp_path / "datasets/reuters.npz", x=lists(Harmful()), y=[0])
    with pytest.raises(Exception, match="a data set has no builtins.print"):
        keras.datasets.reuters.load_data()


def test_tree():
    tree = keras.tree
    structure = {"b": [1, 2], "a": (3,)}
    assert tree.flatten(structure) == [3, 1, 2] and tree.is_nested(structure)
    assert tree.map_structure(lambda x, y: x + y, structure, structure) == {"b": [2, 4], "a": (6,)}
    assert tree.flatten_with_path(structure) == [(("a", 0), 3), (("b", 0), 1), (("b", 1), 2)]
    assert tree.pack_sequence_as(structure, [7, 8, 9]) == {"b": [8, 9], "a": (7,)}
    assert tree.lists_to_tuples(structure) == {"b": (1, 2), "a": (3,)}
    assert tree.map_shape_structure(len, [(1, 2), {"x": (3,)}]) == [2, {"x": 1}]
    assert tree.traverse(lambda x: "two" if x == 2 else None, structure) == {"b": [1, "two"],
                                                                           "a": (3,)}
    with pytest.raises(ValueError, match="don't have the same structure"):
        tree.assert_same_structure(structure, {"b": [1], "a": (3,)})
