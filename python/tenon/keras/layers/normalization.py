"""Normalization layers."""

from ... import _core
from ..._eager.recording import before_write
from ..._modes import no_grad
from ...nn.functional import normalize
from .. import initializers
from .._input_spec import InputSpec
from ._base import BuiltIn
from .core import Wrapper


class _Scaled(BuiltIn):
    """Normalization followed by gamma * x + beta."""

    def _set_scale(self, center, scale, beta_initializer, gamma_initializer, beta_regularizer,
                   gamma_regularizer, beta_constraint, gamma_constraint):
        self.center, self.scale = center, scale
        self._set_rules("beta", beta_initializer, beta_regularizer, beta_constraint)
        self._set_rules("gamma", gamma_initializer, gamma_regularizer, gamma_constraint)
        self.supports_masking = True

    def _add_scale(self, shape):
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self._add_by_rules("gamma", shape)
        if self.center:
            self.beta = self._add_by_rules("beta", shape)

    def compute_output_shape(self, input_shape):
        return input_shape


class BatchNormalization(_Scaled):
    """(x - mean) / sqrt(variance + epsilon) of each channel along `axis`: Ioffe and Szegedy 2015.
    In training of the batch, whose statistics the moving ones follow: m = momentum * m +
    (1 - momentum) * m_batch. Otherwise, and where the layer isn't trainable, of the moving ones."""

    def __init__(self, axis=-1, momentum=0.99, epsilon=1e-3, center=True, scale=True,
                 beta_initializer="zeros", gamma_initializer="ones",
                 moving_mean_initializer="zeros", moving_variance_initializer="ones",
                 beta_regularizer=None, gamma_regularizer=None, beta_constraint=None,
                 gamma_constraint=None, synchronized=False, **kwargs):
        for old in "renorm", "renorm_clipping", "renorm_momentum", "fused", "virtual_batch_size":
            if kwargs.pop(old, None) and old == "renorm":
                raise ValueError("BatchNormalization(): renorm isn't an argument any more")
        super().__init__(**kwargs)
        self.axis = axis[0] if isinstance(axis, (list, tuple)) else axis
        self.momentum, self.epsilon, self.synchronized = momentum, epsilon, synchronized
        self._set_scale(center, scale, beta_initializer, gamma_initializer, beta_regularizer,
                        gamma_regularizer, beta_constraint, gamma_constraint)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)

    def build(self, input_shape):
        size = input_shape[self.axis]
        self._add_scale((size,))
        self.moving_mean = self.add_weight((size,), self.moving_mean_initializer,
                                           name="moving_mean", trainable=False)
        self.moving_variance = self.add_weight((size,), self.moving_variance_initializer,
                                               name="moving_variance", trainable=False)
        axis = self.axis % len(input_shape)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={axis: size})

    def call(self, inputs, training=None, mask=None):
        dims = inputs.dim()
        axis = self.axis % dims
        x = inputs if axis == 1 else inputs.movedim(axis, 1)
        if not (training and self.trainable):
            y = _core.batch_norm(x, self.moving_mean, self.moving_variance, self.gamma, self.beta,
                                 False, 0.0, self.epsilon)
        else:
            # A call at rest under the same tape needs the statistics that it computed with.
            before_write((self.moving_mean, self.moving_variance))
            by_moments = mask is not None or x.numel() == x.shape[1]
            y = self._by_moments(x, mask) if by_moments else self._by_batch(x)
        return y if axis == 1 else y.movedim(1, axis)

    def _by_batch(self, x):
        """The op's moving variance follows that of a sample, count / (count - 1) times the batch's,
        which Keras's follows."""
        count = x.numel() // x.shape[1]
        kept = self.moving_variance.detach() * self.momentum
        y = _core.batch_norm(x, self.moving_mean, self.moving_variance, self.gamma, self.beta, True,
                             1 - self.momentum, self.epsilon)
        with no_grad():
            grown = self.moving_variance - kept
            self.moving_variance.copy_(kept + grown * ((count - 1) / count))
        return y

    def _by_moments(self, x, mask):
        """The statistics of what isn't masked."""
        axes = tuple(axis for axis in range(x.dim()) if axis != 1)
        weight = _core.ones((), dtype=x.dtype)
        count = x.numel() / x.shape[1]
        if mask is not None:
            weight = mask.to(x.dtype).reshape(
                (*mask.shape[:1], 1, *mask.shape[1:], *(1,) * (x.dim() - mask.dim() - 1)))
            count = weight.broadcast_to((x.shape[0], 1, *x.shape[2:])).sum()
        shape = [1, x.shape[1]] + [1] * (x.dim() - 2)
        mean = (x * weight).sum(axes) / count
        centered = x - mean.reshape(shape)
        variance = (centered.square() * weight).sum(axes) / count
        with no_grad():
            for moving, batch in (self.moving_mean, mean), (self.moving_variance, variance):
                moving.copy_(moving * self.momentum + batch * (1 - self.momentum))
        y = centered * _core.rsqrt(variance + self.epsilon).reshape(shape)
        y = y if self.gamma is None else y * self.gamma.reshape(shape)
        return y if self.beta is None else y + self.beta.reshape(shape)


class SyncBatchNormalization(BatchNormalization):
    """BatchNormalization: there is one device to be in step with."""


