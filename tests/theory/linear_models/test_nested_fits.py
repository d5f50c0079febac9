"""Fits at a grid of d against numpy's pseudoinverse and singular values, square, nearly singular and singular draws included."""

import numpy as np
import pytest

from engine.errors import ProblemError
from engine.theory.linear_models.nested_fits import nested_fits

WIDTHS = (1, 2, 9, 19, 20, 21, 22, 40, 75)


def _draw(n=20, D=80, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, D)), rng


def test_every_width_solves_any_targets_like_the_pseudoinverse():
    X, rng = _draw()
    for d, fit in zip(WIDTHS, nested_fits(X, WIDTHS), strict=True):
        y = X[:, :d] @ rng.standard_normal(d) + rng.standard_normal(20)
        np.testing.assert_allclose(fit.solve(y), np.linalg.pinv(X[:, :d]) @ y, rtol=0, atol=1e-10 * np.linalg.norm(fit.solve(y)))


def test_eigenvalues_are_squared_singular_values():
    X, _ = _draw()
    for d, fit in zip(WIDTHS, nested_fits(X, WIDTHS), strict=True):
        s = np.linalg.svd(X[:, :d], compute_uv=False)
        assert fit.X.shape == (20, d)
        np.testing.assert_allclose(fit.eigenvalues, s[::-1] ** 2, rtol=1e-8)
        assert fit.condition == pytest.approx(s[0] / s[-1], rel=1e-8)


@pytest.mark.parametrize("closeness", [1e-5, 1e-9])
def test_a_nearly_singular_square_draw_keeps_its_smallest_singular_value_and_its_residual(closeness):
    X, rng = _draw()
    X[:, 19] = X[:, 18] + closeness * X[:, 19]
    fit = next(nested_fits(X, [20]))
    s = np.linalg.svd(X[:, :20], compute_uv=False)
    assert fit.eigenvalues[0] == pytest.approx(s[-1] ** 2, rel=1e-5)
    y = rng.standard_normal(20)
    w = fit.solve(y)
    assert np.linalg.norm(X[:, :20] @ w - y) < 1e-13 * s[0] * np.linalg.norm(w)


def test_interpolation_is_exact_to_rounding_beyond_n():
    X, rng = _draw(60, 240)
    y = rng.standard_normal(60)
    for fit in nested_fits(X, [60, 61, 70, 120, 240]):
        w = fit.solve(y)
        rms = np.sqrt(np.mean((fit.X @ w - y) ** 2))
        assert rms < 1e-14 * np.sqrt(fit.eigenvalues[-1]) * np.linalg.norm(w)


def test_a_singular_draw_has_no_condition_number_and_the_smallest_least_squares_solution():
    X, rng = _draw()
    X[:, 19] = X[:, 18]
    y = rng.standard_normal(20)
    fit = next(nested_fits(X, [20]))
    assert not fit.full_rank
    assert fit.condition == np.inf
    np.testing.assert_allclose(fit.solve(y), np.linalg.pinv(X[:, :20]) @ y, atol=1e-10)


@pytest.mark.parametrize(
    ("X", "widths", "words"),
    [
        (np.ones((1, 3)), [1], "at least 2 samples"),
        (np.ones((3, 4)), [2, 2], "ascend"),
        (np.ones((3, 4)), [5], "1..4, got 5 to 5"),
        (np.ones((3, 4)), [0, 1], "1..4, got 0 to 1"),
        (np.full((3, 4), np.nan), [1], "not finite"),
    ],
)
def test_bad_input_is_a_sentence(X, widths, words):
    with pytest.raises(ProblemError, match=words):
        next(nested_fits(X, widths))
