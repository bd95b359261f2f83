"""Transforms that lead from all real numbers to where a constraint holds: `biject_to` invertible
ones, `transform_to` those that optimizers do well with.

    unconstrained = torch.zeros((), requires_grad=True)
    scale = transform_to(Normal.arg_constraints["scale"])(unconstrained)
"""

import numbers

from . import constraints, transforms

__all__ = ["ConstraintRegistry", "biject_to", "transform_to"]


class ConstraintRegistry:
    """Functions from constraints to transforms, by the kind of constraint."""

    def __init__(self):
        self._registry = {}

    def register(self, constraint, factory=None):
        """Sets the function for the kind of a constraint, a class or one of its objects; without
        `factory` it stands before the function."""
        if factory is None:
            return lambda factory: self.register(constraint, factory)
        kind = type(constraint) if isinstance(constraint, constraints.Constraint) else constraint
        if not (isinstance(kind, type) and issubclass(kind, constraints.Constraint)):
            raise TypeError("Expected constraint to be either a Constraint subclass or instance, "
                            f"but got {constraint}")
        self._registry[kind] = factory
        return factory

    def __call__(self, constraint):
        """A transform whose results satisfy the constraint."""
        factory = self._registry.get(type(constraint))
        if factory is None:
            raise NotImplementedError(f"Cannot transform {type(constraint).__name__} constraints")
        return factory(constraint)


biject_to, transform_to = ConstraintRegistry(), ConstraintRegistry()


def _registered(*kinds):
    """Registers a function of the registry and a constraint in both."""

    def decorate(function):
        for registry in biject_to, transform_to:
            for kind in kinds:
                registry.register(kind, lambda one, registry=registry: function(registry, one))
        return function

    return decorate


@_registered(constraints.real)
def _real(registry, constraint):
    return transforms.identity_transform


@_registered(constraints.independent)
def _independent(registry, constraint):
    return transforms.IndependentTransform(registry(constraint.base_constraint),
                                           constraint.reinterpreted_batch_ndims)


@_registered(constraints.greater_than, constraints.greater_than_eq)
def _above(registry, constraint):
    low = constraint.lower_bound
    if isinstance(low, numbers.Number) and low == 0:
        return transforms.ExpTransform()
    return transforms.ComposeTransform([transforms.ExpTransform(),
                                        transforms.AffineTransform(low, 1)])


@_registered(constraints.less_than)
def _below(registry, constraint):
    return transforms.ComposeTransform([transforms.ExpTransform(),
                                        transforms.AffineTransform(constraint.upper_bound, -1)])


@_registered(constraints.interval, constraints.half_open_interval)
def _between(registry, constraint):
    low, high = constraint.lower_bound, constraint.upper_bound
    if isinstance(low, numbers.Number) and isinstance(high, numbers.Number) and (
            low, high) == (0, 1):
        return transforms.SigmoidTransform()
    return transforms.ComposeTransform([transforms.SigmoidTransform(),
                                        transforms.AffineTransform(low, high - low)])


@_registered(constraints.corr_cholesky)
def _correlations(registry, constraint):
    return transforms.CorrCholeskyTransform()


@_registered(constraints.cat)
def _cat(registry, constraint):
    return transforms.CatTransform([registry(one) for one in constraint.cseq], constraint.dim,
                                   constraint.lengths)


@_registered(constraints.stack)
def _stack(registry, constraint):
    return transforms.StackTransform([registry(one) for one in constraint.cseq], constraint.dim)


biject_to.register(constraints.simplex, lambda _: transforms.StickBreakingTransform())
transform_to.register(constraints.simplex, lambda _: transforms.SoftmaxTransform())
transform_to.register(constraints.lower_cholesky, lambda _: transforms.LowerCholeskyTransform())
for _kind in constraints.positive_definite, constraints.positive_semidefinite:
    transform_to.register(_kind, lambda _: transforms.PositiveDefiniteTransform())
