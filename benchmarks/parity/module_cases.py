"""How each class of nn is made and called, the same in both libraries."""

from dataclasses import dataclass, field

import numpy as np

from . import invariants
from .compare import Data, data, pattern


@dataclass
class Case:
    """`prepare(torch, arguments)` makes arguments that are objects of the library's, and
    `through(inputs)` what the module gets of the inputs."""

    arguments: list = field(default_factory=list)
    keywords: dict = field(default_factory=dict)
    inputs: list = field(default_factory=list)
    draws: bool = False  # random while training: then held while not training only
    prepare: object = None
    through: object = None


def made(*arguments, **keywords):
    """A maker of cases: made(4, 3)(x, y)."""

    def of(*inputs, draws=False, prepare=None, through=None):
        return Case(list(arguments), keywords, list(inputs), draws, prepare, through)

    return of


def classes(*sizes, count=3):
    return data((np.arange(int(np.prod(sizes))) * 7 % count).reshape(sizes).astype(np.int64))


def positive(*sizes):
    """Between 0.05 and 0.95."""
    return Data(0.5 + 0.225 * pattern(*sizes, step=1.3).array, "float64")


def signs(*sizes):
    return Data(np.where(pattern(*sizes, step=2.1).array > 0, 1.0, -1.0), "float64", fixed=True)


X = pattern(4, 6)
SEQUENCE, IMAGE, VOLUME = pattern(2, 4, 9), pattern(2, 4, 8, 7), pattern(2, 4, 5, 6, 4)
LOGARITHMS = Data(np.log(positive(4, 6).array), "float64")
WEIGHTS = Data(np.array([0.5, 1.5, 2.0]), "float64")

CASES = {}


def _activations():
    for name in (
        "ReLU",
        "SiLU",
        "Sigmoid",
        "Tanh",
        "GELU",
        "LeakyReLU",
        "ELU",
        "Hardtanh",
        "ReLU6",
        "Softplus",
        "Hardsigmoid",
        "Hardswish",
        "Hardshrink",
        "Softshrink",
        "Tanhshrink",
        "Softsign",
        "Mish",
        "SELU",
        "CELU",
        "LogSigmoid",
        "PReLU",
        "Identity",
    ):
        CASES[name] = [made()(X), made()(pattern(5))]
    CASES["GELU"].append(made(approximate="tanh")(X))
    CASES["LeakyReLU"].append(made(0.2)(X))
    CASES["ELU"].append(made(alpha=0.5)(X))
    CASES["CELU"].append(made(0.7)(X))
    CASES["Hardtanh"].append(made(-0.5, 1.25)(X))
    CASES["Softplus"].append(made(beta=2, threshold=1)(X))
    CASES["PReLU"].append(made(4, init=0.1)(IMAGE))
    for name in "Hardshrink", "Softshrink":
        CASES[name].append(made(0.3)(X))
    for name in "Softmax", "LogSoftmax", "Softmin":
        CASES[name] = [made(1)(X), made(dim=-1)(SEQUENCE)]
    CASES["Softmax2d"] = [made()(IMAGE)]
    CASES["Threshold"] = [made(0.1, 20.0)(X)]
    CASES["RReLU"] = [made()(X, draws=True), made(0.1, 0.4)(X, draws=True)]
    CASES["GLU"] = [made()(X), made(dim=1)(IMAGE)]


