"""Data loaders: their batches, the order, and worker processes and what may happen to them."""

import gc
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
import tenon as torch
from tenon.utils import data
from tenon.utils.data import DataLoader


class Rows(data.Dataset):
    """Sample i: (tensor of i, text, array)."""

    def __init__(self, count=10):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, i):
        return torch.full((3,), i), f"row {i}", np.full(2, i, np.float32)


class Draws(Rows):
    def __getitem__(self, i):
        return i, torch.rand(()).item(), random.random(), data.get_worker_info().id


class Stream(data.IterableDataset):
    """0, 1, ..., shared out by worker."""

    def __init__(self, count):
        self.count = count

    def __iter__(self):
        info = data.get_worker_info()
        start, step = (info.id, info.num_workers) if info else (0, 1)
        return iter(range(start, self.count, step))


class Failing(Rows):
    def __init__(self, action):
        super().__init__(8)
        self.action = action

    def __getitem__(self, i):
        if i == 5:
            self.action()
        return i


def plain(batch):
    return [part.tolist() if hasattr(part, "tolist") else part for part in batch]


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_batches(workers):
    loader = DataLoader(Rows(10), batch_size=4, num_workers=workers)
    assert len(loader) == 3
    for _ in range(2):
        batches = list(loader)
        assert [len(batch[1]) for batch in batches] == [4, 4, 2]
        numbers, texts, arrays = batches[1]
        assert numbers.tolist() == [[i] * 3 for i in (4, 5, 6, 7)] and numbers.dtype == torch.int64
        assert texts == ["row 4", "row 5", "row 6", "row 7"]
        assert arrays.tolist() == [[i, i] for i in (4, 5, 6, 7)] and arrays.dtype == torch.float32
    assert len(DataLoader(Rows(10), 4, drop_last=True, num_workers=workers)) == 2
    kept = [batch[0] for batch in DataLoader(Rows(10), 4, drop_last=True, num_workers=workers)]
    assert [batch[0, 0].item() for batch in kept] == [0, 4]  # workers and their ends have gone
    kept[0] += 1
    assert kept[0].tolist()[0] == [1, 1, 1]


def keys_of_an_epoch(dataset, size):
    """After the seed that each epoch of a loader draws."""
    data.sampler.drawn_seed()
    return list(data.BatchSampler(data.RandomSampler(dataset), size, False))


@pytest.mark.parametrize("workers", [0, 2])
def test_order_is_the_same_for_any_number_of_workers(workers):
    torch.manual_seed(7)
    dataset = data.TensorDataset(torch.arange(23))
    seen = [batch[0].tolist() for _ in range(2)
            for batch in DataLoader(dataset, 5, shuffle=True, num_workers=workers)]
    after = torch.rand(2).tolist()
    torch.manual_seed(7)
    expected = [keys for _ in range(2) for keys in keys_of_an_epoch(dataset, 5)]
    assert seen == expected and sorted(sum(seen[:5], [])) == list(range(23))
    assert after == torch.rand(2).tolist()
    generator = torch.Generator().manual_seed(1)
    first = [batch[0].tolist() for batch in DataLoader(dataset, 5, True, num_workers=workers,
                                                       generator=generator)]
    generator.manual_seed(1)
    again = [batch[0].tolist() for batch in DataLoader(dataset, 5, True, generator=generator)]
    assert first == again


def test_a_tensor_datasets_rows_come_as_if_collated():
    dataset = data.TensorDataset(torch.randn(7, 2, 2), torch.arange(7))
    for keys, (x, y) in zip([[0, 1, 2], [3, 4, 5], [6]], DataLoader(dataset, 3)):
        expected = data.default_collate([dataset[key] for key in keys])
        assert x.tolist() == expected[0].tolist() and y.tolist() == expected[1].tolist()


@pytest.mark.parametrize("workers", [0, 2])
def test_single_samples_and_samplers(workers):
    samples = list(DataLoader(Rows(3), batch_size=None, num_workers=workers))
    assert [sample[1] for sample in samples] == ["row 0", "row 1", "row 2"]
    assert isinstance(samples[0][2], torch.Tensor) and samples[2][2].tolist() == [2, 2]
    loader = DataLoader(Rows(9), sampler=[4, 2, 8], batch_size=2, num_workers=workers,
                        collate_fn=lambda samples: [text for _, text, _ in samples])
    assert list(loader) == [["row 4", "row 2"], ["row 8"]]
    loader = DataLoader(Rows(9), batch_sampler=[[1], [3, 3]], num_workers=workers)
    assert [batch[1] for batch in loader] == [["row 1"], ["row 3", "row 3"]]


