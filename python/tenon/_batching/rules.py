"""What ops mean for batched tensors. Rules that don't hold for arguments give NotImplemented."""

import string

from .. import _core
from .batched import Unbatchable, call, is_batched, rules
from .signature import run, signature_of

_Tensor = _core.Tensor


def _rule(*names):
    def register(function):
        rules.update(dict.fromkeys(names, function))
        return function

    return register


def _tensors(values):
    return {name: value for name, value in values.items() if isinstance(value, _Tensor)}


def _only_batched(batch, values, *names):
    """Whether of the tensors at most these are batched."""
    return all(name in names or not batch.holds(value) for name, value in values.items())


# Element by element.


@_rule(*"""add sub mul div floor_divide remainder fmod pow minimum maximum lerp addcmul addcdiv
atan2 hypot copysign nextafter gcd lcm igamma igammac logaddexp xlogy heaviside neg eq ne lt le gt
ge isclose logical_and logical_or logical_xor logical_not bitwise_and bitwise_or bitwise_xor
bitwise_left_shift bitwise_right_shift bitwise_not exp expm1 log log1p log2 log10 sqrt rsqrt
reciprocal square abs sign sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp2 sinc
logit lgamma digamma polygamma sigmoid erf erfc erfinv floor ceil round trunc frac sgn signbit
rad2deg deg2rad isnan isinf isfinite isposinf isneginf nan_to_num clamp clamp_min clamp_max where
relu leaky_relu elu gelu silu softplus hardtanh relu6 hardsigmoid hardswish hardshrink softshrink
tanhshrink softsign mish selu celu logsigmoid threshold masked_fill zeros_like ones_like full_like
empty_like clone detach contiguous to_dtype to_device stop_gradient complex real imag conj isreal
polar angle tril triu adjoint view_as_real view_as_complex""".split())
def _elementwise(batch, values):
    tensors = _tensors(values)
    # A tensor of no dims takes part in promotion by its category only: with a batch it has dims.
    if len({value.dtype for value in tensors.values()}) > 1 and len(tensors) > 1:
        return NotImplemented
    rank = max(batch.rank(value) for value in tensors.values())
    given = {name: batch.whole(value, rank) for name, value in values.items()}
    return batch.wrapped(run(batch.op, given))


@_rule("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout")
def _dropout(batch, values):
    if values.get("training", "alpha" not in signature_of(batch.op)[0]) and values.get("p", 0.5):
        raise Unbatchable("random numbers")
    return values["x"]


# Along dims.


def _shifted(dim, rank):
    """A dim of the part as one of the whole: those counted from the end stay."""
    if not -rank <= dim < rank:
        raise _core.IndexError(f"[vmap] dim {dim} is none of {rank}")
    return dim + 1 if dim >= 0 else dim


def _default_dims(parameter, rank):
    """Where dims aren't given: of all (`{}`), or the default."""
    if parameter.kind == "Dims" and parameter.default == "{}":
        return list(range(rank))
    if parameter.kind == "Dim?" or not parameter.default:
        return None
    return int(parameter.default)


@_rule(*"""sum mean prod amax amin max_dim min_dim argmax argmin any all var std norm logsumexp
cumsum cumprod cummax cummin logcumsumexp count_nonzero nansum nanmean var_mean std_mean
median_dim nanmedian_dim softmax log_softmax glu softmin sort argsort topk kthvalue mode flip
transpose select slice narrow chunk split split_with_sizes unbind tensor_split tensor_split_at
diagonal flatten unfold normalize aminmax diff""".split())
def _along_dims(batch, values):
    x = values[signature_of(batch.op)[1][0].name]
    rank = batch.rank(x)
    if len(_tensors(values)) != 1 or rank == 0:
        return NotImplemented
    given = dict(values)
    for parameter in signature_of(batch.op)[1]:
        if parameter.kind not in ("Dim", "Dim?", "Dims"):
            continue
        dims = values.get(parameter.name)
        if dims is None or dims == () or dims == []:
            dims = _default_dims(parameter, rank)
        if dims is None:
            return NotImplemented
        given[parameter.name] = (_shifted(dims, rank) if isinstance(dims, int)
                                 else [_shifted(dim, rank) for dim in dims])
    return batch.wrapped(run(batch.op, {name: batch.whole(value)
                                        for name, value in given.items()}))


