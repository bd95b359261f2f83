"""The examples, each at a small size."""

import importlib.util
import os
import runpy
from pathlib import Path

import pytest
import tenon as torch

FOLDER = Path(__file__).parents[2] / "examples" / "python"
SHAKESPEARE = Path(__file__).parents[3] / "shared" / "data" / "text" / "tinyshakespeare.txt"


def load(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lines_of(name, capsys):
    runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")
    return capsys.readouterr().out.splitlines()


def test_compiled_step(capsys):
    text = lines_of("compiled_step", capsys)[-1]
    slope, offset = float(text.split()[2]), float(text.split()[5])
    assert abs(slope - 2) < 0.05 and abs(offset) < 0.15


def test_linear_regression(capsys):
    torch.manual_seed(0)
    lines = lines_of("linear_regression", capsys)
    assert float(lines[9].rpartition(" ")[2]) < 0.01
    assert abs(float(lines[-1].split()[-1]) - 10) < 0.3


def test_save_program(capsys):
    lines = lines_of("save_program", capsys)
    assert float(lines[0].split()[1]) < 1
    assert lines[1:] == ["(x: float32[batch, 784]) -> (logits: float32[batch, 10])",
                         "100 rows of 10 logits"]


def test_simple_classifier(capsys):
    torch.manual_seed(0)
    lines = lines_of("simple_classifier", capsys)
    losses = [float(line.split("Loss: ")[1].split(",")[0]) for line in lines]
    assert len(losses) == 10 and losses == sorted(losses, reverse=True)


@pytest.fixture
def text_file(tmp_path):
    """Shakespeare where the data folder is, else a rhyme."""
    if SHAKESPEARE.exists():
        return str(SHAKESPEARE)
    path = tmp_path / "rhyme.txt"
    path.write_text("Humpty Dumpty sat on a wall, Humpty Dumpty had a great fall.\n" * 50)
    return str(path)


def test_gpt_learns_the_same_compiled(text_file):
    gpt = load("gpt")
    sizes = ["--steps", "12", "--layers", "2", "--heads", "2", "--width", "32", "--context", "16",
             "--batch", "8"]
    eager = gpt.main([text_file, *sizes, "--generate", "5"])
    compiled = gpt.main([text_file, *sizes, "--generate", "0", "--compile"])
    assert eager == compiled and eager[-1] < eager[0] - 0.1


def test_vae(tmp_path):
    path = tmp_path / "vae.safetensors"
    losses = load("vae").main(["--epochs", "3", "--images", "300", "--save", str(path)])
    assert losses[-1] < losses[0]
    assert torch.load(path)["fc4.bias"].shape == (784,)


def test_dcgan():
    history = load("dcgan").main(["--images", "200", "--width", "4"])
    assert len(history) == 4
    assert all(0 < loss < 20 for pair in history for loss in pair)


def test_resnet_goes_on_from_its_checkpoint(tmp_path):
    resnet = load("resnet")
    path = os.fspath(tmp_path / "resnet.safetensors")
    sizes = ["--images", "200", "--width", "4"]
    first = resnet.main([*sizes, "--epochs", "2", "--checkpoint", path])
    assert first[1][0] < first[0][0] + 0.5
    more = resnet.main([*sizes, "--epochs", "3", "--resume", path])
    assert len(more) == 1


def test_lstm_tagger(capsys):
    losses = load("lstm_tagger").main(["--epochs", "100"])
    assert losses[-1] < 0.5 * losses[0]
    assert "dog/NN" in capsys.readouterr().out


def test_policy_gradient():
    lengths = load("policy_gradient").main(["--episodes", "60"])
    assert sum(lengths[-15:]) > 1.3 * sum(lengths[:15])


def test_super_resolution():
    history = load("super_resolution").main(["--images", "100", "--epochs", "2"])
    assert history[-1][0] < history[0][0] and history[-1][1] > history[0][1]
