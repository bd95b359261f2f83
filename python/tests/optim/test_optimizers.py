"""What optimizers do to parameters, by NumPy; and groups, states and hooks."""

import copy
import pickle

import numpy as np
import pytest
import tenon as torch

RNG = np.random.default_rng(0)
START = RNG.normal(size=(4, 3))
GRADS = RNG.normal(size=(5, 4, 3))


def run(make, steps=5):
    p = torch.tensor(START, requires_grad=True)
    optimizer = make([p])
    for grad in GRADS[:steps]:
        p.grad = torch.tensor(grad)
        optimizer.step()
    return p.numpy(force=True), optimizer


def adam(p, g, s, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    s["m"] = beta1 * s.get("m", 0) + (1 - beta1) * g
    s["v"] = beta2 * s.get("v", 0) + (1 - beta2) * g * g
    return p - lr / (1 - beta1**t) * s["m"] / (np.sqrt(s["v"] / (1 - beta2**t)) + eps)


def sgd(p, g, s, t):
    g = -g + 0.1 * p
    s["b"] = g if t == 1 else 0.9 * s["b"] + 0.7 * g
    return p - 0.1 * s["b"]


def nesterov(p, g, s, t):
    s["b"] = g + 0.9 * s.get("b", 0)
    return p - 0.1 * (g + 0.9 * s["b"])


def adamax(p, g, s, t):
    s["m"] = 0.9 * s.get("m", 0) + 0.1 * g
    s["u"] = np.maximum(0.999 * s.get("u", 0), np.abs(g) + 1e-8)
    return p - 0.002 / (1 - 0.9**t) * s["m"] / s["u"]


def rmsprop(p, g, s, t):
    s["v"] = 0.99 * s.get("v", 0) + 0.01 * g * g
    s["mean"] = 0.99 * s.get("mean", 0) + 0.01 * g
    s["b"] = 0.9 * s.get("b", 0) + g / (np.sqrt(s["v"] - s["mean"] ** 2) + 1e-8)
    return p - 0.01 * s["b"]


def adagrad(p, g, s, t):
    s["sum"] = s.get("sum", 0.5) + g * g
    return p - 0.01 / (1 + (t - 1) * 0.1) * g / (np.sqrt(s["sum"]) + 1e-10)


def adadelta(p, g, s, t):
    s["v"] = 0.9 * s.get("v", 0) + 0.1 * g * g
    d = np.sqrt(s.get("u", 0) + 1e-6) / np.sqrt(s["v"] + 1e-6) * g
    s["u"] = 0.9 * s.get("u", 0) + 0.1 * d * d
    return p - d


def rprop(p, g, s, t):
    agreement = g * s.get("prev", 0)
    s["size"] = np.clip(s.get("size", 0.01) * np.where(agreement > 0, 1.2, np.where(
        agreement < 0, 0.5, 1)), 1e-6, 50)
    s["prev"] = np.where(agreement < 0, 0, g)
    return p - np.sign(s["prev"]) * s["size"]


def asgd(p, g, s, t):
    eta = s.get("eta", 0.01)  # kept as float32 from step to step, as PyTorch does
    s["eta"] = np.float32(0.01 / (1 + 0.5 * 0.01 * t) ** 0.75)
    return p * (1 - 0.5 * float(eta)) - float(eta) * g


CASES = {
    "SGD": (dict(lr=0.1, momentum=0.9, dampening=0.3, weight_decay=0.1, maximize=True), sgd),
    "SGD, nesterov": (dict(lr=0.1, momentum=0.9, nesterov=True), nesterov),
    "Adam": (dict(lr=0.1), lambda p, g, s, t: adam(p, g, s, t, 0.1)),
    "Adam, decay": (dict(weight_decay=0.1),
                    lambda p, g, s, t: adam(p, g + 0.1 * p, s, t, 1e-3)),
    "AdamW": (dict(lr=0.1, betas=(0.8, 0.9)),
              lambda p, g, s, t: adam(p * (1 - 0.1 * 0.01), g, s, t, 0.1, 0.8, 0.9)),
    "Adamax": ({}, adamax),
    "RMSprop": (dict(momentum=0.9, centered=True), rmsprop),
    "Adagrad": (dict(lr_decay=0.1, initial_accumulator_value=0.5), adagrad),
    "Adadelta": ({}, adadelta),
    "Rprop": ({}, rprop),
    "ASGD": (dict(lambd=0.5), asgd),
}


@pytest.mark.parametrize("name", CASES)
def test_formulas(name):
    options, formula = CASES[name]
    kind = getattr(torch.optim, name.split(",")[0])
    expected, state = START.copy(), {}
    for t, grad in enumerate(GRADS, start=1):
        expected = formula(expected, grad, state, t)
    np.testing.assert_allclose(run(lambda p: kind(p, **options))[0], expected, rtol=1e-10)


def test_nadam_and_radam_begin_as_their_papers_say():
    """After one step the moments are g and g^2 but for their factors, which then cancel."""
    mu1, mu2 = (0.9 * (1 - 0.5 * 0.96 ** (t * 0.004)) for t in (1, 2))
    size = 1 + mu2 * 0.1 / (1 - mu1 * mu2)
    moved = START - run(lambda p: torch.optim.NAdam(p, lr=0.1), 1)[0]
    np.testing.assert_allclose(moved, 0.1 * size * np.sign(GRADS[0]), rtol=1e-6)
    moved = START - run(lambda p: torch.optim.RAdam(p, lr=0.1), 1)[0]
    np.testing.assert_allclose(moved, 0.1 * GRADS[0], rtol=1e-10)


def test_groups_and_options_may_change_at_any_time():
    a, b = torch.zeros(2, requires_grad=True), torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.SGD([{"params": [a]}, {"params": b, "lr": 2.0}], lr=1.0)
    a.grad = b.grad = torch.ones(2)
    optimizer.step()
    assert a.tolist() == [-1, -1] and b.tolist() == [-2, -2]
    for group in optimizer.param_groups:
        group["lr"] = 0.5
        group["momentum"] = 0.5
    optimizer.step()
    assert b.tolist() == [-2.5, -2.5]
    optimizer.state[a]["momentum_buffer"].fill_(3)
    optimizer.step()
    assert a.tolist() == [-1.5 - 0.5 * 2.5] * 2
    c = torch.zeros(1, requires_grad=True)
    optimizer.add_param_group({"params": [c], "lr": 4})
    c.grad = torch.ones(1)
    a.grad = b.grad = None
    optimizer.step()
    assert c.item() == -4 and a.tolist() == [-2.75, -2.75]
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.5, 4]
    assert optimizer.param_groups[2]["momentum"] == 0  # the default, not another group's


