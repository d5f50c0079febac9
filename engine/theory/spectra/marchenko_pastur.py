"""Eigenvalues of X^T X/n for an n x d matrix of independent entries with variance 1: the law, its edges, its finite-n corner.

Marchenko, Pastur 1967; d = n: Edelman 1988. gamma = d/n. Scaling X^T X by anything but n moves every eigenvalue.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.conditions import Floats, number, numbers, require

TRACY_WIDOM_SHIFT, TRACY_WIDOM_DEVIATION, TRACY_WIDOM_SKEWNESS = 1.2065, 1.2680, 0.2935
"""Minus the mean, the deviation and the skewness of the Tracy-Widom law of real matrices, which minus the smallest eigenvalue follows."""

SECOND_ORDER = 1.38
"""What the mean of the smallest eigenvalue has of tau^2, tau its scale over the edge.

Measured, as are the terms of deviation and skewness, on 30,000 Wishart matrices for each of 53 sizes n = 10 to 320, d/n = .05 to 10:
for tau up to .45 the mean is then off by .03 of a deviation at most, and the deviation by 3 %.
"""


def edges(gamma: ArrayLike) -> tuple[Floats, Floats]:
    """Return the ends of the support, (1 -+ sqrt(gamma))^2."""
    root = np.sqrt(numbers("gamma = d/n", gamma, above=0))
    return (1 - root) ** 2, (1 + root) ** 2


def atom(gamma: ArrayLike) -> Floats:
    """Return the mass at 0: 1 - 1/gamma beyond gamma = 1, none before."""
    return 1 - 1 / np.maximum(1, numbers("gamma = d/n", gamma, above=0))


def density(x: ArrayLike, gamma: ArrayLike) -> Floats:
    """Return the density sqrt((e2-x)(x-e1))/(2 pi gamma x) of the part away from 0, whose mass is min(1, 1/gamma)."""
    low, high = edges(gamma)
    x, gamma = np.asarray(x, dtype=np.float64), np.asarray(gamma, dtype=np.float64)
    inside = (x > low) & (x < high)
    radicand = np.where(inside, (high - x) * (x - low), 0.0)
    return np.sqrt(radicand) / (2 * np.pi * gamma * np.where(inside, x, 1.0))


def cdf(x: ArrayLike, gamma: ArrayLike) -> Floats:
    """Return the share of eigenvalues up to x, the atom at 0 included.

    The integral of the density in closed form: with root = sqrt((e2-x)(x-e1)), u = x-1-gamma and v = (1+gamma)x-(1-gamma)^2,
    2 pi gamma F = root + (1+gamma)(atan2(u, root) + pi/2) - |1-gamma|(atan2(v, |1-gamma| root) + pi/2).
    """
    low, high = edges(gamma)
    x, gamma = np.asarray(x, dtype=np.float64), np.asarray(gamma, dtype=np.float64)
    within = np.clip(x, low, high)
    root, gap = np.sqrt((high - within) * (within - low)), np.abs(1 - gamma)
    rise = (1 + gamma) * (np.arctan2(within - 1 - gamma, root) + np.pi / 2)
    pull = gap * (np.arctan2((1 + gamma) * within - gap**2, gap * root) + np.pi / 2)
    return np.where(x < 0, 0.0, atom(gamma) + np.where(x <= low, 0.0, (root + rise - pull) / (2 * np.pi * gamma)))


def kolmogorov_distance(eigenvalues: ArrayLike, gamma: float) -> float:
    """Return the largest gap between the empirical distribution of all d eigenvalues (zeros included) and the law."""
    ordered = np.sort(numbers("an eigenvalue", eigenvalues).ravel())
    require(ordered.size > 0, "a distance to the Marchenko-Pastur law needs eigenvalues, got none")
    if gamma > 1:  # rounding puts the zeros on either side of the atom; they all belong to it
        ordered = np.where(np.abs(ordered) < 1e-12 * max(1.0, ordered[-1]), 0.0, ordered)
    values, first = np.unique(ordered, return_index=True)
    upper = np.append(first[1:], ordered.size) / ordered.size
    law = cdf(values, gamma)
    before = np.where(values <= 0, 0.0, law)  # the law's left limit: it jumps at 0 alone
    return float(max(np.abs(law - upper).max(), np.abs(before - first / ordered.size).max()))


def mean_smallest_eigenvalue(n: ArrayLike, d: ArrayLike) -> Floats:
    """Return the finite-n mean of the smallest non-zero eigenvalue of X^T X/n, X Gaussian, for gamma away from 1.

    With N = max(n,d) - 1/2, M = min(n,d) - 1/2, gap = sqrt(N) - sqrt(M), c = (1/sqrt(M) - 1/sqrt(N))^(1/3):
    (gap^2 + 1.2065 gap c + 1.38 c^2)/n. The first two terms are Tracy and Widom's; without the third the mean is 1 to 5 % low at n = 100.
    """
    gap, width = _edge(n, d)
    return (gap**2 + TRACY_WIDOM_SHIFT * gap * width + SECOND_ORDER * width**2) / np.asarray(n, dtype=np.float64)


def smallest_eigenvalue_scale(n: ArrayLike, d: ArrayLike) -> Floats:
    """Return tau = c/gap, the scale of the smallest eigenvalue over its edge: the finite-n law is known up to about .45."""
    gap, width = _edge(n, d)
    return np.where(gap > 0, width / np.where(gap > 0, gap, 1.0), np.inf)


def smallest_eigenvalue_spread(n: ArrayLike, d: ArrayLike) -> tuple[Floats, Floats]:
    """Return deviation and skewness of the smallest non-zero eigenvalue of X^T X/n, X Gaussian, for scales tau up to about .45.

    1.268 gap c (1 + .72 tau + .73 tau^2)/n, and -.2935 + 2.5 tau; see `SECOND_ORDER`.
    """
    gap, width = _edge(n, d)
    tau = smallest_eigenvalue_scale(n, d)
    deviation = TRACY_WIDOM_DEVIATION * gap * width * (1 + 0.72 * tau + 0.73 * tau**2) / np.asarray(n, dtype=np.float64)
    return deviation, 2.5 * tau - TRACY_WIDOM_SKEWNESS


def _edge(n: ArrayLike, d: ArrayLike) -> tuple[Floats, Floats]:
    """Return gap and c of `mean_smallest_eigenvalue`."""
    n, d = numbers("the number of samples n", n, least=2), numbers("the number of features d", d, least=2)
    root_large, root_small = np.sqrt(np.maximum(n, d) - 0.5), np.sqrt(np.minimum(n, d) - 0.5)
    return root_large - root_small, np.cbrt(1 / root_small - 1 / root_large)


def square_smallest_cdf(x: ArrayLike) -> Floats:
    """Return P(n l <= x) = 1 - exp(-x/2 - sqrt(x)), l the smallest eigenvalue of X X^T for a large square X (Edelman 1988)."""
    x = np.maximum(np.asarray(x, dtype=np.float64), 0)
    return -np.expm1(-x / 2 - np.sqrt(x))


def square_smallest_quantile(share: float) -> float:
    """Return the x with `square_smallest_cdf(x) = share`; the median is .297."""
    share = number("the share", share, least=0)
    require(share < 1, f"a quantile needs a share below 1, got {share:g}")
    return (math.sqrt(1 - 2 * math.log1p(-share)) - 1) ** 2
