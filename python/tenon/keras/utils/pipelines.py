"""Datasets of arrays, time series and directories of images."""

import os

import numpy


def _seeded(seed):
    from .._seeds import drawn_seed

    return numpy.random.default_rng(drawn_seed() if seed is None else seed)


def split_dataset(dataset, left_size=None, right_size=None, shuffle=False, seed=None):
    """(left, right): two datasets of the parts of a dataset, or of arrays, of given sizes: counts
    of elements, or floats for parts of all."""
    from ... import tf

    if not hasattr(dataset, "as_numpy_iterator"):
        dataset = tf.data.Dataset.from_tensor_slices(dataset)
    elements = list(dataset)
    if shuffle:
        order = _seeded(seed).permutation(len(elements))
        elements = [elements[i] for i in order]
    left, right = _sizes(len(elements), left_size, right_size)
    return (_of(elements[:left], dataset), _of(elements[left:left + right], dataset))


def _of(elements, dataset):
    from ...tf.data import Dataset

    return Dataset(lambda: iter(elements), len(elements), lambda: dataset.element_spec)


def _sizes(count, left, right):
    def size(value, name):
        if value is None:
            return None
        if isinstance(value, float) and not 0 < value < 1 or value <= 0 or value >= count:
            raise ValueError(f"`{name}` must be a count from 1 to {count - 1} or a float within "
                             f"(0, 1), got {value}")
        return round(value * count) if isinstance(value, float) else value

    left, right = size(left, "left_size"), size(right, "right_size")
    if left is None and right is None:
        raise ValueError("At least one of the `left_size` or `right_size` must be specified.")
    left = count - right if left is None else left
    right = count - left if right is None else right
    if left + right > count:
        raise ValueError(f"left_size and right_size are {left + right} elements together; there "
                         f"are {count}")
    return left, right


def timeseries_dataset_from_array(data, targets, sequence_length, sequence_stride=1,
                                  sampling_rate=1, batch_size=128, shuffle=False, seed=None,
                                  start_index=None, end_index=None):
    """Batches of windows of a series, and of the target at each window's start where targets are
    given; windows are `sequence_stride` apart, their elements `sampling_rate`."""
    from ... import tf

    data = numpy.asarray(data)
    first, last = start_index or 0, len(data) if end_index is None else end_index
    starts = last - first - (sequence_length - 1) * sampling_rate
    if targets is not None:
        targets = numpy.asarray(targets)
        starts = min(starts, len(targets) - first)
    if starts <= 0:
        raise ValueError(f"a series of {last - first} elements holds no window of "
                         f"{sequence_length} elements, {sampling_rate} apart")
    places = numpy.arange(first, first + starts, sequence_stride)
    if shuffle:
        places = _seeded(seed).permutation(places)
    steps = numpy.arange(0, sequence_length * sampling_rate, sampling_rate)
    windows = tf.constant(data)
    labels = None if targets is None else tf.constant(targets)

    def gathered(starts):
        inputs = tf.gather(windows, tf.expand_dims(starts, 1) + steps)
        return inputs if labels is None else (inputs, tf.gather(labels, starts))

    made = tf.data.Dataset.from_tensor_slices(places)
    return (made if batch_size is None else made.batch(batch_size)).map(
        gathered if batch_size is not None else
        lambda start: tf.nest.map_structure(lambda one: one[0], gathered(tf.expand_dims(start, 0))))


_IMAGES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")


def image_dataset_from_directory(directory, labels="inferred", label_mode="int", class_names=None,
                                 color_mode="rgb", batch_size=32, image_size=(256, 256),
                                 shuffle=True, seed=None, validation_split=None, subset=None,
                                 interpolation="bilinear", follow_links=False,
                                 crop_to_aspect_ratio=False, pad_to_aspect_ratio=False,
                                 data_format=None, verbose=True):
    """Batches of the images in a directory, one folder a class, and their labels: numbers ('int'),
    rows ('categorical'), floats of two classes ('binary') or none (None)."""
    from ... import tf

    channels = {"grayscale": 1, "rgb": 3, "rgba": 4}.get(color_mode)
    if channels is None:
        raise ValueError(f"`color_mode` is 'rgb', 'rgba' or 'grayscale', not {color_mode!r}")

    def image(path):
        made = tf.io.decode_image(tf.io.read_file(path), channels, expand_animations=False)
        return _sized(tf, made, tuple(image_size), interpolation, crop_to_aspect_ratio,
                      pad_to_aspect_ratio)

    return _of_files(image, _found(directory, labels, class_names, follow_links, _IMAGES),
                     labels is not None, label_mode, batch_size, shuffle, seed,
                     (validation_split, subset), verbose)


