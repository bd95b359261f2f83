"""Derivatives as functions of functions: grad, vjp, jvp, what is made of them, and vmap."""

import functools

from . import _batching, _core
from ._modes import enable_grad

__all__ = ["functional_call", "grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp",
           "linearize", "stack_module_state", "vjp", "vmap"]

_Tensor = _core.Tensor


def _flattened(tree):
    """The tensors in nested tuples, lists and dicts, and what makes the same of other tensors."""
    if isinstance(tree, _Tensor):
        return [tree], lambda leaves: leaves[0]
    if isinstance(tree, dict):
        parts = list(tree.values())
    elif isinstance(tree, (tuple, list)):
        parts = list(tree)
    else:
        return [], lambda leaves: tree
    flat = [_flattened(part) for part in parts]

    def rebuilt(leaves):
        made, begin = [], 0
        for part, rebuild in flat:
            made.append(rebuild(leaves[begin:begin + len(part)]))
            begin += len(part)
        if isinstance(tree, dict):
            return dict(zip(tree, made))
        return type(tree)(*made) if hasattr(tree, "_fields") else type(tree)(made)

    return [leaf for part, _ in flat for leaf in part], rebuilt


class _Inputs:
    """Arguments as tensors of their own that require a gradient. Those that are part of a graph, as
    within another transform, remain a part of it."""

    def __init__(self, tree):
        given, self._rebuild = _flattened(tree)
        # Within vmap each index has gradients of its own: what is the same for all isn't from here.
        self._levels = _batching.active_levels()
        given = [_batching.base_of(_batching.batched_like(x, self._levels)) for x in given]
        self.tensors = [x.view_as(x) if x.requires_grad else x.detach().requires_grad_()
                        for x in given]
        self.tree = self._rebuild([_batching.rewrapped(x, self._levels) for x in self.tensors])
        self._leaves = {x.view_as(x).grad_fn.next_functions[0][0]
                        for x in self.tensors if x.is_leaf}

    def lead_to(self, outputs):
        """Whether the outputs depend on no tensor with a gradient but these."""
        if any(not x.is_leaf for x in self.tensors):
            return False
        ends = [_batching.base_of(y).grad_fn for y in outputs]
        places, seen = [end for end in ends if end is not None], set()
        while places:
            for place, _ in places.pop().next_functions:
                if place is None or place in seen or place in self._leaves:
                    continue
                if place.variable is not None:
                    return False
                seen.add(place)
                places.append(place)
        return True

    def grads(self, outputs, starts, create_graph):
        """By tensor, zeros where there is none."""
        pairs = [(self._whole(y), _core.ones_like(self._whole(y)) if start is None
                  else self._whole(start))
                 for y, start in zip(outputs, starts) if y.requires_grad]
        grads = [None] * len(self.tensors)
        if pairs:
            grads = _core.grad([y for y, _ in pairs], self.tensors, [start for _, start in pairs],
                               True, create_graph, True)
        return [_batching.rewrapped(_core.zeros_like(x) if grad is None else grad, self._levels)
                for x, grad in zip(self.tensors, grads)]

    def _whole(self, y):
        return _batching.base_of(_batching.batched_like(y, self._levels))

    def rebuilt(self, tensors):
        return self._rebuild(tensors)


def _finished(tensors, own):
    """Results: no part of the inner graph where nothing outside of it could be differentiated."""
    return [y.detach() for y in tensors] if own else tensors


def _results(tree, own):
    leaves, rebuild = _flattened(tree)
    return rebuild(_finished(leaves, own))


def _split(argnums, args, name):
    """(the chosen arguments, what puts others in their places)."""
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    for number in numbers:
        if not -len(args) <= number < len(args):
            raise ValueError(f"{name}: argnums={argnums}, but the function was given {len(args)} "
                             "arguments")
    numbers = [number % len(args) for number in numbers]
    chosen = tuple(args[number] for number in numbers)

    def replaced(values):
        made = list(args)
        for number, value in zip(numbers, values):
            made[number] = value
        return made

    return chosen, replaced


def grad_and_value(func, argnums=0, has_aux=False):
    """A function that gives (gradient, value) of `func`, whose value is one element; with
    `has_aux`, `func` gives (value, more) and this (gradient, (value, more))."""

    @functools.wraps(func)
    def transformed(*args, **kwargs):
        chosen, replaced = _split(argnums, args, "grad")
        with enable_grad():
            inputs = _Inputs(chosen)
            value = func(*replaced(inputs.tree), **kwargs)
            value, *aux = value if has_aux else (value,)
            if not isinstance(value, _Tensor) or value.numel() != 1 or value.dim() != 0:
                raise RuntimeError("grad: expected the function to return a 0-d tensor, got "
                                   + (f"one of sizes {tuple(value.shape)}"
                                      if isinstance(value, _Tensor) else type(value).__name__))
            own = inputs.lead_to([value])
            grads = inputs.rebuilt(inputs.grads([value], [None], not own))
        grads = grads[0] if isinstance(argnums, int) else grads
        result = _results(value, own)
        return grads, ((result, _results(aux[0], own)) if has_aux else result)

    return transformed


