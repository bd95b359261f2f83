"""The likeliest label sequences of connectionist temporal classification, by beam search."""

import numpy

from .. import _core
from .._eager import convert
from .._eager.errors import InvalidArgumentError
from .._eager.tensor import own
from ._sparse import SparseTensor


def ctc_beam_search_decoder(inputs, sequence_length, beam_width=100, top_paths=1, name=None):
    """(decoded, log_probabilities): the likeliest label sequences, summed over their alignments as
    far as `beam_width` prefixes a step hold these (Graves and Jaitly 2014).

    inputs: logits [max_time, batch, classes], of which the last class is the blank; of each
        sequence the first sequence_length [batch] steps count.
    decoded: `top_paths` SparseTensors [batch, longest], the likeliest first, of int64.
    log_probabilities: [batch, top_paths].
    """
    from ..keras.ops._decoding import readings

    logits = convert.tensor(inputs).detach()
    if logits.dim() != 3:
        raise InvalidArgumentError("ctc_beam_search_decoder(): inputs are [max_time, batch, "
                                   f"classes], got {list(logits.shape)}")
    if top_paths > beam_width:
        raise InvalidArgumentError(f"ctc_beam_search_decoder(): {top_paths} paths are requested of "
                                   f"beams of {beam_width}")
    lengths = convert.tensor(sequence_length).numpy()
    steps, batch, _ = logits.shape
    if lengths.shape != (batch,) or (lengths > steps).any():
        raise InvalidArgumentError(f"ctc_beam_search_decoder(): sequence_length is [{batch}] of at "
                                   f"most {steps}, got {lengths.tolist()}")
    scores = _core.transpose(_core.log_softmax(logits, -1), 0, 1).tolist()
    blank = logits.shape[-1] - 1
    found = [readings(rows[:length], int(beam_width), int(top_paths), blank)
             for rows, length in zip(scores, lengths.tolist())]
    for paths, length in zip(found, lengths.tolist()):
        if len(paths) < top_paths:
            raise InvalidArgumentError(f"ctc_beam_search_decoder(): a sequence of {length} steps "
                                       f"has {len(paths)} paths, {top_paths} are requested")
    chances = [[chance for _, chance in paths] for paths in found]
    return ([_sparse([paths[k][0] for paths in found]) for k in range(top_paths)],
            own(_core.tensor_of_data(chances, logits.dtype)))


def _sparse(rows):
    longest = max(map(len, rows), default=0)
    places = [(i, j) for i, row in enumerate(rows) for j in range(len(row))]
    values = [label for row in rows for label in row]
    return SparseTensor(numpy.array(places, numpy.int64).reshape(-1, 2),
                        _core.tensor_of_data(numpy.array(values, numpy.int64), _core.int64),
                        [len(rows), longest])
