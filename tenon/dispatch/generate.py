#!/usr/bin/env python3
"""Turns the op list into C++: ids, function declarations, the table of definitions, tensor methods.

usage: generate.py OP_LIST OUT          writes the files below OUT
       generate.py OP_LIST OUT --list   prints their names, relative to OUT

A line of the list is a signature and flags:

    softmax(Tensor x, Dim dim) -> Tensor | method

Flags: `method` (also x.softmax(dim)), `inplace` (also x.softmax_(dim)), `method_only` (x.tile(repeats)
and no function, where a namespace has the name), `internal` (used by other ops' gradients; left out of
the reference).
"""
import os
import re
import sys
from dataclasses import dataclass, field

# list type -> (C++ parameter type, C++ ParamType)
TYPES = {
    "Tensor": ("const Tensor&", "kTensor"),
    "Tensor?": ("const Tensor&", "kOptionalTensor"),
    "Tensor|Scalar": ("const Tensor&", "kTensorOrScalar"),
    "Tensor[]": ("TensorList", "kTensorList"),
    "int": ("int64_t", "kInt"),
    "int?": ("std::optional<int64_t>", "kOptionalInt"),
    "int[]": ("IntList", "kInts"),
    "Dim": ("int64_t", "kDim"),
    "Dim?": ("std::optional<int64_t>", "kOptionalDim"),
    "Dims": ("IntList", "kDims"),
    "float": ("double", "kFloat"),
    "float?": ("std::optional<double>", "kOptionalFloat"),
    "float[]": ("FloatList", "kFloats"),
    "bool": ("bool", "kBool"),
    "Scalar": ("Scalar", "kScalar"),
    "Scalar?": ("std::optional<Scalar>", "kOptionalScalar"),
    "DType": ("DType", "kDType"),
    "DType?": ("std::optional<DType>", "kOptionalDType"),
    "Device": ("Device", "kDevice"),
    "Device?": ("std::optional<Device>", "kOptionalDevice"),
    "str": ("std::string_view", "kText"),
    "Generator?": ("Generator*", "kGenerator"),
}
TENSOR_TYPES = {"Tensor", "Tensor?", "Tensor|Scalar", "Tensor[]"}
FILES = [
    "tenon/core/tensor_methods.inc",
    "tenon/dispatch/op_ids.h",
    "tenon/ops/functions.h",
    "tenon/ops/functions.cpp",
    "tenon/ops/op_table.cpp",
    "tenon/ops/tensor_methods.cpp",
]
HEADER = "// Made by tenon/dispatch/generate.py from op_list.txt; edit those.\n"


@dataclass
class Param:
    type: str
    name: str
    default: str | None

    @property
    def cpp_type(self):
        return TYPES[self.type][0]

    @property
    def is_tensor(self):
        return self.type in TENSOR_TYPES

    def cpp_default(self):
        if self.default is None:
            return ""
        if self.default == "none":
            return " = nullptr" if self.type == "Generator?" else " = {}"
        return f" = {self.default}"

    def declare(self, with_default=True, scalar=False):
        default = self.cpp_default() if with_default and not scalar else ""
        return f"{'Scalar' if scalar else self.cpp_type} {self.name}{default}"


@dataclass
class Op:
    name: str
    params: list
    results: list
    flags: set
    signature: str
    section: str
    id: str = field(init=False)

    def __post_init__(self):
        self.id = "k" + "".join(part.capitalize() for part in self.name.split("_"))

    @property
    def cpp_result(self):
        if self.results == ["Tensor"]:
            return "Tensor"
        if self.results == ["Tensor[]"]:
            return "std::vector<Tensor>"
        return "std::tuple<" + ", ".join("Tensor" for _ in self.results) + ">"

    @property
    def inputs(self):
        return [p for p in self.params if p.is_tensor]

    @property
    def attributes(self):
        return [p for p in self.params if not p.is_tensor]

    @property
    def mixed(self):
        return [i for i, p in enumerate(self.params) if p.type == "Tensor|Scalar"]


def parse(path):
    ops, section = [], ""
    for number, line in enumerate(open(path), 1):
        line = line.strip()
        if line.startswith("## "):
            section = line[3:]
        if not line or line.startswith("#"):
            continue
        match = re.fullmatch(r"(\w+)\((.*)\) -> ([^|]+?)(?:\s*\|\s+([\w= ]+))?", line)
        if not match:
            sys.exit(f"{path}:{number}: expected `name(Type x, ...) -> Type | flags`, got: {line}")
        name, params, results, flags = match.groups()
        parsed = []
        for text in filter(None, (p.strip() for p in params.split(", "))):
            part = re.fullmatch(r"(\S+) (\w+)(?:=(.+))?", text)
            if not part or part.group(1) not in TYPES:
                sys.exit(f"{path}:{number}: can't read the parameter `{text}`; types: {', '.join(TYPES)}")
            parsed.append(Param(part.group(1), part.group(2), part.group(3)))
        result_list = [r.strip().split()[0] for r in results.strip("() ").split(",")]
        ops.append(Op(name, parsed, result_list, set((flags or "").split()), line.split(" |  ")[0].split(" | ")[0],
                      section))
    names = [op.name for op in ops]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        sys.exit(f"{path}: named twice: {', '.join(sorted(repeated))}")
    return ops


