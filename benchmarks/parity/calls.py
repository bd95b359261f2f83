"""How a sample of an op is called from Python: the same call for both libraries."""

import importlib.util
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from .compare import Data, DType

ROOT = Path(__file__).resolve().parent.parent.parent


def load(path):
    """A module by its file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def public_ops():
    """The ops of the list that users call, by name."""
    parse = load(ROOT / "tenon/dispatch/generate.py").parse
    return {
        op.name: op
        for op in parse(ROOT / "tenon/dispatch/op_list.txt")
        if "internal" not in op.flags
    }


python_name = load(ROOT / "python/bindings/make_stubs.py").python_name


@dataclass
class Call:
    """Arguments, for whichever of the paths exist in both libraries."""

    paths: list
    arguments: list
    keywords: dict


#: Ops that have another name in PyTorch.
NAMES = {
    "max_dim": "max",
    "min_dim": "min",
    "median_dim": "median",
    "nanmedian_dim": "nanmedian",
    "repeat_interleave_by": "repeat_interleave",
    "tensor_split_at": "tensor_split",
    "unique_dim": "unique",
    "im2col": "nn.functional.unfold",
    "col2im": "nn.functional.fold",
    "to_dtype": "Tensor.to",
    "to_device": "Tensor.to",
    "copy": "Tensor.copy_",
    "fill": "Tensor.fill_",
    "zero": "Tensor.zero_",
}
#: Ops that PyTorch has no function for, and what holds them instead.
ABSENT = {
    "histogram_at": "histogram(), given bins",
    "histogramdd_at": "histogramdd(), given bins",
    "slice": "x[a:b:c] in Python; python/tests/test_tensor.py holds indexing against NumPy",
    "stop_gradient": "Tensor.detach in PyTorch; TensorFlow and JAX have the name",
}
for cell in "rnn_tanh", "rnn_relu", "gru", "lstm":
    ABSENT[cell] = ABSENT[cell + "_cell"] = "PyTorch has it as a module, which is held below"
NAMESPACES = "nn.functional", "linalg", "fft", "special"


#: Parameters whose names differ between ops of PyTorch's, where Tenon has one name for all.
RENAMED = {
    ("flip", "dims"): "dims",
    ("permute", "dims"): "dims",
    ("addcmul", "value"): "value",
    ("addcdiv", "value"): "value",
}


def default_of(param):
    """A default of the op list as Python's value."""
    text = param.default
    if text is None:
        return ...  # there is none
    if text in ("none", "{}", '""'):
        return [] if text == "{}" else None
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"\{[\d, ]+\}", text):
        return [int(part) for part in text[1:-1].split(",")]
    if text.startswith('"'):
        return text[1:-1]
    if text.startswith("k"):
        return text
    return float(text) if re.search(r"[.e]", text) else int(text)


def general_form(op, values):
    """Leading tensors by place, the others by PyTorch's name where they aren't the default's."""
    arguments, keywords, leading = [], {}, True
    for number, param in enumerate(op.params):
        value = values[param.name]
        leading = leading and param.type in ("Tensor", "Tensor|Scalar", "Tensor[]")
        if leading:
            arguments.append(value)
        elif param.type in ("Device", "Device?", "Generator?") or value is None or value == "":
            continue
        elif param.type == "Dims" and value == []:
            continue  # all of them
        elif param.default is None or value != default_of(param):
            keywords[RENAMED.get((op.name, param.name), python_name(param, number))] = value
    return arguments, keywords


def spread(op, values):
    """All by place."""
    return [
        values[param.name]
        for param in op.params
        if param.type not in ("Device", "Generator?") and values[param.name] is not None
    ], {}


def making(op, values):
    """By place, but for the dtype."""
    arguments = [
        values[param.name]
        for param in op.params
        if param.type not in ("Device", "Generator?", "DType", "DType?")
        and values[param.name] is not None
    ]
    return arguments, {"dtype": values["dtype"]} if values.get("dtype") else {}


def correction(op, values):
    """`correction` and what comes with it by name."""
    arguments, keywords = general_form(op, values)
    return arguments, {"dim": None, **keywords} if "dim" not in keywords else keywords


def one_dim(op, values):
    """Several dims are one dim at most in PyTorch, for which it has a form without them."""
    arguments, keywords = general_form(op, values)
    if "dim" not in keywords:
        keywords.pop("keepdim", None)
    elif len(keywords["dim"]) == 1:
        keywords["dim"] = keywords["dim"][0]
    return arguments, keywords


def pad(op, values):
    """A value only where there is one to pad with."""
    arguments, keywords = spread(op, values)
    return (arguments if values["mode"] == "constant" else arguments[:3]), keywords


def norm(op, values):
    return [values["x"]], {
        "p": values["p"],
        "dim": values["dims"] or None,
        "keepdim": values["keepdim"],
    }


def embedding(op, values):
    keywords = {} if values["padding_idx"] == -1 else {"padding_idx": values["padding_idx"]}
    return [values["index"], values["weight"]], keywords


def embedding_bag(op, values):
    """By name, and none for what isn't padding."""
    arguments, keywords = embedding({}, {**values, "index": values["x"]})
    return arguments, keywords | {
        key: values[key]
        for key in ("offsets", "mode", "per_sample_weights", "include_last_offset")
    }


def dims_of_unique(op, values):
    return [values["x"]], {
        key: value
        for key, value in values.items()
        if key in ("dim", "return_inverse", "return_counts", "sorted")
    }


