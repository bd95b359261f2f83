"""Layers that change images at random, by values worked out by hand: of ranges without a choice."""

import numpy as np
import pytest

from tenon import keras
from tenon.keras import layers

RANDOM = np.random.default_rng(3)
IMAGES = RANDOM.uniform(0, 255, (4, 8, 6, 3)).astype("f")
GREY = (IMAGES @ np.array([0.2989, 0.587, 0.114], "f"))[..., None]
MASKS = RANDOM.integers(0, 3, (4, 8, 6, 1)).astype("uint8")
LABELS = np.eye(4, dtype="f")


def changed(layer, images=IMAGES, **kwargs):
    return layer(images, training=True, **kwargs).numpy()


def smooth(x):
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    total = sum(padded[:, i:i + x.shape[1], j:j + x.shape[2]] for i in range(3) for j in range(3))
    return (total + 4 * x) / 13


@pytest.mark.parametrize("layer, expected", [
    (layers.RandomColorDegeneration((0.3, 0.3)), IMAGES + 0.3 * (GREY - IMAGES)),
    (layers.RandomSharpness((0.9, 0.9)),
     (IMAGES - 0.8 * (smooth(IMAGES) - IMAGES)).clip(0, 255)),
    (layers.RandomSharpness((0.1, 0.1)), IMAGES + 0.8 * (smooth(IMAGES) - IMAGES)),
    (layers.RandomInvert((1, 1)), 255 - IMAGES), (layers.RandomInvert((0, 0)), IMAGES),
    (layers.RandomGrayscale(1.0), GREY.repeat(3, -1)),
    (layers.RandomPosterization((3, 3)), IMAGES // 32 * 32),
    (layers.Solarization(), 255 - IMAGES),
    (layers.Solarization(value_range=(-255, 255)), -IMAGES),
    (layers.RandomSaturation((0, 0)), IMAGES.max(-1, keepdims=True).repeat(3, -1)),
    (layers.RandomSaturation((0.5, 0.5)), IMAGES),
    (layers.RandomErasing((1, 1), (1, 1), [1, 2, 3]), IMAGES * 0 + [1, 2, 3]),
    (layers.RandomErasing((0, 0)), IMAGES), (layers.RandomPerspective(scale=0.0), IMAGES),
    (layers.RandomElasticTransform(scale=0.0), IMAGES),
    (layers.RandomShear(), IMAGES), (layers.RandomGaussianBlur((1, 1), 3, (0, 0)), IMAGES),
    (layers.RandomColorJitter(contrast_factor=0.0, brightness_factor=(0.1, 0.1)),
     (IMAGES + 25.5).clip(0, 255))])
def test_changes_without_a_choice(layer, expected):
    assert np.abs(changed(layer) - expected).max() < 1e-3
    if layer.data_format == "channels_last":
        again = layers.deserialize({**layers.serialize(layer), "config": {
            **layers.serialize(layer)["config"], "data_format": "channels_first"}})
        first = changed(again, IMAGES.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1)
        assert np.abs(first - expected).max() < 1e-3
    assert (layer(IMAGES, training=False).numpy() == IMAGES).all()


def test_hues_turn():
    red = np.zeros((1, 2, 2, 3), "f")
    red[..., 0] = 1
    cyan = changed(layers.RandomHue((1, 1), (0, 1)), red)  # half of the circle, to either side
    assert np.abs(cyan - (1 - red)).max() < 1e-6
    third = changed(layers.RandomHue((2 / 3, 2 / 3), (0, 1)), np.repeat(red, 64, 0)).mean((1, 2))
    found = {tuple(color) for color in third.round(4).tolist()}
    assert found == {(0.0, 1.0, 0.0), (0.0, 0.0, 1.0)}


def test_shears():
    x = np.zeros((32, 6, 6, 1), "f")
    x[:, 2, 2] = 1
    made = changed(layers.RandomShear((0.5, 0.5), fill_mode="constant"), x)
    # Row 2 is read one pixel further to the right, or to the left.
    left, right = np.zeros((6, 6)), np.zeros((6, 6))
    left[2, 1] = right[2, 3] = 1
    kinds = {tuple(one[..., 0].reshape(-1)) for one in made.round(5)}
    assert kinds == {tuple(left.reshape(-1)), tuple(right.reshape(-1))}


def test_boxes_are_erased():
    made = changed(layers.RandomErasing((1, 1), (0.25, 0.25), 7.0, seed=1), np.zeros((40, 8, 8, 3)))
    erased = made == 7
    assert (erased.sum((1, 2, 3)) == 4 * 4 * 3).all()  # half of each side
    assert len({tuple(one.reshape(-1)) for one in erased}) > 5


def test_contrast_over_all_of_the_range():
    x = IMAGES * 0.3 + 50
    low, high = x.min((1, 2), keepdims=True), x.max((1, 2), keepdims=True)
    assert np.abs(layers.AutoContrast()(x).numpy() - (x - low) / (high - low) * 255).max() < 1e-2
    flat = np.full((1, 2, 2, 3), 9.0, "f")
    assert (layers.AutoContrast()(flat).numpy() == 9).all()
    steps = np.array([0.0, 0, 10, 20], "f").reshape(1, 2, 2, 1)
    # Counts up to each value are 2, 3 and 4: (count - 2) / 2 of 255, rounded to even.
    expected = np.array([0.0, 0, 128, 255]).reshape(1, 2, 2, 1)
    assert (changed(layers.Equalization(), steps) == expected).all()
    assert (changed(layers.Equalization(), flat) == 9).all()


def test_another_image_is_mixed_in_and_its_label():
    data = {"images": IMAGES, "labels": LABELS}
    made = layers.MixUp(alpha=1.0, seed=5)(data, training=True)
    mixed = np.einsum("ij,jhwc->ihwc", made["labels"].numpy(), IMAGES)
    assert np.abs(made["images"].numpy() - mixed).max() < 1e-3
    assert np.abs(made["labels"].numpy().sum(1) - 1).max() < 1e-6
    made = layers.CutMix(seed=5)(data, training=True)
    images, labels = made["images"].numpy(), made["labels"].numpy()
    share = np.stack([(images == other).all(-1).mean((1, 2)) for other in IMAGES], 1)
    assert np.abs(share - labels).max() < 0.35  # boxes end between pixels
    assert ((share > 0) == (labels > 0)).mean() > 0.8 and np.abs(share.sum(1) - 1).max() < 1e-6
    with pytest.raises(ValueError, match=r"MixUp mixes labels \(batch, classes\).*\(4,\)"):
        layers.MixUp()({"images": IMAGES, "labels": np.arange(4)}, training=True)


@pytest.mark.parametrize("make", [
    lambda **k: layers.RandAugment(num_ops=3, **k), lambda **k: layers.AugMix(**k),
    lambda **k: layers.AugMix(all_ops=False, **k),
    lambda **k: layers.RandomColorJitter((0, 255), 0.3, 0.3, 0.5, 0.2, **k),
    lambda **k: layers.RandomElasticTransform((1, 1), **k),
    lambda **k: layers.RandomPerspective((1, 1), 0.5, **k)])
def test_a_seed_gives_the_same_images(make):
    layer = make(seed=7)
    one, other = changed(layer), changed(make(seed=7))
    assert (one == other).all() and (one != IMAGES).any() and np.isfinite(one).all()
    again = layers.deserialize(layers.serialize(layer))
    assert (changed(again) == one).all()
    assert one.min() >= -1e-3 and one.max() <= 255 + 1e-3


def test_masks_move_with_images():
    images = MASKS.astype("f").repeat(3, -1) * 100
    data = {"images": images, "segmentation_masks": MASKS, "labels": LABELS, "weights": 3}
    for layer in (layers.RandomFlip(), layers.RandomCrop(5, 4), layers.CenterCrop(5, 4),
                  layers.RandomRotation(0.2, interpolation="nearest"),
                  layers.RandomTranslation(0.2, 0.2, interpolation="nearest"),
                  layers.RandomZoom(0.2, interpolation="nearest"),
                  layers.RandomShear(0.3, 0.3, interpolation="nearest"),
                  layers.RandomPerspective(interpolation="nearest"),
                  layers.RandomElasticTransform(interpolation="nearest"),
                  layers.Resizing(5, 4, interpolation="nearest"), layers.RandomInvert((0, 0)),
                  layers.CutMix()):
        made = layer(data, training=True)
        mask = made["segmentation_masks"].numpy()
        assert mask.dtype == np.uint8 and made["weights"] == 3
        assert np.abs(made["images"].numpy() / 100 - mask).max() < 1e-4
        still = layer(data, training=False)
        assert (still["labels"].numpy() == LABELS).all()
    with pytest.raises(ValueError, match="RandomFlip takes a dict .* would be wrong"):
        layers.RandomFlip()({**data, "bounding_boxes": None})
    with pytest.raises(ValueError, match="with the key 'images', not one of 'image'"):
        layers.RandomFlip()({"image": images})


def test_in_models():
    pipeline = layers.Pipeline([layers.Rescaling(1 / 255), layers.RandomFlip(),
                                layers.RandAugment(value_range=(0, 1))])
    model = keras.Sequential([keras.Input((8, 6, 3)), pipeline, layers.AutoContrast((0, 1)),
                              layers.Flatten(), layers.Dense(4, activation="softmax")])
    model.compile("adam", "categorical_crossentropy")
    losses = model.fit(IMAGES, LABELS, epochs=3, verbose=0).history["loss"]
    assert np.isfinite(losses).all()
    again = keras.Sequential.from_config(model.get_config())
    assert [type(layer).__name__ for layer in again.layers[0].layers] == [
        "Rescaling", "RandomFlip", "RandAugment"]
    again.set_weights(model.get_weights())
    assert (again.predict(IMAGES, verbose=0) == model.predict(IMAGES, verbose=0)).all()


@pytest.mark.parametrize("make, message", [
    (lambda: layers.RandomHue(1.5), "factor is a number from 0.0 to 1.0"),
    (lambda: layers.RandomPosterization(9), "from 1 to 8"),
    (lambda: layers.RandomShear((0.5, 0.1)), "x_factor is a number"),
    (lambda: layers.Solarization(value_range=(1, 0)), "lowest and the highest"),
    (lambda: layers.RandomGaussianBlur(kernel_size=4), "odd number"),
    (lambda: layers.RandomErasing(fill_value=[1.0, 2.0])(IMAGES), "each of the 3 channels"),
    (lambda: layers.RandomElasticTransform(fill_mode="no"), "fill_mode is one of")])
def test_mistakes(make, message):
    with pytest.raises(ValueError, match=message):
        make()
