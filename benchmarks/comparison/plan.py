"""What is compared: the cases with their goals and limits, and the peers with their commands."""

from dataclasses import dataclass, field
from typing import Callable, Optional

LOWER, HIGHER = "lower", "higher"  # which way is better


@dataclass
class Goal:
    """What a case has to reach; every part that is given counts."""

    value: Optional[float] = None  # ours, in the case's unit: at most, or at least for rates
    ratio: Optional[float] = None  # against the best of `against`
    fraction: Optional[float] = None  # of the limit
    against: str = "eager"  # a kind of peers, or a peer's key; empty: all of them

    def text(self, unit, better):
        parts = []
        if self.value is not None:
            parts.append(f"{'≤' if better == LOWER else '≥'} {self.value:g} {unit}")
        if self.ratio is not None:
            names = {"eager": "the best eager peer", "": "the best peer"}
            name = names.get(self.against, self.against)
            parts.append(f"≥ {self.ratio:g}× {name}")
        if self.fraction is not None:
            parts.append(f"≥ {100 * self.fraction:g} % of the limit")
        return ", ".join(parts)


@dataclass(eq=False)
class Case:
    row: str
    name: str
    unit: str
    better: str = LOWER
    goal: Goal = field(default_factory=Goal)
    # The best value that the machine allows, from its measured limits; None where none is stated.
    limit: Optional[Callable[[dict], float]] = None
    # What the peers call it, where that is another name: ours compiled goes against theirs,
    # whichever way they run.
    theirs: str = ""

    def name_of_peers(self):
        return self.theirs or self.name


def bandwidth(limits):
    """Bytes a second that a copy reaches, the better of plain and non-temporal stores."""
    return 1e9 * max(limits["DRAM copy"], limits["DRAM copy, non-temporal"])


def milliseconds_to_move(streams, count):
    """The limit of a case that reads or writes `streams` arrays of `count` floats."""
    return lambda limits: 1e3 * 4 * streams * count / bandwidth(limits)


def images_of_flops(flops):
    return lambda limits: 1e9 * limits["f32 multiply-add"] / flops


def row9():
    mega16, matrix, vocabulary = 1 << 24, 8192 * 1024, 512 * 50257
    for links in 1, 4:
        for size in "64K", "1M", "16M":
            # Op by op, a link of three ops reads five arrays and writes three. Smaller arrays stay
            # in caches, where DRAM's bandwidth says nothing.
            limit = milliseconds_to_move(8 * links, mega16) if size == "16M" else None
            yield Case("9", f"{3 * links}-op chain, {size}", "ms", goal=Goal(ratio=2), limit=limit)
    yield Case("9", "GELU, 16M", "ms", limit=milliseconds_to_move(2, mega16))
    for op in "softmax", "layer norm":
        for way, streams in ("forward", 2), ("forward + backward", 5):
            yield Case("9", f"{op} 8192x1024 {way}", "ms", goal=Goal(fraction=0.8),
                       limit=milliseconds_to_move(streams, matrix))
    yield Case("9", "cross-entropy 512x50257 forward + backward", "ms",
               limit=milliseconds_to_move(3, vocabulary))
    # Compiled, a chain is one pass: two arrays in, one out.
    for links in 1, 4:
        for size in "64K", "1M", "16M":
            name = f"{3 * links}-op chain, {size}"
            large = size == "16M"
            yield Case("9", f"compiled {name}", "ms", theirs=name,
                       goal=Goal(ratio=1.3, fraction=0.85 if large else None, against="compiled"),
                       limit=milliseconds_to_move(3, mega16) if large else None)
    yield Case("9", "compiled GELU, 16M", "ms", theirs="GELU, 16M",
               goal=Goal(ratio=1.3, fraction=0.85, against="compiled"),
               limit=milliseconds_to_move(2, mega16))


# Multiply-adds of the digits CNN, counted twice; the two gradients cost as much as the forward
# each.
CNN_FLOPS = 2 * (26 * 26 * 32 * 9 + 24 * 24 * 64 * 288 + 9216 * 128 + 1280)


def row4():
    for form in "", "compiled ":
        for precision, ratio in ("f32", 1.5), ("bf16", 2):
            for what, passes in ("training", 3), ("inference", 1):
                name = f"digits CNN {what}, {precision}"
                goal, limit = Goal(ratio=ratio), None
                if precision == "f32":
                    goal.fraction, limit = 0.7, images_of_flops(passes * CNN_FLOPS)
                if form:
                    goal.against = "compiled"
                yield Case("4", form + name, "images/s", HIGHER, goal, limit, theirs=name)


