"""What code asks and says about compilation. Compiled functions run their Python code in every
call, so there is nothing that has to be kept from them."""

from ._compile import compile

__all__ = ["allow_in_graph", "assume_constant_result", "compile", "cudagraph_mark_step_begin",
           "disable", "is_compiling", "is_dynamo_compiling", "is_exporting", "list_backends",
           "reset", "set_stance"]


def is_compiling():
    """False: code that runs is Python's own, whose ops are looked at, not its lines."""
    return False


is_dynamo_compiling = is_exporting = is_compiling


def disable(fn=None, recursive=True, *, reason=None):
    """The function as it is; stands before functions, with brackets or without."""
    return (lambda function: function) if fn is None else fn


def _as_it_is(fn):
    """The function as it is."""
    return fn


allow_in_graph = assume_constant_result = _as_it_is


class set_stance:
    """Taken and not needed; may stand before a function, or a block."""

    def __init__(self, stance="default", *, skip_guard_eval_unsafe=False, force_backend=None):
        if stance not in ("default", "force_eager", "eager_on_recompile", "fail_on_recompile",
                          "eager_then_compile"):
            raise ValueError(f"set_stance: unknown stance {stance!r}")

    def __call__(self, fn):
        return fn

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False


def reset():
    """Nothing is kept but by the compiled functions themselves."""


def cudagraph_mark_step_begin():
    """There are no graphs of CUDA's."""


def list_backends(exclude_tags=()):
    """["tenon"]."""
    return ["tenon"]
