"""Distributions of angles, of matrices and near their limits, and transforms to where constraints
hold."""

import math

import numpy as np
import pytest
import scipy.integrate
import scipy.special
import scipy.stats
import tenon as torch
from tenon import distributions as D
from tenon.distributions import constraints


def doubles(value):
    return torch.tensor(value, dtype=torch.float64)


def numbers(tensor):
    return np.asarray(tensor.detach().tolist())


COVARIANCE = [[2.0, 0.5], [0.5, 1.0]]


@pytest.mark.parametrize("probs", [0.01, 0.4, 0.49999999, 0.5, 0.50000001, 0.55, 0.98])
def test_continuous_bernoulli_on_both_sides_of_the_middle(probs):
    ours, logit = D.ContinuousBernoulli(doubles(probs)), scipy.special.logit(probs)
    raised = [scipy.integrate.quad(lambda x, n=n: x**n * math.exp(logit * x), 0, 1)[0]
              for n in range(3)]
    mean = raised[1] / raised[0]
    assert ours.log_prob(doubles(0.3)).item() == pytest.approx(0.3 * logit - math.log(raised[0]))
    assert ours.mean.item() == pytest.approx(mean)
    assert ours.variance.item() == pytest.approx(raised[2] / raised[0] - mean**2, rel=1e-9)
    below = scipy.integrate.quad(lambda x: math.exp(logit * x), 0, 0.3)[0] / raised[0]
    assert ours.cdf(doubles(0.3)).item() == pytest.approx(below)
    assert ours.icdf(doubles(below)).item() == pytest.approx(0.3)
    assert ours.entropy().item() == pytest.approx(math.log(raised[0]) - logit * mean, abs=1e-12)
    assert D.ContinuousBernoulli(logits=doubles(logit)).mean.item() == pytest.approx(mean)


def test_continuous_bernoulli_far_out():
    ours = D.ContinuousBernoulli(logits=torch.tensor([-2000.0, 0.0, 2000.0], requires_grad=True))
    assert ours.mean.tolist() == pytest.approx([5e-4, 0.5, 0.9995])
    assert ours.icdf(torch.tensor(0.5)).tolist() == pytest.approx(
        [math.log(2) / 2000, 0.5, 1 - math.log(2) / 2000])
    slope, = torch.autograd.grad(ours.log_prob(torch.tensor(0.25)).sum(), ours.logits)
    assert slope.tolist() == pytest.approx([0.25 - 5e-4, -0.25, 0.25 - 0.9995], abs=1e-6)


@pytest.mark.parametrize("concentration", [1e-7, 0.5, 4.0, 300.0])
def test_von_mises(concentration):
    torch.manual_seed(1)
    ours = D.VonMises(doubles(0.7), doubles(concentration))
    theirs = scipy.stats.vonmises(concentration, 0.7)
    at = [-1.0, 0.7, 2.5]
    np.testing.assert_allclose(numbers(ours.log_prob(doubles(at))), theirs.logpdf(at), rtol=1e-6)
    ratio = scipy.special.ive(1, concentration) / scipy.special.ive(0, concentration)
    assert ours.variance.item() == pytest.approx(1 - ratio, rel=1e-6)
    samples = numbers(ours.sample((4000,)))
    assert abs(samples).max() <= math.pi
    assert scipy.stats.kstest((samples - 0.7 + math.pi) % (2 * math.pi) - math.pi,
                              scipy.stats.vonmises(concentration).cdf).pvalue > 1e-4
    assert ours.expand((2,)).sample((3,)).shape == (3, 2)


def test_generalized_pareto_ends_where_its_concentration_is_negative():
    ours = D.GeneralizedPareto(doubles(1.0), doubles(2.0), doubles([-0.5, 0.5, 1.5]))
    with pytest.raises(ValueError, match="within the support"):
        ours.log_prob(doubles(5.5))
    assert ours.mean.tolist() == pytest.approx([1 + 2 / 1.5, 5, math.inf])
    at = doubles([4.0, 7.0, 7.0])
    np.testing.assert_allclose(numbers(ours.log_survival_function(at).exp() + ours.cdf(at)), 1)


