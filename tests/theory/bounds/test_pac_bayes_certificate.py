"""PAC-Bayes formulas against numerical integration, a published table, Monte Carlo coverage and scipy's minimiser."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.special import gammaln, xlogy
from scipy.stats import norm

from engine.errors import ProblemError
from engine.theory.bounds import pac_bayes
from engine.theory.bounds.kl import kl_inverse

# Dziugaite, Roy 2017, Table 1: stochastic train error, KL; then the kl inverse of these rounded columns.
TABLE = [
    (0.028, 5144, 0.164),
    (0.027, 5977, 0.177),
    (0.027, 5791, 0.173),
    (0.028, 6534, 0.189),
    (0.029, 8558, 0.225),
    (0.027, 7861, 0.209),
    (0.112, 201131, 0.989),
]
PAPER = {"n": 55_000, "draws": 150_000, "delta": 0.025, "delta_draws": 0.01}


@pytest.mark.parametrize(("risk", "kl", "expected"), TABLE)
def test_table_one_of_dziugaite_and_roy(risk: float, kl: float, expected: float) -> None:
    """The index j is not published: from 10 to 1000 it moves the certificate by less than 2e-4."""
    for j in (10, 100, 1000):
        certificate = pac_bayes.certify(risk, kl, j=j, **PAPER)
        assert certificate.value == pytest.approx(expected, abs=6e-4)
    assert pac_bayes.certify(risk, kl, j=100, **PAPER).value == pytest.approx(expected, abs=5e-4)


def test_random_label_row_is_the_square_root_alone() -> None:
    assert math.sqrt(201131 / (2 * 55_000)) == pytest.approx(1.352, abs=5e-4)
    assert kl_inverse(0.112, 201131 / 55_000) == pytest.approx(0.989, abs=5e-4)


def test_gaussian_kl_against_numerical_integration() -> None:
    rng = np.random.default_rng(0)
    w, w0, s, variance = rng.normal(size=3), rng.normal(size=3), rng.uniform(0.01, 2, 3), 0.3
    total = 0.0
    for mean, centre, v in zip(w, w0, s, strict=True):
        q, p = norm(mean, math.sqrt(v)), norm(centre, math.sqrt(variance))
        width = 12 * math.sqrt(v)
        total += quad(lambda x, q=q, p=p: q.pdf(x) * (q.logpdf(x) - p.logpdf(x)), mean - width, mean + width, epsabs=1e-12)[0]
    assert pac_bayes.gaussian_kl(w, s, w0, variance) == pytest.approx(total, rel=1e-8)
    letters = 0.5 * (s.sum() / variance - 3 + ((w - w0) ** 2).sum() / variance + 3 * math.log(variance) - np.log(s).sum())
    assert pac_bayes.gaussian_kl(w, s, w0, variance) == pytest.approx(letters, rel=1e-12)


def test_gaussian_kl_vanishes_at_the_prior_and_does_not_cancel_beside_it() -> None:
    w = np.linspace(-1, 1, 1000)
    assert pac_bayes.gaussian_kl(w, np.full(1000, 0.01), w, 0.01) == 0.0
    near = pac_bayes.gaussian_kl(w, np.full(1000, 0.01 * (1 + 1e-6)), w, 0.01)
    assert near == pytest.approx(1000 * 0.25 * 1e-12, rel=1e-3)


def test_grid_is_its_own_inverse() -> None:
    for j in (1, 7, 500):
        assert pac_bayes.grid_index(0.1 * math.exp(-j / 100)) == pytest.approx(j, abs=1e-9)
        assert pac_bayes.grid_variance(j) == pytest.approx(0.1 * math.exp(-j / 100), rel=1e-14)


def test_complexity_by_hand() -> None:
    expected = (1213 + math.log(math.pi**2 * 4000 / (6 * 0.025)) + 2 * math.log(370)) / 3999
    assert pac_bayes.complexity(1213, 4000, 0.025, 370) == pytest.approx(expected, rel=1e-14)


def test_union_over_the_grid_spends_delta() -> None:
    """Bnd = (KL + ln(n/delta_j))/(n-1) with shares delta_j that sum to delta."""
    n, delta = 500, 0.025
    j = np.arange(1, 200_000)
    shares = n / np.exp(np.array([pac_bayes.complexity(0, n, delta, k) for k in (1, 2, 3)]) * (n - 1))
    assert shares == pytest.approx(delta * 6 / np.pi**2 / np.array([1, 4, 9]), rel=1e-9)
    assert (delta * 6 / np.pi**2 / j**2).sum() <= delta


def test_certificate_parts() -> None:
    certificate = pac_bayes.certify(0.062, 1213, 4000, 370, draws=500)
    assert certificate.risk_inverted == pytest.approx(float(kl_inverse(0.062, math.log(2 / 0.01) / 500)), abs=1e-15)
    assert certificate.value < min(1, certificate.pinsker)
    assert certificate.confidence == pytest.approx(0.965)
    assert certificate.risk < certificate.risk_inverted < certificate.value


def test_a_fixed_prior_pays_nothing_for_its_variance() -> None:
    certificate = pac_bayes.certify_fixed(0.062, 1213, 4000, 0.0025, draws=500)
    budget = (1213 + math.log(2 * math.sqrt(4000) / 0.025)) / 4000
    assert certificate.bnd == pytest.approx(budget, rel=1e-14)
    assert certificate.value == pytest.approx(float(kl_inverse(kl_inverse(0.062, math.log(200) / 500), budget)), rel=1e-14)
    assert certificate.j is None and certificate.delta_spent == 0.025 and certificate.confidence == pytest.approx(0.965)
    trained = pac_bayes.certify(0.062, 1213, 4000, 370, draws=500)
    assert certificate.value < trained.value < certificate.value + 0.005  # the price of the grid: ln j and more, over n
    assert trained.delta_spent == pytest.approx(6 * 0.025 / (math.pi**2 * 370**2), rel=1e-14)


@pytest.mark.parametrize("n", [8, 50, 400])
def test_maurers_constant_bounds_the_moment(n: int) -> None:
    """`E exp(n kl(k/n || p)) = sum_k C(n,k) (k/n)^k (1-k/n)^(n-k)`, whatever p, is at most 2 sqrt(n): what the fixed prior pays."""
    k = np.arange(n + 1)
    shares = k / n
    logs = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + xlogy(k, shares) + xlogy(n - k, 1 - shares)
    assert math.sqrt(n) <= np.exp(logs).sum() <= 2 * math.sqrt(n)


@pytest.mark.parametrize(
    ("change", "word"), [({"n": 7}, "n must"), ({"prior_variance": 0.0}, "lambda"), ({"kl": -1.0}, "KL"), ({"delta": 1.2}, "delta")]
)
def test_refuses_what_makes_no_fixed_certificate(change: dict[str, float], word: str) -> None:
    values = {"risk": 0.1, "kl": 10.0, "n": 100, "prior_variance": 0.01, "draws": 100, **change}
    with pytest.raises(ProblemError, match=word):
        pac_bayes.certify_fixed(**values)


def test_few_draws_cost_much() -> None:
    """200 draws turn .061 into about .13, as the reference measured."""
    assert pac_bayes.certify(0.061, 1213, 4000, 370, draws=200).risk_inverted == pytest.approx(0.13, abs=0.01)


def test_certificate_of_a_posterior_takes_the_better_neighbour() -> None:
    rng = np.random.default_rng(1)
    w0, w, s = rng.normal(size=50), rng.normal(size=50), rng.uniform(1e-3, 2e-3, 50)
    variance = 0.1 * math.exp(-3.6042)
    got = pac_bayes.certify_posterior(0.1, w, s, w0, variance, 1000, draws=1000)
    each = [pac_bayes.certify(0.1, pac_bayes.gaussian_kl(w, s, w0, pac_bayes.grid_variance(j)), 1000, j, draws=1000) for j in (360, 361)]
    assert got.j in (360, 361)
    assert got.value == min(certificate.value for certificate in each)


def test_certificate_holds_on_a_problem_with_known_risk() -> None:
    """One weight, threshold classifier on uniform inputs, noisy labels: how often the true Gibbs risk exceeds the certificate."""
    rng = np.random.default_rng(2)
    n, draws, failures, trials = 60, 200, 0, 300
    s, delta, delta_draws = 0.05, 0.2, 0.1
    nodes = norm(0, math.sqrt(s)).ppf((np.arange(2000) + 0.5) / 2000)
    for _ in range(trials):
        x = rng.uniform(-1, 1, n)
        y = np.where(rng.random(n) < 0.1, x <= 0.2, x > 0.2)
        grid = np.linspace(-1, 1, 41)
        w = grid[np.argmin([np.mean((x > t) != y) for t in grid])]
        sample = w + math.sqrt(s) * rng.standard_normal(draws)
        risk = float(np.mean((x > sample[:, None]) != y))
        truth = float(np.mean(0.1 + 0.8 * np.abs(np.clip(w + nodes, -1, 1) - 0.2) / 2))
        bound = pac_bayes.certify_posterior(risk, [w], [s], [0.0], 0.05, n, draws=draws, delta=delta, delta_draws=delta_draws)
        failures += truth > bound.value
    assert failures / trials <= delta + delta_draws


@pytest.mark.parametrize("risk", [0.0, 0.02, 0.3])
def test_best_lambda_against_a_minimiser(risk: float) -> None:
    kl, n, delta = 300.0, 5000, 0.05
    found = minimize_scalar(lambda weight: pac_bayes.lambda_form(risk, kl, n, delta, weight), bounds=(1e-3, 1.999), method="bounded")
    best = pac_bayes.best_lambda(risk, kl, n, delta)
    assert best == pytest.approx(found.x, abs=1e-4)
    assert pac_bayes.lambda_form(risk, kl, n, delta, best) == pytest.approx(found.fun, rel=1e-9)


def test_objectives_by_hand_and_in_order() -> None:
    """All three bound the same kl inverse; the quadratic form is the tightest relaxation at small risks."""
    risk, kl, n, delta = 0.02, 300.0, 5000, 0.05
    k = (kl + math.log(2 * math.sqrt(n) / delta)) / (2 * n)
    classic, quadratic = pac_bayes.classic(risk, kl, n, delta), pac_bayes.quadratic(risk, kl, n, delta)
    assert classic == pytest.approx(risk + math.sqrt(k), rel=1e-14)
    assert quadratic == pytest.approx((math.sqrt(risk + k) + math.sqrt(k)) ** 2, rel=1e-14)
    lam = pac_bayes.lambda_form(risk, kl, n, delta, 0.7)
    assert lam == pytest.approx(risk / 0.65 + 2 * k / (0.7 * 0.65), rel=1e-14)
    exact = float(kl_inverse(risk, 2 * k))
    assert exact <= quadratic <= classic
    assert exact <= pac_bayes.lambda_form(risk, kl, n, delta, pac_bayes.best_lambda(risk, kl, n, delta))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"risk": 1.2}, "training error"),
        ({"kl": -1.0}, "KL"),
        ({"kl": math.nan}, "KL"),
        ({"n": 1}, "n must"),
        ({"j": 0}, "j must"),
        ({"j": 2.5}, "whole"),
        ({"draws": 0}, "draws"),
        ({"delta": 0.0}, "delta"),
        ({"delta": 0.6, "delta_draws": 0.5}, "delta"),
    ],
)
def test_refuses_what_makes_no_certificate(change: dict[str, float], word: str) -> None:
    values = {"risk": 0.1, "kl": 10.0, "n": 100, "j": 10, "draws": 100, "delta": 0.05, "delta_draws": 0.01, **change}
    with pytest.raises(ProblemError, match=word):
        pac_bayes.certify(**values)


def test_refuses_bad_gaussians_and_variances() -> None:
    with pytest.raises(ProblemError, match="variance"):
        pac_bayes.gaussian_kl([0.0], [0.0], [0.0], 0.1)
    with pytest.raises(ProblemError, match="one shape"):
        pac_bayes.gaussian_kl([0.0, 1.0], [1.0], [0.0], 0.1)
    with pytest.raises(ProblemError, match="at most"):
        pac_bayes.grid_index(0.2)
    with pytest.raises(ProblemError, match="weight l"):
        pac_bayes.lambda_form(0.1, 1.0, 100, 0.05, 2.0)
