"""Label noise: its exact identity, its rate, the two programmes at its end, and that it finds what is sparse."""

import numpy as np
import pytest
from scipy.optimize import linprog

from engine.errors import ProblemError
from engine.theory.implicit_bias.diagonal_network import q_interpolator
from engine.theory.implicit_bias.label_noise import (
    NoisyDiagonalDescent,
    decay_of_scales,
    hypentropy_interpolator,
    weighted_l1_interpolator,
)
from engine.theory.linear_models.min_norm import least_squares


def task(seed=0, n=40, d=100, k=5):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d))
    w = np.zeros(d)
    w[:k] = rng.choice([-1.0, 1.0], k)
    return least_squares(x, x @ w), w


@pytest.fixture(scope="module")
def annealed():
    problem, truth = task(1)
    descent = NoisyDiagonalDescent(problem, 0.5, 0.02, 4.0, 20_000, seed=3)
    descent.advance(20_000)
    at_end_of_noise = descent.scales
    descent.advance(15_000)
    return problem, truth, at_end_of_noise, descent


def test_steps_are_those_of_gradient_descent_on_u_and_v():
    problem, _ = task(2, 6, 9, 2)
    descent = NoisyDiagonalDescent(problem, 0.4, 0.01, 0.7, 3, seed=5)
    u = v = np.full(9, 0.4)
    noise = 0.7 * (2.0 * np.random.default_rng((5, 0)).integers(0, 2, (256, 6)) - 1)
    for step in range(5):
        g = problem.X.T @ (problem.X @ (u**2 - v**2) - problem.y - (noise[step] if step < 3 else 0)) / 6
        u, v = u - 0.01 * 2 * u * g, v + 0.01 * 2 * v * g  # the gradient of mean half squares in u is 2 u g
    descent.advance(5)
    np.testing.assert_allclose(descent.u, u, rtol=1e-12)
    np.testing.assert_allclose(descent.v, v, rtol=1e-12)


def test_the_product_is_that_of_the_identity(annealed):
    _, _, _, descent = annealed
    np.testing.assert_allclose(np.log(descent.u * descent.v / 0.25), descent.log_product, atol=1e-9)


def test_scales_fall_at_the_rate_of_the_noise(annealed):
    problem, _, scales, _ = annealed
    found, expected = np.log(scales / 0.5), decay_of_scales(problem, 0.02, 4.0, 20_000)
    assert np.mean(found) == pytest.approx(np.mean(expected), rel=0.05)
    assert np.corrcoef(found, expected)[0, 1] > 0.9


def test_it_ends_at_the_least_hyperentropy_of_its_scales_and_noise_makes_it_sparser(annealed):
    problem, truth, _, descent = annealed
    limit = hypentropy_interpolator(problem, descent.scales)
    assert np.linalg.norm(problem.X @ descent.w - problem.y) < 1e-2 * np.linalg.norm(problem.y)
    assert np.linalg.norm(descent.w - limit) < 2e-2 * np.linalg.norm(limit)
    dense = q_interpolator(problem, 0.5)
    assert np.abs(descent.w).sum() < np.abs(dense).sum() - 0.3 * np.abs(truth).sum()


def test_equal_scales_are_the_diagonal_networks_limit():
    problem, _ = task(3)
    np.testing.assert_allclose(hypentropy_interpolator(problem, np.full(100, 0.3)), q_interpolator(problem, 0.3), atol=1e-9)


def test_vanishing_scales_are_the_weighted_linear_programme():
    """With scales that shrink like exp(-c h_j), c large, log(1/alpha_j) is proportional to h_j."""
    problem, _ = task(4, 10, 25, 3)
    h = np.mean(problem.X**2, axis=0)
    expected = linprog(np.tile(h, 2), A_eq=np.hstack([problem.X, -problem.X]), b_eq=problem.y, method="highs")
    found = weighted_l1_interpolator(problem)
    np.testing.assert_allclose(problem.X @ found, problem.y, atol=1e-7)
    assert h @ np.abs(found) == pytest.approx(expected.fun, rel=1e-7)
    near = hypentropy_interpolator(problem, np.exp(-8.0 * h))
    assert np.linalg.norm(near - found) < 0.1 * np.linalg.norm(found)


def test_it_resumes_bit_for_bit_and_does_not_depend_on_its_chunks():
    problem, _ = task(5, 8, 12, 2)
    whole, parts = (NoisyDiagonalDescent(problem, 0.5, 0.02, 2.0, 700, seed=1) for _ in range(2))
    whole.advance(900)
    for count in (1, 255, 300, 44):
        parts.advance(count)
    again = NoisyDiagonalDescent(problem, 0.5, 0.02, 2.0, 700, seed=1)
    again.restore(parts.state())
    again.advance(300)
    for name in ("u", "v", "log_product"):
        np.testing.assert_array_equal(getattr(again, name), getattr(whole, name))


def test_what_cannot_be_is_refused():
    problem, _ = task(6, 5, 8, 1)
    with pytest.raises(ProblemError, match="alpha must be positive"):
        NoisyDiagonalDescent(problem, 0.0, 0.1, 1.0, 1, 0)
    with pytest.raises(ProblemError, match="every scale must be positive"):
        hypentropy_interpolator(problem, np.zeros(8))