CASES = [
    Case("1", "add", "ns", goal=Goal(40, 10, against="libtorch")),
    Case("1", "add with gradient", "ns", goal=Goal(80, 10, against="libtorch")),
    Case("1", "multiply forward + backward", "ns", goal=Goal(100, 10, against="libtorch")),
    Case("1", "multiply forward + backward, two gradients", "ns",
         goal=Goal(ratio=10, against="libtorch")),
    Case("2", "linear regression, SGD step", "us", goal=Goal(2)),
    Case("2", "compiled linear regression, SGD step", "us", goal=Goal(0.8, against="compiled"),
         theirs="linear regression, SGD step"),
    Case("2", "pure linear regression, SGD step", "us", goal=Goal(0.3, against="compiled"),
         theirs="linear regression, SGD step"),
    Case("2", "rolled linear regression, SGD step", "us", goal=Goal(0.03, against="compiled")),
    Case("2", "replayed op", "ns", goal=Goal(12)),
    Case("2", "replayed op with gradient", "ns", goal=Goal(25)),
    Case("2", "replayed chain of adds, an add", "ns"),
    Case("2", "replayed call of one op", "ns"),
    Case("3", "MLP 16-32-32-4, Adam step", "us", goal=Goal(10)),
    Case("3", "compiled MLP 16-32-32-4, Adam step", "us", goal=Goal(5, against="compiled"),
         theirs="MLP 16-32-32-4, Adam step"),
    Case("3", "pure MLP 16-32-32-4, Adam step", "us", goal=Goal(3, against="compiled"),
         theirs="MLP 16-32-32-4, Adam step"),
    *row4(),
    Case("8", "LSTM-256 until stop, step", "us", goal=Goal(ratio=5, against="PyTorch")),
    Case("8", "compiled LSTM-256 until stop, step", "us", goal=Goal(ratio=3, against="compiled"),
         theirs="LSTM-256 until stop, step"),
    Case("8", "Tree-LSTM over 25 trees", "ms", goal=Goal(ratio=10, against="PyTorch")),
    Case("8", "compiled Tree-LSTM over 25 trees", "ms", goal=Goal(ratio=10, against="PyTorch"),
         theirs="Tree-LSTM over 25 trees"),
    *row9(),
    Case("12", "shuffled 28x28 images, batch 64", "images/s", HIGHER,
         Goal(ratio=30, against="PyTorch"), lambda limits: bandwidth(limits) / (2 * 4 * 28 * 28)),
]
# From Python, against the same program on the peers; what is compiled is a whole step.
PYTHON_GOALS = {
    "1p": [("add", "ns", LOWER, Goal(200, 4, against="PyTorch")),
           ("add with gradient", "ns", LOWER, Goal(ratio=4, against="PyTorch")),
           ("multiply forward + backward", "ns", LOWER, Goal(ratio=4, against="PyTorch"))],
    "2p": [("linear regression, SGD step", "us", LOWER, Goal()),
           ("compiled linear regression, SGD step", "us", LOWER, Goal())],
    "3p": [("MLP 16-32-32-4, Adam step", "us", LOWER, Goal()),
           ("compiled MLP 16-32-32-4, Adam step", "us", LOWER, Goal())],
    "4p": [(f"{form}digits CNN {what}, {precision}", "images/s", HIGHER, Goal(ratio=ratio))
           for form in ("", "compiled ") for precision, ratio in (("f32", 1.5), ("bf16", 2))
           for what in ("training", "inference")],
    "6p": [("fit() of the digits CNN", "images/s", HIGHER, Goal(ratio=1.5, against="")),
           ("fit() of MLP 784-128-10", "images/s", HIGHER, Goal(ratio=1.5, against="")),
           ("fit() of MLP 8-8-4, step", "us", LOWER, Goal(ratio=5, against="")),
           ("fit() of MLP 784-128-10 from tf.data", "images/s", HIGHER,
            Goal(ratio=1.5, against="")),
           ("loop with tf.function, MLP 784-128-10", "images/s", HIGHER,
            Goal(ratio=1.5, against=""))],
    "8p": [("LSTM-256 until stop, step", "us", LOWER, Goal(ratio=5, against="PyTorch")),
           ("compiled LSTM-256 until stop, step", "us", LOWER, Goal(ratio=5, against="PyTorch")),
           ("Tree-LSTM over 25 trees", "ms", LOWER, Goal(ratio=10, against="PyTorch")),
           ("compiled Tree-LSTM over 25 trees", "ms", LOWER, Goal(ratio=10, against="PyTorch"))],
}
CASES += [Case(row, name, unit, better, goal, theirs=name.removeprefix("compiled "))
          for row, cases in PYTHON_GOALS.items() for name, unit, better, goal in cases]
FIRST_STEP = Case("6p", "first layer to the end of the first step, digits CNN", "ms",
                  goal=Goal(ratio=10, against=""))
