"""The deterministic equivalent against root finders, Monte Carlo over solves, finite-n formulas and limits."""

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

from engine.errors import ProblemError
from engine.theory.linear_models import ridgeless
from engine.theory.linear_models.ridge import ridge_bias, ridge_variance
from engine.theory.spectra import deterministic_equivalent as de
from engine.theory.spectra import spectra

SPECTRA = {
    "power": spectra.power(300, 2.0),
    "exponential": spectra.exponential(150, 5.0),
    "isotropic": spectra.isotropic(200),
    "exp-eps": spectra.exponential_plus_floor(60),
    "log": spectra.logarithmic(400),
}


@pytest.mark.parametrize("name", SPECTRA)
@pytest.mark.parametrize("ridge", [0.0, 1e-6, 0.3, 1e4])
def test_kappa_solves_its_equation_as_brent_does(name, ridge):
    lam, n = SPECTRA[name], 60
    found = de.equivalent(lam, n, ridge)
    root = brentq(lambda x: np.sum(lam / (lam + np.exp(x))) + ridge / np.exp(x) - n, -80, 80, xtol=1e-14)
    assert found.kappa[0] == pytest.approx(np.exp(root), rel=1e-9)
    assert found.D2[0] == pytest.approx(sum((x / (x + found.kappa[0])) ** 2 for x in lam), rel=1e-12)


def test_grid_equals_single_solutions():
    lam = SPECTRA["power"]
    n, ridge = np.array([20, 60, 200, 400]), np.array([0.0, -0.001, 0.5, 2.0])
    together = de.equivalent(lam, n, ridge)
    for i in range(4):
        assert together.E0[i] == pytest.approx(de.equivalent(lam, n[i], ridge[i]).E0[0], rel=1e-12)


def test_negative_ridge_down_to_its_limit():
    lam, n = SPECTRA["exp-eps"], 60
    kappa, limit = (float(value[0]) for value in de.ridge_limit(lam, n))
    grid = np.linspace(kappa * 0.5, kappa * 2, 200001)
    ridges = n * grid - np.array([np.sum(lam * k / (lam + k)) for k in grid[::1000]]).repeat(1000)[: grid.size]
    assert limit == pytest.approx(ridges[::1000].min(), rel=1e-4)  # the limit is where the ridge, as a function of kappa, turns
    near = de.equivalent(lam, n, [limit * 0.999, limit * 0.5, 0.0])
    assert np.all(np.diff(near.E0) < 0) and near.E0[0] > 5
    for ridge, found in zip(near.ridge, near.kappa, strict=True):
        assert np.sum(lam / (lam + found)) + ridge / found == pytest.approx(n, rel=1e-10)
    with pytest.raises(ProblemError, match=r"ridge must exceed -\d"):
        de.equivalent(lam, n, limit * 1.001)


def _simulated(lam, b, n, ridge, sigma, draws, seed):
    """Test MSE of ridge solves in the sample space, Gaussian rows with covariance diag(lam)."""
    rng = np.random.default_rng(seed)
    errors = []
    for _ in range(draws):
        X = rng.standard_normal((n, lam.size)) * np.sqrt(lam)
        y = X @ b + sigma * rng.standard_normal(n)
        w = X.T @ np.linalg.solve(X @ X.T + ridge * np.eye(n), y)
        errors.append(sigma**2 + np.sum(lam * (w - b) ** 2))
    return np.mean(errors), np.std(errors, ddof=1) / draws**0.5


@pytest.mark.parametrize(
    ("name", "ridge"), [("power", 0.0), ("power", 0.05), ("log", 0.0), ("exp-eps", 0.0), ("exp-eps", -1.5), ("isotropic", 20.0)]
)
def test_simulation_meets_the_equivalent(name, ridge):
    lam, n, sigma = SPECTRA[name], 60, 0.5
    b = np.random.default_rng(1).standard_normal(lam.size) * lam**0.25
    mean, error = _simulated(lam, b, n, ridge, sigma, 150, seed=7)
    predicted = de.equivalent(lam, n, ridge).test_mse(b**2, sigma**2)[0]
    assert abs(mean - predicted) < 4 * error + 0.04 * predicted  # finite n: corrections of order 1/n


