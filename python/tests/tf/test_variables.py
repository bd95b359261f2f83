"""tf.Variable: names, parts that are assigned to, what it refuses."""

import copy
import pickle

import numpy as np
import pytest

import tenon.tf as tf


def test_names_have_scopes_and_a_place():
    class Scaled(tf.Module):
        @tf.Module.with_name_scope
        def __call__(self, x):
            if not hasattr(self, "w"):
                self.w = tf.Variable(tf.ones([x.shape[1], 2]), name="w")
            return x @ self.w

    module = Scaled(name="scaled")
    module(tf.ones([1, 3]))
    assert module.w.name == "scaled/w:0" and tf.Variable(1.0).name == "Variable:0"
    assert repr(tf.Variable([1, 2], name="n")) == (
        "<tf.Variable 'n:0' shape=(2,) dtype=int32, numpy=array([1, 2], dtype=int32)>")
    assert isinstance(tf.keras.Variable(1.0), tf.Variable)
    assert isinstance(tf.Variable(1.0), tf.keras.Variable)


def test_arguments_by_place():
    v = tf.Variable([1, 2], False, True, None, "n", None, tf.float64)
    assert (v.trainable, v.name, v.dtype) == (False, "n:0", tf.float64)
    assert tf.Variable(lambda: tf.ones([2])).numpy().tolist() == [1.0, 1.0]
    with pytest.raises(ValueError, match="initial_value"):
        tf.Variable()
    with pytest.raises(TypeError, match="hold numbers"):
        tf.Variable("text")


def test_values_are_those_of_now():
    v = tf.Variable(1.0)
    before = v.value()
    assert v.assign_add(1.0).numpy() == 2.0 and before.numpy() == 1.0
    with tf.GradientTape() as tape:
        y = v.value() * v.read_value()
    assert tape.gradient(y, v).numpy() == 4.0


def test_parts_are_assigned_to():
    v = tf.Variable([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    v[0, 1].assign(20.0)
    v[:, 2].assign([30.0, 60.0])
    v[1, ::-2].assign_add([1.0, 1.0])
    assert v[1:, :1].assign_sub([[1.0]]) is v
    assert v.numpy().tolist() == [[1.0, 20.0, 30.0], [4.0, 5.0, 61.0]]
    v[tf.constant(0)].assign(tf.zeros([3]))
    assert v.numpy()[0].tolist() == [0.0, 0.0, 0.0]
    with pytest.raises(TypeError, match="item assignment"):
        v[0] = 1.0
    assert (v[1] * 2.0).numpy().tolist() == [8.0, 10.0, 122.0]


def test_other_dtypes_and_shapes_are_refused():
    v = tf.Variable([1.0, 2.0])
    for call in (v.assign, v.assign_add, v.assign_sub):
        with pytest.raises(ValueError, match="float32.*int32"):
            call(tf.constant([1, 2]))
        with pytest.raises(ValueError, match=r"\(2,\).*\(3,\)"):
            call([1.0, 2.0, 3.0])
    assert v.assign(np.array([3, 4])).numpy().tolist() == [3.0, 4.0]
    with pytest.raises(TypeError):
        tf.Variable(1).assign(1.5)


def test_copies_are_variables_of_their_own():
    v = tf.Variable(1.0, trainable=False, name="v")
    for other in (copy.deepcopy(v), pickle.loads(pickle.dumps(v))):
        other.assign(5.0)
        assert v.numpy() == 1.0 and other.name == "v:0" and not other.trainable
