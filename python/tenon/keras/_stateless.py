"""Calls, steps and metrics as functions of their variables' values, which they give anew."""

import contextlib

from .._modes import no_grad
from ._arrays import as_tensor


def checked_values(call, what, variables, values):
    """Values as tensors, one for each of the variables and of its shape."""
    values = list(values)
    if len(values) != len(variables):
        raise ValueError(f"{call}: `{what}` has a value for each of the {len(variables)} variables "
                         f"that are there, not {len(values)}")
    values = [as_tensor(value) for value in values]
    for variable, value in zip(variables, values):
        if tuple(variable.shape) != tuple(value.shape):
            raise ValueError(f"{call}: `{what}`: the value of {variable.name!r} has shape "
                             f"{tuple(value.shape)}, the variable {tuple(variable.shape)}")
    return values


@contextlib.contextmanager
def holding(variables, values):
    """Within `with`, variables have these values; behind it their own again."""
    with no_grad():
        before = [variable.detach().clone() for variable in variables]
        try:
            for variable, value in zip(variables, values):
                variable.copy_(value.detach())
            yield
        finally:
            for variable, value in zip(variables, before):
                variable.copy_(value)


def values_of(variables):
    """Copies of what variables hold."""
    return [variable.detach().clone() for variable in variables]
