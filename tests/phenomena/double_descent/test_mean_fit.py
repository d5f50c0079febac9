"""Bias and variance over training sets against their definition, by plain loops and pinv."""

import numpy as np
import pytest

from engine.phenomena.double_descent.gaussian import Anisotropic, Isotropic
from engine.phenomena.double_descent.mean_fit import MeanFit, min_norm_weights
from engine.state import State

N, D = 12, 40
P = np.array([0, 1, 6, 8, 16, 25, 40])


def weights():
    return np.linspace(1.0, 0.1, D)


def training_sets(count, eigenvalues, sigma, seed):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        X = rng.standard_normal((N, D)) * np.sqrt(eigenvalues)
        yield X, X @ weights() + sigma * rng.standard_normal(N)


def by_pinv(X, y):
    w = np.zeros((P.size, D))
    for place, p in enumerate(P):
        w[place, :p] = np.linalg.pinv(X[:, :p]) @ y
    return w


def test_weights_are_those_of_the_pseudoinverse():
    X, y = next(training_sets(1, np.ones(D), 0.5, 0))
    np.testing.assert_allclose(min_norm_weights(X, y, P), by_pinv(X, y), atol=1e-9)


@pytest.mark.parametrize("power", [0.0, 1.0])
def test_both_parts_are_the_definition(power):
    """Against the plain mean of 60 fits: its squared distance from b exceeds the squared bias by variance/60 on average."""
    eigenvalues = np.arange(1.0, D + 1) ** -power
    fits = np.array([by_pinv(X, y) for X, y in training_sets(60, eigenvalues, 0.5, 1)])  # (60, k, D)
    found = MeanFit(eigenvalues, weights(), P)
    for w in fits:
        found.add(w)
    (bias, error), (variance, _) = found.decomposed()
    u = np.sqrt(eigenvalues) * (fits - weights())
    total = (u**2).sum(-1).mean(0)
    np.testing.assert_allclose(bias + variance, total, rtol=1e-12)
    plain = (u.mean(0) ** 2).sum(-1)
    assert np.all(np.abs(plain - (bias + variance / 60)) < 3 * error + 1e-12)


def test_theory_over_training_sets_meets_simulation():
    """Isotropic, exact; 4 standard errors, of nine degrees of freedom each, at seven p."""
    model = Isotropic(N, weights(), 0.5, weights()[:, None])
    found = MeanFit(np.ones(D), weights(), P)
    for X, y in training_sets(3000, np.ones(D), 0.5, 2):
        found.add(min_norm_weights(X, y, P))
    for (value, error), truth in zip(found.decomposed(), model.predict(P).over_sets, strict=True):
        assert np.all(np.abs(value - truth) <= 5 * error + 1e-9)


def test_the_deterministic_equivalent_over_training_sets_meets_simulation_within_finite_size():
    eigenvalues = np.arange(1.0, D + 1) ** -1.0
    model = Anisotropic(N, weights(), 0.5, eigenvalues)
    p = np.array([4, 20, 40])
    found = MeanFit(eigenvalues, weights(), p)
    for X, y in training_sets(2000, eigenvalues, 0.5, 3):
        found.add(min_norm_weights(X, y, p))
    (bias, _), (variance, _) = found.decomposed()
    expected = model.predict(p).over_sets
    np.testing.assert_allclose(bias, expected[0], rtol=0.1)
    np.testing.assert_allclose(variance, expected[1], rtol=0.25)


def test_a_jackknife_error_is_the_scatter_of_repeated_estimates():
    estimates, errors = [], []
    for seed in range(60):
        found = MeanFit(np.ones(D), weights(), P[2:3])
        for X, y in training_sets(30, np.ones(D), 0.5, 100 + seed):
            found.add(min_norm_weights(X, y, P[2:3]))
        (bias, error), _ = found.decomposed()
        estimates.append(bias[0])
        errors.append(error[0])
    assert 0.6 < np.mean(errors) / np.std(estimates) < 1.7


def test_few_draws_have_no_error_and_a_restored_sum_goes_on_alike():
    sets = list(training_sets(7, np.ones(D), 0.5, 4))
    whole, first = MeanFit(np.ones(D), weights(), P), MeanFit(np.ones(D), weights(), P)
    for place, (X, y) in enumerate(sets):
        whole.add(min_norm_weights(X, y, P))
        if place < 2:
            first.add(min_norm_weights(X, y, P))
    assert np.isinf(first.decomposed()[0][1]).all()
    second = MeanFit(np.ones(D), weights(), P)
    saved = first.state()
    second.restore(State({name: item.copy() for name, item in saved.arrays.items()}, saved.scalars))
    for X, y in sets[2:]:
        second.add(min_norm_weights(X, y, P))
    assert second.count == whole.count == 7
    np.testing.assert_array_equal(second.sums, whole.sums)
