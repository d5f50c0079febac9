"""Mei-Montanari against the published values, a Monte Carlo of the model itself, and limits."""

import math

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss

from engine.errors import ProblemError
from engine.phenomena.double_descent.features import fourier_features, fourier_frequencies, sphere
from engine.theory.kernels.random_features import ERF, RELU, SIGN, Moments, error_terms, moments, random_features_risk


def test_published_values_for_relu():
    assert RELU.z2 == pytest.approx(2.752, abs=5e-4)
    bias, variance = error_terms([1, 2, 5, 20], 3.0, RELU.z2)
    assert bias == pytest.approx([0.671859, 0.684899, 0.245063, 0.053319], abs=1e-6)
    assert variance == pytest.approx([0.5, 2, 1.822309, 0.498779], abs=1e-6)


def test_variance_below_the_threshold_is_that_of_least_squares():
    psi1 = np.geomspace(1e-4, 2.99, 30)
    assert error_terms(psi1, 3.0, 0.7)[1] == pytest.approx(psi1 / (3 - psi1), rel=1e-6)


def test_threshold_and_ends():
    bias, variance = error_terms([1e-6, 3.0, 1e7], 3.0, RELU.z2)
    assert np.isinf([bias[1], variance[1]]).all()
    assert bias[0] == pytest.approx(1, abs=1e-5)
    wider = error_terms(1e9, 3.0, RELU.z2)
    assert [bias[2], variance[2]] == pytest.approx([float(wider[0]), float(wider[1])], rel=1e-5)
    assert random_features_risk(3.0, 3.0, F1=0.0) == 0
    assert random_features_risk(1e-8, 3.0, F1=2.0, Fs2=0.3, tau2=0.1) == pytest.approx(4.3, abs=1e-4)


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
    assert np.mean(errors) == pytest.approx(float(random_features_risk(N / d, n / d, tau2=tau**2)), rel=0.2)


@pytest.mark.parametrize(
    ("activation", "closed"), [(lambda g: max(g, 0.0), RELU), (math.erf, ERF), (lambda g: math.copysign(1.0, g), SIGN)]
)
def test_closed_moments_are_the_quadrature(activation, closed):
    found = moments(activation)
    assert [found.mu0, found.mu1, found.mus2] == pytest.approx([closed.mu0, closed.mu1, closed.mus2], abs=1e-10)


def test_moments_of_tanh_by_gauss_hermite():
    nodes, weights = hermegauss(150)
    weights = weights / math.sqrt(2 * math.pi)
    mu1 = weights @ (nodes * np.tanh(nodes))
    found = moments(math.tanh)
    assert found.mu1 == pytest.approx(mu1, rel=1e-8)
    assert found.mus2 == pytest.approx(weights @ np.tanh(nodes) ** 2 - mu1**2, rel=1e-6)


def test_activations_without_the_theory_are_named():
    with pytest.raises(ProblemError, match="must not be linear"):
        random_features_risk(1.0, 2.0, activation=moments(lambda g: 2 * g + 1))
    with pytest.raises(ProblemError, match="must have a linear part"):
        random_features_risk(1.0, 2.0, activation=Moments(0.0, 0.0, 1.0))
    with pytest.raises(ProblemError, match="psi1 = N/d must be greater than 0, got 0"):
        error_terms([0.0], 3.0, 1.0)


def test_fourier_features_approach_their_kernel():
    rng = np.random.default_rng(0)
    x = rng.random((6, 10))
    Z = fourier_features(x, fourier_frequencies(rng, 10, 60_000, bandwidth=1.5))
    kernel = np.exp(-((x[:, None] - x[None]) ** 2).sum(-1) / (2 * 1.5**2))
    assert pytest.approx(kernel, abs=0.02) == Z @ Z.T / 30_000
    assert np.linalg.norm(sphere(rng, 5, 7), axis=1) == pytest.approx(np.full(5, 7**0.5))
