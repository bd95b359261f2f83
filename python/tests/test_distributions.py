"""Probability distributions, held against SciPy's."""

import math

import numpy as np
import pytest
import scipy.special
import scipy.stats
import tenon as torch
from tenon import distributions as D

A, B, C = [0.6, 1.5, 3.0], [0.7, 2.0, 1.1], [-1.0, 0.5, 2.0]


def doubles(value):
    return torch.tensor(value, dtype=torch.float64)


def numbers(tensor):
    return np.asarray(tensor.detach().tolist())


class Kumaraswamy(scipy.stats.rv_continuous):
    """That of x where x^a is of Beta(1, b)."""

    def _pdf(self, x, a, b):
        return scipy.stats.beta(1, b).pdf(x**a) * a * x ** (a - 1)

    def _cdf(self, x, a, b):
        return scipy.stats.beta(1, b).cdf(x**a)

    def _ppf(self, q, a, b):
        return scipy.stats.beta(1, b).ppf(q) ** (1 / a)


def continuous_bernoulli(probs):
    """For probs below 1/2 an exponential distribution cut off at 1."""
    rate = -scipy.special.logit(probs)
    return scipy.stats.truncexpon(rate, scale=1 / rate)


CONTINUOUS = {
    "Normal": ((C, B), lambda i: scipy.stats.norm(C[i], B[i])),
    "Laplace": ((C, B), lambda i: scipy.stats.laplace(C[i], B[i])),
    "Cauchy": ((C, B), lambda i: scipy.stats.cauchy(C[i], B[i])),
    "Gumbel": ((C, B), lambda i: scipy.stats.gumbel_r(C[i], B[i])),
    "Uniform": ((C, A), lambda i: scipy.stats.uniform(C[i], A[i] - C[i])),
    "Exponential": ((A,), lambda i: scipy.stats.expon(scale=1 / A[i])),
    "Gamma": ((A, B), lambda i: scipy.stats.gamma(A[i], scale=1 / B[i])),
    "Chi2": ((A,), lambda i: scipy.stats.chi2(A[i])),
    "InverseGamma": ((A, B), lambda i: scipy.stats.invgamma(A[i], scale=B[i])),
    "Beta": ((A, B), lambda i: scipy.stats.beta(A[i], B[i])),
    "StudentT": ((A, C, B), lambda i: scipy.stats.t(A[i], C[i], B[i])),
    "FisherSnedecor": ((A, B), lambda i: scipy.stats.f(A[i], B[i])),
    "HalfNormal": ((B,), lambda i: scipy.stats.halfnorm(scale=B[i])),
    "HalfCauchy": ((B,), lambda i: scipy.stats.halfcauchy(scale=B[i])),
    "Pareto": ((B, A), lambda i: scipy.stats.pareto(A[i], scale=B[i])),
    "Weibull": ((B, A), lambda i: scipy.stats.weibull_min(A[i], scale=B[i])),
    "LogNormal": ((C, B), lambda i: scipy.stats.lognorm(B[i], scale=math.exp(C[i]))),
    "Kumaraswamy": (([1.0, 1.5, 3.0], B),
                    lambda i: Kumaraswamy(a=0, b=1)([1.0, 1.5, 3.0][i], B[i])),
    "ContinuousBernoulli": (([0.01, 0.3, 0.45],),
                            lambda i: continuous_bernoulli([0.01, 0.3, 0.45][i])),
    "GeneralizedPareto": ((C, B, [-0.5, 0.0, 0.3]),
                          lambda i: scipy.stats.genpareto([-0.5, 0, 0.3][i], C[i], B[i])),
}
WITH_CDF = ("Normal Laplace Cauchy Gumbel Uniform Exponential HalfNormal HalfCauchy Pareto Weibull "
            "LogNormal Kumaraswamy ContinuousBernoulli GeneralizedPareto").split()
WITHOUT_INVERSE = ("Gamma", "Chi2", "InverseGamma")


