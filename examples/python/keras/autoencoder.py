"""A convolutional autoencoder that takes the noise out of pictures of digits.

usage: autoencoder.py [--epochs 3] [--images 2000]
"""

import argparse

import numpy as np
from tenon import keras
from tenon.data import draw_digit_sets
from tenon.keras import layers


def pictures(digits):
    return digits.data.numpy().reshape(-1, 28, 28, 1).astype("float32") / 255


def add_noise(images, seed):
    noise = np.random.default_rng(seed).normal(scale=0.4, size=images.shape)
    return np.clip(images + noise, 0, 1).astype("float32")


def autoencoder():
    inputs = layers.Input(shape=(28, 28, 1))
    x = layers.Conv2D(16, (3, 3), activation="relu", padding="same")(inputs)
    x = layers.MaxPooling2D((2, 2), padding="same")(x)
    x = layers.Conv2D(16, (3, 3), activation="relu", padding="same")(x)
    x = layers.MaxPooling2D((2, 2), padding="same")(x)
    x = layers.Conv2DTranspose(16, (3, 3), strides=2, activation="relu", padding="same")(x)
    x = layers.Conv2DTranspose(16, (3, 3), strides=2, activation="relu", padding="same")(x)
    x = layers.Conv2D(1, (3, 3), activation="sigmoid", padding="same")(x)
    return keras.Model(inputs, x, name="autoencoder")


def main(arguments=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--images", type=int, default=2000)
    options = parser.parse_args(arguments)

    keras.utils.set_random_seed(0)
    train, test = map(pictures, draw_digit_sets(options.images, options.images // 5, 1))
    noisy_train, noisy_test = add_noise(train, 1), add_noise(test, 2)

    model = autoencoder()
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.summary()
    history = model.fit(noisy_train, train, epochs=options.epochs, batch_size=32, shuffle=True,
                        validation_data=(noisy_test, test), verbose=2)
    cleaned = model.predict(noisy_test, verbose=0)
    before, after = (np.mean((one - test) ** 2) for one in (noisy_test, cleaned))
    print(f"squared error: {before:.4f} with noise, {after:.4f} without")
    return history.history, before, after


if __name__ == "__main__":
    main()
