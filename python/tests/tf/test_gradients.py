"""GradientTape, custom_gradient, tf.function and tf.Module."""

import gc
import weakref

import numpy as np
import pytest

import tenon
import tenon.tf as tf


def test_structures_and_unconnected():
    w, b, other = tf.Variable([1.0, 2.0]), tf.Variable(0.5), tf.Variable(1.0)
    with tf.GradientTape(persistent=True) as tape:
        loss = tf.reduce_sum(w * w) + b * 3.0
    grads = tape.gradient(loss, {"w": w, "rest": [b, other]})
    assert grads["w"].numpy().tolist() == [2.0, 4.0]
    assert grads["rest"][0].numpy() == 3.0 and grads["rest"][1] is None
    zero = tape.gradient(loss, other, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    assert zero.numpy() == 0.0
    assert tape.gradient(tf.constant(1.0), w) is None


def test_a_tape_gives_gradients_once():
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = x * x
    tape.gradient(y, x)
    with pytest.raises(RuntimeError, match="non-persistent"):
        tape.gradient(y, x)


def test_several_targets_and_output_gradients():
    x = tf.Variable([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        y, z = x * 2.0, x * x
    assert tape.gradient([y, z], x).numpy().tolist() == [4.0, 6.0]
    assert (tape.gradient(z, x, output_gradients=tf.constant([1.0, 10.0])).numpy().tolist()
            == [2.0, 40.0])


def test_two_tapes_over_the_same_ops():
    a, b = tf.Variable(2.0), tf.Variable(3.0)
    with tf.GradientTape() as first, tf.GradientTape() as second:
        shared = a * b
        one, two = shared * shared, shared + b
    assert first.gradient(one, a).numpy() == 36.0
    assert second.gradient(two, b).numpy() == 3.0


def test_higher_order():
    x = tf.Variable(2.0)
    with tf.GradientTape() as third:
        with tf.GradientTape() as second:
            with tf.GradientTape() as first:
                y = x ** 4
            dy = first.gradient(y, x)
        d2y = second.gradient(dy, x)
    assert (dy.numpy(), d2y.numpy(), third.gradient(d2y, x).numpy()) == (32.0, 48.0, 48.0)


def test_watch_of_tensors_and_of_nothing():
    x, w = tf.constant([1.0, 2.0]), tf.Variable(2.0)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        y = tf.reduce_sum(x * x) * w
    gx, gw = tape.gradient(y, [x, w])
    assert gx.numpy().tolist() == [4.0, 8.0] and gw is None


def test_stop_recording_and_stop_gradient():
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = x * x
        with tape.stop_recording():
            z = x * 5.0
        loss = y + z + tf.stop_gradient(x * x)
    assert tape.gradient(loss, x).numpy() == 6.0


def test_jacobians():
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        s = tf.reduce_sum(y, axis=1)
    full = tape.jacobian(s, x).numpy()
    np.testing.assert_array_equal(full, [[[2, 4], [0, 0]], [[0, 0], [6, 8]]])
    np.testing.assert_array_equal(tape.batch_jacobian(y, x).numpy(),
                                  [[[2, 0], [0, 4]], [[6, 0], [0, 8]]])


def test_the_graph_goes_with_the_gradients():
    w = tf.Variable(tf.ones([10]))
    with tf.GradientTape() as tape:
        hidden = tf.exp(w)
        loss = tf.reduce_sum(hidden * hidden)
    gone = weakref.ref(hidden)
    tape.gradient(loss, w)
    del hidden
    gc.collect()
    assert gone() is None
    total = tf.constant(0.0)
    for _ in range(3):
        total += loss  # a sum outside of the tape
    assert not total.requires_grad


def test_custom_gradient():
    @tf.custom_gradient
    def log1pexp(x):
        e = tf.exp(x)
        return tf.math.log(1 + e), lambda upstream: upstream * (1 - 1 / (1 + e))

    x = tf.constant(100.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = log1pexp(x)
    assert tape.gradient(y, x).numpy() == 1.0

    @tf.custom_gradient
    def flipped(a, b):
        return (a * b, a), lambda da, db: (-da, -db)

    a, b = tf.Variable(2.0), tf.Variable(3.0)
    with tf.GradientTape() as tape:
        first, second = flipped(a, b)
        loss = first * 2.0 + second
    assert [one.numpy() for one in tape.gradient(loss, [a, b])] == [-2.0, -1.0]


def test_recompute_grad():
    w = tf.Variable(2.0)
    block = tf.recompute_grad(lambda x: tf.exp(x * w))
    x = tf.constant(0.5)
    with tf.GradientTape() as tape:
        y = block(x)
    np.testing.assert_allclose(tape.gradient(y, w).numpy(), 0.5 * np.e, rtol=1e-6)


def test_function_computes_the_same():
    w = tf.Variable([[1.0], [2.0]])

    @tf.function
    def step(x, y, rate):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(x @ w - y))
        w.assign_sub(rate * tape.gradient(loss, w))
        return loss

    x, y = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32), np.array([[3.0], [5.0]], np.float32)
    losses = [step(x, y, 0.5).numpy() for _ in range(3)]
    np.testing.assert_allclose(losses, [6.5, 1.625, 0.40625], rtol=1e-6)
    np.testing.assert_allclose(w.numpy(), [[2.75], [4.625]], rtol=1e-6)


def test_function_under_a_tape():
    w = tf.Variable(3.0)
    square = tf.function(lambda x: w * x * x)
    x = tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = square(x)
    gw, gx = tape.gradient(y, [w, x])
    assert (gw.numpy(), gx.numpy()) == (4.0, 12.0)
    assert not square(x).requires_grad


def test_control_flow_just_runs():
    @tf.function
    def collatz(n):
        count = tf.constant(0)
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            count += 1
        return count

    assert collatz(tf.constant(6)).numpy() == 8 and collatz(tf.constant(7)).numpy() == 16


def test_input_signature():
    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32)])
    def total(x):
        return tf.reduce_sum(x)

    assert total(np.ones((3, 2), np.float32)).numpy() == 6.0 and total([[1.0, 2.0]]).numpy() == 3.0
    with pytest.raises(TypeError, match="TensorSpec"):
        total(tf.ones([3, 3]))
    with pytest.raises((TypeError, ValueError)):
        total(tf.constant([["a", "b"]]))
    concrete = total.get_concrete_function()
    assert concrete(tf.ones([1, 2])).numpy() == 2.0
    assert concrete.inputs == [tf.TensorSpec([None, 2], tf.float32)]