def made(name):
    arguments = [doubles(value) for value in CONTINUOUS[name][0]]
    if name == "Uniform":
        arguments[1] = arguments[0].maximum(arguments[1]) + 1
        return D.Uniform(*arguments), lambda i: scipy.stats.uniform(
            C[i], max(C[i], A[i]) + 1 - C[i])
    return getattr(D, name)(*arguments), CONTINUOUS[name][1]


@pytest.mark.parametrize("name", CONTINUOUS)
def test_densities(name):
    ours, of = made(name)
    at = np.array([[of(i).ppf(q) for i in range(3)] for q in (0.1, 0.5, 0.9)])
    values = doubles(at.tolist())
    logs = [[of(i).logpdf(x) for i, x in enumerate(row)] for row in at]
    np.testing.assert_allclose(numbers(ours.log_prob(values)), logs, rtol=1e-9, atol=1e-9)
    if name not in ("FisherSnedecor",):
        np.testing.assert_allclose(numbers(ours.entropy()), [of(i).entropy() for i in range(3)],
                                   rtol=1e-7)
    for own, stat in (ours.mean, "mean"), (ours.variance, "var"):
        expected = np.array([getattr(of(i), stat)() for i in range(3)])
        known = np.isfinite(expected)
        np.testing.assert_allclose(numbers(own)[known], expected[known], rtol=1e-7)
    q = np.array([[0.1] * 3, [0.5] * 3, [0.9] * 3])
    if name in (*WITH_CDF, *WITHOUT_INVERSE):
        np.testing.assert_allclose(numbers(ours.cdf(values)), q, rtol=1e-7)
    if name in WITH_CDF:
        np.testing.assert_allclose(numbers(ours.icdf(doubles(q.tolist()))), at, rtol=1e-7)


@pytest.mark.parametrize("name", CONTINUOUS)
def test_samples(name):
    torch.manual_seed(3)
    ours, of = made(name)
    samples = numbers(ours.sample((4000,)))
    assert samples.shape == (4000, 3)
    for i in range(3):  # Kolmogorov and Smirnov: a right sampler fails one in 10,000 times
        assert scipy.stats.kstest(samples[:, i], of(i).cdf).pvalue > 1e-4
    assert ours.expand((2, 3)).sample((5,)).shape == (5, 2, 3)


DISCRETE = {
    "Bernoulli": (lambda: D.Bernoulli(doubles(0.3)), scipy.stats.bernoulli(0.3)),
    "Geometric": (lambda: D.Geometric(doubles(0.3)), scipy.stats.geom(0.3, -1)),
    "Binomial": (lambda: D.Binomial(7, doubles(0.3)), scipy.stats.binom(7, 0.3)),
    "many": (lambda: D.Binomial(90, doubles(0.7)), scipy.stats.binom(90, 0.7)),
    "NegativeBinomial": (lambda: D.NegativeBinomial(4, doubles(0.4)), scipy.stats.nbinom(4, 0.6)),
    "Poisson": (lambda: D.Poisson(doubles(2.5)), scipy.stats.poisson(2.5)),
    "frequent": (lambda: D.Poisson(doubles(40.0)), scipy.stats.poisson(40.0)),
    "Categorical": (lambda: D.Categorical(doubles([1.0, 2.0, 5.0])),
                    scipy.stats.rv_discrete(values=([0, 1, 2], [0.125, 0.25, 0.625]))),
}


