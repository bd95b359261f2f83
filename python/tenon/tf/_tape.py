"""GradientTape, and functions with gradients of their own."""

import functools
import inspect
import threading
import warnings
import weakref

from .. import _core, autograd
from .._eager import convert, dtypes, nest
from .._eager.recording import is_recording, live_tapes, not_recording, recording
from .._eager.tensor import CoreTensor, Tensor, own


class UnconnectedGradients:
    """What a gradient is that doesn't exist."""

    NONE, ZERO = "none", "zero"


class _Active(threading.local):
    def __init__(self):
        self.tapes = []  # and forward accumulators


_active = _Active()


class GradientTape:
    """Records what is computed within `with`, and gives its gradients.

        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x) - y) ** 2)
        grads = tape.gradient(loss, model.trainable_variables)

    persistent: `gradient` can be called more than once.
    watch_accessed_variables: whether variables have gradients without `watch`.
    """

    def __init__(self, persistent=False, watch_accessed_variables=True):
        self._persistent, self._watches_all = persistent, watch_accessed_variables
        self._watched = set()
        self.moved = {}  # by the ids of variables written to since, what they were
        self._others = weakref.WeakSet()  # the tapes that recorded some of the same ops
        self._recording = None
        self._is_spent = False

    def __enter__(self):
        if self._recording is not None:
            raise ValueError("Tape is already recording.")
        for other in _active.tapes:
            if isinstance(other, GradientTape):
                self._others.add(other)
                other._others.add(self)
        _active.tapes.append(self)
        live_tapes.add(self)
        self._recording = recording().__enter__()
        return self

    def __exit__(self, *_):
        self._stop()

    def _stop(self):
        if self._recording is not None:
            _active.tapes.remove(self)
            self._recording.__exit__()
            self._recording = None

    def watch(self, tensor):
        """Records what is computed of these tensors, too."""
        for one in nest.flatten(tensor):
            if not isinstance(one, CoreTensor):
                raise ValueError(f"Passed in object {one!r} of type {type(one).__name__!r}, not "
                                 "tf.Tensor or tf.Variable or ExtensionType.")
            if not (one.is_floating_point() or one.is_complex()):
                warnings.warn("The dtype of the watched tensor must be floating (e.g. "
                              f"tf.float32), got {dtypes.name_of(one.dtype)}", stacklevel=2)
                continue
            if not one.requires_grad:
                one.requires_grad_()
            self._watched.add(id(one))

    def stop_recording(self):
        """Within `with`, nothing is recorded."""
        if self._recording is None:
            raise ValueError("Tape is not recording.")
        return not_recording()

    def reset(self):
        """Forgets what was watched."""
        if self._recording is None:
            raise ValueError("Tape is not recording.")
        self._watched.clear()

    def _begin(self, what):
        if self._is_spent:
            raise RuntimeError("A non-persistent GradientTape can only be used to compute one set "
                               "of gradients (or jacobians)")
        if not self._persistent:
            self._stop()
            self._is_spent = True
            live_tapes.discard(self)
        # Derivatives of derivatives are for the tapes that are still recording.
        creates = bool(_active.tapes) and _core.is_grad_enabled()
        keeps = creates or self._persistent or any(not other._is_spent for other in self._others)
        return creates, keeps

    def _can_have(self, source):
        if not source.requires_grad:
            return False
        if hasattr(type(source), "assign"):
            return self._watches_all or id(source) in self._watched
        # A constant that only another tape watches is none of this one's.
        return type(source) is not Tensor or id(source) in self._watched \
            or not source.is_leaf

    def gradient(self, target, sources, output_gradients=None,
                 unconnected_gradients=UnconnectedGradients.NONE):
        """The gradients of the sum of `target` with respect to `sources`, in their structure; None
        (or zeros) for what it doesn't depend on."""
        creates, keeps = self._begin("gradient")
        unconnected = getattr(unconnected_gradients, "value", unconnected_gradients)
        if unconnected not in ("none", "zero"):
            raise ValueError(f"Unknown value for unconnected_gradients: {unconnected_gradients!r}")
        flat = nest.flatten(sources)
        starts = _starts(target, output_gradients)
        grads = self._of_sources(starts, flat, keeps, creates)
        if unconnected == "zero":
            grads = [_core.zeros_like(one) if grad is None else grad
                     for one, grad in zip(flat, grads)]
        return nest.pack_sequence_as(sources, [own(grad) for grad in grads])

    def _of_sources(self, starts, sources, keeps, creates):
        """The gradients of sources, of what variables were before they were written to, too."""
        wanted = [one if self._can_have(one) else None for one in sources]
        earlier = [(i, held) for i, one in enumerate(wanted) if one is not None
                   for held in self.moved.get(id(one), ())]
        grads = _grads(starts, wanted + [held for _, held in earlier], keeps, creates)
        for (i, _), grad in zip(earlier, grads[len(wanted):]):
            if grad is not None:
                grads[i] = grad if grads[i] is None else _core.add(grads[i], grad)
        return grads[:len(wanted)]

    def jacobian(self, target, sources, unconnected_gradients=UnconnectedGradients.NONE,
                 parallel_iterations=None, experimental_use_pfor=True):
        """The gradients of each element of `target`: of its shape and then that of each source."""
        creates, _ = self._begin("jacobian")
        flat = nest.flatten(sources)
        count = target.numel()
        rows = [_grads([(target, _one_of(target, i))],
                       [one if self._can_have(one) else None for one in flat], True, creates)
                for i in range(count)]
        made = []
        for source, column in zip(flat, zip(*rows) if rows else [()] * len(flat)):
            if all(grad is None for grad in column):
                made.append(_core.zeros((*target.shape, *source.shape), dtype=source.dtype)
                            if unconnected_gradients == UnconnectedGradients.ZERO else None)
                continue
            stacked = _core.stack([_core.zeros_like(source) if grad is None else grad
                                   for grad in column], 0)
            made.append(own(stacked.reshape((*target.shape, *source.shape))))
        return nest.pack_sequence_as(sources, made)

    def batch_jacobian(self, target, source, unconnected_gradients=UnconnectedGradients.NONE,
                       parallel_iterations=None, experimental_use_pfor=True):
        """The jacobian of each element of a batch, whose results depend on nothing else in it."""
        if target.dim() == 0 or source.dim() == 0 or target.shape[0] != source.shape[0]:
            raise ValueError(f"Need first dimension of target shape ({tuple(target.shape)}) and "
                             f"source shape ({tuple(source.shape)}) to match.")
        creates, _ = self._begin("batch_jacobian")
        batch = target.shape[0]
        inner = target.numel() // max(batch, 1)
        columns = []
        for i in range(inner):
            start = _core.zeros_like(target).reshape((batch, inner))
            start = start + _core.eye(inner, dtype=target.dtype)[i]
            columns.append(_grads([(target, start.reshape(target.shape))], [source], True,
                                  creates)[0])
        if all(grad is None for grad in columns):
            is_zero = unconnected_gradients == UnconnectedGradients.ZERO
            sizes = (*target.shape, *source.shape[1:])
            return own(_core.zeros(sizes, dtype=source.dtype)) if is_zero else None
        made = _core.stack(columns, 1)
        return own(made.reshape((*target.shape, *source.shape[1:])))


