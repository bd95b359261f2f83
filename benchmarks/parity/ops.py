"""Every public op over its samples, in every dtype, eager, compiled and backward."""

import json
import warnings

import tenon

from .calls import ABSENT, ROOT, call_of, cast, load, public_ops
from .compare import TENON, TORCH, Data, Row, attempt, data, flat, gradients_of, run_backward
from .invariants import invariant
from .names import by_name

DTYPES = "float32", "bfloat16", "float16", "complex64", "complex128"
#: Generators differ: random_numbers.py compares what is drawn.
RANDOM = {
    "rand",
    "rand_like",
    "randn",
    "randn_like",
    "randint",
    "randint_like",
    "randperm",
    "bernoulli",
    "uniform",
    "normal",
    "random",
    "exponential",
    "geometric",
    "cauchy",
    "log_normal",
    "multinomial",
    "rrelu",
    "gumbel_softmax",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "alpha_dropout",
    "feature_alpha_dropout",
}
#: Ops of which an empty argument ends PyTorch's process.
CRASHES = {"pdist", "embedding_bag"}


def dtype_of(call):
    """What a call is counted under: the dtype of the first tensor that floats, or of the first."""
    found = []

    def look(value):
        if isinstance(value, Data):
            found.append(value)
        elif isinstance(value, (list, tuple)):
            for item in value:
                look(item)

    look(call.arguments)
    look(list(call.keywords.values()))
    floating = [item.dtype for item in found if item.floating]
    return (floating or [item.dtype for item in found] or ["no tensor"])[0]


class Run:
    """One call in one library: results, what the tensors hold after it, gradients."""

    def __init__(self, library, path, call, differentiate):
        function = invariant(library.find(path), path)
        leaves = []
        arguments = library.convert(call.arguments, leaves)
        keywords = library.convert(call.keywords, leaves)
        for leaf in leaves:
            leaf.requires_grad_(False)
        result, self.error = attempt(lambda: function(*arguments, **keywords))
        self.results = flat(result, library)
        self.after = [leaf.detach() for leaf in leaves]
        self.gradients, self.gradient_error = None, None
        if not differentiate or self.error or not leaves:
            return
        leaves = []
        arguments = library.convert(call.arguments, leaves)
        keywords = library.convert(call.keywords, leaves)
        results, self.gradient_error = attempt(
            lambda: flat(function(*arguments, **keywords), library)
        )
        if self.gradient_error is None:
            flowed, self.gradient_error = attempt(run_backward, results, library)
            self.gradients = gradients_of(leaves, library) if flowed else None


def compiled(path, call):
    """(results, error) of the call in a compiled function."""
    function = invariant(TENON.find(path), path)
    arguments, keywords = TENON.convert(call.arguments), TENON.convert(call.keywords)
    run = tenon.compile(lambda *tensors: function(*tensors, **keywords))
    return attempt(lambda: flat(run(*arguments), TENON))


def in_place(path):
    return path.endswith("_") and not path.endswith("__")


class Exact:
    """PyTorch's run of a call with the same numbers in float64, made when it's asked for."""

    def __init__(self, path, call, dtype):
        self.path, self.run = path, None
        wide = "complex128" if dtype.startswith("complex") else "float64"
        self.call = type(call)(call.paths, cast(call.arguments, wide), cast(call.keywords, wide))
        self.useful = dtype != wide

    def of(self, kind):
        def results():
            if not self.useful:
                return None
            self.run = self.run or Run(TORCH, self.path, self.call, True)
            return self.run.results if kind == "forward" else self.run.gradients

        return results


