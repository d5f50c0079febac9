"""The proportional limit of the max margin against tables, Gardner's capacity by quadrature, Monte Carlo, and finite problems."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import linprog, minimize
from scipy.special import expit
from scipy.stats import norm

from engine.errors import ProblemError
from engine.theory.margins.proportional_margin import LogisticLabels


@pytest.mark.parametrize(("r", "threshold"), [(0, 0.5), (1, 0.4389), (2, 0.3449), (4, 0.2215), (8, 0.1220)])
def test_thresholds_of_the_published_curve(r, threshold):
    assert LogisticLabels(r).threshold == pytest.approx(threshold, abs=6e-5)


@pytest.mark.parametrize(
    ("psi", "margin", "error", "support"),
    [(0.5, 0.3349, 0.2700, 0.4164), (1, 0.7155, 0.3188, 0.6269), (2, 1.2124, 0.3630, 0.8247), (5, 2.1175, 0.4086, 0.9738)],
)
def test_the_table_of_signal_four(psi, margin, error, support):
    found = LogisticLabels(4.0).max_margin(psi)
    assert (found.margin, found.error, found.support) == pytest.approx((margin, error, support), abs=6e-5)


@pytest.mark.parametrize("r", [0.0, 1.0, 4.0, 20.0])
def test_the_best_error_is_that_of_the_signals_sign(r):
    expected = quad(lambda v: 2 * norm.pdf(v) * expit(-r * v), 0, 20, points=[1 / (1 + r)])[0]
    assert LogisticLabels(r).bayes_error == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("psi", [0.7, 1.0, 3.0])
def test_without_signal_it_is_gardners_capacity(psi):
    found = LogisticLabels(0.0).max_margin(psi)
    volume = quad(lambda z: (z + found.margin) ** 2 * norm.pdf(z), -found.margin, np.inf)[0]
    assert volume == pytest.approx(psi, rel=1e-9)
    assert (found.rho, found.error) == pytest.approx((0, 0.5), abs=1e-6)
    assert found.support == pytest.approx(norm.cdf(found.margin), rel=1e-9)


def test_the_equations_hold_of_a_large_sample_of_the_law():
    """At the solution, E(kappa - rho V - s Z)_+^2 = psi s^2, and it is stationary in rho."""
    rng = np.random.default_rng(0)
    labels, psi = LogisticLabels(3.0), 0.8
    found = labels.max_margin(psi)
    g, z = rng.standard_normal((2, 4_000_000))
    v = g * np.where(rng.random(g.size) < 1 / (1 + np.exp(-3.0 * g)), 1, -1)
    s = np.sqrt(1 - found.rho**2)
    gap = np.maximum(found.margin - found.rho * v - s * z, 0)
    assert np.mean(gap**2) == pytest.approx(psi * s**2, rel=4e-3)
    assert np.mean(gap > 0) == pytest.approx(found.support, abs=1e-3)
    assert np.mean(found.rho * v + s * z < 0) == pytest.approx(found.error, abs=1e-3)
    slope = np.mean(gap * (-v + found.rho / s * z)) / np.sqrt(np.mean(gap**2)) + np.sqrt(psi) * found.rho / s
    assert slope == pytest.approx(0, abs=5e-3)


def test_part_of_the_signal_that_features_do_not_see():
    """Five per mille of 100 hidden, as in classification's double descent."""
    for psi, error in ((0.4, 0.381), (1.2, 0.348)):
        seen = 100 * (1 - (1 + psi) ** -2)
        labels = LogisticLabels(np.sqrt(seen), np.sqrt(100 - seen))
        assert labels.max_margin(psi).error == pytest.approx(error, abs=6e-4)
    assert LogisticLabels(0.0, 3.0).threshold == pytest.approx(0.5)
    assert LogisticLabels(2.0, 1.0).bayes_error > LogisticLabels(2.0).bayes_error


def test_finite_problems_come_close():
    rng = np.random.default_rng(1)
    n, d, r = 120, 120, 4.0
    margins, cosines = [], []
    for _ in range(12):
        x = rng.standard_normal((n, d))
        y = np.where(rng.random(n) < 1 / (1 + np.exp(-r * x[:, 0])), 1, -1)
        rows = y[:, None] * x
        gram = rows @ rows.T
        dual = minimize(lambda a, g=gram: (0.5 * a @ g @ a - a.sum(), g @ a - 1), np.ones(n) / d, jac=True, bounds=[(0, None)] * n,
                        method="L-BFGS-B", options={"maxiter": 2000, "ftol": 1e-14, "gtol": 1e-9})  # fmt: skip
        w = rows.T @ dual.x
        margins.append((rows @ w).min() / np.linalg.norm(w) / 1.0)
        cosines.append(w[0] / np.linalg.norm(w))
    found = LogisticLabels(r).max_margin(d / n)
    assert np.mean(margins) == pytest.approx(found.margin, abs=4 * np.std(margins) / np.sqrt(12) + 0.02)
    assert np.mean(cosines) == pytest.approx(found.rho, abs=4 * np.std(cosines) / np.sqrt(12) + 0.02)


@pytest.mark.parametrize(("factor", "share"), [(0.5, 0), (1.8, 1)])
def test_labels_separate_on_one_side_of_the_threshold(factor, share):
    rng = np.random.default_rng(2)
    n, r = 150, 2.0
    d = round(factor * LogisticLabels(r).threshold * n)
    separable = []
    for _ in range(10):
        x = rng.standard_normal((n, d))
        y = np.where(rng.random(n) < 1 / (1 + np.exp(-r * x[:, 0])), 1, -1)
        found = linprog(np.zeros(d), A_ub=-y[:, None] * x, b_ub=-np.ones(n), bounds=(None, None), method="highs")
        separable.append(found.status == 0)
    assert np.mean(separable) == share


def test_what_has_no_margin_is_refused():
    with pytest.raises(ProblemError, match=r"psi must exceed 0\.2215"):
        LogisticLabels(4.0).max_margin(0.2)
    with pytest.raises(ProblemError, match="signal r"):
        LogisticLabels(-1.0)
    with pytest.raises(ProblemError, match="hidden"):
        LogisticLabels(1.0, 1e9)
