"""Ridgeless regression on N random ReLU features of n points in d dimensions, at finite sizes: a deterministic equivalent.

Simon, Karkada, Ghosh, Belkin 2024 (arXiv:2311.14646), Section 4, without ridge; proved with rates by Defilippis, Loureiro, Misiakiewicz
2024 (arXiv:2405.15699). It needs the kernel's eigenvalues alone: of relu(<theta, x>/sqrt(d)) on spheres of radius sqrt(d) they are squared
Gegenbauer coefficients, one a degree, as often as there are harmonics of it. For N, n, d -> infinity together all degrees but 0 and 1 act
as one ridge and Mei and Montanari's limit is left; at d = 60 and n = 3d the second degree, d^2/2 harmonics, adds a tenth to the error.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.conditions import Floats, numbers, require

DEGREES, NODES, HALVINGS = 40, 400, 200


@lru_cache(maxsize=8)
def relu_spectrum(d: int) -> tuple[Floats, Floats, float]:
    """Return harmonics of each degree (41,), the eigenvalue of each degree (41,), and the power of all higher degrees.

    Raises:
        ProblemError: fewer than 3 dimensions.
    """
    require(d >= 3, f"random features need at least 3 dimensions, got {d}")
    x, w = np.polynomial.legendre.leggauss(NODES)
    t = np.concatenate([x - 1, x + 1]) / 2  # cosines, on either side of the kink
    weight = np.concatenate([w, w]) * np.exp((d - 3) / 2 * np.log1p(-(t**2)))
    weight /= weight.sum()
    values = np.sqrt(d) * np.maximum(t, 0.0)
    harmonics, lam = np.ones(DEGREES + 1), np.empty(DEGREES + 1)
    before, polynomial = np.zeros_like(t), np.ones_like(t)  # Gegenbauer, 1 at t = 1
    for degree in range(DEGREES + 1):
        lam[degree] = (weight @ (values * polynomial)) ** 2
        if degree:  # (2k + d - 2)/(k + d - 2) times C(k + d - 2, k), from the degree before
            ratio = (2 * degree + d - 2) / (2 * degree + d - 4) * (degree + d - 3) / degree if degree > 1 else float(d)
            harmonics[degree] = harmonics[degree - 1] * ratio
        before, polynomial = polynomial, ((2 * degree + d - 2) * t * polynomial - degree * before) / (degree + d - 2)
    return harmonics, lam, float(max(0.0, weight @ values**2 - harmonics @ lam))


def finite_error_terms(N: ArrayLike, n: int, d: int) -> tuple[Floats, Floats]:
    """Return (bias, variance), (k,), that multiply the power of a linear target and of the label noise; infinite at N = n.

    Raises:
        ProblemError: a size below 1, or fewer than 3 dimensions.
    """
    N = numbers("features N", N, above=0)
    require(n >= 1, f"the number of samples n must be at least 1, got {n}")
    harmonics, lam, tail = relu_spectrum(d)
    z = np.minimum(N, n)
    low, high = np.full(N.size, -60.0), np.full(N.size, 30.0)  # of log kappa: sum_i lam_i/(lam_i + kappa) = z
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        kappa = np.exp(middle)[:, None]
        above = (lam / (lam + kappa)) @ harmonics + tail / kappa[:, 0] > z
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    kappa = np.exp((low + high) / 2)
    share = lam / (lam + kappa[:, None])
    q, linear = share**2 @ harmonics, share[:, 1]
    fits = np.where(n == N, 0.0, 1 - (q * (N - 2 * z) + z**2) / (n * (N - q)))
    unseen = (1 - linear) * (1 - linear * (N - z) / (N - q))
    with np.errstate(divide="ignore"):
        return unseen / fits, 1 / fits - 1
