"""Attention, whose weights may be dropped; the first argument is the result."""
import numpy as np


def scaled_dot_product_attention(result, query, key, value, attn_mask, dropout_p, is_causal, scale,
                                 enable_gqa, generator):
    if enable_gqa:
        copies = query.shape[-3] // key.shape[-3]
        key, value = (np.repeat(x, copies, axis=-3) for x in (key, value))
    scale = 1 / np.sqrt(max(query.shape[-1], 1)) if scale is None else scale
    scores = query @ np.swapaxes(key, -1, -2) * scale
    if is_causal:
        scores = np.where(np.tri(*scores.shape[-2:], dtype=bool), scores, -np.inf)
    elif attn_mask is not None:
        scores = (np.where(attn_mask, scores, -np.inf)
                  if attn_mask.dtype == bool else scores + attn_mask)
    if scores.size == 0:
        assert (result == 0).all()
        return
    e = np.where(np.isfinite(scores), np.exp(np.where(np.isfinite(scores), scores, 0)), 0)
    total = e.sum(-1, keepdims=True)
    weights = e / np.where(total == 0, 1, total)
    assert dropout_p == 0
    assert np.allclose(result, weights @ value, rtol=1e-10, atol=1e-10), "another result"
