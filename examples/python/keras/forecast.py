"""A forecast of a time series: windows made by tf.data, an LSTM trained by fit()."""

import argparse

import numpy as np

from tenon import keras
import tenon.tf as tf

WINDOW = 24


def series(count, seed=0):
    """Two overlaid waves with noise."""
    t = np.arange(count)
    noise = np.random.default_rng(seed).normal(0, 0.05, count)
    return (np.sin(t * 2 * np.pi / 12) + 0.5 * np.sin(t * 2 * np.pi / 50) +
            noise).astype(np.float32)


def windows(values, batch_size):
    """Batches of WINDOW values in a row, and the value that follows each row."""
    data = tf.data.Dataset.from_tensor_slices(values)
    data = data.window(WINDOW + 1, shift=1, drop_remainder=True)
    data = data.flat_map(lambda window: window.batch(WINDOW + 1))
    data = data.map(lambda row: (row[:-1, tf.newaxis], row[-1:]))
    return data.cache().shuffle(1000).batch(batch_size).prefetch(tf.data.AUTOTUNE)


def main(epochs, count, units):
    keras.utils.set_random_seed(0)
    values = series(count)
    cut = int(count * 0.8)
    model = keras.Sequential([keras.layers.LSTM(units), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse", metrics=["mae"])
    model.fit(windows(values[:cut], 32), epochs=epochs, verbose=2)
    loss, error = model.evaluate(windows(values[cut:], 64), verbose=0)
    same_again = float(np.abs(np.diff(values[cut + WINDOW - 1:])).mean())
    print(f"mean error {error:.4f}; of saying the last value again {same_again:.4f}")
    return error, same_again


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--count", type=int, default=1500)
    parser.add_argument("--units", type=int, default=24)
    options = parser.parse_args()
    main(options.epochs, options.count, options.units)
