"""One draw as d sweeps through n: what training error, test error, norm and singular values are at every d of a grid.

The test error comes from the weights and the known covariance, exactly; of imported rows from those that are kept for testing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.interpolation_threshold.design import Problem
from engine.phenomena.interpolation_threshold.own_rows import OwnProblem
from engine.theory.inputs import Floats
from engine.theory.linear_models.nested_fits import NestedFit, nested_fits

Widths = NDArray[np.int64]

SHOWN = ("train-mse", "test-mse", "norm", "smallest-eigenvalue", "condition-number")
"""Quantities of a sweep that have a figure. norm: |w|^2; smallest-eigenvalue: of X^T X/n, above 0."""

SWEPT = (*SHOWN, "residual")
"""Every quantity of a sweep. residual: rms training residual over s_max |w|, rounding if the data are interpolated."""

REFERENCES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""d/n at which whole spectra are kept and compared with the Marchenko-Pastur law."""


def sweep_widths(n: int, most: float) -> Widths:
    """Return the d of a sweep from n/20 to most * n, (k,), ascending: every d within 2 of n, ever sparser away from it, about 40 in all.

    The `REFERENCES`, 3n/4 and 4n/3 are among them, as far as they lie in the range.
    """
    top, steps = round(most * n), np.linspace(0, 1, 18)[1:]
    shares = [*REFERENCES, 0.75, 4 / 3, *(1 - 0.95 * steps**1.5), *(1 + (most - 1) * steps**2)]
    found = np.unique([*range(n - 2, n + 3), *(round(share * n) for share in shares)])
    return found[(found >= 2) & (found <= top)]


def sweep(problem: Problem | OwnProblem, widths: Widths) -> Iterator[tuple[dict[str, float], Floats]]:
    """Yield for each width its quantities, and the eigenvalues (min(n, d),) of X^T X/n but for certain zeros, ascending."""
    for fit in nested_fits(problem.X, widths):
        yield _quantities(problem, fit), fit.eigenvalues / len(fit.X)


def _quantities(problem: Problem | OwnProblem, fit: NestedFit) -> dict[str, float]:
    n, d = fit.X.shape
    y = problem.targets(d)
    w = fit.solve(y)
    missed = fit.X @ w - y
    rms, size = float(np.sqrt(missed @ missed / n)), float(np.linalg.norm(w))
    scale = float(np.sqrt(fit.eigenvalues[-1])) * size
    return {
        "train-mse": rms**2,
        "test-mse": problem.test_mse(w),
        "norm": size**2,
        "smallest-eigenvalue": fit.eigenvalues[0] / n,
        "condition-number": fit.condition,
        "residual": rms / scale if scale > 0 else 0.0,
    }