FIRST_OP = Case("13", "process start to first op", "ms", goal=Goal(10))
RESIDENT = Case("13", "resident memory after the first op", "MB", goal=Goal(20))
SIZE = Case("13", "library without its dependencies", "MB", goal=Goal(10))
BLOCK_MEMORY = Case("13", "GPT-2-shaped block, training step, peak memory", "MB",
                    goal=Goal(ratio=1.25, against=""))
BLOCK_TIME = Case("13", "GPT-2-shaped block, training step", "ms")
# Of programs of our own: what row13 is asked for, and the field of its answer.
COMPILING = [
    (Case("13", "compiling the digits CNN's step, cold", "ms", goal=Goal(20)),
     "compile-cnn", "cold_ms"),
    (Case("13", "compiling the GPT-2-shaped block's step, cold", "ms"), "compile-block", "cold_ms"),
    (Case("13", "50 lengths of sequences, plans after two", "plans", goal=Goal(0)),
     "lengths", "plans"),
]
FIRST_OP_PYTHON = Case("13p", "process start to first op", "ms", goal=Goal(150))
RESIDENT_PYTHON = Case("13p", "resident memory after the first op", "MB")
SIZE_PYTHON = Case("13p", "package with the library", "MB", goal=Goal(40))
ROWS = ["1", "1p", "2", "2p", "3", "3p", "4", "4p", "6p", "8", "8p", "9", "12", "13", "13p"]

# glibc told to keep large blocks: without it each fresh large tensor pays for page faults.
TUNED = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "100000000000",
         "MALLOC_TOP_PAD_": "268435456"}


@dataclass
class Peer:
    key: str
    package: str  # whose version is named
    rows: list
    script: str  # under peers/; empty for the program that is built from libtorch.cpp
    arguments: list = field(default_factory=list)
    environment: dict = field(default_factory=dict)
    kind: str = "eager"

    def has(self, row):
        """Rows from Python have the peers of the row from C++ that run on Python; all of these have
        row 1, but Keras, which has a row of its own."""
        return row in self.rows or bool(row.endswith("p") and self.script and "6p" not in self.rows
                                        and row[:-1] in ["1", *self.rows])


PEERS = [
    Peer("libtorch", "torch", ["1", "2", "3"], ""),
    Peer("PyTorch", "torch", ["2", "3", "4", "8", "9", "12"], "pytorch.py"),
    Peer("PyTorch, tuned malloc", "torch", ["4", "9", "12"], "pytorch.py", environment=TUNED),
    Peer("PyTorch, channels last, tuned malloc", "torch", ["4"], "pytorch.py", ["--channels-last"],
         TUNED),
    Peer("torch.compile", "torch", ["2", "3", "8"], "pytorch.py", ["--compile"], kind="compiled"),
    Peer("torch.compile, tuned malloc", "torch", ["4", "9"], "pytorch.py", ["--compile"], TUNED,
         kind="compiled"),
    Peer("TensorFlow eager", "tensorflow-cpu", ["2", "3", "4", "8", "9", "12"],
         "tensorflow_eager.py"),
    Peer("tf.function", "tensorflow-cpu", ["2", "3", "4", "8"], "tensorflow_eager.py",
         ["--function"], kind="compiled"),
    Peer("Keras on TensorFlow", "tensorflow-cpu", ["6p"], "keras_fit.py", ["--tensorflow"],
         kind="compiled"),
    Peer("Keras on JAX", "jax", ["6p"], "keras_fit.py", ["--jax"], kind="compiled"),
    Peer("TensorFlow XLA", "tensorflow-cpu", ["2", "3", "4", "8", "9"], "tensorflow_eager.py",
         ["--xla"], kind="compiled"),
    Peer("JAX eager", "jax", ["9"], "jax_eager.py"),
    Peer("JAX jit", "jax", ["2", "3", "4", "8", "9"], "jax_eager.py", ["--jit"], kind="compiled"),
]
# Row 13: what first_op.py imports, and the folders of site-packages that an installation takes.
FIRST_OP_PEERS = [("PyTorch", "torch", "torch"), ("TensorFlow", "tensorflow-cpu", "tensorflow"),
                  ("JAX", "jax", "jax"), ("ONNX Runtime", "onnxruntime", "onnxruntime")]
# What block.py is asked for.
BLOCK_PEERS = [("PyTorch", "torch", "torch", "eager"),
               ("torch.compile", "torch", "torch-compile", "compiled"),
               ("JAX jit", "jax", "jax", "compiled")]
PACKAGE_FOLDERS = {"torch": ["torch"], "tensorflow-cpu": ["tensorflow"], "jax": ["jax", "jaxlib"],
                   "onnxruntime": ["onnxruntime"]}
