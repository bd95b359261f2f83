"""The examples of tenon.tf, each at a small size."""

import importlib.util
import runpy
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "examples" / "python" / "keras"


def load(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_linear_regression(capsys):
    found = runpy.run_path(str(FOLDER / "linear_regression.py"))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 11 and lines[-1].startswith("W = 1.9")
    assert abs(found["model"].W.numpy() - 2) < 0.05 and abs(found["model"].b.numpy()) < 0.15


def test_custom_loop(capsys):
    assert load("custom_loop").main(epochs=5, count=400) > 0.9


def test_forecast(capsys):
    error, same_again = load("forecast").main(epochs=8, count=500, units=16)
    assert error < 0.6 * same_again