def _layers():
    CASES["Linear"] = [
        made(6, 5)(X),
        made(6, 5, bias=False)(pattern(2, 3, 6)),
        made(6, 2)(pattern(6)),
    ]
    CASES["Bilinear"] = [
        made(6, 5, 3)(X, pattern(4, 5)),
        made(6, 5, 3, bias=False)(X, pattern(4, 5)),
    ]
    CASES["Flatten"] = [made()(IMAGE), made(0, 2)(IMAGE)]
    CASES["Unflatten"] = [made(1, (2, 3))(X)]
    CASES["Embedding"] = [
        made(5, 3)(classes(2, 4, count=5)),
        made(5, 3, padding_idx=1)(classes(7, count=5)),
        made(5, 3, max_norm=0.5)(classes(4, count=5)),
        made(5, 3, scale_grad_by_freq=True)(classes(9, count=5)),
    ]
    bags, run = classes(4, 3, count=5), (classes(7, count=5), data(np.array([0, 3, 3])))
    CASES["EmbeddingBag"] = [
        *(made(5, 3, mode=mode)(bags) for mode in ("mean", "sum", "max")),
        made(5, 3, padding_idx=-4)(*run),
        made(5, 3, mode="sum", include_last_offset=True)(run[0], data(np.array([0, 3, 3, 7]))),
        made(5, 3, mode="sum")(bags, None, positive(4, 3)),
        made(5, 3, scale_grad_by_freq=True, max_norm=0.7, norm_type=1)(bags),
    ]
    CASES["LazyLinear"] = [made(5)(X)]
    for name in "Dropout", "AlphaDropout":
        CASES[name] = [made(0.3)(X, draws=True), made(0.0)(X)]
    CASES["FeatureAlphaDropout"] = [made(0.3)(IMAGE, draws=True)]
    for name, given in ("Dropout1d", SEQUENCE), ("Dropout2d", IMAGE), ("Dropout3d", VOLUME):
        CASES[name] = [made(0.3)(given, draws=True), made(0.0)(given)]
    CASES["Sequential"] = [
        made()(
            X,
            prepare=lambda torch, _: [
                torch.nn.Linear(6, 5),
                torch.nn.ReLU(),
                torch.nn.Linear(5, 2),
            ],
        )
    ]
    CASES["PixelShuffle"] = [made(2)(IMAGE)]
    CASES["PixelUnshuffle"] = [made(2)(pattern(2, 3, 4, 6))]
    CASES["ChannelShuffle"] = [made(2)(IMAGE)]
    CASES["Upsample"] = [
        made(scale_factor=2)(IMAGE),
        made(size=(5, 9), mode="bilinear")(IMAGE),
        made(scale_factor=2, mode="bilinear", align_corners=True)(IMAGE),
        made(scale_factor=1.5, mode="bicubic")(IMAGE),
        made(size=13, mode="linear")(SEQUENCE),
    ]
    CASES["UpsamplingNearest2d"] = [made(scale_factor=2)(IMAGE)]
    CASES["UpsamplingBilinear2d"] = [made(scale_factor=2)(IMAGE)]
    CASES["Unfold"] = [made(3, padding=1)(IMAGE), made((2, 3), stride=2, dilation=(1, 2))(IMAGE)]
    CASES["Fold"] = [made((4, 5), (2, 2))(pattern(2, 8, 12))]
    CASES["CosineSimilarity"] = [made(dim=1)(X, pattern(4, 6, step=0.7))]
    CASES["PairwiseDistance"] = [
        made()(X, pattern(4, 6, step=0.7)),
        made(p=1, keepdim=True)(X, pattern(4, 6, step=0.7)),
    ]


def _convolutions():
    for number, given in (1, SEQUENCE), (2, IMAGE), (3, VOLUME):
        CASES[f"Conv{number}d"] = [
            made(4, 6, 3)(given),
            made(4, 6, 3, stride=2, padding=1)(given),
            made(4, 6, 2, dilation=2, groups=2, bias=False)(given),
            made(4, 2, 3, padding="same")(given),
            made(4, 2, 3, padding=1, padding_mode="circular")(given),
            made(4, 2, 3, padding=1, padding_mode="reflect")(given),
        ]
        CASES[f"ConvTranspose{number}d"] = [
            made(4, 6, 3)(given),
            made(4, 6, 3, stride=2, padding=1, output_padding=1)(given),
            made(4, 6, 2, groups=2, dilation=2, bias=False)(given),
        ]
        for name in f"LazyConv{number}d", f"LazyConvTranspose{number}d":
            CASES[name] = [made(6, 3)(given)]


def _pools():
    for number, given in (1, SEQUENCE), (2, IMAGE), (3, VOLUME):
        CASES[f"MaxPool{number}d"] = [
            made(2)(given),
            made(3, stride=2, padding=1)(given),
            made(2, stride=1, dilation=2)(given),
            made(3, 2, ceil_mode=True)(given),
            made(2, return_indices=True)(given),
        ]
        CASES[f"AvgPool{number}d"] = [
            made(2)(given),
            made(3, stride=2, padding=1)(given),
            made(3, 2, 1, count_include_pad=False)(given),
            made(3, 2, ceil_mode=True)(given),
        ]
        CASES[f"AdaptiveAvgPool{number}d"] = [made(3)(given), made(1)(given)]
        CASES[f"AdaptiveMaxPool{number}d"] = [made(3)(given), made(2, return_indices=True)(given)]
        CASES[f"LPPool{number}d"] = [made(2, 2)(given), made(3, 3, stride=2)(given)]
        for kind in "Zero", "Reflection", "Replication", "Circular":
            CASES[f"{kind}Pad{number}d"] = [
                made(1)(given),
                made((1, 2) + (1,) * (2 * number - 2))(given),
            ]
        CASES[f"ConstantPad{number}d"] = [made(1, 3.5)(given)]
    CASES["AdaptiveAvgPool2d"].append(made((3, None))(IMAGE))
    CASES["AvgPool2d"].append(made((2, 3), divisor_override=4)(IMAGE))
    CASES["AvgPool3d"].append(made(2, divisor_override=3)(VOLUME))
    places = classes(2, 4, 3, 2, count=35)
    CASES["MaxUnpool1d"] = [made(2)(pattern(2, 4, 3), classes(2, 4, 3, count=6))]
    CASES["MaxUnpool3d"] = [made(2)(pattern(2, 4, 3, 2, 2), classes(2, 4, 3, 2, 2, count=96))]
    CASES["MaxUnpool2d"] = [
        made(2)(pattern(2, 4, 3, 2), places, (2, 4, 7, 5)),
        made(3, stride=2)(pattern(2, 4, 3, 2), places),
    ]


