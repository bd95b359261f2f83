#!/usr/bin/env python3
"""Holds the includes of the tree against the layers of docs/architecture.md.

usage: layers_test.py ROOT [GENERATED]   checks a source tree (and what was generated for it)
       layers_test.py --self-test        checks that wrong includes are caught
"""
import pathlib
import re
import sys
import tempfile

# room -> the rooms that it may include besides itself. `graph/plan` is a room of its own to others.
LOW = ["base", "core", "tile", "dispatch"]
BELOW_USERS = LOW + ["ops", "autograd", "io"]
USERS = ["nn", "optim", "data", "dist", "prob"]
TOP = ["models", "train", "serve"]
MAY_INCLUDE = {
    "base": [],
    "core": ["base"],
    "tile": ["base", "core"],
    "dispatch": ["base", "core", "tile"],
    "ops": LOW,
    "autograd": LOW + ["ops"],
    "graph": LOW + ["ops", "graph/plan"],
    "backends": LOW + ["graph/plan"],
    "io": LOW + ["ops"],
    **{room: BELOW_USERS for room in USERS},
    **{room: BELOW_USERS + USERS + ["graph", "graph/plan"] for room in TOP},
    "lite": LOW + ["graph/plan"],
}

# What may be included in angle brackets by headers outside backends/: the standard library only.
STANDARD_HEADERS = set(
    "algorithm any array atomic barrier bit bitset cassert cctype cerrno cfenv cfloat charconv "
    "chrono cinttypes climits clocale cmath codecvt compare complex concepts condition_variable "
    "coroutine csetjmp csignal cstdarg cstddef cstdint cstdio cstdlib cstring ctime cuchar cwchar "
    "cwctype deque exception execution filesystem forward_list fstream functional future "
    "initializer_list iomanip ios iosfwd iostream istream iterator latch limits list locale map "
    "memory memory_resource mutex new numbers numeric optional ostream queue random ranges ratio "
    "regex scoped_allocator semaphore set shared_mutex source_location span sstream stack "
    "stdexcept stop_token streambuf string string_view syncstream "
    "system_error thread tuple type_traits typeindex typeinfo unordered_map unordered_set utility "
    "valarray variant vector version".split())
# Of the C library, where it has it (behind __has_include).
STANDARD_HEADERS.add("sys/single_threaded.h")

# Devices' libraries, and the places that may include them.
VENDOR = re.compile(r"^(dnnl|oneapi/|hwy/|asmjit|cuda|cublas|cudnn|nvrtc|nccl|mpi\.h)")
VENDOR_HOMES = ("tenon/backends/", "tenon/dist/")
TEST_ENDINGS = ("_test.cpp", "_fuzz.cpp", "_test_internal.h")
OPENMP_HOME = "tenon/backends/cpu/dnnl/runtime.cpp"

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
OPENMP = re.compile(r"^\s*#\s*(include\s*<omp\.h>|pragma\s+omp\s+(?!simd))")
SUFFIXES = {".h", ".inc", ".cpp", ".cu"}


def room_of(path):
    """The room of `tenon/...`: its first folder, or graph/plan; None for tenon/tenon.h."""
    parts = path.split("/")
    if len(parts) < 3:
        return None
    return "graph/plan" if parts[1:3] == ["graph", "plan"] and len(parts) > 3 else parts[1]


def is_public(path):
    return not path.endswith("_internal.h") and room_of(path) != "backends"


def check_arrow(path, target):
    """Why `path` may not include `target`, or None. Both are paths from the root."""
    if not path.startswith("tenon/"):
        return None if is_public(target) else "only public headers may be included outside tenon/"
    source, destination = room_of(path), room_of(target)
    if source is None:
        return None if is_public(target) else "the umbrella header includes public headers only"
    if path.endswith(TEST_ENDINGS):
        return None  # a test may use what lies above to test with; it goes into no library
    home = "graph" if source == "graph/plan" else source
    if home not in MAY_INCLUDE:
        return f"tenon/{home}/ is no room of docs/architecture.md"
    if destination is None:
        return "the umbrella header is for users"
    if destination == source or destination == home or destination in MAY_INCLUDE[home]:
        return None
    allowed = ", ".join(MAY_INCLUDE[home]) or "the standard library"
    return f"tenon/{home}/ may include {allowed}, not tenon/{destination}/"


def check_line(path, line):
    if OPENMP.match(line) and path != OPENMP_HOME:
        return f"OpenMP is used in {OPENMP_HOME} only; use parallel_for"
    include = INCLUDE.match(line)
    if not include:
        return None
    target = include.group(2)
    if target.startswith("tenon/"):
        return check_arrow(path, target)
    if not path.startswith("tenon/"):
        return None
    if include.group(1) == '"':
        return "includes are paths from the root: #include \"tenon/...\""
    if VENDOR.match(target) and not path.startswith(VENDOR_HOMES):
        return "devices' libraries are included under tenon/backends/ only"
    if (path.endswith((".h", ".inc")) and not path.startswith(VENDOR_HOMES)
        and not path.endswith(TEST_ENDINGS)):
        if target not in STANDARD_HEADERS:
            return "headers include the standard library and Tenon only"
    return None


