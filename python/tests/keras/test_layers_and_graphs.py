"""Layers, variables and graphs of symbolic tensors."""

import copy
import pickle

import numpy as np
import pytest
import tenon as torch
from tenon import keras
from tenon.keras import layers


class Dense(keras.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], self.units))
        self.bias = self.add_weight((self.units,), "zeros", name="bias")

    def call(self, x):
        return x @ self.kernel + self.bias


class Mode(keras.Layer):
    def call(self, x, training=False):
        return x * 2 if training else x


class Blocks(keras.Model):
    def __init__(self):
        super().__init__()
        self.blocks = []
        for _ in range(2):
            self.blocks.append(Dense(3))
        self.heads = {"a": Dense(1)}

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return self.heads["a"](x)


def test_variable():
    v = keras.Variable(np.arange(3, dtype="float32"), name="v")
    assert v.assign(v + 1) is v and v.numpy().tolist() == [1, 2, 3]
    v.assign_add([1.0, 1.0, 1.0])
    v.assign_sub(np.ones(3))
    assert v.numpy().tolist() == [1, 2, 3] and v.requires_grad and v.trainable
    (grad,) = torch.autograd.grad((v.value * v).sum(), [v])
    assert grad.tolist() == [2, 4, 6]
    count = keras.Variable(0, trainable=False, dtype="int64")
    count.assign_add(2)
    assert count.numpy() == 2 and not count.trainable
    assert keras.Variable(1).dtype == torch.int32 and keras.Variable(1.5).dtype == torch.float32
    with pytest.raises(ValueError, match=r"'v' is \(3,\), that of the value \(2,\)"):
        v.assign([1.0, 2.0])
    again = pickle.loads(pickle.dumps(v))
    assert again.name == "v" and again.numpy().tolist() == [1, 2, 3] and again.trainable


def test_a_layer_is_a_module():
    layer = Dense(4, name="first")
    y = layer(torch.ones(2, 3))
    assert y.shape == (2, 4) and y.dtype == torch.float32 and layer.built
    assert [w.path for w in layer.weights] == ["first/kernel", "first/bias"]
    assert list(layer.state_dict()) == ["kernel", "bias"]
    optimizer = torch.optim.SGD(layer.parameters(), lr=1.0)
    y.sum().backward()
    optimizer.step()
    assert layer.bias.numpy().tolist() == [-2, -2, -2, -2]
    layer.trainable = False
    assert not layer.trainable_weights and len(layer.non_trainable_weights) == 2
    assert layer.count_params() == 16


def test_training_comes_from_outside():
    layer = Mode()
    outer = keras.Sequential([Mode(), Mode()])
    x = torch.ones(1, 1)
    assert layer(x).item() == 1 and layer(x, training=True).item() == 2
    assert outer(x).item() == 1 and outer(x, training=True).item() == 4
    layer.train()  # as PyTorch says it
    assert layer(x).item() == 2
    layer.eval()
    assert layer(x).item() == 1


def test_members_of_lists_and_dicts():
    model = Blocks()
    model.build((None, 3))
    assert list(model.state_dict()) == ["blocks.0.kernel", "blocks.0.bias", "blocks.1.kernel",
                                        "blocks.1.bias", "heads.a.kernel", "heads.a.bias"]
    assert len(model.layers) == 3 and model.count_params() == 28
    twin = copy.deepcopy(model)
    assert twin.blocks[0] in twin.layers and twin.blocks[0] is not model.blocks[0]
    model.blocks.pop()
    assert len(model.layers) == 2


def test_set_weights():
    layer = Dense(2)
    layer.build((None, 3))
    layer.set_weights([np.ones((3, 2)), np.arange(2.0)])
    assert layer(np.ones((1, 3))).tolist() == [[3, 4]]
    with pytest.raises(ValueError, match="weight list of length 1, but the layer was expecting 2"):
        layer.set_weights([np.ones((3, 2))])
    with pytest.raises(ValueError, match=r"weight shape \(3, 2\) is not compatible .* \(2, 3\)"):
        layer.set_weights([np.ones((2, 3)), np.zeros(2)])


