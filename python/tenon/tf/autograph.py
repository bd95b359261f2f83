"""tf.autograph: Python's control flow needs no conversion here, because the code runs."""

import inspect


def set_verbosity(level, alsologtostdout=False):
    """Nothing: nothing is converted."""


def trace(*args):
    """Prints its arguments."""
    print(*args)


def to_graph(entity, recursive=True, experimental_optional_features=None):
    """The function as it is."""
    return entity


def to_code(entity, recursive=True, experimental_optional_features=None):
    """The function's code, as it is written."""
    return inspect.getsource(inspect.unwrap(getattr(entity, "python_function", entity)))


class experimental:
    """Marks of what isn't to be converted."""

    @staticmethod
    def do_not_convert(func=None):
        """The function as it is; stands before one, with brackets or without."""
        return (lambda function: function) if func is None else func

    @staticmethod
    def set_loop_options(parallel_iterations=None, swap_memory=None, maximum_iterations=None,
                         shape_invariants=None):
        """Nothing: loops are Python's."""