@pytest.mark.parametrize("given", ["covariance_matrix", "precision_matrix", "scale_tril"])
def test_wishart(given):
    torch.manual_seed(2)
    covariance = np.array(COVARIANCE)
    matrix = {"covariance_matrix": covariance, "precision_matrix": np.linalg.inv(covariance),
              "scale_tril": np.linalg.cholesky(covariance)}[given]
    ours = D.Wishart(doubles(4.5), **{given: doubles(matrix.tolist())})
    theirs = scipy.stats.wishart(4.5, covariance)
    at = [[3.0, 1.0], [1.0, 2.0]]
    assert ours.log_prob(doubles(at)).item() == pytest.approx(theirs.logpdf(np.array(at)))
    assert ours.entropy().item() == pytest.approx(theirs.entropy())
    np.testing.assert_allclose(numbers(ours.mean), theirs.mean())
    np.testing.assert_allclose(numbers(ours.mode), theirs.mode())
    np.testing.assert_allclose(numbers(ours.variance), theirs.var())
    samples = numbers(ours.rsample((20000,)))
    np.testing.assert_allclose(samples.mean(0), theirs.mean(), atol=0.2)
    np.testing.assert_allclose(samples.var(0), theirs.var(), rtol=0.1)


def test_gradients_through_wishart():
    df = doubles(4.5).requires_grad_()
    samples = D.Wishart(df, doubles(COVARIANCE)).rsample((20000,))
    samples.mean(0).sum().backward()
    assert df.grad.item() == pytest.approx(np.sum(COVARIANCE), rel=0.05)  # the mean is df times it


@pytest.mark.parametrize("concentration", [0.5, 1.7])
def test_correlations(concentration):
    torch.manual_seed(3)
    size = 4
    ours = D.LKJCholesky(size, doubles(concentration))
    factors = ours.sample((20000,))
    correlations = numbers(factors @ factors.mT)
    # Each of them, made to lie in [0, 1], is of Beta(a, a) (Joe 2006).
    a = concentration + size / 2 - 1
    for i in range(size):
        for j in range(i):
            assert scipy.stats.kstest(correlations[:, i, j],
                                      scipy.stats.beta(a, a, -1, 2).cdf).pvalue > 1e-4
    assert correlations.diagonal(0, 1, 2) == pytest.approx(1)


def test_the_density_of_correlations():
    # Of two dims the density of the factor [[1, 0], [r, s]] is that of r.
    ours, r = D.LKJCholesky(2, doubles([0.5, 1.0, 2.0])), 0.3
    factor = doubles([[1.0, 0.0], [r, math.sqrt(1 - r * r)]])
    expected = [scipy.stats.beta(a, a, -1, 2).logpdf(r) for a in (0.5, 1.0, 2.0)]
    assert ours.log_prob(factor).tolist() == pytest.approx(expected)
    # Of three, over all numbers of which CorrCholeskyTransform makes a factor, it integrates to 1.
    transform, ours = D.CorrCholeskyTransform(), D.LKJCholesky(3, doubles(1.5))
    line = np.linspace(-4, 4, 41)
    x = doubles(np.stack(np.meshgrid(line, line, line), -1).reshape(-1, 3).tolist())
    y = transform(x)
    density = (ours.log_prob(y) + transform.log_abs_det_jacobian(x, y)).exp()
    assert density.sum().item() * (line[1] - line[0]) ** 3 == pytest.approx(1, rel=5e-3)


def test_logistic_normal():
    loc, scale, at = [0.6, 1.5], [0.7, 2.0], [0.2, 0.3, 0.5]
    ours = D.LogisticNormal(doubles(loc), doubles(scale))
    assert ours.event_shape == (3,) and ours.sample((4,)).sum(-1).tolist() == pytest.approx([1] * 4)
    # Each part of what is left of the stick, as log-odds, is normal but for the stick's offsets.
    odds = [math.log(at[0] / (1 - at[0])) + math.log(2), math.log(at[1] / at[2])]
    stretch = 1 / (at[0] * (1 - at[0])) * (1 - at[0]) / (at[1] * at[2])
    expected = sum(scipy.stats.norm(m, s).logpdf(x) for m, s, x in zip(loc, scale, odds))
    assert ours.log_prob(doubles(at)).item() == pytest.approx(expected + math.log(stretch))
    assert ours.expand((5,)).loc.shape == (5, 2)


def test_transforms_of_matrices():
    x = doubles([0.3, -1.2, 0.8])
    transform = D.CorrCholeskyTransform()
    y = transform(x)
    assert bool(constraints.corr_cholesky.check(y)) and y.shape == transform.forward_shape((3,))
    np.testing.assert_allclose(numbers(transform.inv(y)), numbers(x))
    below = torch.tensor([1, 2, 2]), torch.tensor([0, 0, 1])
    jacobian = torch.func.jacrev(lambda x: transform(x)[below])(x)
    assert transform.log_abs_det_jacobian(x, y).item() == pytest.approx(
        torch.linalg.slogdet(jacobian).logabsdet.item())
    with pytest.raises(ValueError, match="4 numbers fill no lower triangle"):
        transform.forward_shape((4,))
    x = doubles([[0.5, 9.0], [2.0, -1.0]])
    tril = np.array([[math.exp(0.5), 0], [2, math.exp(-1)]])
    np.testing.assert_allclose(numbers(D.LowerCholeskyTransform()(x)), tril)
    whole = D.PositiveDefiniteTransform()(x)
    np.testing.assert_allclose(numbers(whole), tril @ tril.T)
    np.testing.assert_allclose(numbers(D.PositiveDefiniteTransform().inv(whole)),
                               [[0.5, 0], [2, -1]], atol=1e-12)


