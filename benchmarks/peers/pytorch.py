"""PyTorch: `pytorch.py ROW [--channels-last] [--compile] [--serve]`: eager as shipped, or what
torch.compile takes of each step: losses, models, optimizers' steps, while `backward()` stays eager.
Linear regression is then written with torch.func, which it takes whole.

With --tenon instead of --compile the same programs run on Tenon from Python: each case eagerly, and
with the whole step compiled."""

import random
import sys

from timing import LEARNING_RATE, Suite

TENON = "--tenon" in sys.argv
if TENON:
    import tenon as torch
    import tenon.nn.functional as F
else:
    import torch
    import torch.nn.functional as F

MULTIPLIES = 10
COMPILE = "--compile" in sys.argv


def maybe_compile(function):
    return torch.compile(function) if COMPILE else function


class CompiledSuite:
    """Takes cases for another suite, to be run with each timed step compiled as a whole."""

    def __init__(self, suite):
        self._suite = suite

    @staticmethod
    def _compiled(prepare):
        return lambda: torch.compile(prepare())

    def time(self, name, unit, scale, prepare):
        self._suite.time(f"compiled {name}", unit, scale, self._compiled(prepare))

    def rate(self, name, unit, amount, prepare):
        self._suite.rate(f"compiled {name}", unit, amount, self._compiled(prepare))


def multiply_and_backward(x, y, dy):
    h = x
    for _ in range(MULTIPLIES):
        h = h * y
    h.backward(dy)
    x.grad = None
    y.grad = None


def add_row1(suite):
    def prepare_add(gradient):
        x, y = torch.ones(8, requires_grad=gradient), torch.ones(8)
        return lambda: torch.add(x, y)

    def prepare_multiply(both):
        x, y = torch.ones(8, requires_grad=True), torch.ones(8, requires_grad=both)
        dy = torch.ones(8)
        return lambda: multiply_and_backward(x, y, dy)

    suite.time("add", "ns", 1e9, lambda: prepare_add(False))
    suite.time("add with gradient", "ns", 1e9, lambda: prepare_add(True))
    scale = 1e9 / MULTIPLIES
    suite.time("multiply forward + backward", "ns", scale, lambda: prepare_multiply(False))
    suite.time("multiply forward + backward, two gradients", "ns", scale,
               lambda: prepare_multiply(True))


def add_row2(suite):
    steps = 100

    def prepare():
        x = torch.linspace(-1, 1, 32).reshape(32, 1)
        y = x * 2

        def loss(weight, bias):
            return F.mse_loss(x * weight + bias, y)

        @maybe_compile
        def functional_step(weight, bias):
            dw, db = torch.func.grad(loss, argnums=(0, 1))(weight, bias)
            return weight - 0.01 * dw, bias - 0.01 * db

        def body():
            weight = torch.zeros((), requires_grad=not COMPILE)
            bias = torch.zeros((), requires_grad=not COMPILE)
            if COMPILE:
                for _ in range(steps):
                    weight, bias = functional_step(weight, bias)
                return
            optimizer = torch.optim.SGD([weight, bias], lr=0.01)
            for _ in range(steps):
                optimizer.zero_grad()
                loss(weight, bias).backward()
                optimizer.step()

        return body

    suite.time("linear regression, SGD step", "us", 1e6 / steps, prepare)


def train_step(model, x, y, optimizer, autocast=False):
    @maybe_compile
    def loss_of(x, y):
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            return F.cross_entropy(model(x), y)

    step = maybe_compile(optimizer.step)

    def body():
        optimizer.zero_grad()
        loss_of(x, y).backward()
        step()

    return body


def add_row3(suite):
    def prepare():
        torch.manual_seed(1)
        model = torch.nn.Sequential(
            torch.nn.Linear(16, 32), torch.nn.ReLU(), torch.nn.Linear(32, 32), torch.nn.ReLU(),
            torch.nn.Linear(32, 4))
        optimizer = torch.optim.Adam(model.parameters(), LEARNING_RATE, fused=True)
        return train_step(model, torch.randn(16, 16), torch.randint(0, 4, (16,)), optimizer)

    suite.time("MLP 16-32-32-4, Adam step", "us", 1e6, prepare)


def digits_cnn():
    torch.manual_seed(1)
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 32, 3), torch.nn.ReLU(), torch.nn.Conv2d(32, 64, 3), torch.nn.ReLU(),
        torch.nn.MaxPool2d(2), torch.nn.Flatten(), torch.nn.Linear(64 * 12 * 12, 128),
        torch.nn.ReLU(), torch.nn.Linear(128, 10))


def add_row4(suite, memory_format, batch=64):
    def prepare_training(precision):
        model = digits_cnn().to(memory_format=memory_format)
        optimizer = torch.optim.Adam(model.parameters(), LEARNING_RATE, fused=True)
        x = torch.randn(batch, 1, 28, 28).to(memory_format=memory_format)
        y = torch.randint(0, 10, (batch,))
        return train_step(model, x, y, optimizer, autocast=precision == "bf16")

    def prepare_inference(precision):
        model = digits_cnn().to(memory_format=memory_format).eval()
        x = torch.randn(batch, 1, 28, 28).to(memory_format=memory_format)
        if precision == "bf16":  # faster than autocast, which casts the weights in each call
            model, x = model.to(torch.bfloat16), x.to(torch.bfloat16)
        run = maybe_compile(model)

        def body():
            with torch.inference_mode():
                return run(x)

        return body

    for precision in "f32", "bf16":
        suite.rate(f"digits CNN training, {precision}", "images/s", batch,
                   lambda precision=precision: prepare_training(precision))
        suite.rate(f"digits CNN inference, {precision}", "images/s", batch,
                   lambda precision=precision: prepare_inference(precision))


