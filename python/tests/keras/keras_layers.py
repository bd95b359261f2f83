"""Layers that tests of models are made of."""

import tenon as torch
from tenon import keras


class Affine(keras.Layer):
    """x @ kernel + bias, then an activation of tenon's."""

    def __init__(self, units, activation=None, kernel_regularizer=None, **kwargs):
        super().__init__(**kwargs)
        self.units, self.activation = units, activation
        self.kernel_regularizer = kernel_regularizer

    def build(self, input_shape):
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], self.units),
                                      regularizer=self.kernel_regularizer)
        self.bias = self.add_weight(name="bias", shape=(self.units,), initializer="zeros")

    def call(self, x):
        y = x @ self.kernel + self.bias
        return y if self.activation is None else getattr(torch, self.activation)(y)

    def get_config(self):
        return {**super().get_config(), "units": self.units, "activation": self.activation,
                "kernel_regularizer": self.kernel_regularizer}
