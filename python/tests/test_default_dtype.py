"""What set_default_dtype reaches: everything that makes floating tensors without being told which,
and what integers become. As PyTorch 2.15 does."""

import numpy as np
import pytest
import tenon as torch
from tenon import nn

COMPLEX = {torch.float64: torch.complex128}


@pytest.fixture(params=[torch.float32, torch.float64, torch.bfloat16, torch.float16], ids=str)
def default(request):
    torch.set_default_dtype(request.param)
    yield request.param
    torch.set_default_dtype(torch.float32)


MADE = {
    "tensor": lambda: torch.tensor(1.0),
    "tensor of a list": lambda: torch.tensor([1, 2.5]),
    "tensor of nothing": lambda: torch.tensor([]),
    "as_tensor": lambda: torch.as_tensor([1.0]),
    "asarray": lambda: torch.asarray(1.0),
    "Tensor": lambda: torch.Tensor(),
    "Tensor of sizes": lambda: torch.Tensor(2, 3),
    "Tensor of a list": lambda: torch.Tensor([1, 2]),
    "arange": lambda: torch.arange(0, 1, 0.5),
    "range": lambda: torch.range(0, 3),
    "linspace": lambda: torch.linspace(0, 4, 5),
    "logspace": lambda: torch.logspace(0, 1, 3),
    "zeros": lambda: torch.zeros(2),
    "ones": lambda: torch.ones(2),
    "empty": lambda: torch.empty(2),
    "eye": lambda: torch.eye(2),
    "full": lambda: torch.full((2,), 1.5),
    "rand": lambda: torch.rand(2),
    "randn": lambda: torch.randn(2),
    "normal": lambda: torch.normal(0.0, 1.0, (2,)),
    "hann_window": lambda: torch.hann_window(4),
    "blackman_window": lambda: torch.blackman_window(4),
    "fftfreq": lambda: torch.fft.fftfreq(4),
    "scalar_tensor": lambda: torch.scalar_tensor(1),
    "integers divided": lambda: torch.arange(3) / 2,
    "integers and a float": lambda: torch.arange(3) + 1.5,
    "a float and integers": lambda: 1.5 - torch.arange(3),
    "a power": lambda: torch.arange(3) ** 0.5,
    "sqrt of integers": lambda: torch.arange(3).sqrt(),
    "sin of bools": lambda: torch.tensor([True]).sin(),
    "sigmoid of integers": lambda: torch.arange(3).sigmoid(),
    "atan2 of integers": lambda: torch.atan2(torch.arange(3), torch.arange(3)),
    "logsumexp of integers": lambda: torch.arange(3).logsumexp(0),
    "cov of integers": lambda: torch.cov(torch.arange(6).reshape(2, 3)),
    "erf of integers": lambda: torch.erf(torch.arange(3)),
    "xlogy of integers": lambda: torch.xlogy(torch.arange(3), 2),
    "where of numbers": lambda: torch.where(torch.tensor([True]), 1.0, 2.0),
    "ldexp of integers": lambda: torch.ldexp(torch.arange(3), torch.arange(3)),
    "trapezoid": lambda: torch.trapezoid(torch.arange(3)),
    "result_type": lambda: torch.empty(1, dtype=torch.result_type(torch.arange(3), 1.5)),
    "get_default_dtype": lambda: torch.empty(1, dtype=torch.get_default_dtype()),
    "a distribution": lambda: torch.distributions.Uniform(0.0, 1.0).sample(),
}


@pytest.mark.parametrize("name", MADE)
def test_floating_tensors_are_of_the_default_dtype(default, name):
    assert MADE[name]().dtype == default


