"""Sizes, dtypes' limits, tensor types, memory formats and generators, by PyTorch's names."""

import copy
import pickle

import numpy as np
import pytest
import tenon as torch


def test_sizes_are_tuples_that_count():
    sizes = torch.zeros(2, 3, 4).shape
    assert isinstance(sizes, torch.Size) and isinstance(sizes, tuple) and sizes == (2, 3, 4)
    assert sizes.numel() == 24 and repr(sizes) == "tenon.Size([2, 3, 4])"
    assert isinstance(sizes[1:], torch.Size) and sizes[-1] == 4 and sizes[1:].numel() == 12
    assert isinstance(sizes + (5,), torch.Size) and (sizes + (5,)).numel() == 120
    assert torch.Size([2, 3]) == (2, 3) and torch.Size().numel() == 1
    assert torch.zeros(torch.Size([2, 3])).shape == (2, 3)
    assert pickle.loads(pickle.dumps(sizes)) == sizes and type(copy.copy(sizes)) is torch.Size
    with pytest.raises(TypeError, match="takes ints, not str"):
        torch.Size(["a"])
    rows, columns = torch.zeros(5, 7).shape
    assert (rows, columns) == (5, 7)


def test_several_results_have_names():
    x = torch.tensor([[1.0, 3.0], [2.0, 0.0]])
    found = x.max(1)
    assert found.values.tolist() == [3, 2] and found.indices.tolist() == [1, 0]
    values, indices = x.sort(dim=1)
    assert (values.tolist() == [[1, 3], [0, 2]]
            and x.sort(dim=1).indices.tolist() == indices.tolist())
    assert x.topk(1).values.tolist() == [[3], [2]] and x.topk(1)[1].tolist() == [[1], [0]]


def test_limits_of_dtypes():
    for name in "float16", "float32", "float64":
        mine, numpys = torch.finfo(getattr(torch, name)), np.finfo(name)
        for what in "bits", "max", "min", "eps", "tiny", "smallest_normal", "smallest_subnormal":
            assert getattr(mine, what) == float(getattr(numpys, what)), (name, what)
    assert torch.finfo(torch.complex64).dtype == "float32" and torch.finfo().bits == 32
    assert torch.finfo(torch.bfloat16).max == torch.tensor(3.389e38).bfloat16().item()
    for name in "uint8", "int8", "int16", "int32", "int64":
        mine, numpys = torch.iinfo(getattr(torch, name)), np.iinfo(name)
        assert (mine.bits, mine.min, mine.max) == (numpys.bits, numpys.min, numpys.max)
    with pytest.raises(TypeError, match="use iinfo"):
        torch.finfo(torch.int32)
    with pytest.raises(TypeError, match="use finfo"):
        torch.iinfo(torch.float32)


def test_default_dtype():
    assert torch.get_default_dtype() is torch.float32
    try:
        torch.set_default_dtype(torch.float64)
        made = [torch.zeros(2), torch.randn(2), torch.tensor([1.5, 2]), torch.tensor(0.1),
                torch.full((2,), 0.5), torch.arange(0.0, 1, 0.5), torch.linspace(0, 1, 3)]
        assert {x.dtype for x in made} == {torch.float64}
        assert torch.tensor(0.1).item() == 0.1
        assert torch.tensor([1]).dtype is torch.arange(3).dtype is torch.int64
        assert torch.zeros(2, dtype=torch.float32).dtype is torch.float32
    finally:
        torch.set_default_dtype(torch.float32)
    with pytest.raises(TypeError, match="float32 or float64"):
        torch.set_default_dtype(torch.int64)


def test_tensor_types():
    assert torch.FloatTensor([1, 2]).dtype is torch.float32
    assert torch.LongTensor([[1, 2]]).tolist() == [[1, 2]]
    assert (torch.LongTensor(2, 3).shape == (2, 3)
            and torch.ByteTensor(np.ones(2)).tolist() == [1, 1])
    x = torch.ones(2)
    assert isinstance(x, torch.FloatTensor) and not isinstance(x, torch.LongTensor)
    assert x.type() == "torch.FloatTensor" and x.type("torch.LongTensor").dtype is torch.int64
    assert x.type(torch.DoubleTensor).dtype is x.type(torch.float64).dtype is torch.float64
    assert x.new([3]).dtype is torch.float32 and x.new(2, 3).shape == (2, 3)
    with pytest.raises(ValueError, match="NoTensor"):
        x.type("NoTensor")


