"""Inverse of the binary relative entropy against scipy's root finder, closed forms and the binomial law itself."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import binom

from engine.errors import ProblemError
from engine.theory.bounds.kl import bernoulli_kl, held_out_bound, kl_inverse, kl_inverse_lower


def plain_kl(q: float, p: float) -> float:
    first = q * math.log(q / p) if q > 0 else 0.0
    return first + ((1 - q) * math.log((1 - q) / (1 - p)) if q < 1 else 0.0)


@pytest.mark.parametrize("q", [0.001, 0.028, 0.112, 0.5, 0.9])
@pytest.mark.parametrize("c", [1e-6, 1e-3, 0.1, 1.0, 2.0])
def test_inverse_agrees_with_a_root_finder(q: float, c: float) -> None:
    root = brentq(lambda p: plain_kl(q, p) - c, q, 1 - 1e-15, xtol=1e-15)
    assert kl_inverse(q, c) == pytest.approx(root, abs=1e-10)


@given(st.floats(0, 1), st.floats(1e-9, 10))
def test_inverse_is_the_largest_p_and_beats_pinsker(q: float, c: float) -> None:
    p = float(kl_inverse(q, c))
    assert q <= p <= 1
    assert p <= q + math.sqrt(c / 2) + 1e-9
    if p < 1 - 1e-9 and p > q + 1e-9:
        assert plain_kl(q, p - 1e-10) <= c
        assert plain_kl(q, p) >= c - 1e-9


def test_ends_in_closed_form() -> None:
    budget = np.array([0.0, 1e-3, 0.5, np.inf])
    assert kl_inverse(0.0, budget) == pytest.approx(1 - np.exp(-budget), abs=1e-15)
    assert kl_inverse(1.0, budget) == pytest.approx(1.0)
    assert kl_inverse([0.2, 0.7], 0.0) == pytest.approx([0.2, 0.7])
    assert kl_inverse(0.3, np.inf) == 1.0


def test_divergence_ends_and_arrays() -> None:
    q, p = np.array([0.0, 1.0, 0.5, 0.5]), np.array([0.2, 0.2, 0.0, 0.5])
    assert bernoulli_kl(q, p) == pytest.approx([-math.log(0.8), -math.log(0.2), math.inf, 0.0])


@pytest.mark.parametrize("q", [0.05, 0.4, 0.99])
def test_lower_inverse_agrees_with_a_root_finder(q: float) -> None:
    for c in (1e-3, 0.05, 1.0):
        root = brentq(lambda p, c=c: plain_kl(q, p) - c, 1e-300, q, xtol=1e-16)
        assert kl_inverse_lower(q, c) == pytest.approx(root, abs=1e-10)


def test_held_out_bound_covers_the_binomial_law() -> None:
    """Exact coverage, summed over all outcomes of n tests: the bound fails with probability at most delta."""
    n, delta = 60, 0.1
    limits = np.array([held_out_bound(k / n, n, delta) for k in range(n + 1)])
    for risk in (0.01, 0.05, 0.2, 0.5):
        failing = binom.pmf(np.arange(n + 1), n, risk)[limits < risk].sum()
        assert failing <= delta


@pytest.mark.parametrize(("q", "c"), [(-0.1, 1.0), (1.2, 1.0), (math.nan, 1.0), (0.2, -1.0), (0.2, math.nan)])
def test_refuses_what_is_no_rate_or_budget(q: float, c: float) -> None:
    with pytest.raises(ProblemError, match="got"):
        kl_inverse(q, c)


def test_refuses_no_test_points() -> None:
    with pytest.raises(ProblemError, match="n_test"):
        held_out_bound(0.1, 0, 0.05)
    with pytest.raises(ProblemError, match="delta"):
        held_out_bound(0.1, 10, 1.0)
