"""The code of quantised weights: Kraft's inequality by brute force, entropy, round trips, and the bound by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from engine.errors import ProblemError
from engine.theory.bounds import occam


@pytest.mark.parametrize(("places", "symbols"), [(1, 3), (4, 3), (7, 3), (5, 4), (10, 2)])
def test_enumeration_is_prefix_free(places: int, symbols: int) -> None:
    """Kraft: over every sequence of the alphabet, the sum of 2^-length is at most 1; and not far below, so no bits are wasted."""
    total = 0.0
    for word in itertools.product(range(symbols), repeat=places):
        total += 2.0 ** -sum(occam.enumeration_bits(np.bincount(word, minlength=symbols)))
    assert 0.15 <= total <= 1.0


def test_enumeration_counts_exactly() -> None:
    counts = [30, 5, 0, 2]
    which = math.comb(37 + 3, 3)
    arrangements = math.factorial(37) // (math.factorial(30) * math.factorial(5) * math.factorial(2))
    assert occam.enumeration_bits(counts) == ((which - 1).bit_length(), (arrangements - 1).bit_length())


def test_arrangement_is_entropy_for_many_symbols() -> None:
    counts = np.array([90_000, 6_000, 3_000, 1_000])
    share = counts / counts.sum()
    entropy = -(share * np.log2(share)).sum() * counts.sum()
    bits = occam.enumeration_bits(counts)[1]
    assert entropy - 40 < bits < entropy


def test_elias_delta_is_prefix_free_and_as_published() -> None:
    assert [occam.elias_delta(k) for k in (1, 2, 3, 4, 7, 8, 16)] == [1, 4, 4, 5, 5, 8, 9]
    assert sum(2.0 ** -occam.elias_delta(k) for k in range(1, 2**14)) <= 1


@pytest.mark.parametrize("bits", [2, 3, 8])
def test_quantised_weights_are_near_and_on_few_levels(bits: int) -> None:
    rng = np.random.default_rng(0)
    tensors = [rng.normal(size=(20, 30)), 5 * rng.normal(size=7)]
    quantised = occam.quantise(tensors, bits)
    for tensor, rebuilt, step in zip(tensors, quantised.weights, quantised.steps, strict=True):
        assert np.abs(tensor - rebuilt).max() <= step * (0.5 + 1e-6)
        assert len(np.unique(rebuilt)) <= 2**bits - 1
        assert np.float32(step) == step


def test_message_adds_its_parts_and_shrinks_with_sparsity() -> None:
    rng = np.random.default_rng(1)
    dense = rng.normal(size=1000)
    sparse = np.where(rng.random(1000) < 0.05, dense, 0.0)
    long, short = (occam.message(occam.quantise([tensor, tensor[:10]], 4)) for tensor in (dense, sparse))
    assert long.total == long.header + long.steps + long.counts + long.arrangement
    assert (long.header, long.steps) == (occam.elias_delta(4), 64)
    assert short.total < 0.3 * long.total


def test_weights_that_are_all_zero_cost_next_to_nothing() -> None:
    quantised = occam.quantise([np.zeros(100)], 2)
    assert quantised.weights[0].tolist() == [0.0] * 100
    assert occam.message(quantised).arrangement == 0


def test_bound_by_hand() -> None:
    got = occam.occam_bound(3000, 4000, 0.05, 0.025)
    expected = 0.05 + math.sqrt((3000 * math.log(2) + 2 * math.log(3000) + math.log(40)) / 8000)
    assert got.value == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: occam.quantise([[1.0]], 1), "bits"),
        (lambda: occam.quantise([], 4), "tensor"),
        (lambda: occam.quantise([[math.inf]], 4), "finite"),
        (lambda: occam.quantise([[1e39]], 4), "float32"),
        (lambda: occam.enumeration_bits([0, 0]), "symbols"),
        (lambda: occam.occam_bound(0, 10, 0.1, 0.05), "bits"),
        (lambda: occam.elias_delta(0), "at least 1"),
    ],
)
def test_refuses_what_has_no_code(call: object, word: str) -> None:
    with pytest.raises(ProblemError, match=word):
        call()  # type: ignore[operator]
