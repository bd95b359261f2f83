"""Transfer learning: a network learns to read the digits 0 to 4; its convolutions, frozen, then
serve one that learns 5 to 9 from a few pictures; at last all of it is tuned with a small rate.

usage: transfer_learning.py [--epochs 5] [--images 2000]
"""

import argparse

from tenon import keras
from tenon.data import draw_digit_sets
from tenon.keras import layers


def part(digits, wanted, count=None):
    images = digits.data.numpy().reshape(-1, 28, 28, 1).astype("float32") / 255
    labels = digits.targets.numpy()
    chosen = [i for i, label in enumerate(labels) if label in wanted][:count]
    return images[chosen], labels[chosen] - wanted[0]


def convolutions():
    return keras.Sequential([
        layers.Input((28, 28, 1)),
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(32, 3, activation="relu"),
        layers.BatchNormalization(),
        layers.MaxPooling2D(),
    ], name="convolutions")


def classifier(base):
    inputs = keras.Input((28, 28, 1))
    x = base(inputs, training=False) if not base.trainable else base(inputs)
    x = layers.Flatten()(x)
    x = layers.Dropout(0.2)(x)
    return keras.Model(inputs, layers.Dense(5, activation="softmax")(x))


def train(model, rate, data, test, epochs):
    model.compile(optimizer=keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy",
                  metrics=["accuracy"])
    history = model.fit(*data, epochs=epochs, batch_size=16, validation_data=test, verbose=2)
    return history.history["val_accuracy"][-1]


def main(arguments=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--images", type=int, default=2000)
    options = parser.parse_args(arguments)

    keras.utils.set_random_seed(0)
    digits, held = draw_digit_sets(options.images, options.images // 4, 1)
    base = convolutions()
    first = train(classifier(base), 1e-3, part(digits, range(5)), part(held, range(5)),
                  options.epochs)

    base.trainable = False
    frozen = [weight.copy() for weight in base.get_weights()]
    model = classifier(base)
    few, test = part(digits, range(5, 10), 100), part(held, range(5, 10))
    second = train(model, 1e-3, few, test, 2 * options.epochs)
    kept = all((a == b).all() for a, b in zip(frozen, base.get_weights()))

    base.trainable = True
    third = train(model, 1e-4, few, test, options.epochs)
    print(f"accuracy: {first:.3f} of 0 to 4; of 5 to 9 from 100 pictures {second:.3f} with frozen "
          f"convolutions, {third:.3f} tuned")
    return first, second, third, kept


if __name__ == "__main__":
    main()
