"""Risks along the number of samples against pseudoinverses, drawn weights and noise, and draws of rows."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import ProblemError
from engine.theory.linear_models.sample_wise import bayes_ridge, directions, expected_bayes_ridge, expected_parts, shortest

LAM = np.repeat([1.0, 1e-2, 1e-4], [4, 8, 18])
TAU2, SIGMA2 = 0.7, 0.3


def rows(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, LAM.size)) * np.sqrt(LAM)


@pytest.mark.parametrize("n", [1, 12, 29, 30, 31, 80])
def test_parts_are_those_of_the_pseudoinverse(n: int) -> None:
    X = rows(n)
    inverse = np.linalg.pinv(X, rcond=1e-14)
    left = np.eye(LAM.size) - inverse @ X
    parts = shortest(directions(X, LAM))
    assert parts.unlearnt == pytest.approx(np.trace(left @ np.diag(LAM) @ left), rel=1e-6, abs=1e-9)
    assert parts.noise == pytest.approx(np.trace(inverse.T @ np.diag(LAM) @ inverse), rel=1e-6)
    np.testing.assert_allclose(directions(X, LAM).learnt, np.diag(inverse @ X), atol=1e-7)


def test_risks_are_those_of_drawn_weights_and_noise() -> None:
    rng, draws, X = np.random.default_rng(3), 40_000, rows(15)
    w = np.sqrt(TAU2) * rng.standard_normal((draws, LAM.size))
    y = w @ X.T + np.sqrt(SIGMA2) * rng.standard_normal((draws, 15))
    found = directions(X, LAM)
    solves = np.linalg.pinv(X), np.linalg.solve(X.T @ X + SIGMA2 / TAU2 * np.eye(LAM.size), X.T)
    for solve, exact in zip(solves, (shortest(found).risk(TAU2, SIGMA2), bayes_ridge(found, TAU2, SIGMA2)), strict=True):
        risk = SIGMA2 + (y @ solve.T - w) ** 2 @ LAM
        assert abs(risk.mean() - exact) < 4 * risk.std() / np.sqrt(draws)


@pytest.mark.parametrize("seed", range(3))
def test_the_best_ridge_falls_with_every_row_and_beats_every_other_linear_rule(seed: int) -> None:
    X = rows(60, seed)
    found = [directions(X[:n], LAM) for n in range(1, 61)]
    risks = np.array([bayes_ridge(one, TAU2, SIGMA2) for one in found])
    assert (np.diff(risks) < 1e-12).all()
    assert (risks <= [shortest(one).risk(TAU2, SIGMA2) + 1e-12 for one in found]).all()
    for other in (0.1, 0.5, 2.0, 10.0):  # times the best penalty
        solve = np.linalg.solve(X.T @ X + other * SIGMA2 / TAU2 * np.eye(LAM.size), X.T)
        left = np.eye(LAM.size) - solve @ X
        worse = SIGMA2 + TAU2 * np.trace(left.T @ np.diag(LAM) @ left) + SIGMA2 * np.trace(solve.T @ np.diag(LAM) @ solve)
        assert worse > risks[-1]


def test_means_over_rows_are_expected() -> None:
    n, draws = np.array([6, 12, 18, 40, 60]), 400
    made = np.random.default_rng(4).standard_normal((draws, 60, LAM.size)) * np.sqrt(LAM)
    risks = np.array([[shortest(directions(X[:k], LAM)).risk(TAU2, SIGMA2) for k in n] for X in made[:400]])
    error = 4 * risks.std(axis=0) / np.sqrt(len(risks))
    expected = expected_parts(LAM, n).risk(TAU2, SIGMA2)
    assert (np.abs(risks.mean(axis=0) - expected) < error + 0.02 * expected).all()
    tuned = np.array([[bayes_ridge(directions(X[:k], LAM), TAU2, SIGMA2) for k in n] for X in made[:200]])
    np.testing.assert_allclose(expected_bayes_ridge(LAM, n, TAU2, SIGMA2), tuned.mean(axis=0), rtol=0.02)


def test_beyond_d_it_is_exact_and_within_one_of_d_infinite() -> None:
    parts = expected_parts(LAM, [29, 30, 31, 32, 90])
    np.testing.assert_allclose(parts.noise, [np.inf, np.inf, np.inf, 30.0, 30 / 59])
    assert not parts.unlearnt[1:].any()


def test_without_noise_or_signal_risks_are_their_limits() -> None:
    found = directions(rows(10), LAM)
    assert bayes_ridge(found, 1.0, 0.0) == pytest.approx(shortest(found).risk(1.0, 0.0))
    assert bayes_ridge(found, 0.0, 2.0) == 2.0
    assert expected_parts(LAM, [30]).risk(1.0, 0.0) == 0.0  # an infinite part without variance counts for nothing
    np.testing.assert_array_equal(expected_bayes_ridge(LAM, [5, 50], 0.0, 2.0), [2.0, 2.0])
    np.testing.assert_allclose(expected_bayes_ridge(LAM, [5, 50], 1.0, 0.0), expected_parts(LAM, [5, 50]).risk(1.0, 0.0))


def test_what_is_no_problem_is_refused_in_words() -> None:
    with pytest.raises(ProblemError, match="30 columns"):
        directions(np.ones((3, 4)), LAM)
    with pytest.raises(ProblemError, match="both be 0"):
        bayes_ridge(directions(rows(4), LAM), 0.0, 0.0)
    with pytest.raises(ProblemError, match="both be 0"):
        expected_bayes_ridge(LAM, [4], 0.0, 0.0)
