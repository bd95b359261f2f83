"""Calls of keras.ops that are held against Keras: by name, the arguments of each call."""

import numpy as np

RANDOM = np.random.default_rng(11)


def _real(*shape):
    return RANDOM.normal(size=shape).astype("f")


A, B, ROW, V = _real(3, 4), _real(3, 4), _real(4), _real(7)
POSITIVE, UNIT = np.abs(A) + 0.1, np.tanh(A)
INTS, MORE = RANDOM.integers(-5, 9, (3, 4)).astype("int32"), RANDOM.integers(1, 6, (3, 4)).astype(
    "int32")
BOOLS = A > 0
HOLES = np.where(B > 0.5, np.nan, A).astype("f")
INFINITE = np.array([1.5, np.inf, -np.inf, np.nan, 0.0], "f")
SQUARE = _real(2, 3, 3)
SPD = (SQUARE @ SQUARE.transpose(0, 2, 1) + 3 * np.eye(3)).astype("f")
TALL, CUBE = _real(5, 3), _real(2, 3, 4)
IMAGES, BATCH_OF_VOLUMES = RANDOM.uniform(0, 1, (2, 8, 7, 3)).astype("f"), _real(2, 6, 5, 4, 2)
SIGNAL = _real(2, 40)
CHANCES = RANDOM.uniform(0.05, 0.95, (4, 5)).astype("f")
ONE_HOT = np.eye(5, dtype="f")[[1, 4, 0, 2]]

_FLOATS = """abs arccosh arcsinh arctan cbrt ceil copy cos cosh deg2rad erf erfc exp exp2 expm1 fabs
floor negative nan_to_num rad2deg real reciprocal round sign signbit sin sinc sinh square tan tanh
trunc isfinite isinf isnan isneginf isposinf logical_not i0 celu elu gelu hard_shrink hard_sigmoid
hard_silu hard_tanh leaky_relu log_sigmoid log_softmax relu relu6 selu sigmoid silu soft_shrink
softmax softplus softsign sparse_plus sparse_sigmoid squareplus tanh_shrink zeros_like ones_like
conj stop_gradient ndim size shape isreal ravel fliplr flipud transpose""".split()
#: Which Keras on TensorFlow has of floating-point numbers only.
_OF_FLOATS = """real conj i0 erf erfc reciprocal celu elu gelu hard_shrink hard_sigmoid hard_silu
hard_tanh log_sigmoid log_softmax selu sigmoid silu soft_shrink softmax softplus softsign
sparse_plus sparse_sigmoid squareplus tanh_shrink""".split()
_POSITIVE = "log log10 log1p log2 rsqrt sqrt".split()
_WITHIN = "arccos arcsin arctanh erfinv".split()
_PAIRS = """add subtract multiply divide maximum minimum fmax fmin arctan2 hypot logaddexp equal
not_equal less less_equal greater greater_equal logical_and logical_or logical_xor floor_divide mod
fmod power true_divide divide_no_nan heaviside logaddexp2 nextafter""".split()
_REDUCTIONS = """sum mean std var max min prod any all amax amin ptp logsumexp nansum nanmean nanstd
nanvar nanmax nanmin nanprod median nanmedian""".split()

CASES = {}


def case(name, *args, **kwargs):
    CASES.setdefault(name, []).append((args, kwargs))


