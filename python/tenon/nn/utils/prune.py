"""Parameters of which some elements are kept at zero, by masks.

    prune.l1_unstructured(layer, "weight", amount=0.3)
"""

from ... import _core
from ..._modes import no_grad


class _Pruned:
    """Computes `name` as `name_orig * name_mask` before each call of its module."""

    def __init__(self, name):
        self.name = name

    def __call__(self, module, inputs):
        setattr(module, self.name, _masked(module, self.name))


def _masked(module, name):
    original, mask = getattr(module, name + "_orig"), getattr(module, name + "_mask")
    return original * mask.to(original.dtype)


def _hook_of(module, name):
    for number, hook in module._forward_pre_hooks.items():
        if isinstance(hook, _Pruned) and hook.name == name:
            return number
    return None


def _apply_mask(module, name, mask):
    """From now on the tensor is masked by this mask and those before."""
    if _hook_of(module, name) is None:
        original = module._parameters.pop(name)
        module.register_parameter(name + "_orig", original)
        module.register_buffer(name + "_mask", mask.to(original.dtype))
        module.register_forward_pre_hook(_Pruned(name))
    else:
        before = getattr(module, name + "_mask")
        setattr(module, name + "_mask", before * mask.to(before.dtype))
    setattr(module, name, _masked(module, name))
    return module


def _count(amount, total):
    """How many of `total` an amount is: a number of them, or a fraction."""
    if isinstance(amount, bool) or not isinstance(amount, (int, float)) or amount < 0:
        raise ValueError(f"amount={amount} should be a float in [0, 1] or a non-negative integer")
    if isinstance(amount, float):
        if amount > 1:
            raise ValueError(f"amount={amount} should be at most 1 where it is a fraction")
        return round(amount * total)
    if amount > total:
        raise ValueError(f"amount={amount} should be smaller than the number of parameters to "
                         f"prune={total}")
    return amount


def _mask_of(importance, before, amount):
    """Zeros where the least important of those are that no mask has taken out before."""
    importance, left = importance.reshape(-1), before.reshape(-1) != 0
    places = _core.nonzero(left).squeeze(1)
    count = _count(amount, places.shape[0])
    mask = left.to(before.dtype)
    if count:
        order = _core.argsort(_core.index_select(importance, 0, places))
        mask[_core.index_select(places, 0, order[:count])] = 0
    return mask.view(before.shape)


def _mask_before(module, name):
    if _hook_of(module, name) is not None:
        return getattr(module, name + "_mask")
    return _core.ones_like(getattr(module, name).detach())


def _unstructured(module, name, amount, importance_of):
    with no_grad():
        before = _mask_before(module, name)
        values = getattr(module, name).detach()
        return _apply_mask(module, name, _mask_of(importance_of(values), before, amount))


def _structured(module, name, amount, dim, importance_of):
    """As `_unstructured`, whole slices along a dim."""
    with no_grad():
        before = _mask_before(module, name)
        values = getattr(module, name).detach()
        others = [other for other in range(values.dim()) if other != dim % values.dim()]
        left = before.amax(others)
        mask = _mask_of(importance_of(values, others), left, amount)
        sizes = [-1 if other == dim % values.dim() else 1 for other in range(values.dim())]
        return _apply_mask(module, name, mask.view(sizes).expand(values.shape).contiguous())


def l1_unstructured(module, name, amount, importance_scores=None):
    """Takes out the elements of the least magnitude: `amount` is their number, or their
    fraction."""
    return _unstructured(module, name, amount,
                         lambda x: (x if importance_scores is None else importance_scores).abs())


def random_unstructured(module, name, amount):
    """Takes out elements at random: `amount` is their number, or their fraction."""
    return _unstructured(module, name, amount, _core.rand_like)


def ln_structured(module, name, amount, n, dim, importance_scores=None):
    """Takes out the slices along `dim` with the least norms of order `n`."""
    return _structured(module, name, amount, dim, lambda x, others: _core.norm(
        x if importance_scores is None else importance_scores, n, others))


def random_structured(module, name, amount, dim):
    """Takes out slices along `dim` at random."""
    return _structured(module, name, amount, dim,
                       lambda x, others: _core.rand((x.shape[dim],), dtype=x.dtype))


def identity(module, name):
    """Takes nothing out, but has a mask from now on."""
    return _apply_mask(module, name, _core.ones_like(getattr(module, name).detach()))


def custom_from_mask(module, name, mask):
    """Takes out the elements where the mask is 0."""
    return _apply_mask(module, name, mask)


def global_l1_unstructured(parameters, amount):
    """Takes out the elements of the least magnitude of all (module, name) pairs together."""
    parameters = list(parameters)
    with no_grad():
        values = [getattr(module, name).detach() for module, name in parameters]
        before = [_mask_before(module, name) for module, name in parameters]
        flat = _core.cat([value.reshape(-1) for value in values]).abs()
        mask = _mask_of(flat, _core.cat([mask.reshape(-1) for mask in before]), amount)
        start = 0
        for (module, name), value in zip(parameters, values):
            part = mask[start:start + value.numel()].view(value.shape)
            start += value.numel()
            _apply_mask(module, name, part)


def is_pruned(module):
    """Whether a module, or one below it, has a masked parameter."""
    return any(isinstance(hook, _Pruned) for part in module.modules()
               for hook in part._forward_pre_hooks.values())


def remove(module, name):
    """Makes the masking lasting: the parameter has zeros, and no mask any more."""
    number = _hook_of(module, name)
    if number is None:
        raise ValueError(f"Parameter '{name}' of module {module} has to be pruned before pruning "
                         "can be removed")
    del module._forward_pre_hooks[number]
    with no_grad():
        original = getattr(module, name + "_orig")
        original.data = _masked(module, name).data
    for old in name, name + "_orig", name + "_mask":
        delattr(module, old)
    module.register_parameter(name, original)
    return module
