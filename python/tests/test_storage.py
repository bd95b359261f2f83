"""Other dtypes over the same bytes, and the memory that tensors share."""

import numpy
import pytest
import tenon as torch


def test_view_of_a_dtype_of_the_same_size():
    x = torch.tensor([[1.0, -2.0, 0.5], [3.0, 0.0, -0.0]])
    bits = x.view(torch.int32)
    assert bits.dtype is torch.int32 and bits.data_ptr() == x.data_ptr()
    assert bits.numpy().tolist() == x.numpy().view(numpy.int32).tolist()
    bits[0, 0] = 0x40490fdb
    assert x[0, 0].item() == pytest.approx(3.14159265)
    columns = x.t()[1:]
    assert columns.view(torch.int32).stride() == (1, 3)
    assert (columns.view(torch.int32) == bits.t()[1:]).all()
    assert torch.tensor(1.0).view(torch.int32).item() == 0x3f800000
    assert x.view(dtype=torch.int32).tolist() == bits.tolist()
    assert x.view(3, 2).shape == (3, 2) and x.view((6,)).shape == (6,)
    assert torch.tensor([True, False]).view(torch.uint8).tolist() == [1, 0]


def test_view_of_a_dtype_of_another_size():
    x = torch.arange(12, dtype=torch.int32).reshape(3, 4)
    halves = x.view(torch.int16)
    assert halves.shape == (3, 8) and halves.stride() == (8, 1)
    assert halves.tolist() == x.numpy().view(numpy.int16).tolist()
    pairs = x[:, 2:].view(torch.int64)
    assert pairs.shape == (3, 1) and pairs.storage_offset() == 1
    assert pairs.tolist() == numpy.ascontiguousarray(x.numpy()[:, 2:]).view(numpy.int64).tolist()
    z = torch.tensor([1 + 2j, 3 - 1j])
    assert z.view(torch.float32).tolist() == [1, 2, 3, -1]
    for wrong in x[:, 1:3], x[:, :3], x.t(), torch.tensor(1.0):
        with pytest.raises(ValueError, match="make it contiguous"):
            wrong.view(torch.int64 if wrong.dim() else torch.int16)
    with pytest.raises(TypeError, match="can't be seen as bool"):
        x.view(torch.bool)


def test_views_of_dtypes_have_no_gradient():
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    for dtype in torch.int32, torch.float32, torch.float16:
        assert not y.view(dtype).requires_grad
    y.mul_(3)
    assert not y.view(torch.int32).requires_grad
    y.sum().backward()
    assert x.grad.tolist() == [6, 6, 6]


def test_compiled_functions_see_the_same_bytes():
    def root(x):
        """Fast 1 / sqrt(x) (Lomont 2003), by bits, then in place through them."""
        bits = 0x5f3759df - (x.view(torch.int32) >> 1)
        y = bits.view(torch.float32)
        y = y * (1.5 - 0.5 * x * y * y)
        z = y + 1
        z.view(torch.int32).add_(4)
        halves = z.view(torch.int16)
        halves[::2] = 0
        w = z * 2
        w.view(torch.uint8)[3::4] = 63
        return y, z - y, w + z

    compiled = torch.compile(root)
    for i in range(5):
        x = torch.linspace(0.1, 3 + i, 64)
        for mine, expected in zip(compiled(x), root(x)):
            assert mine.tolist() == expected.tolist()
    assert torch.allclose(compiled(x)[0], x.rsqrt(), rtol=2e-3)


def test_storages():
    x = torch.arange(6, dtype=torch.float32)
    part = x.view(2, 3)[1]
    memory, numbers = part.untyped_storage(), part.storage()
    assert memory.data_ptr() == x.data_ptr() == numbers.data_ptr() != part.data_ptr()
    assert memory.nbytes() == memory.size() == len(memory) == 24 and memory.element_size() == 1
    assert numbers.size() == len(numbers) == 6 and numbers.nbytes() == 24
    assert numbers.dtype is torch.float32 and numbers.pickle_storage_type() == "FloatStorage"
    assert numbers.tolist() == list(numbers) == [0, 1, 2, 3, 4, 5] and numbers[2] == 2
    assert memory == x.untyped_storage() == numbers.untyped()
    assert memory != torch.ones(6).untyped_storage() and len({memory, x.untyped_storage()}) == 1
    assert memory.device == x.device and not memory.is_cuda and not memory.is_shared()
    assert isinstance(memory, torch.UntypedStorage)
    assert isinstance(numbers, torch.storage.TypedStorage) and torch.UntypedStorage(8).size() == 8
    numbers[5] = 50.0
    assert part.tolist() == [3, 4, 50]
    copy = numbers.clone()
    copy.fill_(0)
    assert x[1] == 1 and copy.tolist() == [0] * 6
    numbers.copy_(copy)
    assert x.tolist() == [0] * 6
    x.share_memory_()
    assert x.untyped_storage().is_shared()
    w = torch.ones(3, requires_grad=True)
    assert w.untyped_storage().data_ptr() == w.data_ptr()  # how shared weights are found
