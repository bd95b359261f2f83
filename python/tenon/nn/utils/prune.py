"""Parameters of which some elements are kept at zero, by masks.

    prune.l1_unstructured(layer, "weight", amount=0.3)
"""

from ... import _core
from ..._modes import no_grad


class BasePruningMethod:
    """A way to choose what is taken out; subclasses have `compute_mask(t, default_mask)`, which
    gives the mask of a tensor `t` of which `default_mask` took out elements before. As a hook it
    computes the parameter as `name_orig * name_mask` before each call of its module.

    PRUNING_TYPE: "unstructured": `compute_mask` is given the elements that are left; "structured":
    the slices along `self.dim` that are left; "global": everything.
    """

    PRUNING_TYPE = "unstructured"
    _tensor_name = None

    def __call__(self, module, inputs):
        setattr(module, self._tensor_name, _masked(module, self._tensor_name))

    def compute_mask(self, t, default_mask):
        """The mask of what is to be left."""
        raise NotImplementedError(f"{type(self).__name__} has no compute_mask")

    @classmethod
    def apply(cls, module, name, *args, importance_scores=None, **kwargs):
        """From now on the parameter is masked; gives the method."""
        method = cls(*args, **kwargs)
        with no_grad():
            values = getattr(module, name).detach()
            scores = values if importance_scores is None else importance_scores
            if scores.shape != values.shape:
                raise ValueError(f"importance_scores have sizes {tuple(scores.shape)}, the "
                                 f"parameter {tuple(values.shape)}")
            mask = method._mask_of_rest(scores, _mask_before(module, name))
            _apply_mask(module, name, mask, method)
        return method

    def prune(self, t, default_mask=None, importance_scores=None):
        """The tensor with what is taken out at zero."""
        with no_grad():
            mask = _core.ones_like(t) if default_mask is None else default_mask
            scores = t if importance_scores is None else importance_scores
            return t * self._mask_of_rest(scores, mask).to(t.dtype)

    def _mask_of_rest(self, scores, before):
        if self.PRUNING_TYPE == "global":
            return self.compute_mask(scores, before)
        mask = before.clone()
        if self.PRUNING_TYPE == "structured":
            dim = self.dim % scores.dim()
            others = [other for other in range(scores.dim()) if other != dim]
            left = _core.nonzero(before.amax(others)).squeeze(1)
            part = scores.index_select(dim, left), before.index_select(dim, left)
            return mask.index_copy(dim, left, self.compute_mask(*part).to(mask.dtype))
        left = before != 0
        mask[left] = self.compute_mask(scores[left], before[left]).to(mask.dtype)
        return mask


def _least(importance, amount):
    """1 but where the least important are."""
    mask, count = _core.ones_like(importance), _count(amount, importance.numel())
    if count:
        mask[_core.argsort(importance)[:count]] = 0
    return mask


class L1Unstructured(BasePruningMethod):
    """Takes out the elements of the least magnitude: `amount` is their number, or their
    fraction."""

    def __init__(self, amount):
        _check(amount)
        self.amount = amount

    def compute_mask(self, t, default_mask):
        return _least(t.reshape(-1).abs(), self.amount).view(t.shape)


class RandomUnstructured(L1Unstructured):
    """Takes out elements at random."""

    def compute_mask(self, t, default_mask):
        return _least(_core.rand_like(t.reshape(-1)), self.amount).view(t.shape)


class LnStructured(BasePruningMethod):
    """Takes out the slices along `dim` with the least norms of order `n`."""

    PRUNING_TYPE = "structured"

    def __init__(self, amount, n, dim=-1):
        _check(amount)
        self.amount, self.n, self.dim = amount, n, dim

    def _importance(self, t, others):
        return _core.norm(t, self.n, others)

    def compute_mask(self, t, default_mask):
        dim = self.dim % t.dim()
        others = [other for other in range(t.dim()) if other != dim]
        sizes = [-1 if other == dim else 1 for other in range(t.dim())]
        return _least(self._importance(t, others), self.amount).view(sizes).expand(t.shape)


class RandomStructured(LnStructured):
    """Takes out slices along `dim` at random."""

    def __init__(self, amount, dim=-1):
        super().__init__(amount, None, dim)

    def _importance(self, t, others):
        return _core.rand((t.shape[self.dim],), dtype=t.dtype)


