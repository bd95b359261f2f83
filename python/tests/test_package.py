"""What importing the package costs and brings along."""

import runpy
import subprocess
import sys
from pathlib import Path

import tenon


def test_numpy_is_imported_when_it_is_needed():
    code = "import sys, tenon; tenon.ones(2).sum().item(); assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_ops_tell_what_they_do():
    assert tenon.softmax.__doc__.startswith("softmax(Tensor x, Dim dim) -> Tensor")
    assert tenon.Tensor.relu_.__name__ == "relu_" and tenon.__version__.count(".") == 2


def test_the_example(capsys):
    example = Path(__file__).parents[2] / "examples" / "python" / "linear_regression.py"
    runpy.run_path(str(example), run_name="__main__")
    text = capsys.readouterr().out.splitlines()[-1]
    slope, offset = float(text.split()[2]), float(text.split()[5])
    assert abs(slope - 2) < 0.05 and abs(offset) < 0.15
