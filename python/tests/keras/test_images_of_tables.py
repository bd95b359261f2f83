"""ImageDataGenerator.flow_from_dataframe, where pandas is installed."""

import numpy as np
import pytest

from tenon.keras.preprocessing.image import ImageDataGenerator

pandas = pytest.importorskip("pandas")
Image = pytest.importorskip("PIL.Image")


@pytest.fixture
def table(tmp_path):
    for i in range(6):
        Image.fromarray(np.full((4, 4, 3), 20 * i, np.uint8)).save(tmp_path / f"{i}.png")
    return pandas.DataFrame({"filename": [f"{i}.png" for i in range(6)] + ["none.png"],
                             "class": ["a", "b"] * 3 + ["a"], "y": np.arange(7.0),
                             "weight": np.arange(7.0) * 10})


def flow(table, tmp_path, **keywords):
    return ImageDataGenerator(rescale=1 / 20).flow_from_dataframe(
        table, str(tmp_path), target_size=(4, 4), shuffle=False, **keywords)


def test_classes(table, tmp_path, capsys):
    images = flow(table, tmp_path, batch_size=4)
    assert capsys.readouterr().out == "Found 6 validated image filenames belonging to 2 classes.\n"
    x, y = next(images)
    assert len(images) == 2 and x.shape == (4, 4, 4, 3) and x[:, 0, 0, 0].tolist() == [0, 1, 2, 3]
    assert y.tolist() == [[1, 0], [0, 1], [1, 0], [0, 1]]
    assert images.class_indices == {"a": 0, "b": 1}


def test_columns_and_weights(table, tmp_path):
    _, y, weights = next(flow(table, tmp_path, y_col="y", class_mode="raw", weight_col="weight",
                              batch_size=3))
    assert y.tolist() == [0, 1, 2] and weights.tolist() == [0, 10, 20]
    _, (first, second) = next(flow(table, tmp_path, y_col=["y", "weight"],
                                   class_mode="multi_output", batch_size=2))
    assert first.tolist() == [0, 1] and second.tolist() == [0, 10]


def test_a_column_that_is_not_there(table, tmp_path):
    for keywords in ({"x_col": "file"}, {"y_col": "file"}, {"weight_col": "file"}):
        with pytest.raises(ValueError, match="no column 'file'; it has .'filename', 'class'"):
            flow(table, tmp_path, **keywords)
    images = flow(table[["filename"]], tmp_path, class_mode=None, batch_size=6)
    assert next(images).shape == (6, 4, 4, 3)