def grad(func, argnums=0, has_aux=False):
    """A function that gives the gradient of `func` with respect to its arguments of these numbers;
    with `has_aux`, (gradient, more)."""
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def transformed(*args, **kwargs):
        grads, value = both(*args, **kwargs)
        return (grads, value[1]) if has_aux else grads

    return transformed


def vjp(func, *primals, has_aux=False):
    """(func(*primals), f) with f(v) = v^T J, a tuple by argument; v has the results' form. With
    `has_aux`, (value, f, more)."""
    with enable_grad():
        inputs = _Inputs(primals)
        value = func(*inputs.tree)
        value, *aux = value if has_aux else (value,)
    outputs, _ = _flattened(value)
    own = inputs.lead_to(outputs)

    def pull(*cotangents):
        starts, _ = _flattened(cotangents[0] if len(cotangents) == 1 else cotangents)
        if [start.shape for start in starts] != [y.shape for y in outputs]:
            raise RuntimeError(f"vjp: expected tensors of sizes {[tuple(y.shape) for y in outputs]}"
                               f", got {[tuple(start.shape) for start in starts]}")
        flows_on = not own or any(start.requires_grad for start in starts)
        with enable_grad():
            return inputs.rebuilt(inputs.grads(outputs, starts, flows_on))

    result = _results(value, own)
    return (result, pull, _results(aux[0], own)) if has_aux else (result, pull)


class _Linearized:
    """A function's value at `primals`, and its Jacobian's products with tangents there: by the
    gradient of the product with any vector, which is linear in that."""

    def __init__(self, name, func, primals, has_aux=False):
        self._name = name
        with enable_grad():
            self._inputs = inputs = _Inputs(primals)
            value = func(*inputs.tree)
            self.value, *self.aux = value if has_aux else (value,)
            self._outputs, self._rebuild = _flattened(self.value)
            self.own = inputs.lead_to(self._outputs)
            self._vectors = _Inputs(tuple(_core.zeros_like(y) for y in self._outputs))
            self._grads = inputs.grads(self._outputs, _flattened(self._vectors.tree)[0], True)

    def product(self, tangents):
        """In the form of the value."""
        along, _ = _flattened(tangents)
        expected = [tuple(x.shape) for x in self._inputs.tensors]
        if [tuple(v.shape) for v in along] != expected:
            raise RuntimeError(f"{self._name}: expected tangents of sizes {expected}, got "
                               f"{[tuple(v.shape) for v in along]}")
        own = self.own and not any(v.requires_grad for v in along)
        with enable_grad():
            products = self._vectors.grads(self._grads, along, not own)
        return self._rebuild(_finished(products, own))


def jvp(func, primals, tangents, *, strict=False, has_aux=False):
    """(func(*primals), J tangents). With `has_aux`, (value, product, more)."""
    if not isinstance(primals, tuple) or not isinstance(tangents, tuple):
        raise RuntimeError("jvp: primals and tangents must be tuples")
    linear = _Linearized("jvp", func, primals, has_aux)
    product = linear.product(tangents)
    own = linear.own and not any(v.requires_grad for v in _flattened(tangents)[0])
    result = _results(linear.value, own)
    return (result, product, _results(linear.aux[0], own)) if has_aux else (result, product)


def linearize(func, *primals):
    """(func(*primals), f) with f(*tangents) = J tangents at these primals: where many products are
    asked for, `func` runs once."""
    if not primals:
        raise RuntimeError("linearize: expected at least one argument to linearize by")
    linear = _Linearized("linearize", func, primals)
    return _results(linear.value, linear.own), lambda *tangents: linear.product(tangents)


def jacrev(func, argnums=0, *, has_aux=False, chunk_size=None):
    """A function that gives the Jacobian of `func`, of sizes [*output, *input], by a backward pass
    for each element of the output."""

    @functools.wraps(func)
    def transformed(*args, **kwargs):
        chosen, replaced = _split(argnums, args, "jacrev")
        with enable_grad():
            inputs = _Inputs(chosen)
            value = func(*replaced(inputs.tree), **kwargs)
            value, *aux = value if has_aux else (value,)
            outputs, rebuild = _flattened(value)
            own = inputs.lead_to(outputs)
            parts = []
            for y in outputs:
                flat = y.reshape(-1)
                rows = [inputs.grads([flat[i]], [None], not own) for i in range(y.numel())]
                whole = [_core.stack(list(column), 0).reshape((*y.shape, *x.shape))
                         if rows else _core.zeros((*y.shape, *x.shape), dtype=x.dtype)
                         for x, column in zip(inputs.tensors,
                                              zip(*rows) if rows else inputs.tensors)]
                made = inputs.rebuilt(whole)
                parts.append(made[0] if isinstance(argnums, int) else made)
        jacobian = rebuild(parts)
        return (jacobian, _results(aux[0], own)) if has_aux else jacobian

    return transformed