def _elementwise():
    for name in _FLOATS:
        case(name, A)
        if name not in _OF_FLOATS:
            case(name, INTS)
    for name in _POSITIVE:
        case(name, POSITIVE)
        if name != "rsqrt":
            case(name, MORE)
    for name in _WITHIN:
        case(name, UNIT * 0.9)
    for name in "isfinite", "isinf", "isnan", "isneginf", "isposinf", "nan_to_num":
        case(name, INFINITE)
    for name in _PAIRS:
        case(name, POSITIVE, POSITIVE[::-1].copy()), case(name, POSITIVE, ROW * 0 + 1.5)
        if name not in ("nextafter", "arctan2", "heaviside", "hypot", "fmod"):
            case(name, INTS, MORE)
        if name not in ("nextafter",):
            case(name, POSITIVE, 2), case(name, POSITIVE, 2.5)
    case("nan_to_num", INFINITE, nan=1.0, posinf=9.0), case("round", A, 2)
    case("clip", A, -0.5, 0.5), case("clip", INTS, 0, 3)
    for name in "bitwise_and", "bitwise_or", "bitwise_xor", "gcd", "lcm":
        case(name, MORE, MORE[::-1].copy())
    for name in "left_shift", "right_shift", "bitwise_left_shift", "bitwise_right_shift":
        case(name, MORE, 2)
    case("bitwise_not", INTS), case("bitwise_invert", INTS)
    case("where", BOOLS, A, B), case("where", BOOLS, A, 0.0), case("where", BOOLS, INTS, 1.5)
    case("where", BOOLS), case("isclose", A, A + 1e-6), case("allclose", A, A + 1e-6)
    case("select", [A > 1, A > 0], [A, B], 5.0), case("isin", INTS, np.array([1, 2], "int32"))
    case("isin", INTS, np.array([1, 2], "int32"), invert=True), case("ldexp", A, MORE)
    case("angle", A), case("imag", A), case("relu", INTS), case("gelu", A, approximate=False)
    case("leaky_relu", A, 0.1), case("softmax", CUBE, axis=1), case("sparsemax", A)
    case("glu", A), case("threshold", A, 0.2, -1.0), case("hard_shrink", A, 0.1)
    case("soft_shrink", A, 0.1), case("celu", A, 0.5), case("elu", A, 0.5)


def _reductions():
    for name in _REDUCTIONS:
        case(name, A), case(name, A, axis=1), case(name, CUBE, axis=(0, 2), keepdims=True)
        if not name.startswith("nan"):
            case(name, INTS if name != "logsumexp" else POSITIVE, axis=0)
        else:
            case(name, HOLES, axis=1)
    for name in "sum", "prod", "mean", "max", "any":
        case(name, BOOLS if name != "max" else INTS, axis=0)
    for name in "argmax", "argmin":
        case(name, A), case(name, A, axis=0), case(name, A, axis=1, keepdims=True)
    case("nanargmax", HOLES), case("nanargmin", HOLES, axis=0)
    case("max", A, axis=1, initial=0.3), case("min", A, initial=-9.0)
    case("count_nonzero", INTS), case("count_nonzero", BOOLS, axis=1)
    case("average", A), case("average", A, axis=1, weights=POSITIVE)
    case("average", A, axis=0, weights=np.array([1.0, 2, 3], "f"))
    for name in "quantile", "nanquantile":
        for method in "linear", "lower", "higher", "nearest", "midpoint":
            case(name, V, 0.3, method=method)
        case(name, CUBE, np.array([0.2, 0.7], "f"), axis=1)
        case(name, CUBE, 0.4, axis=(0, 2), keepdims=True)
    case("percentile", A, 30.0, axis=1), case("nanpercentile", HOLES, 70.0, axis=0)
    for name in "cumsum", "cumprod":
        case(name, A), case(name, A, axis=1), case(name, INTS, axis=0), case(name, BOOLS, axis=0)
        case(name, INTS, axis=1, dtype="float32"), case(f"nan{name}", HOLES, axis=1)
    case("diff", A), case("diff", V, 2), case("diff", CUBE, 1, 0)
    case("sort", A), case("sort", A, 0), case("argsort", A), case("argsort", A, 0)
    case("top_k", A, 2), case("in_top_k", np.array([1, 4, 0, 3]), CHANCES, 2)
    case("searchsorted", np.sort(V), B.ravel()), case("digitize", A, np.array([-1.0, 0, 1], "f"))
    case("searchsorted", np.arange(5.0, dtype="f"), np.array([2.0, 3.5], "f"), "right")
    case("bincount", np.array([1, 1, 3, 0])), case("bincount", MORE, minlength=8)
    case("corrcoef", A)
    case("bincount", np.array([1, 1, 3]), weights=np.array([0.5, 1.0, 2.0], "f"))
    case("histogram", V, 4), case("histogram", V, 5, range=(-1.0, 1.0))
    case("trapezoid", A), case("trapezoid", A, dx=0.5, axis=0), case("trapezoid", V, np.sort(V))
    ids = np.array([0, 0, 2], "int32")
    for name in "segment_sum", "segment_max":
        case(name, A, ids, 4)
    for name in "segment_min", "segment_prod":
        case(name, A, np.array([0, 1, 1], "int32"), 2)


