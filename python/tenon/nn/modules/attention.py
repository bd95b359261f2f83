"""Multi-head attention."""

from ..._creation import empty
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .linear import NonDynamicallyQuantizableLinear
from .module import Module


class MultiheadAttention(Module):
    """softmax(Q K^T / sqrt(head size)) V in several heads, of (steps, batch, features) or, with
    `batch_first`, (batch, steps, features): Vaswani et al. 2017."""

    def __init__(self, embed_dim, num_heads, dropout=0.0, bias=True, add_bias_kv=False,
                 add_zero_attn=False, kdim=None, vdim=None, batch_first=False, device=None,
                 dtype=None):
        super().__init__()
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError("embed_dim and num_heads must be greater than 0, got "
                             f"embed_dim={embed_dim} and num_heads={num_heads} instead")
        if embed_dim % num_heads:
            raise ValueError("embed_dim must be divisible by num_heads")
        self.embed_dim, self.num_heads, self.dropout = embed_dim, num_heads, dropout
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.batch_first, self.head_dim = batch_first, embed_dim // num_heads
        self.add_zero_attn = add_zero_attn
        where = {"device": device, "dtype": dtype}
        whole = (3 * embed_dim, embed_dim) if self._qkv_same_embed_dim else None
        parts = (None,) * 3 if whole else ((embed_dim, embed_dim), (embed_dim, self.kdim),
                                           (embed_dim, self.vdim))
        names = "q_proj_weight", "k_proj_weight", "v_proj_weight", "in_proj_weight", "in_proj_bias"
        shapes = *parts, whole, (3 * embed_dim,) if bias else None
        for name, shape in zip(names, shapes):
            self.register_parameter(name, Parameter(empty(shape, **where)) if shape else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, **where)
        for name in "bias_k", "bias_v":
            added = Parameter(empty((1, 1, embed_dim), **where)) if add_bias_kv else None
            self.register_parameter(name, added)
        self._reset_parameters()

    def _reset_parameters(self):
        for name in "in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight":
            if getattr(self, name) is not None:
                init.xavier_uniform_(getattr(self, name))
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        for added in self.bias_k, self.bias_v:
            if added is not None:
                init.xavier_normal_(added)

    def forward(self, query, key, value, key_padding_mask=None, need_weights=True, attn_mask=None,
                average_attn_weights=True, is_causal=False):
        """The result, and the weights of the heads (their mean with `average_attn_weights`) where
        they are needed. Masks hold True, or -inf, where keys may not be looked at."""
        swapped = self.batch_first and query.dim() == 3
        if swapped:
            # What is the same tensor stays the same, for one product instead of three.
            turned = {id(x): x.transpose(0, 1) for x in (query, key, value)}
            query, key, value = (turned[id(x)] for x in (query, key, value))
        result, weights = F.multi_head_attention_forward(
            query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight,
            self.in_proj_bias, self.bias_k, self.bias_v, self.add_zero_attn, self.dropout,
            self.out_proj.weight, self.out_proj.bias, self.training, key_padding_mask, need_weights,
            attn_mask, not self._qkv_same_embed_dim, self.q_proj_weight, self.k_proj_weight,
            self.v_proj_weight, None, None, average_attn_weights, is_causal)
        return result.transpose(0, 1) if swapped else result, weights
