"""Norm-based bounds against the printed formulas in naive loops, networks with biases, and homogeneity."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from engine.errors import ProblemError
from engine.theory.bounds import norm_bounds as norms

SIZES = (7, 5, 6, 3)


def network(seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(out, into)) for into, out in itertools.pairwise(SIZES)]


def test_spectral_norms_against_svd() -> None:
    assert norms.spectral_norms(network(0)) == pytest.approx([np.linalg.svd(A)[1][0] for A in network(0)], rel=1e-12)


def test_spectral_complexity_as_printed() -> None:
    A, M = network(0), network(1)
    product = math.prod(np.linalg.svd(a)[1][0] for a in A)
    total = 0.0
    for a, m in zip(A, M, strict=True):
        path = 0.0
        for unit in range(a.shape[0]):
            path += math.sqrt(sum((a[unit, j] - m[unit, j]) ** 2 for j in range(a.shape[1])))
        total += (path / np.linalg.svd(a)[1][0]) ** (2 / 3)
    assert norms.spectral_complexity(A, M) == pytest.approx(product * total**1.5, rel=1e-12)
    bound = norms.bartlett_bound(A, M, 40.0, 100, 5.0)
    assert bound.value == pytest.approx(40.0 * product * total**1.5 / 500, rel=1e-12)
    assert bound.constants["prod |A_i|_2"] == pytest.approx(product, rel=1e-12)


def test_spectral_complexity_of_a_zero_layer_is_the_limit() -> None:
    A, M = network(0), network(1)
    A[1][:] = 0
    near = [a.copy() for a in A]
    near[1][0, 0] = 1e-12
    assert norms.spectral_complexity(A, M) == pytest.approx(norms.spectral_complexity(near, M), rel=1e-6)
    assert norms.spectral_complexity(M, M) == 0.0


def test_neyshabur_as_printed() -> None:
    A = network(2)
    spectral = [np.linalg.svd(a)[1][0] for a in A]
    ratio = sum((a**2).sum() / s**2 for a, s in zip(A, spectral, strict=True))
    inside = 2.5**2 * 3**2 * 6 * math.log(3 * 6) * math.prod(s**2 for s in spectral) * ratio / (0.5**2 * 200)
    assert norms.neyshabur_bound(A, 2.5, 200, 0.5).value == pytest.approx(math.sqrt(inside), rel=1e-12)


def test_two_layers_as_printed() -> None:
    rng = np.random.default_rng(5)
    U, U0, V, X = rng.normal(size=(6, 4)), rng.normal(size=(6, 4)), rng.normal(size=(1, 6)), rng.normal(size=(30, 4))
    way = math.sqrt(sum((U[i, j] - U0[i, j]) ** 2 for i in range(6) for j in range(4)))
    begun = math.sqrt(sum(float(U0[i] @ x) ** 2 for i in range(6) for x in X))
    expected = math.sqrt((V**2).sum()) * (way * math.sqrt((X**2).sum()) + begun) / (0.5 * 30) + math.sqrt(6 / 30)
    bound = norms.two_layer_bound([U, V], [U0, V], X, 0.5)
    assert bound.value == pytest.approx(expected, rel=1e-12)
    assert bound.constants["|U0 X|_F"] == pytest.approx(begun, rel=1e-12)
    with pytest.raises(ProblemError, match="two layers, got 3"):
        norms.two_layer_bound(network(0), network(1), np.ones((5, 7)), 1.0)
    with pytest.raises(ProblemError, match="one output, got 3"):
        norms.two_layer_bound(network(0)[1:], network(1)[1:], np.ones((5, 5)), 1.0)
    with pytest.raises(ProblemError, match=r"shape \(n, 4\)"):
        norms.two_layer_bound([U, V], [U0, V], np.ones((5, 5)), 1.0)


def test_norms_by_hand() -> None:
    A, M = network(0), network(1)
    assert norms.frobenius_product(A) == pytest.approx(math.prod(math.sqrt((a**2).sum()) for a in A), rel=1e-13)
    flat = np.concatenate([(a - m).ravel() for a, m in zip(A, M, strict=True)])
    assert norms.distance(A, M) == pytest.approx(np.sqrt(flat @ flat), rel=1e-13)
    margins = np.array([-1.0, 0.0, 2.0])
    assert norms.normalised_margins(margins, 10.0, 4.0, 8) == pytest.approx(margins / 5)


def test_bounds_do_not_see_a_rescaling_of_the_function() -> None:
    """Outputs and margins both doubled: the bound is the same."""
    A, zero = network(0), [np.zeros_like(a) for a in network(0)]
    doubled = [A[0], A[1], 2 * A[2]]
    one, two = norms.bartlett_bound(A, zero, 40.0, 100, 5.0), norms.bartlett_bound(doubled, zero, 40.0, 100, 10.0)
    assert one.value == pytest.approx(two.value, rel=1e-12)
    assert norms.neyshabur_bound(A, 1.0, 9, 1.0).value == pytest.approx(norms.neyshabur_bound(doubled, 1.0, 9, 2.0).value, rel=1e-12)


def test_folded_biases_compute_the_same_network() -> None:
    rng = np.random.default_rng(3)
    A = network(0)
    b = [rng.normal(size=a.shape[0]) for a in A]
    X = rng.normal(size=(11, SIZES[0]))

    def forward(weights: list[np.ndarray], biases: list[np.ndarray], inputs: np.ndarray) -> np.ndarray:
        hidden = inputs
        for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
            hidden = np.maximum(hidden @ weight.T + bias, 0)
        return hidden @ weights[-1].T + biases[-1]

    folded = norms.fold_biases(A, b)
    zeros = [np.zeros(f.shape[0]) for f in folded]
    assert forward(folded, zeros, np.column_stack([X, np.ones(11)])) == pytest.approx(forward(A, b, X), abs=1e-12)


def test_large_weights_give_large_numbers_and_no_warning() -> None:
    A = [1e140 * a for a in network(0)]
    assert norms.spectral_complexity(A, network(1)) == math.inf
    assert norms.frobenius_product(A) == math.inf


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: norms.spectral_norms([]), "at least one layer"),
        (lambda: norms.spectral_norms([np.ones((2, 3)), np.ones((2, 3))]), "layer 1 must take 2 inputs"),
        (lambda: norms.spectral_norms([np.array([[math.nan]])]), "layer 0 must be finite"),
        (lambda: norms.spectral_norms([np.ones(3)]), "shape"),
        (lambda: norms.distance(network(0), network(0)[:2]), "initial weights"),
        (lambda: norms.bartlett_bound(network(0), network(1), 1.0, 10, 0.0), "margin"),
        (lambda: norms.neyshabur_bound([np.ones((1, 3))], 1.0, 10, 1.0), "D h"),
        (lambda: norms.fold_biases(network(0), [np.zeros(5)]), "one bias"),
        (lambda: norms.fold_biases(network(0), [np.zeros(5), np.zeros(5), np.zeros(3)]), "bias 1"),
    ],
)
def test_refuses_what_is_no_network(call: object, word: str) -> None:
    with pytest.raises(ProblemError, match=word):
        call()  # type: ignore[operator]
