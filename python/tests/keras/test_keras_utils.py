"""keras.utils: labels, vectors, files."""

import tarfile

import numpy as np
import pytest
import tenon as torch
from tenon import keras


def test_to_categorical():
    assert keras.utils.to_categorical([0, 2]).tolist() == [[1, 0, 0], [0, 0, 1]]
    assert keras.utils.to_categorical(np.array([[1], [0]]), 2).tolist() == [[0, 1], [1, 0]]
    assert keras.utils.to_categorical(torch.tensor([1])).tolist() == [[0, 1]]
    with pytest.raises(ValueError, match=r"label 3 is outside \[0, 3\)"):
        keras.utils.to_categorical([3], 3)


def test_normalize():
    assert (keras.utils.normalize(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
            == [[0.6, 0.8], [0, 0]])


def test_random_seed():
    draws = []
    for _ in range(2):
        keras.utils.set_random_seed(7)
        draws.append((np.random.rand(), torch.rand(1).item()))
    assert draws[0] == draws[1]


def test_get_file(tmp_path):
    source, cache = tmp_path / "some.txt", tmp_path / "cache"
    source.write_text("first")
    path = keras.utils.get_file(origin=source.as_uri(), cache_dir=cache)
    assert open(path).read() == "first" and path == str(cache / "datasets" / "some.txt")
    source.write_text("second")
    assert keras.utils.get_file(origin=source.as_uri(), cache_dir=cache) == path
    assert open(path).read() == "first"  # it was there
    with pytest.raises(ValueError, match="another hash"):
        keras.utils.get_file(origin=source.as_uri(), cache_dir=cache, file_hash="0" * 64)
    with pytest.raises(OSError, match="can't be read"):
        keras.utils.get_file(origin=(tmp_path / "absent").as_uri(), cache_dir=cache)
    with tarfile.open(tmp_path / "all.tar.gz", "w:gz") as archive:
        archive.add(source, "inner.txt")
    folder = keras.utils.get_file(origin=(tmp_path / "all.tar.gz").as_uri(), cache_dir=cache,
                                  extract=True)
    assert open(f"{folder}/inner.txt").read() == "second"
