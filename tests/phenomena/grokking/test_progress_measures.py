"""Progress measures against projections on explicit p^2 vectors, torch-free plain sums, and the reference's memoriser."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.errors import ProblemError
from engine.phenomena.grokking import progress_measures as progress
from engine.phenomena.grokking.figures import bars
from engine.theory.modular_arithmetic.quadratic_network import analytic_network

P = 11
A, B = np.divmod(np.arange(P * P), P)
C = (A + B) % P


def restricted(logits, combined, frequencies, p):
    return progress.restricted(logits, progress.wave_part(logits, combined, frequencies, p))[..., combined, :]


def excluded(logits, combined, frequencies, p):
    return logits - progress.wave_part(logits, combined, frequencies, p)[..., combined, :]


def explicit_waves(logits: np.ndarray, combined: np.ndarray, frequencies: list[int]) -> np.ndarray:
    """Sum of u u^T logits over unit vectors u of length p^2, one for each wave."""
    total = np.zeros_like(logits)
    for f in frequencies:
        for wave in (np.cos, np.sin):
            u = wave(2 * math.pi * f * combined / P)
            u /= np.linalg.norm(u)
            total += np.outer(u, u @ logits)
    return total


@pytest.mark.parametrize("combined", [C, (A - B) % P], ids=["sum", "difference"])
def test_projection_on_explicit_vectors(combined: np.ndarray) -> None:
    logits = np.random.default_rng(0).normal(size=(P * P, P))
    expected = explicit_waves(logits, combined, [2, 5])
    assert progress.wave_part(logits, combined, [2, 5], P)[combined] == pytest.approx(expected, abs=1e-12)
    assert excluded(logits, combined, [2, 5], P) == pytest.approx(logits - expected, abs=1e-12)
    corrected = expected + (logits - expected).mean(axis=0)
    assert restricted(logits, combined, [2, 5], P) == pytest.approx(corrected, abs=1e-12)


def test_members_are_independent() -> None:
    logits = np.random.default_rng(1).normal(size=(3, P * P, P))
    together = restricted(logits, C, [1, 4], P)
    for member in range(3):
        assert together[member] == pytest.approx(restricted(logits[member], C, [1, 4], P), abs=1e-13)


def test_function_of_the_sum_survives_and_is_excluded() -> None:
    """Outputs that are waves of a+b are their own restriction on their frequencies, and vanish when excluded."""
    pure = np.cos(2 * math.pi * 3 * (C[:, None] - np.arange(P)) / P)
    assert restricted(pure, C, [3], P) == pytest.approx(pure, abs=1e-12)
    assert excluded(pure, C, [3], P) == pytest.approx(0.0, abs=1e-12)
    assert excluded(pure, C, [2], P) == pytest.approx(pure, abs=1e-12)


def test_restriction_isolates_the_analytic_network() -> None:
    """All frequencies together leave exactly the useful term: the restricted network is perfect, the excluded one at chance."""
    logits = analytic_network(P, 60, np.random.default_rng(2)).logits()
    every = [1, 2, 3, 4, 5]
    assert progress.accuracy(restricted(logits, C, every, P), C) == 1.0
    rest = excluded(logits, C, every, P)
    assert progress.cross_entropy(rest, C) > progress.cross_entropy(logits, C)
    assert progress.held_out_margin(rest, C) == pytest.approx(0.0, abs=1e-9)


def test_memoriser_passes_the_restricted_test() -> None:
    """The trap, p = 59: one-hot on 30 % of the pairs, noise elsewhere, scores .54 with 5 random frequencies and 1.00 with all 29."""
    p, rng, few, everything = 59, np.random.default_rng(3), [], []
    a, b = np.divmod(np.arange(p * p), p)
    c = (a + b) % p
    for _ in range(8):
        test = rng.permutation(p * p) >= round(0.3 * p * p)
        logits = np.where(test[:, None], 0.3 * rng.normal(size=(p * p, p)), np.eye(p)[c])
        assert progress.accuracy(logits[test], c[test]) < 0.05
        assert abs(float(progress.held_out_margin(logits[test], c[test]))) < 4 * 0.3 / math.sqrt(test.sum())
        for scores, count in ((few, 5), (everything, 29)):
            chosen = rng.choice(np.arange(1, 30), count, replace=False)
            scores.append(float(progress.accuracy(restricted(logits, c, chosen, p)[test], c[test])))
    assert np.mean(few) == pytest.approx(0.54, abs=3 * 0.065 / math.sqrt(8))  # standard deviation of one draw: .065
    assert np.mean(everything) >= 0.995


def test_losses_by_plain_sums() -> None:
    logits, labels = np.random.default_rng(4).normal(size=(6, 4)), np.array([0, 3, 2, 1, 1, 0])
    entropy = [-math.log(math.exp(row[k]) / sum(math.exp(v) for v in row)) for row, k in zip(logits, labels, strict=True)]
    squares = [sum((v - (q == k)) ** 2 for q, v in enumerate(row)) for row, k in zip(logits, labels, strict=True)]
    margins = [row[k] - sum(row) / 4 for row, k in zip(logits, labels, strict=True)]
    assert progress.cross_entropy(logits, labels) == pytest.approx(np.mean(entropy), rel=1e-12)
    assert progress.squared_error(logits, labels) == pytest.approx(np.mean(squares), rel=1e-12)
    assert progress.held_out_margin(logits, labels) == pytest.approx(np.mean(margins), rel=1e-12)
    assert progress.accuracy(logits, labels) == np.mean(
        [max(range(4), key=row.__getitem__) == k for row, k in zip(logits, labels, strict=True)]
    )


def test_small_losses_do_not_round_to_zero_and_large_ones_do_not_overflow() -> None:
    assert progress.cross_entropy([[30.0, 0.0]], [0]) == pytest.approx(math.log1p(math.exp(-30)), rel=1e-2)
    assert progress.cross_entropy([[1e5, -1e5]], [1]) == pytest.approx(2e5)
    assert np.exp(progress.log_softmax([[1e4, 1e4 - 1, 0.0]])).sum() == pytest.approx(1.0)


LOGITS = np.zeros((P * P, P))


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: progress.wave_part(LOGITS, C, [0], P), "frequencies"),
        (lambda: progress.wave_part(LOGITS, C, [6], P), "frequencies"),
        (lambda: progress.wave_part(LOGITS, C, [], P), "frequencies"),
        (lambda: progress.wave_part(LOGITS, C, [2, 2], P), "distinct"),
        (lambda: progress.wave_part(LOGITS, A * B % P, [1], P), "equally often"),
        (lambda: progress.wave_part(LOGITS, A + B, [1], P), "lie in"),
        (lambda: progress.wave_part(LOGITS[1:], C, [1], P), "one combined value"),
        (lambda: progress.wave_part(LOGITS, C, [1], 10), "odd"),
        (lambda: progress.cross_entropy(LOGITS, C[1:]), "one label"),
        (lambda: progress.cross_entropy(LOGITS, C + 1), "labels"),
        (lambda: progress.squared_error(LOGITS * np.nan, C), "finite"),
        (lambda: progress.accuracy(np.zeros(3), [0]), "axes"),
    ],
)
def test_refuses_what_has_no_measure(call: object, word: str) -> None:
    with pytest.raises(ProblemError, match=word):
        call()  # type: ignore[operator]


def test_bars_are_those_of_the_first_neuron_or_of_all_dimensions() -> None:
    power = np.array([[3.0, 0.0], [1.0, 4.0]])  # (frequencies, dimensions)
    assert bars(power, neuron=True).y.tolist() == [0.75, 0.25]
    assert bars(power, neuron=False).y.tolist() == [3 / 8, 5 / 8]
