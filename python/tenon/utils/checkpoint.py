"""Memory for time: what a part of a model saves for backward is not kept, but made again."""

from .. import _core


def checkpoint(function, *args, use_reentrant=None, context_fn=None, determinism_check="default",
               debug=False, preserve_rng_state=True, **kwargs):
    """function(*args, **kwargs), which runs without keeping what its ops save, and again during
    backward, with the random numbers of the first run (Chen et al. 2016). Parameters that it
    reaches by other ways get their gradients, too. The other options choose nothing: there is one
    way."""
    places = [i for i, value in enumerate(args) if isinstance(value, _core.Tensor)]
    shape = None

    def call(tensors):
        nonlocal shape
        arguments = list(args)
        for i, tensor in zip(places, tensors):
            arguments[i] = tensor
        output = function(*arguments, **kwargs)
        outputs = list(output) if isinstance(output, (tuple, list)) else [output]
        if shape is None:
            shape = output
        return [value for value in outputs if isinstance(value, _core.Tensor)]

    results = iter(_core._checkpoint(call, [args[i] for i in places]))
    output, shape = shape, ()  # no longer held: it goes, with what it is made of
    if not isinstance(output, (tuple, list)):
        return next(results) if isinstance(output, _core.Tensor) else output
    made = [next(results) if isinstance(value, _core.Tensor) else value for value in output]
    return type(output)(*made) if hasattr(output, "_fields") else type(output)(made)


def checkpoint_sequential(functions, segments, input, use_reentrant=None, preserve_rng_state=True):
    """A Sequential, or a list of modules, in `segments` parts, all but the last of them
    checkpointed."""
    functions = list(functions.children() if hasattr(functions, "children") else functions)

    def run(start, stop):
        def forward(x):
            for one in functions[start:stop]:
                x = one(x)
            return x

        return forward

    size, end = len(functions) // segments, 0
    for start in range(0, size * (segments - 1), size):
        end = start + size
        input = checkpoint(run(start, end), input)
    return run(end, len(functions))(input)
