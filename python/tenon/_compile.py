"""compile(): the same function, its ops matched against earlier calls and run as plans."""

import functools
import operator

from . import _core


def compile(model=None, *, fullgraph=False, dynamic=None, backend="tenon", mode=None, options=None,
            disable=False, pure=False, validate=False, without_passes=(), memory_limit=0):
    """A function (or module) that does what `model` does. Its code runs in every call; its ops run
    together, as an optimised plan, when a result is looked at or the call ends. Stands before a
    function, too: `@compile`. `explain()` tells what was planned, `explain_svg()` draws it.

    pure: calls after the first don't run the code, but what its ops were. For functions of tensors
        (and tuples and lists of them) alone, whose ops, numbers and other tensors never change.
        Optimizers step in one that are made with `capturable=True`.
    validate: of pure functions, each call runs the code, too, and the place that went stale is
        named.
    memory_limit: bytes that a plan may take for intermediate results and what it makes; 0: any
        number. Beyond it values are computed again instead of being kept, to the same bits.
    without_passes: names of passes to leave out; `compile_passes()` lists them.
    disable: gives `model` as it is.
    fullgraph, dynamic, backend, mode, options: PyTorch's; taken and not needed, since any function
        is compiled whole and for all sizes.
    """
    if model is None:
        return functools.partial(compile, fullgraph=fullgraph, dynamic=dynamic, disable=disable,
                                 pure=pure, validate=validate, without_passes=without_passes,
                                 memory_limit=memory_limit)
    if disable:
        return model
    if not callable(model):
        raise TypeError(f"compile() takes a function or module, not {type(model).__name__}")
    if hasattr(model, "named_parameters"):
        from .nn._compiled import CompiledModule

        return CompiledModule(model, pure=pure, validate=validate, without_passes=without_passes,
                              memory_limit=memory_limit)
    compiled = _core.CompiledFunction(model, _names(without_passes), bool(pure), bool(validate),
                                      _bytes(memory_limit))

    @functools.wraps(model)
    def call(*arguments, **keywords):
        return compiled(*arguments, **keywords)

    call.explain, call.graphs, call.counters = compiled.explain, compiled.graphs, compiled.counters
    call.explain_svg = functools.partial(draw, compiled)
    return call


def _names(passes):
    if isinstance(passes, str) or not all(isinstance(name, str) for name in passes):
        raise TypeError(f"compile()'s without_passes is a list of names, not {passes!r}")
    return list(passes)


def _bytes(limit):
    try:
        number = operator.index(limit)
    except TypeError:
        raise TypeError("compile()'s memory_limit is a number of bytes, not "
                        f"{type(limit).__name__}") from None
    if number < 0:
        raise ValueError(f"compile()'s memory_limit is at least 0 (no limit), not {number}")
    return number


def draw(compiled):
    """The graphs that were planned, as a drawing in SVG, which notebooks show."""
    from ._drawings import svg_of_graphs  # what it imports in turn is for this alone

    return svg_of_graphs(compiled.graphs(drawn=True))
