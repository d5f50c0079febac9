"""Risk of least squares averaged over its weights, as samples are added under one spectrum: given the inputs, and in the mean.

Rows x = Lam^(1/2) z, labels x.w + noise, weights i.i.d. of variance tau2, noise of variance sigma2. X = U diag(s) V^T, D_i = v_i.Lam v_i:
    shortest fit   sigma2 + tau2 (tr Lam - sum D_i) + sigma2 sum D_i/s_i^2,
    best ridge     sigma2 + tau2 (tr Lam - sum D_i) + tau2 sum D_i sigma2/(tau2 s_i^2 + sigma2),
the ridge being sigma2/tau2 on |X w - y|^2, which is Bayes' rule, sigma2 (1 + tr Lam (X^T X + sigma2/tau2)^-1). A row adds to X^T X a
positive matrix, so this risk falls in every draw, whatever the spectrum (our remark; isotropic: Nakkiran et al. 2021, arXiv:2003.01897).

In the mean: below d the deterministic equivalent to its next order (`next_order`), from n = d+2 on the exact sigma2 (1 + d/(n-d-1)) of
Gaussian rows; infinite for |n-d| <= 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.theory.conditions import Floats, number, numbers, spectrum_of
from engine.theory.inputs import finite_matrix, require
from engine.theory.spectra import next_order


@dataclass(frozen=True)
class Directions:
    """Right singular vectors of X as a risk sees them.

    squares: (r,) s_i^2 above 0; weights: (r,) v_i.Lam v_i; unseen: tr Lam - sum of the weights; learnt: (d,) share of each coordinate in
    the row space, the diagonal of X^+ X.
    """

    squares: Floats
    weights: Floats
    unseen: float
    learnt: Floats


def directions(X: ArrayLike, eigenvalues: ArrayLike) -> Directions:
    """Return the directions of X (n, d) under the covariance diag(eigenvalues), (d,); X may stand for its factor R of X = Q R.

    Raises:
        ProblemError: X is not a finite matrix, or has another number of columns than there are eigenvalues.
    """
    rows, lam = finite_matrix(X, "X"), np.asarray(eigenvalues, dtype=np.float64)
    require(rows.shape[1:] == lam.shape, f"X must have {lam.size} columns, one per eigenvalue, got {rows.shape[1]}")
    _, values, vectors = np.linalg.svd(rows, full_matrices=False)
    there = values > 0
    squared = vectors[there] ** 2  # (r, d)
    weights = squared @ lam
    whole = weights.size == lam.size
    return Directions(values[there] ** 2, weights, 0.0 if whole else max(0.0, float(lam.sum() - weights.sum())), squared.sum(axis=0))


@dataclass(frozen=True)
class Parts:
    """A risk in its parts, each a number or (k,): what is not learnt per unit of tau2, and what noise adds per unit of sigma2."""

    unlearnt: Floats
    noise: Floats

    def at(self, places: NDArray[np.int64]) -> Parts:
        """Return the parts at some of the places."""
        return Parts(self.unlearnt[places], self.noise[places])

    def risk(self, tau2: float, sigma2: float) -> Floats:
        """Test MSE, the noise of the test label included; a part without variance counts for nothing, even where it is infinite."""
        parts = ((tau2, self.unlearnt), (sigma2, self.noise))
        return np.asarray(sigma2 + sum(np.zeros_like(part) if variance == 0 else variance * part for variance, part in parts))


def shortest(found: Directions) -> Parts:
    """Return the parts of the shortest fit's risk, exact given the inputs."""
    return Parts(np.asarray(found.unseen), np.asarray((found.weights / found.squares).sum()))


def bayes_ridge(found: Directions, tau2: float, sigma2: float) -> float:
    """Return the test MSE of the best ridge, exact given the inputs.

    Raises:
        ProblemError: tau2 and sigma2 both 0.
    """
    tau2, sigma2 = number("the weights' variance", tau2, least=0), number("the noise variance", sigma2, least=0)
    require(tau2 + sigma2 > 0, "signal and noise must not both be 0")
    kept_back = sigma2 / (tau2 * found.squares + sigma2)
    return float(sigma2 + tau2 * (found.unseen + (found.weights * kept_back).sum()))


def expected_parts(eigenvalues: ArrayLike, n: ArrayLike) -> Parts:
    """Return the parts of the shortest fit's mean risk at each n (k,), at least 2: asymptotic to the next order below d, exact from d+2 on.

    Raises:
        ProblemError: as `deterministic_equivalent.equivalent`.
    """
    lam = spectrum_of(eigenvalues)
    samples, d = np.atleast_1d(numbers("the number of samples n", n, least=2)), lam.size
    unlearnt, noise = np.zeros(samples.size), np.full(samples.size, np.inf)
    beyond, below = samples >= d + 2, samples < d
    noise[beyond] = d / (samples[beyond] - d - 1)
    if below.any():
        found = next_order.unlearnt(lam, samples[below])
        unlearnt[below] = found.trace
        noise[below] = np.where(samples[below] == d - 1, np.inf, next_order.noise_trace(lam, samples[below], found))
    return Parts(unlearnt, noise)


def expected_bayes_ridge(eigenvalues: ArrayLike, n: ArrayLike, tau2: float, sigma2: float) -> Floats:
    """Return the mean test MSE of the best ridge at each n (k,), asymptotic to the next order.

    Raises:
        ProblemError: as `deterministic_equivalent.equivalent`, or tau2 and sigma2 both 0.
    """
    lam = spectrum_of(eigenvalues)
    samples = np.atleast_1d(np.asarray(n, dtype=np.float64))
    require(tau2 + sigma2 > 0, "signal and noise must not both be 0")
    if tau2 == 0:
        return np.full(samples.size, sigma2)
    if sigma2 == 0:
        return expected_parts(lam, samples).risk(tau2, 0.0)
    return sigma2 + tau2 * next_order.unlearnt(lam, samples, sigma2 / tau2).trace