@pytest.mark.parametrize("workers, expected", [(0, [[0, 1, 2], [3, 4, 5], [6]]),
                                               (2, [[0, 2, 4], [1, 3, 5], [6]])])
def test_iterable_datasets(workers, expected):
    loader = DataLoader(Stream(7), 3, num_workers=workers)
    for _ in range(2):
        assert [batch.tolist() for batch in loader] == expected
    assert len(list(DataLoader(Stream(7), 3, num_workers=workers, drop_last=True))) == 2
    assert sorted(DataLoader(Stream(4), None, num_workers=workers)) == [0, 1, 2, 3]


class Odd(data.Dataset):
    items = [torch.randn(300, 400), torch.randn(6).to(torch.bfloat16), torch.zeros(0, 3),
             torch.tensor([1 + 2j]), torch.tensor(True), torch.randn(4, 5).t(),
             torch.ones(2, requires_grad=True), "x" * 100_000, {"k": [torch.arange(3)]},
             np.arange(1000.0)]

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]


def test_large_and_odd_things_travel():
    made = list(DataLoader(Odd(), None, num_workers=2, collate_fn=lambda sample: sample))
    for item, other in zip(Odd.items, made):
        if isinstance(item, torch.Tensor):
            assert item.dtype == other.dtype and item.shape == other.shape
            assert item.tolist() == other.tolist() and item.requires_grad == other.requires_grad
    assert made[7] == Odd.items[7] and made[8]["k"][0].tolist() == [0, 1, 2]
    assert isinstance(made[9], np.ndarray) and made[9].sum() == 499500


def test_workers_draw_numbers_of_their_own():
    torch.manual_seed(5)
    loader = DataLoader(Draws(8), 2, num_workers=2)
    first = [plain(batch) for batch in loader]
    assert [batch[3] for batch in first] == [[0, 0], [1, 1], [0, 0], [1, 1]]
    assert len({number for batch in first for number in batch[1]}) == 8
    assert len({number for batch in first for number in batch[2]}) == 8
    assert [plain(batch) for batch in loader] != first
    torch.manual_seed(5)
    assert [plain(batch) for batch in loader] == first
    assert data.get_worker_info() is None


class Convolved(data.Dataset):
    weight, image = torch.randn(8, 3, 3, 3), torch.randn(4, 3, 16, 16)

    def __len__(self):
        return 4

    def __getitem__(self, i):
        big = torch.ones(300, 300)
        x = self.image[i:i + 1].clone().requires_grad_()
        torch.conv2d(x, self.weight).sum().backward()
        return x.grad[0].sum() + (big @ big).sum()


def test_workers_run_ops_after_the_parent_has():
    expected = [Convolved()[i].item() for i in range(4)]  # starts this process's threads
    for _ in range(2):
        got = [batch.item() for batch in DataLoader(Convolved(), num_workers=2)]
        assert got == pytest.approx(expected, rel=1e-5)


class Pid(Rows):
    def __getitem__(self, i):
        return os.getpid()


def has_gone(pid, within=5):
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False


def test_persistent_workers_stay():
    loader = DataLoader(Pid(8), 2, num_workers=2, persistent_workers=True)
    first = {pid for batch in loader for pid in batch.tolist()}
    for batch in loader:  # an epoch left early
        break
    batches = [batch.tolist() for batch in loader]
    assert {pid for batch in batches for pid in batch} == first and len(batches) == 4
    stream = DataLoader(Stream(5), 2, num_workers=2, persistent_workers=True)
    assert [[b.tolist() for b in stream] for _ in range(2)] == [[[0, 2], [1, 3], [4]]] * 2
    del loader, stream
    assert all(has_gone(pid) for pid in first)


def fail():
    raise IndexError("no such row")


@pytest.mark.parametrize("workers", [0, 2])
def test_errors_come_out(workers):
    seen = []
    with pytest.raises(IndexError) as caught:
        for batch in DataLoader(Failing(fail), 2, num_workers=workers):
            seen.append(batch.tolist())
    assert seen == [[0, 1], [2, 3]] and "no such row" in str(caught.value)
    if workers:
        assert "in DataLoader worker process 0" in str(caught.value)
        assert "in fail" in str(caught.value)  # the worker's traceback


class Private(Exception):
    def __init__(self, a, b):
        super().__init__(a, b)


def raise_private():
    raise Private(1, 2)