def _making():
    case("zeros", (2, 3)), case("ones", (2,), "int32"), case("full", (2, 2), 7)
    case("full_like", A, 2), case("full_like", INTS, 2.0, "float32"), case("eye", 3)
    case("eye", 3, 4, 1), case("identity", 3), case("tri", 3, 4, -1), case("arange", 5)
    case("arange", 1, 7, 2), case("arange", 0.0, 1.0, 0.25), case("arange", 3, dtype="float32")
    case("linspace", 0.0, 1.0, 5), case("linspace", 0, 10, 4, endpoint=False)
    case("linspace", ROW, ROW + 1, 3, axis=1), case("linspace", 0.0, 2.0, 5, retstep=True)
    case("logspace", 0.0, 2.0, 5), case("logspace", 0, 3, 4, base=2)
    case("geomspace", 1.0, 16.0, 5), case("vander", V[:4]), case("vander", V[:4], 3, True)
    for name in "bartlett", "blackman", "hamming", "hanning":
        case(name, 7), case(name, 1)
    case("kaiser", 7, 3.0), case("array", [1, 2, 3]), case("array", [1.5, 2])
    case("convert_to_tensor", [[1, 2], [3, 4]]), case("convert_to_tensor", A, dtype="float16")
    case("cast", A * 9, "int32"), case("cast", INTS, "float32"), case("cast", A, "bool")
    case("saturate_cast", A * 300, "uint8"), case("saturate_cast", INTS, "uint8")
    case("dtype", A), case("is_tensor", 3), case("one_hot", np.array([0, 2, -1, 7]), 4)
    case("one_hot", MORE, 6, axis=1, dtype="int32"), case("multi_hot", MORE, 7)
    case("multi_hot", np.array([1, 2]), 4)


def _shaping():
    case("reshape", A, (2, -1)), case("expand_dims", A, 1), case("expand_dims", A, (0, -1))
    case("squeeze", A[:, :1]), case("squeeze", A[None, :, :1], 0), case("moveaxis", CUBE, 0, -1)
    case("moveaxis", CUBE, (0, 1), (2, 0)), case("swapaxes", CUBE, 0, 2)
    case("transpose", CUBE, (1, 0, 2)), case("broadcast_to", ROW, (3, 4)), case("flip", A)
    case("flip", A, 1), case("rot90", A), case("rot90", CUBE, 3, (1, 2)), case("roll", A, 2)
    case("roll", A, 1, 0), case("roll", A, (1, 2), (0, 1)), case("tile", A, 2)
    case("tile", A, (2, 1)), case("repeat", A, 2), case("repeat", A, 2, 1)
    case("repeat", A, np.array([1, 0, 2]), 0), case("concatenate", [A, B]), case("stack", [A, B], 1)
    case("concatenate", [A, INTS], axis=1), case("append", A, B), case("append", A, B, 1)
    for name in "hstack", "vstack", "dstack":
        case(name, [A, B])
        if name != "vstack":  # which Keras on TensorFlow puts in a row
            case(name, [ROW, ROW])
    case("split", A, 2, 1), case("split", A, [1, 3], 1), case("array_split", V, 3)
    case("hsplit", A, 2), case("vsplit", A, 3), case("dsplit", CUBE, 2), case("unstack", A)
    case("unstack", A, axis=1), case("meshgrid", V[:3], ROW), case(
        "pad", A, ((1, 0), (2, 1)))
    case("meshgrid", V[:3], ROW, indexing="ij")
    case("pad", A, ((1, 1), (0, 2)), constant_values=3.0)
    case("pad", A, ((2, 2), (1, 3)), "reflect")
    case("pad", A, ((1, 0), (2, 1)), "symmetric"), case("get_item", A, (slice(0, 2), 1))
    case("take", A, np.array([0, -1, 2]), 0), case("take", A, np.array([[0, 5]]))
    case("take", CUBE, 1, 1), case("take_along_axis", A, np.argsort(A, 1), 1)
    case("take_along_axis", A, np.array([[0], [2], [-1]]), 1), case("diag", ROW), case("diag", A, 1)
    case("diagflat", A, 1), case("diagonal", A), case("diagonal", CUBE, 1, 1, 2), case("trace", A)
    case("trace", CUBE, 0, 1, 2), case("tril", A), case("triu", A, 1)
    case("unravel_index", np.array([3, 11, 0]), (3, 4)), case("extract_sequences", SIGNAL, 8, 3)
    case("space_to_depth", RANDOM.normal(size=(1, 4, 6, 2)).astype("f"), 2)
    case("depth_to_space", RANDOM.normal(size=(1, 2, 3, 8)).astype("f"), 2)
    case("rearrange", CUBE, "a b c -> c (a b)"), case("slice", A, (0, 1), (2, 2))
    case("rearrange", CUBE, "a b (c d) -> a c b d", c=2), case("slice_update", A, (1, 0), B[:2, :2])
    case("scatter", np.array([[0], [2], [0]]), A, (4, 4))
    for reduction in None, "add", "max", "min", "mul":
        case("scatter_update", A, np.array([[0, 1], [2, 3]]), np.array([5.0, -2], "f"),
             reduction=reduction)
    case("cross", TALL, TALL[::-1].copy()), case("cross", A[:, :2], B[:, :2])
    for mode in "valid", "same", "full":
        case("correlate", V, ROW, mode)
    case("nonzero", INTS), case("unique", MORE)
    case("unique", MORE, return_inverse=True, return_counts=True)
    case("unique", np.array([[1, 2], [1, 2], [0, 3]]), axis=0)
    case("psnr", A, B, 3.0)


