"""tf.saved_model, Model.export and TFSMLayer: functions of modules and models as programs."""

import json
import subprocess
import sys

import numpy as np
import pytest

import tenon.tf as tf
from tenon import keras


class Scaler(tf.Module):
    def __init__(self):
        super().__init__()
        self.factor = tf.Variable([2.0, 3.0], name="factor")
        self.calls = tf.Variable(0.0)

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32)])
    def __call__(self, x):
        return x * self.factor

    @tf.function(input_signature=[tf.TensorSpec([None, 2]), tf.TensorSpec([None, None, 3])])
    def several(self, x, y):
        self.calls.assign_add(1.0)
        return {"scaled": x * self.factor, "sum": tf.reduce_sum(y, axis=1),
                "calls": self.calls + 0.0}

    @tf.function
    def without_signature(self, x):
        return x


def test_functions_and_signatures(tmp_path):
    folder = tmp_path / "scaler"
    module = Scaler()
    tf.saved_model.save(module, str(folder), signatures={"scale": module.__call__,
                                                         "both": module.several})
    assert tf.saved_model.contains_saved_model(folder)
    assert not tf.saved_model.contains_saved_model(tmp_path)
    loaded = tf.saved_model.load(str(folder))
    assert loaded(tf.ones([5, 2])).numpy().tolist() == [[2, 3]] * 5
    assert isinstance(loaded(np.ones([1, 2], "float32")), tf.Tensor)
    made = loaded.signatures["both"](x=tf.ones([3, 2]), y=tf.ones([3, 7, 3]))
    assert sorted(made) == ["calls", "scaled", "sum"]
    assert made["sum"].numpy().tolist() == [[7] * 3] * 3
    assert made["calls"].numpy() == 1 and module.calls.numpy() == 0
    assert loaded.several(tf.ones([3, 2]), tf.ones([3, 4, 3]))["calls"].numpy() == 2
    assert list(loaded.signatures) == ["scale", "both"]
    scale = loaded.signatures["scale"]
    assert scale(tf.ones([1, 2]))["output_0"].numpy().tolist() == [[2, 3]]
    assert scale.structured_input_signature[1]["x"].shape.as_list() == [None, 2]
    with pytest.raises(TypeError, match="takes x, y; 0 arguments by place and .'x'. by name"):
        loaded.signatures["both"](x=tf.ones([3, 2]))
    with pytest.raises(AttributeError, match="no function 'without_signature'"):
        loaded.without_signature
    with pytest.raises(ValueError, match="expected float32.batch, 2."):
        loaded(tf.ones([5, 3]))


def test_concrete_functions_and_the_only_one(tmp_path):
    class Only(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([3], tf.int32)])
        def double(self, n):
            return n * 2

    tf.saved_model.save(Only(), tmp_path / "only")
    assert tf.saved_model.load(tmp_path / "only").signatures["serving_default"](
        n=tf.constant([1, 2, 3]))["output_0"].numpy().tolist() == [2, 4, 6]
    module = Scaler()
    concrete = module.without_signature.get_concrete_function(x=tf.TensorSpec([None], tf.float64))
    tf.saved_model.save(tf.Module(), tmp_path / "one", signatures=concrete)
    loaded = tf.saved_model.load(tmp_path / "one")
    made = loaded.signatures["serving_default"](x=tf.zeros([5], tf.float64))
    assert made["output_0"].shape == (5,)
    with pytest.raises(TypeError, match="has no __call__"):
        loaded(1)


