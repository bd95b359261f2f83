"""Files: records, examples, images, checkpoints, events."""

import io
import os

import numpy as np
import pytest

import tenon.tf as tf
from tenon import keras
from tenon.utils._protobuf import fields
from tenon.utils._records import crc32c, read_records


def example(numbers, text=b"x"):
    feature = {"n": tf.train.Feature(int64_list=tf.train.Int64List(value=numbers)),
               "f": tf.train.Feature(float_list=tf.train.FloatList(value=[0.5, -1.5])),
               "b": tf.train.Feature(bytes_list=tf.train.BytesList(value=[text]))}
    return tf.train.Example(features=tf.train.Features(feature=feature))


def test_checksum():
    assert crc32c(b"123456789") == 0xE3069283  # RFC 3720, B.4
    assert crc32c(bytes(32)) == 0x8A9136AA


def test_the_bytes_of_an_example():
    # What TensorFlow 2.21 writes.
    single = tf.train.Example(features=tf.train.Features(feature={
        "a": tf.train.Feature(int64_list=tf.train.Int64List(value=[1, -2]))}))
    assert single.SerializeToString().hex() == "0a160a140a0161120f1a0d0a0b01feffffffffffffffff01"
    again = tf.train.Example.FromString(single.SerializeToString())
    assert again == single and again.features.feature["a"].int64_list.value == [1, -2]


@pytest.mark.parametrize("kind", ["", "GZIP", "ZLIB"])
def test_records(tmp_path, kind):
    path = str(tmp_path / "data.tfrecord")
    with tf.io.TFRecordWriter(path, tf.io.TFRecordOptions(compression_type=kind)) as writer:
        for i in range(3):
            writer.write(example([i, i + 1], b"row %d" % i).SerializeToString())
    specs = {"n": tf.io.FixedLenFeature([2], tf.int64), "f": tf.io.VarLenFeature(tf.float32),
             "b": tf.io.FixedLenFeature([], tf.string),
             "more": tf.io.FixedLenFeature([], tf.float32, default_value=9.0)}
    data = tf.data.TFRecordDataset(path, compression_type=kind)
    parsed = [tf.io.parse_single_example(record, specs) for record in data]
    assert [one["n"].numpy().tolist() for one in parsed] == [[0, 1], [1, 2], [2, 3]]
    assert parsed[2]["b"].numpy() == b"row 2" and parsed[0]["more"].numpy() == 9.0
    assert tf.sparse.to_dense(parsed[0]["f"]).numpy().tolist() == [0.5, -1.5]
    batch = next(iter(data.batch(3).map(lambda records: tf.io.parse_example(records, specs))))
    assert batch["n"].numpy().tolist() == [[0, 1], [1, 2], [2, 3]]
    assert tf.sparse.to_dense(batch["f"]).shape == [3, 2]


def test_damaged_records_are_found(tmp_path):
    path = tmp_path / "data.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        writer.write(b"some record")
    whole = path.read_bytes()
    for i in (3, 9, 15, len(whole) - 1):
        with pytest.raises(tf.errors.DataLossError, match="at 0"):
            list(read_records(io.BytesIO(whole[:i] + bytes([whole[i] ^ 1]) + whole[i + 1:]),
                              "file"))
    for size in (5, 14, len(whole) - 2):
        with pytest.raises(tf.errors.DataLossError, match="truncated"):
            list(read_records(io.BytesIO(whole[:size]), "file"))
    for data in (b"\x0a", b"\x0a\x05ab", b"\x80", b"\x0f"):
        with pytest.raises(tf.errors.DataLossError):
            tf.train.Example.FromString(data)


def test_wrong_features():
    data = example([1, 2]).SerializeToString()
    for spec in ({"n": tf.io.FixedLenFeature([3], tf.int64)},
                 {"n": tf.io.FixedLenFeature([2], tf.float32)},
                 {"gone": tf.io.FixedLenFeature([], tf.int64)}):
        with pytest.raises(tf.errors.InvalidArgumentError):
            tf.io.parse_single_example(data, spec)


def test_sequence_examples():
    steps = tf.train.FeatureList(feature=[
        tf.train.Feature(int64_list=tf.train.Int64List(value=[i, i])) for i in range(3)])
    one = tf.train.SequenceExample(feature_lists=tf.train.FeatureLists(feature_list={"s": steps}))
    context, sequences = tf.io.parse_single_sequence_example(
        one.SerializeToString(),
        sequence_features={"s": tf.io.FixedLenSequenceFeature([2], tf.int64)})
    assert context == {} and sequences["s"].numpy().tolist() == [[0, 0], [1, 1], [2, 2]]


def test_images(tmp_path):
    pytest.importorskip("PIL")
    picture = tf.constant(np.arange(60, dtype=np.uint8).reshape(4, 5, 3))
    data = tf.io.encode_png(picture)
    tf.io.write_file(str(tmp_path / "deep" / "a.png"), data)
    read = tf.io.read_file(str(tmp_path / "deep" / "a.png"))
    for decode in (tf.io.decode_png, tf.io.decode_image, tf.image.decode_png):
        np.testing.assert_array_equal(decode(read).numpy(), picture.numpy())
    assert tf.io.decode_image(read, channels=1).shape == [4, 5, 1]
    as_floats = tf.io.decode_image(read, dtype=tf.float32).numpy()
    np.testing.assert_allclose(as_floats, picture.numpy() / 255, rtol=1e-6)
    jpeg = tf.io.encode_jpeg(tf.fill([8, 8, 3], tf.constant(100, tf.uint8)))
    assert abs(tf.io.decode_jpeg(jpeg).numpy().astype(int) - 100).max() <= 2 and tf.io.is_jpeg(jpeg)
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.io.decode_image(tf.constant("no image"))


