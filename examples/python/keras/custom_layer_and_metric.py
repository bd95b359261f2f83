"""A layer and a metric of one's own: regression with a layer of Gaussian bumps, measured by the
share of predictions that are close.

    python custom_layer_and_metric.py --epochs 40
"""

import argparse

import numpy as np

import tenon.tf as tf
from tenon import keras


@keras.saving.register_keras_serializable("examples")
class Bumps(keras.layers.Layer):
    """exp(-width * |x - center|^2) for each of `units` centers, which are trained, as are
    widths."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.centers = self.add_weight(name="centers", shape=(self.units, input_shape[-1]),
                                       initializer=keras.initializers.RandomUniform(-2.0, 2.0))
        self.widths = self.add_weight(name="widths", shape=(self.units,), initializer="ones",
                                      constraint=keras.constraints.NonNeg())

    def call(self, inputs):
        apart = tf.expand_dims(inputs, 1) - self.centers
        return tf.exp(-self.widths * tf.reduce_sum(tf.square(apart), axis=-1))

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class ShareClose(keras.metrics.Metric):
    """The share of predictions within `limit` of the truth."""

    def __init__(self, limit=0.1, name="share_close", **kwargs):
        super().__init__(name=name, **kwargs)
        self.limit = limit
        self.close = self.add_weight(name="close", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        apart = tf.abs(tf.cast(y_true, y_pred.dtype) - y_pred)
        self.close.assign_add(tf.reduce_sum(tf.cast(apart < self.limit, tf.float32)))
        self.count.assign_add(tf.cast(tf.size(y_pred), tf.float32))

    def result(self):
        return self.close / self.count


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--points", type=int, default=1000)
    options = parser.parse_args(arguments)

    tf.random.set_seed(1)
    x = np.random.default_rng(1).uniform(-2, 2, (options.points, 1)).astype("float32")
    y = np.sin(3 * x)

    model = keras.Sequential([keras.Input((1,)), Bumps(16), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.05), "mse", metrics=[ShareClose()])
    history = model.fit(x, y, batch_size=50, epochs=options.epochs, verbose=0)
    first, last = (history.history["share_close"][i] for i in (0, -1))
    print(f"share of close predictions: {first:.2f} in the first epoch, {last:.2f} in the last")

    again = keras.Sequential.from_config(model.get_config())
    again.set_weights(model.get_weights())
    apart = np.abs(again.predict(x[:5], verbose=0) - model.predict(x[:5], verbose=0)).max()
    print(f"made again from its config, the model differs by {apart:.1f}")
    return history


if __name__ == "__main__":
    main()
