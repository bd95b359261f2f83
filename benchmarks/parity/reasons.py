"""Why Tenon differs from PyTorch where it does. A difference without an entry fails the report,
and so does an entry that no difference needs."""

import re

from . import compare

COMPLEX = "Tenon has no complex form of it"
TIES = "of equal elements Tenon gives the first; PyTorch leaves open which"
FLOAT_FACTOR = "PyTorch's factor is a float32 in float64, too"

#: (names, or "*" for all; pattern of the problem's text; reason)
REASONS = [
    (
        "*",
        compare.NEARER,
        "PyTorch rounds more: its own result in float64 is nearer to Tenon's",
    ),
    ("*", r"complex(64|128).*: (making it )?(Tenon )?raises DTypeError", COMPLEX),
    (
        "linalg_matrix_norm, linalg_matrix_power, matrix_power, nextafter",
        r"float16: Tenon raises DTypeError",
        "Tenon's takes float32 and float64, no halves",
    ),
    (
        "linalg_matrix_exp, lu_unpack, matrix_exp",
        r"float16: Tenon raises DTypeError",
        "Tenon's takes float32, float64 and complex numbers, no halves",
    ),
    (
        "logcumsumexp",
        r"complex128: forward 0: differs",
        "the same but for whole turns of 2 pi i: Tenon's, as log's, is within one",
    ),
    (
        "complex, polar, view_as_complex",
        r"float16: Tenon raises DTypeError",
        "Tenon has no complex32, which it would make of float16",
    ),
    (
        "*",
        r"no gradient, PyTorch's is zero",
        "the result depends on no argument: none gets a gradient, PyTorch's are zeros",
    ),
    (
        "nextafter",
        r"no gradient, PyTorch has one: None",
        "it has no derivative; PyTorch's backward raises an error",
    ),
    (
        "conv1d",
        r"size 2 made 0: forward 0: sizes \[0, 4, 7\]",
        "of an empty batch PyTorch gives 0 channels instead of the weight's 4",
    ),
    (
        "pixel_unshuffle",
        r"made 0: forward 0: sizes",
        "of an empty image PyTorch gives the sizes that it was given",
    ),
    (
        "multi_margin_loss, multilabel_margin_loss",
        r"size 3 made 0: forward 0: differs by inf",
        "of an empty batch PyTorch gives memory that it never wrote",
    ),
    (
        "square",
        r"bool: forward 0: bool, PyTorch gives int64",
        "the square of a bool is a bool, as the product is",
    ),
    (
        "cumsum, cumprod",
        r"cum\w+_, .*bool: Tenon raises DTypeError",
        "sums are int64, which a tensor of bools can't hold; PyTorch makes bools of them",
    ),
    (
        "einsum",
        r"int32: forward 0: int32, PyTorch gives int64",
        "int32 as every product's; PyTorch's is int64 where it needs no product",
    ),
    ("topk, kthvalue", r"int32: forward 1: differs by 1", TIES),
    (
        "digamma, polygamma",
        r"differs by \d(\.\d+)?e-10",
        "PyTorch's trigamma is right to 4e-10; SciPy's agrees with Tenon's to 5e-16",
    ),
    (
        "igamma, igammac",
        r"sample [01].*gradient 0: differs by \S+e-09",
        "PyTorch's takes lgamma of whole numbers in float32",
    ),
    (
        "special_bessel_j0, special_bessel_j1, special_bessel_y0, special_bessel_y1",
        r"differs by \d(\.\d+)?e-(07|08|09|10)",
        "PyTorch's are right to 7e-7; SciPy's agree with Tenon's to 1e-14",
    ),
    ("hardsigmoid, Hardsigmoid", r"gradient 0: differs by \S+e-09", FLOAT_FACTOR),
    ("CELU", r"float64.*gradient 0: differs by \S+e-09", FLOAT_FACTOR),
    (
        "nan_to_num",
        r"gradient 0: differs",
        "of a complex number with one part replaced the other part has a gradient; PyTorch's is 0",
    ),
    (
        "polar",
        r"gradient 0: differs",
        "of negative lengths PyTorch's gradient has the wrong sign",
    ),
    (
        "quantile",
        r"sample 7.*gradient",
        "where a row has a NaN so has the result, and no gradient means anything",
    ),
    (
        "t.softmax(x, 1, dtype=t.float32)",
        r"gradient 0: differs by \S+e-08",
        "of float64 computed in float32, as asked",
    ),
    (
        "*",
        r"0-d.*: forward 0: \w+, PyTorch gives \w+",
        "dtypes are promoted after the array API standard: a tensor without dims counts as any",
    ),
    ("*", r"PyTorch gives complex32", "Tenon has no complex32; it gives complex64"),
    ("a ** b", r"bool (tensor|0-d), bool number: Tenon raises", "Tenon has no powers of bools"),
    (
        "*",
        r"repr\(.*: forward 0: 'tensor",
        "Tenon prints digits as NumPy does: no zeros behind the last one",
    ),
    (
        "ASGD, NAdam",
        r"float64: forward \d+: differs by \d(\.\d+)?e-1[01]",
        "PyTorch keeps a factor of the step in float32, Tenon in float64",
    ),
    (
        "LBFGS",
        r"strong_wolfe.*float32: forward 1[01]: differs by \d(\.\d+)?e-05",
        "each search multiplies what was rounded before; float64 agrees to 1e-11",
    ),
]


class Judge:
    """Gives problems their reasons, and knows which reasons were needed."""

    def __init__(self):
        self.used = set()

    def settle(self, row):
        """Moves what has a reason from the row's problems to its reasons."""
        left = []
        for problem in row.problems:
            reason = self._reason(row.name, problem)
            if reason is None:
                left.append(problem)
            elif reason not in row.reasons:
                row.reasons.append(reason)
        row.problems = left

    def _reason(self, name, problem):
        for number, (names, pattern, reason) in enumerate(REASONS):
            if ((names == "*" or name in names.split(", ") or name == names)
                and re.search(pattern, problem)):
                self.used.add(number)
                return reason
        return None

    def unused(self):
        return [REASONS[number] for number in range(len(REASONS)) if number not in self.used]