@_rule("squeeze")
def _squeeze(batch, values):
    x = values["x"]
    dims = values.get("dims", range(x.dim()))
    dims = [dims] if isinstance(dims, int) else dims
    return batch.wrapped(_core.squeeze(x._value, [_shifted(dim, x.dim()) for dim in dims]))


@_rule("unsqueeze")
def _unsqueeze(batch, values):
    x, dim = values["x"], values["dim"]
    return batch.wrapped(x._value.unsqueeze(_shifted(dim, x.dim() + 1)))


@_rule("permute")
def _permute(batch, values):
    x = values["x"]
    dims = [dim % max(x.dim(), 1) + 1 for dim in values["dims"]]
    return batch.wrapped(_core.permute(x._value, [0, *dims]))


@_rule("movedim")
def _movedim(batch, values):
    x = values["x"]
    ends = [[_shifted(dim, x.dim()) for dim in ([dims] if isinstance(dims, int) else dims)]
            for dims in (values["source"], values["destination"])]
    return batch.wrapped(_core.movedim(x._value, *ends))


@_rule("t")
def _t(batch, values):
    x = values["x"]
    return batch.wrapped(x._value.transpose(1, 2) if x.dim() == 2 else x._value)


@_rule("unflatten")
def _unflatten(batch, values):
    x = values["x"]
    return batch.wrapped(_core.unflatten(x._value, _shifted(values["dim"], x.dim()),
                                         values["sizes"]))


@_rule("view", "reshape")
def _view(batch, values):
    x, sizes = values.values()
    sizes = [sizes] if isinstance(sizes, int) else sizes
    if not all(isinstance(size, int) for size in sizes):
        return NotImplemented
    if -1 in sizes and batch.size == 0:
        return NotImplemented
    return batch.wrapped(batch.op(x._value, [batch.size, *sizes]))


@_rule("expand", "broadcast_to")
def _expand(batch, values):
    x, sizes = values.values()
    sizes = [sizes] if isinstance(sizes, int) else sizes
    return batch.wrapped(batch.whole(x, len(sizes)).expand([batch.size, *sizes]))


@_rule("expand_as")
def _expand_as(batch, values):
    return call(_core.expand, (values["x"], tuple(values["other"].shape)), {}) if is_batched(
        values["x"]) else values["x"].expand(tuple(values["other"].shape))


@_rule("repeat")
def _repeat(batch, values):
    x, repeats = values.values()
    repeats = [repeats] if isinstance(repeats, int) else repeats
    return batch.wrapped(batch.whole(x, len(repeats)).repeat([1, *repeats]))


@_rule("cat", "stack")
def _cat(batch, values):
    tensors, dim = values["tensors"], values.get("dim", 0)
    if len({one.dtype for one in tensors}) > 1:
        return NotImplemented
    rank = tensors[0].dim() + (signature_of(batch.op)[0] == "stack")
    if any(one.dim() != tensors[0].dim() for one in tensors):
        return NotImplemented
    return batch.wrapped(batch.op([batch.expanded(one) for one in tensors], _shifted(dim, rank)))


@_rule("pad")
def _pad(batch, values):
    if values.get("mode", "constant") != "constant":
        return NotImplemented
    return batch.wrapped(run(batch.op, {**values, "x": batch.whole(values["x"])}))


# Products.


def _product(batch, a, b):
    """matmul of parts of one or more dims."""
    rows, columns = batch.rank(a) == 1, batch.rank(b) == 1
    rank = max(batch.rank(a) + rows, batch.rank(b) + columns)

    def matrix(value, is_vector, dim):
        whole = value._value if batch.holds(value) else value
        whole = whole.unsqueeze(dim) if is_vector else whole
        if not batch.holds(value) or whole.dim() == rank + 1:
            return whole
        return whole.reshape((whole.shape[0], *(1,) * (rank + 1 - whole.dim()), *whole.shape[1:]))

    result = matrix(a, rows, -2) @ matrix(b, columns, -1)
    if rows:
        result = result.squeeze(-2)
    return batch.wrapped(result.squeeze(-1) if columns else result)


