"""What sequences of logits read as, by connectionist temporal classification."""

import math

from ... import _core


def _filled(rows, width):
    return [row + [-1] * (width - len(row)) for row in rows]


def greedy(inputs, lengths, merge_repeated, mask_index):
    """((1, batch, length) labels, (batch, 1) negative sums of the best logits)."""
    best = _core.argmax(inputs, -1)
    steps = _core.arange(0, inputs.shape[1], 1, dtype=_core.int64)
    counts = _core.tensor_of_data(lengths, _core.int64).reshape((-1, 1))
    highest = _core.amax(inputs, (-1,))
    scores = -_core.sum(_core.where(steps < counts, highest, _core.zeros_like(highest)), (1,), True)
    rows = []
    for row, length in zip(best.tolist(), lengths):
        labels, last = [], None
        for label in row[:length]:
            if label != mask_index and not (merge_repeated and label == last):
                labels.append(label)
            last = label
        rows.append(labels)
    labels = _core.tensor_of_data(_filled(rows, inputs.shape[1]), _core.int32)
    return labels.reshape((1, *labels.shape)), scores


def _sum(a, b):
    """log(e^a + e^b)."""
    if a == -math.inf:
        return b
    low, high = (a, b) if a < b else (b, a)
    return high + math.log1p(math.exp(low - high))


def readings(steps, width, count, blank):
    """The best prefixes with their logarithms of probability: of each, that it ends with a blank
    and that it doesn't (Graves and Jaitly 2014)."""
    held = {(): (0.0, -math.inf)}
    for row in steps:
        after = {}

        def add(prefix, with_blank, without):
            before = after.get(prefix, (-math.inf, -math.inf))
            after[prefix] = _sum(before[0], with_blank), _sum(before[1], without)

        for prefix, (with_blank, without) in held.items():
            whole = _sum(with_blank, without)
            add(prefix, whole + row[blank], -math.inf)
            for label, chance in enumerate(row):
                if label == blank:
                    continue
                if prefix and prefix[-1] == label:
                    add(prefix, -math.inf, without + chance)
                    add((*prefix, label), -math.inf, with_blank + chance)
                else:
                    add((*prefix, label), -math.inf, whole + chance)
        best = sorted(after.items(), key=lambda one: -_sum(*one[1]))[:width]
        held = dict(best)
    best = sorted(held.items(), key=lambda one: -_sum(*one[1]))[:count]
    return [(list(prefix), _sum(*chances)) for prefix, chances in best]


def beams(inputs, lengths, beam_width, top_paths, mask_index):
    """((top_paths, batch, length) labels, (batch, top_paths) logarithms of probability)."""
    chances = _core.log_softmax(inputs, -1).tolist()
    found = [readings(rows[:length], beam_width, top_paths, mask_index)
             for rows, length in zip(chances, lengths)]
    for one in found:
        one += [([], -math.inf)] * (top_paths - len(one))
    labels = [_filled([one[path][0] for one in found], inputs.shape[1])
              for path in range(top_paths)]
    scores = [[score for _, score in one] for one in found]
    return (_core.tensor_of_data(labels, _core.int32),
            _core.tensor_of_data(scores, _core.float32))