def _normalisations():
    for number, given in (1, SEQUENCE), (2, IMAGE), (3, VOLUME):
        CASES[f"BatchNorm{number}d"] = [
            made(4)(given),
            made(4, eps=1e-3, momentum=0.3, affine=False)(given),
            made(4, track_running_stats=False)(given),
            made(4, momentum=None)(given),
        ]
        CASES[f"InstanceNorm{number}d"] = [
            made(4)(given),
            made(4, affine=True, track_running_stats=True)(given),
        ]
        CASES[f"LazyBatchNorm{number}d"] = [made()(given)]
        CASES[f"LazyInstanceNorm{number}d"] = [made(affine=True)(given)]
    CASES["BatchNorm1d"].append(made(6)(X))
    CASES["LayerNorm"] = [
        made(6)(X),
        made((8, 7), eps=1e-3)(IMAGE),
        made(6, elementwise_affine=False)(X),
        made(6, bias=False)(X),
    ]
    CASES["RMSNorm"] = [made(6)(X), made(6, eps=1e-3)(X), made(6, elementwise_affine=False)(X)]
    CASES["GroupNorm"] = [made(2, 4)(IMAGE), made(4, 4, affine=False)(SEQUENCE), made(1, 6)(X)]
    CASES["LocalResponseNorm"] = [made(2)(IMAGE), made(3, alpha=0.1, beta=0.5, k=2.0)(SEQUENCE)]
    CASES["CrossMapLRN2d"] = [made(3)(IMAGE)]


def _losses():
    other = pattern(4, 6, step=0.7)
    reductions = [made(reduction=reduction) for reduction in ("mean", "sum", "none")]
    for name in "MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss":
        CASES[name] = [make(X, other) for make in reductions]
    CASES["SmoothL1Loss"].append(made(beta=0.3)(X, other))
    CASES["HuberLoss"].append(made(delta=0.3)(X, other))
    CASES["BCELoss"] = [make(positive(4, 6), positive(4, 6)) for make in reductions]
    CASES["BCEWithLogitsLoss"] = [make(X, positive(4, 6)) for make in reductions]
    CASES["BCEWithLogitsLoss"].append(made(pos_weight=pattern(6, step=0.2))(X, positive(4, 6)))
    logits, target = pattern(5, 3), classes(5)
    CASES["CrossEntropyLoss"] = [make(logits, target) for make in reductions] + [
        made(weight=WEIGHTS, label_smoothing=0.1)(logits, target),
        made(ignore_index=1)(logits, target),
        made()(pattern(2, 3, 4, 2), classes(2, 4, 2)),
        made()(logits, positive(5, 3)),
    ]
    CASES["NLLLoss"] = [make(logits, target) for make in reductions] + [
        made(WEIGHTS)(logits, target)
    ]
    CASES["NLLLoss2d"] = [made()(pattern(2, 3, 4, 2), classes(2, 4, 2))]
    CASES["KLDivLoss"] = [
        made(reduction=reduction)(LOGARITHMS, positive(4, 6))
        for reduction in ("mean", "sum", "none", "batchmean")
    ]
    CASES["KLDivLoss"].append(made(reduction="batchmean", log_target=True)(LOGARITHMS, LOGARITHMS))
    CASES["PoissonNLLLoss"] = [
        made()(X, positive(4, 6)),
        made(log_input=False, full=True)(positive(4, 6), positive(4, 6)),
    ]
    CASES["GaussianNLLLoss"] = [
        made()(X, other, positive(4, 6)),
        made(full=True, reduction="sum")(X, other, positive(4, 6)),
    ]
    CASES["SoftMarginLoss"] = [make(X, signs(4, 6)) for make in reductions]
    CASES["HingeEmbeddingLoss"] = [make(X, signs(4, 6)) for make in reductions]
    CASES["MarginRankingLoss"] = [made(margin=0.3)(pattern(6), pattern(6, step=0.7), signs(6))]
    CASES["CosineEmbeddingLoss"] = [made(margin=0.2)(X, other, signs(4))]
    third = pattern(4, 6, step=0.45)
    CASES["TripletMarginLoss"] = [
        made()(X, other, third),
        made(margin=2.0, swap=True)(X, other, third),
    ]
    CASES["TripletMarginWithDistanceLoss"] = [
        made()(X, other, third),
        made(margin=0.3, swap=True, reduction="sum")(X, other, third),
    ]
    CASES["MultiLabelSoftMarginLoss"] = [made()(X, positive(4, 6))]
    CASES["MultiLabelMarginLoss"] = [
        made()(pattern(2, 4), data(np.array([[3, 0, -1, 1], [0, -1, 1, 2]])))
    ]
    CASES["MultiMarginLoss"] = [made()(logits, target), made(p=2, margin=0.5)(logits, target)]
    CASES["AdaptiveLogSoftmaxWithLoss"] = [
        made(6, 12, [3, 7], div_value=2.0)(X, classes(4, count=12)),
        made(6, 12, [2], div_value=2.0, head_bias=True)(X, classes(4, count=12)),
    ]
    CASES["CTCLoss"] = [
        made()(
            pattern(6, 2, 3),
            data(np.array([[1, 2], [2, 2]])),
            data(np.array([6, 5])),
            data(np.array([2, 2])),
            through=lambda inputs: invariants.ARGUMENTS["ctc_loss"](inputs, {}),
        )
    ]


