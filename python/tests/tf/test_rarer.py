"""Random numbers of rarer distributions, and what rarer functions refuse."""

import numpy as np
import pytest

import tenon.tf as tf


@pytest.mark.parametrize("draw, mean, variance", [
    (lambda: tf.random.gamma([20000], 0.3), 0.3, 0.3),
    (lambda: tf.random.gamma([20000], 5.0, 0.5), 10.0, 20.0),
    (lambda: tf.random.poisson([20000], 0.7), 0.7, 0.7),
    (lambda: tf.random.poisson([20000], 50.0), 50.0, 50.0),
    (lambda: tf.random.stateless_poisson([20000], [1, 2], 12.0), 12.0, 12.0),
    (lambda: tf.random.stateless_binomial([20000], [1, 2], 8.0, 0.25), 2.0, 1.5),
    (lambda: tf.random.stateless_binomial([20000], [1, 2], 100.0, 0.7), 70.0, 21.0),
])
def test_distributions(draw, mean, variance):
    tf.random.set_seed(3)
    x = draw().numpy().astype(float)
    # Five standard errors of each, of a seed that is fixed.
    assert abs(x.mean() - mean) < 5 * (variance / len(x)) ** 0.5
    assert abs(x.var() / variance - 1) < 0.15
    tf.random.set_seed(3)
    assert (draw().numpy() == x).all()


def test_counts_follow_their_probabilities():
    from scipy import stats

    x = tf.random.stateless_binomial([200000], [3, 4], 60.0, 0.4).numpy()
    y = tf.random.stateless_poisson([200000], [5, 6], 30.0).numpy()
    for values, numbers, chances in (
            (x, np.arange(14, 35), stats.binom.pmf(np.arange(14, 35), 60, 0.4)),
            (y, np.arange(14, 48), stats.poisson.pmf(np.arange(14, 48), 30))):
        seen = np.array([(values == number).sum() for number in numbers])
        expected = chances * len(values)
        # A chi-squared value that comes by chance once in a million draws of seeds.
        assert ((seen - expected) ** 2 / expected).sum() < stats.chi2.isf(1e-6, len(numbers))


def test_shapes_of_parameters():
    assert tf.random.gamma([2], [1.0, 2.0, 3.0]).shape == (2, 3)
    assert tf.random.poisson([3], [[1.0, 20.0]], dtype=tf.int64).dtype is tf.int64
    assert tf.random.stateless_gamma([4, 2], [1, 2], [1.0, 5.0]).shape == (4, 2)
    assert tf.random.Generator.from_seed(1).binomial([4], 10.0, 0.5).dtype is tf.int32


def test_gradients_flow_to_the_scale():
    beta = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(tf.random.gamma([3], 1.5, beta))
    np.testing.assert_allclose(tape.gradient(total, beta).numpy(), -total.numpy() / 2, rtol=1e-5)


def test_parts_of_images_at_random():
    boxes = [[[0.2, 0.2, 0.7, 0.6]]]
    for seed in range(20):
        begin, size, box = tf.image.stateless_sample_distorted_bounding_box(
            [40, 60, 3], boxes, [seed, 1], min_object_covered=0.5, area_range=(0.2, 0.9))
        top, left = begin.numpy()[:2]
        height, width = size.numpy()[:2]
        assert 0 <= top <= 40 - height and 0 <= left <= 60 - width and size.numpy()[2] == -1
        np.testing.assert_allclose(box.numpy()[0, 0], [top / 40, left / 60, (top + height) / 40,
                                                       (left + width) / 60], rtol=1e-6)
        covered = max(0, min(top + height, 28) - max(top, 8)) * max(0, min(left + width, 36) -
                                                                     max(left, 12))
        assert covered >= 0.5 * 20 * 24 - 1e-6
    image = tf.constant(np.random.RandomState(0).rand(16, 16, 3).astype(np.float32))
    worse = tf.image.adjust_jpeg_quality(image, 30)
    assert worse.dtype is tf.float32 and 0.01 < float(tf.reduce_mean(tf.abs(worse - image))) < 0.3
    again = [tf.image.stateless_random_jpeg_quality(image, 20, 90, seed=[1, 2]) for _ in range(2)]
    assert bool(tf.reduce_all(again[0] == again[1]))


def test_sampled_losses_train():
    tf.random.set_seed(0)
    inputs, labels = tf.random.normal([64, 4]), tf.random.uniform([64, 1], maxval=50,
                                                                  dtype=tf.int64)
    weights, biases = tf.Variable(tf.random.normal([50, 4])), tf.Variable(tf.zeros([50]))
    for loss in (tf.nn.sampled_softmax_loss, tf.nn.nce_loss):
        values = []
        for _ in range(30):
            with tf.GradientTape() as tape:
                value = tf.reduce_mean(loss(weights, biases, labels, inputs, 20, 50))
            for variable, grad in zip((weights, biases), tape.gradient(value, [weights, biases])):
                variable.assign_sub(2.0 * grad)
            values.append(float(value))
        assert np.mean(values[-5:]) < 0.8 * np.mean(values[:5])


@pytest.mark.parametrize("call, error, text", [
    (lambda: tf.random.gamma([2], -1.0), tf.errors.InvalidArgumentError, "alpha"),
    (lambda: tf.random.poisson([2], -1.0), tf.errors.InvalidArgumentError, "lam"),
    (lambda: tf.random.stateless_binomial([2], [1, 2], 5.0, 1.5), tf.errors.InvalidArgumentError,
     "probs"),
    (lambda: tf.nn.space_to_depth(tf.ones([1, 5, 4, 1]), 2), tf.errors.InvalidArgumentError,
     "divisible"),
    (lambda: tf.batch_to_space(tf.ones([3, 1, 1, 1]), [2, 2], [[0, 0], [0, 0]]),
     tf.errors.InvalidArgumentError, "divisible"),
    (lambda: tf.image.non_max_suppression([[0.0, 0, 1, 1]], [0.5], 1, 1.5),
     tf.errors.InvalidArgumentError, "iou_threshold"),
    (lambda: tf.image.non_max_suppression([[0.0, 0, 1]], [0.5], 1), tf.errors.InvalidArgumentError,
     "boxes"),
    (lambda: tf.image.ssim(tf.ones([5, 5, 1]), tf.ones([5, 5, 1]), 1.0),
     tf.errors.InvalidArgumentError, "smaller than the filter"),
    (lambda: tf.math.invert_permutation([0, 0]), tf.errors.InvalidArgumentError, "permutation"),
    (lambda: tf.reverse_sequence([[1, 2]], [3], seq_axis=1), tf.errors.InvalidArgumentError,
     "seq_lens"),
    (lambda: tf.histogram_fixed_width([1.0], [2.0, 1.0]), tf.errors.InvalidArgumentError,
     "value_range"),
    (lambda: tf.unravel_index([9], [3, 3]), tf.errors.InvalidArgumentError, "bound"),
    (lambda: tf.sparse.reshape(tf.sparse.eye(2), [3, -1]), tf.errors.InvalidArgumentError,
     "dense values"),
    (lambda: tf.sparse.add(1, 2), TypeError, "SparseTensor"),
    (lambda: tf.convert_to_tensor(tf.IndexedSlices([1.0], [0])), ValueError, "dense_shape"),
    (lambda: tf.fingerprint(["a"], method="md5"), ValueError, "farmhash64"),
])
def test_mistakes(call, error, text):
    with pytest.raises(error, match=text):
        call()
