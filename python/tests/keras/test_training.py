"""compile(), fit(), evaluate(), predict() with all that they take."""

import copy
import pickle

import numpy as np
import pytest
import tenon as torch
from keras_layers import Affine
from tenon import keras, tf
from tenon.utils.data import DataLoader, TensorDataset


def data(count=64):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(count, 4))
    return x, (x[:, 0] + x[:, 1] > 0).astype("int64")


def classifier(**options):
    torch.manual_seed(0)
    model = keras.Sequential([Affine(8, "tanh", input_shape=(4,)), Affine(2)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.5), loss, metrics=["accuracy"], **options)
    return model


def test_fit_learns_and_tells():
    x, y = data()
    model = classifier()
    history = model.fit(x, y, batch_size=16, epochs=15, validation_split=0.25, verbose=0)
    assert list(history.history) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert history.epoch == list(range(15)) and model.history is history
    assert history.history["accuracy"][-1] > 0.9 > history.history["accuracy"][0]
    loss, accuracy = model.evaluate(x, y, verbose=0)
    assert model.metrics_names == ["loss", "accuracy"]
    predicted = model.predict(x, verbose=0)
    assert predicted.shape == (64, 2) and predicted.dtype == np.float32
    assert accuracy == np.mean(predicted.argmax(1) == y)
    logs = predicted - np.log(np.exp(predicted).sum(1, keepdims=True))
    assert loss == pytest.approx(-logs[np.arange(64), y].mean(), rel=1e-5)
    by_name = model.evaluate(x, y, verbose=0, return_dict=True)
    assert by_name == {"loss": loss, "accuracy": accuracy}


def test_steps_are_the_same_compiled_and_eager():
    x, y = data()
    histories = [classifier(run_eagerly=eager).fit(x, y, epochs=3, verbose=0).history
                 for eager in (False, True)]
    assert histories[0] == histories[1]


def test_sources_of_batches_are_alike():
    x, y = data()
    x32 = x.astype("float32")
    batches = [(x32[i:i + 16], y[i:i + 16]) for i in range(0, 64, 16)]

    class Batches(keras.models.PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, i):
            return batches[i]

    class Again:
        def __init__(self, values):
            self.values = values

        def __iter__(self):
            return iter(self.values)

    def generator():
        while True:
            yield from batches

    dataset = TensorDataset(torch.from_numpy(x32), torch.from_numpy(y))
    sources = [(dict(x=x, y=y, batch_size=16, shuffle=False)), dict(x=Again(batches)),
               dict(x=Batches(workers=2), shuffle=False), dict(x=generator(), steps_per_epoch=4),
               dict(x=DataLoader(dataset, batch_size=16)),
               dict(x=torch.from_numpy(x32), y=torch.from_numpy(y), batch_size=16, shuffle=False)]
    losses = [classifier().fit(**source, epochs=2, verbose=0).history["loss"] for source in sources]
    assert all(loss == losses[0] for loss in losses)
    assert classifier().predict(Batches(), verbose=0).shape == (64, 2)


def test_weights_of_samples_and_classes():
    x, y = data()
    weights = np.where(y == 1, 3.0, 0.5)
    losses = [classifier().fit(x, y, shuffle=False, verbose=0, **given).history["loss"]
              for given in ({"class_weight": {0: 0.5, 1: 3.0}}, {"sample_weight": weights}, {})]
    assert losses[0] == losses[1] != losses[2]
    from_batches = classifier().fit(iter([(x[:32], y[:32]), (x[32:], y[32:])]), verbose=0,
                                    class_weight={0: 0.5, 1: 3.0}).history["loss"]
    assert from_batches == pytest.approx(losses[0], rel=1e-6)
    with pytest.raises(ValueError, match="`class_weight` and `sample_weight` at the same time"):
        classifier().fit(x, y, class_weight={0: 1.0}, sample_weight=weights, verbose=0)


def test_steps_validation_and_epochs():
    x, y = data()
    model = classifier()
    history = model.fit(x, y, batch_size=16, epochs=6, initial_epoch=2, steps_per_epoch=2,
                        verbose=0, validation_data=(x, y), validation_steps=1, validation_freq=2)
    assert history.epoch == [2, 3, 4, 5] and len(history.history["val_loss"]) == 2
    assert model.optimizer.iterations == 8


