"""How far weights are from the max-margin direction, without cancellation even where only the fifteenth digit differs.

Split w = c w_hat + r with r orthogonal to w_hat. Then with theta = atan2(|r|, c |w_hat|)
    direction error |w/|w| - w_hat/|w_hat||= 2 sin(theta/2)
    1 - cos theta                          = 2 sin(theta/2)^2
    gam - min z.w/|w|                      = [|r|^2 / (|w| + c |w_hat|) - |w_hat| min(c (h - 1) + z.r)] / (|w_hat| |w|)
with h = z.w_hat, exactly 1 on the support. Nothing nearly equal is subtracted.
Quantities: Soudry et al. 2018, arXiv:1710.10345, Theorem 5.

Shapes: Z (n, d), w (k, d), every curve (k,).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp

from engine.theory.inputs import Floats, finite_matrix, finite_vector, require
from engine.theory.margins.hard_margin import HardMargin


@dataclass(frozen=True)
class MarginCurves:
    """Distances from the hard-margin SVM along a path, each (k,)."""

    direction_error: Floats
    one_minus_cos: Floats
    margin_gap: Floats
    norm: Floats


def margin_curves(svm: HardMargin, w: ArrayLike) -> MarginCurves:
    """Measure weights (k, d) against the SVM.

    Raises:
        ProblemError: a w is 0 and has no direction.
    """
    weights = np.atleast_2d(np.asarray(w, dtype=np.float64))
    along = weights @ svm.w / svm.norm**2
    return split_curves(svm, along, weights - np.multiply.outer(along, svm.w))


def split_curves(svm: HardMargin, along: Floats, rest: Floats) -> MarginCurves:
    """Measure weights given as along (k,) w_hat + rest (k, d); the rest need not be orthogonal to w_hat.

    Raises:
        ProblemError: a w is 0 and has no direction.
    """
    inside = rest @ svm.w / svm.norm**2
    r = rest - np.multiply.outer(inside, svm.w)
    r -= np.multiply.outer(r @ svm.w / svm.norm**2, svm.w)  # once more: rounding along w_hat would count as an angle
    c = along + inside
    across, parallel = np.linalg.norm(r, axis=1), c * svm.norm
    size = np.hypot(across, parallel)
    require(bool(np.all(size > 0)), "w = 0 has no direction", "measure from step 1 on")
    half = np.sin(np.arctan2(across, parallel) / 2)
    excess = np.where(parallel > 0, across**2 / (size + np.abs(parallel)), size - parallel)  # |w| - c |w_hat|
    nearest = np.min(np.multiply.outer(c, svm.margins - 1) + r @ svm.Z.T, axis=1)
    gap = (excess - svm.norm * nearest) / (svm.norm * size)
    return MarginCurves(2 * half, 2 * half**2, gap, size)


def log_summed_loss(Z: Floats, w: Floats) -> Floats:
    """Log of the summed logistic loss (k,), also where the loss is below the smallest float."""
    margins = w @ Z.T
    large = margins > 30  # there log(1 + exp(-m)) is exp(-m)
    terms = np.where(large, -margins, np.log(np.logaddexp(0, -np.minimum(margins, 30))))
    return np.asarray(logsumexp(terms, axis=1))


@dataclass(frozen=True)
class Validation:
    """Mean logistic loss and error rate on held-out points along a path, each (k,)."""

    loss: Floats
    error: Floats


def validation(X: ArrayLike, y: ArrayLike, w: ArrayLike) -> Validation:
    """Evaluate weights (k, d) on points X (m, d) with labels y (m,) of -1 and +1; z.w <= 0 is an error."""
    points = finite_matrix(X, "validation X")
    products = np.atleast_2d(np.asarray(w, dtype=np.float64)) @ (points * finite_vector(y, len(points), "validation y")[:, None]).T
    return Validation(np.logaddexp(0, -products).mean(axis=1), np.mean(products <= 0, axis=1))