def jacfwd(func, argnums=0, has_aux=False, *, randomness="error"):
    """As `jacrev`, by a product for each element of the input."""

    @functools.wraps(func)
    def transformed(*args, **kwargs):
        chosen, replaced = _split(argnums, args, "jacfwd")
        leaves, rebuild_inputs = _flattened(chosen)
        columns, aux = [], None
        for number, x in enumerate(leaves):
            products = []
            for i in range(x.numel()):
                tangents = [_core.zeros_like(one) for one in leaves]
                tangents[number].reshape(-1)[i] = 1
                _, product, *aux = jvp(lambda *values: func(*replaced(values), **kwargs), chosen,
                                       rebuild_inputs(tangents), has_aux=has_aux)
                parts, rebuild = _flattened(product)
                products.append(parts)
            columns.append([_core.stack(list(part), part[0].dim()).reshape(
                (*part[0].shape, *x.shape)) for part in zip(*products)])
        rows = [rebuild_inputs(list(row)) for row in zip(*columns)]
        jacobian = rebuild([row[0] if isinstance(argnums, int) else row for row in rows])
        return (jacobian, aux[0]) if has_aux else jacobian

    return transformed


def hessian(func, argnums=0):
    """A function that gives the second derivatives of `func`, of sizes [*output, *input,
    *input]."""
    return jacrev(jacrev(func, argnums), argnums)


def _replaced(module, name, value):
    """Sets a parameter or buffer by its name: (where it lay, its key there, what it was)."""
    path, _, key = name.rpartition(".")
    owner = module.get_submodule(path)
    for registry in owner._parameters, owner._buffers:
        if key in registry:
            before, registry[key] = registry[key], value
            return registry, key, before
    raise KeyError(f"functional_call: the module has no parameter or buffer '{name}'")


def functional_call(module, parameter_and_buffer_dicts, args=None, kwargs=None, *,
                    tie_weights=True, strict=False):
    """module(*args, **kwargs) with other parameters and buffers, by their names: a dict, or several
    of which no two have the same name. Tensors that the module has under several names are replaced
    under all of them where `tie_weights`; `strict`: all must be given."""
    dicts = parameter_and_buffer_dicts
    dicts = [dicts] if isinstance(dicts, dict) else list(dicts)
    given = {}
    for one in dicts:
        if doubled := given.keys() & one.keys():
            raise ValueError(f"functional_call: '{min(doubled)}' is in two of the dicts")
        given.update(one)
    own = [*module.named_parameters(remove_duplicate=False),
           *module.named_buffers(remove_duplicate=False)]
    if tie_weights:
        values = {id(tensor): given[name] for name, tensor in own if name in given}
        given = {**{name: values[id(tensor)] for name, tensor in own if id(tensor) in values},
                 **given}
    if strict and (missing := {name for name, _ in own} - given.keys()):
        raise RuntimeError(f"functional_call: missing {sorted(missing)}")
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    changed = []
    try:
        for name, value in given.items():
            changed.append(_replaced(module, name, value))
        return module(*args, **(kwargs or {}))
    finally:
        for registry, key, before in reversed(changed):
            registry[key] = before


def stack_module_state(models):
    """(parameters, buffers) of several modules of one form, by name, each stacked along a first
    dim: for `vmap` over `functional_call`."""
    models = list(models)
    if not models:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if any(type(model) is not type(models[0]) for model in models):
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    if len({model.training for model in models}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to have the same "
                           "training/eval mode.")

    def stacked(states):
        return {name: _core.stack([state[name].detach() for state in states]).requires_grad_(
            states[0][name].requires_grad) for name in states[0]}

    return (stacked([dict(model.named_parameters()) for model in models]),
            stacked([dict(model.named_buffers()) for model in models]))


def _batched(in_dims, args):
    """(leaves of the arguments, the dim of each that is gone through or None, what rebuilds)."""
    leaves, rebuild = _flattened(args)
    if isinstance(in_dims, int):
        return leaves, [in_dims] * len(leaves), rebuild

    def dims_of(spec, tree):
        if spec is None or isinstance(spec, int):
            return [spec] * len(_flattened(tree)[0])
        keys = list(tree) if isinstance(tree, dict) else range(len(tree))
        if len(spec) != len(keys):
            raise ValueError(f"vmap: in_dims {in_dims} has not the form of the arguments")
        return [dim for key in keys for dim in dims_of(spec[key], tree[key])]

    return leaves, dims_of(in_dims, args), rebuild


