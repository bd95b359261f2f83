"""A training loop written out: `custom_loop.py PEER`, of tenon and tensorflow: a step of a
GradientTape under tf.function with an optimizer of Keras, us: of a linear model of two variables,
of an MLP 8-8-4 and of one 784-128-10 with batches of 32. Run it for each peer in turn, in an
environment that has it."""

import json
import os
import sys
import time

import numpy as np

PEER = sys.argv[1]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if PEER == "tenon":
    import tenon.tf as tf
else:
    import tensorflow as tf


class Linear(tf.Module):
    def __init__(self):
        super().__init__()
        self.w, self.b = tf.Variable(0.0), tf.Variable(0.0)

    def __call__(self, x):
        return self.w * x + self.b


def linear():
    model, optimizer = Linear(), tf.optimizers.SGD(0.01)
    x = tf.constant([1.0, 2.0, 3.0, 4.0])
    y = 2.0 * x

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(x) - y))
        variables = [model.w, model.b]
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        return loss

    return step


def mlp(inputs, hidden, outputs, batch):
    layers = tf.keras.layers
    model = tf.keras.Sequential([layers.Input((inputs,)), layers.Dense(hidden, activation="relu"),
                                 layers.Dense(outputs)])
    optimizer = tf.keras.optimizers.Adam(0.001)
    measure = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(size=(batch, inputs)).astype("float32"))
    y = tf.constant(rng.integers(0, outputs, batch))

    @tf.function
    def train(x, y):
        with tf.GradientTape() as tape:
            loss = measure(y, model(x, training=True))
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(grads, model.trainable_variables))
        return loss

    return lambda: train(x, y)


def seconds_per_step(step, count):
    """The best of three rounds after one."""
    times = []
    for _ in range(4):
        start = time.perf_counter()
        for _ in range(count):
            loss = step()
        float(loss)
        times.append((time.perf_counter() - start) / count)
    return min(times[1:])


def main():
    results = {"linear": seconds_per_step(linear(), 1000),
               "MLP 8-8-4": seconds_per_step(mlp(8, 8, 4, 8), 500),
               "MLP 784-128-10": seconds_per_step(mlp(784, 128, 10, 32), 300)}
    print(json.dumps({"peer": PEER, "us a step": {name: round(1e6 * value, 1)
                                                  for name, value in results.items()}}))


if __name__ == "__main__":
    main()
