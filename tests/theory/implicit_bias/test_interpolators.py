"""Minimum-norm interpolators against enumeration of vertices, dual scans and closed forms for one row."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from engine.errors import ProblemError
from engine.theory.implicit_bias.interpolators import min_norm_interpolator, norm


def test_one_row_has_closed_forms() -> None:
    row, target = np.array([[3.0, -4.0]]), [2.0]
    np.testing.assert_allclose(min_norm_interpolator(row, target, "l1"), [0, -0.5], atol=1e-12)
    np.testing.assert_allclose(min_norm_interpolator(row, target, "linf"), [2 / 7, -2 / 7], atol=1e-12)
    np.testing.assert_allclose(min_norm_interpolator(row, target, "l2"), np.array([3, -4]) * 2 / 25, atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_l1_equals_the_best_of_all_basic_solutions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((3, 8)), rng.standard_normal(3)
    best = min(np.abs(np.linalg.solve(X[:, list(basis)], y)).sum() for basis in combinations(range(8), 3))
    w = min_norm_interpolator(X, y, "l1")
    np.testing.assert_allclose(X @ w, y, atol=1e-12)
    assert float(norm(w, "l1")) == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_linf_equals_its_dual_scanned_over_angles(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((2, 6)), rng.standard_normal(2)
    angles = np.linspace(0, 2 * np.pi, 200_001)
    multipliers = np.column_stack([np.cos(angles), np.sin(angles)])
    dual = np.max(multipliers @ y / np.abs(multipliers @ X).sum(axis=1))  # max y.l subject to |X^T l|_1 <= 1
    w = min_norm_interpolator(X, y, "linf")
    np.testing.assert_allclose(X @ w, y, atol=1e-12)
    assert float(norm(w, "linf")) == pytest.approx(dual, rel=1e-4)
    assert float(norm(w, "linf")) >= dual * (1 - 1e-9)


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_units_do_not_matter(scale: float) -> None:
    rng = np.random.default_rng(9)
    X, y = rng.standard_normal((6, 40)), rng.standard_normal(6)
    for order in ("l1", "l2", "linf"):
        reference = min_norm_interpolator(X, y, order)
        np.testing.assert_allclose(min_norm_interpolator(X * scale, y, order) * scale, reference, atol=1e-9)
        np.testing.assert_allclose(min_norm_interpolator(X, y * scale, order) / scale, reference, atol=1e-9)


def test_each_norm_has_its_own_minimum() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((6, 40)), rng.standard_normal(6)
    solutions = {order: min_norm_interpolator(X, y, order) for order in ("l1", "l2", "linf")}
    for order in solutions:
        assert min(solutions, key=lambda name: float(norm(solutions[name], order))) == order


def test_duplicates_are_fine_and_contradictions_are_said() -> None:
    X = np.array([[1.0, 2.0, 0.5], [1.0, 2.0, 0.5], [0.0, 0.0, 0.0]])
    for order in ("l1", "l2", "linf"):
        np.testing.assert_allclose(X @ min_norm_interpolator(X, [3, 3, 0], order), [3, 3, 0], atol=1e-12)
        np.testing.assert_array_equal(min_norm_interpolator(X, [0, 0, 0], order), 0)
        with pytest.raises(ProblemError, match="no w interpolates"):
            min_norm_interpolator(X, [3, 4, 0], order)
