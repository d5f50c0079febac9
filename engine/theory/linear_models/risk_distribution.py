"""The exact law of the excess risk of minimum-norm least squares on p isotropic Gaussian features, without a matrix.

With n samples, |b|^2 = used on the p features, and noise of variance s^2 (omitted features included: Belkin, Hsu, Xu 2020,
arXiv:1903.07571), the error is what noise makes, s^2 chi^2_m/chi^2_nu with m = min(n, p) and nu = |n - p| + 1 (Hotelling), and beyond
p = n what the row space does not see of b, used Beta((p - n)/2, n/2). A row space says nothing of X X^T, so the two are independent.
Means are those of `ridgeless.expected_test_mse`, less s^2.
"""

from __future__ import annotations

from functools import lru_cache, partial

import numpy as np

from engine.theory.conditions import Floats, require
from engine.theory.linear_models.draw_statistics import share_of_means_as_far

FARTHEST = 10  # places on either side, in standard errors, whose shares are worked out


def excess_risks(n: int, p: int, used: float, noise: float, shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Return independent draws of |w - b|^2.

    Raises:
        ProblemError: no samples or no features, or a negative variance.
    """
    require(n >= 1 and p >= 1, f"n and p must be at least 1, got n={n}, p={p}")
    require(used >= 0 and noise >= 0, f"signal and noise must not be negative, got {used:g} and {noise:g}")
    made = noise * rng.chisquare(min(n, p), shape) / rng.chisquare(abs(n - p) + 1, shape)
    return np.asarray(made + used * rng.beta((p - n) / 2, n / 2, shape) if p > n else made)


def excess_moments(n: int, p: Floats, used: Floats, noise: Floats) -> tuple[Floats, Floats]:
    """Return mean and variance at several p (k,), at least 4 away from n, where both are finite."""
    require(bool(np.all(np.abs(p - n) >= 4)), "p must be at least 4 away from n, for the variance is infinite")
    m, nu, a, b = np.minimum(n, p), np.abs(n - p) + 1, np.maximum(p - n, 0) / 2, n / 2
    mean = m / (nu - 2)
    unseen, scatter = a / (a + b), a * b / ((a + b) ** 2 * (a + b + 1))
    return noise * mean + used * unseen, noise**2 * (m * (m + 2) / ((nu - 2) * (nu - 4)) - mean**2) + used**2 * scatter


def excess_shares(n: int, p: Floats, means: Floats, draws: int, used: Floats, noise: Floats, limit: float) -> Floats:
    """Return how rarely luck brings means of so many draws, at several p (k,), as far from their law: p-values, both sides.

    Worked out where a mean is among the ten highest or lowest, in standard errors, the farthest first, up to the first below `limit`;
    elsewhere 1. What is off by rounding alone is 1.
    """
    expected, variance = excess_moments(n, p, used, noise)
    error, shares = np.sqrt(variance / draws), np.ones(p.size)
    off = np.where(np.abs(means - expected) <= 1e-12 * (used + noise), 0.0, (means - expected) / np.maximum(error, 1e-300))
    order = np.argsort(off)
    farthest = {*order[:FARTHEST].tolist(), *order[-FARTHEST:].tolist()}
    for place in sorted(farthest, key=lambda one: -abs(off[one])):
        if off[place] != 0:
            shares[place] = _share(float(means[place]), draws, n, int(p[place]), float(used[place]), float(noise[place]), limit)
        if shares[place] < limit:
            break
    return shares


@lru_cache(maxsize=256)
def _share(mean: float, draws: int, n: int, p: int, used: float, noise: float, limit: float) -> float:
    return share_of_means_as_far(mean, draws, partial(excess_risks, n, p, used, noise), limit)
