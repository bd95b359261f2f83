"""What the fuzz test calls functions with: plausible values by the name of a parameter, and hostile
ones."""

import array

import numpy as np
import tenon as torch
from tenon import nn


class Liar:
    """Says something else than it is, or nothing, when it is asked."""

    def __init__(self, answer):
        self.answer = answer

    def _answer(self, *arguments, **keywords):
        if isinstance(self.answer, type) and issubclass(self.answer, Exception):
            raise self.answer("asked")
        return self.answer

    __index__ = __int__ = __len__ = __iter__ = __getitem__ = __array__ = __dlpack__ = _answer
    __float__ = __bool__ = __hash__ = __call__ = __dlpack_device__ = __fspath__ = _answer


class Treacherous:
    """Drops what the call works on, in the middle of it."""

    def __init__(self, held):
        self.held = held

    def _drop(self, *arguments):
        self.held.clear()
        return 1

    __index__ = __len__ = __int__ = __float__ = __call__ = _drop

    def __iter__(self):
        self.held.clear()
        return iter([1])


def read_only(x):
    x.flags.writeable = False
    return x


def itself():
    held = []
    held.append(held)
    return held


def dying_list():
    held = [torch.ones(2, 3), 2]
    held.append(Treacherous(held))
    return held


def deep_list():
    nested = 1
    for _ in range(300):
        nested = [nested]
    return nested


def leaf(*sizes):
    return torch.randn(*sizes).requires_grad_()


#: Each makes a new value, so that no call sees what another did to it.
TENSORS = [
    lambda: torch.randn(2, 3), lambda: torch.randn(3), lambda: torch.randn(4, 4),
    lambda: torch.randn(2, 3, 8), lambda: torch.randn(2, 3, 6, 6),
    lambda: torch.randn(1, 3, 4, 4, 4), lambda: leaf(2, 3), lambda: leaf(2, 3) * 2,
    lambda: torch.tensor(1.5), lambda: torch.tensor(2), lambda: torch.randint(0, 3, (2,)),
    lambda: torch.randint(0, 3, (2, 3)), lambda: torch.tensor([True, False, True]),
    lambda: torch.zeros(0, 3), lambda: torch.zeros(0), lambda: torch.randn(3, 2).T,
    lambda: torch.randn(3).expand(2, 3), lambda: torch.randn(6)[::2],
    lambda: torch.ones(2, 3, dtype=torch.complex64), lambda: torch.ones(2, 3, dtype=torch.bfloat16),
    lambda: torch.ones(2, 3, dtype=torch.float64), lambda: torch.ones(3, dtype=torch.uint8),
    lambda: torch.full((2, 3), float("nan")), lambda: torch.full((2, 3), float("inf")),
    lambda: torch.empty(2, 3, device="meta"), lambda: torch.tensor([2**62, -2**63]),
    lambda: torch.tensor([-1, 7]), lambda: nn.Parameter(torch.ones(3)),
]
ARRAYS = [
    lambda: read_only(np.ones((2, 3), np.float32)), lambda: np.arange(6.0).astype(">f4"),
    lambda: np.arange(6)[::-2], lambda: np.ones((3, 2)).T, lambda: np.array(None),
    lambda: np.array(["a", "b"]), lambda: np.zeros(2, [("a", "i4"), ("b", "f8")]),
    lambda: np.ones(2, np.longdouble), lambda: np.array(["2020-01-01"], "datetime64[D]"),
    lambda: np.broadcast_to(np.float32(1), (2**9, 2**9)), lambda: np.float32(2),
    lambda: np.int64(-3), lambda: np.ones((0, 2)), lambda: np.ones(4, np.complex64),
    lambda: memoryview(b"12345678"), lambda: array.array("d", [1, 2]), lambda: bytearray(8),
    lambda: np.frombuffer(b"1234567", "u1")[1:],
]
PLAIN = [
    lambda: None, lambda: True, lambda: 0, lambda: 1, lambda: -1, lambda: 3, lambda: 2**31,
    lambda: 2**40, lambda: -2**63, lambda: 2**70, lambda: 0.5, lambda: -1e300, lambda: float("nan"),
    lambda: float("inf"), lambda: 1j, lambda: "mean", lambda: "", lambda: "\ud800", lambda: "a\0b",
    lambda: b"bytes", lambda: (), lambda: [], lambda: {}, lambda: (1, 2), lambda: [0, -1],
    lambda: [[1], [2, 3]], lambda: [1, "a", None], lambda: {"a": torch.ones(2)}, lambda: {1: 2},
    lambda: set(), lambda: iter([torch.ones(2)]), lambda: (x for x in range(3)),
    lambda: slice(1, None), lambda: ..., lambda: torch.float64, lambda: float,
    lambda: torch.device("cpu"), lambda: "meta", lambda: object(), lambda: len, lambda: lambda *a,
    **k: None, lambda: torch.nn, lambda: deep_list(), lambda: [torch.ones(2), torch.ones(3)],
    lambda: (torch.ones(2, 3),) * 3, itself, dying_list, lambda: Liar(-1), lambda: Liar(2**62),
    lambda: Liar(None), lambda: Liar(ValueError), lambda: Liar("a"), lambda: Liar((1, 2)),
    lambda: nn.Linear(3, 2), lambda: torch.Size([2, 3]), lambda: torch.Generator(), lambda: 1e-3,
]
MODULES = [lambda: nn.Linear(3, 2), lambda: nn.Sequential(nn.Linear(3, 3), nn.ReLU()),
           lambda: nn.Conv2d(3, 2, 1), lambda: nn.LSTM(3, 4), lambda: nn.BatchNorm1d(3)]
