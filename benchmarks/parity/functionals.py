"""Functions, methods and operators in the forms that programs write, and what dtypes
make of each other."""

from itertools import product

import numpy as np

from . import expressions
from .compare import TENON, TORCH, Data, Row, attempt, flat, gradients_of, run_backward

ARITHMETIC = {
    "a + b": lambda a, b: a + b,
    "a - b": lambda a, b: a - b,
    "a * b": lambda a, b: a * b,
    "a / b": lambda a, b: a / b,
    "a // b": lambda a, b: a // b,
    "a % b": lambda a, b: a % b,
    "a ** b": lambda a, b: a**b,
    "a & b": lambda a, b: a & b,
    "a < b": lambda a, b: a < b,
    "a == b": lambda a, b: a == b,
    "a @ b": lambda a, b: a @ b,
}
DTYPES = (
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "complex64",
    "complex128",
)


class Evaluated:
    """An expression in one library: its value, the named inputs after it, their gradients."""

    def __init__(self, code, library):
        module, self.gradients = library.module, None
        names = {"t": module, "F": module.nn.functional}
        inputs = {name: library.convert(value) for name, value in expressions.INPUTS.items()}
        result, self.error = attempt(eval, code, {**names, **inputs})
        self.results = [plain_value(item, library) for item in flat(result, library)]
        self.after = list(inputs.values())
        leaves = []
        inputs = {
            name: library.convert(value, leaves) for name, value in expressions.INPUTS.items()
        }
        result, error = attempt(eval, code, {**names, **inputs})
        if not error:  # in place on a leaf, for one
            flowed, error = attempt(run_backward, flat(result, library), library)
            self.gradients = gradients_of(leaves, library) if flowed else None


def plain_value(value, library):
    """Numbers and texts as they are; of dtypes and types their names."""
    if isinstance(value, str):
        return value.replace("torch.", "").replace("tenon.", "")
    return value


def compare_expression(code):
    row = Row(code.replace("|", "\\|"), samples=1)
    ours, theirs = Evaluated(code, TENON), Evaluated(code, TORCH)
    if theirs.error:
        if not ours.error:
            row.problems.append(f"PyTorch raises {type(theirs.error).__name__}: {theirs.error}")
        return row
    if ours.error:
        row.problems.append(f"Tenon raises {type(ours.error).__name__}: {ours.error}")
        return row
    row.add("forward", "float64", ours.results, theirs.results, code)
    row.add("forward", "float64", ours.after, theirs.after, "arguments after")
    if theirs.gradients is not None:
        if ours.gradients is None:
            row.problems.append("no gradient, PyTorch has one")
        else:
            row.add("gradient", "float64", ours.gradients, theirs.gradients, code)
    return row


def operand(dtype, kind):
    """Small numbers, as a matrix, a 0-d tensor, or of Python's."""
    array = np.array([[3, 1], [2, 5]]) if kind == "tensor" else np.array(2)
    made = Data(array, "int64").to(dtype)
    if kind != "number":
        return made
    return {"b": bool, "c": complex, "f": float}.get(made.array.dtype.kind, int)(made.array.item())


def compare_promotion(name, function):
    """One operator over all pairs of dtypes: tensors, tensors of no dims, numbers."""
    row = Row(name.replace("|", "\\|"))
    for first, second, kinds in product(
        DTYPES,
        DTYPES,
        (
            ("tensor", "tensor"),
            ("tensor", "0-d"),
            ("tensor", "number"),
            ("number", "tensor"),
            ("0-d", "number"),
        ),
    ):
        where = f"{first} {kinds[0]}, {second} {kinds[1]}"
        if "number" in kinds and (first, second)[kinds.index("number")] not in (
            "bool",
            "int64",
            "float64",
            "complex128",
        ):
            continue
        pair = operand(first, kinds[0]), operand(second, kinds[1])
        got, error = attempt(lambda: function(*TENON.convert(pair)))
        want, wanted_error = attempt(lambda: function(*TORCH.convert(pair)))
        if wanted_error:
            if not error:
                row.refused.setdefault(f"{first}, {second}", []).append(f"{where}: {wanted_error}")
            continue
        row.samples += 1
        if error:
            row.problems.append(f"{where}: Tenon raises {type(error).__name__}: {error}")
        else:
            dtype = max((first, second), key=DTYPES.index)
            row.add("forward", dtype, [got], [want], where)
    return row


def compare_functionals():
    tables = (expressions.MAKING, expressions.FORMS, expressions.FUNCTIONAL)
    rows = [compare_expression(code) for table in tables for code in expressions.expressions(table)]
    return [compare_promotion(name, function) for name, function in ARITHMETIC.items()] + rows
