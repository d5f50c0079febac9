"""The two exact companions of the networks, each simulated beside its formula: descent on two time scales, and more data that hurts.

Epoch-wise, Heckel, Yilmaz 2021, arXiv:2007.10099: gradient descent on a linear model whose features live on separate time scales.
With X^T X/n = diag(lam), mean squared loss, step eta and start 0, coordinate i still lacks the share a_i = (1 - eta lam_i)^t of
its signal, so the excess risk after t steps is
    sum_i lam_i b_i^2 a_i^2 + (sigma2/n) sum_i (1 - a_i)^2.
A group of coordinates with signal B = sum lam b^2 and noise V = sigma2 count/n starts at B, dips to B V/(B+V) and ends at
V. Two groups learnt at distant times give two valleys.

Sample-wise: Nakkiran 2019, arXiv:1912.07242, with the finite-n formula of Belkin, Hsu, Xu 2020, arXiv:1903.07571.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from engine.phenomenon import geometric_grid
from engine.seeds import streams
from engine.theory.conditions import Floats, number, numbers, require, spectrum_of
from engine.theory.linear_models.ridgeless import expected_test_mse

N, SIGMA2, ETA, LAST = 400, 4.0, 0.5, 3000  # the published two-scale example; steps simulated
DRAWS = 200
D, NOISE2 = 100, 0.25  # the sample-wise example: features and label noise sigma = .5, signal |b| = 1
SIZES = (50, 90)  # where it is simulated
FIRST_DRAW, SECOND_DRAW = 1, 2  # draws of the seed; the networks use draw 0


@dataclass(frozen=True)
class Group:
    """`count` coordinates of eigenvalue `lam` that share the signal B = sum lam b^2."""

    count: int
    lam: float
    signal: float


PUBLISHED = (Group(100, 1.0, 1.0), Group(5, 0.01, 1.0))
"""With n = 400, sigma2 = 4, eta = .5: valley 1.5, peak 1.91, end 1.05."""


def spread(groups: tuple[Group, ...]) -> tuple[Floats, Floats]:
    """Return (lam, b), (d,) each, with every group's signal spread evenly over its coordinates, eigenvalues largest first."""
    ordered = sorted(groups, key=lambda group: -group.lam)
    lam = np.concatenate([np.full(group.count, group.lam) for group in ordered])
    b2 = np.concatenate([np.full(group.count, group.signal / (group.count * group.lam)) for group in ordered])
    return lam, np.sqrt(b2)


def epochwise_risk(t: ArrayLike, lam: ArrayLike, b: ArrayLike, n: int, sigma2: float, eta: float) -> tuple[Floats, Floats]:
    """Return (bias, variance), each of the shape of t, after t steps; their sum is the expected excess risk.

    t: steps, whole or not (any t >= 0 for eta lam_1 <= 1). lam, b: (d,) eigenvalues, largest first, and true weights.

    Raises:
        ProblemError: eta lam_1 >= 2, where descent diverges, or a fractional t where eta lam_1 > 1.
    """
    eigenvalues, weights, steps = spectrum_of(lam), numbers("a true weight", b), numbers("the step t", t, least=0)
    require(weights.shape == eigenvalues.shape, f"b must have {eigenvalues.size} entries, one per eigenvalue, got {weights.size}")
    require(n >= 2, f"the number of samples n must be at least 2, got {n}")
    fastest = number("the step size eta", eta, above=0) * float(eigenvalues[0])
    require(fastest < 2, f"the step size must be below 2/lam_1 = {2 / eigenvalues[0]:g}, got {eta:g}", "Lower eta.")
    require(fastest <= 1 or bool(np.all(steps % 1 == 0)), f"with eta lam_1 = {fastest:g} > 1 the step t must be whole")
    lacking = (1 - eta * eigenvalues) ** steps[..., None]  # (..., d)
    bias = (lacking**2) @ (eigenvalues * weights**2)
    variance = number("the noise variance", sigma2, least=0) / n * ((1 - lacking) ** 2).sum(-1)
    return bias, variance


