"""Minimum-norm least squares on the first p of D features, for every p = 0..D of one draw at once.

Belkin, Hsu, Xu 2020 (arXiv:1903.07571) draw this curve from closed forms; here it is the exact curve of given data:
least squares up to p = n by one QR (leading columns of R^-1 are the inverses of leading blocks), interpolation beyond
by the blocks of `whitener`. Many outputs share the work. Features are taken to have identity covariance where a risk
is computed from weights; a test set makes no assumption.

Shapes: X (n, D), Y (n, m), b (D, m), test X (s, D), test Y (s, m); curves (D+1, m). One-dimensional y gives (D+1,).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.conditions import Floats
from engine.theory.linear_models.nested_curves import NestedCurves, NestedProblem, problem_of
from engine.theory.linear_models.whitener import Block, blocks, check_triangle, inverse_triangle, running


def nested_path(X: ArrayLike, Y: ArrayLike, b: ArrayLike | None = None, test: tuple[ArrayLike, ArrayLike] | None = None) -> NestedCurves:
    """Return the curves of one draw; see `nested_steps` for the arguments and errors."""
    *_, (_, curves) = nested_steps(X, Y, b, test)
    return curves


def nested_steps(
    X: ArrayLike, Y: ArrayLike, b: ArrayLike | None = None, test: tuple[ArrayLike, ArrayLike] | None = None
) -> Iterator[tuple[int, NestedCurves]]:
    """Yield (p reached, curves) as the curve grows: first p = min(n, D), then a block at a time. The curves are filled in place.

    b: true weights, (D,) or (D, m), for `excess_risk`. test: (X, Y) of test points with targets like Y, for `test_mse` and `test_error`.

    Raises:
        ProblemError: fewer than 2 samples or features, shapes that do not match, entries that are not finite, or a column
            (a row) that is a combination of those before it.
    """
    problem = problem_of(X, Y, b, test)
    n, D = problem.X.shape
    k = min(n, D)
    curves = problem.curves(np.arange(D + 1.0))
    Q, triangle = np.linalg.qr(problem.X[:, :k])
    check_triangle(triangle, "column")
    inverse = inverse_triangle(triangle)
    _least_squares(curves, problem, Q, inverse)
    yield k, problem.shown(curves)
    for block in blocks(problem.X, inverse @ Q.T) if k == n else ():
        _interpolation(curves, problem, block)
        yield block.p + block.count - 1, problem.shown(curves)


def _least_squares(curves: NestedCurves, problem: NestedProblem, Q: Floats, inverse: Floats) -> None:
    """Fill p = 0..k, k = min(n, D): w_p sums the first p columns of R^-1, each times its entry of c = Q^T Y."""
    Y, b, k = problem.Y, problem.b, len(inverse)
    c = Q.T @ Y  # (k, m)
    left = ((Y - Q @ c) ** 2).sum(0)  # what no p <= k can fit
    curves.train_mse[: k + 1] = (left + np.vstack([np.cumsum(c[::-1] ** 2, axis=0)[::-1], np.zeros_like(left)])) / len(Y)
    curves.noise_gain[: k + 1] = np.concatenate([[0.0], np.cumsum((inverse**2).sum(0))])
    curves.norm2[0] = 0
    for output in range(Y.shape[1]):
        w = np.cumsum(inverse * c[:, output], axis=1)  # (k, k): column p-1 is w_p
        curves.norm2[1 : k + 1, output] = np.einsum("ij,ij->j", w, w)
        if b is not None and curves.excess_risk is not None:
            energy = np.append(np.cumsum(b[::-1, output] ** 2)[::-1], 0.0)  # of the features left out
            missed = np.triu(w - b[:k, output, None])
            curves.excess_risk[0, output] = energy[0]
            curves.excess_risk[1 : k + 1, output] = np.einsum("ij,ij->j", missed, missed) + energy[1 : k + 1]
    if problem.test is not None:
        _store(curves, 0, *problem.test.least_squares(inverse, c))


def _interpolation(curves: NestedCurves, problem: NestedProblem, block: Block) -> None:
    """Fill the fits of a block: |w|^2 = Y^T K^-1 Y and w.b = Y^T K^-1 X_p b_p in whitened coordinates."""
    X, b = problem.X, problem.b
    rows = slice(block.p, block.p + block.count)
    t = block.whitener @ problem.Y  # (n, m), |t|^2 = |w|^2
    a = block.inverse @ (block.whitened.T @ t)  # (B, m)
    curves.train_mse[rows] = 0
    curves.norm2[rows] = running((t**2).sum(0), a**2)
    curves.noise_gain[rows] = running((block.whitener**2).sum()[None], (block.gain**2).sum(1, keepdims=True))[:, 0]
    if b is not None and curves.excess_risk is not None:
        signal = block.whitener @ (X[:, : block.p] @ b[: block.p])  # (n, m)
        ahead = block.inverse @ (block.whitened.T @ signal - b[block.p : block.p + block.columns.shape[1]])
        overlap = running((t * signal).sum(0), a * ahead)
        curves.excess_risk[rows] = curves.norm2[rows] - 2 * overlap + (b**2).sum(0)
    if problem.test is not None:
        _store(curves, block.p, *problem.test.interpolation(block, X, t, a))


def _store(curves: NestedCurves, first: int, mse: Floats, error: Floats) -> None:
    if curves.test_mse is not None and curves.test_error is not None:
        curves.test_mse[first : first + len(mse)] = mse
        curves.test_error[first : first + len(error)] = error
