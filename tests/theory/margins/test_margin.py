"""Exact margins against scikit-learn, sequential programming and brute-force scans over directions."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.svm import SVC

from engine.errors import ProblemError
from engine.phenomena.max_margin.separable_data import FOUR_POINTS, gauss_set, soudry_set
from engine.theory.implicit_bias.interpolators import Order
from engine.theory.margins.hard_margin import hard_margin_by_sequential_programming, hard_margin_svm, signed_rows, with_bias
from engine.theory.margins.norm_margins import max_margin, own_norm_margin

LENGTH = {"l1": 1, "l2": 2, "linf": np.inf}


def gauss_rows(n: int, d: int, seed: int) -> np.ndarray:
    return gauss_set(n, d, np.random.default_rng(seed))[0].rows


def svc(Z: np.ndarray) -> np.ndarray:
    """SVC through the origin: rows and their negatives have intercept 0 by symmetry."""
    labels = np.repeat([1.0, -1.0], len(Z))
    return SVC(C=1e10, kernel="linear", tol=1e-10).fit(np.vstack([Z, -Z]), labels).coef_[0]


def test_the_four_points() -> None:
    svm = hard_margin_svm(FOUR_POINTS)
    np.testing.assert_allclose(svm.w, [0.8, 0.4], rtol=1e-14)
    np.testing.assert_allclose(svm.alpha, [8 / 35, 4 / 7, 0, 0], atol=1e-14)
    assert svm.margin == pytest.approx(1.118034, abs=5e-7)
    assert svm.margin == pytest.approx(np.sqrt(1.25), rel=1e-14)
    assert list(svm.support) == [True, True, False, False]
    assert svm.alpha.sum() == pytest.approx(svm.norm**2)
    assert svm.kkt < 1e-14


@pytest.mark.parametrize(("n", "d", "seed"), [(40, 10, 0), (40, 10, 2), (4, 2, 2), (2, 10, 0), (100, 60, 1)])
def test_svc_agrees(n: int, d: int, seed: int) -> None:
    Z = gauss_rows(n, d, seed)
    svm = hard_margin_svm(Z)
    assert svm.kkt < 1e-10
    assert np.linalg.norm(svc(Z) - svm.w) <= 1e-6 * svm.norm


@pytest.mark.parametrize(("n", "d"), [(40, 10), (500, 50), (200, 2), (60, 90), (40, 1), (1, 3), (1, 1)])
@pytest.mark.parametrize("seed", [0, 1])
def test_sequential_programming_agrees(n: int, d: int, seed: int) -> None:
    Z = gauss_rows(n, d, seed)
    svm = hard_margin_svm(Z)
    assert svm.kkt < 1e-10
    assert np.linalg.norm(hard_margin_by_sequential_programming(Z) - svm.w) <= 1e-7 * svm.norm
    assert np.all(Z @ svm.w >= 1 - 1e-10)
    np.testing.assert_allclose(Z.T @ svm.alpha, svm.w, atol=1e-10 * svm.norm)


@pytest.mark.parametrize("order", ["l1", "l2", "linf"])
@pytest.mark.parametrize("seed", range(4))
def test_margins_in_the_plane_equal_a_scan_over_directions(order: Order, seed: int) -> None:
    Z = gauss_rows(6, 2, seed)
    angles = np.linspace(0, 2 * np.pi, 400_001)
    directions = np.column_stack([np.cos(angles), np.sin(angles)])
    scanned = np.max(np.min(directions @ Z.T, axis=1) / np.linalg.norm(directions, ord=LENGTH[order], axis=1))
    margin, w = max_margin(Z, order)
    assert margin == pytest.approx(scanned, rel=1e-4)
    assert margin >= scanned * (1 - 1e-12)
    assert np.linalg.norm(w, ord=LENGTH[order]) == pytest.approx(1)
    assert np.min(Z @ w) == pytest.approx(margin)


@pytest.mark.parametrize(("order", "dual"), [("l1", np.inf), ("l2", 2), ("linf", 1)])
def test_margin_equals_the_dual_norm_of_a_hull_point(order: Order, dual: float) -> None:
    """Weak duality: no convex combination of rows is shorter, in the dual norm, than the margin."""
    Z = gauss_rows(30, 5, 3)
    rng = np.random.default_rng(0)
    margin, _ = max_margin(Z, order)
    for weights in rng.dirichlet(np.full(30, 0.1), 500):
        assert np.linalg.norm(weights @ Z, ord=dual) >= margin * (1 - 1e-9)


def test_own_norm_margins() -> None:
    w = np.array([[3.0, -4.0], [0.0, 0.0]])
    np.testing.assert_allclose(own_norm_margin(np.array([[1.0, 0.0], [2.0, 0.0]]), w, "l1"), [3 / 7, 0])


def test_duplicates_share_their_weight() -> None:
    svm = hard_margin_svm(np.repeat(FOUR_POINTS, 3, axis=0))
    np.testing.assert_allclose(svm.w, [0.8, 0.4], rtol=1e-12)
    assert svm.support.sum() == 6
    assert svm.alpha.sum() == pytest.approx(svm.norm**2)
    soudry = hard_margin_svm(soudry_set(np.random.default_rng(0)).rows)
    np.testing.assert_allclose(soudry.w, [0.5, 0.5], rtol=1e-12)
    assert soudry.support.sum() == 4


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_units_do_not_matter(scale: float) -> None:
    Z = gauss_rows(40, 10, 0)
    np.testing.assert_allclose(hard_margin_svm(Z * scale).w * scale, hard_margin_svm(Z).w, rtol=1e-9)
    for order in ("l1", "linf"):
        assert max_margin(Z * scale, order)[0] == pytest.approx(scale * max_margin(Z, order)[0], rel=1e-7)


def test_a_bias_is_an_appended_constant() -> None:
    X = np.array([[0.0], [1.0], [3.0], [4.0]])
    y = np.array([-1.0, -1.0, 1.0, 1.0])
    with pytest.raises(ProblemError):
        hard_margin_svm(signed_rows(X + 5, y))
    svm = hard_margin_svm(signed_rows(with_bias(X), y))
    np.testing.assert_allclose(svm.w, [1.0, -2.0], rtol=1e-12)  # w x + b = +-1 at x = 3, 1
    assert svm.margin == pytest.approx(1 / np.sqrt(5))
    ordinary = SVC(C=1e10, kernel="linear").fit(X, y)
    wide = hard_margin_svm(signed_rows(with_bias(X, 1e4), y))  # a large constant hardly penalises the bias
    assert wide.w[0] == pytest.approx(ordinary.coef_[0, 0], rel=1e-5)


@pytest.mark.parametrize(
    ("Z", "sentence"),
    [
        ([[1.0, 0.0], [-1.0, 0.0]], "0.5 of row 0, 0.5 of row 1 add up to within"),
        ([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]], "not separable through the origin"),
        ([[1.0, 2.0], [0.0, 0.0]], "row 1 of the data is 0"),
        ([[1.0, np.nan]], "not finite"),
    ],
)
def test_without_a_separator_there_is_a_certificate(Z: list, sentence: str) -> None:
    with pytest.raises(ProblemError, match=sentence):
        hard_margin_svm(Z)


def test_random_labels_on_many_points_are_refused_by_every_route() -> None:
    rng = np.random.default_rng(0)
    Z = rng.standard_normal((200, 5))
    with pytest.raises(ProblemError, match="not separable"):
        hard_margin_svm(Z)
    for order in ("l1", "linf"):
        with pytest.raises(ProblemError, match="not separable"):
            max_margin(Z, order)
    with pytest.raises(ProblemError, match="SLSQP"):
        hard_margin_by_sequential_programming(Z)
    with pytest.raises(ProblemError, match="labels must be -1 or"):
        signed_rows(Z, np.zeros(200))