def test_several_inputs_and_outputs():
    rng = np.random.default_rng(0)
    a, b = keras.Input((3,), name="a"), keras.Input((5,), name="b")
    hidden = Affine(6)(a) + Affine(6)(b)
    model = keras.Model([a, b], [Affine(1, name="size")(hidden), Affine(3, name="kind")(hidden)])
    kinds = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    x = {"a": rng.normal(size=(40, 3)), "b": rng.normal(size=(40, 5))}
    y = {"size": rng.normal(size=40), "kind": rng.integers(0, 3, 40)}
    model.compile(keras.optimizers.SGD(0.05), {"size": "mse", "kind": kinds},
                  loss_weights={"size": 2.0, "kind": 0.5},
                  metrics={"size": ["mae"], "kind": "accuracy"})
    history = model.fit(x, y, epochs=20, verbose=0).history
    assert list(history) == ["kind_accuracy", "kind_loss", "loss", "size_loss", "size_mae"]
    assert history["loss"][-1] < history["loss"][0]
    assert history["loss"][-1] == pytest.approx(
        2 * history["size_loss"][-1] + 0.5 * history["kind_loss"][-1], rel=1e-4)
    assert model.metrics_names == ["loss", "size_loss", "kind_loss", "kind_accuracy", "size_mae"]
    listed = model.evaluate([x["a"], x["b"]], [y["size"], y["kind"]], verbose=0)
    by_name = model.evaluate(x, y, verbose=0, return_dict=True)
    assert listed == [by_name[name] for name in model.metrics_names]
    assert [one.shape for one in model.predict(x, verbose=0)] == [(40, 1), (40, 3)]
    with pytest.raises(ValueError, match="key 'sise' does not correspond to any model output"):
        model.compile("sgd", {"sise": "mse"})
        model.fit(x, y, verbose=0)


class Two(keras.Model):
    """A model whose outputs have no names, or those of a dict's keys."""

    def __init__(self, form):
        super().__init__()
        self.size, self.kind, self.form = Affine(1), Affine(3), form

    def call(self, x):
        return self.form(self.size(x), self.kind(x))


KINDS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@pytest.mark.parametrize("form, loss, metrics, weighted, names", [
    (lambda a, b: (a, b), ["mse", KINDS], [["mae"], ["accuracy"]], None,
     ["loss", "mae", "accuracy", "mse_loss", "sparse_categorical_crossentropy_loss"]),
    (lambda a, b: [a, a], "mse", ["mae", "mae"], [["mae"], []],
     ["loss", "mae", "mse_loss", "mse_loss_1", "mae_1", "weighted_mae"]),
    (lambda a, b: {"z": a, "b": b}, {"z": "mse", "b": KINDS}, {"z": ["mae"]}, None,
     ["loss", "z_loss", "b_loss", "z_mae"]),
    (lambda a, b: {"z": a, "b": b}, {"z": "mse"}, {"z": "mae"}, {"z": "mae"},
     ["loss", "z_mae", "z_weighted_mae"]),
    (lambda a, b: {"p": a, "q": [b, b]}, {"p": "mae", "q": [KINDS, KINDS]},
     {"p": ["mse"], "q": [["accuracy"], ["accuracy"]]}, None,
     ["loss", "mse", "accuracy", "p_loss", "q/sparse_categorical_crossentropy_loss",
      "q/sparse_categorical_crossentropy_loss_1", "accuracy_1"])])
@pytest.mark.filterwarnings("ignore:Gradients do not exist")
def test_names_of_several_outputs(form, loss, metrics, weighted, names):
    rng = np.random.default_rng(0)
    x, size, kind = rng.normal(size=(12, 4)), rng.normal(size=(12, 1)), rng.integers(0, 3, 12)
    model = Two(form)
    y = form(size, kind)
    model.compile("sgd", loss, metrics=metrics, weighted_metrics=weighted)
    history = model.fit(x, y, verbose=0, validation_data=(x, y)).history
    assert list(history) == sorted([*names, *(f"val_{name}" for name in names)])
    assert model.metrics_names == names
    values = dict(zip(names, model.evaluate(x, y, verbose=0)))
    assert values == model.evaluate(x, y, verbose=0, return_dict=True)
    losses = [value for name, value in values.items() if name.endswith("_loss") or "_loss_" in name]
    assert not losses or sum(losses) == pytest.approx(values["loss"], rel=1e-5)


