"""Every optimizer with several sets of options: ten steps on the same problem."""

import inspect

from .compare import TENON, TORCH, Row, attempt, pattern

STEPS = 10
KINDS = "float64", "float32"

#: Options beside the defaults, which each optimizer runs with, too.
OPTIONS = {
    "SGD": [
        {"lr": 0.1},
        {"lr": 0.05, "momentum": 0.9},
        {"lr": 0.05, "momentum": 0.9, "nesterov": True},
        {"lr": 0.05, "momentum": 0.8, "dampening": 0.2, "weight_decay": 0.1},
        {"lr": 0.1, "maximize": True},
    ],
    "Adam": [
        {"lr": 0.01},
        {"betas": (0.7, 0.9), "eps": 1e-6},
        {"amsgrad": True, "weight_decay": 0.1},
        {"maximize": True},
        {"decoupled_weight_decay": True, "weight_decay": 0.1},
    ],
    "AdamW": [{"lr": 0.01}, {"weight_decay": 0.3}, {"amsgrad": True}, {"maximize": True}],
    "NAdam": [
        {"lr": 0.01},
        {"weight_decay": 0.1},
        {"weight_decay": 0.1, "decoupled_weight_decay": True},
        {"momentum_decay": 0.01},
    ],
    "RAdam": [
        {"lr": 0.01},
        {"weight_decay": 0.1},
        {"weight_decay": 0.1, "decoupled_weight_decay": True},
        {"betas": (0.5, 0.6)},
    ],
    "Adamax": [{"lr": 0.01}, {"weight_decay": 0.1}, {"maximize": True}],
    "Adagrad": [
        {"lr": 0.1},
        {"lr_decay": 0.1, "weight_decay": 0.1},
        {"initial_accumulator_value": 0.5},
    ],
    "Adadelta": [{"lr": 0.5}, {"rho": 0.5, "weight_decay": 0.1}],
    "RMSprop": [
        {"lr": 0.02},
        {"momentum": 0.9},
        {"centered": True},
        {"alpha": 0.5, "weight_decay": 0.1},
    ],
    "Rprop": [{"lr": 0.02}, {"etas": (0.4, 1.3), "step_sizes": (1e-4, 0.1)}],
    "ASGD": [{"lr": 0.02}, {"lambd": 0.1, "alpha": 0.5, "t0": 3, "weight_decay": 0.1}],
    "LBFGS": [
        {"lr": 0.5},
        {"history_size": 3, "max_iter": 5},
        {"line_search_fn": "strong_wolfe"},
        {"line_search_fn": "strong_wolfe", "max_iter": 2},
        {"lr": 0.01, "max_iter": 3, "maximize": True},
    ],
    "Adafactor": [{"lr": 0.02}, {"weight_decay": 0.1}],
    "SparseAdam": [],
}
#: Optimizers that need what Tenon hasn't got, or whose numbers are free.
ELSEWHERE = {
    "Muon": "rounds to bfloat16 between products, in an order of the library's; against NumPy's in "
    "python/tests/optim",
    "SparseAdam": "for sparse gradients",
}


def loss_of(library, weight, bias, convex):
    """Smooth, and steep in some directions only; where asked for, with one minimum, since with
    several a rounding may decide which one L-BFGS goes to."""
    x = library.tensor(pattern(8, 5, step=0.9, dtype=str(weight.dtype).rpartition(".")[2]))
    target = library.tensor(pattern(8, 3, step=0.4, dtype=str(weight.dtype).rpartition(".")[2]))
    result = x @ weight + bias
    return ((result if convex else result.tanh()) - target).square().mean()


def trained(library, name, options, kind):
    """The losses of the steps and the parameters after them."""
    weight = library.tensor(pattern(5, 3, step=1.1, dtype=kind), True)
    bias = library.tensor(pattern(3, dtype=kind), True)
    optimizer = getattr(library.module.optim, name)([weight, bias], **options)
    losses = []

    def closure():
        optimizer.zero_grad()
        loss = loss_of(library, weight, bias, name == "LBFGS")
        loss.backward()
        return loss

    for _ in range(STEPS):
        losses.append(optimizer.step(closure).detach())
    return losses, [weight.detach(), bias.detach()]


def names_of_both():
    def names(library):
        return {
            name
            for name, value in vars(library.module.optim).items()
            if inspect.isclass(value) and issubclass(value, library.module.optim.Optimizer)
        }

    return sorted((names(TENON) & names(TORCH)) - {"Optimizer"})


def defaults_of(library, name):
    parameter = library.tensor(pattern(2, 2), True)
    return getattr(library.module.optim, name)([parameter]).defaults


def compare_optimizers():
    rows = []
    for name in names_of_both():
        if name in ELSEWHERE:
            continue
        row = Row(name)
        ours, theirs = defaults_of(TENON, name), defaults_of(TORCH, name)
        for key, value in theirs.items():
            if key not in ours or ours[key] != value:
                row.problems.append(
                    f"default {key} is {ours.get(key, 'absent')}, PyTorch's is {value}"
                )
        for options in [{}, *OPTIONS.get(name, [])]:
            for kind in KINDS:
                where = f"{options or 'defaults'}, {kind}"
                wanted = trained(TORCH, name, options, kind)
                got, error = attempt(trained, TENON, name, options, kind)
                row.samples += 1
                if error:
                    row.problems.append(f"{where}: raises {type(error).__name__}: {error}")
                else:
                    row.add("forward", kind, got[0] + got[1], wanted[0] + wanted[1], where)
        rows.append(row)
    return rows