def test_memory_formats():
    x = torch.randn(2, 3, 4, 5)
    last = x.contiguous(memory_format=torch.channels_last)
    assert last.stride() == (60, 1, 15, 3) and (last == x).all()
    assert last.is_contiguous(memory_format=torch.channels_last) and not last.is_contiguous()
    assert x.to(memory_format=torch.channels_last).stride() == last.stride()
    assert x.clone(memory_format=torch.contiguous_format).is_contiguous()
    assert torch.zeros_like(x, device="cpu", memory_format=torch.preserve_format).shape == x.shape
    with pytest.raises(ValueError, match="4 dims"):
        x[0].contiguous(memory_format=torch.channels_last)


def test_generators():
    first, second = torch.Generator(), torch.Generator(device="cpu").manual_seed(7)
    assert first.manual_seed(7) is first and first.initial_seed() == 7
    drawn = torch.randn(4, generator=first)
    assert (torch.randn(4, generator=second) == drawn).all()
    state = first.get_state()
    drawn = torch.rand(3, generator=first)
    first.set_state(state)
    assert (torch.rand(3, generator=first) == drawn).all()
    assert (torch.randperm(5, generator=torch.Generator().manual_seed(1))
            == torch.randperm(5, generator=torch.Generator().manual_seed(1))).all()
    assert torch.manual_seed(3) is torch.default_generator and torch.initial_seed() == 3
    with torch.random.fork_rng():
        inside = torch.rand(2)
    assert (torch.rand(2) == inside).all()
    torch.manual_seed(3)
    assert (torch.rand(2, generator=torch.default_generator) == inside).all()
    assert torch.Generator().manual_seed(-1).initial_seed() == 2**64 - 1
    with pytest.raises(TypeError, match="must be a Generator"):
        torch.rand(2, generator=3)


def test_the_graph_behind_a_tensor():
    x = torch.ones(2, requires_grad=True)
    assert x.grad_fn is None and torch.ones(2).grad_fn is None
    place = (x * x).exp().grad_fn
    assert place.name() == "ExpBackward0" and repr(place) == "<ExpBackward0>"
    product = place.next_functions[0][0]
    leaves = [leaf for leaf, _ in product.next_functions]
    assert product.name() == "MulBackward0" and leaves[0] == leaves[1]
    assert leaves[0].name() == "AccumulateGrad" and leaves[0].variable.shape == (2,)


def test_devices():
    assert torch.device("cpu").index is None and str(torch.device("cpu")) == "cpu"
    assert torch.device(type="cpu") == torch.device("cpu")
    assert torch.ones(1).get_device() == -1


def test_printing():
    try:
        torch.set_printoptions(precision=2)
        assert "0.33" in repr(torch.tensor(1 / 3)) and "0.333" not in repr(torch.tensor(1 / 3))
        torch.set_printoptions(precision=2, sci_mode=False)
        assert repr(torch.tensor([1.23456, 1e-7])) == "tensor([1.23, 0.  ])"
        torch.set_printoptions(sci_mode=True)
        assert repr(torch.tensor([1.5, 20.0])) == "tensor([1.5e+00, 2.0e+01])"
        torch.set_printoptions(profile="default", threshold=4, edgeitems=1)
        assert "..." in repr(torch.arange(9))
        with pytest.raises(ValueError, match="profile"):
            torch.set_printoptions(profile="huge")
    finally:
        torch.set_printoptions(profile="default")
    assert "0.3333" in repr(torch.tensor(1 / 3))