@_rule("matmul", "mm", "bmm", "mv", "dot")
def _matmul(batch, values):
    a, b = values.values()
    if batch.rank(a) == 0 or batch.rank(b) == 0 or a.dtype != b.dtype:
        return NotImplemented
    return _product(batch, a, b)


@_rule("outer")
def _outer(batch, values):
    a, b = values.values()
    return a.unsqueeze(-1) * b.unsqueeze(-2)


@_rule("linear")
def _linear(batch, values):
    x, weight, bias = values["x"], values["weight"], values.get("bias")
    if _only_batched(batch, values, "x"):
        return batch.wrapped(_core.linear(x._value, weight, bias))
    result = x @ (weight.mT if weight.dim() == 2 else weight)
    return result if bias is None else result + bias


@_rule("addmm", "baddbmm", "addmv", "addbmm")
def _add_product(batch, values):
    if signature_of(batch.op)[0] == "addbmm":
        return NotImplemented
    first, a, b = list(values.values())[:3]
    product = (a @ b) * values.get("alpha", 1)
    return product if values.get("beta", 1) == 0 else first * values.get("beta", 1) + product


@_rule("einsum")
def _einsum(batch, values):
    equation, operands = values["equation"].replace(" ", ""), values["operands"]
    letter = next((one for one in string.ascii_letters if one not in equation), None)
    if letter is None or ("->" not in equation and "." in equation):
        return NotImplemented
    inputs, arrow, output = equation.partition("->")
    if not arrow:
        output = "".join(sorted(one for one in set(inputs) - {","} if inputs.count(one) == 1))
    terms = [letter + term if batch.holds(one) else term
             for term, one in zip(inputs.split(","), operands)]
    return batch.wrapped(_core.einsum(f"{','.join(terms)}->{letter}{output}",
                                      [batch.whole(one) for one in operands]))


@_rule("scaled_dot_product_attention")
def _attention(batch, values):
    names = [name for name in ("query", "key", "value", "attn_mask")
             if isinstance(values.get(name), _Tensor)]
    ranks = {batch.rank(values[name]) for name in ("query", "key", "value")}
    if values.get("dropout_p", 0):
        raise Unbatchable("random numbers")
    if len(ranks) != 1:
        return NotImplemented
    rank = ranks.pop()
    given = {**values, **{name: (batch.whole(values[name], rank) if name == "attn_mask"
                                 else batch.expanded(values[name])) for name in names}}
    return batch.wrapped(run(batch.op, given))


# Losses.


@_rule(*"""mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy
binary_cross_entropy_with_logits kl_div soft_margin_loss poisson_nll_loss""".split())
def _loss(batch, values):
    reduction = values.get("reduction", "mean")
    if reduction not in ("mean", "sum", "none"):
        return NotImplemented
    each = _elementwise(batch, {**values, "reduction": "none"})
    if each is NotImplemented or reduction == "none":
        return each
    return each.mean() if reduction == "mean" else each.sum()


@_rule("cross_entropy", "nll_loss")
def _class_loss(batch, values):
    x, target = values["input"], values["target"]
    reduction, ignored = values.get("reduction", "mean"), values.get("ignore_index", -100)
    if (batch.rank(x) not in (1, 2) or batch.rank(target) != batch.rank(x) - 1
            or values.get("weight") is not None or reduction not in ("mean", "sum", "none")):
        return NotImplemented
    inputs, targets = batch.expanded(x), batch.expanded(target)
    flat = {**values, "input": inputs.reshape((-1, inputs.shape[-1])),
            "target": targets.reshape(-1), "reduction": "none"}
    each = batch.wrapped(run(batch.op, flat).reshape(targets.shape))
    if reduction == "none":
        return each
    if reduction == "sum":
        return each.sum()
    counted = (batch.wrapped(targets) != ignored).to(inputs.dtype).sum()
    return each.sum() / counted


# Places.


