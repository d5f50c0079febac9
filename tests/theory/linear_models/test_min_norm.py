"""Closed-form descent against plain loops and the pseudoinverse."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import ProblemError
from engine.theory.linear_models.min_norm import SATURATION, least_squares


def draw(n: int, d: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.standard_normal(n), rng.standard_normal(d)


def loop(X: np.ndarray, y: np.ndarray, w: np.ndarray, eta: float, steps: int) -> np.ndarray:
    for _ in range(steps):
        w = w - eta * X.T @ (X @ w - y)
    return w


@pytest.mark.parametrize(("n", "d"), [(6, 40), (30, 8), (5, 5), (1, 3), (4, 1), (1, 1)])
@pytest.mark.parametrize("fraction", [0.01, 0.5, 0.9])
def test_closed_form_equals_the_iteration(n: int, d: int, fraction: float) -> None:
    X, y, start = draw(n, d)
    problem = least_squares(X, y)
    eta = fraction * 2 / np.linalg.eigvalsh(X.T @ X)[-1]
    closed = problem.descend([0, 1, 10, 100, 1000], eta, start)
    for w, steps in zip(closed, (0, 1, 10, 100, 1000), strict=True):
        simulated = loop(X, y, start, eta, steps)
        assert np.linalg.norm(w - simulated) <= 1e-10 * np.linalg.norm(simulated)
    from_zero = problem.descend([100], eta)[0]
    np.testing.assert_allclose(from_zero, loop(X, y, np.zeros(d), eta, 100), rtol=1e-10, atol=1e-13)


def test_limit_is_the_pseudoinverse_solution_plus_the_starts_null_part() -> None:
    X, y, start = draw(6, 40)
    problem = least_squares(X, y)
    pinv = np.linalg.pinv(X)
    limit = pinv @ y + (np.eye(40) - pinv @ X) @ start
    np.testing.assert_allclose(problem.solution, pinv @ y, atol=1e-13)
    np.testing.assert_allclose(problem.limit(start), limit, atol=1e-13)
    np.testing.assert_allclose(problem.descend([1e9], 0.5 * problem.step_limit, start)[0], limit, atol=1e-12)


def test_descent_from_zero_never_leaves_the_row_space() -> None:
    X, y, _ = draw(6, 40)
    problem = least_squares(X, y)
    w = loop(X, y, np.zeros(40), 0.5 * problem.step_limit, 3000)
    orthogonal = np.linalg.qr(X.T, mode="complete")[0][:, 6:]
    np.testing.assert_allclose(np.linalg.norm(problem.null_component(w)), np.linalg.norm(orthogonal.T @ w), atol=1e-15)
    assert np.linalg.norm(problem.null_component(w)) <= 1e-12 * np.linalg.norm(w)
    other = np.random.default_rng(3).standard_normal((2, 40))
    np.testing.assert_allclose(problem.null_component(other), other @ orthogonal @ orthogonal.T, atol=1e-13)
    np.testing.assert_allclose(X @ problem.null_component(other).T, 0, atol=1e-13)


def test_one_minus_a_power_keeps_its_digits_for_tiny_steps() -> None:
    X, y, _ = draw(3, 7)
    problem = least_squares(X, y)
    first = problem.descend([1], 1e-18)[0]  # w_1 = eta X^T y exactly
    np.testing.assert_allclose(first, 1e-18 * X.T @ y, rtol=1e-12)


def test_beyond_the_limit_it_diverges_by_the_growth_factor_and_saturates() -> None:
    X, y, _ = draw(6, 40)
    problem = least_squares(X, y)
    eta = 1.2 * problem.step_limit
    norms = np.linalg.norm(problem.descend([200, 201, 202], eta), axis=1)
    assert problem.growth_factor(eta) == pytest.approx(1.4)
    np.testing.assert_allclose(norms[1:] / norms[:-1], 1.4, rtol=1e-6)
    np.testing.assert_allclose(problem.descend([60], eta)[0], loop(X, y, np.zeros(40), eta, 60), rtol=1e-9)
    for steps in (10**4, 10**6, 10**9):
        w = problem.descend([steps], eta)[0]
        assert np.all(np.isfinite(w))
        assert np.isfinite(np.linalg.norm(w))
        assert np.isfinite(problem.loss(w))
        assert np.abs(w).max() > SATURATION / 1e4
    assert problem.steps_to(1e-6, eta) == np.inf


def test_at_the_limit_itself_it_neither_grows_nor_shrinks() -> None:
    problem = least_squares([[2.0]], [2.0])
    assert problem.step_limit == 0.5
    np.testing.assert_allclose(problem.descend([1, 2, 3, 10**6], 0.5)[:, 0], [2, 0, 2, 0])
    np.testing.assert_allclose(problem.descend([0, 1, 5], 0.25)[:, 0], [0, 1, 1])  # eta s^2 = 1: one step


def test_steps_to_a_tolerance() -> None:
    X, y, _ = draw(4, 9)
    problem = least_squares(X, y)
    eta = 0.3 * problem.step_limit
    steps = int(np.ceil(problem.steps_to(1e-6, eta)))
    errors = np.abs(problem.coordinates(problem.descend([steps], eta)) - problem.targets) / np.abs(problem.targets)
    assert 1e-7 < errors.max() <= 1e-6


def test_coordinates_and_loss() -> None:
    X, y, start = draw(5, 8)
    problem = least_squares(X, y)
    assert problem.loss(start) == pytest.approx(0.5 * np.sum((X @ start - y) ** 2))
    rebuilt = problem.coordinates(start) @ problem.right + problem.null_component(start)
    np.testing.assert_allclose(rebuilt, start, atol=1e-13)


def test_duplicate_and_zero_rows_lower_the_rank_only() -> None:
    X, y, _ = draw(4, 9)
    repeated = np.vstack([X, X[:2], np.zeros((1, 9))])
    consistent = least_squares(repeated, np.concatenate([y, y[:2], [0.0]]))
    assert consistent.rank == 4
    assert consistent.misfit < 1e-12
    np.testing.assert_allclose(consistent.solution, np.linalg.pinv(X) @ y, atol=1e-12)
    contradictory = least_squares(np.vstack([X, X[:1]]), np.append(y, y[0] + 1))
    assert contradictory.misfit > 0.01
    np.testing.assert_allclose(contradictory.solution, np.linalg.lstsq(np.vstack([X, X[:1]]), np.append(y, y[0] + 1), rcond=None)[0])


@pytest.mark.parametrize(
    ("X", "y", "sentence"),
    [
        ([[0.0, 0.0]], [1.0], "largest singular value is 0"),
        ([[np.nan, 0.0]], [1.0], "X has 1 entries that are not finite"),
        ([[1.0, 2.0]], [np.inf], "y has 1 entries"),
        ([[1.0, 2.0]], [1.0, 2.0], "y must have 1 entries"),
        ([1.0, 2.0], [1.0], "rows and columns"),
    ],
)
def test_what_cannot_be_decomposed_is_said(X: list, y: list, sentence: str) -> None:
    with pytest.raises(ProblemError, match=sentence):
        least_squares(X, y)
