"""Tenon and PyTorch side by side: the same tensors in both, the same call, and how far apart the
results are."""

from dataclasses import dataclass, field

import numpy as np
import tenon
import torch

#: What rounding may make of max(1, |value|) in a few operations.
TOLERANCE = {
    "float16": 4e-3,
    "bfloat16": 3e-2,
    "float32": 2e-5,
    "float64": 1e-11,
    "complex64": 2e-5,
    "complex128": 1e-11,
}


@dataclass
class Data:
    """A tensor of no library: its elements (bfloat16 ones as float32) and the dtype that it has."""

    array: np.ndarray
    dtype: str
    fixed: bool = False  # never differentiated, as PyTorch refuses for some targets

    @property
    def floating(self):
        return self.dtype in TOLERANCE

    def to(self, dtype):
        """In another dtype; complex from real gets imaginary parts, too."""
        array = self.array
        if dtype.startswith("complex") and array.dtype.kind != "c":
            array = array + 1j * np.roll(array, 1)
        made = torch.from_numpy(np.array(array)).to(getattr(torch, dtype))
        return Data(plain(made), dtype, self.fixed)


def data(array):
    array = np.asarray(array)
    return Data(array, str(array.dtype))


def pattern(*sizes, step=1.0, dtype="float64"):
    """Numbers that differ, in no order, between -2 and 2."""
    count = int(np.prod(sizes))
    return Data(
        (2 * np.sin(step * (1.7 + 0.19 * np.arange(count)) * np.arange(count) + 0.3)).reshape(
            sizes
        ),
        "float64",
    ).to(dtype)


def name_of(dtype):
    return str(dtype).rpartition(".")[2]


def plain(tensor):
    """As a NumPy array; NumPy has no bfloat16."""
    tensor = tensor.detach()
    if isinstance(tensor, torch.Tensor):
        tensor = tensor.resolve_conj().resolve_neg()
    if name_of(tensor.dtype) == "bfloat16":
        tensor = tensor.float()
    return np.array(tensor.numpy(force=True))


class Library:
    """Tenon or PyTorch: `module` is what a program imports as torch."""

    def __init__(self, module):
        self.module = module
        self.name = module.__name__

    def tensor(self, given, requires_grad=False):
        array = given.array.copy()
        made = self.module.from_numpy(array).to(getattr(self.module, given.dtype))
        return made.requires_grad_() if requires_grad else made

    def is_tensor(self, value):
        return isinstance(value, self.module.Tensor)

    def convert(self, value, leaves=None):
        """Data as tensors, wherever it stands; collects tensors that require gradients."""
        if isinstance(value, Data):
            differentiated = leaves is not None and value.floating and not value.fixed
            made = self.tensor(value, differentiated)
            if differentiated:
                leaves.append(made)
            return made
        if isinstance(value, (list, tuple)):
            return type(value)(self.convert(item, leaves) for item in value)
        if isinstance(value, dict):
            return {key: self.convert(item, leaves) for key, item in value.items()}
        if isinstance(value, DType):
            return getattr(self.module, value.name)
        return value

    def find(self, path):
        """What `path` leads to from the module, or None."""
        target = self.module
        for part in path.split("."):
            target = getattr(target, part, None)
            if target is None:
                return None
        return target


@dataclass
class DType:
    """A dtype as an argument."""

    name: str


TENON, TORCH = Library(tenon), Library(torch)


def flat(value, library):
    """The tensors and numbers that a call gave, in order."""
    if library.is_tensor(value) or not isinstance(value, (list, tuple, dict)):
        return [value]
    items = value.values() if isinstance(value, dict) else value
    return [part for item in items for part in flat(item, library)]


def weights_for(result, library):
    """The gradient that flows into a result: fixed numbers, no two alike."""
    numbers = np.cos(np.arange(result.numel()) + 0.5).reshape(tuple(result.shape))
    return library.module.from_numpy(np.asarray(numbers)).to(result.dtype)


def run_backward(results, library):
    """backward() from the sum of what is differentiable, each element times a number of its own."""
    total = None
    for result in results:
        if library.is_tensor(result) and result.requires_grad:
            if result.is_complex():
                real, imag = library.module.real(result), library.module.imag(result)
                part = (real * weights_for(real, library)).sum() + (
                    imag * weights_for(imag, library)
                ).sum()
            else:
                part = (result * weights_for(result, library)).sum()
            total = part if total is None else total + part
    if total is None:
        return False
    total.backward()
    return True


