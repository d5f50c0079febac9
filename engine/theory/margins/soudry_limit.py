"""Where the logistic flow ends: w(s) = w_hat log s + w_tilde + o(1), and the constants that follow from w_tilde.

On separable data with every support vector carrying dual weight alpha_n > 0, exp(-z_n.w_tilde) = alpha_n on the support
(Soudry, Hoffer, Nacson, Gunasekar, Srebro 2018, arXiv:1710.10345, Theorems 3 and 4). In the span of the support vectors
w_tilde therefore minimises sum exp(-z_n.v) + w_hat.v, duplicates included; its part orthogonal to them depends on the path
and is read off a run. With L = log s and P the projection on w_hat,
    |w/|w| - w_hat/|w_hat|| L  ->  C = |(I - P) w_tilde| / |w_hat|
    (1 - cos) L^2              ->  C^2 / 2
    (gam - min z.w / |w|) L    ->  gam (w_hat.w_tilde / |w_hat|^2 - min_support z.w_tilde)
    summed loss * s            ->  |w_hat|^2 = 1 / gam^2
The products converge like 1/L, the two-term prediction itself like s^-k, k = min(mu, m2 - 1, 1). Gradient descent of step
eta has s = eta t: in log t its w_tilde gains w_hat log eta, the first three constants stay, loss * t -> 1/(eta gam^2).

Shapes: Z (n, d), w (d,), alpha (n,).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.theory.inputs import Floats, require
from engine.theory.margins.hard_margin import HardMargin
from engine.theory.margins.margin_path import MarginCurves, split_curves

ITERATIONS = 200


@dataclass(frozen=True)
class SoudryLimit:
    """The two-term prediction and its constants, in flow time s.

    Attributes:
        svm: the problem. w_tilde: (d,). mu: smallest eigenvalue of sum alpha_n z_n z_n^T on the support's span.
        second_margin: m2, the smallest z.w_hat off the support; infinity if all rows are support vectors.
    """

    svm: HardMargin
    w_tilde: Floats
    mu: float
    second_margin: float

    @property
    def direction(self) -> float:
        """C: limit of the direction error times log s; 0 where w_tilde is parallel to w_hat."""
        along = (self.w_tilde @ self.svm.w) / self.svm.norm**2
        return float(np.linalg.norm(self.w_tilde - along * self.svm.w)) / self.svm.norm

    @property
    def angle(self) -> float:
        """C^2 / 2: limit of (1 - cos) (log s)^2."""
        return self.direction**2 / 2

    @property
    def gap(self) -> float:
        """Limit of the margin gap times log s: gam sum p_n log(p_max / p_n) with p = alpha / sum(alpha)."""
        products = self.svm.Z[self.svm.support] @ self.w_tilde
        mean = float(self.w_tilde @ self.svm.w) / self.svm.norm**2
        return self.svm.margin * (mean - float(products.min()))

    @property
    def loss(self) -> float:
        """1 / gam^2: limit of the summed loss times s."""
        return self.svm.norm**2

    @property
    def exponent(self) -> float:
        """k: the two-term prediction's error falls like s^-k."""
        return min(self.mu, self.second_margin - 1, 1.0)

    def curves(self, log_s: Floats) -> MarginCurves:
        """Distances to the SVM, each (k,), that w_hat log s + w_tilde predicts."""
        return split_curves(self.svm, log_s, np.tile(self.w_tilde, (len(log_s), 1)))


def soudry_limit(svm: HardMargin, remainder: Floats) -> SoudryLimit:
    """Return the limit, with the path-dependent part taken from a run.

    Args:
        svm: the solved problem. remainder: (d,) w(s) - w_hat log s at the run's last s.

    Raises:
        ProblemError: a row lies on the margin without dual weight; the theorem says nothing then.
    """
    rows = svm.Z[svm.support]  # (m, d)
    _, values, right = np.linalg.svd(rows, full_matrices=False)
    basis = right[values > values[0] * max(rows.shape) * np.finfo(np.float64).eps]  # (r, d) orthonormal
    reduced = rows @ basis.T
    inside = _in_span(reduced, basis @ svm.w, svm.alpha[svm.support])
    weights = np.exp(-reduced @ inside)
    lightest = int(np.argmin(weights))
    require(
        bool(weights[lightest] > 1e-9 * weights.max()),
        f"row {np.flatnonzero(svm.support)[lightest]} lies on the margin without dual weight: w_tilde does not exist",
        "change n, d or the seed",
    )
    outside = remainder - (remainder @ basis.T) @ basis
    curvature = (reduced.T * weights) @ reduced
    others = svm.margins[~svm.support]
    return SoudryLimit(
        svm, inside @ basis + outside, float(np.linalg.eigvalsh(curvature)[0]), float(others.min()) if len(others) else np.inf
    )


def _in_span(rows: Floats, w_hat: Floats, alpha: Floats) -> Floats:
    """Minimise sum exp(-z_n.v) + w_hat.v over v (r,), by Newton's method with bounded steps; the minimum is unique."""
    floor = np.maximum(alpha, alpha.max() / len(alpha) * 1e-3)
    v = np.asarray(np.linalg.lstsq(rows, -np.log(floor), rcond=None)[0], dtype=np.float64)
    for _ in range(ITERATIONS):
        weights = np.exp(-np.clip(rows @ v, -500, 500))
        step = np.linalg.lstsq((rows.T * weights) @ rows, rows.T @ weights - w_hat, rcond=None)[0]
        largest = float(np.max(np.abs(rows @ step)))
        v = v + step * min(1.0, 1 / largest) if largest > 0 else v
        if largest < 1e-15 * max(1.0, float(np.max(np.abs(rows @ v)))):
            break
    return v
