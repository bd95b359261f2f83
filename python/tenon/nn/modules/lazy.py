"""Modules that take the sizes of their inputs from the first input they see."""

import inspect

from ... import _core
from ..parameter import UninitializedBuffer, UninitializedParameter, is_lazy
from .batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d
from .conv import (Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)
from .instancenorm import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from .linear import Linear


def _infer_parameters(module, args, kwargs):
    """Before the first call: what the module is, with sizes, is what it is made of from then on."""
    module.initialize_parameters(*args, **kwargs)
    if module.has_uninitialized_params():
        raise RuntimeError(f"module {module._get_name()} has not been fully initialized")
    for number, hook in list(module._forward_pre_hooks.items()):
        if hook is _infer_parameters:
            del module._forward_pre_hooks[number]
    if module.cls_to_become is not None:
        module.__class__ = module.cls_to_become


class LazyModuleMixin:
    """The first call has `initialize_parameters` give sizes to the parameters that have none; then
    the module becomes one of the class `cls_to_become`."""

    cls_to_become = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.register_forward_pre_hook(_infer_parameters, with_kwargs=True)

    def initialize_parameters(self, *args, **kwargs):
        """Gives parameters and buffers their sizes, by what the module is called with."""
        raise NotImplementedError("initialize_parameters is not implemented for "
                                  f"{type(self).__name__}")

    def has_uninitialized_params(self):
        """Whether sizes are missing."""
        return any(is_lazy(tensor) for registry in (self._parameters, self._buffers)
                   for tensor in registry.values())


class LazyLinear(LazyModuleMixin, Linear):
    """`Linear` whose in_features is the size of the first input's last dim."""

    cls_to_become = Linear

    def __init__(self, out_features, bias=True, device=None, dtype=None):
        super().__init__(0, 0, False, device, dtype)
        self.out_features = out_features
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self):
        """Draws the initial values anew, where there are sizes."""
        if self.in_features and not self.has_uninitialized_params():
            super().reset_parameters()

    def initialize_parameters(self, input):
        is_new = self.has_uninitialized_params()
        self.in_features = input.shape[-1] if is_new else self.weight.shape[-1]
        if is_new:
            self.weight.materialize((self.out_features, self.in_features))
            if self.bias is not None:
                self.bias.materialize((self.out_features,))
            self.reset_parameters()


class _LazyConv(LazyModuleMixin):
    """What convolutions have in common that take in_channels from their first input."""

    def __init__(self, out_channels, *args, bias=True, device=None, dtype=None, **kwargs):
        # The arguments behind out_channels, of which convolutions have one order and transposed
        # ones another, are the class's own.
        names = list(inspect.signature(self.cls_to_become).parameters)[2:]
        given = dict(zip(names, args), **kwargs)
        bias = given.pop("bias", bias)
        super().__init__(0, 0, bias=False, device=given.pop("device", device),
                         dtype=given.pop("dtype", dtype), **given)
        self.out_channels = out_channels
        self._check(0, out_channels, self.groups, self.padding, self.stride, self.padding_mode)
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self):
        """Draws the initial values anew, where there are sizes."""
        if self.in_channels and not self.has_uninitialized_params():
            super().reset_parameters()

    def initialize_parameters(self, input, *args):
        dims = len(self.kernel_size)
        if input.dim() not in (dims + 1, dims + 2):
            raise RuntimeError(f"Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input "
                               f"to {type(self).__name__}, but got input of size: {input.shape}")
        is_new = self.has_uninitialized_params()
        channel_dim = 1 if self.transposed else 0
        self.in_channels = (input.shape[-dims - 1] if is_new else
                            self.weight.shape[1 - channel_dim] *
                            (1 if self.transposed else self.groups))
        if not is_new:
            return
        self._check(self.in_channels, self.out_channels, self.groups, self.padding, self.stride,
                    self.padding_mode)
        sizes = ((self.in_channels, self.out_channels // self.groups) if self.transposed
                 else (self.out_channels, self.in_channels // self.groups))
        self.weight.materialize((*sizes, *self.kernel_size))
        if self.bias is not None:
            self.bias.materialize((self.out_channels,))
        self.reset_parameters()


class _LazyNorm(LazyModuleMixin):
    """What normalisations have in common that take num_features from their first input."""

    def __init__(self, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True, device=None,
                 dtype=None, *, bias=True):
        super().__init__(0, eps, momentum, False, False, device, dtype)
        self.affine, self.track_running_stats = affine, track_running_stats
        if affine:
            self.weight = UninitializedParameter(device=device, dtype=dtype)
            if bias:
                self.bias = UninitializedParameter(device=device, dtype=dtype)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            self.running_var = UninitializedBuffer(device=device, dtype=dtype)
            self.num_batches_tracked = _core.tensor_of_data(0, _core.int64)

    def reset_parameters(self):
        """Sets the initial values anew, where there are sizes."""
        if self.num_features and not self.has_uninitialized_params():
            super().reset_parameters()

    def initialize_parameters(self, input):
        tensors = [tensor for tensor in (self.weight, self.bias, self.running_mean,
                                         self.running_var) if tensor is not None]
        is_new = self.has_uninitialized_params() or not tensors
        self.num_features = self._features_of(input) if is_new else tensors[0].shape[0]
        if is_new:
            for tensor in tensors:
                tensor.materialize((self.num_features,))
            self.reset_parameters()

    def _features_of(self, input):
        return input.shape[1]


class _LazyInstanceNorm(_LazyNorm):
    def _features_of(self, input):
        return input.shape[1 if input.dim() == self._dims[1] else 0]


class LazyConv1d(_LazyConv, Conv1d):
    """`Conv1d` whose in_channels is that of its first input."""

    cls_to_become = Conv1d


class LazyConv2d(_LazyConv, Conv2d):
    """`Conv2d` whose in_channels is that of its first input."""

    cls_to_become = Conv2d


class LazyConv3d(_LazyConv, Conv3d):
    """`Conv3d` whose in_channels is that of its first input."""

    cls_to_become = Conv3d


class LazyConvTranspose1d(_LazyConv, ConvTranspose1d):
    """`ConvTranspose1d` whose in_channels is that of its first input."""

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConv, ConvTranspose2d):
    """`ConvTranspose2d` whose in_channels is that of its first input."""

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConv, ConvTranspose3d):
    """`ConvTranspose3d` whose in_channels is that of its first input."""

    cls_to_become = ConvTranspose3d


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):
    """`BatchNorm1d` whose num_features is that of its first input."""

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):
    """`BatchNorm2d` whose num_features is that of its first input."""

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, BatchNorm3d):
    """`BatchNorm3d` whose num_features is that of its first input."""

    cls_to_become = BatchNorm3d


class LazyInstanceNorm1d(_LazyInstanceNorm, InstanceNorm1d):
    """`InstanceNorm1d` whose num_features is that of its first input."""

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyInstanceNorm, InstanceNorm2d):
    """`InstanceNorm2d` whose num_features is that of its first input."""

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyInstanceNorm, InstanceNorm3d):
    """`InstanceNorm3d` whose num_features is that of its first input."""

    cls_to_become = InstanceNorm3d
