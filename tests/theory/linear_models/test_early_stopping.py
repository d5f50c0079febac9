"""Risks of early stopping and ridge against Monte Carlo and a differential equation, bounds against a search, flat spectra' limit."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import minimize_scalar

from engine.errors import ProblemError
from engine.theory.linear_models.early_stopping import (
    BEST_BOUND,
    BEST_PLACE,
    RATIO_BOUND,
    RATIO_PLACE,
    best_time,
    isotropic_path,
    path,
)
from engine.theory.linear_models.sample_wise import directions


@pytest.mark.parametrize(("n", "d"), [(5, 9), (9, 5), (7, 7)])
def test_risks_are_those_of_a_solved_flow_and_of_drawn_weights_and_noise(n: int, d: int) -> None:
    rng = np.random.default_rng(0)
    tau2, sigma2, time, draws = 0.4, 0.7, 0.15, 20_000
    lam = np.linspace(2, 0.1, d)
    X = rng.standard_normal((n, d)) * np.sqrt(lam)
    w = rng.standard_normal((draws, d)) * np.sqrt(tau2)
    y = w @ X.T + np.sqrt(sigma2) * rng.standard_normal((draws, n))
    basis = [
        solve_ivp(lambda _, v, k=k: X.T @ (np.eye(n)[k] - X @ v), (0, time), np.zeros(d), rtol=1e-9, atol=1e-11).y[:, -1] for k in range(n)
    ]
    flow, ridge = y @ np.array(basis), y @ np.linalg.solve(X.T @ X + np.eye(d) / time, X.T).T
    exact = path(directions(X, lam), [time], tau2, sigma2)
    for found, wanted in ((flow, exact.flow), (ridge, exact.ridge)):
        risk = (found - w) ** 2 @ lam
        assert abs(risk.mean() - wanted[0]) < 4 * risk.std() / np.sqrt(draws)


def test_bounds_are_the_largest_ratios_of_one_direction() -> None:
    def variance(x: float) -> float:
        return -(((1 - np.exp(-x)) * (1 + x) / x) ** 2)

    def best(x: float) -> float:
        return -(1 + x) * (np.exp(-2 * x) + (1 - np.exp(-x)) ** 2 / x)

    for ratio, bound, place in ((variance, RATIO_BOUND, RATIO_PLACE), (best, BEST_BOUND, BEST_PLACE)):
        found = minimize_scalar(ratio, bounds=(0.5, 8), method="bounded", options={"xatol": 1e-9})
        assert (-found.fun, found.x) == (pytest.approx(bound, abs=1e-12), pytest.approx(place, abs=1e-5))
        assert max(-ratio(x) for x in np.geomspace(1e-3, 1e3, 4001)) <= bound


def test_ratios_stay_below_their_bounds_on_many_problems_and_reach_them() -> None:
    rng = np.random.default_rng(1)
    times, largest = np.geomspace(1e-6, 1e6, 200), 0.0
    for _ in range(30):
        n, d = rng.integers(1, 30, 2)
        lam = np.sort(rng.uniform(0.01, 3, d))[::-1]
        found = directions(rng.standard_normal((n, d)) * np.sqrt(lam), rng.permutation(lam))  # risk under another covariance
        tau2, sigma2 = rng.uniform(0.01, 3.0, 2)
        along = path(found, np.append(times, tau2 / sigma2), tau2, sigma2)
        largest = max(largest, float(along.ratio.max()))
        best = along.flow.min() / along.ridge[-1]
        assert along.ridge[-1] <= along.ridge.min() * (1 + 1e-12) and 1 - 1e-12 <= best <= along.ratio[-1] <= BEST_BOUND + 1e-12
        assert (along.flow_bias <= along.ridge_bias * (1 + 1e-12)).all()
    assert 1.2 < largest <= RATIO_BOUND
    one = directions([[1.0]], [1.0])
    assert path(one, [RATIO_PLACE], 0.0, 1.0).ratio[0] == pytest.approx(RATIO_BOUND, abs=1e-12)
    assert path(one, [BEST_PLACE], BEST_PLACE, 1.0).ratio[0] == pytest.approx(BEST_BOUND, abs=1e-12)


@pytest.mark.parametrize("d", [100, 400, 800])
def test_flat_spectra_tend_to_the_marchenko_pastur_law(d: int) -> None:
    times = np.geomspace(1e-4, 1e-1, 13)
    found = directions(np.random.default_rng(2).standard_normal((400, d)), np.ones(d))
    exact, limit = path(found, times, 1 / d, 0.25), isotropic_path(400, d, times, 1 / d, 0.25)
    np.testing.assert_allclose(exact.flow, limit.flow, rtol=0.02)
    np.testing.assert_allclose(exact.ridge, limit.ridge, rtol=0.02)
    early = isotropic_path(400, d, [1e-12], 1 / d, 0.25)
    assert early.flow[0] == pytest.approx(1.0, abs=1e-6)  # all of the law's mass, the atom at 0 included


def test_at_d_equal_n_the_limit_of_late_times_is_that_of_a_hard_edge() -> None:
    """The law has mass like x^-1/2 at 0, so that both variances go to integrals of powers: 2 sqrt(pi) (2 - sqrt 2) over pi/2."""
    late = isotropic_path(400, 400, [1e5, 1e7], 1 / 400, 0.25)
    np.testing.assert_allclose(late.ratio, 4 * (2 - np.sqrt(2)) / np.sqrt(np.pi), rtol=3e-4)


def test_small_times_and_equal_values_lose_no_digits() -> None:
    found = directions(1e-8 * np.eye(3), np.ones(3))
    along = path(found, [1e-5, 1e5], 1.0, 1.0)
    np.testing.assert_allclose(along.ratio, 1.0, rtol=1e-9)


@pytest.mark.parametrize(
    ("times", "tau2", "sigma2", "sentence"), [([0.0], 1, 1, "time"), ([1.0], 0, 0, "both be 0"), ([1.0], -1, 1, "weights")]
)
def test_without_risk_or_time_it_says_so(times: list, tau2: float, sigma2: float, sentence: str) -> None:
    with pytest.raises(ProblemError, match=sentence):
        path(directions([[1.0]], [1.0]), times, tau2, sigma2)


def test_the_best_time_is_the_ratio_of_variances() -> None:
    assert best_time(0.02, 0.25) == 0.08 and best_time(1.0, 0.0) == np.inf
    with pytest.raises(ProblemError, match="both be 0"):
        best_time(0.0, 0.0)