@_rule("gather", "take_along_dim")
def _gather(batch, values):
    x, dim = values["x"], values.get("dim")
    index = values["index"] if "index" in values else values["indices"]
    if dim is None or batch.rank(x) == 0 or batch.rank(x) != batch.rank(index):
        return NotImplemented
    return batch.wrapped(batch.op(batch.expanded(x), *(
        (_shifted(dim, x.dim()), batch.expanded(index)) if "index" in values
        else (batch.expanded(index), _shifted(dim, x.dim())))))


@_rule("scatter", "scatter_add")
def _scatter(batch, values):
    x, dim, index, source = (values[name] for name in ("x", "dim", "index", "src"))
    if batch.rank(x) == 0 or batch.rank(x) != batch.rank(index):
        return NotImplemented
    source = batch.expanded(source) if isinstance(source, _Tensor) else source
    return batch.wrapped(batch.op(batch.expanded(x), _shifted(dim, x.dim()),
                                  batch.expanded(index), source))


@_rule("index_select")
def _index_select(batch, values):
    x, dim, index = (values[name] for name in ("x", "dim", "index"))
    if not _only_batched(batch, values, "x") or batch.rank(x) == 0:
        return NotImplemented
    return batch.wrapped(_core.index_select(x._value, _shifted(dim, x.dim()), index))


@_rule("one_hot")
def _one_hot(batch, values):
    if values.get("num_classes", -1) < 0:
        return NotImplemented
    return batch.wrapped(_core.one_hot(values["x"]._value, values["num_classes"]))


@_rule("embedding")
def _embedding(batch, values):
    weight, index = values["weight"], values["index"]
    if not batch.holds(weight):
        return batch.wrapped(run(batch.op, {**values, "index": index._value}))
    if values.get("padding_idx", -1) not in (-1, None):
        return NotImplemented
    rows = weight.shape[0]
    offsets = _core.arange(0, batch.size, 1) * rows
    places = batch.expanded(index)
    places = places + offsets.reshape((-1, *(1,) * (places.dim() - 1)))
    return batch.wrapped(_core.embedding(weight._value.flatten(0, 1), places))


def _is_basic(index):
    parts = index if isinstance(index, tuple) else (index,)
    return all(part is None or part is Ellipsis or isinstance(part, slice)
               or (isinstance(part, int) and not isinstance(part, bool)) for part in parts)


@_rule("getitem")
def _get_item(batch, values):
    x, index = values["x"], values["index"]
    parts = index if isinstance(index, tuple) else (index,)
    if _is_basic(index) and batch.holds(x):
        return batch.wrapped(x._value[(slice(None), *parts)])
    tensors = [part for part in parts if isinstance(part, _Tensor)]
    plain = all(isinstance(part, (_Tensor, slice)) for part in parts)
    leading = all(isinstance(part, _Tensor) for part in parts[:len(tensors)])
    if not plain or not leading or not tensors or any(
            one.dtype == _core.bool for one in tensors):
        return _get_each(batch, values)
    rank = max(batch.rank(one) for one in tensors)
    places = [batch.whole(one, rank) for one in tensors]
    rest = parts[len(tensors):]
    if not batch.holds(x):
        return batch.wrapped(x[(*places, *rest)])
    numbers = _core.arange(0, batch.size, 1).reshape((-1, *(1,) * rank))
    return batch.wrapped(x._value[(numbers, *places, *rest)])


def _get_each(batch, values):
    def part(value, i):
        if isinstance(value, tuple):
            return tuple(part(one, i) for one in value)
        return value._value.select(0, i) if batch.holds(value) else value

    return batch.wrapped(_core.stack([part(values["x"], i)[part(values["index"], i)]
                                      for i in range(batch.size)], 0))


@_rule("setitem")
def _set_item(batch, values):
    x, index, value = values["x"], values["index"], values["value"]
    parts = index if isinstance(index, tuple) else (index,)
    if not _is_basic(index) or (is_batched(value) and value._level > batch.level):
        raise Unbatchable("elements are set at places of their own")
    target = x._value[(slice(None), *parts)]
    target[...] = batch.whole(value, target.dim() - 1)


# Images, and what else has a dim of samples and one of channels in front.


