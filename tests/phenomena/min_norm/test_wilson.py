"""Adam's exact direction on Wilson's data, and the angle's accuracy."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import ProblemError
from engine.phenomena.min_norm.wilson import angle, wilson_data, wilson_direction
from engine.theory.implicit_bias.optimisers import Schedule
from engine.theory.linear_models.least_squares_descent import least_squares_optimiser
from engine.theory.linear_models.min_norm import least_squares


@pytest.mark.parametrize(("n", "d"), [(6, 40), (6, 6), (1, 5), (10, 33)])
def test_the_data_have_the_property(n: int, d: int) -> None:
    X, y = wilson_data(n, d, np.random.default_rng(0))
    assert np.array_equal(np.count_nonzero(X, axis=0), np.ones(d))
    np.testing.assert_allclose(np.abs(X).sum(axis=1), 1, rtol=1e-14)
    direction, c = wilson_direction(X, y)
    np.testing.assert_allclose(X @ direction, c * y, rtol=1e-13)
    assert c == pytest.approx(1.0)


def test_adam_moves_along_the_sign_and_gd_does_not() -> None:
    X, y = wilson_data(6, 40, np.random.default_rng(1))
    direction, c = wilson_direction(X, y)
    problem = least_squares(X, y)
    adam = least_squares_optimiser("adam", problem, Schedule(1e-2, "cosine", 4000))
    adam.advance(4000)
    assert np.linalg.norm(X @ adam.w - y) < 1e-6
    assert angle(adam.w, direction) < 1e-3
    np.testing.assert_allclose(adam.w, direction / c, rtol=1e-3)
    assert angle(problem.solution, direction) > 0.1


def test_the_angle_keeps_its_digits_near_zero() -> None:
    for tiny in (1e-3, 1e-9, 1e-15):
        assert angle(np.array([1.0, 0.0]), np.array([5.0, 5.0 * tiny])) == pytest.approx(tiny, rel=1e-6)
    assert angle(np.array([0.0, 2.0]), np.array([0.0, -3.0])) == pytest.approx(np.pi)


def test_refusals() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ProblemError, match="between 1 and d=3, got 4"):
        wilson_data(4, 3, rng)
    with pytest.raises(ProblemError, match="Wilson's lemma"):
        wilson_direction(rng.standard_normal((3, 6)), np.ones(3))
    with pytest.raises(ProblemError, match="Wilson's lemma"):
        wilson_direction(np.zeros((2, 3)), np.ones(2))
    with pytest.raises(ProblemError, match="length 0"):
        angle(np.zeros(2), np.ones(2))
