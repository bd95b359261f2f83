"""Records and what they hold: checksums of many at once, features as files may have them."""

import random

import numpy as np
import pytest

import tenon.tf as tf
from tenon.tf.io._features import counts, features_of, integers
from tenon.utils import _records
from tenon.utils._protobuf import field, varint


def bitwise_crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def test_checksums_of_many_records():
    assert _records.crc32c(b"123456789") == 0xE3069283  # the published check value
    numbers = random.Random(0)
    records = [numbers.randbytes(n) for n in (4, 5, 63, 64, 65, 127, 128, 129, 129, 300, 4099)]
    expected = [bitwise_crc32c(record) for record in records]
    assert _records._checksums(records) == expected
    assert [_records.crc32c(record) for record in records] == expected


def test_records_of_all_lengths_are_checked(tmp_path):
    path, numbers = str(tmp_path / "r"), random.Random(1)
    records = [numbers.randbytes(n) for n in (0, 1, 3, 4, 70, 5000, 300000, 2)] * 40
    with tf.io.TFRecordWriter(path) as writer:
        for record in records:
            writer.write(record)
    assert [one.numpy() for one in tf.data.TFRecordDataset(path)] == records
    data = bytearray((tmp_path / "r").read_bytes())
    at = sum(16 + len(record) for record in records[:13]) + 12
    data[at] ^= 1
    (tmp_path / "r").write_bytes(data)
    good = 0
    with pytest.raises(tf.errors.DataLossError, match=f"corrupted record at {at - 12}"):
        for _ in tf.data.TFRecordDataset(path):
            good += 1
    assert good == 13


def example(**features):
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def ints(*values):
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def floats(*values):
    return tf.train.Feature(float_list=tf.train.FloatList(value=values))


def test_integers_of_all_sizes():
    values = [0, 1, 127, 128, 300, 2**31, 2**63 - 1, -1, -2**63] * 5
    data = b"".join(map(varint, values))
    assert integers(data).tolist() == values and integers(data[:5]).tolist() == values[:4]
    assert counts([data, b"", varint(300)]).tolist() == [45, 0, 1]
    with pytest.raises(tf.errors.DataLossError):
        integers(data + b"\x80")
    with pytest.raises(tf.errors.DataLossError):
        integers(b"\xff" * 40 + b"\x01")


def test_features_that_differ_where_others_are_alike():
    first, other = example(a=ints(5), b=floats(1.5, 2.0)), example(a=ints(6), c=floats(1.5, 2.0))
    assert len(first) == len(other)  # alike but for a name
    for data, name in ((first, "b"), (other, "c"), (first, "b"),
                       (example(a=ints(7), b=floats(3, 4)), "b")):
        found = features_of(data)
        assert set(found) == {"a", name} and len(found[name].values) == 2
    assert found["a"].values.tolist() == [7] and found["b"].values.tolist() == [3.0, 4.0]


def test_numbers_one_by_one_and_together():
    apart = field(1, field(1, field(1, "a") + field(2, field(3, field(1, 5) + field(1, -6)))))
    spec = {"a": tf.io.FixedLenFeature([2], tf.int64)}
    assert tf.io.parse_single_example(field(1, apart[2:]), spec)["a"].numpy().tolist() == [5, -6]
    batch = [field(1, apart[2:]), example(a=ints(300, 7))]
    assert tf.io.parse_example(batch, spec)["a"].numpy().tolist() == [[5, -6], [300, 7]]


def test_batches_of_examples():
    rows = [example(x=floats(i, i + 0.5), y=ints(100 * i), z=tf.train.Feature(
        bytes_list=tf.train.BytesList(value=[b"ab"[:i % 3]]))) for i in range(6)]
    spec = {"x": tf.io.FixedLenFeature([2], tf.float32), "y": tf.io.FixedLenFeature([], tf.int64),
            "z": tf.io.FixedLenFeature([], tf.string), "w": tf.io.FixedLenFeature([1], tf.int64, 9)}
    parsed = tf.io.parse_example(rows, spec)
    np.testing.assert_array_equal(parsed["x"].numpy(), [[i, i + 0.5] for i in range(6)])
    assert parsed["y"].numpy().tolist() == [0, 100, 200, 300, 400, 500]
    assert parsed["z"].numpy().tolist() == [b"", b"a", b"ab"] * 2
    assert parsed["w"].numpy().tolist() == [[9]] * 6
    for wrong in ({"x": tf.io.FixedLenFeature([3], tf.float32)},
                  {"y": tf.io.FixedLenFeature([2], tf.int64)},
                  {"x": tf.io.FixedLenFeature([2], tf.int64)},
                  {"none": tf.io.FixedLenFeature([], tf.int64)}):
        with pytest.raises(tf.errors.InvalidArgumentError):
            tf.io.parse_example(rows, wrong)


def test_maps_in_threads_of_many_cheap_elements():
    data = tf.data.Dataset.range(1000).map(lambda n: n * 2, num_parallel_calls=2)
    assert [int(n) for n in data] == list(range(0, 2000, 2))

    def odd(n):
        if n == 700:
            raise KeyError("at 700")
        return n

    seen = []
    with pytest.raises(KeyError, match="at 700"):
        for n in tf.data.Dataset.range(1000).map(odd, num_parallel_calls=2):
            seen.append(int(n))
    assert seen == list(range(len(seen))) and len(seen) <= 700


def test_columns_of_bytes():
    def example(*texts):
        feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=texts))
        return tf.train.Example(features=tf.train.Features(
            feature={"s": feature})).SerializeToString()

    batch, spec = [example(b"a", b"\xff"), example(b"", b"d")], {
        "s": tf.io.FixedLenFeature([2, 1], tf.string)}
    made = tf.io.parse_example(batch, spec)["s"]
    assert made.shape == [2, 2, 1] and made.numpy().tolist() == [[[b"a"], [b"\xff"]],
                                                                 [[b""], [b"d"]]]
    with pytest.raises(tf.errors.InvalidArgumentError, match="Values size: 1"):
        tf.io.parse_example([batch[0], example(b"a")], spec)
    with pytest.raises(tf.errors.InvalidArgumentError, match="required but could not be found"):
        tf.io.parse_example([batch[0], example()], spec)
    assert tf.stack([tf.constant("a"), tf.constant("b")]).shape == [2]