@pytest.mark.parametrize("name", DISCRETE)
def test_discrete(name):
    torch.manual_seed(5)
    make, expected = DISCRETE[name]
    ours = make()
    samples = numbers(ours.sample((6000,))).astype(int)
    values, counts = np.unique(samples, return_counts=True)
    probs = expected.pmf(values)
    np.testing.assert_allclose(numbers(ours.log_prob(doubles(values.tolist()))), np.log(probs),
                               rtol=1e-6, atol=1e-12)
    often = probs * 6000 >= 10
    rest = 6000 - counts[often].sum()
    chi = (((counts - probs * 6000) ** 2 / (probs * 6000))[often]).sum()
    left = 6000 * (1 - probs[often].sum())
    chi += (rest - left) ** 2 / left if left > 5 else 0
    assert scipy.stats.chi2(often.sum()).sf(chi) > 1e-4
    if name != "Categorical":
        assert ours.mean.item() == pytest.approx(expected.mean())
        assert ours.variance.item() == pytest.approx(expected.var())
    if name in ("Bernoulli", "Binomial", "Categorical"):
        assert ours.entropy().item() == pytest.approx(float(expected.entropy()), rel=1e-6)
        total = ours.log_prob(ours.enumerate_support()).exp().sum().item()
        assert total == pytest.approx(1)


def test_odds_and_logits():
    logits = doubles([-2.0, 0.0, 3.0]).requires_grad_()
    d = D.Bernoulli(logits=logits)
    np.testing.assert_allclose(numbers(d.probs), scipy.special.expit([-2, 0, 3]))
    d.log_prob(doubles([1.0, 1.0, 0.0])).sum().backward()
    np.testing.assert_allclose(numbers(logits.grad), [1 - 0.11920292, 0.5, -0.95257413], rtol=1e-6)
    with torch.no_grad():
        policy = D.Categorical(logits=doubles([[1.0, 2.0, 3.0]]).expand(4, 3))
        action = policy.sample()
    assert action.shape == (4,) and action.dtype == torch.int64
    assert policy.log_prob(action).shape == (4,) and policy.entropy().shape == (4,)
    hot = D.OneHotCategorical(doubles([0.2, 0.8]))
    assert hot.sample((6,)).sum(-1).tolist() == [1] * 6
    assert hot.log_prob(doubles([0.0, 1.0])).item() == pytest.approx(math.log(0.8))
    through = D.OneHotCategoricalStraightThrough(logits=torch.zeros(3, requires_grad=True))
    assert through.rsample().requires_grad
    draws = D.Multinomial(10, doubles([0.2, 0.3, 0.5]))
    assert draws.sample((4,)).sum(-1).tolist() == [10] * 4
    expected = scipy.stats.multinomial(10, [0.2, 0.3, 0.5])
    assert draws.log_prob(doubles([2.0, 3.0, 5.0])).item() == pytest.approx(
        expected.logpmf([2, 3, 5]))
    assert draws.entropy().item() == pytest.approx(float(expected.entropy()))


def test_several_dimensions():
    mean, matrix = [1.0, -1.0, 0.5], [[2.0, 0.5, 0.1], [0.5, 1.0, 0.2], [0.1, 0.2, 0.7]]
    expected = scipy.stats.multivariate_normal(mean, matrix)
    x = [[0.3, 0.2, 1.0], [1.0, -2.0, 0.0]]
    for given in ({"covariance_matrix": doubles(matrix)},
                  {"precision_matrix": doubles(np.linalg.inv(matrix).tolist())},
                  {"scale_tril": doubles(np.linalg.cholesky(matrix).tolist())}):
        d = D.MultivariateNormal(doubles(mean), **given)
        np.testing.assert_allclose(numbers(d.log_prob(doubles(x))), expected.logpdf(x))
        np.testing.assert_allclose(numbers(d.covariance_matrix), matrix, atol=1e-12)
        assert d.entropy().item() == pytest.approx(expected.entropy())
    torch.manual_seed(0)
    samples = numbers(d.sample((20000,)))
    np.testing.assert_allclose(np.cov(samples.T), matrix, atol=0.05)
    factor, own = [[1.0], [0.5], [-1.0]], [0.5, 1.0, 0.3]
    low = D.LowRankMultivariateNormal(doubles(mean), doubles(factor), doubles(own))
    whole = np.array(factor) @ np.array(factor).T + np.diag(own)
    expected = scipy.stats.multivariate_normal(mean, whole)
    np.testing.assert_allclose(numbers(low.log_prob(doubles(x))), expected.logpdf(x))
    assert low.entropy().item() == pytest.approx(expected.entropy())
    np.testing.assert_allclose(np.cov(numbers(low.sample((20000,))).T), whole, atol=0.06)
    shares = D.Dirichlet(doubles([[1.0, 2.0, 3.0], [0.5, 0.5, 4.0]]))
    expected = scipy.stats.dirichlet([1, 2, 3])
    at = doubles([0.2, 0.3, 0.5])
    assert shares.log_prob(at)[0].item() == pytest.approx(expected.logpdf([0.2, 0.3, 0.5]))
    assert shares.entropy()[0].item() == pytest.approx(expected.entropy())
    drawn = shares.sample((20000,))
    np.testing.assert_allclose(numbers(drawn.mean(0)), numbers(shares.mean), atol=0.01)
    np.testing.assert_allclose(numbers(drawn.var(0)), numbers(shares.variance), atol=0.005)