def test_structures_that_are_not_the_outputs():
    model = Two(lambda a, b: {"p": a, "q": [b, b]})
    x, y = np.ones((4, 2)), np.zeros(4)
    model.compile("sgd", {"p": "mse", "q": [KINDS]})
    with pytest.raises(ValueError, match=r"`loss\['q'\]` .* \['\*', '\*'\], not \['\*'\]"):
        model.fit(x, {"p": y, "q": [y, y]}, verbose=0)


def test_one_batch_at_a_time():
    x, y = data(8)
    model = classifier()
    loss, accuracy = model.train_on_batch(x, y)
    model.reset_metrics()
    again = model.test_on_batch(x, y, return_dict=True)
    assert again["loss"] < loss and 0 <= accuracy <= 1
    np.testing.assert_array_equal(model.predict_on_batch(x), model.predict(x, verbose=0))


def test_steps_of_ones_own():
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.affine = Affine(1)
            self.tracker = keras.metrics.Mean(name="my_loss")

        def call(self, x, training=False):
            return self.affine(x)

        def train_step(self, data):
            x, y = data
            loss = ((self(x, training=True)[:, 0] - y) ** 2).mean()
            self.zero_grad()
            loss.backward()
            self.optimizer.apply([v.value.grad for v in self.trainable_weights],
                                 self.trainable_weights)
            self.tracker.update_state(loss)
            return {"my_loss": self.tracker.result()}

        @property
        def metrics(self):
            return [self.tracker]

    x, y = data()
    model = Model()
    model.compile(optimizer=keras.optimizers.SGD(0.1))
    history = model.fit(x, y, epochs=3, verbose=0).history
    assert list(history) == ["my_loss"] and history["my_loss"][-1] < history["my_loss"][0]


def test_losses_of_layers_and_regularizers():
    class Small(keras.Layer):
        def call(self, x):
            self.add_loss(x.square().mean() * 0.1)
            return x

    inputs = keras.Input((4,))
    affine = Affine(3, kernel_regularizer="l2")
    model = keras.Model(inputs, Small()(affine(inputs)))
    x = np.ones((2, 4), dtype="float32")
    y = model(x)
    assert len(model.losses) == 2
    model(x)
    assert len(model.losses) == 2
    kernel = affine.kernel.numpy()
    assert sum(model.losses).item() == pytest.approx(
        0.1 * (y.detach().numpy() ** 2).mean() + 0.01 * (kernel ** 2).sum(), rel=1e-5)
    model.compile("sgd", "mse")
    before = model.evaluate(x, y.detach().numpy(), verbose=0)
    assert before == pytest.approx(sum(model.losses).item(), rel=1e-5)


def test_frozen_layers_stay():
    x, y = data()
    model = classifier()
    model.layers[0].trainable = False
    model.compile(keras.optimizers.SGD(0.5), model.loss)
    before = [weight.numpy() for weight in model.weights]
    model.fit(x, y, verbose=0)
    same = [np.array_equal(a, b.numpy()) for a, b in zip(before, model.weights)]
    assert same == [True, True, False, False]


