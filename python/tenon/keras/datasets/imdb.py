"""Film reviews: 25,000 and 25,000, with whether they are favourable."""

import numpy

from ._arrays import lists_of_archive
from ._words import arrays_of, sequences_of, word_index

_HOME = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


def load_data(path="imdb.npz", num_words=None, skip_top=0, maxlen=None, seed=113, start_char=1,
              oov_char=2, index_from=3, **kwargs):
    """((x_train, y_train), (x_test, y_test)) of imdb.npz: lists of word numbers, the most frequent
    first; num_words and skip_top say which count, others are `oov_char`."""
    if kwargs:
        raise TypeError(f"Unrecognized keyword arguments: {kwargs}.")
    random = numpy.random.RandomState(seed)
    parts = []
    data = lists_of_archive(path, _HOME + path)
    for name in "train", "test":
        x, y = data[f"x_{name}"], data[f"y_{name}"]
        order = numpy.arange(len(x))
        random.shuffle(order)
        parts.append((x[order], y[order]))
    rows, y = sequences_of(numpy.concatenate([x for x, _ in parts]),
                           numpy.concatenate([y for _, y in parts]), num_words, skip_top, maxlen,
                           start_char, oov_char, index_from)
    cut = len(parts[0][0])
    return (arrays_of(rows[:cut]), y[:cut]), (arrays_of(rows[cut:]), y[cut:])


def get_word_index(path="imdb_word_index.json"):
    """Words and their numbers, before `index_from` is added."""
    return word_index(path, _HOME + path)
