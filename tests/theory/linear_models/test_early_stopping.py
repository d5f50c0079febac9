"""Bayes risks of early stopping and ridge against Monte Carlo, and the bound on their ratio."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import ProblemError
from engine.theory.linear_models.early_stopping import RATIO_BOUND, early_stopping
from engine.theory.linear_models.min_norm import least_squares


def test_risks_are_monte_carlo_means_within_four_standard_errors() -> None:
    rng = np.random.default_rng(0)
    n, d, r2, sigma2, time = 5, 9, 2.0, 0.7, 0.15
    X = rng.standard_normal((n, d))
    risks = early_stopping(least_squares(X, np.zeros(n)), [time], r2, sigma2)
    draws = 20_000
    b = rng.standard_normal((draws, d)) * np.sqrt(r2 / d)
    y = b @ X.T + np.sqrt(sigma2) * rng.standard_normal((draws, n))
    values, vectors = np.linalg.eigh(X.T @ X)
    values = np.maximum(values, 0)
    decay = (vectors * np.exp(-values * time)) @ vectors.T
    flow = y @ np.linalg.pinv(X).T @ (np.eye(d) - decay)
    ridge = y @ (np.linalg.solve(X.T @ X + np.eye(d) / time, X.T)).T
    for w, estimation, prediction in (
        (flow, risks.flow_estimation, risks.flow_prediction),
        (ridge, risks.ridge_estimation, risks.ridge_prediction),
    ):
        for sample, exact in (
            (np.sum((w - b) ** 2, axis=1), estimation),
            (np.sum(((w - b) @ X.T) ** 2, axis=1) / n, prediction),
        ):
            assert abs(sample.mean() - exact[0]) < 4 * sample.std() / np.sqrt(draws)


def test_the_ratio_stays_below_its_bound_on_many_spectra() -> None:
    rng = np.random.default_rng(1)
    times = np.geomspace(1e-6, 1e6, 200)
    largest = 0.0
    for _ in range(20):
        n, d = rng.integers(1, 30, 2)
        X = rng.standard_normal((n, d)) * rng.uniform(0.01, 3, d)
        risks = early_stopping(least_squares(X, np.zeros(n)), times, *rng.uniform(0.0, 3.0, 2))
        ratios = np.concatenate([risks.flow_estimation / risks.ridge_estimation, risks.flow_prediction / risks.ridge_prediction])
        largest = max(largest, float(ratios.max()))
    assert 1.0 < largest <= RATIO_BOUND
    noise_only = early_stopping(least_squares([[1.0]], [0.0]), times, 0.0, 1.0)  # the bound is attained in the limit of one direction
    assert np.max(noise_only.flow_prediction / noise_only.ridge_prediction) == pytest.approx(RATIO_BOUND, abs=2e-3)


def test_best_ridge_is_at_the_signal_to_noise_ratio() -> None:
    X = np.random.default_rng(2).standard_normal((20, 10))
    times = np.geomspace(1e-3, 1e3, 4001)
    risks = early_stopping(least_squares(X, np.zeros(20)), times, 2.0, 0.5)
    assert times[np.argmin(risks.ridge_estimation)] == pytest.approx(2.0 / 10 / 0.5, rel=5e-3)  # 1/lambda = r2/(d sigma2)


@pytest.mark.parametrize(("times", "r2", "sigma2", "sentence"), [([0.0], 1, 1, "positive"), ([1.0], 0, 0, "r2=0, sigma2=0")])
def test_without_risk_or_time_it_says_so(times: list, r2: float, sigma2: float, sentence: str) -> None:
    with pytest.raises(ProblemError, match=sentence):
        early_stopping(least_squares([[1.0]], [1.0]), times, r2, sigma2)
