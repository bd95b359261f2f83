"""TensorFlow's rules: dtypes that don't mix, values with and without history, names on tensors."""

import numpy as np
import pytest

import tenon
import tenon.tf as tf


@pytest.mark.parametrize("call, error", [
    (lambda: tf.constant([1]) + tf.constant([1.0]), tf.errors.InvalidArgumentError),
    (lambda: tf.constant([1]) * 1.5, TypeError),
    (lambda: tf.constant([1], tf.int64) + tf.constant([1]), tf.errors.InvalidArgumentError),
    (lambda: tf.constant([1.0]) + np.array([1.0 + 1j]), tf.errors.InvalidArgumentError),
    (lambda: tf.Variable([1.0]) * tf.constant([1]), tf.errors.InvalidArgumentError),
    (lambda: tf.maximum(tf.constant([1]), tf.constant([1.0])), tf.errors.InvalidArgumentError),
    (lambda: tf.concat([[1], [1.0]], 0), tf.errors.InvalidArgumentError),
    (lambda: tf.matmul(tf.ones([2, 3]), tf.ones([2, 3])), tf.errors.InvalidArgumentError),
    (lambda: tf.matmul(tf.ones([2, 3]), tf.ones([3, 2], tf.float64)),
     tf.errors.InvalidArgumentError),
    (lambda: tf.constant(1.5, dtype=tf.int32), TypeError),
    (lambda: tf.convert_to_tensor(tf.constant(1), dtype=tf.float32), ValueError),
    (lambda: tf.convert_to_tensor(None), ValueError),
    (lambda: tf.constant([1, [2]]), ValueError),
    (lambda: tf.sqrt(tf.constant(4)), tf.errors.InvalidArgumentError),
    (lambda: tf.logical_and(tf.constant([1]), tf.constant([True])), tf.errors.InvalidArgumentError),
    (lambda: tf.reshape(tf.ones([4]), [3]), tf.errors.InvalidArgumentError),
    (lambda: tf.squeeze(tf.ones([2, 1]), 0), tf.errors.InvalidArgumentError),
    (lambda: tf.gather([1, 2], [5]), tf.errors.InvalidArgumentError),
    (lambda: tf.ones([2, 3]).set_shape([3, None]), ValueError),
    (lambda: tf.ensure_shape(tf.ones([2]), [3]), tf.errors.InvalidArgumentError),
    (lambda: tf.clip_by_value(tf.constant([1.0]), tf.constant(0), 2.0),
     tf.errors.InvalidArgumentError),
    (lambda: tf.nn.sparse_softmax_cross_entropy_with_logits([[1]], tf.ones([1, 3])), ValueError),
    (lambda: tf.ones([3])[7], tf.errors.InvalidArgumentError),
    (lambda: tf.random.uniform([2], dtype=tf.int32), ValueError),
    (lambda: tf.as_dtype("float31"), TypeError),
    (lambda: tf.split(tf.ones([5]), 2), tf.errors.InvalidArgumentError),
])
def test_mistakes(call, error):
    with pytest.raises(error):
        call()


_BOOLS, _INTS = tf.constant([True, False]), tf.constant([1, 2])


@pytest.mark.parametrize("call", [
    lambda: _BOOLS + _BOOLS, lambda: _BOOLS < _BOOLS, lambda: -_BOOLS, lambda: tf.add(_BOOLS, True),
    lambda: tf.maximum(_BOOLS, _BOOLS), lambda: tf.greater(_BOOLS, _BOOLS),
    lambda: tf.reduce_sum(_BOOLS), lambda: tf.reduce_mean(_BOOLS), lambda: tf.reduce_max(_BOOLS),
    lambda: tf.cumsum(_BOOLS), lambda: tf.nn.softmax(_INTS), lambda: tf.nn.log_softmax(_INTS),
    lambda: tf.floor(_INTS), lambda: tf.nn.l2_loss(_INTS), lambda: tf.where(_INTS, 1, 2),
])
def test_bools_are_not_numbers_and_integers_no_fractions(call):
    with pytest.raises(tf.errors.InvalidArgumentError, match="(bool|int32)"):
        call()
    with pytest.raises(TypeError, match="bool"):
        _BOOLS / _BOOLS
    assert (_BOOLS * _BOOLS).dtype is tf.bool and tf.round(_INTS).dtype is tf.int32


