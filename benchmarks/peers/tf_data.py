"""tf.data: `tf_data.py PEER`, of tenon and tensorflow: elements a second of pipelines over arrays,
a generator, records and windows. Run it for each peer in turn, in an environment that has it."""

import json
import os
import sys
import tempfile
import time

import numpy as np

PEER = sys.argv[1]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if PEER == "tenon":
    import tenon.tf as tf
else:
    import tensorflow as tf

Dataset, AUTOTUNE = tf.data.Dataset, tf.data.AUTOTUNE
COUNT = 8192


def arrays():
    rng = np.random.default_rng(0)
    return rng.random((COUNT, 28, 28), "float32"), rng.integers(0, 10, COUNT)


def shuffled_batches():
    return Dataset.from_tensor_slices(arrays()).shuffle(COUNT).batch(64).prefetch(AUTOTUNE)


def mapped():
    def scale(image, label):
        return (image - 0.5) * 2.0, label

    return Dataset.from_tensor_slices(arrays()).map(scale, num_parallel_calls=AUTOTUNE).shuffle(
        1000).batch(64).prefetch(AUTOTUNE)


def generated():
    x, y = arrays()

    def rows():
        yield from zip(x, y)

    signature = tf.TensorSpec((28, 28), tf.float32), tf.TensorSpec((), tf.int64)
    return Dataset.from_generator(rows, output_signature=signature).batch(64)


def write_records(path):
    rng = np.random.default_rng(0)
    with tf.io.TFRecordWriter(path) as writer:
        for label, row in enumerate(rng.random((COUNT, 100), "float32").tolist()):
            writer.write(tf.train.Example(features=tf.train.Features(feature={
                "x": tf.train.Feature(float_list=tf.train.FloatList(value=row)),
                "y": tf.train.Feature(int64_list=tf.train.Int64List(value=[label]))
            })).SerializeToString())


FEATURES = {"x": tf.io.FixedLenFeature([100], tf.float32), "y": tf.io.FixedLenFeature([], tf.int64)}


def parsed(path):
    return tf.data.TFRecordDataset(path).map(
        lambda one: tf.io.parse_single_example(one, FEATURES)).batch(64)


def parsed_by_batch(path):
    return tf.data.TFRecordDataset(path).batch(64).map(
        lambda batch: tf.io.parse_example(batch, FEATURES))


def windows():
    return Dataset.range(COUNT).window(10, shift=1, drop_remainder=True).flat_map(
        lambda window: window.batch(10)).batch(64)


def elements_per_second(dataset):
    """The best of three passes after one."""
    times = []
    for _ in range(4):
        start = time.perf_counter()
        for _ in dataset:
            pass
        times.append(time.perf_counter() - start)
    return COUNT / min(times[1:])


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "records")
        write_records(path)
        pipelines = {"shuffle, batch, prefetch": shuffled_batches(),
                     "map, shuffle, batch, prefetch": mapped(),
                     "from_generator, batch": generated(),
                     "records, parse_single_example, batch": parsed(path),
                     "records, batch, parse_example": parsed_by_batch(path),
                     "window, flat_map, batch": windows()}
        results = {name: round(elements_per_second(one)) for name, one in pipelines.items()}
    print(json.dumps({"peer": PEER, "elements/s": results}))


if __name__ == "__main__":
    main()