FUNCTIONS = [lambda: torch.sin, lambda: lambda *x: x[0], lambda: lambda x: (x * x).sum(),
             lambda: lambda x, y=1: x * y, lambda: lambda *x: None, lambda: lambda *x: 1 / 0]


def parameters():
    made = [leaf(3), leaf(2, 2)]
    for one in made:
        one.grad = torch.ones_like(one)
    return made


def optimizer():
    return torch.optim.SGD(parameters(), lr=0.1, momentum=0.9)


def of(*values):
    return [lambda value=value: value for value in values]


#: Plausible values by what a parameter is called.
NAMED = {
    **dict.fromkeys(["kernel_size", "scale_factor", "upscale_factor", "downscale_factor",
                     "repeats"],
                    of(1, 2, 3, (2, 2))),
    **dict.fromkeys(["stride", "dilation", "groups", "offset", "diagonal", "n", "steps", "k",
                     "order"],
                    of(1, 2)),
    **dict.fromkeys(["padding", "output_padding", "pad"], of(0, 1, (1, 1))),
    **dict.fromkeys(["in_channels", "out_channels", "in_features", "in1_features", "in2_features",
                     "num_features", "normalized_shape", "embedding_dim", "input_size",
                     "num_channels", "num_parameters", "num_classes", "C"], of(3)),
    **dict.fromkeys(["out_features", "hidden_size", "output_size", "d_model", "embed_dim", "kdim",
                     "vdim", "dim_feedforward"], of(4, 2)),
    **dict.fromkeys(["num_layers", "nhead", "num_heads", "num_groups", "num_encoder_layers", "size",
                     "num_decoder_layers", "num_samples", "length", "T_max", "step_size", "T_0",
                     "N", "total_steps", "total_iters", "batch_size", "num_embeddings", "lengths"],
                    of(1, 2, 3, (2, 3))),
    **dict.fromkeys(["p", "lr", "eps", "momentum", "alpha", "gamma", "beta", "rho", "factor",
                     "delta", "base_lr", "max_lr", "margin", "max_norm", "value", "a", "b", "std",
                     "negative_slope", "gain", "clip_value", "start_factor", "min_norm", "lambd",
                     "threshold"],
                    of(0.5, 0.1, 1.0, 2)),
    **dict.fromkeys(["dim", "dims", "axis", "dim0", "dim1", "start_dim", "end_dim", "source",
                     "axes", "destination"], of(0, 1, -1, (0, 1), None)),
    **dict.fromkeys(["params", "parameters", "tensors", "tensor_list", "outputs", "inputs", "grads",
                     "sequences"],
                    [parameters, lambda: leaf(3), lambda: [torch.ones(2), torch.ones(3)]]),
    **dict.fromkeys(["func", "fn", "f", "function", "closure", "lr_lambda", "collate_fn",
                     "transform"],
                    FUNCTIONS),
    **dict.fromkeys(["module", "model", "encoder_layer", "decoder_layer", "base"], MODULES + [
        lambda: nn.TransformerEncoderLayer(4, 2), lambda: nn.TransformerDecoderLayer(4, 2)]),
    **dict.fromkeys(["modules", "args"], [lambda: [nn.Linear(3, 2)], lambda: nn.ReLU()]),
    **dict.fromkeys(["dataset", "data_source", "datasets", "data"],
                    [lambda: list(range(5)), lambda: [list(range(3)), [1, 2]], lambda: [1.0, 2.0],
                     lambda: torch.utils.data.TensorDataset(torch.ones(4, 2))]),
    **dict.fromkeys(["sampler", "batch_sampler"], [lambda: [0, 1], lambda: [[0], [1, 2]]]),
    **dict.fromkeys(["milestones", "weights", "betas", "sizes", "shape"],
                    of([1, 2], (0.5, 0.9), (2, 3))),
    **dict.fromkeys(["dtype"], of(torch.float32, torch.int64)),
    **dict.fromkeys(["name", "mode", "reduction", "nonlinearity", "activation", "padding_mode",
                     "norm"],
                    of("weight", "mean", "sum", "none", "relu", "bilinear", "zeros", "max",
                       "ortho")),
    "optimizer": [optimizer], "schedulers": [lambda: []], "num_workers": of(0, 0, 0, 0, -1, "a"),
    "device": of("cpu", None), "input_shape": of((3,)), "equation": of("ij,jk->ik", "i->", "->"),
    "path": of("file", ""), "prefetch_factor": of(None), "timeout": of(0),
}


def any_value(generator):
    return generator.choice(generator.choice([TENSORS, ARRAYS, PLAIN, PLAIN]))()


def value_for(generator, name, is_tensor=False):
    """What a parameter of this name may be given; now and then, anything."""
    if generator.random() < 0.25:
        return any_value(generator)
    makers = NAMED.get(name)
    if is_tensor or makers is None or (name in ("a", "b", "source") and generator.random() < 0.5):
        makers = TENSORS
    return generator.choice(makers)()
