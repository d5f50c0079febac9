"""The two exact companions of the networks, each simulated beside its formula: descent on two time scales, and more data that hurts.

Epoch-wise: Heckel, Yilmaz 2021, arXiv:2007.10099. Sample-wise: Nakkiran 2019, arXiv:1912.07242, with the finite-n formula of
Belkin, Hsu, Xu 2020, arXiv:1903.07571.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.deep_double_descent.epochwise import PUBLISHED, epochwise_risk, spread
from engine.phenomenon import geometric_grid
from engine.seeds import streams
from engine.theory.linear_models.ridgeless import expected_test_mse

Floats = NDArray[np.float64]

N, SIGMA2, ETA, LAST = 400, 4.0, 0.5, 3000  # the published two-scale example; steps simulated
DRAWS = 200
D, NOISE2 = 100, 0.25  # the sample-wise example: features and label noise sigma = .5, signal |b| = 1
SIZES = (50, 90)  # where it is simulated
FIRST_DRAW, SECOND_DRAW = 1, 2  # draws of the seed; the networks use draw 0


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
