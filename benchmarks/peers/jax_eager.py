"""JAX: `jax_eager.py ROW [--jit] [--serve]`; --jit compiles each step."""

import functools
import os
import sys

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
from timing import LEARNING_RATE, Suite  # noqa: E402

JIT = "--jit" in sys.argv
MULTIPLIES = 10


def maybe_jit(function):
    return jax.jit(function) if JIT else function


def waited(function, *arguments):
    """The call with its results awaited: JAX returns before they are there."""
    return lambda: jax.block_until_ready(function(*arguments))


def normal(*sizes):
    return jax.random.normal(jax.random.key(1), sizes)


def add_row1(suite):
    x = jnp.ones(8)

    def chain(x, y):
        for _ in range(MULTIPLIES):
            x = x * y
        return jnp.sum(x)

    suite.time("add", "ns", 1e9, lambda: waited(jnp.add, x, x))
    suite.time("multiply forward + backward", "ns", 1e9 / MULTIPLIES,
               lambda: waited(maybe_jit(jax.grad(chain)), x, x))


def add_row2(suite):
    steps = 100

    def prepare():
        x = jnp.linspace(-1, 1, 32).reshape(32, 1)
        y = x * 2

        def loss(parameters):
            weight, bias = parameters
            return jnp.mean(jnp.square(x * weight + bias - y))

        @maybe_jit
        def step(parameters):
            gradients = jax.grad(loss)(parameters)
            return tuple(p - 0.01 * g for p, g in zip(parameters, gradients))

        def body():
            parameters = jnp.zeros(()), jnp.zeros(())
            for _ in range(steps):
                parameters = step(parameters)
            jax.block_until_ready(parameters)

        return body

    def prepare_rolled():
        x = jnp.linspace(-1, 1, 32).reshape(32, 1)
        y = x * 2

        @jax.jit
        def train(parameters, x, y):
            def loss(parameters):
                return jnp.mean(jnp.square(x * parameters[0] + parameters[1] - y))

            def step(_, parameters):
                return tuple(p - 0.01 * g for p, g in zip(parameters, jax.grad(loss)(parameters)))

            return jax.lax.fori_loop(0, 1000, step, parameters)

        return waited(train, (jnp.zeros(()), jnp.zeros(())), x, y)

    suite.time("linear regression, SGD step", "us", 1e6 / steps, prepare)
    if JIT:
        suite.time("rolled linear regression, SGD step", "us", 1e6 / 1000, prepare_rolled)


def cross_entropy(logits, y):
    rows = jnp.arange(logits.shape[0])
    return -jnp.mean(jax.nn.log_softmax(logits)[rows, y])


def adam_step(loss, parameters):
    """A body that does one Adam step on the parameters it keeps."""

    @maybe_jit
    def step(parameters, m, v, t):
        g = jax.grad(loss)(parameters)
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        rate = LEARNING_RATE * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        parameters = jax.tree.map(
            lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-8), parameters, m, v)
        return parameters, m, v, t + 1

    zeros = jax.tree.map(jnp.zeros_like, parameters)
    state = [parameters, zeros, zeros, jnp.ones(())]

    def body():
        state[:] = step(*state)
        jax.block_until_ready(state)

    return body


def dense(inputs, outputs):
    return normal(inputs, outputs) * 0.05, jnp.zeros(outputs)


def add_row3(suite):
    def prepare():
        x, y = normal(16, 16), jax.random.randint(jax.random.key(2), (16,), 0, 4)

        def loss(parameters):
            h = x
            for weight, bias in parameters[:-1]:
                h = jax.nn.relu(h @ weight + bias)
            weight, bias = parameters[-1]
            return cross_entropy(h @ weight + bias, y)

        return adam_step(loss, [dense(16, 32), dense(32, 32), dense(32, 4)])

    suite.time("MLP 16-32-32-4, Adam step", "us", 1e6, prepare)


