"""Families of covariance eigenvalues, largest first, and the noise risk of interpolation that each tends to.

Bartlett et al. 2020 (arXiv:1906.11300), Theorem 6: `exp-eps` and `log`; Mallinar et al. 2022 (arXiv:2207.06569): the limits
of E0, the test MSE of a ridgeless fit per unit of pure noise. Excess noise risk is (E0 - 1) sigma2.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.conditions import Floats, number, numbers, ratio, require

Family = Literal["exp-eps", "power", "log", "exponential", "isotropic"]


def _indices(p: int) -> Floats:
    require(p >= 2, f"a spectrum needs at least 2 eigenvalues, got {p}")
    return np.arange(1, p + 1, dtype=np.float64)


def exponential_plus_floor(n: int, tau: float = 5.0, p: int | None = None, floor: float | None = None) -> Floats:
    """Return exp(-k/tau) + eps, (p,): by default p = n^1.5 and eps p = sqrt(n), which Theorem 6 (2) makes benign."""
    require(n >= 2, f"the number of samples n must be at least 2, got {n}")
    p = round(n**1.5) if p is None else p
    floor = math.sqrt(n) / p if floor is None else number("the floor eps", floor, above=0)
    return np.exp(-_indices(p) / number("tau", tau, above=0)) + floor


def power(p: int, a: float = 2.0) -> Floats:
    """Return k^-a, (p,). The tail that is cut off would act as a ridge; without it a false floor appears unless p >> n."""
    return _indices(p) ** -number("the exponent a", a, least=0)


def logarithmic(p: int, c: float = 2.0, a: float = 1.0) -> Floats:
    """Return k^-a ln((k+1) e/2)^-c, (p,): in infinite dimension benign iff a = 1 and c > 1 (Theorem 6 (1))."""
    k = _indices(p)
    return k ** -number("the exponent a", a, least=0) * np.log((k + 1) * math.e / 2) ** -number("the exponent c", c)


def exponential(p: int, tau: float = 5.0) -> Floats:
    """Return exp(-k/tau), (p,).

    Raises:
        ProblemError: p/tau so large that the last eigenvalues underflow to 0.
    """
    tau = number("tau", tau, above=0)
    require(p / tau < 700, f"exp(-p/tau) underflows to zero eigenvalues for p/tau >= 700, got p={p}, tau={tau:g}", "Lower p.")
    return np.exp(-_indices(p) / tau)


def isotropic(p: int) -> Floats:
    """Return p eigenvalues 1."""
    return np.ones_like(_indices(p))


def spectrum(family: Family, n: int, p: int, *, tau: float = 5.0, a: float = 2.0, c: float = 2.0) -> Floats:
    """Return the eigenvalues (p,) of a family; `exp-eps` takes its floor from eps p = sqrt(n)."""
    if family == "exp-eps":
        return exponential_plus_floor(n, tau, p)
    if family == "power":
        return power(p, a)
    if family == "log":
        return logarithmic(p, c)
    return exponential(p, tau) if family == "exponential" else isotropic(p)


def limiting_noise_error(family: Family, n: ArrayLike, *, tau: float = 5.0, a: float = 2.0, gamma: ArrayLike = 2.0) -> Floats:
    """Return what E0 tends to with n: a for `power`, gamma/(gamma-1) isotropic, 1 for the benign families.

    `exponential` has no limit but n/(tau (1 - exp(-n/tau))), the deterministic equivalent's sum taken as an integral.

    Raises:
        ProblemError: a <= 1 for `power`, or gamma <= 1 isotropic, where these limits do not hold.
    """
    n = numbers("the number of samples n", n, least=2)
    if family == "power":
        return np.full_like(n, number("the exponent a of a tempered power law", a, above=1))
    if family == "exponential":
        scaled = n / number("tau", tau, above=0)
        return ratio(scaled, -np.expm1(-scaled))
    if family == "isotropic":
        gamma = numbers("gamma = p/n of an interpolating fit", gamma, above=1)
        return np.broadcast_arrays(ratio(gamma, gamma - 1), n)[0].copy()
    return np.ones_like(n)