@pytest.mark.parametrize("alpha", [0.1, 1.0, 4.0, 60.0])
def test_gradients_through_gamma(alpha):
    torch.manual_seed(1)
    concentration = torch.full((20,), alpha, dtype=torch.float64, requires_grad=True)
    x = D.Gamma(concentration, 1.0).rsample()
    x.sum().backward()
    # The sample at the same place of the distribution function, for other alphas.
    p, step = scipy.special.gammainc(alpha, numbers(x)), 1e-5 * alpha
    slope = (scipy.special.gammaincinv(alpha + step, p)
             - scipy.special.gammaincinv(alpha - step, p)) / (2 * step)
    known = (p > 1e-4) & (p < 1 - 1e-4)  # further out SciPy's inverse has few digits
    np.testing.assert_allclose(numbers(concentration.grad)[known], slope[known], rtol=1e-4)


PAIRS = [
    (D.Normal(0.3, 1.2), D.Normal(-0.2, 0.8)), (D.Laplace(0.3, 1.2), D.Laplace(-0.2, 0.8)),
    (D.Cauchy(0.3, 1.2), D.Cauchy(-0.2, 0.8)), (D.Gumbel(0.3, 1.2), D.Gumbel(-0.2, 0.8)),
    (D.Uniform(0.0, 1.0), D.Uniform(-1.0, 1.5)), (D.Uniform(0.0, 1.0), D.Normal(0.2, 0.5)),
    (D.Exponential(0.5), D.Exponential(1.4)), (D.Pareto(1.5, 2.0), D.Pareto(1.0, 1.2)),
    (D.Gamma(2.0, 1.5), D.Gamma(0.8, 2.0)), (D.InverseGamma(2.0, 1.5), D.InverseGamma(0.8, 2.0)),
    (D.Beta(2.0, 1.5), D.Beta(0.8, 2.0)), (D.HalfNormal(1.1), D.HalfNormal(0.7)),
    (D.HalfCauchy(1.1), D.HalfCauchy(0.7)), (D.Weibull(1.1, 1.5), D.Weibull(0.7, 1.2)),
    (D.LogNormal(0.3, 0.5), D.LogNormal(-0.2, 0.8)),
    (D.Independent(D.Normal(torch.zeros(2), 1.0), 1),
     D.Independent(D.Normal(torch.ones(2), 2.0), 1)),
    (D.Bernoulli(0.3), D.Bernoulli(0.6)), (D.Geometric(0.3), D.Geometric(0.6)),
    (D.Binomial(5, 0.3), D.Binomial(5, 0.6)), (D.Poisson(3.0), D.Poisson(2.0)),
    (D.Categorical(torch.tensor([0.2, 0.8])), D.Categorical(torch.tensor([0.5, 0.5]))),
    (D.OneHotCategorical(torch.tensor([0.2, 0.8])), D.OneHotCategorical(torch.tensor([0.5, 0.5]))),
    (D.Dirichlet(torch.tensor([2.0, 3.0])), D.Dirichlet(torch.tensor([1.0, 1.5]))),
    (D.ContinuousBernoulli(doubles(0.3)), D.ContinuousBernoulli(doubles(0.8))),
    (D.Wishart(doubles(4.5), doubles([[2.0, 0.5], [0.5, 1.0]])),
     D.Wishart(doubles(3.0), precision_matrix=doubles([[0.7, 0.1], [0.1, 1.5]]))),
    (D.LogisticNormal(torch.zeros(2), torch.ones(2)), D.LogisticNormal(torch.ones(2), 2.0)),
    (D.MultivariateNormal(torch.zeros(2), torch.eye(2)),
     D.LowRankMultivariateNormal(torch.ones(2), torch.ones(2, 1), torch.ones(2))),
]