def _recurrent():
    steps = pattern(5, 2, 6)
    for name in "RNN", "GRU", "LSTM":
        CASES[name] = [
            made(6, 4)(steps),
            made(6, 4, num_layers=2, bidirectional=True)(steps),
            made(6, 4, batch_first=True, bias=False)(steps),
            made(6, 4)(pattern(5, 6)),
            made(6, 4, num_layers=2, dropout=0.4)(steps, draws=True),
        ]
        CASES[name + "Cell"] = [made(6, 4)(X), made(6, 4, bias=False)(X)]
    CASES["RNN"].append(made(6, 4, nonlinearity="relu")(steps))
    CASES["LSTM"].append(made(6, 4)(steps, (pattern(1, 2, 4), pattern(1, 2, 4, step=0.6))))
    CASES["LSTM"].append(made(6, 4, proj_size=3)(steps))
    CASES["GRU"].append(made(6, 4)(steps, pattern(1, 2, 4)))
    CASES["GRUCell"].append(made(6, 4)(X, pattern(4, 4)))
    CASES["LSTMCell"].append(made(6, 4)(X, (pattern(4, 4), pattern(4, 4, step=0.6))))


def _attention():
    query, key = pattern(5, 2, 8), pattern(7, 2, 8, step=0.7)
    CASES["MultiheadAttention"] = [
        made(8, 2)(query, query, query),
        made(8, 4)(query, key, key),
        made(8, 2, bias=False, batch_first=True)(query, query, query),
        made(8, 2, kdim=8, vdim=8, add_bias_kv=True)(query, key, key),
        made(8, 2, dropout=0.3)(query, query, query, draws=True),
    ]
    CASES["TransformerEncoderLayer"] = [
        made(8, 2, 16, 0.0)(query),
        made(8, 2, 16, 0.0, norm_first=True, batch_first=True)(query),
        made(8, 2, 16, activation="gelu")(query, draws=True),
    ]
    CASES["TransformerDecoderLayer"] = [
        made(8, 2, 16, 0.0)(query, key),
        made(8, 2, 16, 0.0, norm_first=True)(query, key),
    ]
    CASES["TransformerEncoder"] = [
        made()(query, prepare=lambda torch, _: [torch.nn.TransformerEncoderLayer(8, 2, 16, 0.0), 2])
    ]
    CASES["TransformerDecoder"] = [
        made()(
            query,
            key,
            prepare=lambda torch, _: [torch.nn.TransformerDecoderLayer(8, 2, 16, 0.0), 2],
        )
    ]
    CASES["Transformer"] = [made(8, 2, 1, 1, 16, 0.0)(query, key)]


for _fill in (
    _activations,
    _layers,
    _convolutions,
    _pools,
    _normalisations,
    _losses,
    _recurrent,
    _attention,
):
    _fill()

#: Classes that have no result of their own to compare; the package's tests hold them.
ELSEWHERE = {
    "RNNBase": "what RNN, LSTM and GRU share",
    "RNNCellBase": "what the cells share",
    "ModuleList": "holds modules",
    "ModuleDict": "holds modules",
    "ParameterList": "holds parameters",
    "ParameterDict": "holds parameters",
    "DataParallel": "wraps a module; there are no GPUs here",
    "SyncBatchNorm": "PyTorch's runs on GPUs only",
}
