"""Five hundred runs and more by brute force: each law fails true draws no more often than it says, and wrong ones always."""

import numpy as np
import pytest

from engine.phenomena.interpolation_threshold.claims import spectral_distance
from engine.phenomena.interpolation_threshold.significance import (
    LUCK,
    norm_shares,
    separable_shares,
    smallest_shares,
    spectral_limit,
    train_error_shares,
)

RUNS, DRAWS = 600, 20
LEVEL = 0.01
"""Share that is held against chance: there are enough runs to see one in a hundred, not one in a thousand."""


def _may_fail(count):
    return count * LEVEL + 3.5 * np.sqrt(count * LEVEL)


def _matrices(n, d, rng):
    return rng.standard_normal((RUNS * DRAWS, n, d))


def _smallest(X):
    n, d = X.shape[1:]
    small = X if d > n else X.transpose(0, 2, 1)
    return np.linalg.eigvalsh(small @ small.transpose(0, 2, 1))[:, 0] / n


@pytest.mark.parametrize(("n", "d"), [(16, 4), (16, 8), (24, 17), (12, 24)])
def test_means_of_the_smallest_eigenvalue(n, d):
    found = _smallest(_matrices(n, d, np.random.default_rng(n * d))).reshape(RUNS, DRAWS).mean(axis=1)
    shares = np.array([smallest_shares(n, np.array([d]), np.array([mean]), DRAWS)[0] for mean in found])
    assert (shares < LEVEL).sum() <= _may_fail(RUNS)
    assert shares.min() >= LUCK / 100
    wrong = smallest_shares(n, np.array([d, d]), found.mean() * np.array([0.5, 2.0]), DRAWS)
    assert (wrong < LUCK / 40).all()


@pytest.mark.parametrize(("n", "d"), [(16, 6), (12, 22)])
def test_means_of_norm_and_training_error(n, d):
    rng = np.random.default_rng(n + d)
    X = _matrices(n, d, rng)
    b = rng.standard_normal((len(X), d, 1))
    b /= np.linalg.norm(b, axis=1, keepdims=True)
    y = X @ b + 0.5 * rng.standard_normal((len(X), n, 1))
    w = np.linalg.pinv(X) @ y
    norms = (w**2).sum(axis=(1, 2)).reshape(RUNS, DRAWS).mean(axis=1)
    assert sum(norm_shares(n, np.array([d]), np.array([mean]), DRAWS, 1.0, 0.25)[0] < LEVEL for mean in norms) <= _may_fail(RUNS)
    if d < n:
        errors = ((y - X @ w) ** 2).mean(axis=(1, 2)).reshape(RUNS, DRAWS).mean(axis=1)
        shares = train_error_shares(n, np.full(RUNS, d), errors, DRAWS, 0.25)
        assert (shares < LEVEL).sum() <= _may_fail(RUNS)
        assert (shares < LEVEL).sum() > 0 < np.ptp(shares)
        assert train_error_shares(n, np.array([d]), np.array([2 * 0.25 * (1 - d / n)]), DRAWS, 0.25)[0] < LUCK / 40


def test_counts_of_separable_labellings():
    rng = np.random.default_rng(0)
    expected = np.array([0.001, 0.05, 0.5, 0.95, 0.999])
    counts = rng.binomial(50, expected, (20_000, 5))
    shares = separable_shares(np.broadcast_to(expected, counts.shape), counts, 50)
    for level in (0.05, 0.002):
        assert ((shares < level).mean(axis=0) <= level + 4 * np.sqrt(level / 20_000)).all()
    certain = separable_shares(np.array([1.0, 1.0, 0.0, 0.0]), np.array([50, 49, 0, 1]), 50)
    np.testing.assert_array_equal(certain, [1, 0, 1, 0])


@pytest.mark.parametrize(("n", "d", "entries"), [(10, 2, "gaussian"), (20, 20, "gaussian"), (20, 5, "signs")])
def test_distances_of_spectra(n, d, entries):
    rng = np.random.default_rng(n * d)
    shape = (500 * DRAWS, n, d)
    X = rng.standard_normal(shape) if entries == "gaussian" else rng.choice([-1.0, 1.0], shape)
    small = X if d > n else X.transpose(0, 2, 1)
    spectra = np.maximum(np.linalg.eigvalsh(small @ small.transpose(0, 2, 1) / n), 0).reshape(500, DRAWS, -1)
    distances = np.array([spectral_distance(n, d, one) for one in spectra])
    assert distances.max() <= spectral_limit(n, d, DRAWS) < 4 * np.median(distances)
    assert spectral_distance(n, d, 1.6 * spectra.reshape(500 * DRAWS, -1)) > spectral_limit(n, d, 500 * DRAWS)