def test_the_error_of_mixed_dtypes_names_both():
    with pytest.raises(tf.errors.InvalidArgumentError, match="int32.*float32.*AddV2"):
        tf.constant(1) + tf.constant(1.0)


def test_results_are_tensors_of_tenon():
    x = tf.constant([1.0, 2.0])
    assert isinstance(x, tenon.Tensor) and isinstance(x + 1, tf.Tensor)
    assert isinstance(tenon.ones(2), tf.Tensor) and tf.is_tensor(tf.Variable(1.0))
    assert tf.float32 is tenon.float32 and x.dtype == "float32" and x.dtype != "int32"
    mixed = tenon.exp(x) * x  # a function of the other style, and an operator
    np.testing.assert_allclose(mixed.numpy(), np.exp([1, 2]) * [1, 2], rtol=1e-6)


def test_nothing_is_recorded_outside_of_a_tape():
    w = tf.Variable([2.0])
    outside = w * tf.constant([3.0])
    assert not outside.requires_grad and not tf.exp(w).requires_grad
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(w * outside)
    assert tape.gradient(loss, w).numpy() == [6.0]  # `outside` is a number


def test_plain_tensors_keep_the_history_of_pytorch():
    x = tenon.tensor([2.0], requires_grad=True)
    loss = tf.reduce_sum(tf.square(x) * tf.constant([3.0]))
    loss.backward()
    assert x.grad.tolist() == [12.0]


def test_numpy_always_works():
    w = tf.Variable([1.0, 2.0])
    with tf.GradientTape():
        y = w * tf.constant([2.0, 2.0])
        assert y.numpy().tolist() == [2.0, 4.0]
    assert (w * 2).numpy().tolist() == [2.0, 4.0] and w[0].numpy() == 1.0
    assert isinstance(tf.reduce_sum(y).numpy(), np.float32)


def test_what_is_read_of_a_variable_stays():
    w = tf.Variable([1.0, 2.0])
    read = [tf.identity(w), tf.convert_to_tensor(w), tf.reshape(w, [2, 1]), w[:1],
            tf.split(w, 2)[0]]
    w.assign([5.0, 6.0])
    assert [float(np.ravel(one.numpy())[0]) for one in read] == [1.0] * 5


def test_a_plain_argument_is_not_changed():
    x = tenon.ones(2)
    assert tf.identity(x) is not x and type(x) is tenon.Tensor


def test_operators_with_arrays_give_tensors():
    x = tf.constant([1.0, 2.0])
    for made in (np.array([1.0, 1.0]) + x, np.float32(1) + x, x + np.array([1.0, 1.0]), [1, 1] + x):
        assert isinstance(made, tf.Tensor) and made.dtype is tf.float32
        assert made.numpy().tolist() == [2.0, 3.0]
    assert isinstance(np.sqrt(x), np.ndarray)
    assert (np.array([1.0, 3.0]) < x).numpy().tolist() == [False, False]


def test_tensors_do_not_change():
    x = tf.constant([1.0, 2.0])
    y = x
    y += 1
    assert x.numpy().tolist() == [1.0, 2.0] and y.numpy().tolist() == [2.0, 3.0]
    with pytest.raises(TypeError, match="assignment"):
        x[0] = 5.0


def test_comparison_with_none():
    x = tf.constant([1.0])
    assert (x == None) is False and (x != None) is True  # noqa: E711


def test_text():
    assert str(tf.constant([1, 2])) == "tf.Tensor([1 2], shape=(2,), dtype=int32)"
    assert repr(tf.constant(2.5)) in (
        "<tf.Tensor: shape=(), dtype=float32, numpy=np.float32(2.5)>",
        "<tf.Tensor: shape=(), dtype=float32, numpy=2.5>")
    assert f"{tf.constant(2.5):.2f}" == "2.50"


def test_shapes():
    x = tf.ones([2, 3])
    assert x.shape == [2, 3] and x.shape == (2, 3) and x.shape[1:] + [4] == (3, 4)
    assert [1] + x.shape == [1, 2, 3] and x.shape.is_fully_defined()
    some = tf.TensorShape([None, 3])
    assert some.is_compatible_with(x.shape) and not some.is_compatible_with([2, 4])
    assert some.merge_with([2, None]) == [2, 3] and str(some) == "(None, 3)"
    assert tf.TensorShape(None).rank is None and some.concatenate([1]).as_list() == [None, 3, 1]
    assert [None] + x.shape[1:] == tf.TensorShape([None, 3])
    assert (x.shape + tf.TensorShape(None)).rank is None and {x.shape: 1}[x.shape] == 1
    with pytest.raises(ValueError):
        some.assert_is_compatible_with([2])
    with pytest.raises(ValueError):
        tf.TensorShape(None).as_list()