def test_sequential_makes_variables_when_it_knows_shapes():
    model = keras.Sequential([Dense(4, input_shape=(3,)), torch.nn.ReLU(), Dense(2)])
    assert model.built and model.output.shape == (None, 2) and len(model.layers) == 3
    later = keras.Sequential()
    later.add(Dense(4))
    assert not later.built and not later.weights
    assert later(np.ones((5, 3))).shape == (5, 4) and later.input_shape == (None, 3)
    later.add(Dense(1))
    assert later.output_shape == (None, 1)
    later.pop()
    assert len(later.layers) == 1
    with pytest.raises(ValueError, match="should have unique names"):
        keras.Sequential([Dense(1, name="a"), Dense(1, name="a")])


def test_functional_models_share_layers():
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    shared = Dense(4)
    hidden = shared(a) * 2 - shared(b)
    model = keras.Model([a, b], [hidden, Dense(1)(hidden)])
    x, y = np.random.rand(2, 3).astype("float32"), np.random.rand(2, 3).astype("float32")
    first, second = model([x, y])
    kernel = shared.kernel.numpy()
    np.testing.assert_allclose(first.detach().numpy(), 2 * x @ kernel - y @ kernel, rtol=1e-5)
    assert second.shape == (2, 1) and len(model.weights) == 4
    by_name, _ = model({"b": y, "a": x})
    assert torch.equal(by_name, first)
    nested = keras.Model(a, model([a, a])[0])
    np.testing.assert_allclose(nested(x).detach().numpy(), x @ kernel, rtol=1e-5)


def test_mistakes_in_graphs():
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    y = Dense(1)(a)
    with pytest.raises(ValueError, match="depends on 'a' .* isn't among the inputs \\['b'\\]"):
        keras.Model(b, y)
    with pytest.raises(ValueError, match="All `inputs` values must be KerasTensors"):
        keras.Model(np.ones(3), y)
    model = keras.Model(a, y)
    with pytest.raises(ValueError, match=r'input layer "a".*expected shape=\(None, 3\), found '
                                         r"shape=\(2, 5\)"):
        model(np.ones((2, 5)))
    with pytest.raises(ValueError, match="No such layer: c"):
        model.get_layer("c")
    with pytest.raises(TypeError, match="symbolic: it has no data"):
        if y > 0:
            pass


def test_mixed_precision():
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        model = keras.Sequential([keras.Input((4,)), Dense(3), Dense(1, dtype="float32")])
    finally:
        keras.mixed_precision.set_global_policy("float32")
    hidden = model.layers[0](np.ones((2, 4)))
    assert (hidden.dtype, model.layers[0].kernel.dtype) == (torch.bfloat16, torch.float32)
    assert model(np.ones((2, 4))).dtype == torch.float32
    with pytest.raises(TypeError, match="isn't known"):
        keras.mixed_precision.set_global_policy("mixed_float8")


