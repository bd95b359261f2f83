"""Modules of PyTorch around tensors: testing, hub, multiprocessing, distributed, devices, trees."""

import collections
import os

import numpy as np
import pytest
import tenon as torch
import tenon.distributed as dist
import tenon.multiprocessing as mp
from tenon.testing import assert_close
from tenon.utils import _pytree as pytree
from tenon.utils import benchmark
from work_of_processes import add_one


def test_assert_close():
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert_close(x, x + 1e-7)
    assert_close([x, {"a": 1.0}], [x.clone(), {"a": 1.0 + 1e-9}])
    assert_close(np.ones(2), np.ones(2))
    assert_close(torch.tensor(float("nan")), torch.tensor(float("nan")), equal_nan=True)
    assert_close(x.double(), x, check_dtype=False)
    other = x + torch.tensor([[0.0, 0.0], [0.5, 0.0]])
    for actual, expected, text in (
            (x, other, r"Mismatched elements: 1 / 4 \(25.0%\)"),
            (x, other, r"absolute difference: 0.5 at index \(1, 0\)"),
            (x, x[0], "'shape' do not match: .2, 2. != .2,."),
            (x, x.double(), "'dtype' do not match"), (1.0, 1.1, "Scalars are not close"),
            ([x], [x, x], "length of the sequences do not match: 1 != 2"),
            ({"a": x}, {"b": x}, "keys of the mappings do not match"),
            ({"a": [x, x]}, {"a": [x, x + 1]}, r"failure occurred for item \['a'\]\[1\]"),
            (torch.tensor([1, 2]), torch.tensor([1, 3]), "Tensor-likes are not equal"),
            (torch.tensor(float("nan")), torch.tensor(float("nan")), "not close")):
        with pytest.raises(AssertionError, match=text):
            assert_close(actual, expected)
    with pytest.raises(AssertionError, match="^mine: Tensor-likes"):
        assert_close(x, x + 1, msg=lambda text: f"mine: {text}")
    with pytest.raises(ValueError, match="must be either specified or unspecified"):
        assert_close(x, x, rtol=1e-3)
    with pytest.raises(TypeError, match="No comparison pair"):
        assert_close(x, "x")
    assert_close(x, x + 0.1, rtol=0, atol=0.2)


def test_hub(tmp_path):
    (tmp_path / "parts.py").write_text("WIDTH = 3\n")
    (tmp_path / "hubconf.py").write_text(
        "dependencies = ['tenon']\nimport tenon\nimport parts\n\n\n"
        "def small(bias=True):\n    'A small model.'\n"
        "    return tenon.nn.Linear(parts.WIDTH, 1, bias=bias)\n")
    folder = str(tmp_path)
    model = torch.hub.load(folder, "small", source="local", bias=False)
    assert model.weight.shape == (1, 3) and model.bias is None
    assert "small" in torch.hub.list(folder) and torch.hub.help(
        folder, "small", source="local") == "A small model."
    with pytest.raises(ValueError, match="clone 'a/b' and give the folder"):
        torch.hub.load("a/b", "small")
    with pytest.raises(RuntimeError, match="Cannot find callable large"):
        torch.hub.load(folder, "large", source="local")
    with pytest.raises(FileNotFoundError, match="no hubconf.py"):
        torch.hub.load(str(tmp_path / "no"), "small", source="local")


def test_files_from_the_network(tmp_path):
    source = tmp_path / "weights.pth"
    torch.save({"w": torch.ones(2)}, source)
    url = source.as_uri()
    got = torch.hub.load_state_dict_from_url(url, model_dir=tmp_path / "kept", progress=False)
    assert got["w"].tolist() == [1, 1]
    source.unlink()  # from here on it is the kept one
    assert torch.hub.load_state_dict_from_url(url, tmp_path / "kept")["w"].tolist() == [1, 1]
    torch.save(torch.ones(1), source)
    with pytest.raises(RuntimeError, match="invalid hash value"):
        torch.hub.download_url_to_file(url, tmp_path / "other", "00", progress=False)
    assert not (tmp_path / "other").exists()


def _fail(i):
    raise ArithmeticError(f"of process {i}")


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_share_tensors(method):
    x = torch.zeros(2)
    assert not x.is_shared() and x.share_memory_() is x and x.is_shared() and x[1:].is_shared()
    queue = mp.get_context(method).SimpleQueue()
    mp.start_processes(add_one, (x, queue), nprocs=2, start_method=method)
    assert x.tolist() == [1, 1] and {queue.get(), queue.get()} == {0, 1}
    model = torch.nn.Linear(2, 2).share_memory()
    assert model.weight.is_shared() and model.weight.requires_grad


