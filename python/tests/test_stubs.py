"""The types that editors and type checkers see."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import tenon
from tenon import _core

RIGHT = """
import tenon as torch

x = torch.randn(2, 3, requires_grad=True)
y: torch.Tensor = (x.exp() * 2 + 1).sum(dim=1)
values, indices = torch.topk(y, k=2)
rows: int = x.view(3, 2).shape[0]
bits: torch.Tensor = x.view(torch.int32)
size: int = x.untyped_storage().nbytes()
found: torch.Tensor = torch.sort(y).values
parts: tuple[torch.Tensor, ...] = torch.chunk(x, 2, dim=0)
name: str = torch.device("cpu").type
reveal_type(torch.softmax(x, dim=1))
"""
WRONG = """
import tenon as torch

x = torch.ones(2)
torch.softmax(x)
torch.relu("text")
torch.topk(x, k="two")
rows: str = x.dim()
"""


def check(program, folder):
    (folder / "program.py").write_text(program)
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--follow-imports", "silent", "--cache-dir",
         str(folder / "cache"), "program.py"],
        cwd=folder, capture_output=True, text=True, check=False,
        env={"MYPYPATH": str(Path(tenon.__file__).parents[1]), "PATH": "/usr/bin:/bin"})
    return run.returncode, run.stdout


def test_mypy_knows_the_ops(tmp_path):
    pytest.importorskip("mypy")
    code, text = check(RIGHT, tmp_path)
    assert code == 0 and 'Revealed type is "tenon._core.Tensor"' in text, text
    code, text = check(WRONG, tmp_path)
    mistaken = {int(line.split(":")[1]) for line in text.splitlines() if ": error:" in line}
    assert code == 1 and mistaken == {5, 6, 7, 8}, text


def test_every_op_has_its_types():
    stubs = ast.parse(Path(_core.__file__).with_name("_core.pyi").read_text())
    functions = {node.name for node in stubs.body if isinstance(node, ast.FunctionDef)}
    tensor = next(node for node in stubs.body
                  if isinstance(node, ast.ClassDef) and node.name == "Tensor")
    methods = {node.name for node in tensor.body if isinstance(node, ast.FunctionDef)}
    op = type(_core.exp)
    assert {name for name in dir(_core) if type(getattr(_core, name)) is op
            and getattr(tenon, name) is getattr(_core, name)} <= functions
    assert {name for name, value in vars(tenon.Tensor).items() if type(value) is op} <= methods
