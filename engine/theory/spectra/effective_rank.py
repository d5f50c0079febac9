"""Effective ranks of a covariance spectrum and the bounds on the risk of interpolation that they give.

Bartlett, Long, Lugosi, Tsigler 2020 (arXiv:1906.11300): r_k = sum_{i>k} lam_i / lam_{k+1},
R_k = (sum_{i>k} lam_i)^2 / sum_{i>k} lam_i^2, k* = min{k >= 0: r_k >= b n}; benign iff r_0/n, k*/n and n/R_{k*} all
vanish. r_0 small but r_{k*} large: the head is low-dimensional, the tail is not. Ridge: Tsigler, Bartlett 2023
(arXiv:2009.14286). Constants that the papers leave open are arguments, 1 by default: only orders are meant.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.conditions import Floats, number, numbers, require, spectrum_of


def tail_sums(values: Floats) -> Floats:
    """Return sum_{i > k} values_i for k = 0..p-1, (p,), added up from the small end."""
    return np.cumsum(values[::-1])[::-1]


def effective_ranks(eigenvalues: ArrayLike) -> tuple[Floats, Floats]:
    """Return r_k and R_k for k = 0..p-1, (p,) each; 1 <= r_k <= R_k <= r_k^2.

    Raises:
        ProblemError: an eigenvalue that is not positive.
    """
    lam = spectrum_of(eigenvalues)
    scaled = lam / lam[0]  # squares of tiny eigenvalues underflow less
    tail = tail_sums(scaled)
    return tail / scaled, (tail / scaled) ** 2 / _relative_squares(scaled)


def _relative_squares(lam: Floats) -> Floats:
    """Return sum_{i>k} lam_i^2 / lam_{k+1}^2, (p,), by Horner's rule where squares would underflow."""
    squares = lam**2
    if squares[-1] > np.finfo(np.float64).tiny:
        return tail_sums(squares) / squares
    sums = np.ones_like(lam)
    for k in range(lam.size - 2, -1, -1):
        sums[k] = 1 + sums[k + 1] * (lam[k + 1] / lam[k]) ** 2
    return sums


def critical_rank(eigenvalues: ArrayLike, n: int, b: float = 1.0, ridge: float = 0.0) -> int | None:
    """Return k* = min{k: r_k + ridge/lam_{k+1} >= b n}, or None if no k qualifies (the tail is too short to hide noise in)."""
    require(n >= 2, f"the number of samples n must be at least 2, got {n}")
    ranks, _ = effective_ranks(eigenvalues)
    large = ranks + ridge / spectrum_of(eigenvalues) >= number("the constant b", b, above=0) * n
    return int(large.argmax()) if large.any() else None


@dataclass(frozen=True)
class BenignTerms:
    """What Theorem 4 says of one spectrum at one n. Terms are infinite without a k*, where risk >= sigma2/c."""

    k_star: int | None
    tail_rank: float  # r_{k*}
    tail_rank_squared: float  # R_{k*}
    r0_over_n: float
    k_over_n: float
    n_over_tail: float  # n/R_{k*}

    @property
    def conditions(self) -> tuple[float, float, float]:
        """r_0/n, k*/n and n/R_{k*}, which must vanish with n."""
        return self.r0_over_n, self.k_over_n, self.n_over_tail

    @property
    def noise_rate(self) -> float:
        """k*/n + n/R_{k*}, the order of the excess noise risk per unit noise variance."""
        return self.k_over_n + self.n_over_tail


def benign_terms(eigenvalues: ArrayLike, n: int, b: float = 1.0) -> BenignTerms:
    """Return k*, the effective ranks there, and the three quantities that must vanish for benign overfitting."""
    lam = spectrum_of(eigenvalues)
    r, R = effective_ranks(lam)
    k = critical_rank(lam, n, b)
    if k is None:
        return BenignTerms(None, math.nan, math.nan, float(r[0]) / n, math.inf, math.inf)
    return BenignTerms(k, float(r[k]), float(R[k]), float(r[0]) / n, k / n, n / float(R[k]))


def upper_bound(terms: BenignTerms, n: int, norm2: float, largest: float, sigma2: float, delta: float = 0.05, c: float = 1.0) -> float:
    """Return Theorem 4's bound on the excess risk, with probability 1 - delta; norm2 = |b|^2, largest = |Sigma|.

    c |b|^2 |Sigma| max(sqrt(r0/n), r0/n, sqrt(ln(1/delta)/n)) + c ln(1/delta) sigma2 (k*/n + n/R_{k*}); sigma2 bounds
    the noise as that of a Gaussian does. The theorem is for k* < n/c1.
    """
    require(0 < delta < 1, f"the failure probability delta must lie between 0 and 1, got {delta:g}")
    surprise = math.log(1 / delta)
    signal = norm2 * largest * max(math.sqrt(terms.r0_over_n), terms.r0_over_n, math.sqrt(surprise / n))
    noise = 0.0 if sigma2 == 0 else surprise * sigma2 * terms.noise_rate
    return c * (signal + noise)


def lower_bound(terms: BenignTerms, n: int, sigma2: float, c: float = 1.0, c1: float = 1.0) -> float:
    """Return Theorem 4's lower bound on the expected excess risk: (sigma2/c) (k*/n + n/R_{k*}), or sigma2/c if k* >= n/c1."""
    number("the noise variance", sigma2, least=0)
    if terms.k_star is None or terms.k_star >= n / c1:
        return sigma2 / c
    return sigma2 / c * terms.noise_rate


def ridge_terms(eigenvalues: ArrayLike, b: ArrayLike, n: int, k: int, ridge: float = 0.0, sigma2: float = 1.0) -> tuple[float, float]:
    """Return the orders of (variance, bias) of ridge regression split at k, with T_k = ridge + sum_{i>k} lam_i.

    variance ~ sigma2 (k/n + n sum_{i>k} lam_i^2/T_k^2); bias ~ sum_{i>k} lam_i b_i^2 + sum_{i<=k} b_i^2/lam_i (T_k/n)^2.
    b: (p,) true coefficients, in the order of the eigenvalues.

    Raises:
        ProblemError: k outside 0..p-1, or a ridge at or below minus the tail's sum.
    """
    lam = spectrum_of(eigenvalues)
    target = numbers("a true coefficient", b)
    require(lam.shape == target.shape, f"b must have one entry per eigenvalue ({lam.size}), got {target.size}")
    require(0 <= k < lam.size, f"the split k must lie in 0..{lam.size - 1}, got {k}")
    tail = float(tail_sums(lam)[k])
    total = ridge + tail
    require(total > 0, f"the ridge must exceed minus the tail's sum, {-tail:.4g}, got {ridge:g}", "Raise the ridge.")
    variance = sigma2 * (k / n + n * float(np.sum((lam[k:] / total) ** 2)))
    bias = float(np.sum(lam[k:] * target[k:] ** 2)) + float(np.sum(target[:k] ** 2 / lam[:k])) * (total / n) ** 2
    return variance, bias
