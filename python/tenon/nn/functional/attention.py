"""Attention."""

import math

from ... import _core
from .activation import softmax
from .conv import linear
from .norm import dropout
from .padding import pad

scaled_dot_product_attention = _core.scaled_dot_product_attention


def _additive(mask, dtype):
    """A mask as numbers that are added to scores: True becomes -inf."""
    if mask is None or mask.is_floating_point():
        return mask
    zeros = _core.zeros(mask.shape, dtype=dtype, device=mask.device)
    return zeros.masked_fill(mask, -math.inf)


def _projected(query, key, value, embed_dim, in_proj_weight, in_proj_bias, separate):
    """Queries, keys and values as the heads see them."""
    biases = (None,) * 3 if in_proj_bias is None else in_proj_bias.chunk(3)
    if separate is not None:
        return [linear(x, weight, bias) for x, weight, bias in
                zip((query, key, value), separate, biases)]
    if query is key and key is value:
        return linear(query, in_proj_weight, in_proj_bias).chunk(3, -1)
    weights = in_proj_weight.chunk(3)
    return [linear(x, weight, bias) for x, weight, bias in
            zip((query, key, value), weights, biases)]


def _heads(x, batch, num_heads, head_dim):
    """(steps, batch, features) as (batch * heads, steps, head_dim)."""
    return x.reshape((x.shape[0], batch * num_heads, head_dim)).transpose(0, 1)


def _merged(attn_mask, key_padding_mask, batch, num_heads, sources):
    """Both masks as one for (batch * heads, targets, sources)."""
    if key_padding_mask is None:
        return attn_mask
    padding = key_padding_mask.view((batch, 1, 1, sources)).expand((batch, num_heads, 1, sources))
    padding = padding.reshape((batch * num_heads, 1, sources))
    return padding if attn_mask is None else attn_mask + padding


def _one_more(mask):
    """A mask with a column for a key that nobody may be kept from."""
    return None if mask is None else pad(mask, (0, 1))


def _attend(q, k, v, mask, dropout_p, need_weights, sizes):
    """What the heads give, as (steps * batch, features), and their weights where wanted."""
    targets, batch, features = sizes
    if need_weights:
        scores = (q * (1.0 / math.sqrt(q.shape[-1]))) @ k.transpose(-2, -1)
        weights = softmax(scores if mask is None else scores + mask, -1)
        if dropout_p > 0:
            weights = dropout(weights, dropout_p)
        result = weights @ v
    else:
        weights = None
        four = [x.view((batch, -1, *x.shape[1:])) for x in (q, k, v)]
        if mask is not None:
            mask = mask.view((1 if mask.shape[0] == 1 else batch, -1, *mask.shape[1:]))
        result = scaled_dot_product_attention(*four, mask, dropout_p).reshape(q.shape)
    return result.transpose(0, 1).reshape((targets * batch, features)), weights


def _check_attn_mask(attn_mask, batch, num_heads, targets, sources):
    """With a dim for batch and heads in front."""
    expected = ((targets, sources) if attn_mask.dim() == 2 else
                (batch * num_heads, targets, sources))
    if attn_mask.dim() not in (2, 3):
        raise RuntimeError(f"attn_mask's dimension {attn_mask.dim()} is not supported")
    if tuple(attn_mask.shape) != expected:
        raise RuntimeError(f"The shape of the {attn_mask.dim()}D attn_mask is "
                           f"{tuple(attn_mask.shape)}, but should be {expected}.")
    return attn_mask.unsqueeze(0) if attn_mask.dim() == 2 else attn_mask


def multi_head_attention_forward(
        query, key, value, embed_dim_to_check, num_heads, in_proj_weight, in_proj_bias, bias_k,
        bias_v, add_zero_attn, dropout_p, out_proj_weight, out_proj_bias, training=True,
        key_padding_mask=None, need_weights=True, attn_mask=None, use_separate_proj_weight=False,
        q_proj_weight=None, k_proj_weight=None, v_proj_weight=None, static_k=None, static_v=None,
        average_attn_weights=True, is_causal=False):
    """What nn.MultiheadAttention computes, of (steps, batch, features) or (steps, features)."""
    is_single = query.dim() == 2
    if is_single:
        query, key, value = (x.unsqueeze(1) for x in (query, key, value))
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    targets, batch, embed_dim = query.shape
    if embed_dim != embed_dim_to_check:
        raise ValueError(f"was expecting embedding dimension of {embed_dim_to_check}, but got "
                         f"{embed_dim}")
    head_dim = embed_dim // num_heads
    if head_dim * num_heads != embed_dim:
        raise ValueError(f"embed_dim {embed_dim} not divisible by num_heads {num_heads}")
    if is_causal and attn_mask is None:
        raise RuntimeError("Need attn_mask if specifying the is_causal hint.")
    separate = ((q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else None)
    q, k, v = _projected(query, key, value, embed_dim, in_proj_weight, in_proj_bias, separate)
    if attn_mask is not None:
        attn_mask = _check_attn_mask(_additive(attn_mask, q.dtype), batch, num_heads, targets,
                                     k.shape[0])
    key_padding_mask = _additive(key_padding_mask, q.dtype)
    if bias_k is not None and bias_v is not None:
        k = _core.cat([k, bias_k.expand((1, batch, embed_dim))])
        v = _core.cat([v, bias_v.expand((1, batch, embed_dim))])
        attn_mask, key_padding_mask = _one_more(attn_mask), _one_more(key_padding_mask)
    q = _heads(q, batch, num_heads, head_dim)
    k = _heads(k, batch, num_heads, head_dim) if static_k is None else static_k
    v = _heads(v, batch, num_heads, head_dim) if static_v is None else static_v
    if add_zero_attn:
        zeros = _core.zeros((batch * num_heads, 1, head_dim), dtype=k.dtype, device=k.device)
        k, v = _core.cat([k, zeros], 1), _core.cat([v, zeros], 1)
        attn_mask, key_padding_mask = _one_more(attn_mask), _one_more(key_padding_mask)
    sources = k.shape[1]
    mask = _merged(attn_mask, key_padding_mask, batch, num_heads, sources)
    result, weights = _attend(q, k, v, mask, dropout_p if training else 0.0, need_weights,
                              (targets, batch, embed_dim))
    result = linear(result, out_proj_weight, out_proj_bias).view((targets, batch, -1))
    if weights is not None:
        weights = weights.view((batch, num_heads, targets, sources))
        weights = weights.mean(1) if average_attn_weights else weights
    if is_single:
        result = result.squeeze(1)
        weights = None if weights is None else weights.squeeze(0)
    return result, weights
