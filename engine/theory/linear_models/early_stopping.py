"""Gradient flow stopped at time t against ridge regression with penalty 1/t: risks averaged over weights and noise, and their ratio.

Weights i.i.d. of variance tau2, noise of variance sigma2, losses .5 |X w - y|^2 and |X w - y|^2 + lam |w|^2, lam = 1/t. X = U diag(s) V^T,
x = t s_i^2, and D_i = v_i.Lam v_i the weights of a prediction risk under any covariance Lam (1 for the estimation of w):
    risk = sum D_i (tau2 g^2 + sigma2 k) + tau2 (tr Lam - sum D_i),
    flow  g = exp(-x),    k = (1-g)^2/s^2;    ridge  g = 1/(1+x),    k = (x/(1+x))^2/s^2.
Direction by direction the bias ratio is at most 1, the variance ratio ((1-exp(-x)) (1+x)/x)^2 at most 1.685909, at x = 1.793282. At the
best penalty, t = tau2/sigma2, the ratio (1+x) (exp(-2x) + (1-exp(-x))^2/x) is at most 1.214662, at x = 3.213564. Sums keep both bounds.
Source: Ali, Kolter, Tibshirani 2019, arXiv:1810.10082, whose loss has 1/n: their t is n times ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.conditions import Floats, number, numbers
from engine.theory.inputs import require
from engine.theory.linear_models.sample_wise import Directions
from engine.theory.spectra.marchenko_pastur import atom, edges

RATIO_BOUND, RATIO_PLACE = 1.685909058278325, 1.7932822
"""Largest ratio of flow's risk at t to ridge's at 1/t, over every X, covariance, tau2, sigma2 and t; the x = t s^2 that has it."""

BEST_BOUND, BEST_PLACE = 1.2146618408349494, 3.2135636
"""Largest ratio at the best penalty, and so of the best stopping time against the best ridge; its x."""

NODES = 4000  # of the quadrature over the Marchenko-Pastur law


@dataclass(frozen=True)
class Path:
    """Risks along time t (k,), without the noise of the test label: squared bias and variance of both methods, (k,) each."""

    times: Floats
    flow_bias: Floats
    flow_variance: Floats
    ridge_bias: Floats
    ridge_variance: Floats

    @property
    def flow(self) -> Floats:
        """The risk of flow stopped at each time."""
        return self.flow_bias + self.flow_variance

    @property
    def ridge(self) -> Floats:
        """The risk of ridge with penalty 1/t."""
        return self.ridge_bias + self.ridge_variance

    @property
    def ratio(self) -> Floats:
        """Flow's risk over ridge's; 1 where both are 0."""
        return np.divide(self.flow, self.ridge, out=np.ones_like(self.flow), where=self.ridge > 0)


def best_time(tau2: float, sigma2: float) -> float:
    """Return t = tau2/sigma2, one over the best penalty; infinite without noise.

    Raises:
        ProblemError: tau2 and sigma2 both 0.
    """
    require(tau2 + sigma2 > 0, f"signal and noise must not both be 0, got tau2={tau2:g}, sigma2={sigma2:g}")
    return tau2 / sigma2 if sigma2 > 0 else float("inf")


def path(found: Directions, times: ArrayLike, tau2: float, sigma2: float) -> Path:
    """Return both methods' risks at each time t > 0, (k,).

    Raises:
        ProblemError: a time that is not positive, a negative variance, or tau2 and sigma2 both 0.
    """
    return _path(found.squares, found.weights, found.unseen, times, tau2, sigma2)


def isotropic_path(n: int, d: int, times: ArrayLike, tau2: float, sigma2: float) -> Path:
    """Return the limit of both risks for d isotropic features of n samples as both grow: the Marchenko-Pastur law in place of the s_i^2/n.

    Raises:
        ProblemError: as `path`.
    """
    gamma = d / n
    low, high = (float(edge) for edge in edges(gamma))
    # The midpoint rule in the angle, where the density is smooth at its edges, with nodes that crowd at the lower one: at d = n it is 0,
    # and what counts there at time t are angles of about 1/sqrt(n t).
    share = (np.arange(NODES) + 0.5) / NODES
    angle, weight = np.pi * share**3, 3 * share**2 / NODES  # of the upper edge from the lower one; the share of pi that a node stands for
    half = (high - low) / 2
    x = low + 2 * half * np.sin(angle / 2) ** 2
    mass = (half * np.sin(angle)) ** 2 * weight / (2 * gamma * x)
    return _path(n * x, d * mass, d * float(atom(gamma)), times, tau2, sigma2)


def _path(squares: Floats, weights: Floats, unseen: float, times: ArrayLike, tau2: float, sigma2: float) -> Path:
    t = np.atleast_1d(numbers("a time", times, above=0))
    tau2, sigma2 = number("the weights' variance", tau2, least=0), number("the noise variance", sigma2, least=0)
    require(tau2 + sigma2 > 0, f"signal and noise must not both be 0, got tau2={tau2:g}, sigma2={sigma2:g}")
    x = squares * t[:, None]  # (k, r)
    per_square = weights / squares
    kept = -np.expm1(-x), x / (1 + x)
    lost = np.exp(-x), 1 / (1 + x)
    biases = [tau2 * (part**2 @ weights + unseen) for part in lost]
    variances = [sigma2 * (part**2 @ per_square) for part in kept]
    return Path(t, biases[0], variances[0], biases[1], variances[1])