def scalar_overloads(op):
    """Which parameters are given as Scalar, one tuple of indices an overload."""
    if len(op.mixed) == 1:
        return [(op.mixed[0],)]
    if len(op.mixed) == 2:
        return [(op.mixed[1],), (op.mixed[0],)]
    return []


def like_of(op, scalar):
    """The tensor whose dtype a scalar given at index `scalar` follows."""
    others = [p.name for i, p in enumerate(op.params) if p.type == "Tensor|Scalar" and i != scalar]
    plain = [p.name for p in op.params if p.type == "Tensor"]
    return (others or plain)[0]


def declarations(op):
    args = ", ".join(p.declare() for p in op.params)
    yield f"{op.cpp_result} {op.name}({args})"
    for scalars in scalar_overloads(op):
        args = ", ".join(p.declare(scalar=i in scalars) for i, p in enumerate(op.params))
        yield f"{op.cpp_result} {op.name}({args})"


def call_setup(op, first=None):
    """Lines that build `inputs`, `attributes` and `call`; `first` replaces the first input."""
    lines = []
    lists = [p for p in op.inputs if p.type == "Tensor[]"]
    names = [first if first and i == 0 else f"&{p.name}" for i, p in enumerate(op.inputs)]
    if lists:
        lines.append("InputList inputs;")
        for i, p in enumerate(op.inputs):
            lines.append(f"inputs.add({'*' + first if first and i == 0 else p.name});")
        span = "inputs"
    elif names:
        lines.append(f"const Tensor* const inputs[] = {{{', '.join(names)}}};")
        span = "inputs"
    else:
        span = "{}"
    attributes = "{}"
    if op.attributes:
        values = ", ".join(f"Attribute({p.name})" for p in op.attributes)
        lines.append(f"const Attribute attributes[] = {{{values}}};")
        attributes = "attributes"
    lines.append(f"const Call call{{op_definition(OpId::{op.id}), {span}, {attributes}}};")
    return lines


def body(op, first=None):
    lines = call_setup(op, first)
    if op.results == ["Tensor"]:
        lines.append("return dispatch(call);")
    elif op.results == ["Tensor[]"]:
        lines.append("return dispatch_list(call);")
    else:
        count = len(op.results)
        lines.append(f"Tensor outputs[{count}];")
        lines.append("dispatch(call, outputs);")
        moved = ", ".join(f"std::move(outputs[{i}])" for i in range(count))
        lines.append(f"return {{{moved}}};")
    return lines


def functions_h(ops):
    out = [HEADER, "#pragma once\n", "#include <optional>\n#include <string_view>\n#include <tuple>\n#include <vector>\n",
           '#include "tenon/core/float_list.h"\n#include "tenon/core/generator.h"\n#include "tenon/core/tensor.h"\n',
           "namespace tenon {\n"]
    for op in ops:
        if "method_only" in op.flags:
            continue
        out.append(f"/// {op.signature}")
        for text in declarations(op):
            out.append(f"TENON_API {text};")
    out.append("\n}  // namespace tenon")
    return "\n".join(out) + "\n"


def functions_cpp(ops):
    out = [HEADER, '#include "tenon/ops/functions.h"\n', '#include "tenon/dispatch/dispatch.h"\n', "namespace tenon {\n"]
    for op in ops:
        if "method_only" in op.flags:
            continue
        args = ", ".join(p.declare(False) for p in op.params)
        out.append(f"{op.cpp_result} {op.name}({args}) {{")
        out += ["  " + line for line in body(op)]
        out.append("}\n")
        for scalars in scalar_overloads(op):
            args = ", ".join(p.declare(False, i in scalars) for i, p in enumerate(op.params))
            values = [f"operand_of(OpId::{op.id}, {p.name}, {like_of(op, i)})" if i in scalars else p.name
                      for i, p in enumerate(op.params)]
            out.append(f"{op.cpp_result} {op.name}({args}) {{ return {op.name}({', '.join(values)}); }}\n")
    out.append("}  // namespace tenon")
    return "\n".join(out) + "\n"


def method_declarations(op, inplace=False):
    """(return type, name, parameters, parameter names, which are scalars) of each method overload."""
    overloads = [()] + [s for s in scalar_overloads(op) if 0 not in s]
    for scalars in overloads:
        params = op.params[1:]
        kept = [(i + 1 in scalars, p) for i, p in enumerate(params)]
        yield scalars, kept


