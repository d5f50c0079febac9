"""Nagarajan and Kolter's example against gradient descent on explicit data and Monte Carlo on fresh inputs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import kstest, norm

from engine.errors import ProblemError
from engine.phenomena.vacuous_bounds import nagarajan_kolter as nk


def explicit(m: int, D: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The problem as the paper writes it, and one gradient step from 0 on the summed loss -y w.x at rate 1."""
    rng = np.random.default_rng(seed)
    u = rng.normal(size=3)
    u /= np.linalg.norm(u) * math.sqrt(m)
    y = rng.choice([-1.0, 1.0], m)
    x = np.hstack([2 * y[:, None] * u, math.sqrt(32 / D) * rng.normal(size=(m, D))])
    return x, y, (y[:, None] * x).sum(axis=0), u


def test_closed_form_is_the_gradient_step() -> None:
    m, D = 20, 400
    x, y, w, _ = explicit(m, D, 0)
    z = y[:, None] * x[:, 3:]
    got = nk.two_sided(z @ z.T, y, D)
    negated = np.hstack([x[:, :3], -x[:, 3:]])
    assert got.noise_outputs == pytest.approx(x[:, 3:] @ w[3:], abs=1e-10)
    assert got.plane[0].sum(axis=1) == pytest.approx(x @ w, abs=1e-10)
    assert got.plane[1].sum(axis=1) == pytest.approx(negated @ w, abs=1e-10)
    assert got.train_error == np.mean(y * (x @ w) <= 0)
    assert got.flipped_error == np.mean(y * (negated @ w) <= 0)


@pytest.mark.parametrize(("m", "D"), [(20, 64 * 20), (20, 200)])
def test_test_error_against_fresh_inputs(m: int, D: int) -> None:
    x, y, w, u = explicit(m, D, 1)
    z = y[:, None] * x[:, 3:]
    got = nk.two_sided(z @ z.T, y, D).test_error
    rng = np.random.default_rng(2)
    fresh_y = rng.choice([-1.0, 1.0], 20_000)
    fresh = np.hstack([2 * fresh_y[:, None] * u, math.sqrt(32 / D) * rng.normal(size=(20_000, D))])
    wrong = fresh_y * (fresh @ w) <= 0
    standard_error = math.sqrt(got * (1 - got) / 20_000)
    assert abs(wrong.mean() - got) < 4 * standard_error


def test_gram_draws_have_the_law_of_explicit_ones() -> None:
    """Trace, an off-diagonal entry and the classifier's length, 2,000 draws each, by Kolmogorov-Smirnov."""
    m, D, count = 4, 9, 2000
    rng = np.random.default_rng(3)
    z = math.sqrt(32 / D) * rng.normal(size=(count, m, D))
    plain = z @ z.transpose(0, 2, 1)
    drawn = np.array([nk.wishart_gram(m, D, rng) for _ in range(count)])
    for pick in (lambda g: np.trace(g, axis1=1, axis2=2), lambda g: g[:, 0, 3], lambda g: g[:, 3, 3], lambda g: g.sum(axis=(1, 2))):
        assert kstest(pick(plain), pick(drawn)).pvalue > 1e-3
    assert drawn.mean(axis=0) == pytest.approx(32 * np.eye(m), abs=4 * 32 * math.sqrt(2 / D / count) + 0.5)


def test_enough_dimensions_and_too_few() -> None:
    """VB8 and VB9 at m = 50: test error near 0 with error 1 on S', and above .1 with D = 64 m."""
    wide = [nk.draw_two_sided(50, 1024 * 50, np.random.default_rng(seed)) for seed in range(20)]
    assert max(one.test_error for one in wide) < 1e-3
    assert all(one.flipped_error == 1.0 and one.train_error == 0.0 for one in wide)
    assert min(one.gap_lower_bound for one in wide) > 1 - 1e-3
    assert np.mean([-one.plane[1].sum(axis=1) @ one.labels / 50 for one in wide]) == pytest.approx(28, abs=0.5)
    narrow = [nk.draw_two_sided(50, 64 * 50, np.random.default_rng(seed)) for seed in range(20)]
    assert min(one.test_error for one in narrow) > 0.1
    assert np.mean([one.test_error for one in narrow]) == pytest.approx(norm.sf(1), abs=0.01)


def test_spheres_and_their_swap() -> None:
    rng = np.random.default_rng(4)
    x, classes = nk.two_spheres(2000, 30, rng)
    radii = np.linalg.norm(x, axis=1)
    assert radii == pytest.approx(np.where(classes == 1, 1.2, 1.0))
    assert np.abs((x / radii[:, None]).mean(axis=0)).max() < 5 / math.sqrt(2000 * 30)
    assert 0.4 < classes.mean() < 0.6
    moved, flipped = nk.swap_spheres(x, classes)
    assert np.all(flipped == 1 - classes)
    assert np.linalg.norm(moved, axis=1) == pytest.approx(np.where(classes == 1, 1.0, 1.2))
    assert np.einsum("nd,nd->n", moved, x) / np.linalg.norm(moved, axis=1) / radii == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda rng: nk.draw_two_sided(0, 5, rng), "m must"),
        (lambda rng: nk.draw_two_sided(10, 5, rng), "D must be at least m = 10"),
        (lambda rng: nk.two_sided(np.eye(2), [1.0, 0.5], 4), "labels"),
        (lambda rng: nk.two_sided(np.eye(3), [1.0, -1.0], 4), "Gram"),
        (lambda rng: nk.two_spheres(0, 3, rng), "n must"),
        (lambda rng: nk.two_spheres(5, 3, rng, (1.0, 0.5)), "outer radius"),
        (lambda rng: nk.swap_spheres(np.ones((2, 3)), [0, 2]), "classes"),
    ],
)
def test_refuses_what_is_no_example(call: object, word: str) -> None:
    with pytest.raises(ProblemError, match=word):
        call(np.random.default_rng(0))  # type: ignore[operator]
