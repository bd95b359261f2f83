"""Distances between vectors."""

from ... import _core

cosine_similarity, pairwise_distance = _core.cosine_similarity, _core.pairwise_distance
pdist = _core.pdist