class Identity(BasePruningMethod):
    """Takes nothing out, but has a mask from now on."""

    def compute_mask(self, t, default_mask):
        return default_mask


class CustomFromMask(BasePruningMethod):
    """Takes out the elements where the mask is 0."""

    PRUNING_TYPE = "global"

    def __init__(self, mask):
        self.mask = mask

    def compute_mask(self, t, default_mask):
        return default_mask * self.mask.to(default_mask.dtype)


def _masked(module, name):
    original, mask = getattr(module, name + "_orig"), getattr(module, name + "_mask")
    return original * mask.to(original.dtype)


def _hook_of(module, name):
    for number, hook in module._forward_pre_hooks.items():
        if isinstance(hook, BasePruningMethod) and hook._tensor_name == name:
            return number
    return None


def _apply_mask(module, name, mask, method):
    """From now on the tensor is masked by this mask alone."""
    number = _hook_of(module, name)
    if number is None:
        original = module._parameters.pop(name)
        module.register_parameter(name + "_orig", original)
        module.register_buffer(name + "_mask", mask.to(original.dtype))
        method._tensor_name = name
        module.register_forward_pre_hook(method)
    else:
        setattr(module, name + "_mask", mask.to(getattr(module, name + "_mask").dtype))
    setattr(module, name, _masked(module, name))


def _check(amount):
    if isinstance(amount, bool) or not isinstance(amount, (int, float)) or amount < 0:
        raise ValueError(f"amount={amount} should be a float in [0, 1] or a non-negative integer")
    if isinstance(amount, float) and amount > 1:
        raise ValueError(f"amount={amount} should be at most 1 where it is a fraction")


def _count(amount, total):
    """How many of `total` an amount is: a number of them, or a fraction."""
    if isinstance(amount, float):
        return round(amount * total)
    if amount > total:
        raise ValueError(f"amount={amount} should be smaller than the number of parameters to "
                         f"prune={total}")
    return amount


def _mask_before(module, name):
    if _hook_of(module, name) is not None:
        return getattr(module, name + "_mask")
    return _core.ones_like(getattr(module, name).detach())


def l1_unstructured(module, name, amount, importance_scores=None):
    """Takes out the elements of the least magnitude: `amount` is their number, or their
    fraction."""
    L1Unstructured.apply(module, name, amount, importance_scores=importance_scores)
    return module


def random_unstructured(module, name, amount):
    """Takes out elements at random: `amount` is their number, or their fraction."""
    RandomUnstructured.apply(module, name, amount)
    return module


def ln_structured(module, name, amount, n, dim, importance_scores=None):
    """Takes out the slices along `dim` with the least norms of order `n`."""
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def random_structured(module, name, amount, dim):
    """Takes out slices along `dim` at random."""
    RandomStructured.apply(module, name, amount, dim)
    return module


def identity(module, name):
    """Takes nothing out, but has a mask from now on."""
    Identity.apply(module, name)
    return module


def custom_from_mask(module, name, mask):
    """Takes out the elements where the mask is 0."""
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(parameters, pruning_method, importance_scores=None, **kwargs):
    """Takes out elements of all (module, name) pairs together, after a method of single elements;
    `importance_scores`: by pair, where they aren't the parameters themselves."""
    parameters = list(parameters)
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError("Only \"unstructured\" PRUNING_TYPE supported for the `pruning_method`. "
                        f"Found method {pruning_method} of type {method.PRUNING_TYPE}")
    scores = importance_scores or {}
    with no_grad():
        values = [scores.get(pair, getattr(*pair)).detach() for pair in parameters]
        before = [_mask_before(*pair) for pair in parameters]
        mask = method._mask_of_rest(_core.cat([value.reshape(-1) for value in values]),
                                    _core.cat([one.reshape(-1) for one in before]))
        start = 0
        for (module, name), value in zip(parameters, values):
            part = mask[start:start + value.numel()].view(value.shape)
            start += value.numel()
            custom_from_mask(module, name, part)


def global_l1_unstructured(parameters, amount):
    """Takes out the elements of the least magnitude of all (module, name) pairs together."""
    global_unstructured(parameters, L1Unstructured, amount=amount)


def is_pruned(module):
    """Whether a module, or one below it, has a masked parameter."""
    return any(isinstance(hook, BasePruningMethod) for part in module.modules()
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