def random_tree(leaves, generator):
    """A word, or two subtrees."""
    if leaves == 1:
        return generator.randrange(100)
    left = generator.randrange(1, leaves)
    return random_tree(left, generator), random_tree(leaves - left, generator)


def add_row8(suite, units=256, steps=100, tree_units=64, trees=25):
    def prepare_lstm():
        cell = torch.nn.LSTMCell(units, units)
        x = torch.randn(1, units)
        step = maybe_compile(lambda h, c, count: (*cell(x, (h, c)), count + 1))

        def body():
            with torch.no_grad():
                h, c = torch.zeros(1, units), torch.zeros(1, units)
                count = torch.zeros(())
                while True:
                    h, c, count = step(h, c, count)
                    if count.item() >= steps:
                        return h

        return body

    def prepare_trees():
        generator = random.Random(1)
        forest = [random_tree(8 + generator.randrange(25), generator) for _ in range(trees)]
        words = torch.randn(100, tree_units, requires_grad=True)
        leaf = (torch.randn(3 * tree_units, tree_units) * 0.1).requires_grad_()
        inner = (torch.randn(5 * tree_units, 2 * tree_units) * 0.1).requires_grad_()
        bias = torch.zeros(5 * tree_units, requires_grad=True)

        def state_of(tree):
            if isinstance(tree, int):
                i, o, u = F.linear(words[tree], leaf).chunk(3)
                c = torch.sigmoid(i) * torch.tanh(u)
                return torch.sigmoid(o) * torch.tanh(c), c
            (left_h, left_c), (right_h, right_c) = map(state_of, tree)
            i, o, u, f, g = F.linear(torch.cat([left_h, right_h]), inner, bias).chunk(5)
            c = (torch.sigmoid(i) * torch.tanh(u) + torch.sigmoid(f) * left_c +
                 torch.sigmoid(g) * right_c)
            return torch.sigmoid(o) * torch.tanh(c), c

        def body():
            for tree in forest:
                for weight in words, leaf, inner, bias:
                    weight.grad = None
                state_of(tree)[0].sum().backward()

        return body

    suite.time("LSTM-256 until stop, step", "us", 1e6 / steps, prepare_lstm)
    if not COMPILE:  # which has no part that torch.compile would take whole
        suite.time("Tree-LSTM over 25 trees", "ms", 1e3, prepare_trees)


def forward_and_backward(op, x, dy):
    def body():
        op(x).backward(dy)
        x.grad = None

    return body


def add_row_op(suite, name, op):
    op = maybe_compile(op)

    def prepare_forward():
        x = torch.randn(8192, 1024)

        def body():
            with torch.no_grad():
                return op(x)

        return body

    def prepare_both():
        x = torch.randn(8192, 1024, requires_grad=True)
        return forward_and_backward(op, x, torch.randn(8192, 1024))

    suite.time(f"{name} 8192x1024 forward", "ms", 1e3, prepare_forward)
    suite.time(f"{name} 8192x1024 forward + backward", "ms", 1e3, prepare_both)


def add_row9(suite):
    def prepare_chain(links, count):
        x, y = torch.rand(count), torch.rand(count)

        @maybe_compile
        def chain(x, y):
            h = x
            for _ in range(links):
                h = torch.relu(h * y + x)
            return h

        return lambda: chain(x, y)

    def prepare_gelu():
        x = torch.randn(1 << 24)
        gelu = maybe_compile(F.gelu)
        return lambda: gelu(x)

    def prepare_cross_entropy():
        x = torch.randn(512, 50257, requires_grad=True)
        y = torch.randint(0, 50257, (512,))
        return forward_and_backward(maybe_compile(lambda x: F.cross_entropy(x, y)), x, None)

    for links in 1, 4:
        for name, count in ("64K", 1 << 16), ("1M", 1 << 20), ("16M", 1 << 24):
            suite.time(f"{3 * links}-op chain, {name}", "ms", 1e3,
                       lambda links=links, count=count: prepare_chain(links, count))
    suite.time("GELU, 16M", "ms", 1e3, prepare_gelu)
    add_row_op(suite, "softmax", lambda x: torch.softmax(x, 1))
    weight = torch.ones(1024, requires_grad=True)
    bias = torch.zeros(1024, requires_grad=True)
    add_row_op(suite, "layer norm", lambda x: F.layer_norm(x, (1024,), weight, bias))
    suite.time("cross-entropy 512x50257 forward + backward", "ms", 1e3, prepare_cross_entropy)


def add_row12(suite, workers=0, images=60000):
    def prepare():
        data = torch.utils.data.TensorDataset(
            torch.rand(images, 1, 28, 28), torch.randint(0, 10, (images,)))
        loader = torch.utils.data.DataLoader(
            data, batch_size=64, shuffle=True, num_workers=workers)

        def body():
            for _ in loader:
                pass

        return body

    suite.rate("shuffled 28x28 images, batch 64", "images/s", images, prepare)


def add_rows(suite, row):
    if row == "4":
        channels_last = "--channels-last" in sys.argv
        add_row4(suite, torch.channels_last if channels_last else torch.contiguous_format)
    else:
        {"1": add_row1, "2": add_row2, "3": add_row3, "8": add_row8,
         "9": add_row9, "12": add_row12}[row](suite)


def main():
    row = sys.argv[1]
    suite = Suite(f"{'Tenon from Python' if TENON else 'PyTorch'} {torch.__version__}")
    add_rows(suite, row)
    if TENON and row != "1":
        add_rows(CompiledSuite(suite), row)
    suite.run()


main()