def test_looking_for_shapes_changes_no_variable():
    class Trained(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.normalized = keras.layers.BatchNormalization(momentum=0.5)

        def call(self, x):
            return self.normalized(x, training=True)

    inputs = keras.Input((3,))
    inner, plain = Trained(), keras.layers.BatchNormalization(momentum=0.5)
    model = keras.Model(inputs, [inner(inputs), plain(inputs, training=True)])
    assert all(layer.moving_variance.tolist() == [1.0] * 3 for layer in (inner.normalized, plain))
    model(np.ones((4, 3), "f"))
    assert all(layer.moving_variance.tolist() == [0.5] * 3 for layer in (inner.normalized, plain))


def test_lambdas_of_several_inputs_and_layers_that_need_masks():
    a, b = keras.Input((4,)), keras.Input((4,))
    apart = keras.layers.Lambda(lambda two: (two[0] - two[1]).sum(1, keepdim=True),
                                output_shape=(1,))([a, b])
    assert apart.shape == (None, 1)

    class Shares(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.supports_masking = True

        def call(self, x, mask=None):
            return x * mask.unsqueeze(-1).to(x.dtype)

    inputs = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(5, 3, mask_zero=True)(inputs)
    model = keras.Model(inputs, Shares()(x))
    assert model.output_shape == (None, None, 3)
    assert (model(np.array([[1, 0]]))[0, 1] == 0).all()


def test_activity_penalties_are_of_each_sample():
    layer = keras.layers.Dense(2, kernel_initializer="ones",
                               activity_regularizer=keras.regularizers.L1(0.5))
    layer(np.ones((4, 3), "f"))
    assert abs(float(layer.losses[0]) - 3.0) < 1e-6


def test_summaries_of_layers_of_different_widths():
    inputs = keras.Input((8,))
    parts = [keras.layers.Dense(4, name=name)(inputs) for name in "ab"]
    lines = []
    keras.Model(inputs, keras.layers.Add(name="sum")(parts)).summary(
        print_fn=lambda text: lines.append(text))
    assert "Connected to" in "".join(lines) and "Total params: 72" in "".join(lines)


def test_shapes_between_layers_that_do_not_fit():
    eight, seven = keras.Input((8,)), keras.Input((7,))
    mistakes = [
        (lambda: layers.LSTM(3)(eight), r'"lstm.*expected ndim=3, found ndim=2.*\(None, 8\)'),
        (lambda: layers.Add()([eight, seven]), r"shapes \(None, 8\), \(None, 7\) can't be merged"),
        (lambda: layers.Concatenate(0)([keras.Input((8, 3)), eight]),
         r"input_shape=\[\(None, 8, 3\), \(None, 8\)\]"),
        (lambda: layers.TimeDistributed(layers.Dense(3))(eight), r"at least 3 dimensions.*None, 8"),
        (lambda: layers.Bidirectional(layers.Dense(3)), "Dense has no go_backwards"),
        (lambda: keras.Input(np.ones((2, 3))), "a tuple of sizes, .* not ndarray")]
    for mistake, message in mistakes:
        with pytest.raises(ValueError, match=message):
            mistake()
    with pytest.raises(ValueError) as raised:
        layers.Conv2D(3, 5)(keras.Input((3, 3, 1)))
    assert any("(None, 3, 3, 1)" in note for note in raised.value.__notes__)


def test_layers_stand_in_the_order_of_keras():
    a, b, c = (keras.Input((4,), name=name) for name in "abc")
    hidden = layers.Dense(4, name="late")(layers.Dense(4, name="early")(a))
    joined = layers.Add(name="join")([hidden, c, layers.Dense(4, name="other")(b)])
    model = keras.Model([c, b, a], joined)
    assert [layer.name for layer in model.layers] == [
        "a", "early", "b", "late", "c", "other", "join"]


def test_long_names_within_models_wrap(capsys):
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(2, name="a_layer_of_a_long_name")],
                             name="inner")
    keras.Sequential([inner]).summary(expand_nested=True, line_length=52)
    lines = [line for line in capsys.readouterr().out.splitlines() if line and line[0] in "│┃┏└"]
    assert len({len(line) for line in lines}) == 1


def test_a_layer_around_another_is_built_with_its_own_shape():
    layer = layers.TimeDistributed(layers.Dense(2))
    layer.build((None, 4, 3))
    assert layer.get_build_config() == {"input_shape": (None, 4, 3)}
    again = layers.deserialize(layers.serialize(layer))
    again.build_from_config(layer.get_build_config())
    assert [weight.shape for weight in again.weights] == [(3, 2), (2,)]


def test_masks_of_several_inputs():
    def masked(rows):
        rows = np.array(rows)
        x = torch.tensor(np.ones((*rows.shape, 2), "f"))
        x._keras_mask = torch.tensor(rows.astype(bool))
        return x

    one, other, plain = masked([[1, 1, 0, 0]]), masked([[0, 1, 1, 0]]), torch.ones(1, 4, 2)
    for merge in layers.Add(), layers.Multiply(), layers.Average(), layers.Maximum():
        assert merge([one, other])._keras_mask.tolist() == [[True, True, True, False]]
        assert getattr(merge([one, plain]), "_keras_mask", None) is None
    assert layers.Concatenate()([one, other])._keras_mask.tolist() == [[True, True, True, False]]
    assert layers.Concatenate()([one, plain])._keras_mask.tolist() == [[True] * 4]
    behind = layers.Concatenate(1)([one, other])._keras_mask
    assert behind.tolist() == [[True, True, False, False, False, True, True, False]]
