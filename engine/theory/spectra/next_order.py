"""What Gaussian rows leave unlearnt under any covariance, to the next order in 1/n beyond the deterministic equivalent; our own derivation.

For n rows x ~ N(0, Lam), Lam = diag(lam_i), Q = (X^T X + l)^-1 and H = l E[Q], Stein's identity for x x^T Q gives, with q = n - d + tr H,
    1 = H (1 + q Lam/l) - Lam dH/dl,
but for the covariance of tr Q and Q, of relative order 1/n^2. Without the last term H_i = kappa/(lam_i + kappa), the deterministic
equivalent, l/q = kappa. With dH/dl taken from there, dH_i/dl = lam_i/((lam_i + kappa)^2 (n - D2)), D2 = sum_i (lam_i/(lam_i + kappa))^2,
    H_i = (1 + lam_i dH_i/dl) k/(lam_i + k),   l/k = n - d + sum_i H_i.
At l = 0, n < d, H is the mean projector on what the rows do not span, whose trace is d - n exactly. Isotropic noise comes out as
n/(d-n) (1 + 1/(d-n) + ...) where it is n/(d-n-1) exactly: this is for n that are not within a few of d.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.conditions import Floats, spectrum_of
from engine.theory.spectra.deterministic_equivalent import equivalent
from engine.theory.spectra.effective_ridge import shares

ROUNDS, NEAR = 100, 1e-13  # Newton steps at most, and when they end
STEP = 1e-4  # of a derivative in the ridge, over its scale kappa (n - D2)


@dataclass(frozen=True)
class Unlearnt:
    """For a grid of (n, ridge), all (g,): mean share of each direction that is not learnt, (g, d), and kappa of the equivalent."""

    eigenvalues: Floats
    directions: Floats
    kappa: Floats
    scale: Floats  # dl/d(log kappa) of the equivalent

    @property
    def trace(self) -> Floats:
        """tr(Lam H), (g,): without ridge the mean of tr(N Lam N), N the projector on what the rows do not span."""
        return self.directions @ self.eigenvalues


def unlearnt(eigenvalues: ArrayLike, n: ArrayLike, ridge: ArrayLike = 0.0) -> Unlearnt:
    """Solve at each (n, ridge), broadcast to one grid; the ridge is on X^T X.

    Raises:
        ProblemError: as `deterministic_equivalent.equivalent`.
    """
    found = equivalent(eigenvalues, n, ridge)
    lam, spare = found.eigenvalues, found.n - found.D2
    left = np.zeros((spare.size, lam.size))
    there = found.kappa > 0  # without ridge from n = d on nothing is left
    if there.any():
        seen = shares(lam, found.kappa[there])
        weights = 1 + seen**2 / spare[there, None]  # 1 + lam dH/dl
        k = _solve(lam, weights, found.n[there], found.ridge[there], found.kappa[there])
        left[there] = weights * (1 - shares(lam, k))
    return Unlearnt(lam, left, found.kappa, found.kappa * spare)


def _solve(lam: Floats, weights: Floats, n: Floats, ridge: Floats, start: Floats) -> Floats:
    """Return k of ridge/k = n - d + sum weights k/(lam + k), (g,), by Newton's steps in log k, whose slope is positive."""
    log_k = np.log(start)
    for _ in range(ROUNDS):
        k = np.exp(log_k)
        kept, pull = shares(lam, k), ridge / k
        value = n - lam.size + (weights * (1 - kept)).sum(-1) - pull
        step = np.clip(value / ((weights * kept * (1 - kept)).sum(-1) + pull), -1.0, 1.0)
        log_k = log_k - step
        if np.abs(step).max() < NEAR:
            break
    return np.asarray(np.exp(log_k))


def noise_trace(eigenvalues: ArrayLike, n: ArrayLike, at_zero: Unlearnt | None = None) -> Floats:
    """Return the mean of tr(X^+^T Lam X^+) of fewer rows than directions, (g,): d/dl of tr(Lam H) at l = 0.

    at_zero: what is unlearnt there without ridge, where that is known.

    Raises:
        ProblemError: as `unlearnt`.
    """
    lam, samples = spectrum_of(eigenvalues), np.atleast_1d(np.asarray(n, dtype=np.float64))
    at_zero = unlearnt(lam, samples) if at_zero is None else at_zero
    step = STEP * at_zero.scale
    once, twice = np.split(unlearnt(lam, np.tile(samples, 2), np.concatenate([step, 2 * step])).trace, 2)
    return np.asarray((4 * once - 3 * at_zero.trace - twice) / (2 * step))
