"""Gradient flow stopped at time t against ridge regression with penalty 1/t: Bayes risks and their ratio, at most 1.69.

With prior b ~ N(0, r2/d I) and noise sigma2 a linear method that keeps the fraction phi_i of direction i has
    estimation risk  sum_i [(1 - phi_i)^2 r2/d + phi_i^2 sigma2/s_i^2] + (d - r) r2/d,
and in-sample prediction risk the same sum with weights s_i^2/n and no last term. Flow keeps 1 - exp(-s^2 t), ridge
s^2/(s^2 + 1/t). Both losses are sums over samples with a half: .5 |X w - y|^2 + .5 lambda |w|^2.
Source: Ali, Kolter, Tibshirani 2019, arXiv:1810.10082, Theorems 2, 3 (the constant is 1.6862).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.inputs import Floats, require
from engine.theory.linear_models.min_norm import LeastSquares

RATIO_BOUND = 1.6862
"""Ali et al. 2019: flow's Bayes risk at t over that of ridge at 1/t never exceeds this, for any X, r2, sigma2, t."""


@dataclass(frozen=True)
class EarlyStopping:
    """Bayes risks along time, each (k,).

    Attributes:
        times: t > 0, the flow's time eta * steps; ridge uses 1/t.
        flow_estimation, ridge_estimation: E |w - b|^2. flow_prediction, ridge_prediction: E |X (w - b)|^2 / n.
    """

    times: Floats
    flow_estimation: Floats
    ridge_estimation: Floats
    flow_prediction: Floats
    ridge_prediction: Floats


def early_stopping(problem: LeastSquares, times: ArrayLike, r2: float, sigma2: float) -> EarlyStopping:
    """Return both methods' Bayes risks at each of the k times.

    Args:
        problem: supplies the spectrum; its y is not used.
        times: positive (k,). r2: E |b|^2. sigma2: noise variance.

    Raises:
        ProblemError: a time that is not positive, or r2 and sigma2 both 0 (no risk to compare).
    """
    t = np.atleast_1d(np.asarray(times, dtype=np.float64))
    require(bool(np.all(t > 0)), f"early stopping compares with ridge 1/t, so every time must be positive, got {t.min():g}")
    require(r2 >= 0 and sigma2 >= 0 and r2 + sigma2 > 0, f"signal and noise must not both be 0, got r2={r2:g}, sigma2={sigma2:g}")
    squares = problem.singular_values**2
    n, d = problem.X.shape
    prior = r2 / d
    unseen = (d - problem.rank) * prior
    shrink = squares * t[:, None]  # (k, r)
    flow = (-np.expm1(-shrink), np.exp(-shrink))
    ridge = (shrink / (shrink + 1), 1 / (shrink + 1))
    risks = []
    for kept, lost in (flow, ridge):
        per_direction = lost**2 * prior + kept**2 * sigma2 / squares
        risks += [per_direction.sum(axis=1) + unseen, (per_direction * squares).sum(axis=1) / n]
    return EarlyStopping(t, risks[0], risks[2], risks[1], risks[3])
