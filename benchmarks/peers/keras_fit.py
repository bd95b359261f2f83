"""Keras's fit(): `keras_fit.py PEER`, of tenon, tensorflow and jax: images/s of the digits CNN and
of a small network, what fit() costs a step where there is next to nothing to compute, and the time
from the first layer to the end of the first step. Run it for each peer in turn, in an environment
that has it."""

import json
import os
import sys
import time

import numpy as np

PEER = sys.argv[1]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
if PEER == "tenon":
    from tenon import keras
    from tenon.keras import layers
else:
    os.environ["KERAS_BACKEND"] = PEER
    import keras
    from keras import layers


def cnn():
    return keras.Sequential([
        layers.Input((28, 28, 1)), layers.Conv2D(16, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(), layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(), layers.Flatten(), layers.Dense(64, activation="relu"),
        layers.Dense(10)])


def mlp(inputs=784, hidden=128, outputs=10):
    return keras.Sequential([layers.Input((inputs,)), layers.Dense(hidden, activation="relu"),
                             layers.Dense(outputs)])


def compiled(model):
    model.compile(keras.optimizers.Adam(0.001),
                  keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                  metrics=["accuracy"])
    return model


def data(shape, batches, batch):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(batches * batch, *shape)).astype("float32")
    return x, rng.integers(0, 4, batches * batch)


def seconds_per_step(model, shape, batches, batch):
    """The best of three epochs after one that compiles."""
    x, y = data(shape, batches, batch)
    model.fit(x, y, batch_size=batch, verbose=0)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        model.fit(x, y, batch_size=batch, verbose=0)
        times.append((time.perf_counter() - start) / batches)
    return min(times)


def first_step():
    x, y = data((28, 28, 1), 1, 64)
    start = time.perf_counter()
    compiled(cnn()).fit(x, y, batch_size=64, verbose=0)
    return time.perf_counter() - start


def main():
    results = {"first step of the digits CNN, ms": 1e3 * first_step()}
    results["digits CNN, images/s"] = 64 / seconds_per_step(compiled(cnn()), (28, 28, 1), 60, 64)
    results["MLP 784-128-10, images/s"] = 64 / seconds_per_step(compiled(mlp()), (784,), 300, 64)
    seconds = seconds_per_step(compiled(mlp(8, 8, 4)), (8,), 1000, 8)
    results["a step of MLP 8-8-4, us"] = 1e6 * seconds
    print(json.dumps({"peer": PEER, **{name: round(value, 1) for name, value in results.items()}}))


if __name__ == "__main__":
    main()
