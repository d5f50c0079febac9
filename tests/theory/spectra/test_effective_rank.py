"""Effective ranks, benign-overfitting terms, spectra and their limits against brute-force sums and simulation."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.special import zeta

from engine.errors import ProblemError
from engine.theory.spectra import effective_rank as er
from engine.theory.spectra import spectra
from engine.theory.spectra.deterministic_equivalent import equivalent

CASES = {
    "power": spectra.power(200, 2.0),
    "exponential": spectra.exponential(300, 1.0),
    "deep": spectra.exponential(3000, 5.0),
    "exp-eps": spectra.exponential_plus_floor(50),
    "isotropic": spectra.isotropic(70),
}


@pytest.mark.parametrize("name", CASES)
def test_ranks_are_the_sums_of_their_definition(name):
    lam = CASES[name]
    r, R = er.effective_ranks(lam)
    exact = [Fraction(float(x)) for x in lam]
    for k in (0, 1, 7, lam.size // 2, lam.size - 2, lam.size - 1):
        tail, squares = sum(exact[k:]), sum(x**2 for x in exact[k:])
        assert r[k] == pytest.approx(float(tail / exact[k]), rel=1e-12)
        assert R[k] == pytest.approx(float(tail**2 / squares), rel=1e-12)
    assert np.all(r >= 1) and np.all(r * (1 - 1e-12) <= R) and np.all(r**2 * (1 + 1e-12) >= R)


def test_critical_rank_by_search():
    lam, n = CASES["exp-eps"], 50
    for b in (0.5, 1.0, 2.0):
        expected = next(k for k in range(lam.size) if sum(lam[k:]) / lam[k] >= b * n)
        assert er.critical_rank(lam, n, b) == expected
    assert er.critical_rank(spectra.isotropic(70), 50) == 0
    assert er.critical_rank(CASES["exponential"], 50) is None


@pytest.mark.parametrize("ridge", [0.5, 20.0, -0.3])
def test_a_ridge_adds_to_the_tail_that_k_star_asks_for(ridge):
    for name in ("exp-eps", "exponential"):
        lam, n = CASES[name], 50
        expected = next((k for k in range(lam.size) if (ridge + sum(lam[k:])) / lam[k] >= n), None)
        assert er.critical_rank(lam, n, ridge=ridge) == expected
    assert er.critical_rank(CASES["exponential"], 50, ridge=0.5) is not None


def test_terms_and_bounds():
    lam, n = CASES["exp-eps"], 50
    terms = er.benign_terms(lam, n)
    k = terms.k_star
    assert terms.k_over_n == k / n
    assert terms.n_over_tail == pytest.approx(n * sum(lam[k:] ** 2) / sum(lam[k:]) ** 2)
    assert terms.r0_over_n == pytest.approx(sum(lam) / lam[0] / n)
    assert terms.tail_rank >= n
    upper = er.upper_bound(terms, n, norm2=2.0, largest=lam[0], sigma2=0.5, delta=0.1)
    largest_term = max(math.sqrt(sum(lam) / lam[0] / n), sum(lam) / lam[0] / n, math.sqrt(math.log(10) / n))
    assert upper == pytest.approx(2 * lam[0] * largest_term + math.log(10) * 0.5 * (k / n + terms.n_over_tail))
    assert er.lower_bound(terms, n, 0.5) == pytest.approx(0.5 * (k / n + terms.n_over_tail))


def test_a_tail_too_short_to_hide_noise():
    terms = er.benign_terms(CASES["exponential"], 50)
    assert terms.k_star is None and math.isinf(terms.noise_rate)
    assert er.lower_bound(terms, 50, 0.7, c=2.0) == 0.35
    assert math.isinf(er.upper_bound(terms, 50, 1.0, 1.0, 1.0))
    assert math.isfinite(er.upper_bound(terms, 50, 1.0, 1.0, 0.0))


@pytest.mark.parametrize("n", [50, 100, 200, 400])
def test_noise_rate_has_the_order_of_the_noise_risk(n):
    lam = spectra.exponential_plus_floor(n)
    assert lam.size == round(n**1.5) and (lam[-1] * lam.size) == pytest.approx(math.sqrt(n), rel=1e-6)
    quotient = (equivalent(lam, n).E0[0] - 1) / er.benign_terms(lam, n).noise_rate
    assert 1 / 3 < quotient < 3


def test_noise_risk_of_the_benign_family_is_simulated():
    rng = np.random.default_rng(0)
    n, lam = 50, spectra.exponential_plus_floor(50)
    costs = []
    for _ in range(40):
        X = rng.standard_normal((n, lam.size)) * np.sqrt(lam)
        costs.append(np.sum(np.linalg.pinv(X) ** 2 * lam[:, None]))
    error = np.std(costs, ddof=1) / 40**0.5
    assert np.mean(costs) == pytest.approx(equivalent(lam, n).E0[0] - 1, abs=max(4 * error, 0.15 * np.mean(costs)))


def test_ridge_terms_by_sums_and_by_order():
    lam, n, k, ridge, sigma2 = CASES["exp-eps"], 50, 10, 2.0, 0.3
    b = np.linspace(1, 0.1, lam.size)
    T = ridge + sum(lam[k:])
    variance, bias = er.ridge_terms(lam, b, n, k, ridge, sigma2)
    assert variance == pytest.approx(sigma2 * (k / n + n * sum(x**2 for x in lam[k:]) / T**2))
    tail = sum(x * c**2 for x, c in zip(lam[k:], b[k:], strict=True))
    assert bias == pytest.approx(tail + sum(c**2 / x for x, c in zip(lam[:k], b[:k], strict=True)) * (T / n) ** 2)
    exact = equivalent(lam, n, ridge)
    assert 1 / 3 < variance / (sigma2 * (exact.E0[0] - 1)) < 3
    assert 1 / 5 < bias / (exact.E0[0] * exact.unlearnt(b**2)[0]) < 5


@pytest.mark.parametrize("a", [2.0, 3.0])
def test_power_law_is_tempered_at_a(a):
    for n in (80, 160, 320):
        E0 = equivalent(spectra.power(3000, a), n, zeta(a, 3001)).E0[0]  # what is cut off acts as a ridge
        assert pytest.approx(spectra.limiting_noise_error("power", n, a=a), rel=0.02) == E0


def test_exponential_and_isotropic_limits():
    n = np.array([40, 80, 120])
    E0 = equivalent(spectra.exponential(600, 5.0), n).E0
    assert pytest.approx(spectra.limiting_noise_error("exponential", n, tau=5.0), rel=1e-3) == E0
    assert equivalent(np.ones(300), 100).E0[0] == pytest.approx(spectra.limiting_noise_error("isotropic", 100, gamma=3.0))


def test_log_family_falls_toward_one_but_slowly():
    p = 200_000
    n = np.array([50, 500, 5000])
    E0 = equivalent(spectra.logarithmic(p), n, 1 / math.log((p + 1.5) * math.e / 2)).E0  # the integral over what is cut off
    assert np.all(np.diff(E0) < 0) and np.all(spectra.limiting_noise_error("log", n) < E0)
    assert abs(np.polyfit(np.log(n), np.log(E0 - 1), 1)[0]) < 0.3  # what a laptop sees: a level


def test_families_are_their_formulas():
    assert spectra.logarithmic(3, 2.0)[1] == pytest.approx(1 / (2 * math.log(3 * math.e / 2) ** 2))
    assert spectra.logarithmic(2)[0] == pytest.approx(1)  # ln(e) at k = 1
    assert spectra.spectrum("exp-eps", 100, 400, tau=5.0)[0] == pytest.approx(math.exp(-0.2) + 10 / 400)
    for family in ("exp-eps", "power", "log", "exponential", "isotropic"):
        lam = spectra.spectrum(family, 50, 200)
        assert lam.shape == (200,) and np.all(np.diff(lam) <= 0) and lam[-1] > 0


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: er.effective_ranks([1.0, 0.0]), "must be positive, got 0"),
        (lambda: er.critical_rank(np.ones(5), 1), "at least 2, got 1"),
        (lambda: er.ridge_terms(np.ones(5), np.ones(5), 10, 2, ridge=-3.5), "ridge must exceed minus the tail's sum, -3, got -3.5"),
        (lambda: er.ridge_terms(np.ones(5), np.ones(5), 10, 5), r"k must lie in 0\.\.4, got 5"),
        (lambda: spectra.power(1), "at least 2 eigenvalues, got 1"),
        (lambda: spectra.exponential(5000, 5.0), "underflows to zero eigenvalues"),
        (lambda: spectra.limiting_noise_error("power", 10, a=1.0), "greater than 1, got 1"),
        (lambda: spectra.limiting_noise_error("isotropic", 10, gamma=1.0), "greater than 1, got 1"),
    ],
)
def test_problems_without_solution_are_named(call, named):
    with pytest.raises(ProblemError, match=named):
        call()
