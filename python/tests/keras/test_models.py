"""Tables, drawings, configs and files of models."""

import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tenon as torch
from keras_layers import Affine
from tenon import keras
from tenon.keras.models import (Model, Sequential, clone_model, load_model, model_from_json)

GOLDEN = Path(__file__).parent / "golden" / "model.keras"
OBJECTS = {"Affine": Affine}


def two_of_each():
    """A model of two inputs and outputs, a shared layer and operators."""
    keras.utils.clear_session()
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    shared = Affine(5, name="shared")
    hidden = shared(a) - 2 * shared(b)
    return Model([a, b], {"size": Affine(1, name="size")(hidden), "part": hidden[:, 1:3]})


def arrays():
    rng = np.random.default_rng(0)
    return [rng.normal(size=(3, 4)).astype("float32") for _ in range(2)]


def test_summary_is_keras_s(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    keras.utils.clear_session()
    model = Sequential([Affine(8, "relu", input_shape=(4,)),
                        Affine(3, name="the_last_of_all_the_layers")])
    model.summary()
    # As Keras 3 prints it; the second name is cut where its column ends.
    assert capsys.readouterr().out.splitlines() == """\
Model: "sequential"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ affine (Affine)                 │ (None, 8)              │            40 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ the_last_of_all_the_layers      │ (None, 3)              │            27 │
│ (Affine)                        │                        │               │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 67 (268.00 B)
 Trainable params: 67 (268.00 B)
 Non-trainable params: 0 (0.00 B)""".splitlines()


def test_summary_of_a_graph(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = []
    model = two_of_each()
    model.get_layer("shared").trainable = False
    model.summary(print_fn=lines.append, show_trainable=True)
    text = lines[0]
    assert "│ shared (Affine)   │ (None, 5)       │        25 │ a[0][0],       │   N   │" in text
    assert "│ subtract          │ (None, 5)       │         0 │ shared[0][0],  │   -   │" in text
    assert "┃ Trai… ┃" in text and " Non-trainable params: 25 (100.00 B)" in text
    unbuilt = Sequential([Affine(2)])
    unbuilt.summary(print_fn=lines.append)
    assert "?" in lines[1] and "0 (unbuilt)" in lines[1]


def test_plot_model(tmp_path):
    drawing = keras.utils.plot_model(two_of_each(), tmp_path / "model.svg", show_shapes=True,
                                     show_layer_names=True)
    assert (tmp_path / "model.svg").read_text() == drawing
    for text in "shared (Affine)", "subtract (Subtract)", "output: (None, 2)", "a (InputLayer)":
        assert text in drawing
    assert drawing.count("<path") == 7
    with pytest.warns(UserWarning, match="model.svg is written"):
        keras.utils.plot_model(two_of_each(), tmp_path / "other_model.png")


def test_models_of_configs():
    model = two_of_each()
    text = model.to_json()
    again = model_from_json(text, OBJECTS)
    assert json.loads(again.to_json()) == json.loads(text)
    again.set_weights(model.get_weights())
    for key, value in model(arrays()).items():
        assert torch.equal(again(arrays())[key], value)
    with pytest.raises(ValueError, match="'Affine' isn't known"):
        model_from_json(text)


def test_clones_have_weights_of_their_own():
    model = two_of_each()
    copy = clone_model(model)
    assert [w.shape for w in copy.weights] == [w.shape for w in model.weights]
    assert not {id(w) for w in copy.weights} & {id(w) for w in model.weights}
    wide = clone_model(model, clone_function=lambda layer: Affine(
        layer.units, "relu", name=layer.name) if layer.name == "shared" else Affine.from_config(
            layer.get_config()))
    assert wide.get_layer("shared").activation == "relu"
    chain = Sequential([Affine(3, input_shape=(4,)), Affine(2)])
    assert [layer.units for layer in clone_model(chain).layers] == [3, 2]


def trained():
    torch.manual_seed(0)
    model = two_of_each()
    model.compile(keras.optimizers.Adam(0.01), {"size": "mse", "part": "mae"})
    y = {"size": np.ones(3), "part": np.ones((3, 2))}
    model.fit(arrays(), y, epochs=2, verbose=0)
    return model, y


def test_a_saved_model_goes_on(tmp_path):
    model, y = trained()
    model.save(tmp_path / "model.keras")
    other = load_model(tmp_path / "model.keras", OBJECTS)
    assert other.optimizer.iterations == 2
    histories = [one.fit(arrays(), y, epochs=2, shuffle=False, verbose=0).history
                 for one in (model, other)]
    assert histories[0] == histories[1]
    with_compile = load_model(tmp_path / "model.keras", OBJECTS, compile=False)
    assert not with_compile.compiled


def test_weights_go_by_paths(tmp_path):
    model, _ = trained()
    path = tmp_path / "model.weights.h5"
    model.save_weights(path)
    assert sorted(torch.load(path)) == ["layers/affine/vars/0", "layers/affine/vars/1",
                                        "layers/affine_1/vars/0", "layers/affine_1/vars/1"]
    fresh = clone_model(model)
    fresh.load_weights(path)
    assert all(map(np.array_equal, fresh.get_weights(), model.get_weights()))
    other = Sequential([Affine(5, input_shape=(3,))])
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"doesn't fit the model .* which is unchanged:\n  "
                                         r"layers/affine: variable kernel has shape \(3, 5\), in "
                                         r"the file \(4, 5\)"):
        other.load_weights(path)
    assert all(map(np.array_equal, before, other.get_weights()))
    with pytest.raises(FileExistsError):
        model.save_weights(path, overwrite=False)
    with pytest.raises(FileNotFoundError, match="nothing.h5 isn't there"):
        model.load_weights(tmp_path / "nothing.h5")


def test_a_file_of_a_newer_version_is_told(tmp_path):
    metadata = {"tenon.keras": json.dumps({"format": 2, "values": {}})}
    path = os.fspath(tmp_path / "new.keras")
    torch._core.save_tensors({"vars/0": torch.ones(1)}, path, metadata)
    with pytest.raises(ValueError, match="format 2 of a newer version of Tenon; this one reads "
                                         "formats up to 1"):
        load_model(path)


def test_files_run_no_code(tmp_path):
    text = two_of_each().to_json().replace('"keras.ops"', '"os"').replace('"Subtract"', '"system"')
    with pytest.raises(ValueError, match="isn't known"):
        model_from_json(text, OBJECTS)
    with zipfile.ZipFile(tmp_path / "some.keras", "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", "")
    with pytest.raises((ImportError, OSError)):
        load_model(tmp_path / "some.keras")


def test_the_file_of_an_earlier_version():
    model = load_model(GOLDEN, OBJECTS)
    outputs = model(arrays())
    np.testing.assert_allclose(outputs["size"].detach().numpy()[:, 0],
                               [-0.64645696, 0.23697448, 3.721976], rtol=1e-5)
    assert model.optimizer.iterations == 2 and model.loss == {"size": "mse", "part": "mae"}


def test_subclassed_models_are_saved_by_their_config(tmp_path):
    class Net(Model):
        def __init__(self, width=3, **kwargs):
            super().__init__(**kwargs)
            self.width = width
            self.blocks = [Affine(width), Affine(width)]
            self.head = Affine(1)

        def call(self, x):
            for block in self.blocks:
                x = block(x)
            return self.head(x)

        def get_config(self):
            return {**super().get_config(), "width": self.width}

    net = Net(4)
    x = arrays()[0]
    y = net(x)
    net.save(tmp_path / "net.keras")
    assert sorted(torch.load(tmp_path / "net.keras")) == [
        f"{path}/vars/{i}" for path in ("blocks/affine", "blocks/affine_1", "head") for i in (0, 1)]
    again = load_model(tmp_path / "net.keras", {"Net": Net, **OBJECTS})
    assert torch.equal(again(x), y) and again.width == 4


def test_a_file_that_keras_wrote():
    pytest.importorskip("h5py")
    model = load_model(GOLDEN.with_name("of_keras.keras"))  # of Keras 3.15, with what it predicts:
    x = np.linspace(-1, 1, 12, dtype="float32").reshape(3, 4)
    np.testing.assert_allclose(model.predict(x, verbose=0),
                               [[-1.3120002, 1.0213281], [-1.2238795, 0.7103068],
                                [-0.8950919, 0.3364132]], rtol=1e-5)
    assert model.optimizer.iterations == 2
    assert model.fit(x, np.ones((3, 2)), verbose=0).history["loss"][0] > 0
