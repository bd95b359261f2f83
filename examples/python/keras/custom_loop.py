"""A training loop of one's own, compiled by tf.function: two moons told apart."""

import argparse

import numpy as np

from tenon import keras
import tenon.tf as tf


def moons(count, seed=0):
    """Points of two half circles that reach into each other, and which one each is of."""
    random = np.random.default_rng(seed)
    angles, labels = random.uniform(0, np.pi, count), random.integers(0, 2, count)
    x = np.where(labels, 1 - np.cos(angles), np.cos(angles))
    y = np.where(labels, 0.5 - np.sin(angles), np.sin(angles))
    points = np.stack([x, y], 1) + random.normal(0, 0.1, (count, 2))
    return points.astype(np.float32), labels.astype(np.int64)


def main(epochs, count):
    keras.utils.set_random_seed(0)
    points, labels = moons(count)
    held_back = count // 5
    train = tf.data.Dataset.from_tensor_slices((points[held_back:], labels[held_back:]))
    train = train.shuffle(count).batch(32)
    test = tf.data.Dataset.from_tensor_slices((points[:held_back], labels[:held_back])).batch(64)

    model = keras.Sequential([keras.layers.Dense(32, activation="relu"),
                              keras.layers.Dense(32, activation="relu"), keras.layers.Dense(2)])
    optimizer = keras.optimizers.Adam(0.01)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    mean_loss, accuracy = keras.metrics.Mean(), keras.metrics.SparseCategoricalAccuracy()

    @tf.function
    def train_step(x, y):
        with tf.GradientTape() as tape:
            loss = loss_of(y, model(x, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        gradients, _ = tf.clip_by_global_norm(gradients, 1.0)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        return loss

    for epoch in range(epochs):
        mean_loss.reset_state()
        accuracy.reset_state()
        for x, y in train:
            mean_loss.update_state(train_step(x, y))
        for x, y in test:
            accuracy.update_state(y, model(x))
        print(f"Epoch {epoch + 1}: loss {float(mean_loss.result()):.4f}, "
              f"accuracy {float(accuracy.result()):.2%}")
    return float(accuracy.result())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--count", type=int, default=1000)
    options = parser.parse_args()
    main(options.epochs, options.count)