def test_options_count_from_the_step_on_that_follows_their_change():
    betas = [0.9, 0.999]  # which may be changed in place

    def change(group, step):
        betas[0] = 0.9 - 0.1 * step
        if step == 1:
            group["weight_decay"] = 0.1
        elif step == 2:
            group["betas"] = 0.5, 0.6
        elif step == 3:
            del group["weight_decay"]
            group["weight_decay"] = 0.2
        elif step == 4:
            group["maximize"] = True

    kept = torch.tensor(START, requires_grad=True)
    optimizer = torch.optim.Adam([kept], lr=0.1, betas=betas)
    fresh = torch.tensor(START, requires_grad=True)
    state = optimizer.state_dict()
    for step, grad in enumerate(GRADS):
        change(optimizer.param_groups[0], step)
        kept.grad, fresh.grad = torch.tensor(grad), torch.tensor(grad)
        optimizer.step()
        group = {**optimizer.param_groups[0], "params": [0]}
        again = torch.optim.Adam([fresh])  # which has kept no formula
        again.load_state_dict({"state": state["state"], "param_groups": [group]})
        again.step()
        state = again.state_dict()
        assert torch.equal(kept, fresh), step
    del optimizer.param_groups[0]["eps"]
    with pytest.raises(KeyError, match="eps"):
        optimizer.step()
    del optimizer.param_groups[0]["lr"]
    with pytest.raises(KeyError):
        optimizer.step()


def test_states_are_written_in_place_and_may_be_replaced():
    p = torch.ones(3, requires_grad=True)
    optimizer = torch.optim.Adam([p], lr=0.1)
    p.grad = torch.ones(3)
    optimizer.step()
    first, step = optimizer.state[p]["exp_avg"], optimizer.state[p]["step"]
    assert list(optimizer.state[p]) == ["step", "exp_avg", "exp_avg_sq"] and step.item() == 1
    optimizer.step()
    assert first.tolist() == pytest.approx([0.19] * 3) and step.item() == 2
    optimizer.state[p]["exp_avg"] = torch.zeros(3)
    optimizer.state[p]["step"] = 9  # as older states have it
    optimizer.step()
    assert optimizer.state[p]["exp_avg"].tolist() == pytest.approx([0.1] * 3)
    assert optimizer.state[p]["step"].item() == 10
    before = p.tolist()
    optimizer.state[p]["exp_avg"] = torch.zeros(4)
    with pytest.raises(torch.ShapeError, match=r"exp_avg is \[4\], its parameter \[3\]"):
        optimizer.step()
    optimizer.state[p]["exp_avg"] = "soft"
    with pytest.raises(TypeError, match="'exp_avg' of a parameter is a tensor, not str"):
        optimizer.step()
    assert p.tolist() == before and optimizer.state[p]["step"].item() == 10


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta",
                                  "Adamax", "NAdam", "RAdam", "Rprop", "ASGD"])
