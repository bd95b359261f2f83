"""Classes drawn for losses over some of many classes."""

from typing import NamedTuple

import numpy

from .. import _core
from .._eager import convert
from .._eager.tensor import own


class Candidates(NamedTuple):
    """The classes that were drawn, and how often each of the true ones, and of these, is expected
    among so many draws."""

    sampled_candidates: _core.Tensor
    true_expected_count: _core.Tensor
    sampled_expected_count: _core.Tensor


def log_uniform(count, classes, unique, seed):
    """(classes, their expected counts by class): class i by the chance log((i + 2) / (i + 1)) /
    log(classes + 1), the most frequent classes first."""
    chances = numpy.log1p(1 / numpy.arange(1.0, classes + 1)) / numpy.log(classes + 1)

    def of_uniform(drawn):
        return numpy.minimum(numpy.exp(drawn * numpy.log(classes + 1)) - 1, classes - 1)

    return _drawn(of_uniform, chances, count, unique, seed)


def _drawn(of_uniform, chances, count, unique, seed):
    """`count` classes, all different with `unique`, and the expected count of every class."""
    from .random import _generator

    if unique and count > numpy.count_nonzero(chances):
        raise ValueError(f"num_sampled is {count}, which is more than the "
                         f"{numpy.count_nonzero(chances)} classes that can be drawn once each")
    found, tries, seen = [], 0, set()
    generator = _generator(seed)
    while len(found) < count:
        drawn = _core.rand((count,), dtype=_core.float64, generator=generator).numpy()
        for one in of_uniform(drawn).astype(numpy.int64).tolist():
            tries += 1
            if not unique or one not in seen:
                seen.add(one)
                found.append(one)
                if len(found) == count:
                    break
    counts = chances * count if tries == count else -numpy.expm1(tries * numpy.log1p(-chances))
    return numpy.array(found), counts


def _candidates(true_classes, num_true, drawn):
    places, counts = drawn
    true = convert.tensor(true_classes).numpy()
    if true.ndim != 2 or true.shape[1] != num_true:
        raise ValueError(f"true_classes must be of shape [batch, {num_true}], got "
                         f"{list(true.shape)}")
    return Candidates(*(own(_core.tensor_of_data(value, dtype)) for value, dtype in (
        (places, _core.int64), (counts[true], _core.float32), (counts[places], _core.float32))))


def log_uniform_candidate_sampler(true_classes, num_true, num_sampled, unique, range_max, seed=None,
                                  name=None):
    """Classes by a log-uniform distribution, for classes in the order of how frequent they are."""
    return _candidates(true_classes, num_true,
                       log_uniform(int(num_sampled), int(range_max), unique, seed))


def uniform_candidate_sampler(true_classes, num_true, num_sampled, unique, range_max, seed=None,
                              name=None):
    """Classes by the same chance."""
    chances = numpy.full(int(range_max), 1 / int(range_max))
    return _candidates(true_classes, num_true, _by_chances(chances, num_sampled, unique, seed))


def fixed_unigram_candidate_sampler(true_classes, num_true, num_sampled, unique, range_max,
                                    vocab_file="", distortion=1.0, num_reserved_ids=0, num_shards=1,
                                    shard=0, unigrams=(), seed=None, name=None):
    """Classes by chances in the ratio of `unigrams` ** distortion, which stand behind
    `num_reserved_ids` classes that aren't drawn."""
    if vocab_file or num_shards != 1:
        raise ValueError("fixed_unigram_candidate_sampler() takes the counts as `unigrams`, all of "
                         "them")
    weights = numpy.zeros(int(range_max))
    if num_reserved_ids + len(unigrams) != len(weights):
        raise ValueError(f"range_max is {range_max}; there are {num_reserved_ids} reserved ids and "
                         f"{len(unigrams)} unigrams")
    weights[num_reserved_ids:] = numpy.asarray(unigrams, numpy.float64) ** distortion
    return _candidates(true_classes, num_true,
                       _by_chances(weights / weights.sum(), num_sampled, unique, seed))


def _by_chances(chances, count, unique, seed):
    ends = numpy.cumsum(chances)

    def of_uniform(drawn):
        return numpy.searchsorted(ends, drawn * ends[-1], side="right")

    return _drawn(of_uniform, chances, int(count), unique, seed)
