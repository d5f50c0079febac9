"""Ridge asymptotics against quadrature over the Marchenko-Pastur density, large simulations, and minimisation."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from engine.errors import ProblemError
from engine.theory.linear_models import ridge


def _average(function, gamma):
    """The mean of a function of an eigenvalue over the law, by quadrature over the angle; density typed out again here."""
    low, high = (1 - gamma**0.5) ** 2, (1 + gamma**0.5) ** 2

    def integrand(angle):
        x = (low + high) / 2 + (high - low) / 2 * np.cos(angle)
        return function(x) * ((high - low) / 2 * np.sin(angle)) ** 2 / (2 * np.pi * gamma * x)

    return quad(integrand, 0, np.pi, epsabs=1e-13, epsrel=1e-12)[0] + max(0, 1 - 1 / gamma) * function(0.0)


def _risk(lam, gamma, r2, sigma2):
    return ridge.ridge_bias(lam, gamma, r2) + ridge.ridge_variance(lam, gamma, sigma2)


CASES = [(0.1, 0.5), (1e-4, 0.5), (3.0, 1.0), (1e-3, 2.0), (0.7, 5.0), (20.0, 0.2)]


@pytest.mark.parametrize(("lam", "gamma"), CASES)
def test_share_and_risk_are_integrals_over_the_spectrum(lam, gamma):
    assert ridge.ridge_share(lam, gamma) == pytest.approx(_average(lambda x: lam / (x + lam), gamma), rel=1e-9)
    bias = _average(lambda x: (lam / (x + lam)) ** 2, gamma)
    variance = gamma * _average(lambda x: x / (x + lam) ** 2, gamma)
    assert ridge.ridge_bias(lam, gamma, 2.0) == pytest.approx(2 * bias, rel=1e-9)
    assert ridge.ridge_variance(lam, gamma, 0.3) == pytest.approx(0.3 * variance, rel=1e-9)


@pytest.mark.parametrize(("lam", "gamma"), CASES)
def test_risk_is_the_formula_as_printed(lam, gamma):
    r2, sigma2 = 1.3, 0.4

    def m(at):
        return (-(1 - gamma + at) + np.sqrt((1 - gamma + at) ** 2 + 4 * gamma * at)) / (2 * gamma * at)

    h = 1e-5 * lam
    slope = -(m(lam + h) - m(lam - h)) / (2 * h)
    A = r2 / (sigma2 * gamma)
    assert _risk(lam, gamma, r2, sigma2) == pytest.approx(sigma2 * gamma * (m(lam) - lam * (1 - A * lam) * slope), rel=1e-4)


def _ridgeless(gamma, r2, sigma2):
    """Hastie et al. 2022, Theorem 1: gamma off 1."""
    return np.where(gamma < 1, sigma2 * gamma / (1 - gamma), r2 * (1 - 1 / gamma) + sigma2 / (gamma - 1))


def test_no_ridge_is_ridgeless():
    gamma = np.array([0.2, 0.9, 1.1, 6.0])
    assert _risk(0.0, gamma, 2.0, 0.5) == pytest.approx(_ridgeless(gamma, 2.0, 0.5), rel=1e-12)
    assert np.isinf(_risk(0.0, 1.0, 2.0, 0.5))
    assert ridge.ridge_bias(0.0, 1.0, 2.0) == 0


def test_huge_ridge_leaves_the_signal():
    assert _risk(1e12, [0.5, 1.0, 3.0], 2.0, 0.5) == pytest.approx(2, rel=1e-9)


@pytest.mark.parametrize("gamma", [0.3, 1.0, 3.0])
def test_optimum_is_the_minimum(gamma):
    r2, sigma2 = 1.5, 0.8
    found = minimize_scalar(lambda u: float(_risk(np.exp(u), gamma, r2, sigma2)), bounds=(-8, 8), method="bounded")
    assert ridge.optimal_ridge(gamma, r2, sigma2) == pytest.approx(np.exp(found.x), rel=1e-3)
    assert _risk(ridge.optimal_ridge(gamma, r2, sigma2), gamma, r2, sigma2) == pytest.approx(found.fun, rel=1e-9)


def test_optimal_risk_has_no_peak_and_known_ends():
    gamma = np.geomspace(1e-3, 1e3, 400)
    risk = _risk(ridge.optimal_ridge(gamma, 1.0, 0.25), gamma, 1.0, 0.25)
    assert np.all(np.diff(risk) > 0) and risk[-1] < 1
    assert np.all(risk <= _ridgeless(gamma, 1.0, 0.25))
    assert np.isinf(ridge.optimal_ridge(2.0, 0.0, 1.0))
    assert _risk(ridge.optimal_ridge(2.0, 1.0, 0.0), 2.0, 1.0, 0.0) == pytest.approx(0.5)
    assert _risk(ridge.optimal_ridge(0.5, 1.0, 0.0), 0.5, 1.0, 0.0) == 0


def test_tuned_flat_curve_falls_with_p_and_meets_simulation():
    n, D, sigma2 = 100, 400, 0.25
    p = np.arange(1, D + 1)
    used, omitted = p / D, 1 - p / D
    noise = sigma2 + omitted
    penalty = ridge.optimal_penalty(p, used, omitted, sigma2)
    curve = noise + _risk(penalty / n, p / n, used, noise)
    assert np.all(np.diff(curve) < 0)
    rng = np.random.default_rng(1)
    for at in (40, 100, 300):
        risks = []
        for _ in range(60):
            X = rng.standard_normal((n, D))
            b = np.full(D, D**-0.5)
            y = X @ b + sigma2**0.5 * rng.standard_normal(n)
            w = np.linalg.solve(X[:, :at].T @ X[:, :at] + penalty[at - 1] * np.eye(at), X[:, :at].T @ y)
            risks.append(((w - b[:at]) ** 2).sum() + omitted[at - 1] + sigma2)
        assert np.mean(risks) == pytest.approx(curve[at - 1], abs=4 * np.std(risks) / 60**0.5 + 0.005)


def test_zero_signal_and_zero_noise_is_refused():
    with pytest.raises(ProblemError, match="signal 0 and noise variance 0"):
        ridge.optimal_penalty(10, 0.0, 0.0, 0.0)
    with pytest.raises(ProblemError, match="ridge must be at least 0, got -1"):
        _risk(-1.0, 0.5, 1.0, 1.0)
    assert np.isinf(ridge.optimal_penalty(10, 0.0, 1.0, 0.0))
