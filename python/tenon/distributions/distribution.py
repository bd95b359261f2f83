"""Distribution: what all distributions have."""

from .. import _core
from .._modes import no_grad
from . import constraints

_Size = type(_core.empty(()).shape)


class Distribution:
    """A batch of independent distributions. Samples have the sizes [*sample, *batch, *event].

    `arg_constraints` says where the parameters lie, `support` where samples do; `has_rsample`:
    samples are differentiable functions of the parameters; `has_enumerate_support`: there are few
    values.
    """

    has_rsample = False
    has_enumerate_support = False
    _validate_args = __debug__
    arg_constraints = {}

    def __init__(self, batch_shape=(), event_shape=(), validate_args=None):
        self._batch_shape, self._event_shape = _Size(batch_shape), _Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._check_parameters()

    def _check_parameters(self):
        for name, constraint in self.arg_constraints.items():
            if constraints.is_dependent(constraint) or (
                    name not in self.__dict__ and not isinstance(getattr(type(self), name, None),
                                                                 property)):
                continue
            value = getattr(self, name)
            if not bool(constraint.check(value).all()):
                raise _core.ValueError(
                    f"Expected parameter {name} ({type(value).__name__} of shape "
                    f"{tuple(value.shape)}) of distribution {self!r} to satisfy the constraint "
                    f"{constraint!r}, but found invalid values:\n{value}")

    @staticmethod
    def set_default_validate_args(value):
        """Whether distributions check their parameters and samples where they are not told."""
        if value not in (True, False):
            raise _core.ValueError("[set_default_validate_args] takes True or False")
        Distribution._validate_args = value

    def _lack(self, name):
        raise NotImplementedError(f"{type(self).__name__} has no {name}")

    @property
    def batch_shape(self):
        """The sizes of the batch of distributions."""
        return self._batch_shape

    @property
    def event_shape(self):
        """The sizes of one sample of one distribution."""
        return self._event_shape

    @property
    def support(self):
        """The constraint of samples."""
        self._lack("support")

    @property
    def mean(self):
        self._lack("mean")

    @property
    def mode(self):
        self._lack("mode")

    @property
    def variance(self):
        self._lack("variance")

    @property
    def stddev(self):
        """The square root of the variance."""
        return self.variance.sqrt()

    def sample(self, sample_shape=()):
        """Samples, of which gradients know nothing."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape=()):
        """Samples through which gradients flow to the parameters."""
        self._lack("rsample")

    def sample_n(self, n):
        """`n` samples."""
        return self.sample((n,))

    def log_prob(self, value):
        """The logarithm of the density, or probability, at `value`."""
        self._lack("log_prob")

    def cdf(self, value):
        """The probability of samples up to `value`."""
        self._lack("cdf")

    def icdf(self, value):
        """The inverse of `cdf`."""
        self._lack("icdf")

    def enumerate_support(self, expand=True):
        """All values that samples have, along a first dim."""
        self._lack("enumerate_support")

    def entropy(self):
        """-E[log p]."""
        self._lack("entropy")

    def perplexity(self):
        """exp(entropy)."""
        return self.entropy().exp()

    def expand(self, batch_shape, _instance=None):
        """The same with its parameters expanded to this batch shape."""
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__)
        made._batch_shape = _Size(batch_shape)
        for name, value in self.__dict__.items():
            if isinstance(value, _core.Tensor):
                event = value.shape[len(self._batch_shape):]
                made.__dict__[name] = value.expand((*batch_shape, *event))
        return made

    def _extended_shape(self, sample_shape=()):
        shape = sample_shape if isinstance(sample_shape, (tuple, list)) else tuple(sample_shape)
        return _Size((*shape, *self._batch_shape, *self._event_shape))

    def _validate_sample(self, value):
        """Raises where `value` can't be a sample."""
        if not self._validate_args:
            return
        if not isinstance(value, _core.Tensor):
            raise _core.ValueError("The value argument to log_prob must be a Tensor")
        event = len(self._event_shape)
        if tuple(value.shape[value.dim() - event:]) != tuple(self._event_shape):
            raise _core.ValueError(
                "The right-most size of value must match event_shape: "
                f"{tuple(value.shape)} vs {tuple(self._event_shape)}.")
        expected = (*self._batch_shape, *self._event_shape)
        for given, own in zip(reversed(value.shape), reversed(expected)):
            if given != 1 and own != 1 and given != own:
                raise _core.ValueError(
                    "Value is not broadcastable with batch_shape+event_shape: "
                    f"{tuple(value.shape)} vs {expected}.")
        support = self.support
        if not bool(support.check(value).all()):
            raise _core.ValueError(
                f"Expected value argument ({type(value).__name__} of shape {tuple(value.shape)}) "
                f"to be within the support ({support!r}) of the distribution {self!r}, but found "
                f"invalid values:\n{value}")

    def __repr__(self):
        names = [name for name in self.arg_constraints if name in self.__dict__]
        shown = ", ".join(
            f"{name}: {value if value.numel() == 1 else tuple(value.shape)}"
            for name, value in ((name, self.__dict__[name]) for name in names))
        return f"{type(self).__name__}({shown})"
