"""The law against quadrature, sampled spectra and its limits; the finite-n centre and Edelman's law against draws."""

import numpy as np
import pytest
from scipy.integrate import quad

from engine.errors import ProblemError
from engine.theory.spectra import marchenko_pastur as mp

GAMMAS = (0.05, 0.5, 1.0, 1.5, 8.0)


@pytest.mark.parametrize("gamma", GAMMAS)
def test_cdf_is_the_integral_of_the_density(gamma):
    low, high = mp.edges(gamma)
    half = (high - low) / 2

    def integrand(angle):
        return float(mp.density(low + half * (1 - np.cos(angle)), gamma)) * half * np.sin(angle)

    for share in (0.01, 0.2, 0.5, 0.9, 1.0):
        angle = np.pi * share
        mass = quad(integrand, 0, angle, epsabs=1e-12)[0] + max(0, 1 - 1 / gamma)
        assert mp.cdf(low + half * (1 - np.cos(angle)), gamma) == pytest.approx(mass, abs=1e-9)


@pytest.mark.parametrize("gamma", GAMMAS)
def test_ends_atom_and_moments(gamma):
    low, high = mp.edges(gamma)
    assert mp.atom(gamma) == max(0, 1 - 1 / gamma)
    assert mp.cdf([-1.0, low, high, 2 * high], gamma) == pytest.approx([0, mp.atom(gamma), 1, 1], abs=1e-12)
    assert np.all(mp.density([low * 0.5, high * 1.01], gamma) == 0)
    angle = (np.arange(20000) + 0.5) * np.pi / 20000
    x = low + (high - low) * (1 - np.cos(angle)) / 2
    weight = mp.density(x, gamma) * (high - low) / 2 * np.sin(angle) * np.pi / 20000
    assert [weight.sum(), (weight * x).sum(), (weight * x**2).sum()] == pytest.approx([min(1, 1 / gamma), 1, 1 + gamma], rel=1e-7)


def test_narrow_law_for_few_features():
    assert mp.cdf([0.99, 1.01], 1e-6) == pytest.approx([0, 1])


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_sampled_spectrum_follows_the_law(gamma):
    rng = np.random.default_rng(3)
    n = 200
    X = rng.standard_normal((10, n, int(gamma * n)))
    eigenvalues = np.linalg.eigvalsh(X.transpose(0, 2, 1) @ X / n)  # pooled over ten draws
    assert mp.kolmogorov_distance(eigenvalues, gamma) < 0.01
    assert mp.kolmogorov_distance(1.2 * eigenvalues, gamma) > 0.03


def test_distance_is_scipys_without_atom():
    from scipy.stats import kstest

    values = np.random.default_rng(0).uniform(0.1, 2.5, 50)
    assert mp.kolmogorov_distance(values, 0.5) == pytest.approx(kstest(values, lambda x: mp.cdf(x, 0.5)).statistic, abs=1e-12)


@pytest.mark.parametrize(("n", "d"), [(100, 25), (100, 60), (100, 200), (60, 240)])
def test_finite_n_centre(n, d):
    rng = np.random.default_rng(n + d)
    X = rng.standard_normal((200, n, d))
    small = X if d > n else X.transpose(0, 2, 1)
    smallest = np.linalg.eigvalsh(small @ small.transpose(0, 2, 1) / n)[:, 0]
    centre = mp.mean_smallest_eigenvalue(n, d)
    bare = mp.edges(d / n)[0]
    assert smallest.mean() == pytest.approx(centre, rel=0.04)
    assert abs(smallest.mean() - centre) < abs(smallest.mean() - bare)


def test_square_matrices_follow_edelman():
    assert mp.square_smallest_quantile(0.5) == pytest.approx(0.297, abs=5e-4)
    for share in (0.01, 0.5, 0.99):
        assert mp.square_smallest_cdf(mp.square_smallest_quantile(share)) == pytest.approx(share)
    rng = np.random.default_rng(0)
    n, draws = 60, 3000
    scaled = n * np.linalg.svd(rng.standard_normal((draws, n, n)), compute_uv=False)[:, -1] ** 2
    for x in (0.1, 1.0, 3.0):
        share = mp.square_smallest_cdf(x)
        assert (scaled <= x).mean() == pytest.approx(share, abs=4 * (share * (1 - share) / draws) ** 0.5 + 1 / n)


def test_degenerate_sizes_are_named():
    with pytest.raises(ProblemError, match="features d must be at least 2, got 1"):
        mp.mean_smallest_eigenvalue(10, 1)
    with pytest.raises(ProblemError, match="gamma = d/n must be greater than 0, got -1"):
        mp.cdf(1.0, -1.0)
    with pytest.raises(ProblemError, match="share below 1, got 1"):
        mp.square_smallest_quantile(1.0)
    assert mp.mean_smallest_eigenvalue(50, 50) == 0