@pytest.mark.parametrize("how", ["state_dict", "deepcopy", "pickle"])
def test_states_go_on(name, how):
    def make(params):
        more = {"momentum": 0.9} if name == "SGD" else {}
        return getattr(torch.optim, name)([{"params": params[:1]}, {"params": params[1:]}], lr=0.05,
                                          **more)

    def step(optimizer, params, start, stop):
        for grad in GRADS[start:stop]:
            for p in params:
                p.grad = torch.tensor(grad).float()
            optimizer.step()

    straight = [torch.tensor(START).float().requires_grad_() for _ in range(2)]
    whole = make(straight)
    step(whole, straight, 0, 5)
    halved = [torch.tensor(START).float().requires_grad_() for _ in range(2)]
    first = make(halved)
    step(first, halved, 0, 2)
    if how == "state_dict":
        second = make(halved)
        second.load_state_dict(first.state_dict())
        kept = first.state[halved[0]]
        assert all(second.state[halved[0]][key] is not kept[key] for key in kept)
    else:
        second = copy.deepcopy(first) if how == "deepcopy" else pickle.loads(pickle.dumps(first))
        halved = [p for group in second.param_groups for p in group["params"]]
    step(second, halved, 2, 5)
    for a, b in zip(straight, halved):
        assert a.tolist() == b.tolist()


def test_state_dicts_have_pytorchs_layout():
    a, b = torch.zeros(2, requires_grad=True), torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.AdamW([{"params": [a]}, {"params": [b], "lr": 0.5}])
    b.grad = torch.ones(3)
    optimizer.step()
    state = optimizer.state_dict()
    assert set(state) == {"state", "param_groups"} and list(state["state"]) == [1]
    assert state["state"][1]["exp_avg"] is optimizer.state[b]["exp_avg"]
    assert [group["params"] for group in state["param_groups"]] == [[0], [1]]
    assert state["param_groups"][1]["lr"] == 0.5
    with pytest.raises(ValueError, match="different number of parameter groups"):
        torch.optim.AdamW([a]).load_state_dict(state)
    with pytest.raises(ValueError, match="doesn't match the size"):
        other = torch.optim.AdamW([{"params": [a]}, {"params": [b, torch.zeros(1)]}])
        other.load_state_dict(state)


def test_gradients_of_half_the_precision_are_cast_with_their_parameter():
    p = torch.ones(3).to(torch.bfloat16).requires_grad_()
    optimizer = torch.optim.SGD([p], lr=0.5, momentum=0.9)
    p.grad = torch.ones(3).to(torch.bfloat16)
    optimizer.step()
    assert optimizer.state[p]["momentum_buffer"].dtype == torch.bfloat16 and p.tolist() == [0.5] * 3
    state = optimizer.state_dict()
    q = torch.ones(3, requires_grad=True)
    wide = torch.optim.SGD([q], lr=0.5, momentum=0.9)
    wide.load_state_dict(state)
    assert wide.state[q]["momentum_buffer"].dtype == torch.float32


def test_zero_grad():
    p, q = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    optimizer = torch.optim.SGD([p, q], lr=1)
    p.grad = torch.ones(2)
    grad = p.grad
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0, 0] and grad.tolist() == [0, 0] and q.grad is None
    optimizer.zero_grad()
    assert p.grad is None