class LayerNormalization(_Scaled):
    """(x - mean) / sqrt(variance + epsilon) over `axis`, of each sample: Ba et al. 2016."""

    def __init__(self, axis=-1, epsilon=1e-3, center=True, scale=True, beta_initializer="zeros",
                 gamma_initializer="ones", beta_regularizer=None, gamma_regularizer=None,
                 beta_constraint=None, gamma_constraint=None, **kwargs):
        super().__init__(**kwargs)
        self.axis = list(axis) if isinstance(axis, (list, tuple)) else axis
        self.epsilon = epsilon
        self._set_scale(center, scale, beta_initializer, gamma_initializer, beta_regularizer,
                        gamma_regularizer, beta_constraint, gamma_constraint)

    def _axes(self, rank):
        axes = self.axis if isinstance(self.axis, list) else [self.axis]
        return sorted(axis % rank for axis in axes)

    def build(self, input_shape):
        self._add_scale([input_shape[axis] for axis in self._axes(len(input_shape))])

    def call(self, inputs):
        rank = inputs.dim()
        axes = self._axes(rank)
        last = list(range(rank - len(axes), rank))
        x = inputs if axes == last else inputs.movedim(axes, last)
        y = _core.layer_norm(x, x.shape[rank - len(axes):], self.gamma, self.beta, self.epsilon)
        return y if axes == last else y.movedim(last, axes)


class GroupNormalization(_Scaled):
    """(x - mean) / sqrt(variance + epsilon) over groups of channels along `axis`, of each sample:
    Wu and He 2018. Of groups=-1, each channel is one."""

    def __init__(self, groups=32, axis=-1, epsilon=1e-3, center=True, scale=True,
                 beta_initializer="zeros", gamma_initializer="ones", beta_regularizer=None,
                 gamma_regularizer=None, beta_constraint=None, gamma_constraint=None, **kwargs):
        super().__init__(**kwargs)
        self.groups, self.axis, self.epsilon = groups, axis, epsilon
        self._set_scale(center, scale, beta_initializer, gamma_initializer, beta_regularizer,
                        gamma_regularizer, beta_constraint, gamma_constraint)

    def build(self, input_shape):
        size = input_shape[self.axis]
        if self.groups == -1:
            self.groups = size
        if size % self.groups:
            raise ValueError(f"GroupNormalization: the {size} channels aren't a multiple of the "
                             f"{self.groups} groups")
        self._add_scale((size,))

    def call(self, inputs):
        axis = self.axis % inputs.dim()
        x = inputs if axis == 1 else inputs.movedim(axis, 1)
        y = _core.group_norm(x, self.groups, self.gamma, self.beta, self.epsilon)
        return y if axis == 1 else y.movedim(1, axis)


class RMSNormalization(BuiltIn):
    """x / sqrt(mean(x^2) + epsilon) * scale over `axis`: Zhang and Sennrich 2019."""

    def __init__(self, axis=-1, epsilon=1e-6, **kwargs):
        super().__init__(**kwargs)
        self.axis, self.epsilon = axis, epsilon
        self.supports_masking = True

    def build(self, input_shape):
        self.scale = self.add_weight((input_shape[self.axis],), "ones", name="scale")

    def call(self, inputs):
        x = inputs.movedim(self.axis, -1)
        y = _core.rms_norm(x, x.shape[-1:], self.scale, self.epsilon)
        return y.movedim(-1, self.axis)

    def compute_output_shape(self, input_shape):
        return input_shape


class UnitNormalization(BuiltIn):
    """x divided by its norm over `axis`."""

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = list(axis) if isinstance(axis, (list, tuple)) else axis
        self.supports_masking = True

    def call(self, inputs):
        if not isinstance(self.axis, list):
            return normalize(inputs, dim=self.axis, eps=1e-6)
        norm = inputs.square().sum(tuple(self.axis), keepdim=True)
        return inputs * _core.rsqrt(norm.clamp_min(1e-12))

    def compute_output_shape(self, input_shape):
        return input_shape


class SpectralNormalization(Wrapper):
    """A layer whose kernel is divided, in each training step, by its largest singular value, of
    which `power_iterations` steps give a better estimate each time: Miyato et al. 2018."""

    def __init__(self, layer, power_iterations=1, **kwargs):
        super().__init__(layer, **kwargs)
        if power_iterations <= 0:
            raise ValueError("`power_iterations` should be greater than zero. Received: "
                             f"`power_iterations={power_iterations}`")
        self.power_iterations = power_iterations

    def build(self, input_shape):
        super().build(input_shape)
        self.input_spec = InputSpec(min_ndim=1, axes={-1: input_shape[-1]})
        kernel = self._kernel
        self.vector_u = self.add_weight((1, kernel.shape[-1]), initializers.TruncatedNormal(
            stddev=0.02), trainable=False, name="vector_u", dtype=kernel.dtype)

    @property
    def _kernel(self):
        for name in "kernel", "embeddings":
            if getattr(self.layer, name, None) is not None:
                return getattr(self.layer, name)
        raise ValueError(f"{type(self.layer).__name__} object has no attribute 'kernel' nor "
                         "'embeddings'")

    def call(self, inputs, training=False):
        if training:
            self._normalize()
        return self.layer(inputs)

    def _normalize(self):
        before_write((self._kernel, self.vector_u))
        with no_grad():
            kernel = self._kernel
            matrix, u = kernel.reshape((-1, kernel.shape[-1])), self.vector_u
            for _ in range(self.power_iterations):
                v = normalize(u @ matrix.t(), dim=1, eps=1e-6)
                u = normalize(v @ matrix, dim=1, eps=1e-6)
            sigma = (v @ matrix @ u.t()).reshape(())
            # A kernel of zeros stays.
            is_zero = sigma == 0
            safe = _core.where(is_zero, _core.ones_like(sigma), sigma)
            self.vector_u.copy_(_core.where(is_zero, self.vector_u, u))
            kernel.copy_(kernel / safe)

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)

    def get_config(self):
        return {**super().get_config(), "power_iterations": self.power_iterations}
