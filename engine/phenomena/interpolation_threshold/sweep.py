"""One draw as d sweeps through n: what training error, test error, norm and singular values are at every d of a grid.

Everything is exact for the draw: the test error comes from the weights and the known covariance, not from a test set.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.interpolation_threshold.design import Design, Problem
from engine.theory.inputs import Floats
from engine.theory.linear_models.nested_fits import NestedFit, nested_fits

QUANTITIES = ("train-mse", "test-mse", "norm", "smallest-eigenvalue", "condition-number", "residual")
"""Columns of a sweep. norm: |w|^2; eigenvalues of X^T X/n; residual: rms training residual over s_max |w|, rounding if interpolated."""

REFERENCES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""d/n at which whole spectra are kept and compared with the Marchenko-Pastur law."""


def sweep_widths(n: int, most: float) -> NDArray[np.int64]:
    """Return the d of a sweep from n/20 to most * n, (k,), ascending: every d within 2 of n, ever sparser away from it, about 40 in all.

    The `REFERENCES`, 3n/4 and 4n/3 are among them, as far as they lie in the range.
    """
    top, steps = round(most * n), np.linspace(0, 1, 18)[1:]
    shares = [*REFERENCES, 0.75, 4 / 3, *(1 - 0.95 * steps**1.5), *(1 + (most - 1) * steps**2)]
    found = np.unique([*range(n - 2, n + 3), *(round(share * n) for share in shares)])
    return found[(found >= 2) & (found <= top)]


def sweep(design: Design, problem: Problem, widths: Sequence[int] | NDArray[np.int64]) -> Iterator[tuple[Floats, Floats]]:
    """Yield for each width its row (len(QUANTITIES),) and the eigenvalues (min(n, d),) of X^T X/n but for certain zeros, ascending."""
    for fit in nested_fits(problem.X, widths):
        yield _row(design, problem, fit), fit.eigenvalues / design.n


def _row(design: Design, problem: Problem, fit: NestedFit) -> Floats:
    n, d = fit.X.shape
    y, b = problem.targets(d), problem.weights(d)
    w = fit.solve(y)
    missed, error = fit.X @ w - y, w - b
    rms, size = float(np.sqrt(missed @ missed / n)), float(np.linalg.norm(w))
    scale = float(np.sqrt(fit.eigenvalues[-1])) * size
    risk = float(design.sigma**2 + (error * design.variances[:d]) @ error)
    return np.array([rms**2, risk, size**2, fit.eigenvalues[0] / n, fit.condition, rms / scale if scale > 0 else 0.0])