def text_dataset_from_directory(directory, labels="inferred", label_mode="int", class_names=None,
                                batch_size=32, max_length=None, shuffle=True, seed=None,
                                validation_split=None, subset=None, follow_links=False,
                                verbose=True):
    """Batches of the .txt files in a directory, one folder a class, and their labels, as
    `image_dataset_from_directory` has them; of each text at most `max_length` bytes."""
    from ... import tf

    def text(path):
        whole = tf.io.read_file(path)
        return whole if max_length is None else tf.strings.substr(whole, 0, max_length)

    return _of_files(text, _found(directory, labels, class_names, follow_links, (".txt",)),
                     labels is not None, label_mode, batch_size, shuffle, seed,
                     (validation_split, subset), verbose)


def _of_files(read, found, has_labels, label_mode, batch_size, shuffle, seed, split, verbose):
    """Batches of what `read` gives of paths, with their labels."""
    from ... import tf

    if label_mode not in ("int", "categorical", "binary", None):
        raise ValueError("`label_mode` is 'int', 'categorical', 'binary' or None, not "
                         f"{label_mode!r}")
    paths, numbers, names = found
    if shuffle or split[0]:
        order = numpy.random.default_rng(123 if seed is None else seed).permutation(len(paths))
        paths, numbers = [paths[i] for i in order], numbers[order]
    if verbose:
        print(f"Found {len(paths)} files belonging to {len(names)} classes.")
    paths, numbers = _subset(paths, numbers, *split)
    if verbose and split[0]:
        print(f"Using {len(paths)} files for {split[1]}.")
    if label_mode is None or not has_labels:
        data = tf.data.Dataset.from_tensor_slices(paths).map(read)
    else:
        wanted = _as_mode(numbers, label_mode, len(names))
        both = tf.data.Dataset.from_tensor_slices((paths, wanted))
        data = (both.shuffle(batch_size * 8 if batch_size else 1024, seed) if shuffle
                else both).map(lambda path, label: (read(path), label))
    data = data if batch_size is None else data.batch(batch_size)
    data.class_names, data.file_paths = names, paths
    return data


def _found(directory, labels, class_names, follow_links, endings):
    """(paths, numbers of their classes, names of classes) of files with these endings."""
    if not os.path.isdir(directory):
        raise NotADirectoryError(f"{directory} is no directory")
    inner = sorted(name for name in os.listdir(directory)
                   if os.path.isdir(os.path.join(directory, name)))
    names = list(class_names) if class_names is not None else inner
    if labels == "inferred" and set(names) != set(inner):
        raise ValueError(f"the classes {names} aren't the folders of {directory}: {inner}")
    folders = [(i, os.path.join(directory, name)) for i, name in enumerate(names)] \
        if labels == "inferred" else [(0, directory)]
    found = [(os.path.join(where, name), i) for i, folder in folders
             for where, _, files in sorted(os.walk(folder, followlinks=follow_links))
             for name in sorted(files) if name.lower().endswith(endings)]
    if not found:
        raise ValueError(f"No files found in directory {directory}. Allowed formats: {endings}")
    numbers = [i for _, i in found]
    if isinstance(labels, (list, tuple)):
        if len(labels) != len(found):
            raise ValueError(f"there are {len(labels)} labels for {len(found)} files")
        numbers = list(labels)
    return [path for path, _ in found], numpy.array(numbers), names


def _subset(paths, numbers, validation_split, subset):
    if validation_split is None:
        return paths, numbers
    if subset not in ("training", "validation"):
        raise ValueError("with `validation_split`, `subset` is 'training' or 'validation'")
    held = int(validation_split * len(paths))
    part = slice(0, len(paths) - held) if subset == "training" else slice(len(paths) - held, None)
    return paths[part], numbers[part]


def _as_mode(numbers, mode, count):
    if mode == "binary":
        if count != 2:
            raise ValueError(f"label_mode 'binary' is for two classes; there are {count}")
        return numbers.astype("float32")[:, None]
    if mode == "categorical":
        return numpy.eye(count, dtype="float32")[numbers]
    return numbers.astype("int32")


def _sized(tf, image, size, interpolation, crops, pads):
    if pads:
        return tf.image.resize_with_pad(image, *size, method=interpolation)
    if crops:
        height, width = image.shape[:2]
        tall = min(height, int(width * size[0] / size[1]))
        wide = min(width, int(height * size[1] / size[0]))
        image = tf.image.crop_to_bounding_box(image, (height - tall) // 2, (width - wide) // 2,
                                              tall, wide)
    return tf.cast(tf.image.resize(image, size, method=interpolation), tf.float32)
