"""What the data sets promise: separable, deterministic, with the constants that the reference gives."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import ProblemError
from engine.phenomena.max_margin.separable_data import FOUR_POINTS, four_point, gauss_set, soudry_set, validation_near
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


@pytest.mark.parametrize("wrong", [0, 1, 5, 50])
def test_held_out_points_have_the_asked_number_of_misclassified_ones(wrong: int) -> None:
    w_hat = np.array([0.8, 0.4])
    data = validation_near(four_point(), w_hat, 50, wrong, np.random.default_rng(1))
    products = data.rows @ w_hat
    assert np.count_nonzero(products <= 0) == wrong
    assert np.abs(products).min() >= 0.5  # moved by half the margin at most
    assert np.linalg.norm(data.X[:, None] - FOUR_POINTS, axis=2).min(axis=1).max() <= 0.5 / np.linalg.norm(w_hat)


def test_refusals() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ProblemError, match="got n=0, d=3"):
        gauss_set(0, 3, rng)
    with pytest.raises(ProblemError, match="between 0 and 10, got 11"):
        validation_near(four_point(), np.ones(2), 10, 11, rng)
