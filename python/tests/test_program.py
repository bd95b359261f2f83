"""Programs: functions in files, under Tenon's names and PyTorch's."""

import io
import json
import subprocess
import sys

import numpy as np
import pytest
import tenon as torch
from tenon import nn


def classifier():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Dropout(0.5), nn.ReLU(),
                         nn.Linear(5, 3)).eval()


def close(a, b):
    return a.shape == b.shape and torch.allclose(a, b, rtol=1e-5, atol=1e-6)


def test_round_trip_in_another_process(tmp_path):
    model, path = classifier(), tmp_path / "model.safetensors"
    x = torch.randn(4, 6)
    torch.save_program(model, x, path, dynamic_shapes={"input": {0: "batch"}},
                       output_names=["logits"])
    torch.save({"x": x, "y": model(x).detach(), "all": model(torch.cat([x, x, x])).detach()},
               tmp_path / "want")
    done = subprocess.run([sys.executable, "-c", f"""
import tenon as torch
want = torch.load({str(tmp_path / 'want')!r})
program = torch.Program.load({str(path)!r})
x = want["x"]
assert torch.allclose(program(x), want["y"], atol=1e-6)
assert torch.allclose(program(torch.cat([x, x, x])), want["all"], atol=1e-6)
print(program.signature)
"""], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "(input: float32[batch, 6]) -> (logits: float32[batch, 3])\n"
    assert set(torch.load(path)) == set(torch.Program.load(path).state_dict()) and \
        "4.weight" in torch.load(path)


def test_structures_arrays_and_plain_values():
    def function(pair, *, scale, options):
        a, b = pair
        return {"sum": a + b * scale, "rest": [a * 2, (options["shift"] + b, "text", None)]}

    file = io.BytesIO()
    a, b, shift = torch.randn(3, 2), torch.randn(3, 2), torch.randn(2)
    torch.save_program(function, ([a, b],), file, kwargs={"scale": 3, "options": {"shift": shift}},
                       dynamic_shapes={"pair": [{0: "n"}, ("n", None)]})
    file.seek(0)
    program = torch.Program.load(file)
    assert [one.name for one in program.inputs] == ["pair.0", "pair.1", "options.shift"]
    assert program.inputs[0].shape == ("n", 2) and program.inputs[2].dtype is torch.float32
    x, y = np.float32([[1, 2]] * 5), np.float32([[3, 4]] * 5)
    made = program([x, y], scale=3, options={"shift": shift})
    assert made["sum"].tolist() == [[10, 14]] * 5 and made["rest"][1][1:] == ("text", None)
    assert close(made["rest"][1][0], shift + torch.from_numpy(y))
    assert program((x, y), options={"shift": [0.0, 1.0]})["rest"][1][0].tolist() == [[3, 5]] * 5
    with pytest.raises(ValueError, match="'scale' is 4; the program was saved with 3"):
        program([x, y], scale=4, options={"shift": shift})
    with pytest.raises(TypeError, match="'options' is missing"):
        program([x, y])
    with pytest.raises(TypeError, match="'pair' is a list of 2"):
        program([x], options={"shift": shift})
    with pytest.raises(TypeError, match="no argument 'offset'"):
        program([x, y], offset=1)
    with pytest.raises(torch.DTypeError, match="'pair.0' is float64"):
        program([x.astype("float64"), y], options={"shift": shift})
    with pytest.raises(torch.ShapeError, match="'pair.1' is float32.4, 2."):
        program([x, y[:4]], options={"shift": shift})


def test_what_changes_its_tensors_keeps_them(tmp_path):
    count = torch.zeros(1)
    torch.save_program(lambda x: count.add_(x.sum()).clone(), torch.ones(3), tmp_path / "count")
    program = torch.Program.load(tmp_path / "count")
    assert count.item() == 0  # saving left it alone
    assert [program(torch.ones(3)).item() for _ in range(2)] == [3, 6]
    assert program.state_dict()["constant.0"].item() == 6


def test_what_cannot_be_saved(tmp_path):
    x, path = torch.randn(4, 6), tmp_path / "file"

    def refused(function, error, match, **options):
        with pytest.raises(error, match=match):
            torch.save_program(function, x, path, **options)
        assert not path.exists()

    refused(classifier().train(), ValueError, "eval")
    refused(lambda t: t * t.sum().item(), ValueError, "read a result")
    refused(lambda t: t.exp() if t.shape[0] > 5 else t.abs(), ValueError, "abs or exp",
            dynamic_shapes={"t": {0: "n"}})
    refused(lambda t: t + torch.tensor([float(t.shape[0])]), ValueError, "differs",
            dynamic_shapes={"t": {0: "n"}})
    refused(lambda t: t.exp(), ValueError, "no argument 'y'", dynamic_shapes={"y": {0: "n"}})
    refused(lambda t: t.exp(), ValueError, "no dim 2", dynamic_shapes={"t": {2: "n"}})
    refused(lambda t: t.exp(), ValueError, "'a b'", dynamic_shapes={"t": {0: "a b"}})
    refused(lambda t: object(), TypeError, "not object")
    refused(lambda t: 1 / 0, ZeroDivisionError, "zero")
    refused("text", TypeError, "not str")


def test_hostile_files(tmp_path):
    good, path = tmp_path / "good", tmp_path / "bad"
    torch.save_program(lambda x: x * 2, torch.ones(3), good)
    metadata = torch._core.load_metadata(str(good))
    key = "tenon.program.call"
    call = json.loads(metadata[key])
    wrong = ["", "nonsense", "[]", "{}", "[" * 10000, json.dumps({**call, "result": {}}),
             json.dumps({**call, "result": {"__tensor__": 1}}),
             json.dumps({**call, "result": {"tuple": [{}]}}),
             json.dumps({**call, "ranges": {"n": 1}}),
             json.dumps({**call, "parameters": []}),
             json.dumps({**call, "parameters": [["x", {"__tensor__": "a"}]]}),
             json.dumps({**call, "parameters": [[["x"], {"__tensor__": 0}]]})]
    for text in wrong:
        torch._core.save_tensors({}, str(path), {**metadata, key: text})
        with pytest.raises(torch.IoError, match="metadata doesn't describe"):
            torch.Program.load(path)
    content = good.read_bytes()
    for cut in range(0, len(content), 7):
        path.write_bytes(content[:cut])
        with pytest.raises((torch.IoError, ValueError)):
            torch.Program.load(path)
    torch.save({"x": torch.ones(2)}, path)
    with pytest.raises(ValueError, match="holds no program"):
        torch.Program.load(path)
    with pytest.raises(torch.IoError, match="No such file"):
        torch.Program.load(tmp_path / "none")


def test_of_cpp_files_have_plain_arguments(tmp_path):
    path = tmp_path / "file"
    torch.save_program(lambda x, y: (x + y, x - y), (torch.ones(2), torch.ones(2)), path)
    metadata = torch._core.load_metadata(str(path))
    del metadata["tenon.program.call"]
    torch._core.save_tensors({}, str(path), metadata)
    program = torch.Program.load(path)
    total, difference = program(y=[1.0, 2.0], x=torch.tensor([5.0, 5.0]))
    assert total.tolist() == [6, 7] and difference.tolist() == [4, 3]


def test_export(tmp_path):
    model, x = classifier(), torch.randn(4, 6)
    batch = torch.export.Dim("batch", max=16)
    exported = torch.export.export(model, (x,), dynamic_shapes=({0: batch},))
    torch.export.save(exported, tmp_path / "model.pt2")
    del exported
    loaded = torch.export.load(tmp_path / "model.pt2")
    with torch.no_grad():
        for rows in 1, 4, 16:
            x = torch.randn(rows, 6)
            assert close(loaded.module()(x), model(x))
    with pytest.raises(torch.ShapeError, match="batch = 17; it was saved for 0 to 16"):
        loaded.module()(torch.randn(17, 6))
    assert loaded.range_constraints == {"batch": (None, 16)}
    assert loaded.state_dict.keys() >= {"0.weight", "4.bias"}
    with pytest.raises(RuntimeError, match="call its module"):
        loaded(x)
    with pytest.raises(ValueError, match="takes a module"):
        torch.export.export(lambda x: x, (x,))
    fixed = torch.export.export(model, (x,)).module()
    with pytest.raises(torch.ShapeError, match="expected float32.16, 6."):
        fixed(torch.randn(2, 6))
    free = torch.export.export(model, (x,), dynamic_shapes={"input": {0: torch.export.Dim.DYNAMIC}})
    assert free.module()(torch.randn(3, 6)).shape == (3, 3)


def test_jit_traces_train_and_are_saved(tmp_path):
    model, x = classifier(), torch.randn(4, 6)
    traced = torch.jit.trace(model, x)
    assert close(traced(x), model(x)) and list(traced.state_dict()) == list(model.state_dict())
    traced(x).sum().backward()
    assert model[0].weight.grad is not None and next(traced.parameters()) is model[0].weight
    assert not traced.train().eval().training and not model[2].training
    assert traced.original_name == "Sequential"
    traced.save(tmp_path / "traced.pt")
    loaded = torch.jit.load(tmp_path / "traced.pt", map_location="cpu").eval()
    with torch.no_grad():
        more = torch.randn(9, 6)
        assert close(loaded(more), model(more))
    file = io.BytesIO()
    torch.jit.save(torch.jit.trace(lambda x, y: x @ y, (torch.ones(2, 3), torch.ones(3, 4))), file)
    file.seek(0)
    assert torch.jit.load(file)(torch.ones(2, 3), torch.ones(3, 4)).tolist() == [[3] * 4] * 2


def test_jit_saves_for_the_examples_sizes_where_it_must(tmp_path):
    def steps(x):
        state = torch.zeros(x.shape[1:])
        for row in x:
            state = torch.tanh(state + row)
        return state

    with pytest.warns(UserWarning, match="the example's sizes only"):
        torch.jit.trace(steps, torch.randn(3, 2)).save(tmp_path / "steps")
    x = torch.randn(3, 2)
    assert close(torch.jit.load(tmp_path / "steps")(x), steps(x))


def test_jit_scripts_keep_their_branches():
    @torch.jit.script
    def positive(x):
        return x if x.sum() > 0 else -x

    assert positive(torch.tensor([-2.0])).item() == 2 and positive(torch.tensor([3.0])).item() == 3
    with pytest.raises(RuntimeError, match="no example"):
        torch.jit.save(positive, io.BytesIO())
    module = torch.jit.script(nn.Linear(2, 2))
    assert isinstance(module, torch.jit.ScriptModule) and module.in_features == 2
    assert torch.jit.freeze(module.eval()) is module
    with pytest.raises(RuntimeError, match="eval"):
        torch.jit.freeze(module.train())
    with pytest.raises(TypeError, match="not int"):
        torch.jit.script(3)
    assert torch.jit.annotate(int, 3) == 3 and not torch.jit.is_scripting()


def test_labels_out_of_range_are_errors_of_replays():
    loss = torch.compile(torch.nn.functional.cross_entropy, pure=True)
    nll = torch.compile(torch.nn.functional.nll_loss, pure=True)
    x = torch.randn(4, 3)
    good = torch.tensor([0, 2, -100, 1])
    for function in (loss, nll):
        first = function(x, good).item()
        for bad in ([0, 1, 2, 7], [0, -1, 2, 1], [3, 0, 0, 0]):
            with pytest.raises(IndexError):
                function(x, torch.tensor(bad))
        assert function(x, good).item() == first
        assert function.counters()["replays"] >= 1


@pytest.mark.parametrize("pure", [False, True])
@pytest.mark.parametrize("computed", [False, True])
def test_probabilities_outside_of_0_to_1_are_errors_of_compiled_calls(pure, computed):
    """Also where the numbers are made in the function, and so aren't there when it is called."""
    def loss(p, target):
        p = p * 1 if computed else p
        return torch.nn.functional.binary_cross_entropy(p, target)

    def drawn(p, target):
        return torch.bernoulli(p * 1 if computed else p) * target

    good, bad = torch.tensor([0.0, 0.25, 1.0]), torch.tensor([0.25, 1.5, float("nan")])
    for function in (loss, drawn):
        compiled = torch.compile(function, pure=pure)
        for _ in range(3):
            compiled(good, good)
            with pytest.raises(RuntimeError, match="2 elements are not"):
                compiled(bad, good).sum().item()
        if function is loss:
            with pytest.raises(RuntimeError, match="a target in"):
                compiled(good, bad).item()
            assert compiled(good, good).item() == loss(good, good).item()


def test_code_that_catches_the_error_of_probabilities_finds_it_where_it_calls():
    def step(p):
        try:
            return torch.bernoulli(p * 1)
        except RuntimeError:
            return p - 5

    compiled = torch.compile(step)
    for _ in range(3):
        assert compiled(torch.tensor([2.0])).tolist() == [-3]
        assert compiled(torch.tensor([1.0])).tolist() == [1]
