"""Bad arguments are clear exceptions, never a crash."""

import random

import numpy as np
import pytest
import tenon as torch
from tenon import _core

X = torch.ones(2, 3)


@pytest.mark.parametrize("call, kind, message", [
    (lambda: torch.add(1, "a"), TypeError, "'other' must be a tensor or a number, not str"),
    (lambda: torch.relu(), TypeError, "missing its argument 'input'"),
    (lambda: torch.relu(X, 1), TypeError, "fewer positional arguments"),
    (lambda: torch.softmax(X, 1, axes=1), TypeError, "no argument 'axes'"),
    (lambda: torch.softmax(X, 1, dim=1), TypeError, "both by position and by name"),
    (lambda: torch.cat(X), TypeError, "must be a tuple or list of tensors"),
    (lambda: torch.cat([X, 1]), TypeError, "must hold tensors, not int"),
    (lambda: X.view(5), ValueError, "hold 5 elements"),
    (lambda: X.view("a"), TypeError, "must be an int"),
    (lambda: X.sum(True), TypeError, "must be an int, not bool"),
    (lambda: torch.zeros(2, dtype="float32"), TypeError, "must be a dtype"),
    (lambda: torch.zeros(2, device="gpu"), torch.DeviceError, "gpu"),
    (lambda: torch.zeros(-1), ValueError, "at least 0"),
    (lambda: torch.zeros(2**62, 2**62), ValueError, "zeros"),
    (lambda: torch.zeros(1).expand(2**40).diag_embed(), torch.ShapeError, "diag_embed"),
    (lambda: torch.full((2,), 2**70), OverflowError, "too big|too large"),
    (lambda: X[5], IndexError, "out of range"),
    (lambda: X[0, 0, 0], IndexError, "index"),
    (lambda: X["a"], TypeError, "indexed by"),
    (lambda: X.__setitem__(0, "a"), TypeError, "can't be made of str"),
    (lambda: X + None, TypeError, "unsupported operand"),
    (lambda: bool(X), torch.ValueError, "neither true nor false"),
    (lambda: X.item(), ValueError, "item"),
    (lambda: len(torch.tensor(1)), TypeError, "no length"),
    (lambda: iter(torch.tensor(1)), TypeError, "can't be iterated"),
    (lambda: torch.tensor([[1], [2, 3]]), ValueError, "equal lengths"),
    (lambda: torch.tensor([[1], 2]), ValueError, "equal"),
    (lambda: torch.tensor([1, [2]]), ValueError, "equal"),
    (lambda: torch.tensor(None), TypeError, "NoneType"),
    (lambda: X.backward(), RuntimeError, "requires_grad"),
    (lambda: X.cuda(), torch.DeviceError, "cpu"),
    (lambda: X.to("cuda"), torch.DeviceError, "cuda"),
    (lambda: X.to(nonsense=1), TypeError, "nonsense"),
    (lambda: torch.ones(3) + torch.ones(4), torch.ShapeError, "broadcast"),
    (lambda: torch.tensor([1]).requires_grad_(), TypeError, "requires_grad"),
    (lambda: torch.manual_seed("a"), TypeError, "a seed is an int, not str"),
    (lambda: torch.set_num_threads(0), ValueError, "1"),
])
def test_the_message_says_what(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


@pytest.mark.parametrize("divide", [lambda a, b: a // b, lambda a, b: a % b, torch.fmod])
def test_integers_are_not_divided_by_zero(divide):
    a, zero = torch.tensor([5, -7]), torch.tensor([1, 0])
    compiled = torch.compile(lambda a, b: divide(a + 0, b + 0) * 2)
    assert compiled(a, torch.tensor([2, 2])).tolist() == (divide(a, 2) * 2).tolist()
    for call in (lambda: divide(a, 0), lambda: divide(a, zero), lambda: divide(a.byte(), zero),
                 lambda: compiled(a, zero).tolist(), lambda: compiled(a, zero).tolist()):
        with pytest.raises(RuntimeError, match="an integer was divided by 0"):
            call()
    assert not divide(a.double(), 0).isfinite().any()  # floating numbers have results


def test_errors_are_pythons_own():
    assert issubclass(torch.ShapeError, ValueError) and issubclass(torch.ShapeError, torch.Error)
    assert issubclass(torch.IndexError, IndexError) and issubclass(torch.DTypeError, TypeError)
    assert issubclass(torch.IoError, OSError) and issubclass(torch.Error, RuntimeError)
    assert issubclass(torch.OutOfMemoryError, MemoryError)


class Treacherous:
    """Drops what the call works on, in the middle of it."""

    def __init__(self, held):
        self.held = held

    def __index__(self):
        self.held.clear()
        return 0


def test_arguments_that_die_during_the_call():
    held = [torch.ones(2, 2), torch.ones(2, 2)]
    assert torch.cat(held, Treacherous(held)).shape == (4, 2)
    held = [torch.ones(3)]
    assert held[0][Treacherous(held)].item() == 1
    sizes = [2, 3]
    sizes[0] = Treacherous(sizes)
    assert torch.zeros(sizes).shape == (0, 3) and sizes == []


def arguments(generator):
    """One of everything."""
    return generator.choice([
        X, torch.tensor(1), torch.ones(0, 2), torch.ones(2, 3, dtype=torch.int64), X.T, None, True,
        0, 1, -1, 2**40, 2**70, -0.5, float("nan"), 1j, "mean", "", (), (1, 2), [0], [X, X], [X, 1],
        torch.float64, torch.device("cpu"), np.float32(2), np.ones(3), np.arange(6)[::-2], object(),
        {}, b"bytes", slice(1, None), ...,
    ])


def test_random_arguments_never_crash(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # some take a name of a file to write
    generator = random.Random(1)
    functions = [getattr(_core, name) for name in dir(_core)
                 if not name.startswith("_") and callable(getattr(_core, name))]
    functions += [getattr(torch.Tensor, name) for name in dir(torch.Tensor)
                  if not name.startswith("_")]
    others = _core.set_num_threads, _core.set_default_dtype
    functions = [f for f in functions if callable(f) and f not in others]
    modes = torch.is_grad_enabled(), _core.is_inference_mode_enabled(), _core.autocast_dtype()
    calls = 0
    for _ in range(30):
        for function in functions:
            given = [arguments(generator) for _ in range(generator.randrange(5))]
            try:
                function(*given)
                calls += 1
            except (TypeError, ValueError, IndexError, RuntimeError, OverflowError, AttributeError,
                    MemoryError, BufferError, OSError, KeyError, ZeroDivisionError):
                pass
            _core.set_grad_enabled(modes[0])
            _core.set_inference_mode(modes[1])
            _core.set_autocast_dtype(modes[2])
    assert calls > 500
