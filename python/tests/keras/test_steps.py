"""Steps that are run again without their code: the same numbers, and nothing that goes stale."""

import numpy as np
import pytest

import tenon as torch
from tenon import keras
from tenon.keras import layers, optimizers

X = np.random.default_rng(0).normal(size=(72, 12)).astype("float32")
Y = np.random.default_rng(1).integers(0, 4, 72)


def dense():
    return keras.Sequential([
        layers.Input((12,)), layers.Dense(16, activation="relu", kernel_regularizer="l2"),
        layers.BatchNormalization(), layers.Dropout(0.3), layers.Dense(4, activation="softmax")])


def images():
    return keras.Sequential([
        layers.Input((12,)), layers.Reshape((3, 4, 1)),
        layers.Conv2D(4, 2, padding="same", activation="relu"), layers.MaxPooling2D((1, 2)),
        layers.Flatten(), layers.LayerNormalization(), layers.Dense(4, activation="softmax")])


def recurrent():
    inputs = layers.Input((12,))
    x = layers.Reshape((4, 3))(inputs)
    x = layers.Concatenate()([layers.LSTM(5)(x), layers.GRU(4, dropout=0.2)(x) * 2.0])
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(x))


def attention():
    inputs = layers.Input((12,))
    x = layers.Reshape((4, 3))(inputs)
    x = layers.Add()([x, layers.MultiHeadAttention(2, 3, dropout=0.1)(x, x)])
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(
        layers.GlobalAveragePooling1D()(x)))


def compiled(make=dense, optimizer="adam", **options):
    keras.utils.set_random_seed(3)
    model = make()
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], **options)
    return model


def replays(function):
    return function.counters()["replays"]


def outcome(model, epochs=3):
    history = model.fit(X, Y, batch_size=8, epochs=epochs, verbose=0, validation_data=(X, Y))
    return history.history, model.get_weights(), model.predict(X, batch_size=8, verbose=0)


def expect_same(one, other, tolerance=0):
    for name, numbers in one[0].items():
        np.testing.assert_allclose(numbers, other[0][name], rtol=tolerance)
    for a, b in zip((*one[1], one[2]), (*other[1], other[2])):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("make, tolerance", [
    (dense, 0), (images, 1e-5),  # compiled convolutions take in what is around them
    (recurrent, 0), (attention, 0)])
def test_the_same_numbers_as_the_code(make, tolerance):
    model = compiled(make)
    expect_same(outcome(model), outcome(compiled(make, run_eagerly=True)), tolerance)
    for function in (model.train_function, model.test_function, model.predict_function):
        assert replays(function) > 0


@pytest.mark.parametrize("make", [
    lambda: optimizers.SGD(0.1), lambda: optimizers.SGD(0.1, momentum=0.9, nesterov=True),
    lambda: optimizers.Adam(0.01, amsgrad=True, clipnorm=0.1),
    lambda: optimizers.AdamW(0.01, weight_decay=0.1),
    lambda: optimizers.RMSprop(0.01, momentum=0.5, centered=True), lambda: optimizers.Adagrad(0.1),
    lambda: optimizers.Adadelta(1.0), lambda: optimizers.Lion(0.003),
    lambda: optimizers.Ftrl(0.1, l1_regularization_strength=0.01),
    lambda: optimizers.Nadam(0.01), lambda: optimizers.Adamax(0.01),
    lambda: optimizers.Muon(0.01), lambda: optimizers.Adam(0.01, use_ema=True, ema_momentum=0.8),
    lambda: optimizers.Nadam(optimizers.schedules.ExponentialDecay(0.01, 10, 0.5)),
    lambda: optimizers.Adam(optimizers.schedules.ExponentialDecay(0.01, 10, 0.5))])
def test_rates_are_those_of_each_step(make):
    model = compiled(optimizer=make())
    expect_same(outcome(model), outcome(compiled(optimizer=make(), run_eagerly=True)))
    assert replays(model.train_function) > 0


@pytest.mark.parametrize("make", [
    lambda: optimizers.Adam(0.01, use_ema=True, ema_overwrite_frequency=3),
    lambda: optimizers.LossScaleOptimizer(optimizers.Adam(0.01), dynamic_growth_steps=3),
    lambda: optimizers.Adam(0.01, gradient_accumulation_steps=2)])
def test_optimizers_with_more_to_decide_run_their_code(make):
    model = compiled(optimizer=make())
    expect_same(outcome(model), outcome(compiled(optimizer=make(), run_eagerly=True)))
    assert replays(model.train_function) == 0


