"""Every class of nn that both have: forward while training and not, gradients, states, text."""

import inspect
import re

from . import module_cases
from .compare import TENON, TORCH, Data, Row, attempt, flat, gradients_of, plain, run_backward

KINDS = "float64", "float32"


def classes_of_both():
    """Names of module classes, but for bases that nobody makes an object of."""

    def classes(library):
        return {
            name
            for name, value in vars(library.module.nn).items()
            if inspect.isclass(value) and issubclass(value, library.module.nn.Module)
        }

    return sorted(classes(TENON) & classes(TORCH) - {"Module", "Container"})


def text_of(module):
    return re.sub(r"\b(tenon|torch)\.[\w.]*\.", "", repr(module))


class Built:
    """A module of one library, with the parameters that `state` holds."""

    def __init__(self, library, case, name, kind):
        self.library, self.through = library, case.through
        arguments, keywords = library.convert(case.arguments), library.convert(case.keywords)
        arguments = case.prepare(library.module, arguments) if case.prepare else arguments
        self.module = getattr(library.module.nn, name)(*arguments, **keywords)
        self.module = self.module.to(getattr(library.module, kind))
        self.inputs = (
            case.inputs if kind == "float64" else [as_kind(item, kind) for item in case.inputs]
        )

    def run(self, training):
        """(results, gradients of inputs and parameters by name) of a forward and backward run."""
        library, leaves = self.library, []
        self.module.train(training)
        self.module.zero_grad()
        inputs = library.convert(self.inputs, leaves)
        given = self.through(inputs) if self.through else inputs
        results = flat(self.module(*given), library)
        results = [item for item in results if item is not None]
        if not run_backward(results, library):
            return results, []
        parameters = [parameter for _, parameter in self.module.named_parameters()]
        return results, gradients_of([*leaves, *parameters], library)

    def state(self):
        return {key: value for key, value in self.module.state_dict().items()}


def as_kind(value, kind):
    if isinstance(value, Data):
        return value.to(kind) if value.floating else value
    if isinstance(value, (list, tuple)):
        return type(value)(as_kind(item, kind) for item in value)
    return value


def load_state(ours, theirs):
    """PyTorch's parameters and buffers in Tenon's module, by way of NumPy."""
    state = {key: TENON.module.from_numpy(plain(value)) for key, value in theirs.state().items()}
    ours.module.load_state_dict(state)


def compare_case(row, name, case, where):
    for kind in KINDS:
        theirs, error = attempt(Built, TORCH, case, name, kind)
        if error:
            raise error  # the case itself is wrong
        ours, error = attempt(Built, TENON, case, name, kind)
        if error:
            row.problems.append(f"{where}: making it raises {type(error).__name__}: {error}")
            return
        if text_of(ours.module) != text_of(theirs.module):
            row.problems.append(
                f"{where}: repr {text_of(ours.module)!r}, PyTorch has {text_of(theirs.module)!r}"
            )
        lazy = name.startswith("Lazy")
        if lazy:  # parameters come with the first run
            for built in (ours, theirs):
                built.run(False)
        if list(ours.state()) != list(theirs.state()):
            row.problems.append(
                f"{where}: state_dict has {list(ours.state())}, PyTorch's {list(theirs.state())}"
            )
            return
        _, error = attempt(load_state, ours, theirs)
        if error:
            row.problems.append(f"{where}: load_state_dict raises {type(error).__name__}: {error}")
            return
        for training in (True, False):
            place = f"{where}, {kind}, {'training' if training else 'eval'}"
            if training and case.draws:
                continue
            wanted = theirs.run(training)
            got, error = attempt(ours.run, training)
            row.samples += 1
            if error:
                row.problems.append(f"{place}: raises {type(error).__name__}: {error}")
                continue
            row.add("forward", kind, got[0], wanted[0], place)
            row.add("gradient", kind, got[1], wanted[1], place)
        row.add(
            "forward",
            kind,
            list(ours.state().values()),
            list(theirs.state().values()),
            f"{where}, {kind}, state after",
        )


def compare_modules(only=None):
    rows = []
    for name in classes_of_both():
        if only and name not in only or name in module_cases.ELSEWHERE:
            continue
        row = Row(name)
        cases = module_cases.CASES.get(name, [])
        if not cases:
            row.problems.append("no case in benchmarks/parity/module_cases.py")
        for number, case in enumerate(cases):
            compare_case(row, name, case, f"case {number}")
        rows.append(row)
    return rows