def test_closures_run_with_gradients():
    p = torch.ones(2, requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with torch.no_grad():
        assert optimizer.step(closure).item() == 2
    assert p.tolist() == [0.5, 0.5]


class Descent(torch.optim.Optimizer):
    """As the documentation of PyTorch teaches to write one."""

    def __init__(self, params, lr=0.1, decay=0.0):
        super().__init__(params, dict(lr=lr, decay=decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if len(state) == 0:
                    state["step"] = 0
                    state["sum"] = torch.zeros_like(p.data)
                state["step"] += 1
                state["sum"].add_(p.grad, alpha=0.5)
                p.data.add_(state["sum"], alpha=-group["lr"])


def test_subclasses():
    p = torch.ones(2, requires_grad=True)
    optimizer = Descent([p], lr=0.5)
    for _ in range(2):
        p.grad = torch.ones(2)
        optimizer.step()
    assert p.tolist() == [0.25, 0.25] and optimizer.state[p]["step"] == 2
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
    schedule.step()
    assert optimizer.param_groups[0]["lr"] == 0.25 and "decay: 0.0" in repr(optimizer)
    with pytest.raises(NotImplementedError, match="has no step"):
        torch.optim.Optimizer([p], {}).step()


def test_hooks():
    calls = []
    p = torch.zeros(1, requires_grad=True)
    for optimizer in Descent([p]), torch.optim.SGD([p], lr=0.1):
        p.grad = torch.ones(1)
        before = optimizer.register_step_pre_hook(lambda o, a, k: calls.append(("before", o, a)))
        after = optimizer.register_step_post_hook(lambda o, a, k: calls.append(("after", o, a)))
        optimizer.step()
        assert calls == [("before", optimizer, ()), ("after", optimizer, ())]
        before.remove()
        after.remove()
        optimizer.step()
        assert len(calls) == 2
        calls.clear()
    with optimizer.register_state_dict_post_hook(lambda o, state: {**state, "more": 1}):
        assert optimizer.state_dict()["more"] == 1
    with optimizer.register_load_state_dict_pre_hook(lambda o, state: optimizer.state_dict()):
        optimizer.load_state_dict({})
    assert "more" not in optimizer.state_dict()


def test_lbfgs_minimizes_rosenbrock():
    """Its minimum is 0 at (1, 1)."""
    for search in None, "strong_wolfe":
        p = torch.tensor([-0.5, 0.7], dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.LBFGS([p], lr=1 if search else 0.02, max_iter=40,
                                      line_search_fn=search)

        def closure():
            optimizer.zero_grad()
            loss = (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2
            loss.backward()
            return loss

        for _ in range(2 if search else 100):
            optimizer.step(closure)
        assert p.tolist() == pytest.approx([1, 1], abs=1e-4)
    with pytest.raises(ValueError, match="per-parameter options"):
        torch.optim.LBFGS([{"params": [p]}, {"params": [torch.zeros(1)]}])


def test_mistakes():
    p = torch.zeros(2, requires_grad=True)
    with pytest.raises(ValueError, match="empty parameter list"):
        torch.optim.SGD([], lr=1)
    with pytest.raises(TypeError, match="got one tensor"):
        torch.optim.SGD(p, lr=1)
    with pytest.raises(TypeError, match="one of the params is int"):
        torch.optim.SGD([1], lr=1)
    with pytest.raises(TypeError, match="use a list"):
        torch.optim.SGD([{"params": {p}}], lr=1)
    with pytest.raises(ValueError, match="non-leaf"):
        torch.optim.SGD([p * 2], lr=1)
    with pytest.raises(ValueError, match="more than one parameter group"):
        torch.optim.SGD([{"params": [p]}, {"params": [p]}], lr=1)
    with pytest.raises(ValueError, match="Invalid learning rate: -1"):
        torch.optim.SGD([p], lr=-1)
    with pytest.raises(ValueError, match="nesterov needs momentum"):
        torch.optim.SGD([p], lr=1, nesterov=True)
    with pytest.raises(ValueError, match=r"beta1 in \[0, 1\)"):
        torch.optim.Adam([p], betas=(1.0, 0.9))
    with pytest.raises(ValueError, match="differentiable"):
        torch.optim.Adam([p], differentiable=True)
    with pytest.raises(ValueError, match="required optimization parameter lr"):
        torch.optim.Optimizer([p], {"lr": torch.optim.optimizer.required})
    optimizer = torch.optim.SGD([p], lr=1)
    p.grad = torch.ones(2)
    optimizer.param_groups[0]["lr"] = "fast"
    with pytest.raises(TypeError):
        optimizer.step()
    optimizer.param_groups[0]["lr"] = torch.tensor(0.5)
    optimizer.step()
    assert p.tolist() == [-0.5, -0.5]


def test_compiled_steps_are_the_same_and_planned_once():
    def train(step_of):
        torch.manual_seed(0)
        x, y = torch.randn(16, 3), torch.randn(16, 1)
        w, b = torch.zeros(3, 1, requires_grad=True), torch.zeros(1, requires_grad=True)
        optimizer = torch.optim.AdamW([{"params": [w]}, {"params": [b], "weight_decay": 0}], lr=0.1)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 20)

        def step():
            optimizer.zero_grad()
            loss = ((x @ w + b - y) ** 2).mean()
            loss.backward()
            optimizer.step()
            return loss

        call = step_of(step)
        losses = []
        for _ in range(15):
            losses.append(call().item())
            schedule.step()
        return call, (losses, w.tolist(), optimizer.state[w]["step"].item())

    compiled, results = train(torch.compile)
    assert results == train(lambda step: step)[1]
    assert compiled.counters()["plans"] <= 2 and compiled.counters()["flushes"] == 15
