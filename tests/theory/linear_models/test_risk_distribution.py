"""The law of the excess risk against draws by the pseudoinverse and the exact mean; what luck brings, and what it does not."""

import numpy as np
import pytest
from scipy.stats import ks_2samp

from engine.errors import ProblemError
from engine.theory.linear_models.ridgeless import expected_test_mse
from engine.theory.linear_models.risk_distribution import excess_moments, excess_risks, excess_shares


def by_pseudoinverse(n, p, used, noise, count, rng):
    found = np.empty(count)
    for place in range(count):
        X, b = rng.standard_normal((n, p)), rng.standard_normal(p)
        b *= np.sqrt(used) / np.linalg.norm(b)
        found[place] = np.sum((np.linalg.pinv(X) @ (X @ b + np.sqrt(noise) * rng.standard_normal(n)) - b) ** 2)
    return found


@pytest.mark.parametrize("p", [5, 11, 12, 14, 40])
@pytest.mark.parametrize(("used", "noise"), [(1.0, 0.25), (0.0, 1.0), (4.0, 0.5)])
def test_the_law_is_that_of_the_pseudoinverse(p, used, noise):
    rng = np.random.default_rng(p)
    measured = by_pseudoinverse(12, p, used, noise, 1500, rng)
    assert ks_2samp(measured, excess_risks(12, p, used, noise, (6000,), rng)).pvalue > 1e-4


def test_its_moments_are_the_exact_curve_and_those_of_its_draws():
    p = np.array([5, 18, 50, 90])
    used, noise = np.array([0.2, 0.5, 1.0, 2.0]), np.array([1.0, 0.7, 0.3, 0.0])
    mean, variance = excess_moments(30, p, used, noise)
    assert mean + noise == pytest.approx(expected_test_mse(30, p, used, noise, 0.0), rel=1e-12)
    for place, size in enumerate(p):
        drawn = excess_risks(30, int(size), used[place], noise[place], (400_000,), np.random.default_rng(0))
        assert drawn.mean() == pytest.approx(mean[place], abs=5 * np.sqrt(variance[place] / drawn.size))
        assert drawn.var() == pytest.approx(variance[place], rel=0.1)


def test_true_means_are_as_rare_as_they_say_and_wrong_ones_are_seen():
    p, ones = np.array([10.0, 60.0]), np.ones(2)
    rng, limit = np.random.default_rng(1), 5e-4
    rarest = []
    for _ in range(300):
        means = np.array([excess_risks(20, int(size), 1.0, 1.0, (20,), rng).mean() for size in p])
        rarest.append(excess_shares(20, p, means, 20, ones, ones, limit).min())
    assert np.mean(np.array(rarest) < 0.05) < 0.16  # .0975 for two independent places
    expected = excess_moments(20, p, ones, ones)[0]
    assert (excess_shares(20, p, expected * [1.0, 1.3], 200, ones, ones, limit) < limit).tolist() == [False, True]
    assert (excess_shares(20, p, expected * [0.6, 1.0], 200, ones, ones, limit) < limit).tolist() == [True, False]


def test_what_does_not_vary_is_right_or_infinitely_rare():
    p, zero, one = np.array([10.0]), np.zeros(1), np.ones(1)
    assert excess_shares(20, p, zero + 1e-15, 20, one, zero, 1e-3)[0] == 1
    assert excess_shares(20, p, zero + 1e-6, 20, one, zero, 1e-3)[0] < 1e-3


def test_impossible_sizes_are_a_sentence():
    with pytest.raises(ProblemError, match="at least 1"):
        excess_risks(0, 5, 1.0, 1.0, (2,), np.random.default_rng(0))
    with pytest.raises(ProblemError, match="must not be negative"):
        excess_risks(5, 5, 1.0, -1.0, (2,), np.random.default_rng(0))
    with pytest.raises(ProblemError, match="at least 4 away"):
        excess_moments(20, np.array([18.0]), np.ones(1), np.ones(1))
