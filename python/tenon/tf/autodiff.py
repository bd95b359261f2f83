"""tf.autodiff: gradients forward and backward."""

from .. import _core
from .._eager import convert, nest
from .._eager.recording import recording
from .._eager.tensor import CoreTensor, own
from ._tape import GradientTape, UnconnectedGradients, _active, _grads

__all__ = ["ForwardAccumulator", "GradientTape"]


class ForwardAccumulator:
    """Products of Jacobians with `tangents`: derivatives along one direction of `primals`, of what
    is computed of them within `with`.

        with tf.autodiff.ForwardAccumulator(x, tf.constant([1.0, 0.0])) as accumulator:
            y = f(x)
        print(accumulator.jvp(y))  # the derivative along the first element

    primals: a tensor or variable, or a structure of them. tangents: of the same structure and
    shapes.

    The product is the gradient of a gradient, v -> v J, which is linear in v: memory is that of
    backward passes.
    """

    def __init__(self, primals, tangents):
        nest.assert_same_structure(primals, tangents)
        self._primals = nest.flatten(primals)
        self._tangents = [convert.tensor(one) for one in nest.flatten(tangents)]
        for primal, tangent in zip(self._primals, self._tangents):
            if not isinstance(primal, CoreTensor):
                raise ValueError("ForwardAccumulator(): primals are tensors or variables, not "
                                 f"{type(primal).__name__}")
            if (tuple(primal.shape), primal.dtype) != (tuple(tangent.shape), tangent.dtype):
                raise ValueError(
                    f"ForwardAccumulator(): a tangent of shape {tuple(tangent.shape)} and "
                    f"{tangent.dtype} is given for a primal of shape {tuple(primal.shape)} and "
                    f"{primal.dtype}; they must be the same")
        self._recording = None

    def __enter__(self):
        if self._recording is not None:
            raise ValueError("Accumulator is already recording.")
        for primal in self._primals:
            if not primal.requires_grad:
                primal.requires_grad_()
        _active.tapes.append(self)  # gradients within are differentiable
        self._recording = recording().__enter__()
        return self

    def __exit__(self, *_):
        _active.tapes.remove(self)
        self._recording.__exit__()
        self._recording = None

    def jvp(self, primals, unconnected_gradients=UnconnectedGradients.NONE):
        """The product for each tensor of a structure that was computed; None (or zeros) for what
        doesn't depend on the primals."""
        kind = getattr(unconnected_gradients, "value", unconnected_gradients)
        if kind not in ("none", "zero"):
            raise ValueError(f"Unknown value for unconnected_gradients: {unconnected_gradients!r}")
        return nest.map_structure(lambda target: self._product(target, kind == "zero"), primals)

    def _product(self, target, is_zero):
        any_vector = _core.zeros_like(target.detach()).requires_grad_()
        with recording():
            grads = _grads([(target, any_vector)], self._primals, True, True)
            starts = [(grad, tangent) for grad, tangent in zip(grads, self._tangents)
                      if grad is not None]
            product = _grads(starts, [any_vector], True, bool(_active.tapes))[0]
        if product is None and (is_zero or starts):
            product = _core.zeros_like(target.detach())
        return own(product)
