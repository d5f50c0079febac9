"""Test error of ridge regression under any covariance, from one scalar equation.

With eigenvalues lam_i (p of them), target coefficients b_i, n samples and a ridge on X^T X:
    sum_i lam_i/(lam_i + kappa) + ridge/kappa = n,   D2 = sum_i (lam_i/(lam_i + kappa))^2,   E0 = n/(n - D2),
    test MSE = E0 (sigma2 + kappa^2 sum_i lam_i b_i^2/(lam_i + kappa)^2).
Hastie et al. 2022 (arXiv:1903.08560), Mallinar et al. 2022 (arXiv:2207.06569), Tsigler, Bartlett 2023 (arXiv:2009.14286).

kappa comes from `effective_ridge`. E0 is infinite at p = n without ridge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.theory.conditions import Floats, number, numbers, ratio, require, spectrum_of
from engine.theory.spectra.effective_ridge import limit, shares, solve


@dataclass(frozen=True)
class Equivalent:
    """Solution for a grid of (n, ridge), all (g,): kappa, D2 and E0 = n/(n - D2), the test MSE per unit of pure noise."""

    eigenvalues: Floats  # (p,) or (g, p)
    n: Floats
    ridge: Floats
    kappa: Floats
    D2: Floats

    @property
    def E0(self) -> Floats:
        """n/(n - D2); the excess noise risk is (E0 - 1) sigma2."""
        return ratio(self.n, self.n - self.D2)

    def unlearnt(self, b2: ArrayLike) -> Floats:
        """Return kappa^2 sum lam_i b_i^2/(lam_i + kappa)^2, (g,), for squared target coefficients b2 (p,)."""
        squared = numbers("a squared target coefficient", b2, least=0)
        p = self.eigenvalues.shape[-1]
        require(squared.shape == (p,), f"b2 must have {p} entries, one per eigenvalue, got shape {squared.shape}")
        return ((1 - shares(self.eigenvalues, self.kappa)) ** 2 * self.eigenvalues) @ squared

    def test_mse(self, b2: ArrayLike, sigma2: ArrayLike) -> Floats:
        """Return E0 (sigma2 + unlearnt signal), (g,), noise of the test label included."""
        total = numbers("the noise variance", sigma2, least=0) + self.unlearnt(b2)
        return np.where(total == 0, 0.0, total * np.where(total == 0, 1.0, self.E0))


def equivalent(eigenvalues: ArrayLike, n: ArrayLike, ridge: ArrayLike = 0.0) -> Equivalent:
    """Solve for kappa at each (n, ridge), broadcast to one grid (g,); eigenvalues (p,) largest first.

    Without ridge and p <= n, kappa is 0 and D2 = p (ordinary least squares).

    Raises:
        ProblemError: an eigenvalue that is not positive, or a ridge at or below the limit where E0 is infinite.
    """
    lam = spectrum_of(eigenvalues)
    samples, penalty = _grid(n, ridge)
    kappa = solve(lam[None], np.full(samples.size, lam.size), samples, penalty)
    return Equivalent(lam, samples, penalty, kappa, (shares(lam, kappa) ** 2).sum(-1))


@dataclass(frozen=True)
class NestedEquivalent:
    """Solution when only the first p of D eigendirections are fitted, for a grid of p (g,): the others' signal acts as noise."""

    found: Equivalent
    omitted: Floats  # (g, D) eigenvalues left out

    def bias(self, b2: ArrayLike) -> Floats:
        """Return the excess test MSE without label noise, (g,), for squared target coefficients b2 (D,): E0 (unlearnt + omitted)."""
        squared = numbers("a squared target coefficient", b2, least=0)
        return self.found.test_mse(squared, self.omitted @ squared)

    def bias_of_mean(self, b2: ArrayLike) -> Floats:
        """Return the squared bias of the mean fit over training sets, (g,): unlearnt + omitted, without the factor E0."""
        squared = numbers("a squared target coefficient", b2, least=0)
        return self.found.unlearnt(squared) + self.omitted @ squared

    def variance(self, sigma2: float) -> Floats:
        """Return what label noise of variance sigma2 adds, (g,): (E0 - 1) sigma2."""
        noise = number("the noise variance", sigma2, least=0)
        return np.zeros_like(self.found.n) if noise == 0 else (self.found.E0 - 1) * noise


def nested_equivalent(eigenvalues: ArrayLike, n: int, p: ArrayLike, ridge: ArrayLike = 0.0) -> NestedEquivalent:
    """Solve for kappa at each p (g,) of the first p of D eigenvalues.

    Raises:
        ProblemError: as `equivalent`, or p outside 1..D.
    """
    lam = spectrum_of(eigenvalues)
    counts = _counts(p, lam.size)
    samples, penalty = (np.broadcast_to(grid, counts.shape) for grid in _grid(n, ridge))
    used = np.where(np.arange(lam.size) < counts[:, None], lam, 0.0)  # (g, D)
    kappa = solve(used, counts, samples, penalty)
    return NestedEquivalent(Equivalent(used, samples, penalty, kappa, (shares(used, kappa) ** 2).sum(-1)), lam - used)


