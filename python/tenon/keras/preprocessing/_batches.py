"""Endless batches of images for ImageDataGenerator."""

import os

import numpy

from ..models.py_dataset import PyDataset
from ..utils.images import array_to_img, img_to_array, load_img

_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".tif", ".tiff", ".gif", ".webp")


class Iterator(PyDataset):
    """Batches by number, and one after the other without end: `next(it)`."""

    def __init__(self, generator, n, batch_size, shuffle, seed, save_to):
        super().__init__()
        self.image_data_generator, self.n, self.samples = generator, n, n
        self.batch_size, self.shuffle, self.seed = batch_size, shuffle, seed
        self.save_to_dir, self.save_prefix, self.save_format = save_to
        self.index_array, self.batch_index, self.total_batches_seen = None, 0, 0

    def _order(self):
        self.index_array = (numpy.random.permutation(self.n) if self.shuffle
                            else numpy.arange(self.n))

    def __len__(self):
        return -(-self.n // self.batch_size)

    def __getitem__(self, i):
        if not 0 <= i < len(self):
            raise IndexError(f"Asked to retrieve element {i}, but the Sequence has length "
                             f"{len(self)}")
        if self.seed is not None:
            numpy.random.seed(self.seed + self.total_batches_seen)
        self.total_batches_seen += 1
        if self.index_array is None:
            self._order()
        return self._batch(self.index_array[i * self.batch_size:(i + 1) * self.batch_size])

    def on_epoch_end(self):
        """The order of the next epoch."""
        self._order()

    def reset(self):
        """The next batch is the first."""
        self.batch_index = 0

    def __iter__(self):
        return self

    def __next__(self):
        if self.batch_index == 0:
            self.index_array = None
        made = self[self.batch_index]
        self.batch_index = (self.batch_index + 1) % len(self)
        return made

    next = __next__

    def _changed(self, image):
        generator = self.image_data_generator
        return generator.standardize(generator.random_transform(image))

    def _saved(self, images, places):
        if self.save_to_dir:
            for i, image in zip(places, images):
                name = f"{self.save_prefix}_{i}_{numpy.random.randint(10**7)}.{self.save_format}"
                array_to_img(image, self.image_data_generator.data_format, True).save(
                    os.path.join(self.save_to_dir, name))
        return images


def _part(count, share, subset):
    """The places of a part of so many: the first `share` of them are for validation."""
    if subset is None:
        return slice(None)
    if subset not in ("training", "validation"):
        raise ValueError(f"Invalid subset name: {subset}; expected 'training' or 'validation'")
    held = int(count * share)
    return slice(0, held) if subset == "validation" else slice(held, None)


class ArrayIterator(Iterator):
    """Batches of arrays."""

    def __init__(self, generator, x, y, sample_weight, subset, **options):
        # Besides the images there may be other inputs.
        x, *self.x_misc = x if isinstance(x, (tuple, list)) else (x,)
        if len(self.x_misc) == 1 and isinstance(self.x_misc[0], list):
            self.x_misc = self.x_misc[0]
        x = numpy.asarray(x, generator.dtype)
        if x.ndim != 4:
            raise ValueError("Input data in `NumpyArrayIterator` should have rank 4. You passed "
                             f"an array with shape {x.shape}")
        part = _part(len(x), generator._validation_split, subset)
        for name, other in (("y", y), ("sample_weight", sample_weight)):
            if other is not None and len(other) != len(x):
                raise ValueError(f"`x` (images tensor) and `{name}` should have the same length. "
                                 f"Found: x.shape = {x.shape}, {name}.shape = {numpy.shape(other)}")
        self.x, self.x_misc = x[part], [numpy.asarray(one)[part] for one in self.x_misc]
        self.y, self.sample_weight = (None if one is None else numpy.asarray(one)[part]
                                      for one in (y, sample_weight))
        super().__init__(generator, len(self.x), **options)

    def _batch(self, places):
        images = numpy.stack([self._changed(self.x[i]) for i in places])
        self._saved(images, places)
        inputs = images if not self.x_misc else [images, *(one[places] for one in self.x_misc)]
        if self.y is None:
            return inputs
        if self.sample_weight is None:
            return inputs, self.y[places]
        return inputs, self.y[places], self.sample_weight[places]


class _FileIterator(Iterator):
    """Batches of files of images."""

    _modes = ("categorical", "binary", "sparse", "input", None)

    def _set(self, generator, class_mode, target_size, color_mode, interpolation,
             keep_aspect_ratio):
        if class_mode not in self._modes:
            raise ValueError(f"Invalid class_mode: {class_mode}; expected one of: {self._modes}")
        self.class_mode, self.target_size = class_mode, tuple(target_size)
        self.color_mode, self.interpolation = color_mode, interpolation
        self.keep_aspect_ratio = keep_aspect_ratio
        channels = {"rgb": 3, "rgba": 4, "grayscale": 1}.get(color_mode)
        if channels is None:
            raise ValueError(f"Invalid color mode: {color_mode}; expected 'rgb', 'rgba', or "
                             "'grayscale'.")
        self.data_format = generator.data_format
        self.image_shape = ((channels, *self.target_size) if self.data_format == "channels_first"
                            else (*self.target_size, channels))

    def _batch(self, places):
        images = numpy.stack([self._changed(img_to_array(load_img(
            self.filepaths[i], self.color_mode, self.target_size, self.interpolation,
            self.keep_aspect_ratio), self.data_format)) for i in places])
        images = self._saved(images, places).astype(self.image_data_generator.dtype)
        labels = self._labels(images, places)
        if labels is None:
            return images
        weights = getattr(self, "sample_weight", None)
        return (images, labels) if weights is None else (images, labels, weights[places])

    def _labels(self, images, places):
        if self.class_mode == "input":
            return images.copy()
        if self.class_mode is None:
            return None
        chosen = numpy.array([self.classes[i] for i in places])
        if self.class_mode == "categorical":
            return numpy.eye(len(self.class_indices), dtype="float32")[chosen]
        return chosen.astype("float32")


class DirectoryIterator(_FileIterator):
    """Batches of the images in a directory, one folder a class."""

    def __init__(self, generator, directory, classes, class_mode, follow_links, subset, target_size,
                 color_mode, interpolation, keep_aspect_ratio, **options):
        self._set(generator, class_mode, target_size, color_mode, interpolation, keep_aspect_ratio)
        self.directory = directory
        names = list(classes) if classes else sorted(
            name for name in os.listdir(directory) if os.path.isdir(os.path.join(directory, name)))
        self.num_classes = len(names)
        self.class_indices = {name: i for i, name in enumerate(names)}
        self.filenames, numbers = [], []
        for i, name in enumerate(names):
            found = [os.path.relpath(os.path.join(where, file), directory)
                     for where, _, files in sorted(os.walk(os.path.join(directory, name),
                                                           followlinks=follow_links))
                     for file in sorted(files) if file.lower().endswith(_ENDINGS)]
            found = found[_part(len(found), generator._validation_split, subset)]
            self.filenames += found
            numbers += [i] * len(found)
        self.classes = numpy.array(numbers, dtype="int32")
        self.filepaths = [os.path.join(directory, name) for name in self.filenames]
        print(f"Found {len(self.filenames)} images belonging to {len(names)} classes.")
        super().__init__(generator, len(self.filenames), **options)


def _check_columns(dataframe, *names):
    missing = [name for name in names if name is not None and name not in dataframe.columns]
    if missing:
        raise ValueError(f"flow_from_dataframe(): the table has no column {missing[0]!r}; it has "
                         f"{list(dataframe.columns)}")


class DataFrameIterator(_FileIterator):
    """Batches of the images that a table names."""

    _modes = (*_FileIterator._modes, "multi_output", "raw")

    def __init__(self, generator, dataframe, directory, columns, classes, class_mode,
                 validate_filenames, subset, target_size, color_mode, interpolation,
                 keep_aspect_ratio, **options):
        self._set(generator, class_mode, target_size, color_mode, interpolation, keep_aspect_ratio)
        x_col, y_col, weight_col = columns
        labels = y_col if isinstance(y_col, (list, tuple)) else [y_col]
        _check_columns(dataframe, x_col, weight_col,
                       *(labels if class_mode not in (None, "input") else ()))
        self.directory = directory or ""
        table = dataframe[[isinstance(one, str) for one in dataframe[x_col]]]
        if validate_filenames:
            there = [os.path.isfile(os.path.join(self.directory, name))
                     and name.lower().endswith(_ENDINGS) for name in table[x_col]]
            table = table[there]
        if class_mode in ("categorical", "binary", "sparse"):
            names = list(classes) if classes else sorted(set(table[y_col]))
            if class_mode == "binary" and len(names) != 2:
                raise ValueError('If class_mode="binary" there must be 2 classes. Found '
                                 f"{len(names)} classes.")
            table = table[[one in set(names) for one in table[y_col]]]
            self.class_indices = {name: i for i, name in enumerate(names)}
        table = table[_part(len(table), generator._validation_split, subset)]
        self.filenames = list(table[x_col])
        self.filepaths = [os.path.join(self.directory, name) for name in self.filenames]
        if class_mode in ("categorical", "binary", "sparse"):
            self.classes = numpy.array([self.class_indices[one] for one in table[y_col]], "int32")
        elif class_mode == "raw":
            self._raw = table[y_col].values
        elif class_mode == "multi_output":
            self._raw = [numpy.array(table[name].tolist()) for name in y_col]
        self.sample_weight = table[weight_col].values if weight_col else None
        print(f"Found {len(self.filenames)} validated image filenames"
              + (f" belonging to {len(self.class_indices)} classes." if hasattr(
                  self, "class_indices") else "."))
        super().__init__(generator, len(self.filenames), **options)

    def _labels(self, images, places):
        if self.class_mode == "raw":
            return self._raw[places]
        if self.class_mode == "multi_output":
            return tuple(one[places] for one in self._raw)
        return super()._labels(images, places)


NumpyArrayIterator = ArrayIterator
