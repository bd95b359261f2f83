"""Newswires: 11,228, of 46 topics."""

import numpy

from ._arrays import lists_of_archive
from ._words import arrays_of, sequences_of, word_index

_HOME = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_TOPICS = """cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade
reserves ship cotton carcass crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin
strategic-metal livestock retail ipi iron-steel rubber heat jobs lei bop zinc orange pet-chem dlr
gas silver wpi hog lead""".split()


def load_data(path="reuters.npz", num_words=None, skip_top=0, maxlen=None, test_split=0.2, seed=113,
              start_char=1, oov_char=2, index_from=3):
    """((x_train, y_train), (x_test, y_test)) of reuters.npz: lists of word numbers, the most
    frequent first, and topics."""
    data = lists_of_archive(path, _HOME + path)
    x, y = data["x"], data["y"]
    order = numpy.arange(len(x))
    numpy.random.RandomState(seed).shuffle(order)
    rows, y = sequences_of(x[order], y[order], num_words, skip_top, maxlen, start_char, oov_char,
                           index_from)
    cut = int(len(rows) * (1 - test_split))
    return (arrays_of(rows[:cut]), y[:cut]), (arrays_of(rows[cut:]), y[cut:])


def get_word_index(path="reuters_word_index.json"):
    """Words and their numbers, before `index_from` is added."""
    return word_index(path, _HOME + path)


def get_label_names():
    """The names of the topics, by number."""
    return tuple(_TOPICS)
