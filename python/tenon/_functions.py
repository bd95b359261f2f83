"""Ops whose arguments PyTorch has in more forms than one."""

from . import _core


def _scaled(input, other, alpha):
    """alpha other, as a number of the dtype that both operands promote to: in its own it could be
    too small for the product."""
    if alpha == 1:
        return other
    dtype = _core.result_type(input, other)
    if isinstance(alpha, float) and not dtype.is_floating_point and not dtype.is_complex:
        raise _core.DTypeError(f"[alpha] expected a whole number for operands of {dtype}, got "
                               f"{alpha}; convert an operand with to(dtype)")
    product = (other.to(dtype) if isinstance(other, _core.Tensor) else other) * alpha
    return product.to(dtype) if isinstance(product, _core.Tensor) else product


def _with_alpha(op):
    """The op's form with PyTorch's argument alpha, a factor of the second operand."""

    def scaled(input, other, *, alpha=1):
        return op(input, _scaled(input, other, alpha))

    return scaled


for _op in _core.add, _core.sub, _core.Tensor.add, _core.Tensor.sub, _core.Tensor.add_, \
        _core.Tensor.sub_:
    _op.extra_keyword, _op.keyword_form = "alpha", _with_alpha(_op)


def _extreme(whole, along, pairwise, input, dim, keepdim):
    if dim is None:
        return whole(input)
    if isinstance(dim, _core.Tensor):
        return pairwise(input, dim)
    return along(input, dim, keepdim)


def _into(out, result):
    """The result; where `out` is given, written there, into a tensor for each result."""
    if out is None:
        return result
    if isinstance(result, _core.Tensor):
        return _core.clone(result, out=out)
    if not isinstance(out, (tuple, list)) or len(out) != len(result):
        raise TypeError(f"'out' must be a tuple of {len(result)} tensors")
    return type(result)([_core.clone(part, out=one) for part, one in zip(result, out)])


def max(input, dim=None, keepdim=False, *, out=None):
    """The largest element; with a dim, (values, indices) along it; with another tensor, the larger
    of each pair."""
    return _into(out, _extreme(_core.amax, _core.max_dim, _core.maximum, input, dim, keepdim))


def min(input, dim=None, keepdim=False, *, out=None):
    """As `max`, the smallest."""
    return _into(out, _extreme(_core.amin, _core.min_dim, _core.minimum, input, dim, keepdim))


def split(tensor, split_size_or_sections, dim=0):
    """Views of parts along a dim, of one size (the last may be smaller) or of a size each."""
    if isinstance(split_size_or_sections, (list, tuple)):
        return _core.split_with_sizes(tensor, split_size_or_sections, dim)
    return _core.split(tensor, split_size_or_sections, dim)


def _correction(unbiased, correction):
    return float(unbiased if correction is None else correction)  # an int could be one more dim


def var(input, dim=None, unbiased=True, keepdim=False, *, correction=None, out=None):
    """The variance, with n - correction (by default 1; 0 where not `unbiased`) as the divisor."""
    return _into(out, _core.var(input, dim, _correction(unbiased, correction), keepdim))


def std(input, dim=None, unbiased=True, keepdim=False, *, correction=None, out=None):
    """The square root of `var`."""
    return _into(out, _core.std(input, dim, _correction(unbiased, correction), keepdim))


def where(condition, input=None, other=None, *, out=None):
    """`input` where the condition holds, else `other`; alone, the places where it holds, a tensor a
    dim."""
    if input is None and other is None:
        return _core.unbind(_core.nonzero(condition), 1)
    return _into(out, _core.where(condition, input, other))


def numel(input):
    return input.numel()


def is_nonzero(input):
    """Whether the only element is not 0."""
    return bool(input)


def is_same_size(input, other):
    """Whether both have the same sizes."""
    return input.shape == other.shape


def is_conj(input):
    """False: conjugates are copies."""
    return False


def typename(obj):
    """The full name of an object's class; of tensors that of their kind."""
    if isinstance(obj, _core.Tensor):
        return obj.type()
    kind = type(obj)
    module = kind.__module__
    return kind.__qualname__ if module in (None, "builtins") else f"{module}.{kind.__qualname__}"


def _assert(condition, message):
    """assert, as a function."""
    assert condition, message


def is_tensor(obj):
    return isinstance(obj, _core.Tensor)


def is_floating_point(input):
    return input.is_floating_point()


def is_inference(input):
    return input.is_inference()


def is_complex(input):
    return input.is_complex()