@pytest.mark.parametrize("p, q", PAIRS, ids=lambda d: type(d).__name__)
def test_divergences(p, q):
    torch.manual_seed(2)
    x = p.sample((40000,))
    ratio = p.log_prob(x) - q.log_prob(x)
    error = ratio.std().item() / 200  # of the mean of 40,000
    assert D.kl_divergence(p, q).item() == pytest.approx(ratio.mean().item(), abs=5 * error + 1e-5)
    assert D.kl_divergence(p, p).item() == pytest.approx(0, abs=1e-6)


def test_divergences_of_other_kinds():
    with pytest.raises(NotImplementedError, match="p type Normal and q type Gamma"):
        D.kl_divergence(D.Normal(0.0, 1.0), D.Gamma(1.0, 1.0))

    class Own(D.Normal):
        pass

    assert D.kl_divergence(Own(0.0, 1.0), Own(0.0, 1.0)).item() == 0

    @D.register_kl(Own, D.Normal)
    def _(p, q):
        return torch.tensor(42.0)

    assert D.kl_divergence(Own(0.0, 1.0), D.Normal(0.0, 1.0)).item() == 42


TRANSFORMS = [D.ExpTransform(), D.SigmoidTransform(), D.TanhTransform(), D.SoftplusTransform(),
              D.AffineTransform(1.0, -2.0), D.PowerTransform(2.0),
              D.ComposeTransform([D.ExpTransform(), D.AffineTransform(1.0, 3.0)])]


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda t: type(t).__name__)
def test_transforms(transform):
    x = doubles([0.3, 1.1, 0.7]).requires_grad_()
    y = transform(x)
    slope, = torch.autograd.grad(y.sum(), x)
    np.testing.assert_allclose(numbers(transform.log_abs_det_jacobian(x, y)),
                               np.log(np.abs(numbers(slope))), rtol=1e-9)
    np.testing.assert_allclose(numbers(transform.inv(y)), numbers(x), rtol=1e-9)
    assert transform.inv.inv is transform
    with_cache = transform.with_cache()
    if type(transform) is not D.ComposeTransform:
        assert with_cache.inv(with_cache(x)) is x


def test_stick_breaking():
    transform, x = D.StickBreakingTransform(), doubles([0.3, -0.4, 0.9])
    y = transform(x)
    assert y.sum().item() == pytest.approx(1) and y.shape == (4,)
    np.testing.assert_allclose(numbers(transform.inv(y)), numbers(x), rtol=1e-9)
    jacobian = torch.func.jacrev(lambda x: transform(x)[:-1])(x)
    assert transform.log_abs_det_jacobian(x, y).item() == pytest.approx(
        torch.linalg.det(jacobian).abs().log().item())