def digits_cnn(parameters, x, dtype=jnp.float32):
    def conv(x, weight, bias):
        dimensions = ("NHWC", "HWIO", "NHWC")
        y = jax.lax.conv_general_dilated(x, weight, (1, 1), "VALID", dimension_numbers=dimensions)
        return jax.nn.relu(y + bias)

    # Mixed precision keeps float32 parameters and the loss in float32.
    conv1, conv2, fc1, fc2 = jax.tree.map(lambda p: p.astype(dtype), parameters)
    h = conv(conv(x.astype(dtype), *conv1), *conv2)
    h = jax.lax.reduce_window(h, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    h = h.reshape(h.shape[0], -1)
    return (jax.nn.relu(h @ fc1[0] + fc1[1]) @ fc2[0] + fc2[1]).astype(jnp.float32)


def add_row4(suite, batch=64):
    parameters = [(normal(3, 3, 1, 32) * 0.1, jnp.zeros(32)),
                  (normal(3, 3, 32, 64) * 0.1, jnp.zeros(64)), dense(9216, 128), dense(128, 10)]
    x = normal(batch, 28, 28, 1)
    y = jax.random.randint(jax.random.key(2), (batch,), 0, 10)
    for precision, dtype in ("f32", jnp.float32), ("bf16", jnp.bfloat16):
        model = functools.partial(digits_cnn, dtype=dtype)
        suite.rate(f"digits CNN training, {precision}", "images/s", batch,
                   lambda model=model: adam_step(
                       lambda p: cross_entropy(model(p, x), y), parameters))
        suite.rate(f"digits CNN inference, {precision}", "images/s", batch,
                   lambda model=model: waited(maybe_jit(model), parameters, x))


def add_row_op(suite, name, op):
    def backward(x, dy):
        return jax.vjp(op, x)[1](dy)

    suite.time(f"{name} 8192x1024 forward", "ms", 1e3,
               lambda: waited(maybe_jit(op), normal(8192, 1024)))
    suite.time(f"{name} 8192x1024 forward + backward", "ms", 1e3,
               lambda: waited(maybe_jit(backward), normal(8192, 1024), normal(8192, 1024)))


def add_row9(suite):
    def chain(links):
        def body(x, y):
            h = x
            for _ in range(links):
                h = jax.nn.relu(h * y + x)
            return h

        return maybe_jit(body)

    for links in 1, 4:
        for name, count in ("64K", 1 << 16), ("1M", 1 << 20), ("16M", 1 << 24):
            suite.time(f"{3 * links}-op chain, {name}", "ms", 1e3,
                       lambda links=links, count=count: waited(
                           chain(links), normal(count), normal(count)))
    suite.time("GELU, 16M", "ms", 1e3, lambda: waited(
        maybe_jit(lambda x: jax.nn.gelu(x, approximate=False)), normal(1 << 24)))
    add_row_op(suite, "softmax", lambda x: jax.nn.softmax(x, 1))
    labels = jax.random.randint(jax.random.key(2), (512,), 0, 50257)
    suite.time("cross-entropy 512x50257 forward + backward", "ms", 1e3, lambda: waited(
        maybe_jit(jax.grad(lambda x: cross_entropy(x, labels))), normal(512, 50257)))


def add_row8(suite, units=256, steps=100):
    def prepare():
        keys = jax.random.split(jax.random.key(1), 3)
        wx, wh = (jax.random.normal(key, (units, 4 * units)) * 0.05 for key in keys[:2])
        x = jax.random.normal(keys[2], (1, units))

        def step(state):
            h, c, count = state
            i, f, g, o = jnp.split(x @ wx + h @ wh, 4, axis=1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return jax.nn.sigmoid(o) * jnp.tanh(c), c, count + 1

        @maybe_jit
        def run():
            start = jnp.zeros((1, units)), jnp.zeros((1, units)), jnp.zeros(())
            return jax.lax.while_loop(lambda state: state[2] < steps, step, start)

        return lambda: jax.block_until_ready(run())

    suite.time("LSTM-256 until stop, step", "us", 1e6 / steps, prepare)


def main():
    suite = Suite(f"JAX {jax.__version__}")
    {"1": add_row1, "2": add_row2, "3": add_row3, "4": add_row4,
     "8": add_row8, "9": add_row9}[sys.argv[1]](suite)
    suite.run()


main()