def _starts(target, output_gradients):
    """Pairs of the tensors that gradients start from and those that arrive there."""
    targets = nest.flatten(target)
    given = [None] * len(targets) if output_gradients is None else nest.flatten(output_gradients)
    for one in targets:
        if not isinstance(one, CoreTensor):
            raise TypeError(f"gradient(): the target is a tensor, not {type(one).__name__}")
    return [(one, start if start is None else convert.tensor(start))
            for one, start in zip(targets, given)]


def _one_of(target, i):
    flat = _core.zeros((target.numel(),), dtype=target.dtype)
    return _core.index_fill(flat, 0, _core.tensor_of_data([i], _core.int64),
                            1).reshape(target.shape)


def _grads(starts, sources, keeps, creates):
    """The gradient of each source; None for what is None or unconnected."""
    starts = [(one, start) for one, start in starts if one.requires_grad]
    wanted = [one for one in sources if one is not None]
    if not starts or not wanted:
        return [None] * len(sources)
    grads = iter(autograd.grad([one for one, _ in starts], wanted,
                               [_core.ones_like(one) if start is None else start
                                for one, start in starts],
                               keeps, creates, allow_unused=True))
    return [None if one is None else next(grads) for one in sources]


def custom_gradient(f=None):
    """A function whose gradient is its own: f(*args) gives (results, grad), and grad(*upstream) the
    gradients of the arguments, and where it takes `variables`, of those that f uses."""
    if f is None:
        return custom_gradient

    @functools.wraps(f)
    def call(*arguments, **keywords):
        given = [convert.tensor(one) if not isinstance(one, CoreTensor) else one
                 for one in arguments]
        # Other objects of the same elements: the results don't hang on what made the arguments.
        with not_recording():
            results, rule = f(*[_alias(one) for one in given], **keywords)
        variables = []
        if is_recording() and _takes_variables(rule):
            variables = _variables_within(lambda *tensors: f(*tensors, **keywords)[0], given)
        return own(_Custom.apply(results, rule, len(given), *given, *variables), arguments)

    return call


