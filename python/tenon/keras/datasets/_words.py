"""Texts as lists of word numbers: reviews and newswires."""

import json

import numpy

from ._arrays import local_file


def sequences_of(x, y, num_words, skip_top, maxlen, start_char, oov_char, index_from):
    """Lists of numbers as Keras gives them: moved by `index_from`, behind `start_char`, rare and
    very frequent words as `oov_char` or left out."""
    rows = [list(row) for row in x]
    if start_char is not None:
        rows = [[start_char, *(number + index_from for number in row)] for row in rows]
    elif index_from:
        rows = [[number + index_from for number in row] for row in rows]
    y = numpy.asarray(y)
    if maxlen:
        kept = [i for i, row in enumerate(rows) if len(row) < maxlen]
        rows, y = [rows[i] for i in kept], y[kept]
        if not rows:
            raise ValueError(f"After filtering for sequences shorter than maxlen={maxlen}, no "
                             "sequence was kept. Increase maxlen.")
    most = num_words or max(max(row) for row in rows) + 1
    if oov_char is not None:
        rows = [[number if skip_top <= number < most else oov_char for number in row]
                for row in rows]
    else:
        rows = [[number for number in row if skip_top <= number < most] for row in rows]
    return rows, y


def arrays_of(rows):
    """An array of lists."""
    made = numpy.empty(len(rows), dtype=object)
    made[:] = rows
    return made


def word_index(path, origin):
    """The dict of a file of words and their numbers."""
    with open(local_file(path, origin), encoding="utf-8") as file:
        return json.load(file)
