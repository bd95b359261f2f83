"""tf.compat.v1: what runs without graphs, and what says that it doesn't."""

import logging

import numpy as np
import pytest

import tenon
import tenon.tf as tf

v1 = tf.compat.v1

#: Four steps of w^2 + w from [1, -2], by TensorFlow 2.21.
STEPS = {
    "GradientDescentOptimizer": ("GradientDescentOptimizer", {},
        [0.11440, -1.11440]),
    "MomentumOptimizer with momentum": ("MomentumOptimizer", {"momentum": 0.9},
        [-0.96290, -0.03710]),
    "MomentumOptimizer with momentum and use_nesterov": ("MomentumOptimizer",
                                                         {"momentum": 0.9, "use_nesterov": True},
        [-0.98723, -0.01277]),
    "AdamOptimizer": ("AdamOptimizer", {},
        [0.60220, -1.60220]),
    "AdagradOptimizer": ("AdagradOptimizer", {},
        [0.73194, -1.73194]),
    "AdadeltaOptimizer": ("AdadeltaOptimizer", {},
        [0.99982, -1.99982]),
    "RMSPropOptimizer": ("RMSPropOptimizer", {},
        [0.34917, -1.34917]),
    "RMSPropOptimizer with momentum and centered": ("RMSPropOptimizer",
                                                    {"momentum": 0.9, "centered": True},
        [-0.58072, -0.41928]),
    "FtrlOptimizer with l1_regularization_strength": ("FtrlOptimizer",
                                                      {"l1_regularization_strength": 0.01},
        [0.63264, -1.53442]),
}


@pytest.mark.parametrize("name", STEPS)
def test_optimizers(name):
    kind, arguments, expected = STEPS[name]
    w, step = tf.Variable([1.0, -2.0]), tf.Variable(0, dtype=tf.int64)
    optimizer = getattr(v1.train, kind)(0.1, **arguments)
    for _ in range(4):
        optimizer.minimize(lambda: tf.reduce_sum(w * w + w), global_step=step, var_list=[w])
    np.testing.assert_allclose(w.numpy(), expected, atol=2e-5)
    assert step.numpy() == 4


@pytest.mark.parametrize("call", [
    lambda: v1.placeholder(tf.float32), lambda: v1.Session(), lambda: v1.Graph(),
    lambda: v1.disable_eager_execution(), lambda: v1.disable_v2_behavior(),
    lambda: v1.get_default_graph(), lambda: v1.train.AdamOptimizer().minimize(tf.constant(1.0)),
    lambda: v1.train.Saver()])
def test_what_needs_graphs_says_so(call):
    with pytest.raises(RuntimeError, match="graph|eager"):
        call()


def test_variables_by_name():
    with v1.variable_scope("first", reuse=v1.AUTO_REUSE):
        w = v1.get_variable("w", [2, 3])
        assert v1.get_variable("w", [2, 3]) is w and w.name == "first/w:0"
        with pytest.raises(ValueError, match="shape"):
            v1.get_variable("w", [3, 3])
        with v1.variable_scope("second", initializer=v1.ones_initializer()):
            assert v1.get_variable("w", [2]).numpy().tolist() == [1, 1]
            assert v1.get_variable("w", [2]).name == "first/second/w:0"
    with v1.variable_scope("first", reuse=True):
        assert v1.get_variable("w", [2, 3]) is w
        with pytest.raises(ValueError, match="does not exist"):
            v1.get_variable("other", [2])
    assert v1.get_variable("w", [2, 3]) is not w


def test_steps_and_savers(tmp_path):
    step = v1.train.get_or_create_global_step()
    assert v1.train.get_global_step() is step
    w = tf.Variable([1.0, 2.0], name="w")
    saver = v1.train.Saver([w])
    path = saver.save(None, str(tmp_path / "model"), global_step=3)
    w.assign([5.0, 5.0])
    saver.restore(None, path)
    assert w.numpy().tolist() == [1.0, 2.0] and v1.train.checkpoint_exists(path)


def test_logging(caplog):
    logger = logging.getLogger("tensorflow")
    before = logger.level
    try:
        v1.logging.set_verbosity(v1.logging.WARN)
        with caplog.at_level(logging.WARNING, logger="tensorflow"):
            v1.logging.info("not seen")
            v1.logging.warning("seen %d", 5)
            for i in range(5):
                v1.logging.log_first_n(v1.logging.ERROR, "twice", 2)
        assert [one.getMessage() for one in caplog.records] == ["seen 5", "twice", "twice"]
    finally:
        logger.setLevel(before)


def test_records_and_files(tmp_path):
    path = str(tmp_path / "records")
    with v1.python_io.TFRecordWriter(path) as writer:
        writer.write(b"one")
    assert list(v1.python_io.tf_record_iterator(path)) == [b"one"] and v1.gfile.Exists(path)
    assert next(v1.data.make_one_shot_iterator(tf.data.Dataset.range(3))) == 0


def test_shapes_and_variables_are_written_as_tensorflow_does():
    assert str(tf.ones([2, 3]).shape) == f"{tf.ones([2, 3]).shape}" == "(2, 3)"
    assert str(tf.Variable(tf.ones([2, 3])).shape) == "(2, 3)"
    assert str(tenon.ones(2, 3).shape) == "tenon.Size([2, 3])"  # as before tf was imported
    assert repr(tf.Variable(1.5,
                            name="w")).startswith("<tf.Variable 'w:0' shape=() dtype=float32, ")


@pytest.mark.parametrize("call, error", [
    (lambda: v1.reduce_sum([1], 0, reduction_indices=0), ValueError),
    (lambda: v1.losses.mean_squared_error([1.0], [1.0, 2.0]), ValueError),
    (lambda: v1.losses.compute_weighted_loss([1.0], reduction="most"), ValueError),
    (lambda: v1.losses.cosine_distance([[1.0]], [[1.0]]), ValueError),
    (lambda: v1.nn.dropout(tf.ones([2])), ValueError),
    (lambda: v1.image.resize_images(tf.ones([2, 2, 1]), [1, 1], align_corners=True), ValueError),
    (lambda: v1.train.exponential_decay(0.1, 1, 10, rate=0.5), TypeError),
    (lambda: v1.no_such_name, AttributeError),
    (lambda: tf.compat.as_text(5), TypeError),
])
def test_mistakes(call, error):
    with pytest.raises(error):
        call()