def test_mistakes():
    x, y = data()
    model = classifier()
    with pytest.raises(ValueError, match=r"Data cardinality is ambiguous.*x: 64.*y: 63"):
        model.fit(x, y[1:], verbose=0)
    with pytest.raises(ValueError, match="You must call `compile\\(\\)` before"):
        keras.Sequential([Affine(1)]).fit(x, y)
    with pytest.raises(ValueError, match="near are: .*mean_squared_error"):
        model.compile("sgd", "mean_square_error")
        model.fit(x, y, verbose=0)
    with pytest.raises(ValueError, match="(?i)optimizer 'adm' isn't known; near are: adam"):
        model.compile("adm", "mse")
    with pytest.raises(ValueError,
                       match=r"labels of shape \(32, 3\) don't fit predictions of shape "
                                         r"\(32, 2\)"):
        model.compile("sgd", "mse")
        model.fit(x, np.ones((64, 3)), verbose=0)
    with pytest.raises(ValueError, match="(?i)near are: .*precision"):
        model.compile("sgd", "mse", metrics=["precison"])
        model.fit(x, np.ones((64, 2)), verbose=0)
    with pytest.raises(ValueError, match="No loss to compute"):
        model.compile("sgd")
        model.fit(x, y, verbose=0)
    with pytest.raises(ValueError, match="not sufficient to split"):
        model.fit(x[:1], y[:1], validation_split=0.2)
    with pytest.raises(ValueError, match="don't give `y`"):
        model.fit(iter([(x, y)]), sample_weight=y)


def test_arguments_that_do_not_go_with_the_data():
    x, y = data()
    model = classifier()
    model.compile("sgd", model.loss)
    with pytest.raises(ValueError, match="between 0 and 1, not 1.5"):
        model.fit(x, y, validation_split=1.5, verbose=0)
    pairs = tf.data.Dataset.from_tensor_slices((x, y)).batch(4)
    with pytest.raises(ValueError, match="labels and weights come out of it"):
        model.fit(pairs, y, verbose=0)


def test_a_generator_that_ends_early_keeps_what_was_learned():
    x, y = data()
    model = classifier()
    with pytest.warns(UserWarning, match="Your input ran out of data"):
        history = model.fit(((x[:8], y[:8]) for _ in range(5)), epochs=4, steps_per_epoch=3,
                            verbose=0)
    assert len(history.history["loss"]) == 2 and model.optimizer.iterations == 5


def test_a_loss_that_is_nan_is_told():
    x, y = data()
    model = classifier()
    with pytest.warns(RuntimeWarning, match="the loss is NaN after epoch 1"):
        model.fit(x * np.nan, y, verbose=0)


def test_steps_as_they_were_written_for_tf_keras_2():
    import tenon.tf as tf

    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.affine = Affine(1)

        def call(self, x, training=False):
            return self.affine(x)

        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compiled_loss(y, y_pred, regularization_losses=self.losses)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
            self.compiled_metrics.update_state(y, y_pred)
            return {m.name: m.result() for m in self.metrics}

    x, y = data()
    histories = []
    for kind in Model, lambda: keras.Sequential([Affine(1)]):
        torch.manual_seed(0)
        model = kind()
        model.compile("sgd", "mse", metrics=["mae"])
        histories.append(model.fit(x, y[:, None], epochs=2, shuffle=False, verbose=0).history)
    assert histories[0] == histories[1] and list(histories[0]) == ["loss", "mae"]


