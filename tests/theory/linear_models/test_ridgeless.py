"""Closed forms of ridgeless risk against Monte Carlo over pinv, brute force and limits."""

import math

import numpy as np
import pytest

from engine.errors import ProblemError
from engine.theory.linear_models import ridgeless

DRAWS = 1500


def _draws(n, p, D, sigma, seed):
    """|w|^2, excess risk, train MSE and tr (X^T X)^+ of pinv solutions on p of D features; b is flat with |b| = 1."""
    rng = np.random.default_rng(seed)
    b = np.full(D, D**-0.5)
    X = rng.standard_normal((DRAWS, n, D))
    y = X @ b + sigma * rng.standard_normal((DRAWS, n))
    pinv = np.linalg.pinv(X[:, :, :p])
    w = np.einsum("rpn,rn->rp", pinv, y)
    residual = y - np.einsum("rnp,rp->rn", X[:, :, :p], w)
    risk = ((w - b[:p]) ** 2).sum(1) + (b[p:] ** 2).sum()
    return (w**2).sum(1), risk, (residual**2).mean(1), (pinv**2).sum((1, 2))


def _within(sample, expected, standard_errors=4.0):
    error = sample.std(ddof=1) / math.sqrt(sample.size)
    assert abs(sample.mean() - expected) < standard_errors * error


@pytest.mark.parametrize(("n", "p"), [(30, 3), (30, 15), (30, 22), (20, 32), (20, 60)])
def test_finite_n_formulas_are_the_monte_carlo_means(n, p):
    D, sigma = p + 10, 0.7
    norm, risk, train, variance = _draws(n, p, D, sigma, seed=n * 1000 + p)
    used, omitted = p / D, 1 - p / D
    _within(risk + sigma**2, ridgeless.expected_test_mse(n, p, used, omitted, sigma**2))
    _within(norm, ridgeless.norm_law(n, p, used, sigma**2 + omitted))
    _within(variance, ridgeless.variance_factor(n, p))
    if p <= n:
        _within(train, ridgeless.expected_train_mse(n, p, sigma**2 + omitted))
    else:
        assert train.max() < 1e-20 and ridgeless.expected_train_mse(n, p, 1.0) == 0


def test_variance_below_n_ignores_the_covariance():
    rng = np.random.default_rng(5)
    n, p = 60, 40
    for spectrum in (np.ones(p), 1 / np.arange(1, p + 1), np.exp(-np.arange(p) / 8)):
        X = rng.standard_normal((400, n, p)) * np.sqrt(spectrum)
        inverse = np.linalg.inv(np.einsum("rni,rnj->rij", X, X))
        _within(np.einsum("rii,i->r", inverse, spectrum), ridgeless.variance_factor(n, p))


def test_means_do_not_exist_next_to_the_threshold():
    p = np.arange(0, 21)
    infinite = np.isinf(ridgeless.expected_test_mse(10, p, 1.0, 0.0, 0.1))
    assert list(p[infinite]) == [9, 10, 11]
    assert np.isinf(ridgeless.norm_law(10, 10, 1.0, 0.1))


def test_without_noise_and_omitted_signal_nothing_is_infinite():
    p = np.arange(1, 31)
    expected = np.where(p <= 10, 0, 1 - 10 / p)
    assert ridgeless.expected_test_mse(10, p, 1.0, 0.0, 0.0) == pytest.approx(expected)
    assert ridgeless.norm_law(10, 10, 1.0, 0.0) == 1


def test_more_data_can_hurt():
    """Sample-wise: with d=100 fixed the curve over n peaks at n=d, so that 90 samples are worse than 50."""
    n = np.arange(2, 400)
    curve = ridgeless.expected_test_mse(n, 100, 1.0, 0.0, 0.25)
    assert list(n[np.isinf(curve)]) == [99, 100, 101]
    few, more = curve[n == 50], curve[n == 90]
    assert few == pytest.approx(0.25 + 0.5 + 0.25 * 50 / 49) and more == pytest.approx(0.25 + 0.1 + 0.25 * 90 / 9)


def test_published_misspecified_example():
    """Head profile, n=200, D=1000, sigma=.25: .952 at p=10, .878 at p=1000."""
    energy = np.full(1000, 0.85 / 1000)
    energy[:10] += 0.15 / 10
    used = np.append(0.0, np.cumsum(energy))
    omitted = 1 - used
    curve = ridgeless.expected_test_mse(200, np.arange(1001), used, np.maximum(omitted, 0), 0.25**2)
    assert curve[[10, 1000]] == pytest.approx([0.952, 0.878], abs=5e-4)
    assert curve[0] == pytest.approx(1 + 0.25**2)


def _limit(gamma, r2, sigma2):
    """Hastie et al. 2022, Theorem 1: gamma off 1."""
    return np.where(gamma < 1, sigma2 * gamma / (1 - gamma), r2 * (1 - 1 / gamma) + sigma2 / (gamma - 1))


def test_finite_formulas_tend_to_the_asymptotic_ones():
    for gamma in (0.3, 0.8, 1.2, 4.0):
        n = 10**7
        exact = ridgeless.expected_test_mse(n, round(gamma * n), 2.0, 0.0, 0.5) - 0.5
        assert float(_limit(gamma, 2.0, 0.5)) == pytest.approx(exact, rel=1e-5)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: ridgeless.variance_factor(1, 5), "at least 2, got 1"),
        (lambda: ridgeless.expected_test_mse(10, 5, 1, 0, -0.5), "noise variance must be at least 0, got -0.5"),
    ],
)
def test_impossible_arguments_are_named(call, named):
    with pytest.raises(ProblemError, match=named.replace(".", r"\.")):
        call()
