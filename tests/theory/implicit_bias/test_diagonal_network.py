"""Diagonal networks: the convex dual against a primal solver, quadrature, and the flow integrated on u and v themselves."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp
from scipy.optimize import minimize

from engine.errors import ProblemError
from engine.state import State
from engine.theory.implicit_bias.diagonal_flow import DiagonalNetworkDescent, diagonal_flow, diagonal_step
from engine.theory.implicit_bias.diagonal_network import kkt_residual, q_interpolator
from engine.theory.implicit_bias.interpolators import min_norm_interpolator
from engine.theory.implicit_bias.optimisers import Schedule
from engine.theory.linear_models.min_norm import LeastSquares, least_squares


def sparse_problem(n: int = 8, d: int = 30, seed: int = 0) -> LeastSquares:
    X = np.random.default_rng(seed).standard_normal((n, d))
    return least_squares(X, X[:, 0] + X[:, 1])


def q_potential(w: np.ndarray, alpha: float) -> float:
    """Q_alpha, as the integral of its derivative alpha^2 asinh(w / (2 alpha^2)) / alpha^2."""
    return sum(alpha**2 * quad(lambda z: np.arcsinh(z / 2), 0, entry / alpha**2, epsabs=0, epsrel=1e-12)[0] for entry in w)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 3.0])
def test_the_dual_solution_minimises_the_primal(alpha: float) -> None:
    problem = sparse_problem(3, 7)
    w = q_interpolator(problem, alpha)
    basis = np.linalg.qr(problem.X.T, mode="complete")[0][:, 3:]  # null space: the constraint drops out
    start = np.linalg.pinv(problem.X) @ problem.y
    found = minimize(lambda c: q_potential(start + basis @ c, alpha), np.zeros(4), method="BFGS", options={"gtol": 1e-10})
    np.testing.assert_allclose(w, start + basis @ found.x, atol=1e-5)
    assert q_potential(w, alpha) <= found.fun + 1e-12
    np.testing.assert_allclose(problem.X @ w, problem.y, atol=1e-12)


@pytest.mark.parametrize("alpha", [1e-4, 1e-3, 0.03, 0.3, 2.0, 10.0])
def test_the_flow_ends_at_the_dual_solution(alpha: float) -> None:
    problem = sparse_problem()
    w = diagonal_flow(problem, alpha, [1e8])[0]
    np.testing.assert_allclose(w, q_interpolator(problem, alpha), atol=1e-8)
    assert kkt_residual(problem, w, alpha) < 1e-7


@pytest.mark.parametrize("alpha", [0.01, 0.3, 2.0])
def test_the_mirror_flow_is_the_flow_of_u_and_v(alpha: float) -> None:
    problem = sparse_problem(4, 6)
    X, y = problem.X, problem.y
    times = np.array([0.01, 0.1, 0.5, 2.0])

    def rate(_: float, weights: np.ndarray) -> np.ndarray:
        u, v = weights[:6], weights[6:]
        g = X.T @ (X @ (u * u - v * v) - y)
        return np.concatenate([-2 * u * g, 2 * v * g])

    direct = solve_ivp(rate, (0, 2), np.full(12, alpha), method="DOP853", t_eval=times, rtol=1e-11, atol=1e-13).y
    np.testing.assert_allclose(diagonal_flow(problem, alpha, times), (direct[:6] ** 2 - direct[6:] ** 2).T, atol=1e-7)


def test_true_descent_approaches_the_flow_linearly_in_the_step() -> None:
    problem = sparse_problem()
    time = 1.0
    errors = []
    for steps in (4000, 8000):
        stepper = DiagonalNetworkDescent(problem, 0.3, Schedule(time / steps))
        stepper.advance(steps)
        errors.append(np.linalg.norm(stepper.w - diagonal_flow(problem, 0.3, [time])[0]))
    assert errors[0] < 1e-2
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.05)


@pytest.mark.parametrize("alpha", [0.001, 0.03, 0.3, 2.0])
def test_true_descent_satisfies_the_optimality_condition(alpha: float) -> None:
    problem = sparse_problem()
    stepper = DiagonalNetworkDescent(problem, alpha, Schedule(diagonal_step(problem, alpha, 0.2)))
    stepper.advance(20_000)
    assert np.linalg.norm(problem.X @ stepper.w - problem.y) < 1e-3
    assert kkt_residual(problem, stepper.w, alpha) < 1e-2


def test_from_the_l2_to_the_l1_interpolator() -> None:
    problem = sparse_problem()
    sweep = np.stack([q_interpolator(problem, alpha) for alpha in (1000.0, 10.0, 2.0, 0.3, 0.03, 0.001, 1e-4, 1e-6)])
    l1 = np.abs(sweep).sum(axis=1)
    l1_of_l2 = np.abs(np.linalg.pinv(problem.X) @ problem.y).sum()
    smallest = np.abs(min_norm_interpolator(problem.X, problem.y, "l1")).sum()
    assert l1[0] == pytest.approx(l1_of_l2, rel=1e-9)
    assert l1[2] == pytest.approx(l1_of_l2, rel=1e-2)
    assert np.all(np.diff(l1) < 0)
    assert np.all(np.diff(np.linalg.norm(sweep, axis=1)) > 0)
    gaps = l1[4:] - smallest
    assert np.all(gaps > 0)
    assert gaps[-1] < 2e-3 * smallest
    assert gaps[-1] > 1e-4 * smallest  # six decades of alpha and still not there: the approach is slow


@pytest.mark.parametrize("alpha", [1e-4, 1.0, 10.0])
@pytest.mark.parametrize(("n", "d"), [(1, 1), (1, 5), (5, 5)])
def test_small_and_square_problems(n: int, d: int, alpha: float) -> None:
    problem = sparse_problem(n, d) if d > 1 else least_squares([[2.0]], [3.0])
    w = q_interpolator(problem, alpha)
    np.testing.assert_allclose(problem.X @ w, problem.y, atol=1e-10)


def test_duplicates_and_zero_targets() -> None:
    problem = sparse_problem(4, 9)
    repeated = least_squares(np.vstack([problem.X, problem.X[:2], np.zeros(9)]), np.concatenate([problem.y, problem.y[:2], [0]]))
    np.testing.assert_allclose(q_interpolator(repeated, 0.1), q_interpolator(problem, 0.1), atol=1e-9)
    np.testing.assert_array_equal(q_interpolator(least_squares(problem.X, np.zeros(4)), 0.1), 0)


def test_chunks_restoring_and_divergence() -> None:
    problem = sparse_problem()
    whole, pieces = (DiagonalNetworkDescent(problem, 0.3, Schedule(1e-3)) for _ in range(2))
    whole.advance(300)
    pieces.advance(77)
    arrays, scalars = pieces.state()
    resumed = DiagonalNetworkDescent(problem, 0.3, Schedule(1e-3))
    resumed.restore(State(arrays, json.loads(json.dumps(scalars))))
    np.testing.assert_array_equal(resumed.w, pieces.w)
    resumed.advance(223)
    np.testing.assert_array_equal(resumed.w, whole.w)
    for eta in (0.1, 1e3):
        diverging = DiagonalNetworkDescent(problem, 1.0, Schedule(eta))
        diverging.advance(1000)
        assert diverging.diverged
        assert np.all(np.isfinite(diverging.w))


def test_refusals() -> None:
    problem = sparse_problem()
    with pytest.raises(ProblemError, match="alpha must be between 1e-6 and 1e6, got 0"):
        q_interpolator(problem, 0.0)
    with pytest.raises(ProblemError, match="never moves"):
        diagonal_flow(problem, 0.0, [1.0])
    with pytest.raises(ProblemError, match="never moves"):
        DiagonalNetworkDescent(problem, 0.0, Schedule(0.1))
    with pytest.raises(ProblemError, match="ascend"):
        diagonal_flow(problem, 1.0, [2.0, 1.0])
    with pytest.raises(ProblemError, match="no w interpolates"):
        q_interpolator(least_squares([[1.0, 0.0], [1.0, 0.0]], [1.0, 2.0]), 1.0)