def _called_once(func, leaves, dims, rebuild, size, kwargs):
    """func's result for all indices, of Batched tensors: (leaves, what rebuilds)."""
    level = (_batching.levels[-1][0] + 1 if _batching.levels else 0, size)
    given = [x if dim is None else _batching.Batched(x.movedim(dim, 0), *level)
             for x, dim in zip(leaves, dims)]
    _batching.levels.append(level)
    try:
        result = func(*rebuild(given), **kwargs)
    finally:
        _batching.levels.pop()
    parts, rebuild_result = _flattened(result)
    wholes = []
    for part in parts:
        is_own = _batching.is_batched(part) and part._level == level[0]
        wholes.append(part._value if is_own else part.unsqueeze(0).expand((size, *part.shape)))
    return wholes, rebuild_result


def _called_each(func, leaves, dims, rebuild, size, kwargs, randomness):
    """As `_called_once`, by a call for each index."""
    results, state = [], _core.default_generator._numbers()
    for i in range(size):
        if randomness == "same":
            _core.default_generator._set_numbers(state)
        results.append(func(*rebuild([x if dim is None else x.select(dim, i)
                                      for x, dim in zip(leaves, dims)]), **kwargs))
        if randomness == "error" and _core.default_generator._numbers() != state:
            raise RuntimeError("vmap: the function draws random numbers; say with randomness "
                               "whether they are 'different' or the 'same' for all")
    parts = [_flattened(result) for result in results]
    wholes = [_core.stack(list(column), 0) for column in zip(*(tensors for tensors, _ in parts))]
    return wholes, parts[0][1]


def _called(func, leaves, dims, rebuild, size, kwargs, randomness):
    """Once for all indices where that can be, with the numbers of a call for each."""
    state = _core.default_generator._numbers()
    try:
        made = _called_once(func, leaves, dims, rebuild, size, kwargs)
        if _core.default_generator._numbers() == state:
            return made
    except Exception:  # it needs elements, or the mistake is the function's, which shows below
        pass
    _core.default_generator._set_numbers(state)
    return _called_each(func, leaves, dims, rebuild, size, kwargs, randomness)


def vmap(func, in_dims=0, out_dims=0, randomness="error", *, chunk_size=None):
    """A function that calls `func` for each index along a dim of its arguments, and stacks the
    results: `in_dims` and `out_dims` say along which dims, None: the argument is the same for all.
    It is called once with tensors that stand for all; where it asks for their elements, as branches
    on data do, or draws random numbers, it is called again, for each index. Random numbers are an
    "error", "different" or the "same" for all. With `chunk_size`, so many indices at once."""
    if randomness not in ("error", "different", "same"):
        raise RuntimeError("vmap: randomness is 'error', 'different' or 'same', not "
                           f"{randomness!r}")
    if chunk_size is not None and chunk_size < 1:
        raise ValueError(f"vmap: chunk_size is a number from 1 on, not {chunk_size}")

    @functools.wraps(func)
    def transformed(*args, **kwargs):
        leaves, dims, rebuild = _batched(in_dims, args)
        sizes = {x.shape[dim] for x, dim in zip(leaves, dims) if dim is not None}
        if len(sizes) != 1:
            raise ValueError("vmap: expected at least one tensor to go through, all of one size; "
                             f"got sizes {sorted(sizes)}")
        size = sizes.pop()
        if size == 0:
            raise ValueError("vmap: the dim to go through has no elements")
        chunks = []
        for begin in range(0, size, chunk_size or size):
            count = min(chunk_size or size, size - begin)
            part = leaves if count == size else [
                x if dim is None else x.narrow(dim, begin, count) for x, dim in zip(leaves, dims)]
            made, rebuild_result = _called(func, part, dims, rebuild, count, kwargs, randomness)
            chunks.append(made)
        wholes = chunks[0] if len(chunks) == 1 else [_core.cat(list(parts), 0)
                                                     for parts in zip(*chunks)]
        outs = out_dims if isinstance(out_dims, tuple) else (out_dims,) * len(wholes)
        if len(outs) != len(wholes):
            raise ValueError(f"vmap: out_dims {out_dims} is not one for each of {len(wholes)} "
                             "results")
        return rebuild_result([whole.select(0, 0) if dim is None else whole.movedim(0, dim)
                               for whole, dim in zip(wholes, outs)])

    return transformed
