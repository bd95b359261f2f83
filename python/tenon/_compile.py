"""compile(): the same function, its ops matched against earlier calls and run as plans."""

import functools

from . import _core


def compile(function=None, *, without_passes=()):
    """A function that does what `function` does. Its code runs in every call; its ops run together,
    as an optimised plan, when a result is looked at or the call ends. Stands before a function, too:
    `@compile`. `explain()` tells what was planned."""
    if function is None:
        return functools.partial(compile, without_passes=without_passes)
    compiled = _core.CompiledFunction(function, list(without_passes))

    @functools.wraps(function)
    def call(*arguments, **keywords):
        return compiled(*arguments, **keywords)

    call.explain, call.graphs, call.counters = compiled.explain, compiled.graphs, compiled.counters
    return call
