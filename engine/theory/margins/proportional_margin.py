"""The max-margin classifier of noisy linear labels where n and d grow in proportion, psi = d/n: its existence, margin and error.

Isotropic Gaussian inputs, labels +1 with probability sigmoid(r <b, x>), |b| = 1. With G the signal <b, x>, V = y G has density
2 phi(v) sigmoid(r v). Candes, Sur 2020 (arXiv:1804.09753): separable where psi exceeds
    psi* = min_t E (Z - t V)_+^2,    Z ~ N(0, 1) independent of V.
Montanari, Ruan, Sohn, Yan 2019 (arXiv:1911.01544): the margin of unit weights is the kappa with min over rho of
    sqrt(E (kappa - rho V - s Z)_+^2) - sqrt(psi) s = 0,    s = sqrt(1 - rho^2),
rho, where the minimum is taken, the weights' cosine with b. The share of support vectors P(rho V + s Z <= kappa) and the logit's hidden
part are our own reading of the same equations.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import simpson
from scipy.optimize import brentq, minimize_scalar
from scipy.special import expit, ndtr

from engine.theory.inputs import Floats, require

REACH, GRID = 9.0, 3601  # the trapezoidal rule over v is exact to rounding for functions as smooth as these
STEEPEST = 1 - 1e-9  # cosine beyond which nothing changes
LARGEST = 50.0  # signal beyond which the grid no longer resolves the sigmoid


@dataclass(frozen=True)
class MaxMargin:
    """The limit at one psi. margin: of unit weights; rho: their cosine with b; error: on fresh noisy labels; support: rows' share on it."""

    margin: float
    rho: float
    error: float
    support: float


@dataclass(frozen=True)
class LogisticLabels:
    """Labels +1 with probability sigmoid(r G + q H): G is what the features see, H ~ N(0, 1) what they do not.

    >>> labels = LogisticLabels(4.0)
    >>> round(labels.threshold, 4), round(labels.max_margin(1.0).margin, 4)
    (0.2215, 0.7155)
    """

    r: float
    q: float = 0.0

    def __post_init__(self) -> None:
        require(0 <= self.r <= LARGEST, f"signal r must be between 0 and {LARGEST:g}, got {self.r:g}")
        require(0 <= self.q <= LARGEST, f"hidden signal q must be between 0 and {LARGEST:g}, got {self.q:g}")

    @cached_property
    def law(self) -> tuple[Floats, Floats]:
        """Grid v (k,) and weights (k,) that sum to 1: the law of V."""
        v = np.linspace(-REACH, REACH, GRID)
        hidden = np.linspace(-REACH, REACH, 401) if self.q else np.zeros(1)
        weight = np.exp(-0.5 * hidden**2)
        right = expit(self.r * v[:, None] + self.q * hidden) @ (weight / weight.sum())
        density = np.exp(-0.5 * v**2) * right
        return v, density / density.sum()

    @cached_property
    def bayes_error(self) -> float:
        """The error of sign G, the best that the features allow."""
        v, weight = self.law
        wrong = v <= 1e-12  # the grid's middle is 0 but for rounding
        return float(simpson(weight[wrong]) / simpson(weight))

    @cached_property
    def threshold(self) -> float:
        """psi*: above this d/n the labels are separable through the origin, in the limit."""
        v, weight = self.law
        found = minimize_scalar(lambda t: float(weight @ _shortfall(-t * v, 1.0)), bounds=(0.0, 100.0), method="bounded",
                                options={"xatol": 1e-10})  # fmt: skip
        return min(float(found.fun), 0.5)  # at t = 0

    def error(self, rho: ArrayLike) -> Floats:
        """The error of weights at each cosine with b on fresh noisy labels, E Phi(-rho V/s), in the shape of rho."""
        v, weight = self.law
        cosine = np.clip(np.asarray(rho, dtype=np.float64), -STEEPEST, STEEPEST)[..., None]
        return np.asarray(ndtr(-cosine * v / np.sqrt(1 - cosine**2)) @ weight)

    def max_margin(self, psi: float) -> MaxMargin:
        """Return the limit at psi = d/n.

        Raises:
            ProblemError: psi is at most psi*: the labels are not separable.
        """
        require(psi > self.threshold, f"psi must exceed {self.threshold:.4g}, below which labels are not separable, got {psi:g}")
        top = 1.0
        while self._least(top, psi)[0] < 0:
            top *= 2
        margin = float(brentq(lambda kappa: self._least(kappa, psi)[0], 0.0, top, xtol=1e-12, rtol=1e-12))
        rho = self._least(margin, psi)[1]
        v, weight = self.law
        s = np.sqrt(1 - rho**2)
        return MaxMargin(margin, rho, float(self.error(rho)), float(weight @ ndtr((margin - rho * v) / s)))

    def _least(self, kappa: float, psi: float) -> tuple[float, float]:
        """Return the least value over rho of the equation above, and that rho."""
        v, weight = self.law

        def value(rho: float) -> float:
            s = np.sqrt(1 - rho**2)
            return float(np.sqrt(weight @ _shortfall(kappa - rho * v, s)) - np.sqrt(psi) * s)

        found = minimize_scalar(value, bounds=(0.0, 1 - 1e-9), method="bounded", options={"xatol": 1e-10})
        ends = [(value(0.0), 0.0), (float(found.fun), float(found.x))]
        return min(ends)


def _shortfall(u: Floats, s: float) -> Floats:
    """Return E (u - s Z)_+^2 for every u."""
    scaled = u / s
    return np.asarray((u**2 + s**2) * ndtr(scaled) + u * s * np.exp(-0.5 * scaled**2) / np.sqrt(2 * np.pi))