def test_joined_transforms():
    x = doubles([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    parts = [D.ExpTransform(), D.AffineTransform(1.0, 2.0)]
    joined = D.CatTransform(parts, 1, [1, 2])
    y = joined(x)
    expected = np.concatenate([np.exp(numbers(x)[:, :1]), 1 + 2 * numbers(x)[:, 1:]], 1)
    np.testing.assert_allclose(numbers(y), expected)
    np.testing.assert_allclose(numbers(joined.inv(y)), numbers(x))
    np.testing.assert_allclose(numbers(joined.log_abs_det_jacobian(x, y)),
                               [[0.1, math.log(2), math.log(2)], [0.4, math.log(2), math.log(2)]])
    assert joined.codomain.check(y - 1.2).tolist() == [[False, True, True], [True, True, True]]
    stacked = D.StackTransform(parts, 0)
    y = stacked(x)
    np.testing.assert_allclose(numbers(y), [np.exp([0.1, 0.2, 0.3]), [1.8, 2, 2.2]])
    np.testing.assert_allclose(numbers(stacked.inv(y)), numbers(x))
    assert stacked.codomain.check(-y).tolist() == [[False] * 3, [True] * 3]
    normal = D.CumulativeDistributionTransform(D.Normal(doubles(1.0), doubles(2.0)))
    assert normal(doubles(1.5)).item() == pytest.approx(scipy.stats.norm(1, 2).cdf(1.5))
    assert normal.inv(normal(doubles(1.5))).item() == pytest.approx(1.5)


WHERE = [constraints.real, constraints.positive, constraints.greater_than(2.0),
         constraints.less_than(-1.0), constraints.unit_interval, constraints.interval(2.0, 5.0),
         constraints.half_open_interval(torch.tensor([0.0]), torch.tensor([3.0])),
         constraints.simplex, constraints.corr_cholesky, constraints.real_vector,
         constraints.cat([constraints.positive, constraints.unit_interval], -1, [1, 2]),
         constraints.stack([constraints.positive, constraints.real, constraints.unit_interval], -1),
         constraints.lower_cholesky, constraints.positive_definite]


@pytest.mark.parametrize("constraint", WHERE, ids=repr)
def test_transforms_to_constraints(constraint):
    matrices = constraint in (constraints.lower_cholesky, constraints.positive_definite)
    x = doubles([[-2.0, 0.5, 3.0]] * 3 if matrices else [-2.0, 0.5, 3.0])
    assert bool(constraint.check(D.transform_to(constraint)(x)).all())
    if matrices:
        with pytest.raises(NotImplementedError, match="Cannot transform"):
            D.biject_to(constraint)
        return
    transform = D.biject_to(constraint)
    assert bool(constraint.check(transform(x)).all()) and transform.bijective
    np.testing.assert_allclose(numbers(transform.inv(transform(x))), numbers(x), rtol=1e-6)


def test_registering_transforms():
    class Even(constraints.Constraint):
        pass

    registry = D.constraint_registry.ConstraintRegistry()

    @registry.register(Even)
    def _(constraint):
        return D.AffineTransform(0.0, 2.0)

    assert registry(Even())(torch.tensor(3.0)).item() == 6
    with pytest.raises(TypeError, match="Constraint subclass or instance"):
        registry.register(3, lambda one: None)


def test_mistakes():
    with pytest.raises(ValueError, match="dim to be an integer greater than or equal to 2"):
        D.LKJCholesky(1)
    with pytest.raises(ValueError, match="greater than ndim - 1 = 1"):
        D.Wishart(torch.tensor(0.5), torch.eye(2))
    with pytest.raises(ValueError, match="Exactly one of covariance_matrix"):
        D.Wishart(3.0)
    with pytest.raises(ValueError, match="must be square matrices"):
        D.Wishart(3.0, torch.ones(2, 3))
    with pytest.raises(ValueError, match="one dim at least"):
        D.LogisticNormal(0.0, 1.0)
