"""What the data sets promise: separable, deterministic, with the constants that the reference gives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from engine.errors import ProblemError
from engine.phenomena.max_margin.separable_data import FOUR_POINTS, Labelled, four_point, gauss_set, scattered, soudry_set
from engine.theory.margins.hard_margin import hard_margin_svm


def test_labels_fold_into_the_same_rows() -> None:
    np.testing.assert_array_equal(four_point().X, FOUR_POINTS)
    signed = four_point(np.random.default_rng(3))
    assert set(signed.y) == {-1.0, 1.0}
    np.testing.assert_array_equal(signed.rows, FOUR_POINTS)


@pytest.mark.parametrize("seed", range(5))
def test_soudry_set(seed: int) -> None:
    data = soudry_set(np.random.default_rng(seed))
    assert data.X.shape == (16, 2)
    np.testing.assert_array_equal(data.X[:4], [(0.5, 1.5), (1.5, 0.5), (-0.5, -1.5), (-1.5, -0.5)])
    svm = hard_margin_svm(data.rows)
    np.testing.assert_allclose(svm.w, [0.5, 0.5], rtol=1e-12)
    assert svm.support.sum() == 4
    assert svm.margins[4:].min() >= 1.5 - 1e-12
    np.testing.assert_array_equal(soudry_set(np.random.default_rng(seed)).X, data.X)


@pytest.mark.parametrize(("n", "d"), [(40, 10), (1, 1), (30, 2)])
def test_gauss_set_is_separable_by_its_generator_which_is_not_the_svm(n: int, d: int) -> None:
    data, w_star = gauss_set(n, d, np.random.default_rng(0))
    assert np.all(data.rows @ w_star > 0)
    svm = hard_margin_svm(data.rows)
    cosine = svm.w @ w_star / np.linalg.norm(svm.w) / np.linalg.norm(w_star)
    assert cosine == pytest.approx(1) if d == 1 else cosine < 0.99999
    np.testing.assert_array_equal(gauss_set(n, d, np.random.default_rng(0))[0].X, data.X)


def test_held_out_points_keep_their_labels_and_are_carried_across_as_often_as_the_normal_law_says() -> None:
    """The four points' rows on the margin lie at 1, the others at 1.055 and 2: errors are Phi(-distance/spread) on average."""
    w_hat, count = np.array([0.8, 0.4]), 40_000
    data = scattered(four_point(), 1 / np.linalg.norm(w_hat), count, np.random.default_rng(1))
    assert np.all(data.y == 1)
    expected = norm.cdf(-(FOUR_POINTS @ w_hat)).mean()
    wrong = np.mean(data.rows @ w_hat <= 0)
    assert abs(wrong - expected) < 4 * np.sqrt(expected * (1 - expected) / count)


def test_without_spread_held_out_points_are_the_training_points_and_a_constant_stays() -> None:
    points = Labelled(np.column_stack([FOUR_POINTS, np.ones(4)]), np.array([1.0, -1.0, 1.0, -1.0]))
    still = scattered(points, 0.0, 50, np.random.default_rng(0), constant=True)
    for x, label in zip(still.X, still.y, strict=True):
        place = int(np.flatnonzero((x == points.X).all(axis=1))[0])
        assert label == points.y[place]
    moved = scattered(points, 1.0, 50, np.random.default_rng(0), constant=True)
    assert np.all(moved.X[:, -1] == 1) and not np.any(moved.X[:, 0] == still.X[:, 0])


def test_refusals() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ProblemError, match="got n=0, d=3"):
        gauss_set(0, 3, rng)
    with pytest.raises(ProblemError, match="got 0 and 1"):
        scattered(four_point(), 1.0, 0, rng)
