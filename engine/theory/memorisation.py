"""What memorising means before anything is trained: an exact construction, and what guessing looks like.

Zhang et al. 2017, arXiv:1611.03530, Theorem 1: a two-layer ReLU network with 2n+d weights fits any n labels on any n
distinct inputs in d dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.theory.inputs import Floats, finite_matrix, finite_vector, require


@dataclass(frozen=True)
class MemorisingNetwork:
    """`f(x) = sum_j w_j * max(<a, x> - b_j, 0)`: direction a (d,), biases b (n,), weights w (n,)."""

    direction: Floats
    biases: Floats
    weights: Floats

    @property
    def weight_count(self) -> int:
        """The number of weights, 2n + d."""
        return self.direction.size + self.biases.size + self.weights.size

    def __call__(self, x: NDArray[np.float64]) -> Floats:
        """Return f(x) for inputs (m, d), shape (m,)."""
        return np.maximum((x @ self.direction)[:, None] - self.biases, 0.0) @ self.weights

    def largest_residual(self, x: ArrayLike, y: ArrayLike) -> float:
        """Return max_i |f(x_i) - y_i|."""
        return float(np.max(np.abs(self(np.asarray(x, dtype=np.float64)) - np.asarray(y, dtype=np.float64))))


def memorise(x: ArrayLike, y: ArrayLike, rng: np.random.Generator) -> MemorisingNetwork:
    """Build the network of Theorem 1 for inputs x (n, d) and targets y (n,).

    A random direction a gives projections z_i = <a, x_i>; sorted, with biases halfway between neighbours,
    `A_ij = max(z_i - b_j, 0)` is lower triangular with positive diagonal, and `A w = y` is solved by forward substitution
    in n^2 operations. Rounding grows with n: the largest residual is about 1e-8 at n=200 and 1e-6 at n=1000.

    Raises:
        ProblemError: no data, values that are not finite, or two inputs that coincide (they may carry different labels).
    """
    inputs = finite_matrix(x, "x")
    targets = finite_vector(y, len(inputs), "y")
    direction: Floats = rng.standard_normal((inputs.shape[1],))
    projections = inputs @ direction
    order = np.argsort(projections)
    sorted_z = projections[order]
    gaps = np.diff(sorted_z)
    equal = int(np.count_nonzero(gaps <= 0))
    require(equal == 0, f"every input must be distinct, got {equal} that coincide with another", "remove the duplicates")
    first = sorted_z[0] - (float(np.mean(gaps)) if gaps.size else 1.0)
    biases = np.concatenate(([first], sorted_z[:-1] + gaps / 2))
    return MemorisingNetwork(direction, biases, _forward_substitution(sorted_z, biases, targets[order]))


def _forward_substitution(z: Floats, biases: Floats, y: Floats) -> Floats:
    weights = np.zeros_like(y)
    for i in range(len(y)):
        weights[i] = (y[i] - weights[:i] @ (z[i] - biases[:i])) / (z[i] - biases[i])
    return weights


def chance_band(classes: int, n_test: int, sigmas: float = 3.0) -> tuple[float, float]:
    """Return the error band of guessing, `1 - 1/K -+ sigmas * sqrt((1/K)(1-1/K)/n_test)`.

    Exact (binomial) only when the test labels are independent of the predictions.

    Raises:
        ProblemError: fewer than two classes or no test point.
    """
    require(classes >= 2, f"classes must be at least 2, got {classes}")
    require(n_test >= 1, f"the number of test points must be at least 1, got {n_test}")
    centre, hit = 1.0 - 1.0 / classes, 1.0 / classes
    half = sigmas * sqrt(hit * (1.0 - hit) / n_test)
    return centre - half, centre + half