def test_run_functions_eagerly():
    tf.config.run_functions_eagerly(True)
    try:
        assert tf.config.functions_run_eagerly()
        assert tf.function(lambda x: x + 1)(tf.constant(1)).numpy() == 2
    finally:
        tf.config.run_functions_eagerly(False)


class Linear(tf.Module):
    def __init__(self, outputs, name=None):
        super().__init__(name=name)
        self.w = tf.Variable(tf.ones([2, outputs]), name="w")
        self.scales = [tf.Variable(2.0), {"frozen": tf.Variable(1.0, trainable=False)}]

    @tf.function
    def __call__(self, x):
        return x @ self.w * self.scales[0]


def test_module():
    first, second = Linear(3, name="first"), Linear(1)
    model = tf.Module()
    model.layers = [first, second]
    assert len(model.variables) == 6 and len(model.trainable_variables) == 4
    assert [one.name for one in (first, second)] == ["first", "linear"]
    assert set(model.submodules) == {first, second}
    assert isinstance(model, tenon.nn.Module)
    x = tf.ones([1, 2])
    assert first(x).numpy().tolist() == [[4.0, 4.0, 4.0]] and second(x).numpy().tolist() == [[4.0]]
    with pytest.raises(ValueError, match="valid module name"):
        tf.Module(name="not a name")


def test_tensor_array_and_loops():
    array = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    for i in range(3):
        array = array.write(i, tf.fill([2], float(i)))
    assert array.stack().numpy().tolist() == [[0, 0], [1, 1], [2, 2]]
    assert array.read(1).numpy().tolist() == [1, 1] and array.size().numpy() == 3
    assert array.concat().shape == [6]
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.TensorArray(tf.float32, size=1).write(3, 1.0)
    x = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        _, y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x),
                             (tf.constant(0), tf.constant(1.0)))
    assert tape.gradient(y, x).numpy() == 12.0


def test_gradients_of_views_and_scatters():
    x = tf.Variable([1.0, 2.0, 3.0, 4.0])
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(x[::-1] * tf.constant([1.0, 2.0, 3.0, 4.0]))
        y += tf.reduce_sum(tf.gather(x, [0, 0, 3])) * 10.0
        y += tf.reduce_sum(tf.tensor_scatter_nd_update(x, [[1]], [7.0])) * 100.0
    assert tape.gradient(y, x).numpy().tolist() == [124.0, 3.0, 102.0, 111.0]


