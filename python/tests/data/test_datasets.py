"""Data sets, samplers and collation."""

import collections

import numpy as np
import pytest
import tenon as torch
from tenon.utils import data


class Squares(data.Dataset):
    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return index * index


class Count(data.IterableDataset):
    def __init__(self, start, stop):
        self.start, self.stop = start, stop

    def __iter__(self):
        return iter(range(self.start, self.stop))


def test_tensor_dataset():
    dataset = data.TensorDataset(torch.arange(6).reshape(3, 2), torch.tensor([5, 6, 7]))
    assert len(dataset) == 3
    x, y = dataset[1]
    assert x.tolist() == [2, 3] and y.item() == 6
    with pytest.raises(ValueError, match="Size mismatch"):
        data.TensorDataset(torch.zeros(2), torch.zeros(3))


def test_concatenated_chained_stacked():
    both = Squares(3) + Squares(2)
    assert len(both) == 5 and [both[i] for i in (0, 2, 3, 4, -1, -5)] == [0, 4, 0, 1, 1, 0]
    with pytest.raises(IndexError, match="out of range of 5"):
        both[5]
    with pytest.raises(ValueError, match="should not exceed"):
        both[-6]
    with pytest.raises(ValueError, match="use ChainDataset"):
        data.ConcatDataset([Squares(1), Count(0, 1)])
    assert list(Count(0, 2) + Count(5, 7)) == [0, 1, 5, 6]
    assert data.StackDataset(Squares(3), Squares(3))[2] == (4, 4)
    assert data.StackDataset(a=Squares(3), b=Squares(3))[1] == {"a": 1, "b": 1}
    assert data.Subset(Squares(9), [3, 1])[0] == 9 and len(data.Subset(Squares(9), [3, 1])) == 2


def test_random_split():
    for lengths, expected in ([3, 7], [3, 7]), ([0.25, 0.25, 0.5], [3, 2, 5]):
        generator = torch.Generator().manual_seed(4)
        parts = data.random_split(Squares(10), lengths, generator=generator)
        assert [len(part) for part in parts] == expected
        assert sorted(i for part in parts for i in part.indices) == list(range(10))
        again = data.random_split(Squares(10), lengths, torch.Generator().manual_seed(4))
        assert [part.indices for part in again] == [part.indices for part in parts]
    with pytest.raises(ValueError, match="does not equal the length.*: 11, not 10"):
        data.random_split(Squares(10), [5, 6])


def test_random_sampler():
    torch.manual_seed(3)
    order = list(data.RandomSampler(Squares(20)))
    assert sorted(order) == list(range(20)) and order != list(range(20))
    assert list(data.RandomSampler(Squares(20))) != order
    torch.manual_seed(3)
    assert list(data.RandomSampler(Squares(20))) == order
    longer = list(data.RandomSampler(Squares(4), num_samples=10))
    assert sorted(longer[:4]) == sorted(longer[4:8]) == [0, 1, 2, 3] and len(longer) == 10
    drawn = list(data.RandomSampler(Squares(10), replacement=True, num_samples=1000))
    counts = collections.Counter(drawn)
    assert set(counts) == set(range(10)) and max(counts.values()) < 160
    generator = torch.Generator().manual_seed(1)
    first = list(data.SubsetRandomSampler([7, 8, 9], generator))
    assert sorted(first) == [7, 8, 9]
    with pytest.raises(ValueError, match="num_samples should be a positive integer"):
        data.RandomSampler(Squares(3), num_samples=0)


def test_weighted_sampler():
    torch.manual_seed(0)
    drawn = collections.Counter(data.WeightedRandomSampler([1, 0, 3], 4000))
    assert drawn[1] == 0 and drawn[2] / drawn[0] == pytest.approx(3, rel=0.15)
    assert sorted(data.WeightedRandomSampler([1, 2, 3], 3, replacement=False)) == [0, 1, 2]
    firsts = collections.Counter(next(iter(data.WeightedRandomSampler([1, 3, 0], 2, False)))
                                 for _ in range(1000))
    assert firsts[2] == 0 and firsts[1] / firsts[0] == pytest.approx(3, rel=0.25)


def test_batch_and_distributed_samplers():
    batches = data.BatchSampler(data.SequentialSampler(Squares(7)), 3, False)
    assert list(batches) == [[0, 1, 2], [3, 4, 5], [6]] and len(batches) == 3
    batches = data.BatchSampler(data.SequentialSampler(Squares(7)), 3, True)
    assert list(batches) == [[0, 1, 2], [3, 4, 5]] and len(batches) == 2
    parts = [list(data.DistributedSampler(Squares(7), 3, rank, shuffle=False)) for rank in range(3)]
    assert parts == [[0, 3, 6], [1, 4, 0], [2, 5, 1]]
    parts = [list(data.DistributedSampler(Squares(7), 3, rank, drop_last=True, seed=2))
             for rank in range(3)]
    assert [len(part) for part in parts] == [2, 2, 2] and len(set(sum(parts, []))) == 6
    sampler = data.DistributedSampler(Squares(50), 2, 0)
    first = list(sampler)
    sampler.set_epoch(1)
    assert list(sampler) != first
    with pytest.raises(ValueError, match="Invalid rank 3"):
        data.DistributedSampler(Squares(7), 3, 3)


Point = collections.namedtuple("Point", "x y")


def test_default_collate():
    collate = data.default_collate
    assert collate([torch.ones(2), torch.zeros(2)]).tolist() == [[1, 1], [0, 0]]
    assert collate([1, 2]).dtype == torch.int64 and collate([True, False]).dtype == torch.bool
    assert collate([0.5, 1.5]).dtype == torch.float64
    assert collate(["a", "b"]) == ["a", "b"]
    arrays = collate([np.array([1, 2], np.int16), np.array([3, 4], np.int16)])
    assert arrays.dtype == torch.int16 and arrays.tolist() == [[1, 2], [3, 4]]
    assert collate([np.float32(1), np.float32(2)]).dtype == torch.float32
    nested = collate([{"p": Point(1, "u"), "q": (1, [2.0])}, {"p": Point(3, "v"), "q": (4, [5.0])}])
    assert nested["p"].x.tolist() == [1, 3] and nested["p"].y == ["u", "v"]
    assert nested["q"][0].tolist() == [1, 4] and nested["q"][1][0].tolist() == [2, 5]
    ordered = collate([collections.OrderedDict(b=1, a=2)])
    assert isinstance(ordered, collections.OrderedDict) and list(ordered) == ["b", "a"]
    with pytest.raises(RuntimeError, match="should be of equal size"):
        collate([[1, 2], [3]])
    with pytest.raises(TypeError, match="found <class 'object'>"):
        collate([object()])
    with pytest.raises(TypeError, match="arrays of <U1"):
        collate([np.array(["a"])])
    converted = data.default_convert({"a": np.ones(2), "b": "text", "c": (np.zeros(1), 3)})
    assert converted["a"].tolist() == [1, 1] and converted["b"] == "text"
    assert isinstance(converted["c"], list) and converted["c"][0].tolist() == [0]
