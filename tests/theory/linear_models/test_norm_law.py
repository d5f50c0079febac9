"""The norm of the interpolator against the pseudoinverse and against Monte Carlo with its standard error."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import ProblemError
from engine.theory.linear_models.norm_law import expected_squared_norm, nested_norms, squared_norm_draws, squared_norm_variance


@pytest.mark.parametrize(("n", "d"), [(6, 16), (6, 40), (20, 40), (3, 100), (40, 6), (20, 5)])
def test_expected_squared_norm_within_four_standard_errors(n: int, d: int) -> None:
    rng = np.random.default_rng(n * 1000 + d)
    r2, sigma2, draws = 1.5, 0.6, 3000
    b = np.zeros(d)
    b[0] = np.sqrt(r2)
    X = rng.standard_normal((draws, n, d))
    y = X @ b + np.sqrt(sigma2) * rng.standard_normal((draws, n))
    norms = np.sum((np.linalg.pinv(X) @ y[..., None])[..., 0] ** 2, axis=1)
    assert abs(norms.mean() - expected_squared_norm(n, d, r2, sigma2)) < 4 * norms.std() / np.sqrt(draws)


@pytest.mark.parametrize(("n", "d", "r2", "sigma2"), [(6, 26, 1.5, 0.6), (6, 30, 0.0, 1.0), (3, 20, 2.0, 0.0), (10, 60, 1.0, 4.0)])
def test_the_variance_of_the_squared_norm_is_that_of_draws(n: int, d: int, r2: float, sigma2: float) -> None:
    """Within four standard errors of a sample variance, by the draws' own fourth moment; by the pseudoinverse."""
    rng = np.random.default_rng(n * 100 + d)
    draws = 20_000
    X = rng.standard_normal((draws, n, d))
    b = rng.standard_normal((draws, d))
    b *= np.sqrt(r2) / np.linalg.norm(b, axis=1, keepdims=True)
    y = np.einsum("knd,kd->kn", X, b) + np.sqrt(sigma2) * rng.standard_normal((draws, n))
    norms = np.einsum("kn,kn->k", y, np.linalg.solve(X @ np.swapaxes(X, 1, 2), y[..., None])[..., 0])
    squares = (norms - norms.mean()) ** 2
    assert abs(squares.mean() - squared_norm_variance(n, d, r2, sigma2)) < 4 * squares.std() / np.sqrt(draws)


def test_near_the_threshold_the_squared_norm_has_no_variance() -> None:
    assert squared_norm_variance(5, 8, 1.0, 0.1) == np.inf
    assert squared_norm_variance(5, 5, 1.0, 0.0) == 0.0  # all of b is recovered
    with pytest.raises(ProblemError, match="d at least n, got n=5, d=4"):
        squared_norm_variance(5, 4, 1.0, 0.1)


def test_exercise_one_at_twice_as_many_features() -> None:
    n, r2, sigma2 = 50, 2.0, 0.3
    assert expected_squared_norm(n, 2 * n, r2, sigma2) == pytest.approx(r2 / 2 + sigma2 * n / (n - 1))
    assert expected_squared_norm(n, 70, 0.0, sigma2) == pytest.approx(n * sigma2 / (70 - n - 1))  # E|y|^2 = n sigma2


def test_infinite_next_to_the_threshold_only_with_noise() -> None:
    assert [expected_squared_norm(10, d, 1.0, 0.1) for d in (9, 10, 11)] == [np.inf] * 3
    assert expected_squared_norm(10, 10, 1.0, 0.0) == 1.0
    assert expected_squared_norm(10, 20, 1.0, 0.0) == 0.5


def test_draws_follow_the_law_and_are_reproducible() -> None:
    widths = [16, 24, 60]
    draws = squared_norm_draws(6, widths, 2000, 1.0, 0.5, np.random.default_rng(5))
    again = squared_norm_draws(6, widths, 2000, 1.0, 0.5, np.random.default_rng(5))
    np.testing.assert_array_equal(draws, again)
    expected = [expected_squared_norm(6, d, 1.0, 0.5) for d in widths]
    assert np.all(np.abs(draws.mean(axis=0) - expected) < 4 * draws.std(axis=0) / np.sqrt(2000))


def test_nested_norms_equal_the_pseudoinverse_at_every_width() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((7, 60)), rng.standard_normal(7)
    norms = nested_norms(X, y, np.arange(7, 61))
    expected = [np.linalg.norm(np.linalg.pinv(X[:, :d]) @ y) for d in range(7, 61)]
    np.testing.assert_allclose(norms, expected, rtol=1e-9)
    assert np.all(np.diff(norms) <= 1e-10 * norms[:-1])


def test_nested_norms_batch_over_draws() -> None:
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((3, 4, 20)), rng.standard_normal((3, 4))
    norms = nested_norms(X, y, [4, 9, 20])
    assert norms.shape == (3, 3)
    for draw in range(3):
        np.testing.assert_allclose(norms[draw], [np.linalg.norm(np.linalg.pinv(X[draw, :, :d]) @ y[draw]) for d in (4, 9, 20)], rtol=1e-9)


def test_what_has_no_interpolator_is_said() -> None:
    X = np.random.default_rng(2).standard_normal((3, 5))
    with pytest.raises(ProblemError, match="linearly dependent at d=4"):
        nested_norms(np.vstack([X, X[:1]]), np.ones(4), [4])
    with pytest.raises(ProblemError, match="between n=3 and D=5"):
        nested_norms(X, np.ones(3), [2, 4])
    with pytest.raises(ProblemError, match="ascend"):
        nested_norms(X, np.ones(3), [5, 4])
    with pytest.raises(ProblemError, match="d >= n"):
        squared_norm_draws(5, [4], 2, 1.0, 1.0, np.random.default_rng(0))
    with pytest.raises(ProblemError, match="n=0"):
        expected_squared_norm(0, 3, 1.0, 1.0)
