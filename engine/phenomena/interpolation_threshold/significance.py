"""How often luck alone leads as far away from the theory as was measured: exact laws of what the draws give, at any n and any count.

Each function returns one share (a p-value, both sides) per place that is compared; a claim fails where the smallest is below
`LUCK` over the number of places, so that all of them together fail a true claim at most that often (Bonferroni).
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from engine.phenomena.interpolation_threshold.sweep import Widths
from engine.theory.inputs import Floats
from engine.theory.linear_models.draw_statistics import share_of_means_as_far
from engine.theory.linear_models.norm_distribution import squared_norms
from engine.theory.spectra.marchenko_pastur import mean_smallest_eigenvalue, smallest_eigenvalue_spread

LUCK = 0.001
"""How often a run may fail a true claim."""

CENTRE = 0.04
"""Deviations of one draw by which the finite-n mean of the smallest eigenvalue may be off itself (measured: .03)."""

MEAN_DISTANCE, COUNTED = 0.3, 3.7
"""How far the mean spectrum of any n is from its limit, and the draws' spectra from their mean, in eigenvalues (`spectral_limit`).

Measured over n = 10 to 200 (20 to 200 for entries of +1 and -1), d/n = 1/4 to 4, 20 draws: of 8,700 distances the largest was .88 of it.
"""


def train_error_shares(n: int, widths: Widths, means: Floats, draws: int, sigma2: float) -> Floats:
    """Training errors below n: over sigma2/n each draw's is chi-square with n - d degrees of freedom, whatever X of full rank is."""
    from scipy.stats import chi2

    return _both_sides(chi2(draws * (n - widths)), draws * n * means / sigma2)


def norm_shares(n: int, widths: Widths, means: Floats, draws: int, r2: float, sigma2: float) -> Floats:
    """Squared norms: by draws of their exact law, up to the first d that fails; those after it count as 1."""
    least, shares = LUCK / widths.size, np.ones(widths.size)
    for place, (d, mean) in enumerate(zip(widths.tolist(), means.tolist(), strict=True)):
        shares[place] = share_of_means_as_far(mean, draws, partial(squared_norms, n, d, r2, sigma2), least)
        if shares[place] < least:
            break
    return shares


def smallest_shares(n: int, widths: Widths, means: Floats, draws: int) -> Floats:
    """Means of the smallest eigenvalue: normal, bent by the draws' skewness (Cornish, Fisher 1937), about a mean known to `CENTRE`."""
    from scipy.stats import norm

    deviation, skewness = smallest_eigenvalue_spread(n, widths)
    off = (means - mean_smallest_eigenvalue(n, widths)) / deviation
    x = np.sign(off) * np.maximum(np.abs(off) - CENTRE, 0.0) * math.sqrt(draws)
    bend = skewness / math.sqrt(draws) / 6
    root = 1 + 4 * bend * (x + bend)  # of x = u + bend (u^2 - 1), u the normal deviation
    u = np.where(root > 0, 2 * (x + bend) / (1 + np.sqrt(np.maximum(root, 0.0))), np.copysign(np.inf, x))
    return np.asarray(2 * norm.sf(np.abs(u)))


def separable_shares(expected: Floats, counts: Floats, draws: int) -> Floats:
    """Numbers of separable labellings: binomial; where the expectation is certain, anything else never happens."""
    from scipy.stats import binom

    return _both_sides(binom(draws, np.minimum(expected, 1.0)), counts, discrete=True)


def spectral_limit(n: int, d: int, draws: int) -> float:
    """Return the largest Kolmogorov distance of the pooled spectra of true draws to the Marchenko-Pastur law.

    d times it counts eigenvalues. The mean spectrum of finite n is off by .2 to .3 of one. One draw's count below any point varies by
    about `.2 (1 + log min(n, d))` (Gaussian ensembles: `2/(pi^2 beta) log`, Costin, Lebowitz 1995, and a constant), that of the draws
    together by a `draws`-th of it.
    """
    varies = 0.2 * (1 + math.log(min(n, d)))
    return (MEAN_DISTANCE + COUNTED * math.sqrt(varies / draws)) / d


def _both_sides(law: Any, values: Floats, discrete: bool = False) -> Floats:
    """Twice the smaller tail, at most 1."""
    below, above = law.cdf(values), law.sf(values - 1 if discrete else values)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(below, above)))