class _Custom(autograd.Function):
    """One call of a function with a gradient of its own, which has run."""

    @staticmethod
    def forward(ctx, results, rule, count, *tensors):
        ctx.rule, ctx.count, ctx.variables = rule, count, tensors[count:]
        return tuple(results) if isinstance(results, (list, tuple)) else results

    @staticmethod
    def backward(ctx, *upstream):
        upstream = [own(one) for one in upstream]
        of_variables = ()
        if ctx.variables:
            grads, of_variables = ctx.rule(*upstream, variables=list(ctx.variables))
            if len(of_variables) != len(ctx.variables):
                raise ValueError("custom_gradient function expected to return gradients of "
                                 f"{len(ctx.variables)} variables, but returned "
                                 f"{len(of_variables)} instead.")
        else:
            grads = ctx.rule(*upstream)
        grads = tuple(grads) if isinstance(grads, (list, tuple)) else (grads,)
        if len(grads) != ctx.count:
            raise ValueError(f"custom_gradient function expected to return {ctx.count} gradients, "
                             f"but returned {len(grads)} instead.")
        return (None, None, None, *grads, *of_variables)


def _takes_variables(rule):
    """Whether the gradient function of a custom_gradient has an argument `variables`."""
    try:
        return "variables" in inspect.signature(rule).parameters
    except (TypeError, ValueError):
        return False


def _variables_within(function, arguments):
    """The tensors of the variables that function(*arguments) reads and that have gradients: it runs
    once more for them, under a tape."""
    with recording():
        results = function(*[one.detach() for one in arguments])
    found, seen = [], set()
    waiting = [one.grad_fn for one in nest.flatten(results)]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if node.variable is not None:
            found.append(own(node.variable))
        waiting += [before for before, _ in reversed(node.next_functions)]
    return found


def _alias(tensor):
    return tensor if hasattr(type(tensor), "assign") else own(_core.view(tensor, tensor.shape))


def recompute_grad(f):
    """f, whose intermediate results are computed again for gradients instead of being kept."""
    from ..utils.checkpoint import checkpoint

    def again(*arguments, **keywords):
        with recording():  # the second run, for gradients, too
            return f(*arguments, **keywords)

    @functools.wraps(f)
    def call(*arguments, **keywords):
        if not is_recording():
            return f(*arguments, **keywords)
        return own(checkpoint(again, *arguments, **keywords), arguments)

    return call


def gradients(ys, xs, *_, **__):
    """Of TensorFlow 1, where ops make a graph; they run here."""
    raise RuntimeError("tf.gradients is not supported when eager execution is enabled. Use "
                       "tf.GradientTape instead.")


def hessians(ys, xs, *_, **__):
    """Of TensorFlow 1, where ops make a graph; they run here."""
    raise RuntimeError("tf.hessians is not supported when eager execution is enabled. Use two "
                       "nested tf.GradientTape instead.")


__all__ = ["GradientTape", "UnconnectedGradients", "custom_gradient", "gradients", "hessians",
           "recompute_grad"]
