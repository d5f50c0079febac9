"""Mei-Montanari against the published values, a Monte Carlo of the model itself, and limits."""

import math

import numpy as np
import pytest
from numpy.polynomial.legendre import leggauss

from engine.errors import ProblemError
from engine.phenomena.double_descent.digits import fourier_features, fourier_frequencies
from engine.phenomena.double_descent.relu import sphere
from engine.theory.kernels.random_features import RELU_Z2, error_terms


def test_published_values_for_relu():
    assert pytest.approx(2.752, abs=5e-4) == RELU_Z2
    bias, variance = error_terms([1, 2, 5, 20], 3.0, RELU_Z2)
    assert bias == pytest.approx([0.671859, 0.684899, 0.245063, 0.053319], abs=1e-6)
    assert variance == pytest.approx([0.5, 2, 1.822309, 0.498779], abs=1e-6)


def test_variance_below_the_threshold_is_that_of_least_squares():
    psi1 = np.geomspace(1e-4, 2.99, 30)
    assert error_terms(psi1, 3.0, 0.7)[1] == pytest.approx(psi1 / (3 - psi1), rel=1e-6)


def test_threshold_and_ends():
    bias, variance = error_terms([1e-6, 3.0, 1e7], 3.0, RELU_Z2)
    assert np.isinf([bias[1], variance[1]]).all()
    assert bias[0] == pytest.approx(1, abs=1e-5)
    wider = error_terms(1e9, 3.0, RELU_Z2)
    assert [bias[2], variance[2]] == pytest.approx([float(wider[0]), float(wider[1])], rel=1e-5)
    smallest = error_terms(1e-8, 3.0, RELU_Z2)
    assert [float(term) for term in smallest] == pytest.approx([1, 0], abs=1e-5)


@pytest.mark.parametrize("N", [60, 100, 400, 720])
def test_simulated_model(N):
    """d=60, n=180: linear target, noise .5; Gaussian features of sphere inputs."""
    d, n, tau = 60, 180, 0.5
    rng = np.random.default_rng(N)
    errors = []
    for _ in range(10):
        theta, x, points = sphere(rng, N, d), sphere(rng, n, d), sphere(rng, 1000, d)
        b = rng.standard_normal(d)
        b /= np.linalg.norm(b)
        y = x @ b + tau * rng.standard_normal(n)
        Z, Zt = (np.maximum(at @ theta.T / d**0.5, 0) for at in (x, points))
        a = np.linalg.lstsq(Z, y, rcond=None)[0]
        errors.append(((Zt @ a - points @ b) ** 2).mean())
    bias, variance = error_terms(N / d, n / d, RELU_Z2)
    assert np.mean(errors) == pytest.approx(float(bias + tau**2 * variance), rel=0.2)


def test_relu_weight_is_the_quadrature_over_its_half_line():
    nodes, weights = leggauss(200)
    g, weight = 6 * (nodes + 1), 6 * weights * np.exp(-18 * (nodes + 1) ** 2) / math.sqrt(2 * math.pi)  # 0..12
    mu0, mu1, second = (float(weight @ values) for values in (g, g**2, g**2))
    quadrature = mu1**2 / (second - mu0**2 - mu1**2)
    assert quadrature == pytest.approx(RELU_Z2, rel=1e-10)


def test_sizes_without_the_theory_are_named():
    with pytest.raises(ProblemError, match="psi1 = N/d must be greater than 0, got 0"):
        error_terms([0.0], 3.0, 1.0)
    with pytest.raises(ProblemError, match=r"z\^2 must be greater than 0, got 0"):
        error_terms([1.0], 3.0, 0.0)


def test_fourier_features_approach_their_kernel():
    rng = np.random.default_rng(0)
    x = rng.random((6, 10))
    Z = fourier_features(x, fourier_frequencies(rng, 10, 60_000, bandwidth=1.5))
    kernel = np.exp(-((x[:, None] - x[None]) ** 2).sum(-1) / (2 * 1.5**2))
    assert pytest.approx(kernel, abs=0.02) == Z @ Z.T / 30_000
    assert np.linalg.norm(sphere(rng, 5, 7), axis=1) == pytest.approx(np.full(5, 7**0.5))
