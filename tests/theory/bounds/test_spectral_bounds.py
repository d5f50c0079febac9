"""The spectral bounds with every constant against their proofs' steps done numerically: entropy integral, perturbed networks, grids."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad

from engine.errors import ProblemError
from engine.theory.bounds import risk_bounds as bounds
from engine.theory.bounds.spectral_bounds import bartlett_risk_bound, neyshabur_risk_bound

SIZES = ((6, 5), (4, 6), (1, 4))
N, MARGIN, DELTA = 300, 0.7, 0.05


def network(seed, scale=1.0):
    rng = np.random.default_rng(seed)
    return [scale * rng.normal(size=shape) for shape in SIZES]


def output(layers, x):
    for layer in layers[:-1]:
        x = np.maximum(x @ layer.T, 0)
    return (x @ layers[-1].T)[:, 0]


def test_bartlett_is_twice_the_entropy_integral_of_the_ramp_and_a_deviation():
    A, M, scale = network(0), network(1), 40.0
    bound = bartlett_risk_bound(A, M, scale, N, MARGIN, 0.2, DELTA)
    spectral = [np.linalg.svd(a)[1][0] for a in A]
    moved = [sum(np.sqrt(((a - m)[unit] ** 2).sum()) for unit in range(len(a))) for a, m in zip(A, M, strict=True)]
    grid = 2.0 ** (np.arange(-400, 400) / 8)
    share = DELTA
    for group in (spectral, moved):
        for k, norm in enumerate(group):
            place = int(np.flatnonzero(grid >= norm)[0])
            group[k] = grid[place]
            share /= (math.pi**2 / 3 - 1) * (1 + abs(place - 400)) ** 2
    complexity = math.prod(spectral) * sum((b / s) ** (2 / 3) for b, s in zip(moved, spectral, strict=True)) ** 1.5
    assert bound.constants["R"] == pytest.approx(complexity, rel=1e-12)
    assert bound.constants["delta_s"] == pytest.approx(share, rel=1e-12)
    # Theorem 3.3 for outputs on the sample in l2; the ramp of width m moves 1/m as fast, so that e there is e m here
    entropy = scale**2 * complexity**2 * math.log(2 * 6**2)
    alpha = 1 / N
    integral, _ = quad(lambda e: math.sqrt(entropy / (e * MARGIN) ** 2), alpha, math.sqrt(N), epsabs=0, epsrel=1e-11, limit=400)
    rademacher = 4 * alpha / math.sqrt(N) + 12 / N * integral
    expected = 0.2 + 2 * rademacher + 3 * math.sqrt(math.log(2 / share) / (2 * N))
    assert bound.value == pytest.approx(expected, rel=1e-9)
    assert bound.bounds and bound.name == "BFT"


def test_bartletts_published_72_is_the_same_network_with_two_logits():
    # Lemma A.8 takes the margin between logits, 2-Lipschitz; two logits f/2 and -f/2 have the margin f
    A, M, scale = network(2), network(3), 10.0
    one = bartlett_risk_bound(A, M, scale, N, MARGIN, 0.0, DELTA)
    published = 72 * scale * one.constants["R"] * math.log(N) * math.sqrt(math.log(2 * 36)) / (MARGIN * N)
    rest = 8 / N**1.5 + 3 * math.sqrt(math.log(2 / one.constants["delta_s"]) / (2 * N))
    assert one.value - rest == pytest.approx(published / 2, rel=1e-12)


def test_a_network_that_has_not_moved_pays_the_margin_error_and_next_to_nothing_else():
    A = network(4)
    bound = bartlett_risk_bound(A, A, 1000.0, 1_000_000, MARGIN, 0.9, DELTA)
    assert 0.9 < bound.value < 0.92
    assert bound.value - bound.complexity == pytest.approx(0.9)


def test_neyshabur_is_mcallesters_bound_of_its_prior():
    A, radius = network(5), 3.0
    bound = neyshabur_risk_bound(A, radius, N, MARGIN, 0.1, DELTA)
    spectral = [np.linalg.svd(a)[1][0] for a in A]
    beta = math.prod(spectral) ** (1 / 3)
    balanced = [a * beta / s for a, s in zip(A, spectral, strict=True)]
    x = np.random.default_rng(6).normal(size=(20, 5))
    np.testing.assert_allclose(output(balanced, x), output(A, x), rtol=1e-10)
    near = bound.constants["b"]
    assert abs(near - beta) <= beta / 3
    sigma = MARGIN / (42 * 3 * radius * near**2 * math.sqrt(6 * math.log(4 * 3 * 6)))
    kl = sum((a**2).sum() for a in balanced) / (2 * sigma**2)
    assert bound.constants["KL"] == pytest.approx(kl, rel=1e-10)
    points = math.ceil(3 * N ** (1 / 6))
    expected = 0.1 + 4 * math.sqrt((kl + math.log(6 * N * points / DELTA)) / (N - 1))
    assert bound.value == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("scale", [0.3, 1.0, 3.0])
def test_draws_of_the_prior_move_no_output_by_a_quarter_of_the_margin(scale):
    A, radius, rng = network(7, scale), 3.0, np.random.default_rng(8)
    spread = neyshabur_risk_bound(A, radius, N, MARGIN, 0.0, DELTA).constants["s"]
    spectral = [np.linalg.svd(a)[1][0] for a in A]
    beta = math.prod(spectral) ** (1 / 3)
    balanced = [a * beta / s for a, s in zip(A, spectral, strict=True)]
    x = rng.normal(size=(500, 5))
    x *= radius / np.linalg.norm(x, axis=1, keepdims=True)
    moves = [np.abs(output([a + spread * rng.normal(size=a.shape) for a in balanced], x) - output(balanced, x)).max() for _ in range(50)]
    assert np.mean(np.array(moves) < MARGIN / 4) > 0.5


def test_the_cover_reaches_every_norm_that_matters():
    least, most = MARGIN / 6.0, MARGIN * math.sqrt(N) / 6.0  # of beta^D at B = 3; beyond, the margin error or the KL is too large
    seen = set()
    for product in np.geomspace(least, most, 400):
        factor = (product / math.prod(np.linalg.svd(a)[1][0] for a in network(9))) ** (1 / 3)
        bound = neyshabur_risk_bound(network(9, factor), 3.0, N, MARGIN, 0.0, DELTA)
        assert abs(bound.constants["b"] - bound.constants["beta"]) <= bound.constants["beta"] / 3 * (1 + 1e-9)
        seen.add(round(bound.constants["b"], 9))
    assert len(seen) <= bound.constants["N"]
    large = neyshabur_risk_bound(network(9, 2 * factor), 3.0, N, MARGIN, 0.0, DELTA)
    assert large.value > 1


@pytest.mark.parametrize("fineness", [1, 3, 8])
def test_rounding_up_loses_less_than_one_step_of_the_grid(fineness):
    for value in (1e-9, 0.3, 0.5, 1.0, 2 ** (1 / 8), 7.3, 1e12):
        rounded, power = bounds.rounded_up(value, fineness)
        assert rounded == pytest.approx(2.0 ** (power / fineness))
        assert value <= rounded < value * 2 ** (1 / fineness) * (1 + 1e-12)


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: bartlett_risk_bound(network(0)[:2], network(1)[:2], 1.0, N, 1.0, 0.0, DELTA), "one output, got 4"),
        (lambda: bartlett_risk_bound(network(0), network(1), 1.0, 1, 1.0, 0.0, DELTA), "n must"),
        (lambda: bartlett_risk_bound(network(0), network(1), 1.0, N, 0.0, 0.0, DELTA), "margin"),
        (lambda: bartlett_risk_bound(network(0), network(1), 1.0, N, 1.0, 1.5, DELTA), "margin error"),
        (lambda: neyshabur_risk_bound(network(0), 0.0, N, 1.0, 0.0, DELTA), "radius"),
        (lambda: neyshabur_risk_bound(network(0), 1.0, N, 1.0, 0.0, 1.0), "delta"),
    ],
)
def test_refuses_what_has_no_bound(call, word):
    with pytest.raises(ProblemError, match=word):
        call()