def one_by_one(op, values):
    """A list of tensors as that many arguments."""
    (tensors,) = (values[param.name] for param in op.params if param.type == "Tensor[]")
    return [values[param.name] for param in op.params if param.type != "Tensor[]"] + list(
        tensors
    ), {}


def tensordot(op, values):
    return [values["a"], values["b"]], {"dims": [values["dims_a"], values["dims_b"]]}


def quantile(op, values):
    """The interpolation by name only."""
    interpolation = values.pop("interpolation")
    return [values["x"], values["q"], values["dim"], values["keepdim"]], {
        "interpolation": interpolation
    }


def gradient(op, values):
    """Coordinates are a spacing, too."""
    keywords = {"spacing": values["coordinates"] or values["spacing"] or 1,
                "edge_order": values["edge_order"]}
    return [values["x"]], {**keywords, "dim": values["dims"]} if values["dims"] else keywords


def trapezoid(op, values):
    """Either places or their distance."""
    places = {"dx": values["dx"]} if values["x"] is None else {}
    return [values["y"]] + ([] if places else [values["x"]]), {**places, "dim": values["dim"]}


def lone_sizes(op, values):
    """Lists of one int as that int."""
    arguments, keywords = spread(op, values)
    return [
        value[0] if isinstance(value, list) and len(value) == 1 else value for value in arguments
    ], keywords


def stft(op, values):
    arguments, keywords = general_form(op, values)
    return arguments, {**keywords, "return_complex": True}


def lstsq(op, values):
    """By the only driver of PyTorch's that gives all four results."""
    return [values["A"], values["B"]], {"driver": "gelsd"}


def max_unpool(op, values):
    """PyTorch takes the windows that give the output's size."""
    sizes = values["output_size"]
    pooled = [max(1, size) for size in values["x"].array.shape[-len(sizes) :]]
    stride = [size // count for size, count in zip(sizes, pooled)]
    kernel = [size - (count - 1) * step for size, count, step in zip(sizes, pooled, stride)]
    return [values["x"], values["indices"], kernel, stride], {}


def flat_dims(op, values):
    """Sizes or dims one after another, as methods take them."""
    return [values["x"], *values[op.params[1].name]], {}


FORMS = {
    "where": spread,
    "var": correction,
    "std": correction,
    "var_mean": correction,
    "std_mean": correction,
    "norm": norm,
    "embedding": embedding,
    "embedding_bag": embedding_bag,
    "unique": dims_of_unique,
    "unique_dim": dims_of_unique,
    "to_dtype": spread,
    "one_hot": spread,
    "scatter": spread,
    "scatter_add": spread,
    "index_add": spread,
    "pad": pad,
    "prod": one_dim,
    "split": spread,
    "split_with_sizes": spread,
    "full": making,
    "arange": making,
    "linspace": making,
    "logspace": making,
    "eye": making,
    "full_like": making,
    "zeros_like": making,
    "ones_like": making,
    "empty_like": making,
    "zeros": making,
    "ones": making,
    "empty": making,
    "gather": spread,
    "masked_fill": spread,
    "diagonal": spread,
    "movedim": spread,
    "roll": spread,
    "expand": flat_dims,
    "repeat": flat_dims,
    "view": flat_dims,
    "fill": spread,
    "copy": spread,
    "polygamma": spread,
    "tensor_split_at": spread,
    "tile": spread,
    "unflatten": spread,
    "as_strided": spread,
    "transpose": spread,
    "quantile": quantile,
    "nanquantile": quantile,
    "gradient": gradient,
    "trapezoid": trapezoid,
    "lp_pool1d": lone_sizes,
    "lp_pool2d": lone_sizes,
    "im2col": lone_sizes,
    "col2im": lone_sizes,
    "max_unpool2d": max_unpool,
    "stft": stft,
    "linalg_lstsq": lstsq,
    "einsum": one_by_one,
    "block_diag": one_by_one,
    "cartesian_prod": one_by_one,
    "broadcast_tensors": one_by_one,
    "tensordot": tensordot,
    "rot90": spread,
    "tensor_split": spread,
}


def paths_of(name):
    """Where PyTorch may have it: a function of one namespace, and a method."""
    known = NAMES.get(name, name)
    for space in "linalg", "fft", "special":
        if known.startswith(space + "_"):
            return [known.replace("_", ".", 1)]
    if known.startswith("signal_windows_"):
        return ["signal.windows." + known.removeprefix("signal_windows_")]
    if "." in known:
        return [known]
    return [*(f"{space}.{known}" for space in NAMESPACES), known, f"Tensor.{known}"]


def call_of(op, entry, read):
    """The call that a sample of oracle_dump's stands for; `read` gives an argument's value."""
    values = {}
    for param, argument in zip(op.params, entry["arguments"], strict=True):
        value = read(argument)
        if param.type in ("DType", "DType?") and value is not None:
            value = DType(value)
        values[param.name] = value
    arguments, keywords = FORMS.get(op.name, general_form)(op, values)
    return Call(paths_of(op.name), arguments, keywords)


def cast(value, dtype):
    """Floating data in another dtype, wherever it stands."""
    if isinstance(value, Data):
        return value.to(dtype) if value.floating else value
    if isinstance(value, (list, tuple)):
        return type(value)(cast(item, dtype) for item in value)
    if isinstance(value, dict):
        return {key: cast(item, dtype) for key, item in value.items()}
    return value
