"""Closed-form linearised training against true descent on the features, scipy's matrix exponential, and a lazy network."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from engine.errors import ProblemError
from engine.theory.kernels.linearised import linearise
from engine.theory.kernels.tangent_kernel import tangent_kernel


def problem(seed: int, n: int = 8, features: int = 20) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, features)) / math.sqrt(features), rng.normal(size=(5, features)), rng.normal(size=n)


@pytest.mark.parametrize("pace", [0.3, 1.0, 1.7])
def test_descent_on_the_features_step_by_step(pace: float) -> None:
    """f(x) = f0(x) + phi(x).w trained from w = 0 on the half-squared loss: predictions, residuals and |w|."""
    phi, phi_new, y = problem(0)
    f0, f0_new = 0.1 * np.arange(8), 0.2 * np.arange(5)
    linear = linearise(phi @ phi.T, y - f0)
    step, w = pace / linear.largest, np.zeros(20)
    times = np.array([0, 1, 2, 7, 50])
    for t in range(51):
        if t in times:
            row = int(np.flatnonzero(times == t)[0])
            assert linear.predictions(phi_new @ phi.T, times, step, f0_new)[row] == pytest.approx(f0_new + phi_new @ w, abs=1e-10)
            assert linear.residuals(times, step)[row] == pytest.approx(y - f0 - phi @ w, abs=1e-10)
            assert linear.displacement(times, step)[row] == pytest.approx(np.linalg.norm(w), abs=1e-10)
        w = w + step * phi.T @ (y - f0 - phi @ w)


def test_flow_against_an_ode_solver() -> None:
    phi, phi_new, y = problem(1)
    linear = linearise(phi @ phi.T, y)
    solution = solve_ivp(lambda _, w: phi.T @ (y - phi @ w), (0, 5), np.zeros(20), rtol=1e-10, atol=1e-12, t_eval=[0.5, 5.0])
    assert linear.predictions(phi_new @ phi.T, [0.5, 5.0]) == pytest.approx((phi_new @ solution.y).T, abs=1e-7)


def test_limit_is_kernel_interpolation_and_minimum_norm() -> None:
    phi, phi_new, y = problem(2)
    linear = linearise(phi @ phi.T, y)
    w = np.linalg.pinv(phi) @ y
    for step in (None, 1.5 / linear.largest):
        assert linear.predictions(phi_new @ phi.T, [np.inf], step)[0] == pytest.approx(phi_new @ w, abs=1e-9)
        assert linear.displacement([np.inf], step)[0] == pytest.approx(np.linalg.norm(w), rel=1e-9)
        assert linear.residuals([np.inf], step)[0] == pytest.approx(0.0, abs=1e-10)


def test_rank_deficient_kernel_gives_the_least_squares_limit() -> None:
    phi, phi_new, y = problem(3, n=8, features=5)
    linear = linearise(phi @ phi.T, y)
    w = np.linalg.lstsq(phi, y, rcond=None)[0]
    assert np.count_nonzero(linear.eigenvalues) == 5
    for step in (None, 1 / linear.largest):
        assert linear.predictions(phi_new @ phi.T, [np.inf], step)[0] == pytest.approx(phi_new @ w, abs=1e-9)
        assert linear.residuals([np.inf], step)[0] == pytest.approx(y - phi @ w, abs=1e-10)


def test_slow_directions_keep_their_digits() -> None:
    """Eigenvalue 1e-12 of the largest: one step moves its coefficient by eta r, to full precision."""
    linear = linearise(np.diag([1.0, 1e-12]), [1.0, 1.0])
    assert linear.coefficients([1, 3], 0.4)[:, 1] == pytest.approx([0.4, 1.2], rel=1e-10)


def test_wide_scale_network_follows_the_closed_form() -> None:
    """Chizat's student at alpha = 1e5, symmetrised, trained by plain descent: predictions and alpha |w - w0| after 40 steps."""
    rng = np.random.default_rng(4)
    X, other = (Z / np.linalg.norm(Z, axis=1, keepdims=True) for Z in (rng.normal(size=(12, 4)), rng.normal(size=(6, 4))))
    y, half = rng.normal(size=12), rng.normal(size=(10, 4))
    W0, a0 = np.vstack([half, half]), np.tile(rng.normal(size=10), 2)
    a0[10:] *= -1
    W, a, m, alpha = W0.copy(), a0.copy(), 20, 1e5
    linear = linearise(tangent_kernel(W0, a0, X), y)
    step = 0.8 / linear.largest
    for _ in range(40):
        active = X @ W.T > 0
        hidden = np.where(active, X @ W.T, 0)
        error = alpha * hidden @ a / math.sqrt(m) - y
        gradient_a = hidden.T @ error / math.sqrt(m)
        gradient_W = (active * error[:, None] * a).T @ X / math.sqrt(m)
        W, a = W - step / alpha * gradient_W, a - step / alpha * gradient_a
    trained = alpha * np.maximum(other @ W.T, 0) @ a / math.sqrt(m)
    assert linear.predictions(tangent_kernel(W0, a0, other, X), [40], step)[0] == pytest.approx(trained, abs=1e-4)
    moved = math.sqrt(((W - W0) ** 2).sum() + ((a - a0) ** 2).sum())
    assert linear.displacement([40], step)[0] == pytest.approx(alpha * moved, rel=1e-4)


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: linearise(np.ones((2, 3)), np.ones(2)), "shape"),
        (lambda: linearise(np.zeros((2, 2)), np.ones(2)), "largest entry"),
        (lambda: linearise(np.array([[1.0, 0.5], [0.0, 1.0]]), np.ones(2)), "symmetric"),
        (lambda: linearise(-np.eye(2), np.ones(2)), "negative"),
        (lambda: linearise(np.eye(2), [1.0, np.nan]), "finite"),
        (lambda: linearise(np.eye(2), np.ones(2)).coefficients([1], 2.0), "2/lambda_max"),
        (lambda: linearise(np.eye(2), np.ones(2)).coefficients([1], 0.0), "step"),
        (lambda: linearise(np.eye(2), np.ones(2)).coefficients([1.5], 0.5), "whole"),
        (lambda: linearise(np.eye(2), np.ones(2)).coefficients([-1]), "times"),
        (lambda: linearise(np.eye(2), np.ones(2)).predictions(np.ones((2, 3)), [1]), "cross kernel"),
    ],
)
def test_refuses_what_cannot_be_trained(call: object, word: str) -> None:
    with pytest.raises(ProblemError, match=word):
        call()  # type: ignore[operator]
