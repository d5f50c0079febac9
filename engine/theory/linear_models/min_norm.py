"""Gradient descent on least squares at any step from one SVD, and the interpolator of smallest Euclidean norm that it reaches.

Loss .5 |X w - y|^2 with X = U S V^T of rank r. In the coordinates V^T w every right singular direction moves alone,
    v_i^T w_t = (1 - eta s_i^2)^t v_i^T w_0 + (1 - (1 - eta s_i^2)^t) u_i^T y / s_i,
and everything orthogonal to the rows of X never moves. Hence the limit X^+ y + P_null w_0 for 0 < eta < 2 / s_max^2.

Shapes: X (n, d), y (n,), w (d,); k instants at once give (k, d).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.inputs import Floats, finite_matrix, finite_vector, require

SATURATION = 1e140
"""Largest magnitude of a diverging coordinate: its square is still a finite float64."""


@dataclass(frozen=True)
class LeastSquares:
    """A least-squares problem in its singular directions; make it with `least_squares`.

    Attributes:
        X: (n, d). y: (n,).
        left: (n, r) columns u_i. singular_values: (r,) descending, all above rounding. right: (r, d) rows v_i^T.
    """

    X: Floats
    y: Floats
    left: Floats
    singular_values: Floats
    right: Floats

    @property
    def rank(self) -> int:
        """Number of singular values above rounding."""
        return len(self.singular_values)

    @property
    def targets(self) -> Floats:
        """The coordinates u_i^T y / s_i (r,) of the minimum-norm solution."""
        coordinates: Floats = (self.left.T @ self.y) / self.singular_values
        return coordinates

    @property
    def solution(self) -> Floats:
        """X^+ y (d,): the least-squares solution of smallest Euclidean norm; it interpolates where any w does."""
        solution: Floats = self.targets @ self.right
        return solution

    @property
    def step_limit(self) -> float:
        """2 / s_max^2: gradient descent converges for every smaller positive step and for none beyond."""
        return float(2 / self.singular_values[0] ** 2)

    @property
    def misfit(self) -> float:
        """|X X^+ y - y| / |y|: what no w can fit; rounding error (below 1e-12) where an interpolator exists."""
        scale = float(np.linalg.norm(self.y)) or 1.0
        return float(np.linalg.norm(self.left @ (self.left.T @ self.y) - self.y)) / scale

    def coordinates(self, w: Floats) -> Floats:
        """Row-space coordinates V^T w (..., r) of weights (..., d), one per singular direction."""
        coordinates: Floats = w @ self.right.T
        return coordinates

    def null_component(self, w: Floats) -> Floats:
        """P_null w (..., d): the part orthogonal to every row of X, removed twice so that rounding does not remain."""
        null: Floats = w - (w @ self.right.T) @ self.right
        return null - (null @ self.right.T) @ self.right

    def limit(self, start: Floats) -> Floats:
        """X^+ y + P_null w_0 (d,): where descent from `start` ends for any convergent step."""
        return self.solution + self.null_component(start)

    def growth_factor(self, eta: float) -> float:
        """max_i |1 - eta s_i^2|: the error's factor per step; above 1 descent diverges by it."""
        return float(np.max(np.abs(1 - eta * self.singular_values**2)))

    def descend(self, steps: ArrayLike, eta: float, start: Floats | None = None) -> Floats:
        """Return w_t (k, d) of gradient descent after each of the k step counts, without iterating.

        Beyond the step limit the diverging coordinates saturate at 1e140 instead of overflowing.
        """
        return self._move(_power(eta * self.singular_values**2, np.atleast_1d(np.asarray(steps, dtype=np.float64))), start)

    def loss(self, w: Floats) -> Floats:
        """.5 |X w - y|^2 (...) of weights (..., d)."""
        loss: Floats = 0.5 * np.sum((w @ self.X.T - self.y) ** 2, axis=-1)
        return loss

    def steps_to(self, tolerance: float, eta: float) -> float:
        """Steps until the slowest direction's error has shrunk by `tolerance`; infinity where it does not shrink."""
        factor = self.growth_factor(eta)
        if factor >= 1:
            return float("inf")
        return 1.0 if factor == 0 else max(1.0, float(np.log(tolerance) / np.log(factor)))

    def _move(self, kept_and_gained: tuple[Floats, Floats], start: Floats | None) -> Floats:
        kept, gained = kept_and_gained  # (k, r) each
        if start is None:
            moved: Floats = (gained * self.targets) @ self.right
            return moved
        inside = kept * self.coordinates(start) + gained * self.targets
        return self.null_component(start) + inside @ self.right


def least_squares(X: ArrayLike, y: ArrayLike) -> LeastSquares:
    """Decompose a least-squares problem once; every question about it is then a product.

    Args:
        X: (n, d). y: (n,). Any n and d; duplicate and zero rows lower the rank and are no error.

    Raises:
        ProblemError: entries that are not finite, or X = 0, for which the step limit 2 / s_max^2 does not exist.
    """
    matrix = finite_matrix(X, "X")
    targets = finite_vector(y, len(matrix), "y")
    left, singular_values, right = np.linalg.svd(matrix, full_matrices=False)
    require(singular_values[0] > 0, "X has no entry other than 0: its largest singular value is 0, every step size stands still")
    rank = int(np.count_nonzero(singular_values > singular_values[0] * max(matrix.shape) * np.finfo(np.float64).eps))
    return LeastSquares(matrix, targets, left[:, :rank], singular_values[:rank], right[:rank])


def _power(shrinkage: Floats, steps: Floats) -> tuple[Floats, Floats]:
    """Return (1 - x)^t and 1 - (1 - x)^t (k, r) for x = eta s^2 (r,), exact for tiny x too, saturating at 1e140."""
    moving = shrinkage != 1  # x = 1 arrives in one step; its logarithm does not exist
    safe = np.where(moving, shrinkage, 0.0)
    logarithm = np.log1p(np.where(safe < 1, -safe, safe - 2))
    exponent = np.minimum(steps[:, None] * logarithm, np.log(SATURATION))
    odd = (safe > 1) & (steps[:, None] % 2 == 1)
    at_once = np.where(steps[:, None] > 0, 0.0, 1.0)
    kept = np.where(moving, np.where(odd, -1.0, 1.0) * np.exp(exponent), at_once)
    gained = np.where(moving & ~odd, -np.expm1(exponent), 1 - kept)
    return kept, gained
