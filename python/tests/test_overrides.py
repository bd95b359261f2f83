"""Classes of no tensors that say what ops on their objects mean: `__torch_function__`."""

import pytest
import tenon as torch


class Metres:
    """A tensor with a unit."""

    def __init__(self, value):
        self.value = value

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        assert cls in types

        def bare(value):
            if isinstance(value, (list, tuple)):
                return type(value)(map(bare, value))
            return value.value if isinstance(value, cls) else value

        return cls(func(*bare(args), **bare_values(kwargs, bare)))


def bare_values(kwargs, bare):
    return {name: bare(value) for name, value in (kwargs or {}).items()}


def test_ops_ask_the_class():
    x, y = torch.tensor([1.0, 2.0]), Metres(torch.tensor([3.0, 4.0]))
    for made, expected in ((torch.add(x, y), [4, 6]), (torch.sum(y, dim=0), 7),
                           (torch.cat([x, y]), [1, 2, 3, 4]), (x.mul(y), [3, 8]),
                           (torch.add(x, other=y), [4, 6]),
                           (torch.nn.functional.relu(y), [3, 4])):
        assert type(made) is Metres and made.value.tolist() == expected
    assert x[Metres(torch.tensor([1, 0]))].value.tolist() == [2, 1]
    x[0] = Metres(torch.tensor(9.0))
    assert x.tolist() == [9, 2]
    x.add_(y)
    assert x.tolist() == [12, 6]


def test_errors_are_the_class_s_own():
    class Refuses:
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            raise LookupError(f"no {func.__name__}")

    with pytest.raises(LookupError, match="no exp"):
        torch.exp(Refuses())
    with pytest.raises(LookupError, match="no __setitem__"):
        torch.zeros(2)[0] = Refuses()
    with pytest.raises(TypeError, match="must be a tensor, not object"):
        torch.exp(object())