def test_what_cannot_be_saved(tmp_path):
    with pytest.raises(ValueError, match="nothing to save"):
        tf.saved_model.save(tf.Module(), tmp_path / "a")
    with pytest.raises(ValueError, match="a tf.Module or a model, not list"):
        tf.saved_model.save([], tmp_path / "a")
    with pytest.raises(ValueError, match="no input_signature"):
        tf.saved_model.save(tf.Module(), tmp_path / "a", signatures=Scaler().without_signature)

    class Texts(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def lower(self, x):
            return tf.strings.lower(x)

    with pytest.raises(ValueError, match="takes numbers"):
        tf.saved_model.save(Texts(), tmp_path / "a")


def test_folders_that_hold_something_else(tmp_path):
    with pytest.raises(OSError, match="holds nothing"):
        tf.saved_model.load(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"x")
    with pytest.raises(OSError, match="protobuf format"):
        tf.saved_model.load(tmp_path)
    tf.saved_model.save(Scaler(), tmp_path)
    index = json.loads((tmp_path / "saved_model.json").read_text())
    for text in ("", "[]", "{}", "[" * 10000, json.dumps({**index, "version": "1"}),
                 json.dumps({**index, "functions": {"f": {"file": "../elsewhere"}}}),
                 json.dumps({**index, "functions": {"f": {"file": 3}}}),
                 json.dumps({**index, "signatures": {
                     "f": {"file": "program_0.safetensors", "inputs": []}}})):
        (tmp_path / "saved_model.json").write_text(text)
        with pytest.raises(OSError, match="saved_model.json"):
            tf.saved_model.load(tmp_path)
    (tmp_path / "saved_model.json").write_text(json.dumps({**index, "version": 2}))
    with pytest.raises(OSError, match="of version 2"):
        tf.saved_model.load(tmp_path)


def test_exported_models_run_elsewhere(tmp_path):
    model = keras.Sequential([keras.layers.Dense(8, activation="relu", input_shape=(4,)),
                              keras.layers.BatchNormalization(), keras.layers.Dropout(0.5),
                              keras.layers.Dense(3)])
    x = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
    model.export(tmp_path / "model")
    np.savez(tmp_path / "want", x=x, y=model.predict(x, verbose=0))
    done = subprocess.run([sys.executable, "-c", f"""
import numpy as np, tenon.tf as tf
want = np.load({str(tmp_path / 'want.npz')!r})
loaded = tf.saved_model.load({str(tmp_path / 'model')!r})
np.testing.assert_allclose(loaded.serve(want["x"]).numpy(), want["y"], rtol=1e-5, atol=1e-6)
served, = loaded.signatures["serving_default"](want["x"][:1]).values()
np.testing.assert_allclose(served.numpy(), want["y"][:1], rtol=1e-5, atol=1e-6)
"""], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    tf.saved_model.save(model, tmp_path / "again")
    again = tf.saved_model.load(tmp_path / "again")
    np.testing.assert_allclose(again(x).numpy(), model.predict(x, verbose=0), rtol=1e-5, atol=1e-6)
    assert list(again.signatures) == ["serving_default"]
    with pytest.raises(ValueError, match="format is"):
        model.export(tmp_path / "other", format="onnx")


def test_exported_models_of_two_inputs_as_layers(tmp_path):
    left, right = keras.Input((3,), name="left"), keras.Input((2,), name="right")
    joined = keras.layers.Concatenate()([left, right])
    model = keras.Model({"right": right, "left": left}, keras.layers.Dense(4)(joined))
    model.export(tmp_path / "model")
    x, y = np.ones((2, 3), "float32"), np.full((2, 2), 2, "float32")
    want = model({"left": x, "right": y}).numpy()
    made = tf.saved_model.load(tmp_path / "model").signatures["serving_default"](left=x, right=y)
    np.testing.assert_allclose(next(iter(made.values())).numpy(), want, rtol=1e-6)
    layer = keras.layers.TFSMLayer(tmp_path / "model")
    np.testing.assert_allclose(layer({"left": x, "right": y}).numpy(), want, rtol=1e-6)
    with pytest.raises(ValueError, match="'predict'; it has .*'serve', 'serving_default'"):
        keras.layers.TFSMLayer(tmp_path / "model", call_endpoint="predict")
    inputs = keras.Input((4,))
    outer = keras.Sequential([keras.layers.Dense(2, input_shape=(4,))])
    outer.export(tmp_path / "outer")
    stacked = keras.Model(inputs, keras.layers.TFSMLayer(tmp_path / "outer")(inputs))
    assert stacked.output_shape == (None, 2)
    z = np.ones((3, 4), "float32")
    np.testing.assert_allclose(stacked.predict(z, verbose=0), outer.predict(z, verbose=0),
                               rtol=1e-6)


def test_subclassed_models(tmp_path):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(2)

        def call(self, x, training=False):
            return self.dense(x) * (3.0 if training else 1.0)

    model = Own()
    with pytest.raises(ValueError, match="call it with data first"):
        model.export(tmp_path / "a")
    x = np.ones((3, 4), "float32")
    want = model(x).numpy()
    model.export(tmp_path / "a")
    made = tf.saved_model.load(tmp_path / "a").serve(x[:2])
    np.testing.assert_allclose(made.numpy(), want[:2], rtol=1e-6)
    model.export(tmp_path / "b", input_signature=[tf.TensorSpec([1, 4])])
    with pytest.raises(ValueError, match="expected float32.1, 4."):
        tf.saved_model.load(tmp_path / "b").serve(x)