def test_numpys_names_of_dims():
    x = torch.arange(6.0).reshape(2, 3)
    assert x.sum(axis=1).tolist() == torch.sum(x, axis=1).tolist() == [3, 12]
    assert x.mean(axis=0, keepdims=True).shape == (1, 3)
    assert torch.cat([x, x], axis=1).shape == (2, 6)
    assert (torch.softmax(x, axis=1) == torch.softmax(x, 1)).all()
    with pytest.raises(TypeError, match="no argument 'axes'"):
        x.sum(axes=1)
    assert torch.mean(torch.tensor([1, 2]), dtype=torch.float64).item() == 1.5
    assert torch.softmax(x, 1, dtype=torch.float64).dtype is torch.float64


def test_strided_memory():
    x = torch.empty_strided((2, 3), (1, 2), dtype=torch.float64)
    assert x.stride() == (1, 2) and x.shape == (2, 3) and x._base is None
    like = x.new_empty_strided((2, 2), (4, 1))
    assert like.dtype is torch.float64 and like.stride() == (4, 1)
    with pytest.raises(ValueError, match="expected a stride for each size"):
        torch.empty_strided((2, 3), (1,))


def test_bases_of_views():
    x = torch.zeros(2, 3)
    part = x.T[1:]
    assert x._base is None and not x._is_view() and part._is_view()
    assert part._base.shape == (2, 3) and part._base.data_ptr() == x.data_ptr()
    assert x.detach()._base is None and (x + 1)._base is None
    part._base.fill_(3)
    assert x.tolist() == [[3] * 3] * 2


def test_sums_to_a_size():
    x = torch.arange(6.0, requires_grad=True).reshape(2, 3)
    assert x.sum_to_size(3).tolist() == [3, 5, 7] and x.sum_to_size((2, 1)).tolist() == [[3], [12]]
    assert x.sum_to_size(1, 1).tolist() == [[15]] and x.sum_to_size(2, 3).tolist() == x.tolist()
    with pytest.raises(ValueError, match="expected sizes that broadcast to"):
        x.sum_to_size(4)


def test_rarer_functions():
    x = torch.tensor([[0.25, -2.0]])
    assert torch.chain_matmul(x, x.T, x).tolist() == (x @ x.T @ x).tolist()
    assert [y.tolist() for y in (reversed(x.T), reversed(x[0]))] == [[[-2], [0.25]], [-2, 0.25]]
    assert x.hardshrink().tolist() == [[0, -2]] and x.hardshrink(0.1).tolist() == x.tolist()
    assert x.prelu(torch.tensor([0.5])).tolist() == [[0.25, -1]]
    assert x.abs().polygamma(0).tolist() == x.abs().digamma().tolist()
    assert x.abs().polygamma_(1).tolist() == torch.polygamma(1, x.abs()).tolist()
    assert torch.selu_(x.clone()).tolist() == torch.selu(x).tolist()
    y = x.clone()
    assert torch.deg2rad_(y) is y and y.tolist() == torch.deg2rad(x).tolist()
    assert torch.get_device(x) == -1 and torch.is_signed(x) and not torch.is_neg(x)
    assert not x.is_xla and not x.is_sparse_csr and torch.GradScaler is torch.amp.GradScaler


def test_modules_where_pytorch_has_them():
    import tenon.autograd.anomaly_mode
    import tenon.autograd.grad_mode
    import tenon.autograd.variable
    import tenon.cpu.amp
    import tenon.types

    assert tenon.autograd.grad_mode.no_grad is torch.no_grad
    assert tenon.autograd.variable.Variable is torch.autograd.Variable
    assert tenon.autograd.anomaly_mode.detect_anomaly is torch.autograd.detect_anomaly
    assert isinstance(3.5, tenon.types.Number) and isinstance("cpu", tenon.types.Device)
    with torch.cpu.amp.autocast():
        assert torch.get_autocast_dtype("cpu") is torch.bfloat16
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype is torch.bfloat16
    assert torch.cpu.is_available() and torch.cpu.current_device() == "cpu"
    loss = torch.nn.NLLLoss2d()(torch.zeros(1, 2, 3, 3), torch.zeros(1, 3, 3, dtype=torch.long))
    assert loss.item() == 0
    torch.testing.assert_allclose(torch.tensor([1.0]), [1.00005])
    with pytest.raises(AssertionError, match="not close"):
        torch.testing.assert_allclose(torch.tensor([1.0]), [1.001])
