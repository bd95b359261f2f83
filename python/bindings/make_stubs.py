#!/usr/bin/env python3
"""Writes the types of tenon._core for editors and type checkers, from the op list.

usage: make_stubs.py GENERATE_PY OP_LIST HEAD INIT_PY OUT

Functions that the package's __init__.py imports from a module of its own are left to that module,
but for those that make tensors: they take a few options more.
"""

import ast
import importlib.util
import sys

TYPES = {
    "Tensor": "Tensor", "Tensor?": "Tensor | None", "Tensor|Scalar": "Tensor | Number",
    "Tensor[]": "Sequence[Tensor]", "int": "builtins.int", "int?": "builtins.int | None",
    "int[]": "builtins.int | Sequence[builtins.int]", "Dim": "builtins.int",
    "Dim?": "builtins.int | None", "Dims": "builtins.int | Sequence[builtins.int] | None",
    "float": "builtins.float", "float?": "builtins.float | None",
    "float[]": "builtins.float | Sequence[builtins.float]", "bool": "builtins.bool",
    "Scalar": "Number", "Scalar?": "Number | None", "DType": "DTypeLike",
    "DType?": "DTypeLike | None", "Device": "DeviceLike", "Device?": "DeviceLike", "str": "str",
    "Generator?": "Generator | None",
}
OPERATORS = {
    "add": "add", "sub": "sub", "mul": "mul", "div": "truediv", "floor_divide": "floordiv",
    "remainder": "mod", "pow": "pow", "matmul": "matmul", "bitwise_and": "and", "bitwise_or": "or",
    "bitwise_xor": "xor", "bitwise_left_shift": "lshift", "bitwise_right_shift": "rshift",
}
# What only PyTorch's callers name: see `keyword_form` in op_function.cpp.
EXTRA_KEYWORDS = {name: "dtype: DTypeLike | None = ..." for name in
                  ("softmax", "log_softmax", "cumsum", "cumprod", "mean", "nanmean", "prod")}
EXTRA_KEYWORDS.update(add="alpha: Number = ...", sub="alpha: Number = ...",
                      div="rounding_mode: str | None = ...", round="decimals: builtins.int = ...",
                      nonzero="as_tuple: builtins.bool = ...")
MAKING = "Creation", "Random numbers"  # sections of the op list
COMPARISONS = "lt", "le", "gt", "ge"


def load_parser(path):
    spec = importlib.util.spec_from_file_location("generate", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["generate"] = module
    spec.loader.exec_module(module)
    return module.parse


def python_name(param, number):
    """PyTorch's name of a parameter, as python/bindings/arguments.cpp has it."""
    if param.name == "x" or (param.name == "a" and number == 0):
        return "input"
    if param.name == "value" and param.type == "Scalar":
        return "fill_value"
    names = {"b": "other", "sizes": "size", "dims": "dim", "from": "from_"}
    return names.get(param.name, param.name)


def declare(op, name, is_method, result, spread=False):
    parts = []
    for number, param in enumerate(op.params):
        if is_method and number == 0:
            parts.append("self")
        elif spread and param.type in ("int[]", "Dims"):
            parts.append(f"*{python_name(param, number)}: builtins.int")
        else:
            default = " = ..." if param.default is not None else ""
            parts.append(f"{python_name(param, number)}: {TYPES[param.type]}{default}")
    keywords = [EXTRA_KEYWORDS[op.name]] if op.name in EXTRA_KEYWORDS else []
    if not is_method and result != "tuple[Tensor, ...]":
        keywords.append(f"out: {'Tensor' if result == 'Tensor' else 'Sequence[Tensor]'} | None = "
                        "...")
    if keywords:
        parts += keywords if spread else ["*", *keywords]
    if not is_method and op.section in MAKING:
        parts.append("requires_grad: builtins.bool = ...")
        parts.append("**options: Any")
    return f"def {name}({', '.join(parts)}) -> {result}: ..."


def may_spread(op):
    """Whether ints may be given one by one: `x.view(2, 3)`."""
    takes_ints = [p for p in op.params if p.type in ("int[]", "Dims", "int", "Dim", "Scalar")]
    return len(takes_ints) == 1 and takes_ints[0].type in ("int[]", "Dims")


def declarations(op, name, is_method, result):
    if not may_spread(op):
        return [declare(op, name, is_method, result)]
    return ["@overload", declare(op, name, is_method, result),
            "@overload", declare(op, name, is_method, result, spread=True)]


def result_of(op, classes):
    if op.results == ["Tensor"]:
        return "Tensor"
    if op.results == ["Tensor[]"]:
        return "tuple[Tensor, ...]"
    fields = op.signature.rpartition("(")[2].rstrip(") ").split(", ")
    classes += [f"class _{op.name}_results(NamedTuple):",
                *(f"    {field.split()[1]}: Tensor" for field in fields)]
    return f"_{op.name}_results"


def operators():
    for name in OPERATORS.values():
        for form in name, f"r{name}", f"i{name}":
            if form != "imatmul":
                yield f"def __{form}__(self, other: Tensor | Number) -> Tensor: ..."
    for name in COMPARISONS:
        yield f"def __{name}__(self, other: Tensor | Number) -> Tensor: ..."


def names_of_others(init_path):
    """What __init__.py imports from the package's modules other than _core."""
    with open(init_path) as file:
        imports = [node for node in ast.walk(ast.parse(file.read()))
                   if isinstance(node, ast.ImportFrom) and node.module not in (None, "_core")]
    return {alias.asname or alias.name for node in imports for alias in node.names}


def main():
    generate, op_list, head_path, init_path, out = sys.argv[1:]
    others = names_of_others(init_path)
    head = open(head_path).read().rstrip("\n")
    head, _, last = head.rpartition("\n")
    classes, methods, functions = [], list(operators()), []
    for op in load_parser(generate)(op_list):
        if "internal" in op.flags:
            continue
        result = result_of(op, classes)
        if op.name not in others or op.section in MAKING:
            functions += declarations(op, op.name, False, result)
        if "method" in op.flags or "method_only" in op.flags:
            if f"    def {op.name}(" not in head:
                methods += declarations(op, op.name, True, result)
        if "inplace" in op.flags:
            methods += declarations(op, f"{op.name}_", True, "Tensor")
    text = [head, *("    " + line for line in methods), last, "", *classes, "", *functions]
    with open(out, "w") as file:
        file.write("\n".join(text) + "\n")


if __name__ == "__main__":
    main()
