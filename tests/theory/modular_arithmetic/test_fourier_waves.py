"""Waves over Z_p against explicit sums, Monte Carlo and hand-made embeddings; the analytic network against brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.errors import ProblemError
from engine.theory.modular_arithmetic import fourier
from engine.theory.modular_arithmetic.quadratic_network import analytic_network


def waves(p: int) -> np.ndarray:
    """The orthonormal waves written out, (M, 2, p): cosine and sine of each frequency."""
    angles = 2 * math.pi * np.outer(np.arange(1, (p + 1) // 2), np.arange(p)) / p
    return np.stack([np.cos(angles), np.sin(angles)], axis=1) * math.sqrt(2 / p)


@pytest.mark.parametrize("p", [3, 11, 23])
def test_spectrum_is_the_projection_on_the_waves(p: int) -> None:
    E = np.random.default_rng(0).normal(size=(2, p, 5)) + 3
    projected = np.einsum("fwa,san->sfwn", waves(p), E) ** 2
    assert fourier.power_spectrum(E) == pytest.approx(projected.sum(axis=2), rel=1e-11)


@pytest.mark.parametrize("p", [22, 23])
def test_spectrum_keeps_all_power_but_the_mean(p: int) -> None:
    E = np.random.default_rng(1).normal(size=(p, 4)) + 1
    assert fourier.power_spectrum(E).shape == (p // 2, 4)
    assert fourier.power_spectrum(E).sum(axis=0) == pytest.approx(((E - E.mean(axis=0)) ** 2).sum(axis=0), rel=1e-12)


def test_share_of_pure_and_mixed_waves() -> None:
    a = 2 * math.pi * np.arange(59) / 59
    E = np.stack([7 + np.cos(5 * a + 1), np.cos(3 * a) + 2 * np.sin(9 * a), np.zeros(59)], axis=1)
    spectrum = fourier.power_spectrum(E)
    assert fourier.single_frequency_share(spectrum) == pytest.approx([1.0, 0.8, 0.0], abs=1e-12)
    assert fourier.key_frequencies(spectrum, 3).tolist() == [9, 3, 5] or fourier.key_frequencies(spectrum, 3).tolist() == [9, 5, 3]
    assert fourier.frequencies_for(spectrum, 0.6) == 1
    assert fourier.frequencies_for(spectrum, 0.8) == 2
    assert fourier.frequencies_for(np.zeros((4, 2)), 0.8) == 0


@pytest.mark.parametrize("p", [11, 59])
def test_random_share_against_monte_carlo(p: int) -> None:
    E = np.random.default_rng(2).normal(size=(p, 20_000))
    share = fourier.single_frequency_share(fourier.power_spectrum(E))
    assert abs(share.mean() - fourier.random_share(p)) < 4 * share.std() / math.sqrt(share.size)


def test_random_share_of_the_reference() -> None:
    assert fourier.random_share(59) == pytest.approx(0.137, abs=5e-4)


def test_gini_is_half_the_relative_mean_difference() -> None:
    x = np.random.default_rng(3).exponential(size=(3, 40))
    differences = np.abs(x[:, :, None] - x[:, None, :]).mean(axis=(1, 2)) / 2 / x.mean(axis=1)
    assert fourier.gini(x) == pytest.approx(differences, rel=1e-12)
    assert fourier.gini(x.T, axis=0) == pytest.approx(differences, rel=1e-12)
    assert float(fourier.gini([0, 0, 0, 5.0])) == pytest.approx(0.75)
    assert fourier.gini([[2.0, 2.0], [0.0, 0.0]]) == pytest.approx([0.0, 0.0])


@pytest.mark.parametrize("p", [59, 97])
def test_analytic_network_adds(p: int) -> None:
    """GR7, three draws of N = 500."""
    n, m = np.divmod(np.arange(p * p), p)
    for seed in range(3):
        guess = analytic_network(p, 500, np.random.default_rng(seed)).logits().argmax(axis=1)
        assert np.mean(guess == (n + m) % p) >= 0.999


def test_analytic_logits_against_brute_force() -> None:
    network = analytic_network(11, 7, np.random.default_rng(4))
    logits = network.logits()
    for n, m, q in [(0, 0, 0), (3, 9, 1), (10, 10, 10), (7, 2, 5)]:
        direct = sum(network.V[q, k] * (network.U[k, n] + network.W[k, m]) ** 2 for k in range(7))
        assert logits[n * 11 + m, q] == pytest.approx(direct, abs=1e-12)


def test_useful_term_is_what_the_mean_over_neurons_tends_to() -> None:
    """Mean over frequencies of cos(2 pi f (n+m-q)/p)/2, the other terms within four standard errors of 0."""
    p, count = 11, 40_000
    logits = analytic_network(p, count, np.random.default_rng(5)).logits() / count
    c = np.add.outer(np.add.outer(np.arange(p), np.arange(p)), -np.arange(p)).reshape(p * p, p)
    expected = np.mean([np.cos(2 * math.pi * f * c / p) / 2 for f in range(1, 6)], axis=0)
    assert np.abs(logits - expected).max() < 4 * 1.2 / math.sqrt(count) + 0.01


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: fourier.random_share(10), "odd"),
        (lambda: fourier.random_share(1), "odd"),
        (lambda: fourier.power_spectrum(np.ones(5)), "axes"),
        (lambda: fourier.power_spectrum(np.ones((1, 5))), "tokens"),
        (lambda: fourier.power_spectrum(np.full((5, 2), np.nan)), "finite"),
        (lambda: fourier.key_frequencies(np.ones((4, 2)), 5), "count"),
        (lambda: fourier.frequencies_for(np.ones((4, 2)), 0.0), "share"),
        (lambda: fourier.gini([-1.0, 1.0]), "smallest"),
        (lambda: analytic_network(11, 0, np.random.default_rng(0)), "neurons"),
    ],
)
def test_refuses_what_has_no_waves(call: object, word: str) -> None:
    with pytest.raises(ProblemError, match=word):
        call()  # type: ignore[operator]
