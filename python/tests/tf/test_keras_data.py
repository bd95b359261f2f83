"""keras.utils and keras.datasets: windows, directories of images, local files."""

import gzip
import pickle
import tarfile

import numpy as np
import pytest

import tenon.tf as tf
from tenon import keras
from tenon.keras import utils


def test_pad_sequences():
    rows = [[1], [2, 3, 4], []]
    assert utils.pad_sequences(rows).tolist() == [[0, 0, 1], [2, 3, 4], [0, 0, 0]]
    assert utils.pad_sequences(rows, maxlen=2).tolist() == [[0, 1], [3, 4], [0, 0]]
    made = utils.pad_sequences(rows, 2, padding="post", truncating="post", value=9)
    assert made.tolist() == [[1, 9], [2, 3], [9, 9]]
    with pytest.raises(ValueError, match="non-iterable"):
        utils.pad_sequences([1, 2])


def test_split_dataset():
    left, right = utils.split_dataset(np.arange(10), left_size=0.7)
    assert list(left.as_numpy_iterator()) == list(range(7)) and len(right) == 3
    mixed = utils.split_dataset(np.arange(10), right_size=4, shuffle=True, seed=1)
    assert sorted(int(one) for part in mixed for one in part) == list(range(10))
    with pytest.raises(ValueError):
        utils.split_dataset(np.arange(3))


def test_windows_of_series():
    series = np.arange(10)
    batches = list(utils.timeseries_dataset_from_array(series[:-3], series[3:], 3, batch_size=4))
    assert batches[0][0].numpy().tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5]]
    assert batches[0][1].numpy().tolist() == [3, 4, 5, 6] and batches[1][1].numpy().tolist() == [7]
    apart = utils.timeseries_dataset_from_array(series, None, 2, sequence_stride=3, sampling_rate=2)
    assert next(iter(apart)).numpy().tolist() == [[0, 2], [3, 5], [6, 8]]
    with pytest.raises(ValueError, match="no window"):
        utils.timeseries_dataset_from_array(series, None, 11)


def test_directories_of_images(tmp_path):
    pytest.importorskip("PIL")
    for i, name in enumerate(("cats", "dogs")):
        for j in range(3):
            picture = tf.fill([4, 6, 3], tf.constant(100 * i + j, tf.uint8))
            tf.io.write_file(str(tmp_path / name / f"{j}.png"), tf.io.encode_png(picture))
    data = utils.image_dataset_from_directory(str(tmp_path), image_size=(8, 8), batch_size=4,
                                              shuffle=False, verbose=False)
    assert data.class_names == ["cats", "dogs"]
    images, labels = next(iter(data))
    assert images.shape == [4, 8, 8, 3] and labels.numpy().tolist() == [0, 0, 0, 1]
    assert images.numpy()[:, 0, 0, 0].tolist() == [0, 1, 2, 100]
    parts = [utils.image_dataset_from_directory(
        str(tmp_path), validation_split=0.5, subset=subset, seed=2, batch_size=None,
        label_mode="categorical", verbose=False).file_paths
             for subset in ("training", "validation")]
    assert len(parts[0]) == len(parts[1]) == 3 and not set(parts[0]) & set(parts[1])
    with pytest.raises(NotADirectoryError):
        utils.image_dataset_from_directory(str(tmp_path / "none"))


def test_data_sets_of_local_files(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="put http.*datasets/mnist.npz"):
        keras.datasets.mnist.load_data()
    folder = tmp_path / "datasets"
    folder.mkdir()
    arrays = {"x_train": np.zeros((2, 28, 28), np.uint8), "y_train": np.array([1, 2], np.uint8),
              "x_test": np.ones((1, 28, 28), np.uint8), "y_test": np.array([3], np.uint8)}
    np.savez(folder / "mnist.npz", **arrays)
    (x, y), (x_test, y_test) = tf.keras.datasets.mnist.load_data()
    assert x.shape == (2, 28, 28) and y.tolist() == [1, 2] and x_test.max() == 1
    (folder / "fashion-mnist").mkdir()
    for part, count in (("train", 2), ("t10k", 1)):
        for kind, head, size in (("images-idx3", 16, 784), ("labels-idx1", 8, 1)):
            with gzip.open(folder / "fashion-mnist" / f"{part}-{kind}-ubyte.gz", "wb") as file:
                file.write(bytes(head) + bytes([7]) * (count * size))
    (x, y), _ = keras.datasets.fashion_mnist.load_data()
    assert x.shape == (2, 28, 28) and y.tolist() == [7, 7]


class Evil:
    def __reduce__(self):
        return print, ("run",)


def test_cifar(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    inner = tmp_path / "cifar-10-batches-py"
    inner.mkdir()
    for i, name in enumerate([*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]):
        data = {b"data": np.arange(2 * 3072, dtype=np.uint8).reshape(2, 3072), b"labels": [i, i]}
        (inner / name).write_bytes(pickle.dumps(data, protocol=2))
    (tmp_path / "datasets").mkdir()
    with tarfile.open(tmp_path / "datasets" / "cifar-10-python.tar.gz", "w:gz") as archive:
        archive.add(inner, "cifar-10-batches-py")
    (x, y), (x_test, _) = keras.datasets.cifar10.load_data()
    assert x.shape == (10, 32, 32, 3) and y.reshape(-1).tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert x_test[0, 0, 0].tolist() == [0, 1024 % 256, 2048 % 256] and x_test[0, 0, 1, 0] == 1
    from tenon.keras.datasets._cifar import batch

    (inner / "test_batch").write_bytes(pickle.dumps({b"data": Evil()}))
    with pytest.raises(pickle.UnpicklingError, match="print"):
        batch(inner / "test_batch")
