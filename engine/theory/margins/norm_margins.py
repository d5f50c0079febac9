"""Margins in the l1, l2 and l_inf norms: what each steepest descent method maximises, and how far a given w has come.

The largest margin in a norm is max {g : z_i.w >= g, |w| <= 1} over rows z_i = y_i x_i: the hard-margin SVM for l2, a linear
programme for l1 and l_inf. Steepest descent in a norm tends to that norm's margin: gradient descent l2, sign descent l_inf,
coordinate descent l1 (Gunasekar et al. 2018, arXiv:1802.08246; Nacson et al. 2019, arXiv:1803.01905).

Shapes: Z (n, d), w (d,) or (..., d).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.implicit_bias.interpolators import Order, norm
from engine.theory.inputs import Floats, finite_matrix, require
from engine.theory.margins.hard_margin import NOT_SEPARABLE, hard_margin_svm
from engine.theory.margins.linear_programme import minimise


def max_margin(Z: ArrayLike, order: Order) -> tuple[float, Floats]:
    """Return the largest margin max {min_i z_i.w : |w| <= 1} in a norm, and a w (d,) of norm 1 that has it.

    Raises:
        ProblemError: not separable.
    """
    if order == "l2":
        svm = hard_margin_svm(Z)
        return svm.margin, svm.w * svm.margin
    rows = finite_matrix(Z, "Z")
    n, d = rows.shape
    scale = float(np.abs(rows).max()) or 1.0
    signs = np.eye(d) if order == "linf" else np.hstack([np.eye(d), -np.eye(d)])
    k = signs.shape[1]
    at_most = np.hstack([-rows / scale @ signs, np.ones((n, 1))])  # g - z_i.w <= 0
    limits = np.zeros(n)
    if order == "l1":
        at_most, limits = np.vstack([at_most, np.append(np.ones(k), 0.0)]), np.append(limits, 1.0)
    bounds: list[tuple[float | None, float | None]] = [(-1, 1) if order == "linf" else (0, None)] * k + [(None, None)]
    found = minimise(np.append(np.zeros(k), -1.0), bounds, at_most=(at_most, limits), name=f"{order} margin")
    w = signs @ found[:k]
    size = float(norm(w, order))
    require(float(found[k]) > NOT_SEPARABLE and size > 0, f"the data are not separable through the origin: the largest {order} margin is 0")
    return float(np.min(rows @ w)) / size, w / size


def own_norm_margin(Z: Floats, w: Floats, order: Order) -> Floats:
    """min_i z_i.w / |w| (...) of weights (..., d) in a norm; 0 for w = 0."""
    size = norm(w, order)
    smallest = np.min(w @ Z.T, axis=-1)
    return np.asarray(np.divide(smallest, size, out=np.zeros_like(smallest), where=size > 0), dtype=np.float64)
