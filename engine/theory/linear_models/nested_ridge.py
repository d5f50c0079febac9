"""Ridge regression on the first p of D features over a grid of p, each with its own ridge: the tuned curve, simulated.

Loss |X_p w - Y|^2 + ridge |w|^2, solved exactly per p in the smaller of the two spaces: (X_p^T X_p + ridge)^-1 X_p^T Y or
X_p^T (X_p X_p^T + ridge)^-1 Y. After Nakkiran et al. 2021 (arXiv:2003.01897). Shapes as in `nested`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.errors import ProblemError
from engine.theory.conditions import Floats, require
from engine.theory.linear_models.nested_curves import NestedCurves, NestedProblem, problem_of
from engine.theory.linear_models.whitener import inverse_triangle


def ridge_steps(
    X: ArrayLike,
    Y: ArrayLike,
    p: ArrayLike,
    ridge: ArrayLike,
    b: ArrayLike | None = None,
    test: tuple[ArrayLike, ArrayLike] | None = None,
) -> Iterator[tuple[int, NestedCurves]]:
    """Yield (p reached, curves) over p (g,), rising, with one ridge for all or one each; an infinite ridge gives w = 0.

    The curves are filled in place. A ridge of 0 belongs to `nested_path`.

    Raises:
        ProblemError: p outside 0..D or not rising, a ridge of 0, or a negative ridge that leaves X X^T + ridge not positive
            definite; and what `problem_of` refuses.
    """
    problem = problem_of(X, Y, b, test)
    counts = np.atleast_1d(np.asarray(p, dtype=np.int64))
    D = problem.X.shape[1]
    require(bool(np.all(np.diff(counts) > 0)) and counts[0] >= 0 and counts[-1] <= D, f"p must rise within 0..{D}, got {_ends(counts)}")
    ridges = np.broadcast_to(np.asarray(ridge, dtype=np.float64), counts.shape)
    zero = (ridges == 0) | np.isnan(ridges)
    require(not zero.any(), f"ridge_steps needs a ridge other than 0, got {ridges[zero.argmax()]:g}", "Without ridge use nested_path.")
    curves = problem.curves(counts.astype(np.float64))
    gram = problem.X.T[: len(problem.X)] @ problem.X[:, : len(problem.X)]  # (n, n) or (D, D): leading blocks are X_p^T X_p
    kernel, done = np.zeros((len(problem.X), len(problem.X))), 0
    for i, (k, penalty) in enumerate(zip(counts.tolist(), ridges.tolist(), strict=True)):
        if k > len(problem.X):
            new = problem.X[:, done:k]
            kernel, done = kernel + new @ new.T, k
        side = kernel if k > len(problem.X) else gram[:k, :k]
        _fill(curves, i, problem, k, side, penalty)
        yield k, problem.shown(curves)


def _fill(curves: NestedCurves, i: int, problem: NestedProblem, k: int, side: Floats, ridge: float) -> None:
    """Fill entry i: k features, `side` the smaller of X_k^T X_k and X_k X_k^T."""
    features, Y, b = problem.X[:, :k], problem.Y, problem.b
    w = np.zeros((k, Y.shape[1]))
    curves.noise_gain[i] = 0
    if k and np.isfinite(ridge):
        inverse = _inverse(side, ridge, k)
        w = inverse @ (features.T @ Y) if k <= len(Y) else features.T @ (inverse @ Y)
        curves.noise_gain[i] = np.trace(inverse) - ridge * float((inverse**2).sum())
    curves.norm2[i] = (w**2).sum(0)
    curves.train_mse[i] = ((features @ w - Y) ** 2).mean(0)
    if b is not None and curves.excess_risk is not None:
        curves.excess_risk[i] = ((w - b[:k]) ** 2).sum(0) + (b[k:] ** 2).sum(0)
    if problem.test is not None and curves.test_mse is not None and curves.test_error is not None:
        curves.test_mse[i], curves.test_error[i] = problem.test.errors(problem.test.X[:, :k] @ w)


def _inverse(side: Floats, ridge: float, k: int) -> Floats:
    if ridge < 0:
        smallest = float(np.linalg.eigvalsh(side)[0])
        if ridge <= -smallest * (1 - 1e-9):
            sentence = f"the ridge must exceed minus the smallest eigenvalue, {-smallest:.4g}, at p={k}, got {ridge:g}"
            raise ProblemError(sentence, "Raise the ridge.")
    shifted = side + ridge * np.eye(len(side))
    try:
        factor = np.asarray(np.linalg.cholesky(shifted), dtype=np.float64)
    except np.linalg.LinAlgError:  # a ridge below rounding
        return np.asarray(np.linalg.inv(shifted), dtype=np.float64)
    root = inverse_triangle(factor.T)  # with the product half the time of a general inverse
    return root @ root.T


def _ends(counts: NDArray[np.int64]) -> str:
    return f"{counts.min()}..{counts.max()}" + ("" if np.all(np.diff(counts) > 0) else " out of order")
