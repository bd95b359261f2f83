"""Compiled Python functions do what the same code does eagerly."""

import pytest
import tenon as torch


def train(step, calls=12):
    torch.manual_seed(1)
    x, y = torch.randn(16, 3), torch.randn(16, 1)
    w, b = torch.zeros(3, 1, requires_grad=True), torch.zeros(1, requires_grad=True)
    return [step(x, y, w, b, 0.1 / (1 + call)).item() for call in range(calls)] + w.tolist()


def sgd_step(x, y, w, b, rate):
    loss = ((x @ w + b - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        for p in w, b:
            p -= rate * p.grad
            p.grad = None
    return loss


def test_training_steps_are_the_same():
    compiled = torch.compile(sgd_step)
    assert train(compiled) == train(sgd_step)
    assert compiled.counters()["calls"] == 12 and compiled.counters()["plans"] <= 2
    assert "plan of" in compiled.explain() and "digraph" in compiled.graphs(drawn=True)[0]


def test_branches_on_data():
    @torch.compile
    def halve(x, rounds=0):
        while x.sum() > 1:
            x = x / 2
            rounds += 1
        return x, rounds

    for start in 3.0, 100.0, 0.5, 7.0:
        x, rounds = halve(torch.tensor([start]))
        assert x.item() == start / 2**rounds


def test_errors_come_out_at_the_line():
    @torch.compile
    def wrong(x):
        kept.append(x + 1)
        return x @ torch.ones(7, 7)

    kept = []
    for _ in range(3):
        with pytest.raises(torch.ShapeError, match="matmul"):
            wrong(torch.ones(2, 3))
    assert kept[2].tolist() == [[2, 2, 2], [2, 2, 2]]
    with pytest.raises(ValueError, match="there is no pass"):
        torch.compile(wrong, without_passes=["fusion"])


def test_pure_functions_do_not_run_their_code_again():
    runs = []

    @torch.compile(pure=True)
    def both(x, others):
        runs.append(1)
        return x * 2 + others[0], (x - others[1]).sum()

    for number in range(5):
        x = torch.tensor([1.0, number])
        doubled, total = both(x, [torch.ones(2), x])
        assert doubled.tolist() == [3, 2 * number + 1] and total.item() == 0
    assert len(runs) == 1 and both.counters()["replays"] == 4
    with pytest.raises(TypeError, match="not int; leave `pure` out"):
        both(x, 3)
    with pytest.raises(TypeError, match="by position"):
        both(x=x, others=[x, x])


def test_pure_functions_are_validated_when_asked():
    factor = 2.0
    scaled = torch.compile(lambda x: x * factor, pure=True, validate=True)
    assert scaled(torch.ones(2)).tolist() == scaled(torch.ones(2)).tolist() == [2, 2]
    factor = 3.0
    with pytest.raises(ValueError, match="mul") as stale:
        scaled(torch.ones(2))
    line = test_pure_functions_are_validated_when_asked.__code__.co_firstlineno + 2
    assert f"and is now, at test_compile.py:{line}\n" in str(stale.value)


def test_compile_takes_pytorchs_options():
    def double(x):
        return 2 * x

    assert torch.compile(double, disable=True) is double
    for made in (torch.compile(double, fullgraph=True, mode="max-autotune"),
                 torch.compile(dynamic=False)(double)):
        assert made(torch.ones(1)).item() == 2 and made.__name__ == "double"
    with pytest.raises(TypeError, match="not int"):
        torch.compile(3)
    with pytest.raises(TypeError, match="a number of bytes, not str"):
        torch.compile(double, memory_limit="1GB")
    with pytest.raises(ValueError, match="at least 0 .no limit., not -1"):
        torch.compile(double, memory_limit=-1)
    with pytest.raises(TypeError, match="a list of names, not 'fuse'"):
        torch.compile(double, without_passes="fuse")


def test_a_memory_limit_changes_no_bit():
    def step(weight, x):
        y = x
        for _ in range(3):
            y = (y @ weight).gelu()
        loss = y.square().mean()
        loss.backward()
        return loss.item(), weight.grad.tolist()

    def run(function):
        torch.manual_seed(3)
        weight = (torch.randn(96, 96) * 0.1).requires_grad_()
        return function(weight, torch.randn(64, 96))

    free, limited = torch.compile(step), torch.compile(step, memory_limit=100_000)
    assert run(free) == run(limited)
    assert "made again" not in free.explain()
    assert "memory limit 97.7 KiB" in limited.explain()
    assert "made again: %" in limited.explain()


def test_explain_says_where_runs_and_misses_are():
    negative = False

    @torch.compile
    def step(x):
        y = -x if negative else x.exp()
        y.sum().item()
        return y

    for negative in False, False, True:
        step(torch.zeros(3))
    first = step.__wrapped__.__code__.co_firstlineno
    assert f"because of a tensor that is read at test_compile.py:{first + 3}: " in step.explain()
    assert f"op 1, test_compile.py:{first + 2}: neg came, it was exp" in step.explain()


def test_state_that_is_replaced_lends_its_memory():
    def train(wrap):
        state = torch.ones(256, 256)

        @wrap
        def step(x):
            nonlocal state
            state = torch.tanh(state + x)

        for call in range(4):
            step(torch.full((256, 256), call / 4))
        return state, step

    state, step = train(torch.compile)
    assert state.tolist() == train(lambda function: function)[0].tolist()
    assert "donated inputs: %" in step.explain()


def with_arrays_over_memory(x, numpy):
    """Arrays that reach a tensor's memory, tensors over an array's, and code that uses both."""
    seen = []
    array = x.numpy()
    x.add_(1)
    seen.append(array.sum())
    y = x * 2
    array[0] = 50
    seen.append(y.sum().item())
    over = torch.from_numpy(array)
    over.mul_(3)
    seen.append((x.sum().item(), array.sum()))
    own = numpy.ones(3, dtype="float32")
    first, second = torch.from_numpy(own), torch.from_dlpack(own)
    first += 1
    seen.append((second + first).sum().item())
    z = second * 4
    own[:] = 9
    seen.append(z.sum().item())
    view = memoryview(z)
    z[1:] -= 1
    seen.append(list(view))
    z.tanh_()
    seen.append(list(view))
    return seen


def test_arrays_over_memory_see_and_make_writes_at_once():
    numpy = pytest.importorskip("numpy")
    compiled = torch.compile(with_arrays_over_memory)
    for call in range(4):
        expected = with_arrays_over_memory(torch.full((4,), float(call)), numpy)
        assert compiled(torch.full((4,), float(call)), numpy) == expected
    assert "memory that an array outside reaches, too" in compiled.explain()


def test_arrays_that_have_gone_cut_nothing():
    pytest.importorskip("numpy")
    w = torch.zeros(3)

    @torch.compile
    def step(x):
        w.add_(x)
        w.mul_(0.5)
        return w.sum()

    flushes = []
    for holds in (False, False, True, True, False, False):
        array = w.numpy() if holds else None
        before = step.counters()["flushes"]
        step(torch.ones(3))
        flushes.append(step.counters()["flushes"] - before)
        del array
    assert flushes[1] == flushes[-1] < flushes[3]


def test_code_catches_the_errors_of_factors():
    @torch.compile
    def factor(matrix, tries=0):
        while True:
            try:
                return torch.linalg.cholesky(matrix), tries
            except ValueError:
                matrix, tries = matrix + 0.75 * torch.eye(2), tries + 1

    for scale, expected in ((1.0, 0), (-1.0, 2), (1.0, 0), (0.0, 1)):
        assert factor(scale * torch.eye(2))[1] == expected


def looked_up(table, index, seen):
    """Within `try`, nested, in a function of its own, in a comprehension, and outside of any."""
    try:
        seen.append(table[index].sum().item())
    except IndexError:
        seen.append("out")
    try:
        rows = torch.index_select(table, 0, index)
    except IndexError:
        rows = torch.zeros(1, 2)
    finally:
        seen.append("finally")
    try:
        try:
            parts = [torch.gather(table, 0, i) for i in (index.view(-1, 1),)]
        except KeyError:
            seen.append("of another type")
    except IndexError as error:
        seen.append("gather" in str(error))
        parts = [rows]

    def divide():
        return 12 // (index + 1)

    try:
        quotient = divide()
    except ValueError:
        quotient = torch.ones(1)
    with torch.no_grad():
        return rows * 2 + parts[0].sum() + quotient.sum()


def test_a_try_sees_the_errors_of_its_ops():
    table = torch.arange(6.0).view(3, 2)
    compiled = torch.compile(looked_up)
    for row in (1, 2, 7, -1, 0, 9, 1, 7):
        results = []
        for function in (looked_up, compiled):
            seen = []
            result = function(table, torch.tensor([row]), seen)
            results.append((seen, result.tolist()))
        assert results[0] == results[1], row
    assert "an op whose error the code catches" in compiled.explain()


def test_outside_of_a_try_nothing_is_cut():
    table = torch.arange(6.0).view(3, 2)

    @torch.compile
    def select(index):
        try:
            two = index.size(0) * 2
        except ValueError:
            two = 2
        with torch.no_grad():
            return torch.index_select(table, 0, index) * two

    try:
        for _ in range(3):
            select(torch.tensor([1, 2]))
    except IndexError:
        pytest.fail("nothing is out of range")
    assert select.counters()["flushes"] == 3
