"""What importing the package costs and brings along."""

import subprocess
import sys

import tenon


def test_numpy_is_imported_when_it_is_needed():
    code = "import sys, tenon; tenon.ones(2).sum().item(); assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_not_used_is_not_imported():
    code = ("import sys, tenon as torch\n"
            "assert not {'tenon.nn', 'tenon.optim', 'tempfile', 'zipfile'} & set(sys.modules)\n"
            "torch.nn.Linear, torch.optim.SGD, torch.utils.data.DataLoader, torch.vmap\n"
            "assert 'nn' in dir(torch) and not hasattr(torch, 'nothing')\n")
    subprocess.run([sys.executable, "-c", code], check=True)


def test_ops_tell_what_they_do():
    assert tenon.softmax.__doc__.startswith("softmax(Tensor x, Dim dim) -> Tensor")
    assert tenon.Tensor.relu_.__name__ == "relu_" and tenon.__version__.count(".") == 2
