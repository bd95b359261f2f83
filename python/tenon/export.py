"""torch.export: modules as programs, which run without their code."""

import os
import shutil
import tempfile

from ._dims import Dim, dims
from ._program import Program, save_program
from ._serialization import written_to
from .nn.modules.module import Module

__all__ = ["Dim", "ExportedProgram", "ProgramModule", "dims", "export", "load", "save"]


class ProgramModule(Module):
    """A program as a module. It computes what the exported module did, in the mode that it was in;
    gradients don't pass through it."""

    def __init__(self, program):
        super().__init__()
        if not isinstance(program, Program):
            raise TypeError(f"ProgramModule() takes a Program, not {type(program).__name__}")
        self.__dict__["program"] = program

    def forward(self, *args, **kwargs):
        return self.program(*args, **kwargs)

    def state_dict(self, **_):
        """The tensors that the program uses, by name."""
        return self.program.state_dict()

    def extra_repr(self):
        return self.program.signature


class ExportedProgram:
    """What `export` makes of a module, and `load` of a file. `module()` is called as the module
    was; `program` is its `Program`."""

    def __init__(self, folder, path):
        self._folder = folder  # which is deleted with this object
        self._path = path
        self.program = Program.load(path)

    def module(self):
        """A module that runs the program."""
        return ProgramModule(self.program)

    @property
    def state_dict(self):
        """The tensors that the program uses, by name."""
        return self.program.state_dict()

    @property
    def range_constraints(self):
        """The bounds of dims that were given some."""
        return self.program.ranges

    @property
    def graph(self):
        """The graph as text."""
        return self.program.to_text()

    def __call__(self, *args, **kwargs):
        raise RuntimeError("an ExportedProgram isn't called itself: call its module()")

    def __repr__(self):
        return f"ExportedProgram{self.program.signature}"


def export(mod, args, kwargs=None, *, dynamic_shapes=None, strict=False,
           preserve_module_call_signature=(), prefer_deferred_runtime_asserts_over_guards=False):
    """A module's ops for these arguments as a program. `dynamic_shapes` says which dims may have
    other sizes: {"x": {0: Dim("batch")}}, or a tuple in the order of the arguments. The last three
    arguments are taken and not needed."""
    if not isinstance(mod, Module):
        raise ValueError(f"export() takes a module, not {type(mod).__name__}; wrap a function in "
                         "one, or use tenon.save_program()")
    if not isinstance(args, tuple):
        raise TypeError(f"export(): args is a tuple of arguments, not {type(args).__name__}")
    folder = tempfile.TemporaryDirectory()
    path = os.path.join(folder.name, "program.safetensors")
    save_program(mod, args, path, dynamic_shapes=dynamic_shapes, kwargs=kwargs)
    return ExportedProgram(folder, path)


def save(ep, f, **_):
    """Writes it as one safetensors file: a path, or a file open for writing bytes."""
    if not isinstance(ep, ExportedProgram):
        raise TypeError(f"save() takes an ExportedProgram, not {type(ep).__name__}")
    with written_to(f) as path:
        shutil.copyfile(ep._path, path)


def load(f, **_):
    """What `save` or `tenon.save_program` wrote."""
    folder = tempfile.TemporaryDirectory()
    path = os.path.join(folder.name, "program.safetensors")
    if isinstance(f, (str, os.PathLike)):
        shutil.copyfile(f, path)
    else:
        with open(path, "wb") as copy:
            shutil.copyfileobj(f, copy)
    return ExportedProgram(folder, path)
