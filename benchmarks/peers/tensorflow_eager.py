"""TensorFlow: `tensorflow_eager.py ROW [--function] [--xla] [--serve]`; --function wraps steps in
tf.function, --xla in one that XLA compiles."""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf  # noqa: E402
from timing import LEARNING_RATE, Suite  # noqa: E402

THREADS = int(os.environ.get("OMP_NUM_THREADS", "0"))
tf.config.threading.set_intra_op_parallelism_threads(THREADS)
FUNCTION, XLA = "--function" in sys.argv, "--xla" in sys.argv
MULTIPLIES = 10


def maybe_function(body):
    if XLA:
        return tf.function(body, jit_compile=True)
    return tf.function(body) if FUNCTION else body


def add_row1(suite):
    def prepare_add():
        x, y = tf.ones(8), tf.ones(8)
        return lambda: tf.add(x, y)

    def prepare_multiply():
        x, y = tf.ones(8), tf.ones(8)

        def body():
            with tf.GradientTape() as tape:
                tape.watch(x)
                h = x
                for _ in range(MULTIPLIES):
                    h = h * y
            return tape.gradient(h, x)

        return body

    suite.time("add", "ns", 1e9, prepare_add)
    suite.time("multiply forward + backward", "ns", 1e9 / MULTIPLIES, prepare_multiply)


def add_row2(suite):
    steps = 50

    def prepare():
        x = tf.reshape(tf.linspace(-1.0, 1.0, 32), (32, 1))
        y = x * 2
        weight, bias = tf.Variable(0.0), tf.Variable(0.0)

        @maybe_function
        def step():
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(x * weight + bias - y))
            dw, db = tape.gradient(loss, [weight, bias])
            weight.assign_sub(0.01 * dw)
            bias.assign_sub(0.01 * db)

        def body():
            for _ in range(steps):
                step()

        return body

    suite.time("linear regression, SGD step", "us", 1e6 / steps, prepare)


def adam_step(model, x, y):
    optimizer = tf.keras.optimizers.Adam(LEARNING_RATE)
    loss_of = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model(x)
    optimizer.build(model.trainable_variables)

    @maybe_function
    def step():
        with tf.GradientTape() as tape:
            loss = loss_of(y, model(x, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))

    return step


def add_row3(suite):
    def prepare():
        dense = tf.keras.layers.Dense
        model = tf.keras.Sequential([dense(32, "relu"), dense(32, "relu"), dense(4)])
        y = tf.random.uniform((16,), 0, 4, tf.int32)
        return adam_step(model, tf.random.normal((16, 16)), y)

    suite.time("MLP 16-32-32-4, Adam step", "us", 1e6, prepare)


def digits_cnn():
    layers = tf.keras.layers
    return tf.keras.Sequential([
        layers.Conv2D(32, 3, activation="relu"), layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPool2D(2), layers.Flatten(), layers.Dense(128, "relu"), layers.Dense(10)])


def add_row4(suite, batch=64):
    # The policy makes float32 variables and bfloat16 layers; the loss takes float32.
    policies = {"f32": "float32", "bf16": "mixed_bfloat16"}

    def build(precision):
        tf.keras.mixed_precision.set_global_policy(policies[precision])
        model, x = digits_cnn(), tf.random.normal((batch, 28, 28, 1))
        model(x)
        tf.keras.mixed_precision.set_global_policy("float32")
        return model, x

    def prepare_training(precision):
        y = tf.random.uniform((batch,), 0, 10, tf.int32)
        model, x = build(precision)
        return adam_step(model, x, y)

    def prepare_inference(precision):
        model, x = build(precision)
        return maybe_function(lambda: model(x, training=False))

    for precision in policies:
        suite.rate(f"digits CNN training, {precision}", "images/s", batch,
                   lambda precision=precision: prepare_training(precision))
        suite.rate(f"digits CNN inference, {precision}", "images/s", batch,
                   lambda precision=precision: prepare_inference(precision))


def add_row_op(suite, name, op):
    def prepare_forward():
        x = tf.random.normal((8192, 1024))
        return maybe_function(lambda: op(x))

    def prepare_both():
        x, dy = tf.random.normal((8192, 1024)), tf.random.normal((8192, 1024))

        @maybe_function
        def body():
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = op(x)
            return tape.gradient(y, x, dy)

        return body

    suite.time(f"{name} 8192x1024 forward", "ms", 1e3, prepare_forward)
    suite.time(f"{name} 8192x1024 forward + backward", "ms", 1e3, prepare_both)


def add_row9(suite):
    def prepare_chain(links, count):
        x, y = tf.random.uniform((count,)), tf.random.uniform((count,))

        @maybe_function
        def body():
            h = x
            for _ in range(links):
                h = tf.nn.relu(h * y + x)
            return h

        return body

    def prepare_gelu():
        x = tf.random.normal((1 << 24,))
        return maybe_function(lambda: tf.nn.gelu(x))

    def prepare_cross_entropy():
        x = tf.random.normal((512, 50257))
        y = tf.random.uniform((512,), 0, 50257, tf.int32)

        @maybe_function
        def body():
            with tf.GradientTape() as tape:
                tape.watch(x)
                loss = tf.reduce_mean(
                    tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=x))
            return tape.gradient(loss, x)

        return body

    for links in 1, 4:
        for name, count in ("64K", 1 << 16), ("1M", 1 << 20), ("16M", 1 << 24):
            suite.time(f"{3 * links}-op chain, {name}", "ms", 1e3,
                       lambda links=links, count=count: prepare_chain(links, count))
    suite.time("GELU, 16M", "ms", 1e3, prepare_gelu)
    add_row_op(suite, "softmax", lambda x: tf.nn.softmax(x, 1))
    suite.time("cross-entropy 512x50257 forward + backward", "ms", 1e3, prepare_cross_entropy)


def add_row8(suite, units=256, steps=100):
    def prepare():
        wx, wh = (tf.random.normal((units, 4 * units)) * 0.05 for _ in range(2))
        bias, x = tf.zeros(4 * units), tf.random.normal((1, units))

        def step(h, c, count):
            i, f, g, o = tf.split(tf.matmul(x, wx) + tf.matmul(h, wh) + bias, 4, axis=1)
            c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
            return tf.sigmoid(o) * tf.tanh(c), c, count + 1

        @maybe_function
        def run():
            start = tf.zeros((1, units)), tf.zeros((1, units)), tf.zeros(())
            return tf.while_loop(lambda h, c, count: count < steps, step, start)

        return run

    suite.time("LSTM-256 until stop, step", "us", 1e6 / steps, prepare)


def add_row12(suite, images=60000):
    def prepare():
        x = tf.random.uniform((images, 28, 28, 1))
        y = tf.random.uniform((images,), 0, 10, tf.int32)
        loader = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(images).batch(64).prefetch(2)

        def body():
            for _ in loader:
                pass

        return body

    suite.rate("shuffled 28x28 images, batch 64", "images/s", images, prepare)


def main():
    suite = Suite(f"TensorFlow {tf.__version__}")
    {"1": add_row1, "2": add_row2, "3": add_row3, "4": add_row4, "8": add_row8,
     "9": add_row9, "12": add_row12}[sys.argv[1]](suite)
    suite.run()


main()