def test_sizes_of_plain_tensors_stay_pytorchs():
    sizes = tenon.ones(2, 3).shape
    assert sizes != [2, 3] and sizes == (2, 3) and type(sizes + (4,)) is tenon.Size
    assert sizes == tf.ones([2, 3]).shape and sizes == tf.TensorShape([2, 3])
    assert sizes.as_list() == [2, 3]


def test_sizes_are_known_to_the_host_in_compiled_functions():
    function = tf.function(lambda x: tf.reshape(x, [tf.shape(x)[0], -1, 2]) * 2.0)
    assert function(tf.ones([3, 4]) * 2.0).shape == [3, 2, 2]
    counts = function._compiled.counters()
    assert counts["calls"] == counts["flushes"] == 1  # reading a tensor would have cut it in two


def test_random_numbers():
    tf.random.set_seed(3)
    first = tf.random.normal([4], seed=1), tf.random.uniform([4]), tf.random.normal([4], seed=1)
    tf.random.set_seed(3)
    again = tf.random.normal([4], seed=1), tf.random.uniform([4]), tf.random.normal([4], seed=1)
    for one, other in zip(first, again):
        assert one.numpy().tolist() == other.numpy().tolist()
    assert first[0].numpy().tolist() != first[2].numpy().tolist()
    stateless = [tf.random.stateless_normal([3], seed).numpy().tolist()
                 for seed in ([1, 2], (1, 2), tf.constant([1, 2]), [2, 1])]
    assert stateless[0] == stateless[1] == stateless[2] != stateless[3]
    cut = tf.random.truncated_normal([10000], 1.0, 2.0).numpy()
    assert cut.min() >= -3 and cut.max() <= 5 and abs(cut.mean() - 1) < 0.1
    assert abs(cut.std() - 2 * 0.8796) < 0.05  # of a normal distribution cut at 2
    whole = tf.random.uniform([1000], 2, 5, tf.int32).numpy()
    assert set(whole) == {2, 3, 4}
    assert sorted(tf.random.shuffle(tf.range(10)).numpy()) == list(range(10))
    drawn = tf.random.categorical(tf.math.log([[0.0, 1.0, 0.0], [0.5, 0.0, 0.5]]), 50).numpy()
    assert drawn.shape == (2, 50) and set(drawn[0]) == {1} and set(drawn[1]) == {0, 2}


def test_generators():
    one, other = tf.random.Generator.from_seed(7), tf.random.Generator.from_seed(7)
    assert one.normal([3]).numpy().tolist() == other.normal([3]).numpy().tolist()
    state = one.state
    drawn = one.uniform([3]).numpy().tolist()
    assert tf.random.Generator.from_state(state).uniform([3]).numpy().tolist() == drawn
    parts = one.split(2)
    assert parts[0].normal([2]).numpy().tolist() != parts[1].normal([2]).numpy().tolist()


def test_dropout():
    x = tf.ones([1000])
    dropped = tf.nn.dropout(x, 0.25).numpy()
    assert set(np.round(dropped * 3)) == {0.0, 4.0} and 180 < (dropped == 0).sum() < 320
    rows = tf.nn.dropout(tf.ones([50, 4]), 0.5, noise_shape=[50, 1]).numpy()
    assert (rows == rows[:, :1]).all()
    with pytest.raises(ValueError):
        tf.nn.dropout(x, 1.0)