def relative(got, want):
    """The largest |got - want| / max(1, |want|); NaN and infinity equal themselves."""
    if got.size == 0:
        return 0.0
    if got.dtype.kind in "biu":
        return 1.0 if (got != want).any() else 0.0
    kind = np.complex128 if got.dtype.kind == "c" else np.float64
    got, want = got.astype(kind), want.astype(kind)
    with np.errstate(all="ignore"):
        same = (got == want) | (np.isnan(got) & np.isnan(want))
        distance = np.abs(np.where(same, 0, got - want)) / np.maximum(
            1, np.abs(np.where(same, 1, want))
        )
    return float(np.where(np.isnan(distance), np.inf, distance).max())


def differ(got, want):
    """(relative difference, what is wrong beside rounding or None) of a result of Tenon's and of
    PyTorch's."""
    ours, theirs = TENON.is_tensor(got), TORCH.is_tensor(want)
    if ours != theirs:
        return 0.0, f"a {type(got).__name__}, PyTorch gives a {type(want).__name__}"
    if not ours:
        if isinstance(got, float) and isinstance(want, float):
            got, want = np.float64(got), np.float64(want)
            distance = relative(got, want)
            return distance, (
                None if distance <= TOLERANCE["float64"] else f"{got!r}, PyTorch gives {want!r}"
            )
        same = got == want or (got != got and want != want)
        return 0.0, None if same else f"{got!r}, PyTorch gives {want!r}"
    if name_of(got.dtype) != name_of(want.dtype):
        return 0.0, f"{name_of(got.dtype)}, PyTorch gives {name_of(want.dtype)}"
    if tuple(got.shape) != tuple(want.shape):
        return 0.0, f"sizes {list(got.shape)}, PyTorch gives {list(want.shape)}"
    distance = relative(plain(got), plain(want))
    if distance > TOLERANCE.get(name_of(got.dtype), 0):
        return distance, f"differs by {distance:.2g}"
    return distance, None


@dataclass
class Row:
    """What a line of the report says of one name."""

    name: str
    samples: int = 0
    refused: dict = field(default_factory=dict)  # dtype -> samples that only Tenon takes
    forward: dict = field(default_factory=dict)  # dtype -> worst difference
    gradient: dict = field(default_factory=dict)
    problems: list = field(default_factory=list)
    reasons: list = field(default_factory=list)

    def add(self, kind, dtype, got, want, where, exact=None):
        """Holds results against PyTorch's; `kind` is "forward" or "gradient". `exact()` gives those
        that PyTorch has in float64 of the same numbers, for what differs."""
        if len(got) != len(want):
            self.problems.append(f"{where}: {len(got)} results, PyTorch gives {len(want)}")
            return
        worst = getattr(self, kind)
        worst.setdefault(dtype, 0.0)
        for number, (ours, theirs) in enumerate(zip(got, want)):
            distance, problem = differ(ours, theirs)
            if problem:
                if distance and exact and is_nearer(ours, theirs, exact(), number):
                    problem += ", " + NEARER
                self.problems.append(f"{where}: {kind} {number}: {problem}")
            worst[dtype] = max(worst[dtype], distance)


#: What a problem says where PyTorch is the one that rounded more.
NEARER = "and Tenon's is nearer to PyTorch's float64"


def is_nearer(ours, theirs, exact, number):
    """Whether Tenon's result is no further from `exact[number]` than PyTorch's."""
    if exact is None or len(exact) <= number or not TORCH.is_tensor(exact[number]):
        return False
    truth = plain(exact[number])
    return relative(plain(ours), truth) <= relative(plain(theirs), truth) < np.inf


def attempt(function, *arguments):
    """(what a call gave, its error)"""
    try:
        return function(*arguments), None
    except Exception as error:  # whatever it raises is what is compared
        return None, error


def gradients_of(leaves, library):
    """Zeros where nothing flowed: both libraries may say None."""
    return [
        library.module.zeros_like(leaf.detach()) if leaf.grad is None else leaf.grad
        for leaf in leaves
    ]
