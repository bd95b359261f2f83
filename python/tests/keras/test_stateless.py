"""Training by functions of variables' values, as JAX's programs do it."""

import numpy as np
import pytest
import tenon as torch

from tenon import keras
from tenon.keras import layers

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(24, 4)).astype("f"), RANDOM.normal(size=(24, 1)).astype("f")


def model():
    keras.utils.set_random_seed(3)
    made = keras.Sequential([
        keras.Input((4,)), layers.Dense(5, kernel_regularizer=keras.regularizers.L2(0.1)),
        layers.BatchNormalization(momentum=0.5), layers.Dense(1)])
    made.compile(keras.optimizers.Adam(0.01), "mse")
    return made


def test_a_loop_of_values_is_fit():
    usual, by_values = model(), model()
    usual.fit(X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    optimizer = keras.optimizers.Adam(0.01)
    optimizer.build(by_values.trainable_variables)
    first = by_values.get_weights()

    def values(variables):
        return [one.detach().clone() for one in variables]

    trained, kept = (values(by_values.trainable_variables),
                     values(by_values.non_trainable_variables))
    state = values(optimizer.variables)
    for _ in range(2):
        for i in range(0, 24, 8):
            trained = [one.requires_grad_() for one in trained]
            y, kept, losses = by_values.stateless_call(trained, kept, X[i:i + 8], training=True,
                                                       return_losses=True)
            loss = ((y - torch.tensor(Y[i:i + 8])) ** 2).mean() + sum(losses)
            grads = torch.autograd.grad(loss, trained)
            trained, state = optimizer.stateless_apply(state, grads, values(trained))
    for one, other in zip(usual.trainable_variables, trained):
        assert np.abs(one.numpy() - other.numpy()).max() < 1e-6
    for one, other in zip(usual.non_trainable_variables, kept):
        assert np.abs(one.numpy() - other.numpy()).max() < 1e-6
    for one, other in zip(first, by_values.get_weights()):
        assert (one == other).all()  # the model itself stays
    assert state[0] == 6 and optimizer.iterations == 0


def test_metrics_of_values():
    metric = keras.metrics.MeanAbsoluteError()
    values = metric.stateless_reset_state()
    for i in range(0, 24, 8):
        values = metric.stateless_update_state(values, Y[i:i + 8], X[i:i + 8, :1])
    assert metric.stateless_result(values).item() == pytest.approx(np.abs(Y - X[:, :1]).mean(),
                                                                   rel=1e-5)
    assert metric.result() == 0


def test_variables_of_the_users_own_layers():
    class Counting(layers.Layer):
        def build(self, shape):
            self.count = self.add_weight((), "zeros", trainable=False, name="count")

        def call(self, x):
            self.count.assign_add(1.0)
            return x * self.count

    layer = Counting()
    layer.build((None, 2))
    y, (count,) = layer.stateless_call([], [np.float32(4)], np.ones((1, 2), "f"))
    assert y.tolist() == [[5, 5]] and count == 5 and layer.count == 0


def test_mistakes():
    made = model()
    values = [made.trainable_variables, made.non_trainable_variables]
    with pytest.raises(ValueError, match="a value for each of the 6 variables .* not 2"):
        made.stateless_call(values[0][:2], values[1], X)
    with pytest.raises(ValueError, match=r"value of 'kernel' has shape \(5,\), the variable \(4"):
        made.stateless_call(values[0][1:2] * 6, values[1], X)
    with pytest.raises(ValueError, match="has no variables yet"):
        layers.Dense(2).stateless_call([], [], X)
    with pytest.raises(ValueError, match="needs build"):
        keras.optimizers.SGD().stateless_apply([], [], [])
