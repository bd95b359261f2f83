"""The variables of what tf.saved_model.load gives: they are shared by its functions."""

import json

import numpy as np
import pytest

import tenon.tf as tf


class Counter(tf.Module):
    def __init__(self):
        super().__init__()
        self.count = tf.Variable(0.0, trainable=False)
        self.factors = [tf.Variable([1.0, 2.0]), {"last": tf.Variable(3.0)}]

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32, name="amount")])
    def add(self, by):
        return {"sum": self.count.assign_add(by) + 0.0}

    @tf.function(input_signature=[])
    def total(self):
        return self.count + 0.0

    @tf.function(input_signature=[tf.TensorSpec([2], tf.float32)])
    def scaled(self, x):
        return self.factors[0] * x * self.factors[1]["last"] + self.count


def loaded(tmp_path):
    module = Counter()
    tf.saved_model.save(module, str(tmp_path), signatures={"add": module.add})
    assert module.count.numpy() == 0.0
    return tf.saved_model.load(str(tmp_path))


def test_functions_see_what_others_wrote(tmp_path):
    restored = loaded(tmp_path)
    restored.add(tf.constant(2.0))
    restored.signatures["add"](amount=tf.constant(3.0))
    assert restored.total().numpy() == 5.0 and restored.count.numpy() == 5.0
    assert restored.scaled(tf.constant([1.0, 1.0])).numpy().tolist() == [8.0, 11.0]


def test_functions_see_what_is_assigned(tmp_path):
    restored = loaded(tmp_path)
    restored.count.assign(10.0)
    restored.factors[0].assign([0.0, 1.0])
    assert restored.total().numpy() == 10.0
    assert restored.add(tf.constant(1.0))["sum"].numpy() == 11.0
    assert restored.scaled(tf.constant([1.0, 1.0])).numpy().tolist() == [11.0, 14.0]
    assert restored.factors[1]["last"].numpy() == 3.0
    assert len(restored.variables) == 3 and len(restored.trainable_variables) == 2
    assert [one.shape for one in restored.non_trainable_variables] == [()]


def test_a_checkpoint_restores_what_was_loaded(tmp_path):
    restored = loaded(tmp_path / "module")
    restored.add(tf.constant(4.0))
    path = tf.train.Checkpoint(count=restored.count).save(str(tmp_path / "ckpt"))
    again = tf.saved_model.load(str(tmp_path / "module"))
    tf.train.Checkpoint(count=again.count).restore(path).assert_consumed()
    assert again.total().numpy() == 4.0


def test_inputs_have_the_names_of_their_specs(tmp_path):
    signature = loaded(tmp_path).signatures["add"]
    assert list(signature.structured_input_signature[1]) == ["amount"]
    assert signature.structured_outputs["sum"] == tf.TensorSpec([], tf.float32)
    with pytest.raises(TypeError, match="takes amount"):
        signature(by=tf.constant(1.0))


def test_models_have_their_variables(tmp_path):
    model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(2)])
    model.export(str(tmp_path), verbose=False)
    restored = tf.saved_model.load(str(tmp_path))
    assert [tuple(one.shape) for one in restored.variables] == [(3, 2), (2,)]
    restored.variables[1].assign([5.0, 6.0])
    made = restored.serve(tf.zeros([1, 3]))
    np.testing.assert_array_equal(made.numpy(), [[5.0, 6.0]])


def test_an_index_without_variables_and_a_wrong_one(tmp_path):
    loaded(tmp_path)
    path = tmp_path / "saved_model.json"
    index = json.loads(path.read_text())
    index["variables"]["count"] = "yes"
    path.write_text(json.dumps(index))
    with pytest.raises(OSError, match="doesn't say"):
        tf.saved_model.load(str(tmp_path))
    del index["variables"]
    path.write_text(json.dumps(index))
    restored = tf.saved_model.load(str(tmp_path))
    restored.add(tf.constant(1.0))
    assert restored.variables == [] and restored.total().numpy() == 0.0