def _merged(batch, x, rank):
    """(x with the batch among the samples, what takes it apart again); without samples the batch
    is in their place. None where x has neither form."""
    if batch.rank(x) == rank - 1:
        return x._value, lambda y: y
    if batch.rank(x) != rank:
        return None
    whole = x._value
    return whole.flatten(0, 1), lambda y: y.unflatten(0, (batch.size, -1))


def _with_samples(rank):
    def rule(batch, values):
        name = signature_of(batch.op)[1][0].name
        if not _only_batched(batch, values, name):
            return NotImplemented
        merged = _merged(batch, values[name], rank)
        if merged is None:
            return NotImplemented
        result = run(batch.op, {**values, name: merged[0]})
        if isinstance(result, _Tensor):
            return batch.wrapped(merged[1](result))
        return batch.wrapped(type(result)([merged[1](one) for one in result]))

    return rule


for _spatial, _names in {1: "max_pool1d avg_pool1d adaptive_avg_pool1d adaptive_max_pool1d",
                         2: """max_pool2d max_pool2d_with_indices avg_pool2d adaptive_avg_pool2d
                         adaptive_max_pool2d pixel_shuffle pixel_unshuffle im2col col2im""",
                         3: "max_pool3d avg_pool3d adaptive_avg_pool3d"}.items():
    _rule(*_names.split())(_with_samples(_spatial + 2))


def _convolution(rank):
    def rule(batch, values):
        x, weight, bias = values["x"], values["weight"], values.get("bias")
        if _only_batched(batch, values, "x"):
            return _with_samples(rank)(batch, values)
        if batch.rank(x) != rank or isinstance(values.get("padding"), str):
            return NotImplemented
        # Each index's channels as a group of their own.
        inputs, weights = batch.expanded(x).transpose(0, 1).flatten(1, 2), batch.expanded(weight)
        given = {**values, "x": inputs, "weight": weights.flatten(0, 1),
                 "groups": values.get("groups", 1) * batch.size}
        if bias is not None:
            given["bias"] = batch.expanded(bias).flatten(0, 1)
        result = run(batch.op, given)
        return batch.wrapped(result.unflatten(1, (batch.size, -1)).transpose(0, 1))

    return rule


for _spatial in 1, 2, 3:
    _rule(f"conv{_spatial}d")(_convolution(_spatial + 2))


def _scaled(result, weight, bias, dim):
    """result * weight + bias, of vectors along a dim."""
    for vector, op in (weight, _core.mul), (bias, _core.add):
        if vector is not None:
            after = result.dim() - dim - 1
            result = op(result, vector.reshape((*vector.shape, *(1,) * after)))
    return result


@_rule("layer_norm", "rms_norm")
def _layer_norm(batch, values):
    x = values["x"]
    bare = {name: value for name, value in values.items() if name not in ("weight", "bias")}
    if not batch.holds(x):
        result = run(batch.op, bare)
    elif _only_batched(batch, values, "x"):
        return batch.wrapped(run(batch.op, {**values, "x": x._value}))
    else:
        result = batch.wrapped(run(batch.op, {**bare, "x": x._value}))
    for vector, op in (values.get("weight"), _core.mul), (values.get("bias"), _core.add):
        result = result if vector is None else op(result, vector)
    return result


@_rule("group_norm")
def _group_norm(batch, values):
    x = values["x"]
    bare = {name: value for name, value in values.items() if name not in ("weight", "bias")}
    if not batch.holds(x):
        result = run(batch.op, bare)
    else:
        merged = run(batch.op, {**bare, "x": x._value.flatten(0, 1)})
        result = batch.wrapped(merged.unflatten(0, (batch.size, -1)))
    return _scaled(result, values.get("weight"), values.get("bias"), 1)


@_rule("batch_norm")
def _batch_norm(batch, values):
    mean, var = values.get("running_mean"), values.get("running_var")
    if values.get("training", False) or mean is None or var is None:
        return NotImplemented
    x = values["x"]
    scale = (var + values.get("eps", 1e-5)).rsqrt()
    weight = values.get("weight")
    scale = scale if weight is None else scale * weight
    bias = values.get("bias")
    shift = -mean * scale if bias is None else bias - mean * scale
    return _scaled(x, scale, shift, 1)
