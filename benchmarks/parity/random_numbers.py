"""What draws: the generators differ, so that distributions are held against each other. The
measure is Kolmogorov and Smirnov's: the largest distance of the two cumulated frequencies."""

import numpy as np

from .compare import TENON, TORCH, Row, attempt, name_of, plain

COUNT = 200_000
#: Exceeded by one pair of equal distributions in ten thousand.
LIMIT = 2.23 * (2 / COUNT) ** 0.5

#: name -> what draws COUNT numbers, of the module.
CASES = {
    "rand": lambda t: t.rand(COUNT),
    "rand_like": lambda t: t.rand_like(t.zeros(COUNT, dtype=t.float64)),
    "randn": lambda t: t.randn(COUNT),
    "randn_like": lambda t: t.randn_like(t.zeros(COUNT)),
    "randint": lambda t: t.randint(-3, 9, (COUNT,)),
    "randint_like": lambda t: t.randint_like(t.zeros(COUNT), 2, 7),
    "randperm": lambda t: t.randperm(COUNT),
    "normal": lambda t: t.normal(1.0, 2.0, (COUNT,)),
    "bernoulli": lambda t: t.bernoulli(t.full((COUNT,), 0.3)),
    "multinomial": lambda t: t.multinomial(t.tensor([0.1, 0.4, 0.0, 0.5]), COUNT, replacement=True),
    "Tensor.bernoulli_": lambda t: t.zeros(COUNT).bernoulli_(0.7),
    "Tensor.uniform_": lambda t: t.zeros(COUNT).uniform_(-1, 3),
    "Tensor.normal_": lambda t: t.zeros(COUNT).normal_(1, 0.5),
    "Tensor.random_": lambda t: t.zeros(COUNT, dtype=t.int64).random_(2, 50),
    "Tensor.exponential_": lambda t: t.zeros(COUNT).exponential_(1.5),
    "Tensor.geometric_": lambda t: t.zeros(COUNT).geometric_(0.3),
    "Tensor.cauchy_": lambda t: t.zeros(COUNT).cauchy_(1.0, 2.0),
    "Tensor.log_normal_": lambda t: t.zeros(COUNT).log_normal_(0.5, 0.7),
    "nn.functional.dropout": lambda t: t.nn.functional.dropout(t.ones(COUNT), 0.3),
    "nn.functional.dropout1d": lambda t: t.nn.functional.dropout1d(
        t.ones(COUNT // 2, 2, 1), 0.3
    ).reshape(-1),
    "nn.functional.dropout2d": lambda t: t.nn.functional.dropout2d(
        t.ones(COUNT // 2, 2, 1, 1), 0.3
    ).reshape(-1),
    "nn.functional.dropout3d": lambda t: t.nn.functional.dropout3d(
        t.ones(COUNT // 2, 2, 1, 1, 1), 0.3
    ).reshape(-1),
    "nn.functional.alpha_dropout": lambda t: t.nn.functional.alpha_dropout(
        t.ones(COUNT), 0.3, training=True
    ),
    "nn.functional.feature_alpha_dropout": lambda t: t.nn.functional.feature_alpha_dropout(
        t.ones(COUNT // 2, 2, 1, 1), 0.3, training=True
    ).reshape(-1),
    "nn.functional.rrelu": lambda t: t.nn.functional.rrelu(-t.ones(COUNT), 0.1, 0.4, training=True),
    "nn.functional.gumbel_softmax": lambda t: t.nn.functional.gumbel_softmax(
        t.zeros(COUNT, 2), dim=1
    )[:, 0],
}
for _name in (
    "uniform_",
    "normal_",
    "constant_",
    "xavier_uniform_",
    "xavier_normal_",
    "kaiming_uniform_",
    "kaiming_normal_",
    "trunc_normal_",
    "orthogonal_",
    "sparse_",
):
    _more = {"constant_": (0.5,), "sparse_": (0.25,)}.get(_name, ())
    CASES[f"nn.init.{_name}"] = lambda t, name=_name, more=_more: getattr(t.nn.init, name)(
        t.zeros(400, 500), *more
    ).reshape(-1)


def distance(first, second):
    """Between the two samples' cumulated frequencies; what rounding parts is one number."""
    first, second = np.round(first, 5), np.round(second, 5)
    places = np.concatenate([first, second])
    places.sort()
    below = [
        np.searchsorted(np.sort(sample), places, side="right") / len(sample)
        for sample in (first, second)
    ]
    return float(np.abs(below[0] - below[1]).max())


def compare_random():
    rows = []
    for name, draw in CASES.items():
        if TENON.find(name) is None:
            continue
        row = Row(name, samples=1)
        TENON.module.manual_seed(2), TORCH.module.manual_seed(2)
        wanted = draw(TORCH.module)
        got, error = attempt(draw, TENON.module)
        if error:
            row.problems.append(f"raises {type(error).__name__}: {error}")
        elif (name_of(got.dtype), tuple(got.shape)) != (name_of(wanted.dtype), tuple(wanted.shape)):
            row.problems.append(
                f"{name_of(got.dtype)}{list(got.shape)}, "
                f"PyTorch gives {name_of(wanted.dtype)}{list(wanted.shape)}"
            )
        else:
            worst = distance(plain(got).astype(np.float64), plain(wanted).astype(np.float64))
            row.forward[name_of(got.dtype)] = worst
            if worst > LIMIT:
                row.problems.append(f"distributions differ by {worst:.2g}")
        rows.append(row)
    return rows