def check_tree(root):
    """Problems of a tree, as text, and the number of files looked at."""
    problems, count = [], 0
    for top in ("tenon", "apps", "python", "examples", "benchmarks"):
        for file in sorted(pathlib.Path(root, top).rglob("*")):
            if file.suffix not in SUFFIXES:
                continue
            count += 1
            path = file.relative_to(root).as_posix()
            for number, line in enumerate(file.read_text().splitlines(), 1):
                problem = check_line(path, line)
                if problem:
                    problems.append(f"{path}:{number}: {line.strip()}\n    {problem}")
    return problems, count


RIGHT = {
    "tenon/core/tensor.h": '#include <vector>\n#include "tenon/base/error.h"\n'
                           '#include "tenon/core/methods.inc"\n',
    "tenon/core/print.cpp": "#include <fmt/format.h>\n",
    "tenon/graph/passes/fold.cpp": '#include "tenon/graph/plan/plan.h"\n'
                                   '#include "tenon/ops/functions.h"\n',
    "tenon/graph/plan/plan.h": '#include "tenon/graph/ir/node.h"\n',
    "tenon/backends/cpu/matmul.cpp": '#include <dnnl.hpp>\n#include "tenon/graph/plan/plan.h"\n',
    "tenon/backends/cpu/simd-inl.h": "#include <hwy/highway.h>\n",
    "tenon/train/trainer.cpp": '#include "tenon/nn/module.h"\n#include "tenon/optim/adam.h"\n',
    "tenon/nn/linear_test.cpp": '#include "tenon/optim/adam.h"\n',
    "tenon/nn/nn_test_internal.h": "#include <gtest/gtest.h>\n",
    "tenon/backends/cpu/dnnl/runtime.cpp": "#include <omp.h>\n",
    "tenon/tenon.h": '#include "tenon/train/trainer.h"\n',
    "apps/tenon/main.cpp": '#include <CLI/CLI.hpp>\n#include "tenon/train/trainer.h"\n',
}
WRONG = {
    "tenon/base/a.cpp": '#include "tenon/core/tensor.h"\n',
    "tenon/core/a.h": '#include "tenon/dispatch/dispatch.h"\n',
    "tenon/core/b.h": "#include <fmt/format.h>\n",
    "tenon/core/c.cpp": "#include <dnnl.hpp>\n",
    "tenon/tile/a.cpp": '#include "tenon/backends/cpu/interpreter.h"\n',
    "tenon/tile/b_test.cpp": "#include <hwy/highway.h>\n",
    "tenon/ops/a.cpp": '  #  include "tenon/autograd/tape.h"\n',
    "tenon/graph/a.cpp": '#include "tenon/autograd/tape.h"\n',
    "tenon/backends/cpu/a.cpp": '#include "tenon/ops/functions.h"\n',
    "tenon/backends/cpu/b.cpp": '#include "tenon/graph/passes/fold.h"\n',
    "tenon/backends/cpu/c.cpp": "#pragma omp parallel for\n",
    "tenon/backends/cpu/d.cpp": '#include "helper.h"\n',
    "tenon/io/a.h": "#include <png.h>\n",
    "tenon/io/b.h": "#include <nlohmann/json.hpp>\n",
    "tenon/nn/a.cpp": '#include "tenon/optim/adam.h"\n',
    "tenon/nn/b.cpp": '#include "tenon/tenon.h"\n',
    "tenon/train/a.cpp": '#include "tenon/models/cnn.h"\n',
    "tenon/misc/a.cpp": '#include "tenon/base/error.h"\n',
    "tenon/tenon.h": '#include "tenon/backends/cpu/kernels.h"\n',
    "apps/tenon/a.cpp": '#include "tenon/core/strides_internal.h"\n',
    "examples/a.cpp": '#include "tenon/backends/cpu/kernels.h"\n',
}


def self_test():
    def problems_of(files):
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                file = pathlib.Path(root, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            return check_tree(root)[0]

    right = problems_of(RIGHT)
    assert not right, right
    for path, text in WRONG.items():
        assert len(problems_of({path: text})) == 1, f"not caught: {path}: {text}"
    print(f"layers: {len(WRONG)} wrong includes caught, {len(RIGHT)} right files accepted")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    problems, count = [], 0
    for root in sys.argv[1:]:
        found, files = check_tree(root)
        problems += found
        count += files
    if count == 0:
        sys.exit(f"no sources under {' or '.join(sys.argv[1:])}")
    if problems:
        sys.exit("\n".join(problems) + f"\n{len(problems)} wrong includes in {count} files")
    print(f"layers: {count} files in order")


if __name__ == "__main__":
    main()
