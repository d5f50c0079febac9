"""Ridgeless regression on random features f(<theta, x>/sqrt(d)), in the limit N, n, d -> infinity.

Mei, Montanari 2022 (arXiv:1908.05355), Theorem 3 and its ridgeless case: inputs and weights uniform on spheres of radius
sqrt(d), psi1 = N/d, psi2 = n/d. The target has a linear part of power F1^2 and a non-linear part of power Fs^2 that no
linear function of x follows; tau2 is the label noise. The activation counts only through its Gaussian moments.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.theory.conditions import Floats, number, numbers

RELU_Z2 = 0.5**2 / (0.25 - 1 / (2 * math.pi))
"""z^2 of ReLU features, mu1^2/mus^2 with mu1 = E G f(G) and mus^2 = E f(G)^2 - (E f(G))^2 - mu1^2: the weight of their linear part."""


def _chi(psi: Floats, z2: float) -> Floats:
    """Return c(psi, z) = -(sqrt((psi z^2 - z^2 - 1)^2 + 4 z^2 psi) + psi z^2 - z^2 - 1)/(2 z^2) <= 0."""
    middle = psi * z2 - z2 - 1
    root = np.sqrt(middle**2 + 4 * z2 * psi)
    above = middle >= 0  # below, the sum cancels: multiply by its conjugate
    return np.where(above, -(root + middle) / (2 * z2), -2 * psi / np.where(above, 1.0, root - middle))


def error_terms(psi1: ArrayLike, psi2: float, z2: float) -> tuple[Floats, Floats]:
    """Return (bias, variance) = (E1/E0, E2/E0), infinite at psi1 = psi2; they multiply F1^2 and tau2 + Fs^2.

    Below the threshold the variance is psi1/(psi2 - psi1).
    """
    P, S = numbers("psi1 = N/d", psi1, above=0), number("psi2 = n/d", psi2, above=0)
    z2 = number("z^2", z2, above=0)
    z4, z6 = z2**2, z2**3
    c = _chi(np.minimum(P, S), z2)
    E0 = (
        -(c**5) * z6 + 3 * c**4 * z4 + (P * S - S - P + 1) * c**3 * z6 - 2 * c**3 * z4 - 3 * c**3 * z2
        + (P + S - 3 * P * S + 1) * c**2 * z4 + 2 * c**2 * z2 + c**2 + 3 * P * S * c * z2 - P * S
    )  # fmt: skip
    E1 = S * c**3 * z4 - S * c**2 * z2 + P * S * c * z2 - P * S
    E2 = c**5 * z6 - 3 * c**4 * z4 + (P - 1) * c**3 * z6 + 2 * c**3 * z4 + 3 * c**3 * z2 - (P + 1) * c**2 * z4 - 2 * c**2 * z2 - c**2
    return _quotient(E1, E0, P == S), _quotient(E2, E0, P == S)


def _quotient(numerator: Floats, denominator: Floats, infinite: NDArray[np.bool_]) -> Floats:
    return np.where(infinite, np.inf, numerator / np.where(infinite, 1.0, denominator))
