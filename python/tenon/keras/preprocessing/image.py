"""Images as arrays, and endless batches of changed ones, as Keras 2 had them; new programs have
utils.image_dataset_from_directory and layers such as RandomRotation."""

import math

import numpy

from ... import _core
from .. import _config, ops
from ..utils.images import (array_to_img, img_to_array, load_img, save_img,  # noqa: F401
                            smart_resize)
from ._batches import (ArrayIterator, DataFrameIterator, DirectoryIterator, Iterator,  # noqa: F401
                       NumpyArrayIterator)


def _moved(x, matrix, fill_mode, cval):
    """An image (height, width, channels) read at matrix (column, row, 1), both from the middle."""
    height, width = x.shape[:2]
    middle = numpy.array([[1, 0, width / 2 - 0.5], [0, 1, height / 2 - 0.5], [0, 0, 1]])
    whole = middle @ matrix @ numpy.linalg.inv(middle)
    vectors = _core.tensor_of_data([[*whole[:2].reshape(-1).tolist(), 0.0, 0.0]], _core.float32)
    images = ops.convert_to_tensor(x, "float32")[None]
    return ops.image.transformed(images, vectors, "bilinear", fill_mode, cval).numpy()[0]


def apply_affine_transform(x, theta=0, tx=0, ty=0, shear=0, zx=1, zy=1, row_axis=1, col_axis=2,
                           channel_axis=0, fill_mode="nearest", cval=0.0, order=1):
    """An image turned by `theta` degrees, moved by `tx` columns and `ty` rows, sheared by degrees
    and seen from so many times as far away in width (zx) and height (zy)."""
    turn, slant = math.radians(theta), math.radians(shear)
    matrix = numpy.array([[math.cos(turn), -math.sin(turn), 0], [math.sin(turn), math.cos(turn), 0],
                          [0, 0, 1]])
    matrix = matrix @ numpy.array([[1, 0, tx], [0, 1, ty], [0, 0, 1]])
    matrix = matrix @ numpy.array([[1, -math.sin(slant), 0], [0, math.cos(slant), 0], [0, 0, 1]])
    matrix = matrix @ numpy.diag([zx, zy, 1])
    if numpy.array_equal(matrix, numpy.eye(3)):
        return x
    x = numpy.moveaxis(numpy.asarray(x), (row_axis, col_axis, channel_axis), (0, 1, 2))
    y = _moved(numpy.ascontiguousarray(x), matrix, fill_mode, cval)
    return numpy.moveaxis(y, (0, 1, 2), (row_axis, col_axis, channel_axis))


def apply_brightness_shift(x, brightness, scale=True):
    """An image so many times as bright, as PIL has it: whole numbers from 0 to 255."""
    low, high = numpy.min(x), numpy.max(x)
    is_scaled = scale or low < 0 or high > 255
    span = (high - low) or 1.0
    bytes_ = numpy.floor((x - low) / span * 255 if is_scaled else x)
    y = numpy.floor(numpy.clip(bytes_ * brightness, 0, 255)).astype(x.dtype)
    return y / 255 * span + low if is_scaled and not scale else y


def apply_channel_shift(x, intensity, channel_axis=0):
    """An image with a number added, within the range that it has."""
    return numpy.clip(x + intensity, numpy.min(x), numpy.max(x))


