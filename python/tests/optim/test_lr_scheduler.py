"""The learning rates that schedules give, by their formulas."""

from math import cos, pi

import pytest
import tenon as torch
from tenon.optim import lr_scheduler


def make_optimizer(rates=(0.1, 0.4)):
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": rate} for rate in rates]
    return torch.optim.SGD(groups, lr=1, momentum=0.9)


def rates_of(make, steps, rates=(0.1, 0.4), resume_at=None):
    """The rates of both groups at steps 0, 1, ...; where `resume_at` is given, from there on those
    of another schedule that was given the first one's state."""
    optimizer = make_optimizer(rates)
    schedule = make(optimizer)
    seen = []
    for step in range(steps):
        assert schedule.get_last_lr() == [group["lr"] for group in optimizer.param_groups]
        seen.append(schedule.get_last_lr())
        optimizer.step()
        schedule.step()
        if step == resume_at:
            states = optimizer.state_dict(), schedule.state_dict()
            optimizer = make_optimizer(rates)
            schedule = make(optimizer)
            optimizer.load_state_dict(states[0])
            schedule.load_state_dict(states[1])
    return seen


def linear(step):
    return 0.1 + 0.7 * min(step, 12) / 12


def one_cycle(step):
    """Of 21 steps with pct_start 1/3: up to step 6, down to step 20; rates of 0.04 to 1 to 4e-6."""
    if step <= 6:
        return 1 + (0.04 - 1) / 2 * (cos(pi * step / 6) + 1)
    return 4e-6 + (1 - 4e-6) / 2 * (cos(pi * (step - 6) / 14) + 1)


def triangle(step):
    place = step % 10
    return place / 4 if place <= 4 else (10 - place) / 6


def restarts(step):
    """Cycles of 4, 8, 16, ... steps."""
    begin, length = 0, 4
    while step >= begin + length:
        begin, length = begin + length, length * 2
    return (1 + cos(pi * (step - begin) / length)) / 2


