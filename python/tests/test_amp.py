"""Casts by op, loss scaling, and what code for GPUs asks of a build that has none."""

import pytest
import tenon as torch
import tenon.backends.cudnn as cudnn
from tenon.amp import GradScaler, autocast, custom_bwd, custom_fwd


def test_autocast():
    a = torch.ones(2, 2)
    with autocast("cpu"):
        assert (a @ a).dtype == torch.bfloat16
        with autocast("cpu", enabled=False):
            assert (a @ a).dtype == torch.float32
    with torch.autocast(device_type="cpu", dtype=torch.float16):
        assert (a @ a).dtype == torch.float16 and torch.exp(a @ a).dtype == torch.float32
    with pytest.warns(UserWarning, match="'cuda' is not available"):
        with torch.cuda.amp.autocast():
            assert (a @ a).dtype == torch.float32
    assert torch.amp.is_autocast_available("cpu") and not torch.amp.is_autocast_available("cuda")


def scaled_step(scaler, optimizer, p, grad):
    optimizer.zero_grad()
    scaler.scale((p * torch.tensor(grad)).sum()).backward()
    result = scaler.step(optimizer)
    scaler.update()
    return result


def test_grad_scaler():
    p = torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=1.0)
    scaler = GradScaler("cpu", init_scale=8.0, growth_interval=2)
    scaled_step(scaler, optimizer, p, [1.0, 2.0])
    assert p.tolist() == [-1, -2] and p.grad.tolist() == [1, 2] and scaler.get_scale() == 8
    scaled_step(scaler, optimizer, p, [float("inf"), 2.0])
    assert p.tolist() == [-1, -2] and scaler.get_scale() == 4
    for _ in range(2):
        scaled_step(scaler, optimizer, p, [1.0, 0.0])
    assert p.tolist() == [-3, -2] and scaler.get_scale() == 8
    state = scaler.state_dict()
    assert state == {"scale": 8.0, "growth_factor": 2.0, "backoff_factor": 0.5,
                     "growth_interval": 2, "_growth_tracker": 0}
    other = GradScaler("cpu")
    other.load_state_dict(state)
    assert other.get_scale() == 8 and other.get_growth_interval() == 2
    scaler.update(32.0)
    assert scaler.get_scale() == 32
    assert [x.item() for x in scaler.scale([torch.ones(()), torch.ones(())])] == [32, 32]


def test_grad_scaler_in_the_wrong_order():
    p = torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=1.0)
    scaler = GradScaler("cpu")
    with pytest.raises(RuntimeError, match="No inf checks"):
        scaler.update()
    p.grad = torch.ones(2)
    scaler.unscale_(optimizer)
    with pytest.raises(RuntimeError, match="already been called on this optimizer"):
        scaler.unscale_(optimizer)
    scaler.step(optimizer)
    with pytest.raises(RuntimeError, match=r"step\(\) has already been called"):
        scaler.step(optimizer)
    with pytest.raises(RuntimeError, match="after step"):
        scaler.unscale_(optimizer)
    with pytest.raises(ValueError, match="growth_factor > 1"):
        GradScaler("cpu", growth_factor=0.5)


def test_disabled_scalers_do_nothing():
    with pytest.warns(UserWarning, match="'cuda' is not available"):
        scaler = torch.cuda.amp.GradScaler()
    p = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=1.0)
    p.grad = torch.ones(1)
    assert scaler.scale(p) is p and scaler.get_scale() == 1 and not scaler.is_enabled()
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()
    assert p.item() == -1 and scaler.state_dict() == {}


def test_functions_in_autocast():
    seen = []

    class Product(torch.autograd.Function):
        @staticmethod
        @custom_fwd(device_type="cpu", cast_inputs=torch.float32)
        def forward(ctx, a):
            seen.append((a.dtype, (a @ a).dtype))
            ctx.save_for_backward(a)
            return a @ a

        @staticmethod
        @custom_bwd(device_type="cpu")
        def backward(ctx, grad):
            a, = ctx.saved_tensors
            seen.append((a @ a).dtype)
            return grad @ a.t() + a.t() @ grad

    a = torch.ones(2, 2).to(torch.bfloat16).requires_grad_()
    with autocast("cpu"):
        y = Product.apply(a)
        y.sum().backward()
    assert seen == [(torch.float32, torch.float32), torch.float32] and y.dtype == torch.float32


def test_a_build_without_cuda():
    assert not torch.cuda.is_available() and torch.cuda.device_count() == 0
    assert torch.version.cuda is None and not torch.backends.mps.is_available()
    torch.cuda.manual_seed(1)
    torch.cuda.manual_seed_all(1)
    torch.cuda.empty_cache()
    assert torch.cuda.max_memory_allocated() == 0 and not torch.cuda.is_bf16_supported()
    for name in "synchronize", "current_device", "get_device_name", "Event", "Stream":
        with pytest.raises(torch.DeviceError, match=rf"cuda.{name}\] this build has no CUDA"):
            getattr(torch.cuda, name)()
    with pytest.raises(RuntimeError):
        torch.cuda.set_device(0)


def test_settings_are_kept():
    assert not cudnn.enabled and not cudnn.is_available()
    cudnn.benchmark = True
    assert torch.backends.cudnn.benchmark
    with cudnn.flags(benchmark=False):
        assert not cudnn.benchmark
    assert cudnn.benchmark
    cudnn.benchmark = False
    torch.backends.cuda.matmul.allow_tf32 = True
    assert torch.backends.cuda.matmul.allow_tf32
    torch.use_deterministic_algorithms(True)
    assert torch.are_deterministic_algorithms_enabled()
    torch.set_float32_matmul_precision("high")
    assert torch.get_float32_matmul_precision() == "high"
    torch.set_float32_matmul_precision("highest")
    with pytest.raises(ValueError, match="takes one of"):
        torch.set_float32_matmul_precision("low")
