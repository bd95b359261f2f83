"""Row 6p, Keras's fit() and loops in TensorFlow's style: `keras_fit.py 6 PEER [--serve]`, PEER of
--tenon, --tensorflow and --jax: images/s of the digits CNN and of a small network, from arrays,
from tf.data and by a loop of one's own; what fit() costs a step with next to nothing to do.
With --first-step, in place of that, the time from the first layer to the end of the first step,
once, as JSON."""

import json
import os
import sys
import time

import numpy as np

from timing import Suite

PEER = next(one[2:] for one in sys.argv[1:] if one in ("--tenon", "--tensorflow", "--jax"))
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


def loss_of_logits():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def compiled(model):
    model.compile(keras.optimizers.Adam(0.001), loss_of_logits(), metrics=["accuracy"])
    return model


def data(shape, batches, batch):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(batches * batch, *shape)).astype("float32")
    return x, rng.integers(0, 4, batches * batch)


def fitting(make, shape, batches, batch):
    """Prepares epochs of fit()."""
    def prepare():
        model, (x, y) = compiled(make()), data(shape, batches, batch)
        return lambda: model.fit(x, y, batch_size=batch, verbose=0)

    return prepare


def tensorflow():
    """The module tf."""
    if PEER == "tenon":
        from tenon import tf
    else:
        import tensorflow as tf
    return tf


def batched(shape, batches, batch):
    tf = tensorflow()
    x, y = data(shape, batches, batch)
    return tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1024).batch(batch).prefetch(2)


def prepare_dataset():
    model, batches = compiled(mlp()), batched((784,), 100, 64)
    return lambda: model.fit(batches, verbose=0)


def prepare_loop():
    """A loop of one's own over tf.data, its step under tf.function."""
    tf = tensorflow()
    model, optimizer, loss_of = mlp(), keras.optimizers.Adam(0.001), loss_of_logits()
    mean = keras.metrics.Mean()

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = loss_of(y, model(x, training=True))
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(grads, model.trainable_variables))
        mean.update_state(loss)

    x, y = data((784,), 100, 64)
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(64).cache()

    def epoch():
        mean.reset_state()
        for images, labels in batches:
            step(images, labels)
        return float(mean.result())

    return epoch


def first_step():
    x, y = data((28, 28, 1), 1, 64)
    start = time.perf_counter()
    compiled(cnn()).fit(x, y, batch_size=64, verbose=0)
    return 1e3 * (time.perf_counter() - start)


def main():
    if "--first-step" in sys.argv:
        print(json.dumps({"first_step_ms": first_step()}))
        return
    suite = Suite(f"Keras on {PEER}" if PEER != "tenon" else PEER)
    suite.rate("fit() of the digits CNN", "images/s", 20 * 64,
               fitting(cnn, (28, 28, 1), 20, 64))
    suite.rate("fit() of MLP 784-128-10", "images/s", 100 * 64, fitting(mlp, (784,), 100, 64))
    suite.time("fit() of MLP 8-8-4, step", "us", 1e6 / 1000,
               fitting(lambda: mlp(8, 8, 4), (8,), 1000, 8))
    if PEER != "jax":
        suite.rate("fit() of MLP 784-128-10 from tf.data", "images/s", 100 * 64, prepare_dataset)
        suite.rate("loop with tf.function, MLP 784-128-10", "images/s", 100 * 64, prepare_loop)
    suite.run()


if __name__ == "__main__":
    main()
