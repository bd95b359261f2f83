"""Known networks: their sizes and names are Keras's."""

import numpy as np
import pytest

from tenon import keras
from tenon.keras import applications, layers


@pytest.mark.parametrize("name, count", [
    # Of keras.applications' own models; of ResNet's, their papers' tables have those with the top.
    ("VGG16", 14714688), ("VGG19", 20024384), ("ResNet50", 23587712), ("MobileNetV2", 2257984)])
def test_numbers_of_parameters(name, count):
    model = getattr(applications, name)(include_top=False, weights=None, input_shape=(32, 32, 3))
    assert model.count_params() == count
    side = 1
    assert model.output_shape[:3] == (None, side, side)


def test_tops_and_pooling():
    top = applications.MobileNetV2((64, 96, 3), alpha=0.35, weights=None, classes=5)
    assert top.name == "mobilenetv2_0.35_64" and top.layers[-1].name == "predictions"
    assert top.count_params() == 410208 + 5 * 1281
    y = top.predict(np.zeros((2, 64, 96, 3)), verbose=0)
    assert y.shape == (2, 5) and np.abs(y.sum(1) - 1).max() < 1e-6
    pooled = applications.MobileNetV2(alpha=0.35, include_top=False, weights=None, pooling="max")
    assert pooled.output_shape == (None, 1280)
    names = [layer.name for layer in pooled.layers]
    assert names[1:5] == ["Conv1", "bn_Conv1", "Conv1_relu", "expanded_conv_depthwise"]
    assert "block_16_project_BN" in names and "block_2_add" in names


def test_a_residual_network_block_by_block():
    model = applications.ResNet50(False, None, input_shape=(32, 32, 3))
    x = np.random.default_rng(0).uniform(size=(1, 32, 32, 3)).astype("f")
    ends = keras.Model(model.inputs, [model.get_layer(f"conv2_block2_{part}").output
                                      for part in ("out", "3_bn")] +
                       [model.get_layer("conv2_block1_out").output])
    out, made, before = ends.predict(x, verbose=0)
    assert out.shape == (1, 8, 8, 256)
    assert np.abs(out - np.maximum(made + before, 0)).max() < 1e-5


def test_features_of_a_frozen_network(tmp_path):
    shape = (32, 32, 3)
    base = applications.MobileNetV2(shape, 0.35, False, None, pooling="avg")
    base.save_weights(tmp_path / "base.weights.h5")
    again = applications.MobileNetV2(shape, 0.35, False, tmp_path / "base.weights.h5",
                                     pooling="avg")
    base.trainable = again.trainable = False
    x = np.random.default_rng(0).uniform(0, 255, (8, *shape)).astype("f")
    assert (base.predict(x, verbose=0) == again.predict(x, verbose=0)).all()
    images = keras.Input(shape)
    prepared = applications.mobilenet_v2.preprocess_input(images)
    model = keras.Model(images, layers.Dense(2)(base(prepared, training=False)))
    kinds = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), kinds)
    losses = model.fit(x, np.arange(8) % 4 == 0, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0] and len(model.trainable_weights) == 2
    for one, other in zip(base.get_weights(), again.get_weights()):
        assert (one == other).all()


def test_prepared_images():
    x = np.array([[[[255.0, 127.5, 0.0]]]])
    assert applications.mobilenet_v2.preprocess_input(x).tolist() == [[[[1, 0, -1]]]]
    blue = [0 - 103.939, 127.5 - 116.779, 255 - 123.68]
    for home in applications.vgg16, applications.resnet50:
        assert np.abs(home.preprocess_input(x).numpy() - blue).max() < 1e-4
    first = applications.resnet.preprocess_input(x.transpose(0, 3, 1, 2), "channels_first")
    assert np.abs(first.numpy().ravel() - blue).max() < 1e-4


def test_mistakes():
    with pytest.raises(ValueError, match="VGG16.*ImageNet's weights aren't part"):
        applications.VGG16(include_top=False)
    with pytest.raises(ValueError, match=r"sides of at least 32, not \(8, 8, 3\)"):
        applications.ResNet50(weights=None, input_shape=(8, 8, 3))
    with pytest.raises(ValueError, match="pooling is None, 'avg' or 'max', not 'sum'"):
        applications.MobileNetV2(include_top=False, weights=None, alpha=0.35, pooling="sum")
    with pytest.raises(ValueError, match="what Input"):
        applications.VGG16(weights=None, input_tensor=np.ones((1, 32, 32, 3)))
    with pytest.raises(AttributeError, match="no attribute 'Xception'; it has MobileNetV2"):
        applications.Xception
    assert "VGG16" in dir(applications)
