"""Sequences of one length, and windows of series."""

import random

import numpy

from ..models.py_dataset import PyDataset
from ..utils.sequences import pad_sequences  # noqa: F401


class TimeseriesGenerator(PyDataset):
    """Batches of windows of `length` steps of a series and of the targets behind them, as Keras 2
    had it; new programs have utils.timeseries_dataset_from_array."""

    def __init__(self, data, targets, length, sampling_rate=1, stride=1, start_index=0,
                 end_index=None, shuffle=False, reverse=False, batch_size=128):
        super().__init__()
        if len(data) != len(targets):
            raise ValueError("Data and targets have to be of same length. Data length is "
                             f"{len(data)} while target length is {len(targets)}")
        self.data, self.targets, self.length = data, targets, length
        self.sampling_rate, self.stride, self.batch_size = sampling_rate, stride, batch_size
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle, self.reverse = shuffle, reverse
        if self.start_index > self.end_index:
            raise ValueError(f"`start_index+length={self.start_index} > "
                             f"end_index={self.end_index}` is disallowed, as no part of the "
                             "sequence would be left to be used as current step.")

    def __len__(self):
        return -(-(self.end_index - self.start_index + 1) // (self.batch_size * self.stride))

    def __getitem__(self, index):
        if self.shuffle:
            rows = numpy.random.randint(self.start_index, self.end_index + 1, self.batch_size)
        else:
            first = self.start_index + self.batch_size * self.stride * index
            last = min(first + self.batch_size * self.stride, self.end_index + 1)
            rows = numpy.arange(first, last, self.stride)
        samples = numpy.array([self.data[row - self.length:row:self.sampling_rate] for row in rows])
        targets = numpy.array([self.targets[row] for row in rows])
        return (samples[:, ::-1, ...], targets) if self.reverse else (samples, targets)


def make_sampling_table(size, sampling_factor=1e-5):
    """How likely word number i is to be kept, where words are as frequent as Zipf's law says."""
    ranks = numpy.arange(size)
    ranks[0] = 1
    gamma = 0.577
    inverse = ranks * (numpy.log(ranks) + gamma) + 0.5 - 1 / (12 * ranks)
    scaled = sampling_factor * inverse
    return numpy.minimum(1.0, scaled / numpy.sqrt(scaled))


def skipgrams(sequence, vocabulary_size, window_size=4, negative_samples=1.0, shuffle=True,
              categorical=False, sampling_table=None, seed=None):
    """(pairs, labels): words with those around them (1), and with words drawn at random (0):
    Mikolov et al. 2013."""
    couples, labels = [], []
    for i, word in enumerate(sequence):
        if not word or (sampling_table is not None and sampling_table[word] < random.random()):
            continue
        for j in range(max(0, i - window_size), min(len(sequence), i + window_size + 1)):
            if j != i and sequence[j]:
                couples.append([word, sequence[j]])
                labels.append([0, 1] if categorical else 1)
    if negative_samples > 0:
        count = int(len(labels) * negative_samples)
        words = [pair[0] for pair in couples]
        random.shuffle(words)
        couples += [[words[i % len(words)], random.randint(1, vocabulary_size - 1)]
                    for i in range(count)]
        labels += [[1, 0] if categorical else 0] * count
    if shuffle:
        seed = random.randint(0, 10**6) if seed is None else seed
        for one in couples, labels:
            random.Random(seed).shuffle(one)
    return couples, labels


def remove_long_seq(maxlen, seq, label):
    """The sequences shorter than `maxlen`, and their labels."""
    kept = [(one, name) for one, name in zip(seq, label) if len(one) < maxlen]
    return [one for one, _ in kept], [name for _, name in kept]
