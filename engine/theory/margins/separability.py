"""When random labels are linearly separable: Cover's function-counting theorem, and the linear program that decides one case.

Cover 1965: n points in general position in d dimensions with random +-1 labels are separable through the origin with
probability 2^(1-n) sum_{k<d} C(n-1, k), which is 1/2 at n = 2d. Classification of noise thus has its threshold at n = 2d,
not at n = d as least squares.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linprog
from scipy.special import gammaln

from engine.errors import ProblemError
from engine.theory.conditions import Floats, numbers, require
from engine.theory.inputs import finite_matrix

FEASIBLE, INFEASIBLE = 0, 2
"""Statuses of scipy.optimize.linprog that decide the question."""


def log_separable_probability(n: int, d: ArrayLike) -> Floats:
    """Return ln P(separable) for n points in d dimensions, over a grid of d; exact to about 1e-11 for n up to 2000.

    In logarithms, because for d << n the probability is far below the smallest float.
    """
    require(n >= 1, f"the number of points n must be at least 1, got {n}")
    dimensions = np.asarray(numbers("the dimension d", d, least=1), dtype=np.int64)
    k = np.arange(n)
    terms = gammaln(n) - gammaln(k + 1) - gammaln(n - k) - (n - 1) * math.log(2)  # ln C(n-1, k) 2^(1-n)
    sums = np.minimum(np.logaddexp.accumulate(terms), 0.0)
    return np.where(dimensions >= n, 0.0, sums[np.minimum(dimensions, n) - 1])


def separable_probability(n: int, d: ArrayLike) -> Floats:
    """Return P(separable) for n points in d dimensions, over a grid of d; 1 from d = n on."""
    return np.exp(log_separable_probability(n, d))


def separable(z: ArrayLike) -> bool:
    """Return whether some w has z_i.w > 0 for every row of z (n, d), z_i = y_i x_i, by linear programming.

    Raises:
        ProblemError: the solver could not decide.
    """
    rows = finite_matrix(z, "z")
    scale = np.abs(rows).max(axis=1, keepdims=True)
    if not scale.all():
        return False  # a point at the origin lies on every separator
    for method in ("highs", "highs-ipm"):  # one in some thousand programs leaves the simplex method undecided
        found = linprog(np.zeros(rows.shape[1]), A_ub=-rows / scale, b_ub=-np.ones(len(rows)), bounds=(None, None), method=method)
        if found.status in (FEASIBLE, INFEASIBLE):
            return bool(found.status == FEASIBLE)
    raise ProblemError(f"the linear program for {rows.shape[0]} points in {rows.shape[1]} dimensions was not decided: {found.message}")