class ImageDataGenerator:
    """Endless batches of images, changed at random: turned by up to rotation_range degrees, moved
    by shares (or numbers of pixels), sheared, zoomed, flipped, brighter or darker, with `fill_mode`
    beyond their borders; then rescaled, centred and divided by deviations where that is asked for.

        generator = ImageDataGenerator(rescale=1 / 255, horizontal_flip=True, validation_split=0.2)
        model.fit(generator.flow_from_directory("pictures", (64, 64), subset="training"))
    """

    def __init__(self, featurewise_center=False, samplewise_center=False,
                 featurewise_std_normalization=False, samplewise_std_normalization=False,
                 zca_whitening=False, zca_epsilon=1e-6, rotation_range=0, width_shift_range=0.0,
                 height_shift_range=0.0, brightness_range=None, shear_range=0.0, zoom_range=0.0,
                 channel_shift_range=0.0, fill_mode="nearest", cval=0.0, horizontal_flip=False,
                 vertical_flip=False, rescale=None, preprocessing_function=None, data_format=None,
                 validation_split=0.0, interpolation_order=1, dtype=None):
        self.featurewise_center = featurewise_center or zca_whitening or (
            featurewise_std_normalization)
        self.samplewise_center = samplewise_center or samplewise_std_normalization
        self.featurewise_std_normalization = featurewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening, self.zca_epsilon = zca_whitening, zca_epsilon
        self.rotation_range, self.shear_range = rotation_range, shear_range
        self.width_shift_range, self.height_shift_range = width_shift_range, height_shift_range
        self.brightness_range, self.channel_shift_range = brightness_range, channel_shift_range
        self.zoom_range = ([1 - zoom_range, 1 + zoom_range] if isinstance(zoom_range, (int, float))
                           else list(zoom_range))
        self.fill_mode, self.cval = fill_mode, cval
        self.horizontal_flip, self.vertical_flip = horizontal_flip, vertical_flip
        self.rescale, self.preprocessing_function = rescale, preprocessing_function
        self.data_format = _config.standardize_data_format(data_format)
        self._validation_split, self.interpolation_order = validation_split, interpolation_order
        self.dtype = dtype or _config.floatx()
        self.mean = self.std = self.zca_whitening_matrix = None
        self._check()

    def _check(self):
        if self._validation_split and not 0 < self._validation_split < 1:
            raise ValueError("`validation_split` must be strictly between 0 and 1. Received: "
                             f"{self._validation_split}")
        if self.zca_whitening and self.featurewise_std_normalization:
            raise ValueError("zca_whitening divides by deviations itself; leave out "
                             "featurewise_std_normalization")
        if len(self.zoom_range) != 2:
            raise ValueError("`zoom_range` should be a float or a tuple or list of two floats. "
                             f"Received: {self.zoom_range}")
        if self.brightness_range is not None and len(self.brightness_range) != 2:
            raise ValueError("`brightness_range` should be tuple or list of two floats. Received: "
                             f"{self.brightness_range}")
        if self.interpolation_order not in (0, 1):
            raise ValueError("interpolation_order is 0 or 1, not "
                             f"{self.interpolation_order}")

    @property
    def _axes(self):
        """Of rows, columns and channels, in one image."""
        return (1, 2, 0) if self.data_format == "channels_first" else (0, 1, 2)

    # Where batches come from.

    def flow(self, x, y=None, batch_size=32, shuffle=True, sample_weight=None, seed=None,
             save_to_dir=None, save_prefix="", save_format="png", ignore_class_split=False,
             subset=None):
        """Batches of arrays: (images, labels), or images alone."""
        return ArrayIterator(self, x, y, sample_weight, subset=subset, batch_size=batch_size,
                             shuffle=shuffle, seed=seed,
                             save_to=(save_to_dir, save_prefix, save_format))

    def flow_from_directory(self, directory, target_size=(256, 256), color_mode="rgb", classes=None,
                            class_mode="categorical", batch_size=32, shuffle=True, seed=None,
                            save_to_dir=None, save_prefix="", save_format="png",
                            follow_links=False, subset=None, interpolation="nearest",
                            keep_aspect_ratio=False):
        """Batches of the images of a directory, one folder a class; labels as rows ("categorical"),
        numbers ("sparse"), floats of two classes ("binary"), the images themselves ("input"), or
        none (None)."""
        return DirectoryIterator(self, directory, classes, class_mode, follow_links, subset=subset,
                                 target_size=target_size, color_mode=color_mode,
                                 interpolation=interpolation, keep_aspect_ratio=keep_aspect_ratio,
                                 batch_size=batch_size, shuffle=shuffle, seed=seed,
                                 save_to=(save_to_dir, save_prefix, save_format))

    def flow_from_dataframe(self, dataframe, directory=None, x_col="filename", y_col="class",
                            weight_col=None, target_size=(256, 256), color_mode="rgb", classes=None,
                            class_mode="categorical", batch_size=32, shuffle=True, seed=None,
                            save_to_dir=None, save_prefix="", save_format="png", subset=None,
                            interpolation="nearest", validate_filenames=True, **kwargs):
        """Batches of the images that the rows of pandas's table name; labels as in
        `flow_from_directory`, or the columns as they are ("raw"), one output each
        ("multi_output")."""
        return DataFrameIterator(self, dataframe, directory, (x_col, y_col, weight_col), classes,
                                 class_mode, validate_filenames, subset=subset,
                                 target_size=target_size, color_mode=color_mode,
                                 interpolation=interpolation, keep_aspect_ratio=False,
                                 batch_size=batch_size, shuffle=shuffle, seed=seed,
                                 save_to=(save_to_dir, save_prefix, save_format))

    # Changes.

    def get_random_transform(self, img_shape, seed=None):
        """What to change, drawn at random."""
        if seed is not None:
            numpy.random.seed(seed)
        rows, columns, _ = self._axes

        def within(bound):
            return numpy.random.uniform(-bound, bound) if bound else 0

        def moved(bound, size):
            if isinstance(bound, (tuple, list)) or not isinstance(bound, (int, float)):
                return numpy.random.choice(bound) * numpy.random.choice([-1, 1])
            if isinstance(bound, int) or bound >= 1:  # pixels
                return int(within(bound))
            return within(bound) * size

        # In Keras's order, so that the same seed changes images in the same way.
        drawn = {"theta": within(self.rotation_range),
                 "ty": moved(self.height_shift_range, img_shape[rows]),
                 "tx": moved(self.width_shift_range, img_shape[columns]),
                 "shear": within(self.shear_range)}
        zoom = (1, 1) if self.zoom_range == [1, 1] else numpy.random.uniform(*self.zoom_range, 2)
        drawn.update(zx=zoom[0], zy=zoom[1])
        for name in "horizontal", "vertical":
            flips = numpy.random.random() < 0.5
            drawn[f"flip_{name}"] = flips and getattr(self, f"{name}_flip")
        shift = self.channel_shift_range
        drawn["channel_shift_intensity"] = within(shift) if shift else None
        drawn["brightness"] = (None if self.brightness_range is None
                               else numpy.random.uniform(*self.brightness_range))
        return drawn

    def apply_transform(self, x, transform_parameters):
        """An image changed as these parameters say."""
        get = transform_parameters.get
        rows, columns, channels = self._axes
        x = apply_affine_transform(
            x, get("theta", 0), get("tx", 0), get("ty", 0), get("shear", 0), get("zx", 1),
            get("zy", 1), rows, columns, channels, self.fill_mode, self.cval)
        if get("channel_shift_intensity") is not None:
            x = apply_channel_shift(x, get("channel_shift_intensity"))
        if get("flip_horizontal"):
            x = numpy.flip(x, columns)
        if get("flip_vertical"):
            x = numpy.flip(x, rows)
        if get("brightness") is not None:
            x = apply_brightness_shift(x, get("brightness"), False)
        return x

    def random_transform(self, x, seed=None):
        """An image changed at random."""
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))

    def standardize(self, x):
        """An image rescaled, centred and divided by deviations, as was asked for."""
        if self.preprocessing_function is not None:
            x = self.preprocessing_function(x)
        if self.rescale:
            x = x * self.rescale
        if self.samplewise_center:
            x = x - numpy.mean(x, keepdims=True)
        if self.samplewise_std_normalization:
            x = x / (numpy.std(x, keepdims=True) + 1e-6)
        if self.featurewise_center and self._has("mean", "featurewise_center"):
            x = x - self.mean
        if self.featurewise_std_normalization and self._has("std", "featurewise_std_normalization"):
            x = x / (self.std + 1e-6)
        if self.zca_whitening and self._has("zca_whitening_matrix", "zca_whitening"):
            x = (x.reshape(-1) @ self.zca_whitening_matrix).reshape(x.shape)
        return x

    def _has(self, name, option):
        if getattr(self, name) is None:
            raise ValueError(f"This ImageDataGenerator specifies `{option}`, but it hasn't been "
                             "fit on any training data. Fit it first by calling "
                             "`.fit(numpy_data)`.")
        return True

    def fit(self, x, augment=False, rounds=1, seed=None):
        """Learns the mean, deviation and whitening of images."""
        x = numpy.array(x, dtype=self.dtype)
        if x.ndim != 4:
            raise ValueError("Input to `.fit()` should have rank 4. Got array with shape: "
                             f"{x.shape}")
        if seed is not None:
            numpy.random.seed(seed)
        if augment:
            x = numpy.stack([self.random_transform(one) for _ in range(rounds) for one in x])
        rows, columns, _ = self._axes
        places = (0, rows + 1, columns + 1)
        if self.featurewise_center:
            self.mean = numpy.mean(x, places, keepdims=True)[0]
            x = x - self.mean
        if self.featurewise_std_normalization:
            self.std = numpy.std(x, places, keepdims=True)[0]
            x = x / (self.std + 1e-6)
        if self.zca_whitening:
            flat = x.reshape(len(x), -1)
            vectors, values, _ = numpy.linalg.svd(flat.T @ flat / len(flat))
            self.zca_whitening_matrix = (vectors / numpy.sqrt(values + self.zca_epsilon)
                                         ) @ vectors.T