def test_copies_and_pickles_go_on():
    x, y = data()
    model = classifier()
    model.compile(keras.optimizers.Adam(0.01), model.loss)
    model.fit(x, y, verbose=0)
    twins = [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    losses = [one.fit(x, y, epochs=2, shuffle=False, verbose=0).history for one in (model, *twins)]
    assert losses[0] == losses[1] == losses[2]


def test_one_input_may_come_in_a_list():
    x, y = data()
    model = classifier()
    assert model.evaluate([x], y, verbose=0) == model.evaluate((x,), y, verbose=0)
    np.testing.assert_array_equal(model.predict([x], verbose=0), model.predict(x, verbose=0))


X = np.random.default_rng(6).normal(size=(64, 4)).astype("f")
Y = X.sum(1, keepdims=True) / 3


def test_a_train_step_of_ones_own_that_goes_over_all_metrics():
    class Own(keras.Model):
        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(y=y, y_pred=y_pred)
            variables = self.trainable_variables
            self.optimizer.apply(tape.gradient(loss, variables), variables)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {metric.name: metric.result() for metric in self.metrics}

    inputs = keras.Input((4,))
    outputs = keras.layers.Dense(1, kernel_initializer="ones")(inputs)
    histories = []
    for kind in Own, keras.Model:  # whose call() is that of a functional model
        model = kind(inputs, outputs)
        model.layers[1].set_weights([np.ones((4, 1)), np.zeros(1)])
        model.compile("sgd", "mse", metrics=["mae"])
        histories.append(model.fit(X, Y, epochs=3, batch_size=32, shuffle=False, verbose=0).history)
    assert list(histories[0]) == list(histories[1])
    for name, values in histories[0].items():
        np.testing.assert_allclose(values, histories[1][name], rtol=1e-5)


def test_models_without_call_and_losses_of_ones_own():
    class Parts(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner, self.total = keras.layers.Dense(1), keras.metrics.Mean(name="total")

        @property
        def metrics(self):
            return [self.total]

        def train_step(self, data):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(self.inner(data) ** 2)
            weights = self.trainable_weights
            self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
            self.total.update_state(loss)
            return {"total": self.total.result()}

    model = Parts()
    model.compile("sgd")
    history = model.fit(X, epochs=3, verbose=0).history["total"]
    assert history[2] < history[1] < history[0]

    class OwnLoss(keras.Sequential):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return tf.reduce_mean(tf.abs(y - y_pred)) * 10

    model = OwnLoss([keras.layers.Dense(1)])
    model.compile("sgd")
    model.fit(X, Y, verbose=0)
    expected = 10 * np.abs(Y - model.predict(X, verbose=0)).mean()
    assert abs(model.evaluate(X, Y, verbose=0) - expected) < 1e-4


def test_a_compute_loss_that_is_older_than_its_training():
    class Summed(keras.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
            return ((y_pred - y) ** 2).sum()

    i = keras.Input((4,))
    model = Summed(i, Affine(1)(i))
    model.compile(keras.optimizers.SGD(0.0))
    x = np.ones((6, 4), "f")
    loss = model.fit(x, np.zeros((6, 1)), verbose=0).history["loss"][0]
    assert loss == pytest.approx((model.predict(x, verbose=0) ** 2).sum(), rel=1e-5)
    assert model.evaluate(x, np.zeros((6, 1)), verbose=0) == pytest.approx(loss, rel=1e-5)


def test_a_functional_config_is_one_of_model():
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    again = keras.Model.from_config(model.get_config())
    again.set_weights(model.get_weights())
    x = np.ones((2, 3), "f")
    np.testing.assert_array_equal(again(x).numpy(), model(x).numpy())


@pytest.mark.parametrize("policy, dtype", [("mixed_bfloat16", "float32"),
                                           ("mixed_float16", "float16")])
def test_half_types_by_a_policy(tmp_path, policy, dtype):
    x, y = data()
    keras.mixed_precision.set_global_policy(policy)
    try:
        model = keras.Sequential([keras.layers.Dense(16, activation="relu"),
                                  keras.layers.Dense(3)])
    finally:
        keras.mixed_precision.set_global_policy("float32")
    kinds = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.02), kinds, metrics=["accuracy"])
    is_scaled = isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert is_scaled == (policy == "mixed_float16")
    losses = model.fit(x, y, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 2
    assert [weight.dtype for weight in model.weights] == ["float32"] * 4
    assert str(model(x).dtype).endswith(policy[6:]) and model.predict(x, verbose=0).dtype == dtype
    model.save(tmp_path / "half.keras")
    again = keras.models.load_model(tmp_path / "half.keras")
    assert again.layers[0].dtype_policy == keras.dtype_policies.get(policy)
    one, other = (each.fit(x, y, shuffle=False, verbose=0).history for each in (model, again))
    assert one == other


def test_means_of_the_weights_are_left_behind():
    x, y = data()
    model = classifier()
    model.compile(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), model.loss)
    seen = []

    class Look(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(self.model.get_weights()[0])

    model.fit(x, y, epochs=2, verbose=0, callbacks=[Look()])
    mean = seen[0]
    for weights in seen[1:]:
        mean = 0.5 * mean + 0.5 * weights
    assert np.abs(model.get_weights()[0] - mean).max() < 1e-6
    assert np.abs(seen[-1] - mean).max() > 1e-4
