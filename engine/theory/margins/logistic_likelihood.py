"""Unpenalised logistic regression on data that nothing separates: where the likelihood has a maximum, and its limit as n and d grow.

Rows z_i = y_i x_i; the maximum of -sum log(1 + exp(-z_i.w)) exists just where they are not separable (Albert, Anderson 1984). With the
labels of `LogisticLabels` and psi = d/n below their threshold, the weights are a b + w', |w'| = sigma, in the limit (Sur, Candes 2019,
arXiv:1803.06964, folded into rows; the logit's hidden part enters by the law of V alone): with u = a V + sigma Z and p the proximal point
of the loss, p + lam loss'(p) = u,
    E (p - u)^2 = psi sigma^2,    E V (p - u) = 0,    E 1/(1 + lam loss''(p)) = 1 - psi.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve
from scipy.optimize import root
from scipy.special import expit

from engine.errors import ProblemError
from engine.theory.inputs import Floats, finite_matrix, require
from engine.theory.margins.proportional_margin import LogisticLabels

ITERATIONS, DECREMENT = 100, 1e-11
COARSE = 20  # each so-many-th point of V's grid, .1 apart; Z has nodes as dense
NODES = np.linspace(-8.0, 8.0, 161)
WEIGHTS = np.exp(-0.5 * NODES**2) / np.exp(-0.5 * NODES**2).sum()
SOLVED = 1e-6
WARM = 6  # steps of Newton's method from a near point before it begins at 0
NEAR_ZERO, STATIONS = 0.2, (0.5, 0.75, 0.9)  # shares of the threshold by way of which it is approached
PROBIT = 1.7  # sigmoid(x) is about Phi(x/1.7)


def maximum_likelihood(Z: Floats) -> Floats:
    """Return the weights (d,) of largest likelihood of rows (n, d), by Newton's method with halved steps.

    Raises:
        ProblemError: none was found, as on separable rows.
    """
    rows = finite_matrix(Z, "Z")
    w = np.zeros(rows.shape[1])
    value = len(rows) * np.log(2.0)
    for _ in range(ITERATIONS):
        wrong = expit(-(rows @ w))
        gradient = rows.T @ wrong
        try:
            step = solve((rows.T * (wrong * (1 - wrong))) @ rows, gradient, assume_a="pos")
        except np.linalg.LinAlgError:
            break
        decrement = float(gradient @ step)
        if decrement < DECREMENT and float((rows @ w).min()) <= 0:
            return w
        if decrement < DECREMENT:  # every row is right: the likelihood has no maximum
            break
        size = 1.0
        while (lower := _loss(rows, w + size * step)) > value - 0.1 * size * decrement and size > 1e-8:
            size /= 2
        w, value = w + size * step, lower
    raise ProblemError(f"logistic regression on {len(rows)} rows of {rows.shape[1]} features has no maximum", "they are separable")


@dataclass(frozen=True)
class Likelihood:
    """The limit at one psi. along: the weights along b, in units of |x|; across: their length across it; rho: cosine with b; error."""

    along: float
    across: float
    rho: float
    error: float


def likelihood_limit(labels: LogisticLabels, psi: float) -> Likelihood:
    """Return the limit at psi = d/n.

    Raises:
        ProblemError: a psi that is not between 0 and the labels' threshold, or so near it that the equations were not solved.
    """
    end = labels.threshold
    require(0 < psi < end, f"psi must lie between 0 and {end:.4g}, where labels do not separate, got {psi:g}")
    small = psi * min(1.0, NEAR_ZERO * end / psi)
    steps = [small, *(share * end for share in STATIONS if small < share * end < psi), *([psi] if psi > small else [])]
    along = labels.r / np.sqrt(1 + (labels.q / PROBIT) ** 2)
    x = np.array([along, np.log(2.7 * np.sqrt(small)), np.log(small / 0.15)])  # of small psi: loss' near .4, loss'' near .15
    for before, step in zip([small, *steps], steps, strict=False):
        growth = (end - before) / (end - step)
        x = _solved(labels, step, x * [growth**0.5, 1, 1] + [0, 0.5 * np.log(growth), np.log(growth)])
    along, across = float(x[0]), float(np.exp(x[1]))
    rho = along / float(np.hypot(along, across))
    return Likelihood(along, across, rho, float(labels.error(rho)))


def _solved(labels: LogisticLabels, psi: float, start: Floats) -> Floats:
    """Solve the three equations for a, log sigma and log lam."""
    v, weight = (item[::COARSE] for item in labels.law)
    table = np.outer(weight / weight.sum(), WEIGHTS)
    last = np.zeros_like(table)  # the proximal points of the try before, where the next one's begin

    def off(x: Floats) -> Floats:
        along, across, lam = x[0], np.exp(min(x[1], 50.0)), np.exp(min(x[2], 50.0))
        u = along * v[:, None] + across * NODES
        p = last[...] = _proximal(u, lam, last)
        shift, slope = p - u, expit(p) * expit(-p)
        return np.array([
            np.sqrt((table * shift**2).sum()) / (np.sqrt(psi) * across) - 1,
            (table * v[:, None] * shift).sum() / (across + abs(along)),
            ((table / (1 + lam * slope)).sum() - 1 + psi) / psi,
        ])  # fmt: skip

    answer = root(off, start, method="hybr", options={"xtol": 1e-9})
    require(float(np.abs(off(answer.x)).max()) < SOLVED, f"the equations of maximum likelihood were not solved at psi = {psi:g}")
    return np.asarray(answer.x)


def _proximal(u: Floats, lam: float, near: Floats) -> Floats:
    """Return p with p - lam sigmoid(-p) = u, by Newton's method from what is near; where that does not arrive soon, from 0.

    There the left side has its inflection, so that the method goes to the solution monotonically.
    """
    p, close = near.copy(), 1e-12 * (1 + lam + float(np.abs(u).max()))
    for count in range(200):
        if count == WARM:
            p = np.zeros_like(u)
        pull = expit(-p)
        excess = p - lam * pull - u
        if float(np.abs(excess).max()) < close:
            break
        p -= excess / (1 + lam * pull * (1 - pull))
    return p


def _loss(rows: Floats, w: Floats) -> float:
    return float(np.logaddexp(0.0, -(rows @ w)).sum())