KEPT = {
    "FloatTensor": (lambda: torch.FloatTensor([1]), torch.float32),
    "DoubleTensor": (lambda: torch.DoubleTensor(2), torch.float64),
    "integers": (lambda: torch.tensor([1]), torch.int64),
    "arange of integers": (lambda: torch.arange(3), torch.int64),
    "full of integers": (lambda: torch.full((2,), 1), torch.int64),
    "randint": (lambda: torch.randint(3, (2,)), torch.int64),
    "a dtype": (lambda: torch.zeros(2, dtype=torch.float32), torch.float32),
    "NumPy's number": (lambda: torch.tensor(np.float64(1)), torch.float64),
    "an array": (lambda: torch.tensor(np.ones(2, np.float32)), torch.float32),
    "a tensor in a list": (lambda: torch.tensor([torch.tensor(1.0, dtype=torch.float64)]),
                           torch.float64),
    "Python's float": (lambda: torch.zeros(2, dtype=float), torch.float64),
    "Python's complex": (lambda: torch.zeros(2, dtype=complex), torch.complex128),
    "like another": (lambda: torch.zeros_like(torch.zeros(2, dtype=torch.float32)), torch.float32),
    "float32 and a float": (lambda: torch.ones(2, dtype=torch.float32) * 2.5, torch.float32),
    "float()": (lambda: torch.arange(3).float(), torch.float32),
    "the sum of integers": (lambda: torch.arange(3).sum(), torch.int64),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_says_its_dtype_has_it(default, name):
    make, dtype = KEPT[name]
    assert make().dtype == dtype


@pytest.mark.parametrize("make", [lambda: torch.full((2,), 1j), lambda: torch.tensor(1j),
                                  lambda: torch.tensor([1j, 2]), lambda: torch.arange(3) * 1j,
                                  lambda: torch.linspace(0, 1j, 3)])
def test_complex_numbers_go_by_it(default, make):
    assert make().dtype == COMPLEX.get(default, torch.complex64)


def test_transforms_of_integers_go_by_it(default):
    assert torch.fft.fft(torch.arange(4)).dtype == COMPLEX.get(default, torch.complex64)


MODULES = [
    lambda: nn.Linear(2, 2), lambda: nn.Bilinear(2, 2, 2), lambda: nn.Conv1d(1, 1, 1),
    lambda: nn.Conv2d(1, 1, 1), lambda: nn.ConvTranspose2d(1, 1, 1), lambda: nn.Embedding(2, 2),
    lambda: nn.BatchNorm2d(2), lambda: nn.InstanceNorm1d(2, affine=True, track_running_stats=True),
    lambda: nn.LayerNorm(2), lambda: nn.GroupNorm(1, 2), lambda: nn.RMSNorm(2),
    lambda: nn.LSTM(2, 2), lambda: nn.GRUCell(2, 2), lambda: nn.MultiheadAttention(2, 1),
    lambda: nn.Transformer(2, 1, 1, 1, 2), lambda: nn.PReLU(),
    lambda: nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2, 4]),
]


@pytest.mark.parametrize("make", MODULES)
def test_parameters_and_buffers_of_modules_are_of_it(default, make):
    module = make()
    tensors = [*module.parameters(), *module.buffers()]
    assert tensors and all(x.dtype == default for x in tensors if x.is_floating_point())


def test_a_model_trains_in_float64():
    torch.set_default_dtype(torch.float64)
    try:
        model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
        optimizer = torch.optim.Adam(model.parameters())
        loss = nn.functional.mse_loss(model(torch.randn(4, 2)), torch.zeros(4, 1))
        loss.backward()
        optimizer.step()
        assert loss.dtype == torch.float64
        for p in model.parameters():
            assert p.grad.dtype == optimizer.state[p]["step"].dtype == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("pure", [False, True])
def test_compiled_functions_see_changes(pure):
    f = torch.compile(lambda x: x / 2 + torch.ones(3), pure=pure)
    x = torch.arange(3)
    try:
        for dtype in (torch.float32, torch.float64, torch.float16, torch.float32, torch.float64):
            torch.set_default_dtype(dtype)
            for _ in range(3):
                assert f(x).dtype == dtype and f(x).tolist() == [1, 1.5, 2]
    finally:
        torch.set_default_dtype(torch.float32)


def test_it_is_one_of_the_floating_dtypes():
    for dtype in (torch.int64, torch.complex64, torch.bool):
        with pytest.raises(TypeError, match="expected float16, bfloat16, float32 or float64"):
            torch.set_default_dtype(dtype)
    torch.set_default_tensor_type(torch.DoubleTensor)
    assert torch.get_default_dtype() == torch.float64
    torch.set_default_tensor_type("torch.FloatTensor")
    assert torch.get_default_dtype() == torch.float32
