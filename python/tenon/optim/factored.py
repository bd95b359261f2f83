"""Optimizers that treat matrices as matrices: what they keep, or how they step, isn't element by
element."""

from .. import _core
from .._modes import no_grad
from .optimizer import Optimizer, _run_closure


def _with_grads(group):
    for param in group["params"]:
        if param.grad is not None:
            yield param, -param.grad if group.get("maximize") else param.grad


class Adafactor(Optimizer):
    """Shazeer and Stern 2018: as Adam without momentum, with the second moments of a matrix kept as
    those of its rows and its columns. The step size is lr, at most 1 / sqrt(t), times the root mean
    square of the parameter; updates with one above `d` are shortened to it."""

    def __init__(self, params, lr=1e-2, beta2_decay=-0.8, eps=(None, 1e-3), d=1.0,
                 weight_decay=0.0, *, foreach=None, maximize=False):
        for name, value, fits in (("learning rate", lr, lr >= 0), ("beta2_decay", beta2_decay,
                                                                   beta2_decay <= 0),
                                  ("Clipping threshold d", d, d >= 1),
                                  ("weight_decay", weight_decay, weight_decay >= 0)):
            if not fits:
                raise ValueError(f"Adafactor: {name} {value} is out of its range")
        super().__init__(params, dict(lr=lr, beta2_decay=beta2_decay, eps=eps, d=d,
                                      weight_decay=weight_decay, foreach=foreach,
                                      maximize=maximize))

    @no_grad()
    def step(self, closure=None):
        """One step; gives the closure's loss."""
        loss = _run_closure(closure)
        for group in self.param_groups:
            for param, grad in _with_grads(group):
                self._update(param, grad, group)
        return loss

    def _update(self, param, grad, group):
        state, (eps1, eps2) = self.state[param], group["eps"]
        if not state:
            state["step"] = _core.full((), 0.0)
            if grad.dim() > 1:
                state["row_var"] = _core.zeros_like(grad[..., :1])
                state["col_var"] = _core.zeros_like(grad[..., :1, :])
            else:
                state["variance"] = _core.zeros_like(grad)
        state["step"] += 1
        step = state["step"].item()
        eps1 = _eps_of(grad.dtype) if eps1 is None else eps1
        new = step ** group["beta2_decay"]  # 1 - beta2
        rate = min(group["lr"], 1 / step**0.5)
        rate *= max(eps2, param.norm().item() / param.numel() ** 0.5)
        if group["weight_decay"]:
            param.mul_(1 - group["lr"] * group["weight_decay"])
        if grad.dim() > 1:
            rows, columns = state["row_var"], state["col_var"]
            rows.lerp_(grad.square().mean(-1, True), new)
            columns.lerp_(grad.square().mean(-2, True), new)
            variance = rows @ columns / rows.mean(-2, True).clamp(min=eps1)
        else:
            variance = state["variance"].lerp_(grad.square(), new)
        update = variance.clamp(min=eps1 * eps1).rsqrt() * grad
        length = update.norm().item() / (update.numel() ** 0.5 * group["d"])
        param.add_(update, alpha=-rate / max(1.0, length))


def _eps_of(dtype):
    from .._dtypes import finfo

    return finfo(dtype).eps


class Muon(Optimizer):
    """Jordan et al. 2024: momentum whose matrices are brought near to orthogonal ones by `ns_steps`
    rounds of Newton and Schulz's iteration in bfloat16; p *= 1 - lr * weight_decay before each
    step. For matrices; other parameters belong to another optimizer."""

    def __init__(self, params, lr=1e-3, weight_decay=0.1, momentum=0.95, nesterov=True,
                 ns_coefficients=(3.4445, -4.775, 2.0315), eps=1e-7, ns_steps=5,
                 adjust_lr_fn=None):
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        super().__init__(params, dict(lr=lr, weight_decay=weight_decay, momentum=momentum,
                                      nesterov=nesterov, ns_coefficients=ns_coefficients, eps=eps,
                                      ns_steps=ns_steps, adjust_lr_fn=adjust_lr_fn))
        for group in self.param_groups:
            for param in group["params"]:
                if param.dim() != 2:
                    raise ValueError("Muon only supports 2D parameters whereas we found a "
                                     f"parameter with size: {tuple(param.shape)}")

    @no_grad()
    def step(self, closure=None):
        """One step; gives the closure's loss."""
        loss = _run_closure(closure)
        for group in self.param_groups:
            for param, grad in _with_grads(group):
                state = self.state[param]
                if not state:
                    state["momentum_buffer"] = _core.zeros_like(grad)
                buffer = state["momentum_buffer"].lerp_(grad, 1 - group["momentum"])
                update = grad.lerp(buffer, group["momentum"]) if group["nesterov"] else buffer
                update = _orthogonal(update, group)
                rows, columns = param.shape
                if group["adjust_lr_fn"] == "match_rms_adamw":
                    scale = 0.2 * max(rows, columns) ** 0.5
                else:
                    scale = max(1, rows / columns) ** 0.5
                param.mul_(1 - group["lr"] * group["weight_decay"])
                param.add_(update.to(param.dtype), alpha=-group["lr"] * scale)
        return loss


def _orthogonal(matrix, group):
    a, b, c = group["ns_coefficients"]
    x = matrix.to(_core.bfloat16)
    is_tall = x.shape[0] > x.shape[1]
    x = x.T if is_tall else x
    x = x / x.norm().clamp(min=group["eps"])
    for _ in range(group["ns_steps"]):
        gram = x @ x.T
        x = _core.addmm(x, _core.addmm(gram, gram, gram, b, c), x, a)
    return x.T if is_tall else x