def compare_call(row, op, path, call, where):
    dtype = dtype_of(call)
    floats = not in_place(path)
    ours = Run(TENON, path, call, floats)
    theirs = Run(TORCH, path, call, floats)
    if ours.error and theirs.error:
        return
    row.samples += 1
    if ours.error:
        row.problems.append(f"{where}: Tenon raises {type(ours.error).__name__}: {ours.error}")
        return
    if theirs.error:
        row.refused.setdefault(dtype, []).append(f"{where}: {theirs.error}")
        return
    if op.name.startswith("empty"):
        ours.results = [TENON.module.zeros_like(result) for result in ours.results]  # any numbers
        theirs.results = [TORCH.module.zeros_like(result) for result in theirs.results]
    exact = Exact(path, call, dtype)
    row.add("forward", dtype, ours.results, theirs.results, where, exact.of("forward"))
    row.add("forward", dtype, ours.after, theirs.after, where + ", arguments after")
    if dtype == "float32" and floats and not op.name.startswith("empty"):
        results, error = compiled(path, call)
        if error:
            row.problems.append(f"{where}: compiled: {type(error).__name__}: {error}")
        else:
            place = where + ", compiled"
            row.add("forward", dtype, results, theirs.results, place, exact.of("forward"))
    if ours.gradients is not None and theirs.gradients is not None:
        found = ours.gradients, theirs.gradients
        row.add("gradient", dtype, *found, where, exact.of("gradient"))
    elif theirs.gradients is not None:
        zero = not any(gradient.count_nonzero() for gradient in theirs.gradients)
        error = ours.gradient_error
        row.problems.append(
            f"{where}: no gradient, "
            + ("PyTorch's is zero" if zero and not error else f"PyTorch has one: {error}")
        )


def variants(call, entry):
    """The sample, and where it isn't one of special dtypes or sizes already, in other dtypes."""
    yield "", call
    if entry["variant"] or dtype_of(call) != "float64":
        return
    for dtype in DTYPES:
        yield dtype, type(call)(call.paths, cast(call.arguments, dtype), cast(call.keywords, dtype))


def compare_names(row, path, call):
    """All arguments, but for a method's tensor, by the names that PyTorch gives them."""
    first = 1 if path.startswith("Tensor.") else 0
    arguments = call.arguments[first:]
    named = by_name(TORCH.find(path), arguments, call.keywords)
    if named is None:
        return

    def run(library):
        placed = library.convert(call.arguments[:first])
        return library.find(path)(*placed, **library.convert(named))

    if attempt(run, TORCH)[1]:
        return
    error = attempt(run, TENON)[1]
    if error:
        row.problems.append(
            f"{path}, by name ({', '.join(named)}): {type(error).__name__}: {error}"
        )


def compare_entry(row, op, entry, reader):
    def read(argument):
        value = reader.argument(argument)
        if argument.get("tensors") is not None:
            return [data(item) for item in value]
        return data(value) if argument.get("tensor") is not None else value

    if op.name in CRASHES and "made 0" in entry["variant"]:
        return
    call = call_of(op, entry, read)
    for path in both_have(call.paths, op):
        for dtype, variant in variants(call, entry):
            parts = (path, f"sample {entry['sample']}", entry["variant"], dtype)
            compare_call(row, op, path, variant, ", ".join(part for part in parts if part))
        if not entry["variant"]:
            compare_names(row, path, call)


def both_have(paths, op):
    """The function in the first namespace where both have it, the method, the method in place."""
    there = [path for path in paths if TENON.find(path) and TORCH.find(path)]
    functions = [path for path in there if not path.startswith("Tensor.")][:1]
    methods = [path for path in there if path.startswith("Tensor.")]
    if "inplace" in op.flags and op.params[0].type == "Tensor":
        name = methods[0] if methods else f"Tensor.{op.name}"
        name = name if name.endswith("_") else name + "_"
        if TENON.find(name) and TORCH.find(name) and name not in methods:
            methods.append(name)
    return functions + methods


def compare_ops(folder, only=None):
    """A Row for each op that both have, and the names that PyTorch lacks."""
    warnings.simplefilter("ignore")  # PyTorch's, of names that it will drop
    reader = load(ROOT / "tests/oracle/reader.py").Reader(folder)
    entries = {}
    for entry in json.loads((folder / "index.json").read_text()):
        entries.setdefault(entry["op"], []).append(entry)
    rows, absent = [], {}
    for name, op in sorted(public_ops().items()):
        if name in RANDOM or (only and name not in only):
            continue
        if name in ABSENT:
            absent[name] = ABSENT[name]
            continue
        row = Row(name)
        for entry in entries.get(name, []):
            compare_entry(row, op, entry, reader)
        if not row.forward:
            row.problems.append("no sample ran in both")
        rows.append(row)
    return rows, absent
