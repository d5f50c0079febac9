"""What memorising means before anything is trained: an exact construction.

Zhang et al. 2017, arXiv:1611.03530, Theorem 1: a two-layer ReLU network with 2n+d weights fits any n labels on any n
distinct inputs in d dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.theory.inputs import Floats, finite_matrix, finite_vector, require

DIRECTIONS = 20  # random directions to choose from
ABOVE = 0.1  # of the way from one projection to the next, where the bias between them lies


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

    A random direction a gives projections z_i = <a, x_i>; sorted, with a bias between each two neighbours,
    `A_ij = max(z_i - b_j, 0)` is lower triangular with positive diagonal, and `A w = y` is solved by forward substitution
    in n^2 operations. Any direction does in exact arithmetic; the best separated of 20 keeps rounding small, and so do
    biases close to the neighbour below: halfway, an error of one slope comes back whole in the next, with the other sign.

    Raises:
        ProblemError: no data, values that are not finite, or two inputs that coincide (they may carry different labels).
    """
    inputs = finite_matrix(x, "x")
    targets = finite_vector(y, len(inputs), "y")
    direction, projections = _well_separated(inputs, rng)
    order = np.argsort(projections)
    sorted_z = projections[order]
    gaps = np.diff(sorted_z)
    equal = int(np.count_nonzero(gaps <= 0))
    require(equal == 0, f"every input must be distinct, got {equal} that coincide with another", "remove the duplicates")
    first = sorted_z[0] - (float(np.mean(gaps)) if gaps.size else 1.0)
    biases = np.concatenate(([first], sorted_z[:-1] + ABOVE * gaps))
    return MemorisingNetwork(direction, biases, _forward_substitution(sorted_z, biases, targets[order]))


def distinct(x: NDArray[Any]) -> NDArray[np.int64]:
    """Return which rows of x (n, d) equal none before them, in order."""
    return np.sort(np.unique(x, axis=0, return_index=True)[1])


def _well_separated(x: NDArray[np.float64], rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return the direction (d,) whose closest projections lie farthest apart, relative to their spread, and the projections (n,)."""
    directions = rng.standard_normal((DIRECTIONS, x.shape[1]))
    projections = directions @ x.T
    if len(x) == 1:
        return directions[0], projections[0]
    closest = np.diff(np.sort(projections, axis=1), axis=1).min(axis=1) / np.ptp(projections, axis=1).clip(min=np.finfo(float).tiny)
    best = int(np.argmax(closest))
    return directions[best], projections[best]


def _forward_substitution(z: Floats, biases: Floats, y: Floats) -> Floats:
    weights = np.zeros_like(y)
    for i in range(len(y)):
        weights[i] = (y[i] - weights[:i] @ (z[i] - biases[:i])) / (z[i] - biases[i])
    return weights
