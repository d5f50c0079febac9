"""Ridgeless regression on random features f(<theta, x>/sqrt(d)), in the limit N, n, d -> infinity.

Mei, Montanari 2022 (arXiv:1908.05355), Theorem 3 and its ridgeless case: inputs and weights uniform on spheres of radius
sqrt(d), psi1 = N/d, psi2 = n/d. The target has a linear part of power F1^2 and a non-linear part of power Fs^2 that no
linear function of x follows; tau2 is the label noise. The activation counts only through its Gaussian moments.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.theory.conditions import Floats, number, numbers, require


@dataclass(frozen=True)
class Moments:
    """Gaussian moments of an activation: mu0 = E f(G), mu1 = E G f(G), mus2 = E f(G)^2 - mu0^2 - mu1^2."""

    mu0: float
    mu1: float
    mus2: float

    @property
    def z2(self) -> float:
        """(mu1/mus)^2, the weight of the linear part of the features.

        Raises:
            ProblemError: a linear activation, whose features are no more than x, or one without linear part.
        """
        require(self.mus2 > 0, f"the activation must not be linear: its non-linear power is {self.mus2:.3g}")
        require(self.mu1 != 0, "the activation must have a linear part, got mu1=0")
        return self.mu1**2 / self.mus2


RELU = Moments(1 / math.sqrt(2 * math.pi), 0.5, 0.25 - 1 / (2 * math.pi))
SIGN = Moments(0.0, math.sqrt(2 / math.pi), 1 - 2 / math.pi)
ERF = Moments(0.0, 2 / math.sqrt(3 * math.pi), 2 / math.pi * math.asin(2 / 3) - 4 / (3 * math.pi))


def moments(activation: Callable[[float], float]) -> Moments:
    """Return the moments of any activation by quadrature on both half-lines (a kink or jump may lie at 0)."""
    from scipy.integrate import quad

    def mean(function: Callable[[float], float]) -> float:
        def integrand(g: float) -> float:
            return function(g) * math.exp(-g * g / 2) / math.sqrt(2 * math.pi)

        sides = (quad(integrand, low, high, epsabs=1e-13, epsrel=1e-12)[0] for low, high in ((-40, 0), (0, 40)))
        return float(sum(sides))

    mu0, mu1 = mean(activation), mean(lambda g: g * activation(g))
    mus2 = mean(lambda g: (activation(g) - mu0 - mu1 * g) ** 2)
    return Moments(mu0, mu1, mus2 if mus2 > 1e-12 * (mu0**2 + mu1**2) else 0.0)


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


def random_features_risk(
    psi1: ArrayLike, psi2: float, F1: float = 1.0, Fs2: float = 0.0, tau2: float = 0.0, activation: Moments = RELU
) -> Floats:
    """Return the risk F1^2 E1/E0 + (tau2 + Fs2) E2/E0 + Fs2 over psi1 = N/d, without the noise of the test label.

    F1: norm of the linear part; Fs2: power of the non-linear part; tau2: noise variance. Infinite at N = n.
    """
    noise = number("the noise variance tau2", tau2, least=0) + number("the non-linear power Fs2", Fs2, least=0)
    bias, variance = error_terms(psi1, psi2, activation.z2)
    return _weighted(F1**2, bias) + _weighted(noise, variance) + Fs2


def _weighted(weight: float, term: Floats) -> Floats:
    return np.zeros_like(term) if weight == 0 else weight * term


def _quotient(numerator: Floats, denominator: Floats, infinite: NDArray[np.bool_]) -> Floats:
    return np.where(infinite, np.inf, numerator / np.where(infinite, 1.0, denominator))
