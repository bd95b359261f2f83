"""Instance normalisation."""

from .. import functional as F
from .batchnorm import _NormBase


class _InstanceNorm(_NormBase):
    """Per sample and channel: (x - mean) / sqrt(variance + eps) * weight + bias, with the sample's
    figures, or in evaluation with the running ones where they are tracked."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=False,
                 track_running_stats=False, device=None, dtype=None, *, bias=True):
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype,
                         bias=bias)

    def forward(self, input):
        single, batch = self._dims
        if input.dim() not in self._dims:
            raise ValueError(f"expected {single}D or {batch}D input (got {input.dim()}D input)")
        is_single = input.dim() == single
        if is_single:
            input = input.unsqueeze(0)
        if input.shape[1] != self.num_features and self.affine:
            raise ValueError(f"expected input's size at dim={0 if is_single else 1} to match "
                             f"num_features ({self.num_features}), but got: {input.shape[1]}.")
        result = F.instance_norm(input, self.running_mean, self.running_var, self.weight, self.bias,
                                 self.training or not self.track_running_stats,
                                 0.0 if self.momentum is None else self.momentum, self.eps)
        return result.squeeze(0) if is_single else result


class InstanceNorm1d(_InstanceNorm):
    """Instance normalisation of (batch, channels, length), or of one sample."""

    _dims = 2, 3


class InstanceNorm2d(_InstanceNorm):
    """Instance normalisation of (batch, channels, height, width), or of one sample."""

    _dims = 3, 4


class InstanceNorm3d(_InstanceNorm):
    """Instance normalisation of (batch, channels, depth, height, width), or of one sample."""

    _dims = 4, 5
