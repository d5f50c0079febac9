"""The equivalent at finite sizes against Mei and Montanari's limit, against simulation, and its spectrum against the sphere."""

import numpy as np
import pytest

from engine.errors import ProblemError
from engine.theory.kernels.random_features import RELU_Z2, error_terms
from engine.theory.kernels.random_features_finite import finite_error_terms, relu_spectrum


def sphere(rng, count, d):
    points = rng.standard_normal((count, d))
    return np.sqrt(d) * points / np.linalg.norm(points, axis=1, keepdims=True)


def test_large_sizes_are_the_limit():
    ratios = np.array([0.5, 2.0, 5.0, 20.0])
    for found, limit in zip(finite_error_terms(ratios * 4000, 12_000, 4000), error_terms(ratios, 3.0, RELU_Z2), strict=True):
        assert found == pytest.approx(limit, rel=4e-3)


def test_harmonics_and_power_are_those_of_the_sphere():
    harmonics, lam, tail = relu_spectrum(3)
    assert harmonics[:6] == pytest.approx([1, 3, 5, 7, 9, 11])
    assert relu_spectrum(60)[0][:3] == pytest.approx([1, 60, 60 * 61 / 2 - 1])
    assert harmonics @ lam + tail == pytest.approx(0.5)  # E relu(<theta, x>/sqrt(d))^2, half of E <theta, x>^2/d = 1
    assert lam[0] == pytest.approx((np.sqrt(3) / 4) ** 2)  # a cosine on the sphere is uniform: its positive part has mean 1/4
    assert lam[1] == pytest.approx((np.sqrt(3) / 6) ** 2) and lam[3] == pytest.approx(0, abs=1e-20)


def test_it_is_the_mean_of_simulated_fits():
    n, d, sizes = 60, 20, (24, 150, 400)
    rng, found = np.random.default_rng(0), {N: [] for N in sizes}
    for _ in range(300):
        X, test, theta, b = sphere(rng, n, d), sphere(rng, 300, d), sphere(rng, max(sizes), d), rng.standard_normal(d)
        b /= np.linalg.norm(b)
        features, tested = (np.maximum(at @ theta.T / np.sqrt(d), 0) for at in (X, test))
        y = X @ b + 0.5 * rng.standard_normal(n)
        for N in sizes:
            found[N].append(np.mean((tested[:, :N] @ np.linalg.lstsq(features[:, :N], y, rcond=None)[0] - test @ b) ** 2))
    bias, variance = finite_error_terms(sizes, n, d)
    limit = sum(scale * term for scale, term in zip((1, 0.25), error_terms(np.array(sizes) / d, n / d, RELU_Z2), strict=True))
    for place, N in enumerate(sizes):
        error = np.std(found[N]) / np.sqrt(300)
        predicted = bias[place] + 0.25 * variance[place]
        assert abs(np.mean(found[N]) - predicted) < 4 * error + 2 / n * predicted
    assert abs(np.mean(found[400]) - limit[2]) > 8 * np.std(found[400]) / np.sqrt(300)  # which the limit is not, at this size


def test_the_threshold_is_infinite_and_impossible_sizes_are_a_sentence():
    assert np.isinf(finite_error_terms([60], 60, 20)).all()
    with pytest.raises(ProblemError, match="at least 3 dimensions, got 2"):
        finite_error_terms([5], 60, 2)
    with pytest.raises(ProblemError, match="at least 1, got 0"):
        finite_error_terms([5], 0, 20)
