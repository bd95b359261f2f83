"""Sequences of different lengths."""

import numpy


def pad_sequences(sequences, maxlen=None, dtype="int32", padding="pre", truncating="pre",
                  value=0.0):
    """Sequences as rows of one length (the longest's where none is given), padded with `value` and
    cut off before ('pre') or behind ('post')."""
    if not hasattr(sequences, "__len__"):
        raise ValueError("`sequences` must be iterable.")
    for name, given in (("padding", padding), ("truncating", truncating)):
        if given not in ("pre", "post"):
            raise ValueError(f"{name} is 'pre' or 'post', not {given!r}")
    for one in sequences:
        if not hasattr(one, "__len__"):
            raise ValueError(f"`sequences` must be a list of iterables. Found non-iterable: {one}")
    length = max((len(one) for one in sequences), default=0) if maxlen is None else maxlen
    inner = next((numpy.asarray(one).shape[1:] for one in sequences if len(one)), ())
    made = numpy.full((len(sequences), length, *inner), value, dtype=dtype)
    for row, one in zip(made, sequences):
        if not len(one) or not length:
            continue
        kept = numpy.asarray(one[-length:] if truncating == "pre" else one[:length], dtype=dtype)
        if kept.shape[1:] != inner:
            raise ValueError(f"pad_sequences(): elements of shape {kept.shape[1:]} and {inner}")
        if padding == "pre":
            row[length - len(kept):] = kept
        else:
            row[:len(kept)] = kept
    return made
