"""Parameters as one vector."""

from ... import _core


def parameters_to_vector(parameters):
    """All parameters, one after another, as a vector."""
    return _core.cat([parameter.reshape(-1) for parameter in parameters])


def vector_to_parameters(vec, parameters):
    """Gives the parameters the elements of a vector, as `parameters_to_vector` made it."""
    if not isinstance(vec, _core.Tensor):
        raise TypeError(f"expected a tensor, but got: {type(vec).__name__}")
    start = 0
    for parameter in parameters:
        count = parameter.numel()
        parameter.data = vec[start:start + count].view(parameter.shape).data
        start += count
