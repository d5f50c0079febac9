"""Cover's counts against exact integers and against the linear program; the program against drawn separators."""

from fractions import Fraction
from math import comb, log

import numpy as np
import pytest

from engine.errors import ProblemError
from engine.theory.margins.separability import log_separable_probability, separable, separable_probability


def _exact(n, d):
    return Fraction(2 * sum(comb(n - 1, k) for k in range(min(d, n))), 2**n)


@pytest.mark.parametrize("n", [1, 2, 7, 60, 500, 2000])
def test_probability_is_the_exact_count(n):
    d = np.unique([1, 2, max(1, n // 4), max(1, n // 2), max(1, n - 1), n, 3 * n])
    for dimension, found in zip(d, log_separable_probability(n, d), strict=True):
        exact = _exact(n, int(dimension))
        assert found == pytest.approx(log(exact.numerator) - log(exact.denominator), rel=1e-11, abs=1e-11)
    assert separable_probability(n, n) == 1


def test_half_at_twice_the_dimension():
    for d in (1, 5, 100, 1000):
        assert separable_probability(2 * d, d) == pytest.approx(0.5, rel=1e-10)
    sharp = separable_probability(1000, [400, 600])
    assert sharp[0] < 1e-9 and sharp[1] > 1 - 1e-9


@pytest.mark.parametrize(("n", "d"), [(10, 4), (20, 10), (30, 18)])
def test_program_finds_the_share_that_cover_counts(n, d):
    draws, expected = 300, float(separable_probability(n, d))
    rng = np.random.default_rng(n)
    share = np.mean([separable(rng.standard_normal((n, d))) for _ in range(draws)])  # with random labels, z_i and x_i have one law
    assert abs(share - expected) < 4 * (expected * (1 - expected) / draws) ** 0.5


def test_program_on_cases_with_a_known_answer():
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((200, 5)), rng.standard_normal(5)
    z = x * np.sign(x @ w)[:, None]
    assert separable(z) and separable(1e-9 * z) and separable(z * 10.0 ** rng.integers(-6, 6, (200, 1)))
    assert not separable(np.vstack([z, -z[:1]]))
    assert not separable(np.vstack([z, np.zeros(5)]))
    assert separable([[3.0]]) and not separable([[3.0], [-1.0]])


def test_a_draw_that_leaves_the_simplex_method_undecided():
    from scipy.optimize import nnls

    from engine.seeds import streams

    draw = streams(1, 7)
    z = np.where(draw.order.random(400) < 0.5, -1.0, 1.0)[:90, None] * draw.data.standard_normal((45, 400))[:, :90].T
    # Gordan: points are inseparable if and only if a convex combination of them is 0.
    distance = nnls(np.vstack([z.T, np.ones(90)]), np.append(np.zeros(45), 1.0))[1]
    assert separable(z) == (distance > 1e-7)


def test_impossible_sizes_are_named():
    with pytest.raises(ProblemError, match="n must be at least 1, got 0"):
        separable_probability(0, 2)
    with pytest.raises(ProblemError, match="dimension d must be at least 1, got 0"):
        separable_probability(5, [0, 2])
    with pytest.raises(ProblemError, match="rows and columns"):
        separable(np.empty((0, 3)))