def test_isotropic_case_is_the_closed_form():
    n = 1000
    for gamma, ridge in ((0.5, 0.0), (2.0, 0.0), (0.8, 0.3), (3.0, 0.1)):
        d = int(gamma * n)
        mse = de.equivalent(np.ones(d), n, ridge * n).test_mse(np.full(d, 1.7 / d), 0.4)[0]
        assert mse - 0.4 == pytest.approx(float(ridge_bias(ridge, gamma, 1.7) + ridge_variance(ridge, gamma, 0.4)), rel=1e-9)


def test_least_squares_below_n_and_the_peak():
    lam = spectra.power(50, 1.5)
    found = de.equivalent(lam, [50, 100, 5000])
    assert found.kappa.tolist() == [0, 0, 0]
    assert np.isinf(found.E0[0]) and found.E0[1:] == pytest.approx([2, 5000 / 4950])
    assert found.test_mse(np.ones(50), 0.0)[1:].tolist() == [0, 0]


def test_nested_curve_is_one_equivalent_per_p_and_close_to_the_exact_formula():
    D, n, sigma2 = 300, 60, 0.25
    lam, b2 = spectra.power(D, 0.7), np.full(D, 1 / D)
    p = np.array([1, 30, 61, 120, 300])
    curve = de.nested_test_mse(lam, b2, n, p, sigma2, 0.5)
    for value, k in zip(curve, p, strict=True):
        noise = sigma2 + float(lam[k:] @ b2[k:])
        assert value == pytest.approx(de.equivalent(lam[:k], n, 0.5).test_mse(b2[:k], noise)[0], rel=1e-10)
    flat = de.nested_test_mse(np.ones(D), b2, n, p[[0, 1, 3, 4]], sigma2)
    used = p[[0, 1, 3, 4]] / D
    assert flat == pytest.approx(ridgeless.expected_test_mse(n, p[[0, 1, 3, 4]], used, 1 - used, sigma2), rel=0.03)
    assert np.isinf(de.nested_test_mse(lam, b2, n, [n], sigma2))[0]


@pytest.mark.parametrize(("name", "sigma2"), [("power", 1.0), ("exp-eps", 0.01), ("isotropic", 0.5)])
def test_best_ridge_is_the_minimum_over_the_ridge(name, sigma2):
    lam, n = SPECTRA[name], 60
    b2 = np.zeros(lam.size)
    b2[:3] = 1
    ridge, error = de.best_ridge(lam, b2, n, sigma2)
    limit = float(de.ridge_limit(lam, n)[1][0])
    found = minimize_scalar(
        lambda u: float(de.equivalent(lam, n, limit + np.exp(u)).test_mse(b2, sigma2)[0]),
        bounds=(-9, 9),
        method="bounded",
        options={"xatol": 1e-9},
    )
    assert error == pytest.approx(found.fun, rel=1e-7)
    assert ridge == pytest.approx(limit + np.exp(found.x), rel=1e-3, abs=1e-3)
    assert (ridge < 0) == (name == "exp-eps")


def test_optimal_ridge_below_n_is_the_isotropic_one():
    ridge, _ = de.best_ridge(np.ones(50), np.full(50, 0.02), 100, 0.3)
    assert ridge == pytest.approx(50 * 0.3, rel=1e-4)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: de.equivalent([1.0, 0.5, 0.0], 2), r"eigenvalue of the covariance must be positive, got 0 \(1 of 3\)"),
        (lambda: de.equivalent([1.0, -0.5], 2), "must be positive, got -0.5"),
        (lambda: de.equivalent([0.5, 1.0], 2), "largest first, got 0.5 before 1"),
        (lambda: de.equivalent(np.ones(30), 1), "n must be at least 2, got 1"),
        (lambda: de.equivalent(np.ones(30), 40, -1.0), "negative ridge needs more features than samples, got p=30, n=40, ridge=-1"),
        (lambda: de.best_ridge(np.ones(30), np.zeros(30), 10, 1.0), "signal 0"),
        (lambda: de.nested_test_mse(np.ones(30), np.ones(30), 10, [0, 31], 1.0), r"p must lie in 1\.\.30"),
        (
            lambda: de.equivalent(np.ones(30), 10).test_mse(np.ones(4), 1.0),
            r"b2 must have 30 entries, one per eigenvalue, got shape \(4,\)",
        ),
    ],
)
def test_problems_without_solution_are_named(call, named):
    with pytest.raises(ProblemError, match=named):
        call()
