"""Binary relative entropy and its inverses, the step from a measured error to a certified one.

`kl(q || p) = q ln(q/p) + (1-q) ln((1-q)/(1-p))` between Bernoulli(q) and Bernoulli(p). Inverting it in p is always at
least as tight as Pinsker's `q + sqrt(c/2)`. Langford, Caruana 2001; used as in Dziugaite, Roy 2017, arXiv:1703.11008.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import rel_entr

from engine.theory.conditions import Floats, number, require
from engine.theory.quantities import confidence, error_rate

HALVINGS = 64  # of an interval no longer than 1: the bracket ends between neighbouring doubles


def bernoulli_kl(q: ArrayLike, p: ArrayLike) -> Floats:
    """Return `kl(q || p)` in nats, elementwise; infinite where p is 0 or 1 and q is not.

    Raises:
        ProblemError: a rate outside [0, 1].
    """
    q_array, p_array = _rates("q", q), _rates("p", p)
    return np.asarray(rel_entr(q_array, p_array) + rel_entr(1 - q_array, 1 - p_array))


def kl_inverse(q: ArrayLike, c: ArrayLike) -> Floats:
    """Return `max {p >= q : kl(q || p) <= c}`, elementwise, by bisection; the end returned is the upper one, so a bound stays valid.

    Args:
        q: measured error rates in [0, 1].
        c: budgets in nats, >= 0; infinity gives 1.

    Raises:
        ProblemError: a rate outside [0, 1], a negative or undefined budget.
    """
    rate, budget = np.broadcast_arrays(_rates("q", q), _budgets(c))
    low, high = rate.copy(), np.ones_like(rate)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        inside = bernoulli_kl(rate, middle) <= budget
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    exact_at_zero = -np.expm1(-budget)  # kl(0 || p) = -ln(1-p)
    return np.asarray(np.where(rate == 0, exact_at_zero, np.where(budget == 0, rate, high)))


def kl_inverse_lower(q: ArrayLike, c: ArrayLike) -> Floats:
    """Return `min {p <= q : kl(q || p) <= c}`, elementwise: the mirror image, since `kl(q || p) = kl(1-q || 1-p)`.

    Raises:
        ProblemError: a rate outside [0, 1], a negative or undefined budget.
    """
    return np.asarray(1.0 - kl_inverse(1.0 - _rates("q", q), c))


def held_out_bound(test_error: float, n_test: int, delta: float) -> float:
    """Return `kl_inverse(test_error, ln(1/delta)/n_test)`, the honest comparator: risk below it with probability 1-delta.

    Raises:
        ProblemError: no test point, an error outside [0, 1], delta outside (0, 1).
    """
    error_rate("test error", test_error)
    number("n_test", n_test, least=1)
    return float(kl_inverse(test_error, math.log(1 / confidence("delta", delta)) / n_test))


def _rates(name: str, values: ArrayLike) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    bad = array[~((array >= 0) & (array <= 1))]
    require(bad.size == 0, f"{name} must lie between 0 and 1, got {bad.flat[0] if bad.size else 0:g}")
    return array


def _budgets(values: ArrayLike) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    bad = array[~(array >= 0)]
    require(bad.size == 0, f"the budget c must be 0 or more, got {bad.flat[0] if bad.size else 0:g}")
    return array
