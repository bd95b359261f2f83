"""Derivatives of functions: jacobian, hessian, and products with them."""

from .. import _core
from .._modes import enable_grad

_Tensor = _core.Tensor


def _tuple(value, what):
    values = value if isinstance(value, (tuple, list)) else (value,)
    for one in values:
        if not isinstance(one, _Tensor):
            raise TypeError(f"{what} must be a Tensor or a tuple of Tensors, not "
                            f"{type(one).__name__}")
    return tuple(values)


def _prepared(inputs, create_graph):
    """Tensors of their own that require a gradient: with `create_graph`, of which gradients flow on
    to the inputs."""
    if create_graph:
        return tuple(x.view_as(x) if x.requires_grad else x.detach().requires_grad_()
                     for x in inputs)
    return tuple(x.detach().requires_grad_() for x in inputs)


def _finished(tensors, create_graph):
    return tensors if create_graph else tuple(x.detach() for x in tensors)


def _grads(outputs, inputs, starts, create_graph, strict):
    """Gradients, zeros where there are none."""
    pairs = [(y, start) for y, start in zip(outputs, starts) if y.requires_grad]
    if strict and len(pairs) < len(outputs):
        raise RuntimeError("an output of the user-provided function is independent of its inputs; "
                           "this is not allowed in strict mode")
    if not pairs:
        return tuple(_core.zeros_like(x) for x in inputs)
    grads = _core.grad([y for y, _ in pairs], list(inputs), [start for _, start in pairs], True,
                       create_graph, True)
    if strict and any(grad is None for grad in grads):
        raise RuntimeError("an output of the user-provided function is independent of an input; "
                           "this is not allowed in strict mode")
    return tuple(_core.zeros_like(x) if grad is None else grad for x, grad in zip(inputs, grads))


def _like(value, kept):
    return kept if isinstance(value, (tuple, list)) else kept[0]


def _check_like(vectors, tensors, what):
    if len(vectors) != len(tensors) or any(v.shape != t.shape for v, t in zip(vectors, tensors)):
        raise RuntimeError(f"{what}: v has sizes {[tuple(v.shape) for v in vectors]}, expected "
                           f"{[tuple(t.shape) for t in tensors]}")


def _vectors(v, tensors, what):
    if v is None:
        if len(tensors) != 1 or tensors[0].numel() != 1:
            raise RuntimeError(f"{what}: v can only be left out for one tensor of one element")
        return (_core.ones_like(tensors[0]),)
    vectors = _tuple(v, "v")
    _check_like(vectors, tensors, what)
    return vectors


def vjp(func, inputs, v=None, create_graph=False, strict=False):
    """(func(*inputs), v^T J): the product of `v` with the Jacobian."""
    with enable_grad():
        xs = _prepared(_tuple(inputs, "inputs"), create_graph)
        results = func(*xs)
        ys = _tuple(results, "outputs of the function")
        products = _grads(ys, xs, _vectors(v, ys, "vjp"), create_graph, strict)
    return (_like(results, _finished(ys, create_graph)),
            _like(inputs, _finished(products, create_graph)))


def jvp(func, inputs, v=None, create_graph=False, strict=False):
    """(func(*inputs), J v): the product of the Jacobian with `v`, by the gradient of the product
    with any vector, which is linear in that."""
    with enable_grad():
        xs = _prepared(_tuple(inputs, "inputs"), create_graph)
        vs = _vectors(v, xs, "jvp")
        results = func(*xs)
        ys = _tuple(results, "outputs of the function")
        starts = tuple(_core.zeros_like(y).requires_grad_() for y in ys)
        products = _grads(_grads(ys, xs, starts, True, strict), starts, vs, create_graph, False)
    return (_like(results, _finished(ys, create_graph)),
            _like(results, _finished(products, create_graph)))


def jacobian(func, inputs, create_graph=False, strict=False, vectorize=False,
             strategy="reverse-mode"):
    """All derivatives of all elements: of sizes [*output, *input], for a tuple of outputs or inputs
    tuples of these. `vectorize` and `strategy` choose nothing: a pass for each element of an
    output."""
    with enable_grad():
        xs = _prepared(_tuple(inputs, "inputs"), create_graph)
        results = func(*xs)
        rows = []
        for y in _tuple(results, "outputs of the function"):
            columns = [[] for _ in xs]
            flat = y.reshape(-1)
            for i in range(y.numel()):
                one = _grads((flat[i],), xs, (None,), create_graph, strict)
                for column, grad in zip(columns, one):
                    column.append(grad)
            parts = tuple(
                _core.stack(column, 0).reshape((*y.shape, *x.shape)) if column
                else _core.zeros((*y.shape, *x.shape), dtype=x.dtype)
                for column, x in zip(columns, xs))
            rows.append(_like(inputs, _finished(parts, create_graph)))
    return _like(results, tuple(rows))


def hessian(func, inputs, create_graph=False, strict=False, vectorize=False,
            outer_jacobian_strategy="reverse-mode"):
    """All second derivatives of a function with one result of one element: of sizes
    [*input, *input], for a tuple of inputs tuples of tuples of these."""
    is_tuple = isinstance(inputs, (tuple, list))

    def gradient(*xs):
        y = func(*xs)
        if not isinstance(y, _Tensor) or y.numel() != 1:
            raise RuntimeError("hessian: the function must give one tensor of one element")
        grads = _grads((y.reshape(()),), xs, (None,), True, strict)
        return grads if is_tuple else grads[0]

    return jacobian(gradient, inputs, create_graph, False)


def vhp(func, inputs, v=None, create_graph=False, strict=False):
    """(func(*inputs), v^T H): the product of `v` with the Hessian."""
    with enable_grad():
        xs = _prepared(_tuple(inputs, "inputs"), create_graph)
        vs = _vectors(v, xs, "vhp")
        y = func(*xs)
        products = _grads(_grads((y.reshape(()),), xs, (None,), True, strict), xs, vs,
                          create_graph, False)
    return _finished((y,), create_graph)[0], _like(inputs, _finished(products, create_graph))


def hvp(func, inputs, v=None, create_graph=False, strict=False):
    """(func(*inputs), H v): the Hessian is symmetric, so this is `vhp`."""
    return vhp(func, inputs, v, create_graph, strict)
