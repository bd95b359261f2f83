"""Every schedule: the learning rates of thirty steps."""

import inspect

import numpy as np

from .compare import TENON, TORCH, Row, attempt, pattern, relative

STEPS = 30


def metric(step):
    """What ReduceLROnPlateau watches: it falls, then stays."""
    return max(1.0 - 0.1 * step, 0.4) + 0.001 * (step % 3)


#: name -> makers of a schedule, of (the module lr_scheduler, an optimizer).
CASES = {
    "LambdaLR": [
        lambda s, o: s.LambdaLR(o, lambda step: 0.95**step),
        lambda s, o: s.LambdaLR(o, [lambda step: 1 / (1 + step), lambda step: 0.5]),
    ],
    "MultiplicativeLR": [lambda s, o: s.MultiplicativeLR(o, lambda step: 0.9)],
    "StepLR": [lambda s, o: s.StepLR(o, 7), lambda s, o: s.StepLR(o, step_size=3, gamma=0.7)],
    "MultiStepLR": [lambda s, o: s.MultiStepLR(o, [4, 9, 9, 20], gamma=0.5)],
    "ConstantLR": [
        lambda s, o: s.ConstantLR(o),
        lambda s, o: s.ConstantLR(o, 0.25, total_iters=12),
    ],
    "LinearLR": [lambda s, o: s.LinearLR(o), lambda s, o: s.LinearLR(o, 0.1, 0.8, total_iters=13)],
    "ExponentialLR": [lambda s, o: s.ExponentialLR(o, 0.9)],
    "PolynomialLR": [lambda s, o: s.PolynomialLR(o), lambda s, o: s.PolynomialLR(o, 20, power=2.0)],
    "CosineAnnealingLR": [
        lambda s, o: s.CosineAnnealingLR(o, 10),
        lambda s, o: s.CosineAnnealingLR(o, 25, eta_min=0.01),
    ],
    "CosineAnnealingWarmRestarts": [
        lambda s, o: s.CosineAnnealingWarmRestarts(o, 5),
        lambda s, o: s.CosineAnnealingWarmRestarts(o, 4, T_mult=2, eta_min=0.01),
    ],
    "CyclicLR": [
        lambda s, o, mode=mode: s.CyclicLR(
            o, 0.01, 0.2, step_size_up=4, step_size_down=3, mode=mode, gamma=0.95
        )
        for mode in ("triangular", "triangular2", "exp_range")
    ],
    "OneCycleLR": [
        lambda s, o: s.OneCycleLR(o, 0.5, total_steps=40),
        lambda s, o: s.OneCycleLR(
            o, [0.5, 0.2], epochs=4, steps_per_epoch=9, anneal_strategy="linear", three_phase=True
        ),
    ],
    "ReduceLROnPlateau": [
        lambda s, o: s.ReduceLROnPlateau(o, patience=2),
        lambda s, o: s.ReduceLROnPlateau(
            o, factor=0.5, patience=1, threshold=0.01, threshold_mode="abs", cooldown=2, min_lr=1e-3
        ),
    ],
    "SequentialLR": [
        lambda s, o: s.SequentialLR(o, [s.LinearLR(o, total_iters=5), s.ExponentialLR(o, 0.9)], [5])
    ],
    "ChainedScheduler": [
        lambda s, o: s.ChainedScheduler([s.ConstantLR(o, 0.1, 4), s.ExponentialLR(o, 0.9)])
    ],
}


def rates(library, make):
    """The rates and momenta of two groups at first and after each step."""
    module = library.module.optim
    groups = [
        {"params": [library.tensor(pattern(2), True)]},
        {"params": [library.tensor(pattern(3), True)], "lr": 0.3},
    ]
    optimizer = module.SGD(groups, lr=0.1, momentum=0.9)
    schedule = make(module.lr_scheduler, optimizer)
    found = []
    for step in range(STEPS + 1):
        found.append([(group["lr"], group["momentum"]) for group in optimizer.param_groups])
        optimizer.step()
        if isinstance(schedule, module.lr_scheduler.ReduceLROnPlateau):
            schedule.step(metric(step))
        else:
            schedule.step()
    return np.array(found, dtype=np.float64)


def compare_schedulers():
    def names(library):
        module = library.module.optim.lr_scheduler
        return {
            name
            for name, value in vars(module).items()
            if inspect.isclass(value)
            and issubclass(value, module.LRScheduler)
            and not name.startswith("_")
        }

    rows = []
    for name in sorted((names(TENON) & names(TORCH)) - {"LRScheduler"}):
        row = Row(name)
        if name not in CASES:
            row.problems.append("no case in benchmarks/parity/schedulers.py")
        for number, make in enumerate(CASES.get(name, [])):
            got, error = attempt(rates, TENON, make)
            row.samples += 1
            if error:
                row.problems.append(f"case {number}: raises {type(error).__name__}: {error}")
                continue
            distance = relative(got, rates(TORCH, make))
            row.forward["float64"] = max(row.forward.get("float64", 0.0), distance)
            if distance > 1e-12:
                row.problems.append(f"case {number}: rates differ by {distance:.2g}")
        rows.append(row)
    return rows
