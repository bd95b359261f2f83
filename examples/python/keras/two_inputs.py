"""A functional model with two inputs and two losses: of two pictures of digits it tells the sum of
the digits, and whether they are equal. One branch sees both pictures.

usage: two_inputs.py [--epochs 5] [--images 2000]
"""

import argparse

import numpy as np
from tenon import keras
from tenon.data import draw_digit_sets
from tenon.keras import layers


def pairs(digits, seed):
    """Pictures two by two, half of them of equal digits."""
    images = digits.data.numpy().reshape(-1, 28, 28, 1).astype("float32") / 255
    labels = digits.targets.numpy()
    rng = np.random.default_rng(seed)
    other = rng.permutation(len(labels))
    for i in range(0, len(labels), 2):
        other[i] = rng.choice(np.flatnonzero(labels == labels[i]))
    inputs = {"first": images, "second": images[other]}
    targets = {"sum": (labels + labels[other]).astype("float32"),
               "equal": (labels == labels[other]).astype("float32")}
    return inputs, targets


def two_inputs():
    branch = keras.Sequential([
        layers.Input((28, 28, 1)),
        layers.Conv2D(8, 5, strides=2, activation="relu"),
        layers.Conv2D(16, 3, strides=2, activation="relu"),
        layers.Flatten(),
        layers.Dense(32, activation="relu"),
    ], name="branch")
    first = keras.Input(shape=(28, 28, 1), name="first")
    second = keras.Input(shape=(28, 28, 1), name="second")
    one, other = branch(first), branch(second)
    both = layers.concatenate([one + other, one * other])
    hidden = layers.Dense(32, activation="relu")(both)
    total = layers.Dense(1, name="sum")(hidden)
    equal = layers.Dense(1, activation="sigmoid", name="equal")(hidden)
    return keras.Model(inputs=[first, second], outputs=[total, equal])


def main(arguments=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--images", type=int, default=2000)
    options = parser.parse_args(arguments)

    keras.utils.set_random_seed(0)
    train, test = draw_digit_sets(options.images, options.images // 5, 1)
    model = two_inputs()
    model.compile(optimizer=keras.optimizers.Adam(0.003),
                  loss={"sum": "mse", "equal": "binary_crossentropy"},
                  loss_weights={"sum": 0.1, "equal": 1.0},
                  metrics={"sum": ["mae"], "equal": ["accuracy"]})
    model.summary()
    history = model.fit(*pairs(train, 1), epochs=options.epochs, batch_size=32,
                        validation_data=pairs(test, 2), verbose=2)
    return history.history


if __name__ == "__main__":
    main()