def raise_key():
    raise KeyError("k")


def init(number):
    raise ValueError(f"init of {number}")


def test_errors_of_any_kind_come_out():
    with pytest.raises(RuntimeError, match="Caught Private in DataLoader"):
        list(DataLoader(Failing(raise_private), num_workers=1))
    with pytest.raises(KeyError) as caught:
        list(DataLoader(Failing(raise_key), num_workers=1))
    assert "\nOriginal Traceback" in str(caught.value) and "KeyError: 'k'" in str(caught.value)
    with pytest.raises(TypeError, match="pickle"):
        list(DataLoader(Rows(2), num_workers=1, collate_fn=lambda _: (i for i in range(3))))
    with pytest.raises(ValueError, match="init of 0"):
        list(DataLoader(Rows(2), num_workers=1, worker_init_fn=init))


def test_dead_workers_are_noticed():
    loader = DataLoader(Failing(lambda: os.kill(os.getpid(), signal.SIGKILL)), 2, num_workers=2,
                        persistent_workers=True)
    for _ in range(2):
        with pytest.raises(RuntimeError, match=r"worker \(pid \d+\) exited unexpectedly \(killed "
                                               "by signal: SIGKILL"):
            list(loader)
    with pytest.raises(RuntimeError, match="exited unexpectedly .exit code 3"):
        list(DataLoader(Failing(lambda: os._exit(3)), num_workers=1))


def test_timeout():
    loader = DataLoader(Failing(lambda: time.sleep(1)), 4, num_workers=2, timeout=0.1)
    with pytest.raises(RuntimeError, match="timed out after 0.1 seconds"):
        list(loader)


def test_leaving_early_leaves_nothing_behind():
    def open_files():
        return len(os.listdir("/proc/self/fd"))

    gc.collect()
    before = open_files()
    for _ in range(3):
        for batch in DataLoader(Rows(1000), 4, num_workers=2):
            break
    gc.collect()
    assert not multiprocessing.active_children() and open_files() == before


def run_script(text):
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(text)], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, start_new_session=True)


ENDLESS = """
    import os, time
    import tenon as torch
    class Slow(torch.utils.data.Dataset):
        def __len__(self): return 10**6
        def __getitem__(self, i):
            time.sleep(0.02)
            return os.getpid()
    loader = torch.utils.data.DataLoader(Slow(), 1, num_workers=2)
    pids = set()
    for batch in loader:
        pids.add(batch.item())
        if len(pids) == 2:
            print(*pids, flush=True)
            pids = set(range(2, 10))
"""


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_workers_go_with_their_process(end):
    process = run_script(ENDLESS)
    pids = [int(text) for text in process.stdout.readline().split()]
    assert len(pids) == 2
    if end == signal.SIGINT:
        os.killpg(process.pid, end)  # as a terminal does
    else:
        process.send_signal(end)
    _, errors = process.communicate(timeout=20)
    assert all(has_gone(pid) for pid in pids)
    if end == signal.SIGINT:
        assert errors.count("KeyboardInterrupt") == 1 and "Process-" not in errors


def test_processes_that_are_not_forked():
    process = run_script("""
        import tenon as torch
        if __name__ == "__main__":
            dataset = torch.utils.data.TensorDataset(torch.arange(6))
            loader = torch.utils.data.DataLoader(dataset, 2, num_workers=2,
                                                 multiprocessing_context="spawn")
            print([batch[0].tolist() for batch in loader])
    """)
    output, errors = process.communicate(timeout=60)
    assert output == "[[0, 1], [2, 3], [4, 5]]\n", errors


def test_mistakes():
    rows = Rows()
    for options, message in [
            (dict(num_workers=-1), "non-negative"), (dict(timeout=-1), "non-negative"),
            (dict(prefetch_factor=2), "let num_workers > 0"),
            (dict(persistent_workers=True), "needs num_workers > 0"),
            (dict(sampler=[0], shuffle=True), "mutually exclusive with shuffle"),
            (dict(batch_sampler=[[0]], batch_size=2), "mutually exclusive with batch_size"),
            (dict(batch_size=None, drop_last=True), "disables auto-batching"),
            (dict(batch_size=0), "batch_size should be a positive integer")]:
        with pytest.raises(ValueError, match=message):
            DataLoader(rows, **options)
    with pytest.raises(ValueError, match="IterableDataset"):
        DataLoader(Stream(3), shuffle=True)
    with pytest.raises(NotImplementedError, match="has no __getitem__"):
        data.Dataset()[0]
