"""Optimizers whose rate and count of steps are tensors: pure functions may hold their steps."""

import copy
import io
import pickle

import pytest
import tenon as torch
from tenon import nn, optim

CASES = [
    (optim.SGD, {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}),
    (optim.Adam, {"lr": 0.02, "weight_decay": 0.01, "amsgrad": True}),
    (optim.AdamW, {"lr": 0.02}),
    (optim.NAdam, {"lr": 0.02, "momentum_decay": 0.05}),
    (optim.NAdam, {"lr": 0.02, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    (optim.RAdam, {"lr": 0.05}),
    (optim.RAdam, {"lr": 0.05, "betas": (0.8, 0.6), "weight_decay": 0.1,
                   "decoupled_weight_decay": True}),
    (optim.Adamax, {"lr": 0.02}),
    (optim.Adadelta, {"lr": 0.5}),
    (optim.Adagrad, {"lr": 0.1, "lr_decay": 0.1}),
    (optim.RMSprop, {"lr": 0.01, "momentum": 0.5, "centered": True}),
    (optim.Rprop, {"lr": 0.01}),
    (optim.ASGD, {"lr": 0.05, "lambd": 0.1, "t0": 4}),
]
IDS = [f"{cls.__name__}{i}" for i, (cls, _) in enumerate(CASES)]


def batch():
    x = torch.randn(16, 4, generator=torch.Generator().manual_seed(3))
    return x, x.sum(1, keepdim=True).sin()


class Training:
    """A small network, whose rate a schedule sets after each step."""

    def __init__(self, cls, options, how, **compile_options):
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
        self.optimizer = cls(self.model.parameters(), **options)
        self.schedule = optim.lr_scheduler.ExponentialLR(self.optimizer, 0.9)
        if how != "eager":
            self.step = torch.compile(self.step, pure=how == "pure", **compile_options)

    def step(self, x, y):
        self.optimizer.zero_grad()
        loss = ((self.model(x) - y) ** 2).mean()
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def run(self, steps):
        losses = []
        for _ in range(steps):
            losses.append(self.step(*batch()).item())
            self.schedule.step()
        return losses


@pytest.mark.parametrize("cls, options", CASES, ids=IDS)
@pytest.mark.parametrize("is_tensor", [False, True], ids=["number", "tensor"])
def test_pure_replayed_and_eager_steps_give_the_same_losses(cls, options, is_tensor):
    def losses(how, **more):
        given = {**options, "capturable": True}
        if is_tensor:
            given["lr"] = torch.tensor(options["lr"])
        training = Training(cls, given, how, **more)
        result = training.run(20)
        if how == "pure" and not more:
            assert training.step.counters()["replays"] == 19
        return result

    eager = losses("eager")
    assert losses("compiled") == eager
    assert losses("pure") == eager
    assert losses("pure", validate=True) == eager
    assert Training(cls, options, "eager").run(20) == pytest.approx(eager, rel=2e-4)


@pytest.mark.parametrize("cls, options", CASES, ids=IDS)
def test_steps_that_differ_are_refused_in_pure_functions(cls, options):
    training = Training(cls, options, "pure")
    if cls in (optim.Adadelta, optim.RMSprop, optim.Rprop):  # their steps are all the same
        training.run(2)
        return
    before = [p.detach().clone() for p in training.model.parameters()]
    with pytest.raises(ValueError, match="take step 1 in each call.*capturable=True"):
        training.step(*batch())
    for old, new in zip(before, training.model.parameters()):
        assert torch.equal(old, new)
    assert all("step" not in state for state in training.optimizer.state.values())


def test_a_rate_that_is_a_number_holds_for_the_next_replay():
    rates = [0.1, 0.01, 0.0, 0.05]

    def weights(how):
        training = Training(optim.Adam, {"lr": 1.0, "capturable": True}, how)
        for rate in rates:
            for group in training.optimizer.param_groups:
                group["lr"] = rate
            training.step(*batch())
        return [p.tolist() for p in training.model.parameters()]

    assert weights("pure") == weights("eager")


@pytest.mark.parametrize("cls", [optim.Adam, optim.NAdam, optim.ASGD])
def test_the_state_has_the_count_as_a_tensor_that_the_program_moves_on(cls):
    training = Training(cls, {"capturable": True}, "pure")
    training.run(1)
    counts = [training.optimizer.state[p]["step"] for p in training.model.parameters()]
    assert all(count.shape == () and count.dtype == torch.float32 for count in counts)
    training.run(4)
    assert [count.item() for count in counts] == [5.0] * 4
    plain = Training(cls, {}, "eager")
    plain.run(5)
    states = training.optimizer.state_dict()["state"], plain.optimizer.state_dict()["state"]
    for own, other in zip(states[0].values(), states[1].values()):
        assert own.keys() == other.keys()
        for name in own:
            assert own[name].dtype == other[name].dtype
            torch.testing.assert_close(own[name], other[name], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("cls", [optim.Adam, optim.NAdam])
def test_states_that_are_loaded_hold_for_replays(cls):
    training = Training(cls, {"capturable": True, "lr": 0.1}, "pure")
    training.run(3)
    saved = io.BytesIO()
    torch.save([training.model.state_dict(), training.optimizer.state_dict(),
                training.schedule.state_dict()], saved)
    ahead = training.run(5)
    saved.seek(0)
    model, optimizer, schedule = torch.load(saved)
    for target in (training, Training(cls, {"capturable": True, "lr": 7.0}, "eager")):
        target.model.load_state_dict(model)
        target.optimizer.load_state_dict(optimizer)
        target.schedule.load_state_dict(schedule)
        assert target.run(5) == ahead
    assert training.step.counters()["replays"] == 12


def test_parameters_that_step_only_sometimes_count_by_themselves():
    def counts(**options):
        a, b = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(3))
        optimizer = optim.Adam([a, b], lr=0.1, **options)
        for i in range(6):
            optimizer.zero_grad()
            ((a * a).sum() if i % 3 == 1 else (a * b).sum()).backward()
            optimizer.step()
        return [optimizer.state[p]["step"].item() for p in (a, b)], a.tolist() + b.tolist()

    assert counts(capturable=True)[0] == [6.0, 4.0]
    assert counts(capturable=True)[1] == pytest.approx(counts()[1], rel=1e-5)


def test_copies_have_rates_of_their_own():
    training = Training(optim.Adam, {"capturable": True, "lr": 0.1}, "eager")
    training.run(1)
    for copied in (copy.deepcopy(training.optimizer),
                   pickle.loads(pickle.dumps(training.optimizer))):
        copied.param_groups[0]["lr"] = 0.0
        for p in copied.param_groups[0]["params"]:
            p.grad = torch.ones_like(p)
        before = [p.detach().clone() for p in copied.param_groups[0]["params"]]
        copied.step()
        assert all(map(torch.equal, before, copied.param_groups[0]["params"]))
    assert training.optimizer.param_groups[0]["lr"] == pytest.approx(0.09)
    assert type(training.optimizer.state_dict()["param_groups"][0]) is dict


def test_a_group_may_become_capturable_later():
    training = Training(optim.Adam, {"lr": 0.1}, "eager")
    expected = Training(optim.Adam, {"lr": 0.1, "capturable": True}, "eager").run(4)
    training.optimizer.param_groups[0]["capturable"] = True
    assert training.run(4) == expected


def test_rates_of_more_than_one_number_are_refused():
    p = nn.Parameter(torch.ones(2))
    p.grad = torch.ones(2)
    for rate in (torch.tensor([0.1, 0.2]), torch.tensor(1)):
        optimizer = optim.Adam([p], capturable=True)
        optimizer.param_groups[0]["lr"] = rate
        with pytest.raises(TypeError, match="learning rate from a floating tensor of one element"):
            optimizer.step()
    assert not optimizer.state[p]