def test_processes_that_fail():
    with pytest.raises(mp.ProcessRaisedException, match="ArithmeticError: of process 0"):
        mp.start_processes(_fail, nprocs=1, start_method="fork")
    with pytest.raises(mp.ProcessExitedException, match="exit code 3"):
        mp.start_processes(_exit, nprocs=1, start_method="fork")


def _exit(i):
    os._exit(3)


def test_groups_of_one_process(monkeypatch):
    assert dist.is_available() and not dist.is_initialized()
    with pytest.raises(ValueError, match="has not been initialized"):
        dist.get_rank()
    with pytest.raises(ValueError, match="one process here, not 4"):
        dist.init_process_group("gloo", world_size=4, rank=0)
    dist.init_process_group("gloo", init_method="env://")
    try:
        assert dist.is_initialized() and (dist.get_rank(), dist.get_world_size()) == (0, 1)
        x = torch.ones(3)
        dist.all_reduce(x, op=dist.ReduceOp.SUM, async_op=True).wait()
        parts = [torch.zeros(3)]
        dist.all_gather(parts, x)
        dist.barrier()
        assert x.tolist() == parts[0].tolist() == [1, 1, 1]
        model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(3, 1))
        model(x).sum().backward()
        assert set(model.state_dict()) == {"module.weight", "module.bias"}
        with model.no_sync():
            model(x).sum().backward()
        assert model.module.weight.grad.tolist() == [[2, 2, 2]]
        sampler = torch.utils.data.DistributedSampler(range(5), shuffle=False)
        assert list(sampler) == [0, 1, 2, 3, 4]
        with pytest.raises(ValueError, match="the only rank is 0, not 1"):
            dist.broadcast(x, src=1)
    finally:
        dist.destroy_process_group()
    assert not dist.is_initialized()


def test_default_device():
    with torch.device("meta"):
        model = torch.nn.Linear(1000, 1000)
        assert torch.zeros(2).device.type == torch.tensor([1.0]).device.type == "meta"
        with torch.device("cpu"):
            assert torch.zeros(2).is_cpu
    assert model.weight.is_meta and torch.zeros(2).is_cpu
    assert model.to_empty(device="cpu").weight.shape == (1000, 1000)
    torch.set_default_device("cpu")
    assert torch.get_default_device() == torch.device("cpu")
    with pytest.raises(torch.DeviceError):
        torch.set_default_device("cuda")


def test_trees():
    Point = collections.namedtuple("Point", "x y")
    tree = {"a": [1, (2, 3)], "b": Point(4, {"c": None})}
    leaves, spec = pytree.tree_flatten(tree)
    assert leaves == [1, 2, 3, 4, None] and spec.num_leaves == 5
    assert pytree.tree_unflatten(leaves, spec) == tree
    assert pytree.tree_map(str, tree) == {"a": ["1", ("2", "3")], "b": Point("4", {"c": "None"})}
    assert pytree.tree_map(lambda a, b: a + b, [1, 2], [10, 20]) == [11, 22]
    assert pytree.tree_map_only(int, lambda x: -x, [1, "a"]) == [-1, "a"]
    with pytest.raises(ValueError, match="differ in form"):
        pytree.tree_map(lambda a, b: a, [1], (1,))
    with pytest.raises(ValueError, match="has length 1 but the spec"):
        pytree.tree_unflatten([1], spec)


def test_timers():
    timer = benchmark.Timer("x + x", globals={"x": torch.ones(3)}, label="add", sub_label="small")
    found = timer.blocked_autorange(min_run_time=0.01)
    assert 0 < found.median < 1 and sum(found.raw_times) >= 0.01
    assert timer.timeit(10).number_per_run == 10 and "Median" in repr(found)
    assert "small" in str(benchmark.Compare([found]))