def methods_inc(ops):
    out = [HEADER]
    for op in ops:
        if "method_only" in op.flags:
            out.append(f"/// {op.signature}")
        elif "method" in op.flags:
            out.append(f"/// See tenon::{op.name}.")
        if op.flags & {"method", "method_only"}:
            for _, kept in method_declarations(op):
                args = ", ".join(p.declare(scalar=s) for s, p in kept)
                out.append(f"{op.cpp_result} {op.name}({args}) const;")
        if "inplace" in op.flags:
            out.append(f"/// tenon::{op.name} written into this tensor, which keeps its sizes and dtype.")
            for _, kept in method_declarations(op):
                args = ", ".join(p.declare(scalar=s) for s, p in kept)
                out.append(f"const Tensor& {op.name}_({args}) const;")
    return "\n".join(out) + "\n"


def methods_cpp(ops):
    out = [HEADER, '#include "tenon/dispatch/dispatch.h"\n#include "tenon/ops/functions.h"\n', "namespace tenon {\n"]
    for op in ops:
        if "method_only" in op.flags:
            args = ", ".join(p.declare(False) for p in op.params[1:])
            out.append(f"{op.cpp_result} Tensor::{op.name}({args}) const {{")
            out += ["  " + line for line in body(op, first="this")]
            out.append("}\n")
        if "method" in op.flags:
            for scalars, kept in method_declarations(op):
                args = ", ".join(p.declare(False, s) for s, p in kept)
                values = ", ".join(["*this"] + [p.name for _, p in kept])
                out.append(f"{op.cpp_result} Tensor::{op.name}({args}) const {{ return tenon::{op.name}({values}); }}\n")
        if "inplace" in op.flags:
            for scalars, kept in method_declarations(op):
                args = ", ".join(p.declare(False, s) for s, p in kept)
                out.append(f"const Tensor& Tensor::{op.name}_({args}) const {{")
                if scalars:
                    values = ", ".join(f"operand_of(OpId::{op.id}, {p.name}, *this)" if s else p.name for s, p in kept)
                    out.append(f"  return {op.name}_({values});")
                else:
                    out += ["  " + line for line in call_setup(op, first="this")]
                    out.append("  return dispatch_inplace(call, *this);")
                out.append("}\n")
    out.append("}  // namespace tenon")
    return "\n".join(out) + "\n"


def op_ids_h(ops):
    out = [HEADER, "#pragma once\n", "#include <cstdint>\n", "namespace tenon {\n", "enum class OpId : uint16_t {"]
    out += [f"  {op.id}," for op in ops]
    out += ["};", f"inline constexpr int kOpCount = {len(ops)};\n", "}  // namespace tenon"]
    return "\n".join(out) + "\n"


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def op_table_cpp(ops):
    out = [HEADER, '#include "tenon/dispatch/op_table.h"\n', "namespace tenon {", "namespace ops {\n"]
    out += [f"void define_{op.name}(OpDef& op);" for op in ops]
    out += ["\n}  // namespace ops\n", "namespace {\n"]
    for op in ops:
        if op.params:
            out.append(f"constexpr ParamInfo k_{op.name}[] = {{")
            out += [f"    {{{quote(p.name)}, ParamType::{TYPES[p.type][1]}, {quote(p.default or '')}}}," for p in op.params]
            out.append("};")
    out.append("\n}  // namespace\n")
    out.append("const OpEntry kOpEntries[kOpCount] = {")
    for op in ops:
        params = f"k_{op.name}" if op.params else "{}"
        list_result = "true" if op.results == ["Tensor[]"] else "false"
        has_method = "true" if op.flags & {"method", "method_only"} else "false"
        flag = lambda name: "true" if name in op.flags else "false"
        out.append(f"    {{{quote(op.name)}, {quote(op.signature)}, {quote(op.section)}, {params}, {len(op.results)}, "
                   f"{list_result}, {has_method}, {flag('inplace')}, {flag('internal')}, ops::define_{op.name}}},")
    out += ["};\n", "}  // namespace tenon"]
    return "\n".join(out) + "\n"


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    if sys.argv[3:] == ["--list"]:
        print("\n".join(FILES))
        return
    ops = parse(sys.argv[1])
    texts = [methods_inc(ops), op_ids_h(ops), functions_h(ops), functions_cpp(ops), op_table_cpp(ops), methods_cpp(ops)]
    for name, text in zip(FILES, texts):
        path = os.path.join(sys.argv[2], name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if not os.path.exists(path) or open(path).read() != text:
            with open(path, "w") as file:
                file.write(text)


if __name__ == "__main__":
    main()