# Each: how it is made, and the rate of a group with base rate `base` at a step.
CASES = {
    "LambdaLR": (lambda o: lr_scheduler.LambdaLR(o, lambda step: 1 / (1 + step)),
                 lambda base, step: base / (1 + step)),
    "MultiplicativeLR": (lambda o: lr_scheduler.MultiplicativeLR(o, lambda step: 0.9),
                         lambda base, step: base * 0.9**step),
    "StepLR": (lambda o: lr_scheduler.StepLR(o, 3, 0.5),
               lambda base, step: base * 0.5 ** (step // 3)),
    "MultiStepLR": (lambda o: lr_scheduler.MultiStepLR(o, [2, 5, 5], 0.5),
                    lambda base, step: base * 0.5 ** ((step >= 2) + 2 * (step >= 5))),
    "ConstantLR": (lambda o: lr_scheduler.ConstantLR(o, 0.25, 4),
                   lambda base, step: base * (0.25 if step < 4 else 1)),
    "LinearLR": (lambda o: lr_scheduler.LinearLR(o, 0.1, 0.8, 12),
                 lambda base, step: base * linear(step)),
    "ExponentialLR": (lambda o: lr_scheduler.ExponentialLR(o, 0.9),
                      lambda base, step: base * 0.9**step),
    "PolynomialLR": (lambda o: lr_scheduler.PolynomialLR(o, 8, 2.0),
                     lambda base, step: base * (1 - min(step, 8) / 8) ** 2),
    "CosineAnnealingLR": (lambda o: lr_scheduler.CosineAnnealingLR(o, 6, 0.01),
                          lambda base, step: 0.01 + (base - 0.01) * (1 + cos(pi * step / 6)) / 2),
    "CosineAnnealingWarmRestarts": (
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 4, 2),
        lambda base, step: base * restarts(step)),
    "OneCycleLR": (lambda o: lr_scheduler.OneCycleLR(o, [1.0, 2.0], total_steps=21,
                                                     pct_start=1 / 3),
                   lambda base, step: one_cycle(step) * (1 if base == 0.1 else 2)),
    "CyclicLR": (lambda o: lr_scheduler.CyclicLR(o, 0.1, 0.5, 4, 6),
                 lambda base, step: 0.1 + 0.4 * triangle(step)),
    "CyclicLR, triangular2": (lambda o: lr_scheduler.CyclicLR(o, 0.1, 0.5, 4, 6, "triangular2"),
                              lambda base, step: 0.1 + 0.4 * triangle(step) / 2 ** (step // 10)),
    "CyclicLR, exp_range": (
        lambda o: lr_scheduler.CyclicLR(o, 0.1, 0.5, 4, 6, "exp_range", gamma=0.9),
        lambda base, step: 0.1 + 0.4 * triangle(step) * 0.9**step),
    "SequentialLR": (
        lambda o: lr_scheduler.SequentialLR(
            o, [lr_scheduler.LinearLR(o, 0.1, 1.0, 5), lr_scheduler.ExponentialLR(o, 0.5)], [5]),
        lambda base, step: base * ((0.1 + 0.9 * step / 5) if step < 5 else 0.5 ** (step - 5))),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("resume_at", [None, 7])
def test_values(name, resume_at):
    make, formula = CASES[name]
    for step, rates in enumerate(rates_of(make, 20, resume_at=resume_at)):
        assert rates == pytest.approx([formula(0.1, step), formula(0.4, step)], abs=1e-12), step


@pytest.mark.parametrize("name", ["StepLR", "MultiStepLR", "ConstantLR", "LinearLR",
                                  "ExponentialLR", "PolynomialLR", "CosineAnnealingLR",
                                  "CosineAnnealingWarmRestarts"])
def test_jumps_to_a_step(name):
    make, formula = CASES[name]
    optimizer = make_optimizer()
    optimizer.step()
    schedule = make(optimizer)
    for step in 9, 2, 5:
        schedule.step(step)
        assert schedule.get_last_lr() == pytest.approx([formula(0.1, step), formula(0.4, step)])


def test_chained_schedules_multiply():
    def make(optimizer):
        return lr_scheduler.ChainedScheduler([lr_scheduler.ConstantLR(optimizer, 0.5, 3),
                                              lr_scheduler.ExponentialLR(optimizer, 0.9)])

    for step, rates in enumerate(rates_of(make, 6)):
        factor = (0.5 if step < 3 else 1) * 0.9**step
        assert rates == pytest.approx([0.1 * factor, 0.4 * factor])


def test_one_cycle_moves_momentum_the_other_way():
    p = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.Adam([p], betas=(0.5, 0.6))
    schedule = lr_scheduler.OneCycleLR(optimizer, 1.0, epochs=2, steps_per_epoch=5,
                                       anneal_strategy="linear", pct_start=0.5)
    momenta = []
    for _ in range(10):
        momenta.append(optimizer.param_groups[0]["betas"])
        optimizer.step()
        if len(momenta) < 10:
            schedule.step()
    assert momenta[0] == (0.95, 0.6) and momenta[4] == pytest.approx((0.85, 0.6))
    assert momenta[9] == pytest.approx((0.95, 0.6))
    schedule.step()
    with pytest.raises(ValueError, match="Tried to step 11 times"):
        schedule.step()


def test_plateau():
    optimizer = make_optimizer((1.0,))
    schedule = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.1, patience=1, cooldown=1,
                                              min_lr=0.05)
    seen = []
    for metric in 3.0, 2.0, torch.tensor(2.0), 2.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0:
        schedule.step(metric)
        seen.append(optimizer.param_groups[0]["lr"])
    # Two bad steps at 3, one rests, two bad steps again at 6, and never below min_lr.
    assert seen == pytest.approx([1, 1, 1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.05])
    higher = lr_scheduler.ReduceLROnPlateau(optimizer, "max", patience=0, threshold=0.5,
                                            threshold_mode="abs", factor=0.5)
    higher.step(1.0)
    higher.step(1.4)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.025) and higher.best == 1.0


def test_subclasses_have_get_lr():
    class Warmup(lr_scheduler._LRScheduler):
        def __init__(self, optimizer, steps, last_epoch=-1):
            self.steps = steps
            super().__init__(optimizer, last_epoch)

        def get_lr(self):
            return [base * min(1, (self.last_epoch + 1) / self.steps) for base in self.base_lrs]

    assert rates_of(lambda o: Warmup(o, 4), 5, (1.0,), resume_at=1) == [[0.25], [0.5], [0.75], [1],
                                                                       [1]]


def test_resumes_from_last_epoch():
    optimizer = make_optimizer()
    with pytest.raises(KeyError, match="initial_lr"):
        lr_scheduler.StepLR(optimizer, 2, 0.5, last_epoch=4)
    for group in optimizer.param_groups:
        group["initial_lr"] = group["lr"]
        group["lr"] *= 0.25
    schedule = lr_scheduler.StepLR(optimizer, 2, 0.5, last_epoch=4)
    assert schedule.last_epoch == 5 and schedule.get_last_lr() == pytest.approx([0.025, 0.1])


def test_rates_that_are_tensors_are_written_in_place():
    rate = torch.tensor(1.0)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate)
    schedule = lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    schedule.step()
    assert rate.item() == 0.5 and optimizer.param_groups[0]["lr"] is rate


def test_mistakes():
    optimizer = make_optimizer()
    with pytest.raises(TypeError, match="int is not an Optimizer"):
        lr_scheduler.StepLR(3, 1)
    with pytest.raises(ValueError, match="Expected 2 lr_lambdas, but got 1"):
        lr_scheduler.LambdaLR(optimizer, [lambda step: 1])
    with pytest.raises(ValueError, match="factor should be < 1.0"):
        lr_scheduler.ReduceLROnPlateau(optimizer, factor=1.5)
    with pytest.raises(ValueError, match="total_steps, or epochs"):
        lr_scheduler.OneCycleLR(optimizer, 1.0)
    with pytest.raises(ValueError, match="same optimizer"):
        lr_scheduler.ChainedScheduler([lr_scheduler.StepLR(make_optimizer(), 1),
                                       lr_scheduler.StepLR(make_optimizer(), 1)])
    with pytest.warns(UserWarning, match=r"called before optimizer.step\(\)"):
        lr_scheduler.StepLR(optimizer, 1).step()
