"""What datasets refuse, how many elements they have, and of what kind."""

import pytest

import tenon.tf as tf

Dataset = tf.data.Dataset


def numbers(dataset):
    return [one.tolist() for one in dataset.as_numpy_iterator()]


def of_generator(*elements, **keywords):
    return Dataset.from_generator(lambda: iter(elements), **keywords)


@pytest.mark.parametrize("value, signature, text", [
    ([1, 2, 3], tf.TensorSpec((2,), tf.int32), r"shape \(3,\) where .* \(2,\)"),
    ("text", tf.TensorSpec((), tf.int32), "expected type was int32"),
    ((1, 2, 3), (tf.TensorSpec((), tf.int32),) * 2, "3 parts, expected 2"),
    (7, (tf.TensorSpec((), tf.int32),) * 2, "1 parts, expected 2"),
    ([[1]], tf.RaggedTensorSpec([None, None], tf.int32), "not of RaggedTensorSpec"),
])
def test_elements_of_generators_fit_their_signature(value, signature, text):
    with pytest.raises(tf.errors.InvalidArgumentError, match=text):
        list(of_generator(value, output_signature=signature))


def test_empty_and_ragged_elements_of_generators():
    data = of_generator([], [1, 2], output_signature=tf.TensorSpec((None,), tf.int32))
    assert numbers(data) == [[], [1, 2]] and next(iter(data)).dtype is tf.int32
    rows = tf.ragged.constant([[1, 2], [3]])
    data = of_generator(rows, output_signature=tf.RaggedTensorSpec([2, None], tf.int32))
    assert next(iter(data)).to_list() == [[1, 2], [3]]
    assert tf.constant([], tf.int32).dtype is tf.int32


def test_predicates_give_bools():
    for made in (Dataset.range(3).filter(lambda x: x), Dataset.range(3).take_while(lambda x: 1)):
        with pytest.raises(ValueError, match="must return a `tf.bool`"):
            list(made)
    assert numbers(Dataset.range(3).filter(lambda x: x > 0)) == [1, 2]


def test_functions_that_should_give_datasets():
    for made in (Dataset.range(2).flat_map(lambda x: x), Dataset.range(2).interleave(lambda x: x)):
        with pytest.raises(TypeError, match="must return a `Dataset`"):
            list(made)


def test_elements_of_other_kinds_do_not_concatenate():
    with pytest.raises(TypeError, match="Incompatible dataset elements"):
        list(Dataset.range(2).concatenate(Dataset.from_tensor_slices([1.0])))
    with pytest.raises(TypeError, match="Incompatible dataset elements"):
        list(Dataset.range(2).concatenate(Dataset.zip((Dataset.range(2), Dataset.range(2)))))
    two, three = (Dataset.range(n).batch(n, drop_remainder=True) for n in (2, 3))
    joined = two.concatenate(three)
    assert joined.element_spec == tf.TensorSpec([None], tf.int64)
    assert numbers(joined) == [[0, 1], [0, 1, 2]]


def test_how_many_elements():
    windows = [Dataset.range(7).window(3, drop_remainder=drops) for drops in (False, True)]
    windows += [Dataset.range(10).window(3, shift=1, stride=2, drop_remainder=drops)
                for drops in (False, True)]
    windows.append(Dataset.range(10).window(2, shift=4))
    counts = [int(one.cardinality()) for one in windows]
    assert counts == [len(list(one)) for one in windows] == [3, 2, 10, 6, 3]
    assert int(Dataset.range(0).repeat().cardinality()) == 0
    assert int(Dataset.range(3).repeat().cardinality()) == tf.data.INFINITE_CARDINALITY


def test_specs_of_padded_batches():
    assert Dataset.range(4).padded_batch(2).element_spec == tf.TensorSpec([None], tf.int64)
    images = Dataset.from_tensor_slices((tf.ones([4, 3, 5]), [1, 2, 3, 4]))
    padded = images.padded_batch(2, ([4, None], []), drop_remainder=True)
    assert padded.element_spec == (tf.TensorSpec([2, 4, None]), tf.TensorSpec([2], tf.int32))
    rows = Dataset.range(1, 4).map(lambda n: tf.fill([n], n)).padded_batch(2)
    assert rows.element_spec == tf.TensorSpec([None, None], tf.int64)


def test_batches_of_several_sizes():
    data = Dataset.range(8).batch(4)
    assert numbers(data.rebatch([2, 1, 1])) == [[0, 1], [2], [3], [4, 5], [6], [7]]
    assert numbers(data.rebatch([5, 4], drop_remainder=True)) == [[0, 1, 2, 3, 4]]


def test_files_are_read_in_turn(tmp_path):
    paths = []
    for name in "ab":
        paths.append(str(tmp_path / name))
        with tf.io.TFRecordWriter(paths[-1]) as writer:
            for i in range(3):
                writer.write(f"{name}{i}".encode())
    read = [record.numpy() for record in tf.data.TFRecordDataset(paths, num_parallel_reads=2)]
    assert read == [b"a0", b"b0", b"a1", b"b1", b"a2", b"b2"]
    read = [record.numpy() for record in tf.data.TFRecordDataset(paths)]
    assert read == [b"a0", b"a1", b"a2", b"b0", b"b1", b"b2"]


def test_soft_suppression_lowers_scores_only():
    boxes = [[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 0.9, 0.9], [0.5, 0.5, 1.0, 1.0]]
    places, scores = tf.image.non_max_suppression_with_scores(
        boxes, [0.9, 0.8, 0.7], 3, iou_threshold=0.5, soft_nms_sigma=0.5)
    assert places.numpy().tolist() == [0, 2, 1]
    # TensorFlow 2.21.
    assert scores.numpy() == pytest.approx([0.9, 0.6575920, 0.4021840], rel=1e-5)
