"""Gradient flow of the logistic or exponential loss on separable data over any number of decades of time.

dw/ds = sum z_n p_n with p_n = 1/(1 + exp(z_n.w)) (logistic) or exp(-z_n.w) (exponential), s = eta t. In tau = log s and for
v = w - w_hat tau, which converges to w_tilde while w diverges,
    dv/dtau = sum z_n exp(tau - log(1 + exp(h_n tau + z_n.v))) - w_hat,      h_n = z_n.w_hat, exactly 1 on the support.
v keeps all its digits at s = 1e59, where w's would drown in w_hat tau, and the implicit integrator takes huge steps once v
has settled. Time and loss: Soudry et al. 2018, arXiv:1710.10345; the equation is theirs in log time.

Shapes: Z (n, d), w, v (k, d) at k times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from engine.theory.implicit_bias.stiff_flow import Rate, integrate
from engine.theory.inputs import Floats, require
from engine.theory.margins.hard_margin import HardMargin
from engine.theory.margins.margin_path import MarginCurves, split_curves
from engine.theory.margins.soudry_limit import SoudryLimit, soudry_limit

Loss = Literal["logistic", "exponential"]


@dataclass(frozen=True)
class FlowPath:
    """The flow at k times. log_s: (k,) natural logarithms of s. remainder: (k, d) w - w_hat log s."""

    svm: HardMargin
    log_s: Floats
    remainder: Floats
    loss: Loss

    @property
    def w(self) -> Floats:
        """Weights (k, d)."""
        w: Floats = np.multiply.outer(self.log_s, self.svm.w) + self.remainder
        return w

    @property
    def curves(self) -> MarginCurves:
        """Direction error, 1 - cos, margin gap and norm, each (k,)."""
        return split_curves(self.svm, self.log_s, self.remainder)

    @property
    def loss_times_s(self) -> Floats:
        """Summed loss times s (k,), to full precision where the loss itself is 1e-59."""
        margins = np.multiply.outer(self.log_s, self.svm.margins) + self.remainder @ self.svm.Z.T
        relative = np.multiply.outer(self.log_s, 1 - self.svm.margins) - self.remainder @ self.svm.Z.T  # log(s exp(-z.w))
        small = np.exp(np.minimum(relative, 700.0))
        if self.loss == "exponential":
            return np.asarray(small.sum(axis=1))
        exact = np.exp(self.log_s)[:, None] * np.logaddexp(0, -margins)
        return np.asarray(np.where(margins > 40, small, exact).sum(axis=1))

    @property
    def limit(self) -> SoudryLimit:
        """Soudry's limit, its path-dependent part read off the last time."""
        return soudry_limit(self.svm, self.remainder[-1])

    def distance(self, limit: SoudryLimit) -> Floats:
        """Distance |w - (w_hat log s + w_tilde)| (k,) from the two-term prediction."""
        distance: Floats = np.linalg.norm(self.remainder - limit.w_tilde, axis=1)
        return distance


def separating_flow(svm: HardMargin, log_s: ArrayLike, loss: Loss = "logistic", rtol: float = 1e-11) -> FlowPath:
    """Follow the flow from w = 0 to each of the k ascending times.

    Args:
        log_s: (k,) natural logarithms of s; s = 1 to 1e59 is linspace(0, 59 log(10), k).

    Raises:
        ProblemError: times not ascending or above 1e300, or a flow that cannot be followed.
    """
    tau = np.atleast_1d(np.asarray(log_s, dtype=np.float64))
    require(bool(np.all(np.diff(tau) >= 0)), "the times of a flow must ascend")
    require(float(tau[-1]) <= 300 * np.log(10), f"the flow runs to s = 1e300 at most, got 1e{tau[-1] / np.log(10):.0f}")
    first = _start_time(svm.Z, loss)
    early = tau[tau <= first]
    later = np.concatenate([[first], tau[tau > first]])
    beginning = _series(svm.Z, np.exp(np.append(early, first)), loss)  # (., d)
    v = beginning - np.multiply.outer(np.append(early, first), svm.w)
    rate, jacobian = _equations(svm, loss)
    path = integrate(rate, jacobian, v[-1], later, rtol=rtol, atol=rtol * svm.norm) if len(later) > 1 else v[-1:]
    return FlowPath(svm, tau, np.concatenate([v[:-1], path[1:]]), loss)


def _equations(svm: HardMargin, loss: Loss) -> tuple[Rate, Rate]:
    rows, columns, h, w_hat = svm.Z, np.ascontiguousarray(svm.Z.T), svm.margins, svm.w

    def weights(v: Floats, tau: float) -> tuple[Floats, Floats]:
        margins = h * tau + rows.dot(v)
        softened = np.logaddexp(0, margins) if loss == "logistic" else margins
        return margins, np.exp(np.minimum(tau - softened, 500.0))

    def rate(v: Floats, tau: float) -> Floats:
        change: Floats = columns.dot(weights(v, tau)[1]) - w_hat
        return change

    def jacobian(v: Floats, tau: float) -> Floats:
        margins, p = weights(v, tau)
        slope = p * expit(margins) if loss == "logistic" else p
        slopes: Floats = -(columns * slope).dot(rows)
        return slopes

    return rate, jacobian


def _start_time(Z: Floats, loss: Loss) -> float:
    """Log of a time at which |Z w| is about 1e-3, so that two terms of the series in s are exact to 1e-9."""
    return float(np.log((4e-3 if loss == "logistic" else 1e-3) / np.linalg.norm(Z, 2) ** 2))


def _series(Z: Floats, s: Floats, loss: Loss) -> Floats:
    """First two terms (k, d) of w(s): s g - s^2/2 c Z^T Z g with g = p_0 Z^T 1 and c = -dp/dm at margin 0."""
    p0, slope = (0.5, 0.25) if loss == "logistic" else (1.0, 1.0)
    g = p0 * Z.sum(axis=0)
    series: Floats = np.multiply.outer(s, g) - np.multiply.outer(s**2 / 2 * slope, Z.T @ (Z @ g))
    return series
