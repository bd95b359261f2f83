"""Attention layers."""

import math

from ... import _core
from .._seeds import generator_of
from .._symbolic import KerasTensor
from ._base import BuiltIn, checked_positive
from .core import EinsumDense


def _causal(rows, columns):
    """(1, rows, columns): on where the column isn't behind the row."""
    return _core.ones((1, rows, columns), dtype=_core.bool).tril()


class Attention(BuiltIn):
    """softmax(query @ key^T) @ value of [query, value] or [query, value, key], each (batch, steps,
    features): Luong et al. 2015. With `use_scale`, scores times a weight; score_mode="concat": the
    sum of tanh(query + key), times a weight."""

    def __init__(self, use_scale=False, score_mode="dot", dropout=0.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        if score_mode not in ("dot", "concat"):
            raise ValueError(f"Attention(): score_mode is 'dot' or 'concat', not {score_mode!r}")
        self.use_scale, self.score_mode = use_scale, score_mode
        self.dropout, self.seed = dropout, seed
        self.__dict__["_generator"] = generator_of(seed)
        self.supports_masking = True

    def build(self, input_shape):
        self.scale = self.concat_score_weight = None
        if self.use_scale:
            self.scale = self.add_weight((), "ones", name="scale")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight((), "ones", name="concat_score_weight")

    def _scores(self, query, key):
        if self.score_mode == "dot":
            scores = query @ key.transpose(-2, -1)
            return scores if self.scale is None else scores * self.scale
        sums = query.unsqueeze(-2) + key.unsqueeze(-3)
        sums = sums if self.scale is None else sums * self.scale
        return self.concat_score_weight * sums.tanh().sum(-1)

    def call(self, inputs, mask=None, training=None, return_attention_scores=False,
             use_causal_mask=False):
        if not isinstance(inputs, (list, tuple)) or not 2 <= len(inputs) <= 3:
            raise ValueError(f"{type(self).__name__} is called with [query, value] or [query, "
                             "value, key]")
        query, value = inputs[:2]
        scores = self._scores(query, inputs[2] if len(inputs) > 2 else value)
        of_query, of_value = (None, None) if mask is None else mask[:2]
        kept = None if of_value is None else of_value.to(_core.bool).unsqueeze(-2)
        if use_causal_mask:
            causal = _causal(*scores.shape[-2:])
            kept = causal if kept is None else kept & causal
        if kept is not None:
            scores = _core.where(kept, scores, scores - (65504.0 if scores.dtype == _core.float16
                                                         else 1e9))
        weights = _core.softmax(scores, -1)
        if training and self.dropout:
            weights = _core.dropout(weights, self.dropout, True, generator=self._generator)
        result = weights @ value
        if of_query is not None:
            result = result * of_query.unsqueeze(-1).to(result.dtype)
        return (result, weights) if return_attention_scores else result

    def compute_mask(self, inputs, mask=None):
        return mask[0] if isinstance(mask, (list, tuple)) else None


class AdditiveAttention(Attention):
    """softmax(sum(tanh(query + key))) @ value of [query, value] or [query, value, key]: Bahdanau et
    al. 2014. With `use_scale`, features are weighted in the sum."""

    def __init__(self, use_scale=True, dropout=0.0, seed=None, **kwargs):
        super().__init__(use_scale, "dot", dropout, seed, **kwargs)

    def build(self, input_shape):
        self.scale = None
        if self.use_scale:
            self.scale = self.add_weight((input_shape[0][-1],), "glorot_uniform", name="scale")

    def _scores(self, query, key):
        sums = (query.unsqueeze(-2) + key.unsqueeze(-3)).tanh()
        return (sums if self.scale is None else sums * self.scale).sum(-1)


class MultiHeadAttention(BuiltIn):
    """Vaswani et al. 2017: heads of softmax(query @ key^T / sqrt(key_dim)) @ value, each of its own
    projections of (batch, steps, features), projected to the size of the query, or to
    `output_shape`."""

    def __init__(self, num_heads, key_dim, value_dim=None, dropout=0.0, use_bias=True,
                 output_shape=None, *, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.num_heads = checked_positive("MultiHeadAttention", "num_heads", num_heads)
        self.key_dim = checked_positive("MultiHeadAttention", "key_dim", key_dim)
        self.value_dim = value_dim or key_dim
        self.dropout, self.use_bias, self.seed = dropout, use_bias, seed
        self._output_size = output_shape if output_shape is None or isinstance(
            output_shape, int) else output_shape[-1]
        self._set_rules("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        self._set_rules("bias", bias_initializer, bias_regularizer, bias_constraint)
        self.__dict__["_generator"] = generator_of(seed)
        self.supports_masking = True

    @property
    def _heads_of_keys(self):
        """How many heads keys and values have."""
        return self.num_heads

    def _config_value(self, name):
        return self._output_size if name == "output_shape" else super()._config_value(name)

    def _projection(self, equation, shape, axes, name):
        def again(initializer):  # numbers of its own
            return type(initializer).from_config(initializer.get_config())

        return EinsumDense(equation, shape, bias_axes=axes if self.use_bias else None, name=name,
                           kernel_initializer=again(self.kernel_initializer),
                           bias_initializer=again(self.bias_initializer),
                           kernel_regularizer=self.kernel_regularizer,
                           bias_regularizer=self.bias_regularizer,
                           kernel_constraint=self.kernel_constraint,
                           bias_constraint=self.bias_constraint, dtype=self.dtype_policy)

    def build(self, query_shape, value_shape, key_shape=None):
        if len(query_shape) != 3 or len(value_shape) != 3:
            raise ValueError("MultiHeadAttention takes (batch, steps, features), not "
                             f"{tuple(query_shape)} and {tuple(value_shape)}")
        heads = self.num_heads
        for name, shape, count, size in (
                ("query", query_shape, heads, self.key_dim),
                ("key", key_shape or value_shape, self._heads_of_keys, self.key_dim),
                ("value", value_shape, self._heads_of_keys, self.value_dim)):
            dense = self._projection("abc,cde->abde", (None, count, size), "de", name)
            dense.build(shape)
            setattr(self, f"{name}_dense", dense)
        size = self._output_size or query_shape[-1]
        self.output_dense = self._projection("abde,dec->abc", (None, size), "c", "attention_output")
        self.output_dense.build((*query_shape[:2], heads, self.value_dim))

    def _mask(self, query, value, masks, attention_mask, use_causal_mask):
        """(batch, 1, query steps, value steps) of all masks, None where there is none."""
        parts = []
        if masks[0] is not None:
            parts.append(masks[0].to(_core.bool).unsqueeze(-1))
        parts += [mask.to(_core.bool).unsqueeze(-2) for mask in masks[1:] if mask is not None]
        if use_causal_mask:
            parts.append(_causal(query.shape[1], value.shape[1]))
        if attention_mask is not None:
            parts.append(attention_mask.to(_core.bool))
        if not parts:
            return None
        whole = parts[0]
        for part in parts[1:]:
            whole = whole & part if whole.dim() == part.dim() else whole.unsqueeze(1) & part
        return whole.unsqueeze(1) if whole.dim() == 3 else whole

    def call(self, query, value, key=None, query_mask=None, value_mask=None, key_mask=None,
             attention_mask=None, return_attention_scores=False, training=None,
             use_causal_mask=False):
        key = value if key is None else key
        mask = self._mask(query, value, (query_mask, value_mask, key_mask), attention_mask,
                          use_causal_mask)
        q, k, v = (dense.call(x).transpose(1, 2) for dense, x in
                   ((self.query_dense, query), (self.key_dense, key), (self.value_dense, value)))
        shared = self.num_heads // self._heads_of_keys
        if shared > 1:
            k, v = (_core.repeat_interleave(x, shared, 1) for x in (k, v))
        drops = bool(training) and self.dropout > 0
        scale = 1.0 / math.sqrt(self.key_dim)
        if return_attention_scores or drops or mask is not None:
            # A row of which nothing is on: all of it counts the same, as in Keras.
            scores = (q * scale) @ k.transpose(-2, -1)
            if mask is not None:
                lowest = -3e4 if scores.dtype == _core.float16 else -3e38
                scores = _core.where(mask, scores, lowest)
            weights = _core.softmax(scores, -1)
            shared = _core.dropout(weights, self.dropout, True,
                                   generator=self._generator) if drops else weights
            y = shared @ v
        else:
            weights, y = None, _core.scaled_dot_product_attention(q, k, v, scale=scale)
        y = self.output_dense.call(y.transpose(1, 2))
        return (y, weights) if return_attention_scores else y

    def compute_output_spec(self, query, value, key=None, query_mask=None, value_mask=None,
                            key_mask=None, attention_mask=None, return_attention_scores=False,
                            training=None, use_causal_mask=False):
        shape = self.compute_output_shape(query.shape, value.shape)
        y = KerasTensor(shape, self.compute_dtype)
        if not return_attention_scores:
            return y
        return y, KerasTensor((query.shape[0], self.num_heads, query.shape[1], value.shape[1]),
                              self.compute_dtype)

    def compute_output_shape(self, query_shape, value_shape, key_shape=None):
        return (*query_shape[:-1], self._output_size or query_shape[-1])

    def compute_mask(self, query, mask=None):
        return mask


class GroupQueryAttention(MultiHeadAttention):
    """Attention in which each head of keys and values serves several heads of queries: Ainslie et
    al. 2023."""

    def __init__(self, head_dim, num_query_heads, num_key_value_heads, dropout=0.0, use_bias=True,
                 kernel_initializer="glorot_uniform", bias_initializer="zeros",
                 kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, seed=None, **kwargs):
        self.__dict__["num_key_value_heads"] = checked_positive(
            "GroupQueryAttention", "num_key_value_heads", num_key_value_heads)
        if num_query_heads % num_key_value_heads:
            raise ValueError("`num_query_heads` must be divisible by `num_key_value_heads`, not "
                             f"{num_query_heads} and {num_key_value_heads}")
        super().__init__(num_query_heads, head_dim, None, dropout, use_bias,
                         kernel_initializer=kernel_initializer, bias_initializer=bias_initializer,
                         kernel_regularizer=kernel_regularizer, bias_regularizer=bias_regularizer,
                         kernel_constraint=kernel_constraint, bias_constraint=bias_constraint,
                         seed=seed, activity_regularizer=activity_regularizer, **kwargs)

    head_dim = property(lambda self: self.key_dim)
    num_query_heads = property(lambda self: self.num_heads)

    @property
    def _heads_of_keys(self):
        return self.num_key_value_heads