def test_combined():
    squashed = D.TransformedDistribution(D.Normal(torch.zeros(2), 1.0),
                                         [D.TanhTransform(cache_size=1)])
    action = squashed.rsample((3,))
    assert action.abs().max().item() < 1 and squashed.log_prob(action).shape == (3, 2)
    y = doubles([0.4])
    expected = scipy.stats.norm.logpdf(math.atanh(0.4)) - math.log(1 - 0.16)
    assert D.TransformedDistribution(D.Normal(doubles([0.0]), 1.0), D.TanhTransform()).log_prob(
        y).item() == pytest.approx(expected)
    joint = D.Independent(D.Normal(torch.zeros(4, 3), 1.0), 1)
    assert joint.batch_shape == (4,) and joint.event_shape == (3,)
    assert joint.log_prob(torch.zeros(4, 3)).tolist() == pytest.approx([-2.756815] * 4)
    mixture = D.MixtureSameFamily(D.Categorical(doubles([0.25, 0.75])),
                                  D.Normal(doubles([-1.0, 2.0]), doubles([0.5, 1.0])))
    at = 0.3
    density = 0.25 * scipy.stats.norm(-1, 0.5).pdf(at) + 0.75 * scipy.stats.norm(2, 1).pdf(at)
    assert mixture.log_prob(doubles(at)).item() == pytest.approx(math.log(density))
    assert mixture.mean.item() == pytest.approx(1.25)
    assert mixture.sample((8000,)).mean().item() == pytest.approx(1.25, abs=0.1)
    torch.manual_seed(0)
    soft = D.RelaxedOneHotCategorical(torch.tensor(0.5), logits=torch.zeros(3, requires_grad=True))
    drawn = soft.rsample((5,))
    assert drawn.requires_grad and drawn.sum(-1).tolist() == pytest.approx([1] * 5, abs=1e-5)
    coin = D.RelaxedBernoulli(torch.tensor(0.01), probs=torch.tensor(0.3))
    assert coin.sample((5000,)).round().mean().item() == pytest.approx(0.3, abs=0.03)


def test_mistakes():
    with pytest.raises(ValueError, match="Expected parameter scale .* GreaterThan"):
        D.Normal(0.0, -1.0)
    assert D.Normal(0.0, -1.0, validate_args=False).scale.item() == -1
    with pytest.raises(ValueError, match="within the support .Boolean"):
        D.Bernoulli(0.5).log_prob(torch.tensor(2.0))
    with pytest.raises(ValueError, match="not broadcastable with batch_shape"):
        D.Normal(torch.zeros(2), 1.0).log_prob(torch.zeros(3))
    with pytest.raises(ValueError, match="Either `probs` or `logits`"):
        D.Categorical()
    with pytest.raises(ValueError, match="Simplex"):
        D.Categorical(torch.tensor([-1.0, 3.0]))
    with pytest.raises(ValueError, match="low>= high"):
        D.Uniform(2.0, 1.0)
    with pytest.raises(ValueError, match="numbers or tensors, not str"):
        D.Normal("0", 1.0)
    with pytest.raises(NotImplementedError, match="has no rsample"):
        D.Poisson(1.0).rsample()
    with pytest.raises(ValueError, match="Exactly one of covariance_matrix"):
        D.MultivariateNormal(torch.zeros(2))
    assert repr(D.Normal(0.0, torch.ones(2))) == "Normal(loc: (2,), scale: (2,))"


def test_modules_have_the_names_of_their_classes():
    from tenon.distributions.categorical import Categorical
    from tenon.distributions.multivariate_normal import MultivariateNormal
    from tenon.distributions.normal import Normal
    from tenon.distributions.transformed_distribution import TransformedDistribution

    assert (Categorical, MultivariateNormal, Normal, TransformedDistribution) == (
        D.Categorical, D.MultivariateNormal, D.Normal, D.TransformedDistribution)
    assert D.one_hot_categorical.OneHotCategorical is D.OneHotCategorical
    assert D.studentT.StudentT is D.StudentT and D.lkj_cholesky.LKJCholesky is D.LKJCholesky
