"""Where an adaptive method's limit is known exactly: data on which Adam, AdaGrad and RMSprop move along sign(X^T y).

Wilson, Roelofs, Stern, Srebro, Recht 2017, arXiv:1705.08292, Lemma 3.1: if X sign(X^T y) = c y for some c, these methods
started at 0 reach a multiple of sign(X^T y) on least squares. Any X whose rows live on disjoint blocks of columns, with
equal l1 norms, and y = +-1 has the property: on row i's block sign(X^T y) = y_i sign(x_i), so the product is y_i |x_i|_1.

Shapes: X (n, d), y (n,), directions (d,).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.inputs import Floats, finite_matrix, finite_vector, require


def wilson_data(n: int, d: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return X (n, d) and y (n,) with the lemma's property, c = 1: blocks of d // n or one more columns, unit l1 norms.

    Raises:
        ProblemError: fewer columns than rows.
    """
    require(1 <= n <= d, f"disjoint blocks need at least one column a row: n must be between 1 and d={d}, got {n}")
    owner = np.sort(np.arange(d) % n)
    magnitude = rng.uniform(0.5, 1.5, d) * rng.choice((-1.0, 1.0), d)
    X = np.where(owner == np.arange(n)[:, None], magnitude, 0.0)
    X /= np.abs(X).sum(axis=1, keepdims=True)
    return X, rng.choice((-1.0, 1.0), n)


def wilson_direction(X: ArrayLike, y: ArrayLike) -> tuple[Floats, float]:
    """Return sign(X^T y) (d,) and the lemma's constant c.

    Raises:
        ProblemError: X sign(X^T y) is not a multiple of y (relative deviation above 1e-9), or is 0.
    """
    matrix = finite_matrix(X, "X")
    targets = finite_vector(y, len(matrix), "y")
    direction = np.sign(matrix.T @ targets)
    image = matrix @ direction
    c = float(image @ targets / max(float(targets @ targets), np.finfo(np.float64).tiny))
    deviation = float(np.linalg.norm(image - c * targets) / max(float(np.linalg.norm(image)), np.finfo(np.float64).tiny))
    require(
        c > 0 and deviation < 1e-9,
        f"Wilson's lemma needs X sign(X^T y) = c y: here the two differ by {deviation:.2g} of their length",
        "use wilson_data",
    )
    return direction, c


def angle(first: Floats, second: Floats) -> float:
    """Angle in radians between two vectors (d,), accurate near 0 and pi (Kahan's formula).

    Raises:
        ProblemError: one of them is 0.
    """
    lengths = float(np.linalg.norm(first)), float(np.linalg.norm(second))
    require(min(lengths) > 0, "the angle with a vector of length 0 does not exist")
    a, b = first / lengths[0], second / lengths[1]
    return 2 * float(np.arctan2(np.linalg.norm(a - b), np.linalg.norm(a + b)))