def test_gradients_are_of_the_values_that_were_computed_with():
    x = tf.constant([[1.0, 2.0]])
    w, v = tf.Variable([[2.0], [3.0]]), tf.Variable([[1.0]])
    with tf.GradientTape() as first, tf.GradientTape() as second:
        y = tf.matmul(tf.matmul(x * v, w), v)
        z = y * y
    first.gradient(y, [w, v])
    w.assign([[7.0], [8.0]])
    v.assign([[5.0]])
    of_w, of_v = second.gradient(z, [w, v])  # of w = [2, 3], v = 1
    assert of_w.numpy().tolist() == [[16], [32]] and of_v.numpy().tolist() == [[256]]
    assert w.numpy().tolist() == [[7], [8]]
    with tf.GradientTape(persistent=True) as tape:
        y = w * w
        w.assign_add([[1.0], [1.0]])
        z = y * w
    assert tape.gradient(y, w).numpy().tolist() == [[14], [16]]
    assert tape.gradient(z, w).numpy().tolist() == [[161], [208]]  # 2 7 8 + 49, 2 8 9 + 64


@pytest.mark.parametrize("compiled", [False, True])
def test_two_optimizers_take_their_turns(compiled):
    a, b = tf.Variable(2.0), tf.Variable(3.0)
    first, second = tf.keras.optimizers.SGD(0.1), tf.keras.optimizers.SGD(0.1, momentum=0.9)

    def step(x):
        with tf.GradientTape() as of_a, tf.GradientTape() as of_b:
            y = a * b * x
            z = y * y
        first.apply_gradients([(of_a.gradient(y, a), a)])
        second.apply_gradients([(of_b.gradient(z, b), b)])

    step = tf.function(step) if compiled else step
    mine, others, speed = 2.0, 3.0, 0.0
    for _ in range(3):
        step(tf.constant(0.5))
        # d(z)/db by the a from before this step.
        speed = 0.9 * speed - 0.1 * 2 * mine * mine * others * 0.25
        mine, others = mine - 0.1 * others * 0.5, others + speed
        np.testing.assert_allclose([a.numpy(), b.numpy()], [mine, others], rtol=1e-5)


def test_autograph_leaves_functions_as_they_are():
    @tf.autograph.experimental.do_not_convert
    def triple(x):
        return 3 * x

    assert tf.function(triple)(2).numpy() == 6 and tf.autograph.to_graph(triple) is triple
    assert "return 3 * x" in tf.autograph.to_code(tf.function(triple))


def test_what_a_signature_refuses():
    with pytest.raises(TypeError, match="either a tuple or a list"):
        tf.function(lambda x: x, input_signature=tf.TensorSpec([]))
    with pytest.raises(TypeError, match="invalid args .'float32'."):
        tf.function(lambda x: x, input_signature=["float32"])
    one = tf.function(lambda x: x, input_signature=[tf.TensorSpec([])])
    with pytest.raises(TypeError, match="too many positional arguments: it takes 1, 2 are given"):
        one(tf.constant(1.0), tf.constant(2.0))


def test_concrete_functions_keep_pythons_values():
    scaled = tf.function(lambda x, by, plus=1.0: x * by + plus)
    concrete = scaled.get_concrete_function(tf.TensorSpec([None]), 3.0)
    assert concrete(tf.constant([1.0, 2.0])).numpy().tolist() == [4.0, 7.0]
    assert concrete(x=tf.constant([1.0])).numpy().tolist() == [4.0]
    named = scaled.get_concrete_function(tf.TensorSpec([]), by=tf.TensorSpec([]), plus=10.0)
    assert named(tf.constant(2.0), by=tf.constant(3.0)).numpy() == 16.0


def test_functions_count_their_plans():
    function = tf.function(lambda x: x * 2)
    for value in (1.0, 2.0, 3.0):
        function(tf.constant(value))
    assert function.experimental_get_tracing_count() == 1
    function(tf.constant(1))
    assert function.experimental_get_tracing_count() == 2


def test_map_fn_gives_the_dtypes_that_are_said():
    halves = lambda x: tf.cast(x, tf.float32) / 2.0  # noqa: E731
    with pytest.raises(tf.errors.InvalidArgumentError, match="gave float32 where int32"):
        tf.map_fn(halves, tf.constant([1, 2]))
    made = tf.map_fn(halves, tf.constant([1, 2]), fn_output_signature=tf.float32)
    assert made.numpy().tolist() == [0.5, 1.0]
