"""The unconstrained-features model: logits W H whose features H are as free as the weights W.

Minimise  mean cross-entropy + lw/2 |W|^2 + lh/2 |H|^2  over W (K, d) and H (d, K n), n columns a class, no bias. With d >= K - 1 every
minimum is a simplex (Zhu et al. 2021, arXiv:2105.02375). Its size follows from one number, m = (K-1) sqrt(lw lh n): logits are c (1 - 1/K)
of the right class and -c/K of the others, and c minimises ln(1 + (K-1) exp(-c)) + m c, so that for m < 1 - 1/K
    c = ln((K-1)(1-m)/m),   loss = -ln(1-m) + m c,   |W|^2 = m c/lw,   |H|^2 = m c/lh,
and otherwise W = H = 0 with loss ln K. (The first step: lw |W|^2 + lh |H|^2 >= 2 sqrt(lw lh) |W| |H|, with equality at a simplex.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.theory.inputs import Floats, require


@dataclass(frozen=True)
class SimplexMinimum:
    """The minimum. gap: c, by how much the right logit exceeds the others; loss: the whole objective; weights, features: |W|^2, |H|^2."""

    gap: float
    loss: float
    weights: float
    features: float


def simplex_minimum(classes: int, examples: int, lw: float, lh: float) -> SimplexMinimum:
    """Return the minimum for `classes` classes of `examples` examples each, with d >= classes - 1 features.

    >>> round(simplex_minimum(10, 5, .005, .005).gap, 3)
    4.388

    Raises:
        ProblemError: fewer than two classes, no example, or a decay that is not positive.
    """
    require(classes >= 2, f"classes must be at least 2, got {classes}")
    require(examples >= 1, f"examples must be at least 1, got {examples}")
    require(lw > 0 and lh > 0, f"lw and lh must be positive, got {lw} and {lh}")
    m = (classes - 1) * float(np.sqrt(lw * lh * examples))
    if m >= 1 - 1 / classes:
        return SimplexMinimum(0.0, float(np.log(classes)), 0.0, 0.0)
    gap = float(np.log((classes - 1) * (1 - m) / m))
    return SimplexMinimum(gap, float(-np.log1p(-m)) + m * gap, m * gap / lw, m * gap / lh)


def objective(w: Floats, h: Floats, labels: NDArray[np.int64], lw: float, lh: float) -> tuple[float, Floats, Floats]:
    """Return the objective at W (K, d) and H (d, N) with labels (N,), and its gradients, of their shapes."""
    z = w @ h
    z -= z.max(axis=0)
    odds = np.exp(z)
    sums = odds.sum(axis=0)
    each = np.arange(len(labels))
    loss = float((np.log(sums) - z[labels, each]).mean() + 0.5 * lw * np.sum(w**2) + 0.5 * lh * np.sum(h**2))
    g = odds / sums
    g[labels, each] -= 1.0
    g /= len(labels)
    return loss, g @ h.T + lw * w, w.T @ g + lh * h