def _matrices():
    case("matmul", A, TALL[:4]), case("matmul", SQUARE, SQUARE), case("matmul", INTS, MORE.T.copy())
    case("dot", A, ROW), case("dot", A, B.T.copy()), case("vdot", A, B), case("inner", A, B)
    case("outer", V, ROW), case("kron", A, TALL), case("tensordot", A, B, [[1], [1]])
    case("tensordot", CUBE, CUBE[0].copy()), case("einsum", "abc,bd->acd", CUBE, TALL[:3])
    case("cholesky", SPD), case("cholesky", SPD, upper=True), case("det", SQUARE)
    case("slogdet", SQUARE), case("logdet", SPD), case("inv", SQUARE)
    case("qr", TALL), case("svd", TALL, compute_uv=False), case("solve", SPD, SQUARE)
    case("solve", SQUARE[0], V[:3]), case("solve_triangular", np.tril(SPD), SQUARE, lower=True)
    case("lstsq", TALL, V[:5]), case("norm", A), case("norm", A, axis=1), case("norm", A, 1, 0)
    for order in 1, -1, 2, "fro", "nuc", np.inf:
        case("norm", SQUARE, order, (1, 2))
    case("cholesky_inverse", np.linalg.cholesky(SPD)), case("pinv", TALL)
    case("matrix_rank", SQUARE), case("cdist", TALL, TALL[:2].copy())