def test_small_functions():
    nan = float("nan")
    a, b = torch.tensor([1.0, nan, 3.0]), torch.tensor([2.0, 2.0, nan])
    assert torch.fmax(a, b).tolist() == [2, 2, 3] and torch.fmin(a, b).tolist() == [1, 2, 3]
    assert torch.rsub(torch.ones(2), 5, alpha=2).tolist() == [3, 3]
    assert torch.msort(torch.tensor([[2, 1], [1, 3]])).tolist() == [[1, 1], [2, 3]]
    assert torch.vander(torch.tensor([2, 3]), 3).tolist() == np.vander([2, 3], 3).tolist()
    rows, columns = torch.unravel_index(torch.tensor([5, 7]), (2, 4))
    assert rows.tolist() == [1, 1] and columns.tolist() == [1, 3]
    assert torch.range(1, 2, 0.5).tolist() == [1, 1.5, 2]
    assert torch.scalar_tensor(3).item() == 3 and torch.scalar_tensor(3).dtype is torch.float32
    data = bytearray(np.arange(4, dtype=np.float32).tobytes())
    view = torch.frombuffer(data, dtype=torch.float32, offset=4, count=2)
    view[0] = 9
    assert np.frombuffer(data, np.float32).tolist() == [0, 9, 2, 3]
    with pytest.raises(ValueError, match="don't hold"):
        torch.frombuffer(data, dtype=torch.float64, offset=4)
    assert torch.typename(torch.ones(1)) == "torch.FloatTensor" and torch.typename(3) == "int"
    x = torch.tensor([1.0, -2.0])
    assert torch.relu_(x) is x and x.gt_(0).tolist() == [1, 0] and x.less_equal(0).tolist() == [
        False, True]
    torch.manual_seed(0)
    rates = torch.full((4000,), 3.0)
    assert torch.poisson(rates).mean().item() == pytest.approx(3, abs=0.15)
    assert torch.binomial(torch.full((4000,), 10.0), torch.full((4000,), 0.3)).mean().item() == \
        pytest.approx(3, abs=0.15)
    low = torch.randn(20, 3, dtype=torch.float64) @ torch.randn(3, 15, dtype=torch.float64)
    u, s, v = torch.svd_lowrank(low, 4)
    assert_close(u @ torch.diag(s) @ v.T, low, rtol=0, atol=1e-8)
    with torch.autocast("cpu"):
        assert torch.is_autocast_enabled("cpu") and not torch.is_autocast_enabled()
        assert torch.get_autocast_dtype("cpu") is torch.bfloat16
    assert torch.compiler.is_compiling() is False and torch.compiler.disable(len) is len
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        pass
    assert "Tenon" in torch.__config__.show() and not torch.xpu.is_available()


def test_tensors_swap():
    a, b = torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.zeros(3))
    a.grad = torch.full((2,), 5.0)
    a.note = "first"
    torch.utils.swap_tensors(a, b)
    assert a.tolist() == [0, 0, 0] and b.tolist() == [1, 1] and b.grad.tolist() == [5, 5]
    assert a.grad is None and b.note == "first" and a.requires_grad and a.is_leaf


def test_lists_of_tensors():
    xs, ys = [torch.ones(2), torch.full((3,), 2.0)], [torch.ones(2), torch.ones(3)]
    assert [x.tolist() for x in torch._foreach_add(xs, ys, alpha=3)] == [[4, 4], [5, 5, 5]]
    assert torch._foreach_mul_(xs, 2) is None and xs[1].tolist() == [4, 4, 4]
    torch._foreach_addcmul_(xs, ys, ys, 0.5)
    torch._foreach_lerp_(ys, xs, 1.0)
    assert xs[0].tolist() == ys[0].tolist() == [2.5, 2.5]
    assert [x.item() for x in torch._foreach_norm([torch.tensor([3.0, 4.0])])] == [5]
    torch._foreach_zero_(xs)
    assert xs[1].tolist() == [0, 0, 0]
    with pytest.raises(RuntimeError, match="same number of tensors, got 2 and 1"):
        torch._foreach_sub(xs, ys[:1])
    with pytest.raises(AttributeError):
        torch._foreach_nothing
    with torch.serialization.safe_globals([dict]):
        assert torch.serialization.get_safe_globals() == [dict]
    assert torch.serialization.get_safe_globals() == []


def test_no_devices():
    assert not isinstance(torch.ones(2), torch.cuda.FloatTensor) and torch.cuda.memory_stats() == {}
    with pytest.raises(torch.DeviceError, match="cuda.FloatTensor"):
        torch.cuda.FloatTensor([1.0])
    assert issubclass(torch.cuda.OutOfMemoryError, RuntimeError)
    from tenon.utils.data._utils.collate import default_collate

    assert default_collate([1, 2]).tolist() == [1, 2]