def test_changes_hold_at_once():
    def changed(model):
        class Change(keras.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                if batch == 5:
                    model.layers[2].rate = 0.9
                if batch == 6:
                    model.optimizer.learning_rate = 0.5
                if batch == 7:
                    model.layers[0].trainable = False
                    model.optimizer.beta_1 = 0.5
                if batch == 8:
                    model.layers[3].kernel.data = torch.ones(16, 4)

        outcome(model)
        model.fit(X, Y, batch_size=6, epochs=2, verbose=0, callbacks=[Change()])
        return model.get_weights()

    for a, b in zip(changed(compiled()), changed(compiled(run_eagerly=True))):
        assert (a == b).all()


def test_users_code_runs_in_each_step():
    calls = []

    class Counting(layers.Layer):
        def call(self, x):
            calls.append(x.shape)
            return x

    def error(y_true, y_pred):
        calls.append(None)
        return keras.losses.sparse_categorical_crossentropy(y_true, y_pred)

    def with_layer():
        return keras.Sequential([layers.Input((12,)), Counting(), layers.Dense(4)])

    def with_activation():
        return keras.Sequential([layers.Input((12,)),
                                 layers.Dense(4, activation=lambda x: calls.append(None) or x)])

    known = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    for make, loss in ((with_layer, known), (with_activation, known), (dense, error)):
        model = make()
        model.compile("sgd", loss)
        model.fit(X, Y, batch_size=8, verbose=0)  # builds and warms up
        calls.clear()
        model.fit(X, Y, batch_size=8, verbose=0)
        assert len(calls) == 9


def test_hooks_run_in_each_step():
    model = compiled()
    outcome(model)
    calls = []
    handle = model.layers[0].register_forward_hook(lambda *_: calls.append(None))
    model.fit(X, Y, batch_size=8, verbose=0)
    assert len(calls) == 9
    handle.remove()
    model.layers[0].kernel.register_hook(lambda gradient: calls.append(None))
    model.fit(X, Y, batch_size=8, verbose=0)
    assert len(calls) == 18


def test_steps_under_a_tape():
    from tenon import tf

    def trained(model):
        outcome(model)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model(tf.constant(X[:8]))[:, 0])
            model.train_on_batch(X[:8], Y[:8])
        gradient = tape.gradient(loss, model.layers[1].kernel).numpy()
        return gradient, outcome(model, epochs=1)

    (one, first), (other, second) = [trained(compiled(images, run_eagerly=eager))
                                     for eager in (False, True)]
    assert abs(other).max() > 1e-3
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-6)
    expect_same(first, second, tolerance=1e-4)


def test_batches_of_many_forms():
    rng = np.random.default_rng(2)
    batches = [(X[i:i + n], Y[i:i + n], *([rng.random(n)] if weighted else []))
               for i, n, weighted in zip(range(0, 60), (8, 8, 5) * 20, (0, 0, 0, 1) * 15)]
    strided = torch.tensor(np.concatenate([X, X], 1))[3:, ::2]

    def results(model):
        yield from (model.train_on_batch(*one) for one in batches)
        yield from (model.predict_on_batch(strided[i:i + 8]).tolist() for i in range(12))

    quick = compiled()
    assert list(results(quick)) == list(results(compiled(run_eagerly=True)))
    assert replays(quick.train_function) > 0 and replays(quick.predict_function) > 0


def test_a_step_that_reads_its_results_runs_its_code():
    class Reading(layers.Dense):
        def call(self, x):
            return super().call(x) * (1.0 if float(x.sum()) > 0 else -1.0)

    Reading.__module__ = "tenon.keras.layers.core"  # as if it were a layer of the package
    Reading.__name__ = "Dense"

    def make():
        return keras.Sequential([layers.Input((12,)), Reading(4, "softmax")])

    quick = compiled(make, "sgd")
    expect_same(outcome(quick), outcome(compiled(make, "sgd", run_eagerly=True)))
    assert replays(quick.train_function) == 0


@pytest.mark.parametrize("make", [
    lambda m: m.TruePositives(), lambda m: m.FalseNegatives(), lambda m: m.Precision(),
    lambda m: m.Recall([0.3, 0.6]), lambda m: m.AUC(), lambda m: m.PrecisionAtRecall(0.5),
    lambda m: m.AUC(multi_label=True, num_labels=1, label_weights=[2.0])])
def test_counts_are_those_of_the_code(make):
    """Of a column of predictions behind a hidden layer, whose plans differ from those without."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(48, 5)).astype("f"), (rng.random(48) < 0.4).astype("int64")

    def outcome(**options):
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((5,)), layers.Dense(16, activation="relu"),
                                  layers.Dense(1, activation="sigmoid")])
        metric = make(keras.metrics)
        metric.name = "counts"
        model.compile("sgd", "binary_crossentropy", metrics=[metric], **options)
        return [model.fit(x, y, batch_size=16, epochs=3, shuffle=False, verbose=0, class_weight=w)
                .history for w in (None, {0: 0.5, 1: 2.0})]

    for one, other in zip(outcome(), outcome(run_eagerly=True)):
        for name in "loss", "counts":
            np.testing.assert_allclose(one[name], other[name], rtol=1e-5)
