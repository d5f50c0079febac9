"""Linear programmes solved exactly by HiGHS (`scipy.optimize.linprog`), with its refusals as sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linprog

from engine.theory.inputs import Floats, require

Bounds = Sequence[tuple[float | None, float | None]]


def minimise(
    cost: Floats,
    bounds: Bounds,
    *,
    equal: tuple[Floats, Floats] | None = None,
    at_most: tuple[Floats, Floats] | None = None,
    name: str = "linear",
) -> Floats:
    """Return a vertex x (k,) that minimises cost.x within bounds, subject to A x = b and C x <= d.

    Args:
        equal: (A (e, k), b (e,)). at_most: (C (i, k), d (i,)). name: what the sentence calls the programme.

    Raises:
        ProblemError: infeasible or unbounded.
    """
    equations, values = equal if equal is not None else (None, None)
    rows, limits = at_most if at_most is not None else (None, None)
    found = linprog(cost, A_ub=rows, b_ub=limits, A_eq=equations, b_eq=values, bounds=bounds, method="highs")
    require(found.status == 0, f"the {name} programme of {len(cost)} unknowns has no solution: {found.message}")
    return np.asarray(found.x, dtype=np.float64)