def test_debugging():
    tf.debugging.assert_equal([1, 2], [1, 2])
    tf.debugging.assert_shapes([(tf.ones([2, 3]), ("N", "D")), (tf.ones([3]), ("D",))])
    tf.debugging.assert_near([1.0], [1.0 + 1e-7])
    for call, error in [
            (lambda: tf.debugging.assert_equal([1, 2], [1, 3], "not so"),
             tf.errors.InvalidArgumentError),
            (lambda: tf.debugging.assert_less([1.0], 1.0), tf.errors.InvalidArgumentError),
            (lambda: tf.debugging.assert_positive([0]), tf.errors.InvalidArgumentError),
            (lambda: tf.debugging.assert_near([1.0], [1.1]), tf.errors.InvalidArgumentError),
            (lambda: tf.debugging.assert_rank([1], 2), ValueError),
            (lambda: tf.debugging.assert_type([1], tf.float32), TypeError),
            (lambda: tf.debugging.assert_shapes([(tf.ones([2, 3]), ("N", 4))]), ValueError),
            (lambda: tf.debugging.check_numerics([float("nan")], "x"),
             tf.errors.InvalidArgumentError),
            (lambda: tf.debugging.Assert(False, [1]), tf.errors.InvalidArgumentError)]:
        with pytest.raises(error):
            call()


def test_print(capsys):
    tf.print("loss", tf.constant(0.5), tf.constant([1, 2]), {"a": tf.constant(True)}, sep="|")
    assert capsys.readouterr().err == "loss|0.5|[1 2]|{'a': 1}\n"


def test_config():
    assert [one.device_type for one in tf.config.list_physical_devices()] == ["CPU"]
    assert tf.config.list_physical_devices("GPU") == [] and tf.executing_eagerly()
    for gpu in tf.config.experimental.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)
    with tf.device("/CPU:0"), tf.name_scope("outer"), tf.init_scope():
        assert tf.constant(1).numpy() == 1


def test_functions_of_numpy_give_arrays():
    x, w = tf.constant([[1.0, 3.0], [5.0, 7.0]]), tf.Variable([1.0, 2.0])
    assert isinstance(np.mean(x, axis=0), np.ndarray) and np.mean(x, axis=0).tolist() == [3.0, 5.0]
    assert np.sum(w) == 3.0 and np.concatenate([w, [3.0]]).tolist() == [1.0, 2.0, 3.0]
    assert np.stack([x, x]).shape == (2, 2, 2) and np.argmax(x, axis=1).tolist() == [1, 1]


def test_an_error_of_an_op_within_another_stays():
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.nn.embedding_lookup(tf.ones([2, 2]), [3])


@pytest.mark.parametrize("call, error", [
    (lambda: tf.constant("a", tf.float32), TypeError),
    (lambda: int(tf.constant([1, 2])), TypeError),
    (lambda: tf.one_hot([1.0], 3), tf.errors.InvalidArgumentError),
    (lambda: tf.slice(tf.ones([3]), [1], [5]), tf.errors.InvalidArgumentError),
    (lambda: tf.slice(tf.ones([3]), [1, 0], [5, 0]), tf.errors.InvalidArgumentError),
    (lambda: tf.pad(tf.ones([2]), [[1, 1], [1, 1]]), tf.errors.InvalidArgumentError),
    (lambda: tf.range(0, 5, 0), tf.errors.InvalidArgumentError),
    (lambda: tf.nn.conv2d(tf.ones([1, 2, 2, 1]), tf.ones([1, 1, 1, 1]), 1, "WRONG"),
     tf.errors.InvalidArgumentError),
    (lambda: tf.logical_and([1], [True]), TypeError),
    (lambda: list(tf.data.TFRecordDataset("/nowhere")), tf.errors.NotFoundError),
])
def test_errors_are_tensorflows(call, error):
    with pytest.raises(error):
        call()


def test_numbers_that_functions_return_become_tensors():
    @tf.function
    def parts(x):
        return 2 * x, {"count": 3, "none": None}

    doubled, others = parts(2.0)
    assert doubled.numpy() == 4.0 and others["count"].dtype is tf.int32 and others["none"] is None


def test_text_of_several_lines():
    assert str(tf.ones([2, 2])) == "tf.Tensor(\n[[1. 1.]\n [1. 1.]], shape=(2, 2), dtype=float32)"
    assert repr(tf.constant([["a"], ["b"]])).startswith("<tf.Tensor: shape=(2, 1), dtype=string, "
                                                        "numpy=")
    data = tf.data.Dataset.range(3).batch(2)
    assert repr(data) == ("<_BatchDataset element_spec=TensorSpec(shape=(None,), dtype=tf.int64, "
                          "name=None)>")
    feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[b'a"b\xff']))
    assert repr(feature) == 'bytes_list {\n  value: "a\\042b\\377"\n}\n'