def nested_test_mse(eigenvalues: ArrayLike, b2: ArrayLike, n: int, p: ArrayLike, sigma2: float, ridge: ArrayLike = 0.0) -> Floats:
    """Return the test MSE, (g,), when only the first p of D eigendirections are fitted: the others' lam_i b_i^2 act as noise.

    Raises:
        ProblemError: as `equivalent`, or p outside 1..D.
    """
    lam, squared = spectrum_of(eigenvalues), numbers("a squared target coefficient", b2, least=0)
    require(squared.shape == lam.shape, f"b2 must have {lam.size} entries, one per eigenvalue, got shape {squared.shape}")
    solution = nested_equivalent(lam, n, p, ridge)
    return solution.found.test_mse(squared, number("the noise variance", sigma2, least=0) + solution.omitted @ squared)


def nested_best_ridge(eigenvalues: ArrayLike, b2: ArrayLike, n: int, p: ArrayLike, sigma2: float) -> Floats:
    """Return the ridge >= 0 of least test MSE at each p (g,), from kappa tried in steps of an eighth of a decade.

    The ridge is a function of kappa, n kappa - sum lam_i kappa/(lam_i + kappa), and all p share the sums: no equation is solved.

    Raises:
        ProblemError: zero signal, for which every larger ridge is better; or p outside 1..D.
    """
    lam = spectrum_of(eigenvalues)
    counts = _counts(p, lam.size)
    energy = lam * numbers("a squared target coefficient", b2, least=0)
    total = float(energy.sum())
    require(total > 0, "the best ridge is finite only with a signal, got signal 0", "Raise the signal.")
    kappa = float(lam.sum()) / n * np.logspace(-6, 3, 73)[:, None]  # (k, 1)
    keep = kappa / (lam + kappa)  # (k, D) share of a direction that is not learnt
    at = counts - 1
    unlearnt = np.cumsum(keep**2 * energy, axis=1)[:, at] + total - np.cumsum(energy)[at]
    spare = n - np.cumsum((1 - keep) ** 2, axis=1)[:, at]
    ridge = n * kappa - np.cumsum(lam * keep, axis=1)[:, at]
    usable = (ridge >= 0) & (spare > 0)
    risk = np.where(usable, (sigma2 + unlearnt) / np.where(usable, spare, 1.0), np.inf)
    return np.asarray(ridge[risk.argmin(0), np.arange(at.size)])


def _counts(p: ArrayLike, D: int) -> NDArray[np.int64]:
    counts = np.atleast_1d(np.asarray(p, dtype=np.int64))
    require(bool(np.all((counts >= 1) & (counts <= D))), f"p must lie in 1..{D}, got {counts.min()}..{counts.max()}")
    return counts


def ridge_limit(eigenvalues: ArrayLike, n: ArrayLike) -> tuple[Floats, Floats]:
    """Return (kappa, ridge), (g,) each, where D2 = n: the most negative ridge, at which test error is infinite. Needs p > n."""
    lam = spectrum_of(eigenvalues)
    samples, _ = _grid(n, 0.0)
    return limit(lam[None], np.full(samples.size, lam.size), samples)


def best_ridge(eigenvalues: ArrayLike, b2: ArrayLike, n: int, sigma2: float) -> tuple[float, float]:
    """Return (ridge, test MSE) of least test error over all ridges, negative ones included where p > n.

    The search runs over kappa, of which the ridge is a function: n kappa - sum lam_i kappa/(lam_i + kappa).

    Raises:
        ProblemError: zero signal, for which every larger ridge is better.
    """
    from scipy.optimize import minimize_scalar

    lam = spectrum_of(eigenvalues)
    energy = lam * numbers("a squared target coefficient", b2, least=0)
    require(float(energy.sum()) > 0, "the best ridge is finite only with a signal, got signal 0", "Raise the signal.")
    floor = float(ridge_limit(lam, n)[0][0]) if lam.size > n else 0.0

    def error(log_above: float) -> float:
        share = lam / (lam + floor + np.exp(log_above))
        spare = n - float((share**2).sum())
        return float("inf") if spare <= 0 else n / spare * (sigma2 + float((energy * (1 - share) ** 2).sum()))

    grid = np.log(float(lam.sum()) / n) + np.linspace(-60, 20, 400)
    lowest = int(np.argmin([error(at) for at in grid]))
    around = (grid[max(lowest - 1, 0)], grid[min(lowest + 1, grid.size - 1)])
    found = minimize_scalar(error, bounds=around, method="bounded", options={"xatol": 1e-10})
    kappa = floor + float(np.exp(found.x))
    return n * kappa - float((lam * kappa / (lam + kappa)).sum()), float(found.fun)


def _grid(n: ArrayLike, ridge: ArrayLike) -> tuple[Floats, Floats]:
    samples = numbers("the number of samples n", n, least=2)
    require(bool(np.all(samples == np.floor(samples))), "the number of samples n must be whole")
    pair = np.broadcast_arrays(np.atleast_1d(samples), np.atleast_1d(numbers("the ridge", ridge)))
    return pair[0].copy(), pair[1].copy()