def _networks():
    kernel, steps = _real(3, 2, 3, 4), _real(3, 5, 6)
    for padding in "valid", "same":
        for strides in 1, 2:
            case("conv", IMAGES, kernel, strides, padding)
            case("max_pool", IMAGES, 2, strides, padding)
            case("average_pool", IMAGES, (3, 2), strides, padding)
            case("depthwise_conv", IMAGES, _real(3, 3, 3, 2), strides, padding)
            case("conv_transpose", IMAGES, _real(3, 3, 5, 3), strides, padding)
    case("conv", SIGNAL[..., None], _real(5, 1, 2)), case("conv", IMAGES, kernel, dilation_rate=2)
    case("separable_conv", IMAGES, _real(3, 3, 3, 2), _real(1, 1, 6, 4))
    case("adaptive_average_pool", IMAGES, (3, 2)), case("adaptive_max_pool", IMAGES, 2)
    case("moments", A, 0), case("moments", IMAGES, (0, 1, 2), keepdims=True)
    case("normalize", A), case("normalize", CUBE, 1, 3)
    case("batch_normalization", A, ROW, np.abs(ROW), -1, ROW + 1, ROW * 2)
    case("layer_normalization", A, ROW, ROW + 1), case("layer_normalization", CUBE, axis=1)
    case("rms_normalization", A, ROW)
    case("categorical_crossentropy", ONE_HOT, CHANCES)
    case("categorical_crossentropy", ONE_HOT, CHANCES, from_logits=True)
    case("sparse_categorical_crossentropy", np.array([1, 4, 0, 2]), CHANCES)
    case("sparse_categorical_crossentropy", np.array([1, 4, 0, 2]), CHANCES, from_logits=True)
    case("binary_crossentropy", ONE_HOT, CHANCES)
    case("binary_crossentropy", ONE_HOT, CHANCES, from_logits=True)
    case("ctc_loss", np.array([[1, 2, 2], [3, 1, 0]]), steps[:2], np.array([3, 2]),
         np.array([5, 5]))
    case("ctc_decode", steps, np.array([5, 3, 5]))
    query, key = _real(2, 5, 4, 3), _real(2, 6, 4, 3)
    case("dot_product_attention", query, key, key + 1)
    case("dot_product_attention", query, query, query, is_causal=True)
    case("dot_product_attention", query, key, key, mask=RANDOM.uniform(size=(2, 1, 5, 6)) > 0.3)
    case("dot_product_attention", query, key, key, bias=_real(2, 4, 5, 6), scale=0.3)
    case("fft", (A, B)), case("fft2", (A, B)), case("ifft2", (A, B)), case("rfft", A)
    case("rfft", A, 6), case("irfft", (A, B)), case("stft", SIGNAL, 8, 4, 16)
    case("stft", SIGNAL, 8, 4, 8, window="hamming", center=False)


def _images():
    case("image.rgb_to_grayscale", IMAGES), case("image.rgb_to_hsv", IMAGES)
    case("image.hsv_to_rgb", IMAGES)
    for method in "nearest", "bilinear", "bicubic", "lanczos3":
        case("image.resize", IMAGES, (5, 9), interpolation=method)
        case("image.resize", IMAGES, (5, 4), interpolation=method, antialias=True)
    case("image.resize", IMAGES, (4, 6), crop_to_aspect_ratio=True)
    case("image.resize", IMAGES, (8, 9), pad_to_aspect_ratio=True, fill_value=0.5)
    case("image.pad_images", IMAGES, 1, 2, target_height=11, target_width=10)
    case("image.crop_images", IMAGES, 1, 2, target_height=4, target_width=3)
    for padding in "valid", "same":
        case("image.extract_patches", IMAGES, 3, 2, padding=padding)
    case("image.extract_patches", IMAGES, (2, 3)), case("image.gaussian_blur", IMAGES, (5, 5))
    turn = np.array([0.9, 0.2, 0.5, -0.1, 1.1, -0.3, 0.01, 0.0], "f")
    for mode in "constant", "nearest", "reflect":
        case("image.affine_transform", IMAGES, turn, fill_mode=mode)
    case("image.affine_transform", IMAGES, turn, "nearest")
    start = np.array([[0, 0], [6, 0], [0, 7], [6, 7]], "f")
    case("image.perspective_transform", IMAGES[0], start.tolist(),
         (start + turn.reshape(4, 2)).tolist())
    places = RANDOM.uniform(-2, 9, (2, 5, 6)).astype("f")
    # Of other modes Keras on TensorFlow has other borders.
    for mode in "constant", "nearest", "wrap":
        for order in 0, 1:
            case("image.map_coordinates", IMAGES[0, ..., 0].copy(), places, order, mode)
    case("image.sobel_edges", IMAGES), case("image.ssim", np.repeat(IMAGES, 2, 1).repeat(2, 2),
                                            np.repeat(IMAGES[::-1], 2, 1).repeat(2, 2))
    case("image.scale_and_translate", IMAGES, (2, 6, 9, 3), np.array([0.7, 1.2], "f"),
         np.array([0.5, -1.0], "f"), (1, 2), "linear")


for _add in (_elementwise, _reductions, _making, _shaping, _matrices, _networks, _images):
    _add()