@dataclass(frozen=True)
class Simulated:
    """x: (k,); exact: (k,) the formula; mean, error: (k,) over draws and its standard error."""

    x: Floats
    exact: Floats
    mean: Floats
    error: Floats

    @property
    def z(self) -> Floats:
        """Distance of simulation and formula in standard errors, where there is anything random, (k,)."""
        return np.asarray((self.mean - self.exact) / np.maximum(self.error, 1e-9))


@lru_cache(8)
def two_scales(seed: int) -> Simulated:
    """Return the excess risk of gradient descent on the published two-scale example along its steps.

    The design has X^T X/n = diag(lam) by construction; labels are drawn anew `DRAWS` times.
    """
    rng = streams(seed, FIRST_DRAW).data
    lam, b = spread(PUBLISHED)
    X = np.sqrt(N * lam) * np.linalg.qr(rng.standard_normal((N, lam.size)))[0]  # (n, d)
    Y = (X @ b)[:, None] + np.sqrt(SIGMA2) * rng.standard_normal((N, DRAWS))
    gram, moment = X.T @ X / N, X.T @ Y / N
    grid = geometric_grid(LAST, 12)
    risks, W, taken = [], np.zeros((lam.size, DRAWS)), 0
    for step in grid:
        power, summed = several_steps(gram, int(step) - taken)
        W, taken = power @ W + summed @ (ETA * moment), int(step)
        risks.append(lam @ (W - b[:, None]) ** 2)
    table = np.array(risks)  # (k, draws)
    bias, variance = epochwise_risk(grid, lam, b, N, SIGMA2, ETA)
    return Simulated(grid.astype(np.float64), bias + variance, table.mean(1), table.std(1, ddof=1) / np.sqrt(DRAWS))


def risk_of_two_scales(t: Floats) -> Floats:
    """Return the exact excess risk of that example after t steps, (k,)."""
    bias, variance = epochwise_risk(t, *spread(PUBLISHED), N, SIGMA2, ETA)
    return bias + variance


def several_steps(gram: Floats, steps: int) -> tuple[Floats, Floats]:
    """Return (P, S), (d, d) each, such that P W + S (eta moment) are the weights after so many steps of gradient descent from W.

    One step is W <- (I - eta gram) W + eta moment; two such maps make one again, so steps are doubled.
    """
    identity = np.eye(len(gram))
    P, S = identity, np.zeros_like(gram)
    twice, summed = identity - ETA * gram, identity
    while steps:
        if steps & 1:
            P, S = twice @ P, twice @ S + summed
        twice, summed = twice @ twice, twice @ summed + summed
        steps >>= 1
    return P, S


def landmarks(curve: Floats, start: int = 0) -> tuple[int, int, int]:
    """Return the places of first minimum, peak and end: the pair i < j with the largest rise from `start` on, and the last."""
    later = curve[start:]
    peak = int(np.argmax(later - np.minimum.accumulate(later)))
    return start + int(np.argmin(later[: peak + 1])), start + peak, len(curve) - 1


@lru_cache(8)
def sample_wise(seed: int) -> Simulated:
    """Return the excess risk of minimum-norm least squares in d=100 isotropic features at n = 50 and 90."""
    rng = streams(seed, SECOND_DRAW).data
    b = np.full(D, D**-0.5)
    table = []
    for n in SIZES:
        X = rng.standard_normal((DRAWS, n, D))
        y = X @ b + np.sqrt(NOISE2) * rng.standard_normal((DRAWS, n))
        w = X.swapaxes(1, 2) @ np.linalg.solve(X @ X.swapaxes(1, 2), y[..., None])  # (draws, d, 1)
        table.append(np.sum((w[..., 0] - b) ** 2, axis=1))
    risks, sizes = np.array(table), np.array(SIZES, dtype=np.float64)
    return Simulated(sizes, linear_risk(sizes), risks.mean(1), risks.std(1, ddof=1) / np.sqrt(DRAWS))


def linear_risk(n: Floats) -> Floats:
    """Return the exact excess risk of that example at n samples, infinite for |n-d| <= 1."""
    return np.asarray(expected_test_mse(n, D, 1.0, 0.0, NOISE2)) - NOISE2
