"""The law of the squared norm against draws by the pseudoinverse and the exact mean; the test of a mean at its promised rate."""

from functools import partial

import numpy as np
import pytest
from scipy.stats import ks_2samp

from engine.errors import ProblemError
from engine.theory.linear_models.draw_statistics import share_of_means_as_far
from engine.theory.linear_models.norm_distribution import squared_norms

SIZES = [(12, 5), (12, 10), (12, 12), (12, 14), (12, 40)]


def _by_pseudoinverse(n, d, r2, sigma2, count, rng):
    found = np.empty(count)
    for place in range(count):
        X, b = rng.standard_normal((n, d)), rng.standard_normal(d)
        b *= np.sqrt(r2) / np.linalg.norm(b)
        found[place] = np.sum((np.linalg.pinv(X) @ (X @ b + np.sqrt(sigma2) * rng.standard_normal(n))) ** 2)
    return found


@pytest.mark.parametrize(("n", "d"), SIZES)
@pytest.mark.parametrize(("r2", "sigma2"), [(1.0, 0.25), (0.0, 1.0), (4.0, 0.5)])
def test_the_law_is_that_of_the_pseudoinverse(n, d, r2, sigma2):
    rng = np.random.default_rng(n + d)
    measured = _by_pseudoinverse(n, d, r2, sigma2, 1500, rng)
    assert ks_2samp(measured, squared_norms(n, d, r2, sigma2, (6000,), rng)).pvalue > 1e-4


@pytest.mark.parametrize(("n", "d"), [(30, 12), (30, 60)])
def test_its_mean_is_the_norm_law(n, d):
    drawn = squared_norms(n, d, 2.0, 0.5, (200_000,), np.random.default_rng(0))
    expected = 2.0 * min(1, n / d) + 0.5 * min(n, d) / (abs(n - d) - 1)
    assert abs(drawn.mean() - expected) < 4 * drawn.std() / np.sqrt(drawn.size)


def test_the_share_of_a_mean_is_a_p_value():
    rng = np.random.default_rng(1)
    law = partial(squared_norms, 20, 30, 1.0, 0.25)
    shares = np.array([share_of_means_as_far(float(law((20,), rng).mean()), 20, law, 1e-3) for _ in range(400)])
    for level in (0.5, 0.1, 0.03):
        assert abs((shares <= level).mean() - level) < 4 * np.sqrt(level * (1 - level) / 400) + 0.1 * level


def test_a_mean_that_luck_does_not_bring_is_seen_on_either_side():
    expected = 1.0 * 20 / 30 + 0.25 * 20 / 9
    for factor in (0.5, 2.0):
        assert share_of_means_as_far(factor * expected, 50, partial(squared_norms, 20, 30, 1.0, 0.25), 1e-3) < 1e-3


def test_impossible_sizes_are_a_sentence():
    rng = np.random.default_rng(0)
    with pytest.raises(ProblemError, match="n and d must be at least 2, got n=1, d=5"):
        squared_norms(1, 5, 1.0, 1.0, (2,), rng)
    with pytest.raises(ProblemError, match="must not be negative"):
        squared_norms(5, 5, 1.0, -1.0, (2,), rng)
