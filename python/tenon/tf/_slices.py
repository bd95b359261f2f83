"""Slices of tensors, and variables changed by them."""

from .. import _core
from .._eager import convert
from .._eager.tensor import own
from ._gathering import (_added, _combined, _put, _scattered, gather, gather_nd)
from .math import unsorted_segment_sum


class IndexedSlices:
    """The slices `values` of a tensor along its first dim at `indices`; what was 0 is left out."""

    def __init__(self, values, indices, dense_shape=None):
        self.values, self.indices = own(convert.tensor(values)), own(convert.tensor(indices))
        self.dense_shape = None if dense_shape is None else own(convert.tensor(dense_shape))

    @property
    def dtype(self):
        return self.values.dtype

    @property
    def shape(self):
        from .._eager.shapes import TensorShape

        rows = None if self.dense_shape is None else int(self.dense_shape[0])
        return TensorShape([rows, *self.values.shape[1:]])

    def __tf_tensor__(self, dtype=None, name=None):
        if self.dense_shape is None:
            raise ValueError("Tensor conversion requested for IndexedSlices without dense_shape")
        return unsorted_segment_sum(self.values, self.indices, int(self.dense_shape[0]))

    def __neg__(self):
        return IndexedSlices(-self.values, self.indices, self.dense_shape)

    def __repr__(self):
        return f"IndexedSlices(values={self.values!r}, indices={self.indices!r})"


def _rows(variable, delta):
    """Slices as places and updates of the whole."""
    return delta.indices.unsqueeze(-1), delta.values


def _changing(name, combine, text, of_slices):
    if of_slices:
        def change(self, sparse_delta, use_locking=False, name=None):
            indices, updates = _rows(self, sparse_delta)
            return self.assign(own(_scattered(self.detach(), indices, updates, combine)))
    else:
        def change(self, indices, updates, name=None):
            return self.assign(own(_scattered(self.detach(), convert.tensor(indices), updates,
                                              combine)))

    change.__name__, change.__doc__ = name, text
    return change


def _factored(is_product):
    def combine(flat, at, updates):
        index = at.reshape((-1, *[1] * (flat.dim() - 1))).expand(updates.shape)
        return _core.scatter_reduce(flat, 0, index, updates if is_product else 1 / updates, "prod")

    return combine


_COMBINED = {"update": (_put, "Takes slices at their places."),
             "add": (_added, "Adds slices at their places."),
             "sub": (lambda flat, at, updates: _added(flat, at, -updates),
                     "Subtracts slices at their places."),
             "max": (_combined("amax"), "Takes the larger at the slices' places."),
             "min": (_combined("amin"), "Takes the smaller at the slices' places."),
             "mul": (_factored(True), "Multiplies slices at their places."),
             "div": (_factored(False), "Divides by slices at their places.")}


def methods():
    """By name, what variables have beside `assign`."""
    made = {}
    for kind, (combine, text) in _COMBINED.items():
        made[f"scatter_{kind}"] = _changing(f"scatter_{kind}", combine, text, True)
        if kind not in ("mul", "div"):
            made[f"scatter_nd_{kind}"] = _changing(f"scatter_nd_{kind}", combine, text, False)
    made["sparse_read"] = lambda self, indices, name=None: gather(self, indices)
    made["gather_nd"] = lambda self, indices, name=None: gather_nd(self, indices)
    made["initialized_value"] = lambda self: self
    made["initial_value"] = property(lambda self: self)
    return made