def test_random_images():
    x = tf.reshape(tf.range(48.0), [4, 4, 3]) / 48
    for name, more in (("flip_left_right", ()), ("crop", ([2, 2, 3],)), ("brightness", (0.2,)),
                       ("contrast", (0.5, 1.5)), ("hue", (0.1,)), ("saturation", (0.5, 1.5))):
        change = getattr(tf.image, f"stateless_random_{name}")
        one, again = (change(x, *more, seed=(1, 2)).numpy() for _ in range(2))
        np.testing.assert_array_equal(one, again)
        made = [getattr(tf.image, f"random_{name}")(x, *more).numpy().tobytes()
                for _ in range(20)]
        assert len(set(made)) > 1


def test_gfile(tmp_path):
    directory = str(tmp_path / "a" / "b")
    tf.io.gfile.makedirs(directory)
    with tf.io.gfile.GFile(f"{directory}/x.txt", "w") as file:
        file.write("hello\n")
    assert tf.io.gfile.exists(directory) and tf.io.gfile.listdir(directory) == ["x.txt"]
    tf.io.gfile.copy(f"{directory}/x.txt", f"{directory}/y.txt")
    assert ([os.path.basename(one) for one in tf.io.gfile.glob(f"{directory}/*")]
            == ["x.txt", "y.txt"])
    with pytest.raises(tf.errors.AlreadyExistsError):
        tf.io.gfile.copy(f"{directory}/x.txt", f"{directory}/y.txt")
    tf.io.gfile.rmtree(str(tmp_path / "a"))
    with pytest.raises(tf.errors.NotFoundError):
        tf.io.gfile.GFile(f"{directory}/x.txt")


def test_checkpoints(tmp_path):
    def made():
        model = keras.Sequential([keras.layers.Dense(2, input_shape=(3,))])
        return tf.train.Checkpoint(model=model, step=tf.Variable(0, trainable=False)), model

    first, model = made()
    manager = tf.train.CheckpointManager(first, tmp_path / "saved", max_to_keep=2)
    x = np.ones((1, 3), np.float32)
    for i in range(3):
        first.step.assign_add(1)
        manager.save()
    assert [os.path.basename(one) for one in manager.checkpoints] == ["ckpt-2", "ckpt-3"]
    assert tf.train.latest_checkpoint(tmp_path / "saved") == manager.latest_checkpoint
    second, other = made()
    assert not np.allclose(other(x).numpy(), model(x).numpy())
    second.restore(manager.latest_checkpoint).assert_consumed()
    assert np.array_equal(other(x).numpy(), model(x).numpy()) and second.step.numpy() == 3
    assert ("step", []) in tf.train.list_variables(tmp_path / "saved")
    assert tf.train.load_variable(tmp_path / "saved", "step") == 3
    more = tf.train.Checkpoint(step=tf.Variable(0), extra=tf.Variable(1.0))
    with pytest.raises(AssertionError, match="extra"):
        more.restore(manager.latest_checkpoint).assert_existing_objects_matched()
    with pytest.raises(ValueError, match="shapes differ"):
        tf.train.Checkpoint(step=tf.Variable([1, 2])).restore(manager.latest_checkpoint)
    with pytest.raises(tf.errors.NotFoundError):
        first.restore(str(tmp_path / "nothing"))


def test_summaries(tmp_path):
    writer = tf.summary.create_file_writer(str(tmp_path))
    with writer.as_default():
        tf.summary.scalar("loss", 0.5, step=3)
        with tf.summary.record_if(False):
            assert not tf.summary.scalar("never", 1.0, step=3)
        tf.summary.histogram("weights", [1.0, 2.0, 2.0], step=3, buckets=2)
        with pytest.raises(ValueError, match="step"):
            tf.summary.scalar("loss", 0.5)
    assert not tf.summary.scalar("loss", 0.5, step=1)
    name, = os.listdir(tmp_path)
    with open(tmp_path / name, "rb") as file:
        events = [{number: value for number, _, value in fields(record)}
                  for record in read_records(file, name)]
    assert events[0][3] == b"brain.Event:2" and events[1][2] == 3 and len(events) == 3
    value = {number: part for number, _, part in fields(dict(
        (number, part) for number, _, part in fields(events[1][5]))[1])}
    assert value[1] == b"loss" and tf.io.parse_tensor(value[8], tf.float32).numpy() == 0.5
    rows = dict((number, part) for number, _, part in fields(dict(
        (number, part) for number, _, part in fields(events[2][5]))[1]))
    np.testing.assert_array_equal(tf.io.parse_tensor(rows[8], tf.float64).numpy(),
                                  [[1.0, 1.5, 1.0], [1.5, 2.0, 2.0]])
