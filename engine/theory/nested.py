"""Minimum-norm least squares on the first p of D features, for every p = 0..D of one draw at once.

Belkin, Hsu, Xu 2020 (arXiv:1903.07571) draw this curve from closed forms; here it is the exact curve of given data:
least squares up to p = n by one QR (leading columns of R^-1 are the inverses of leading blocks), interpolation beyond
by the blocks of `whitener`. Many outputs share the work. Features are taken to have identity covariance where a risk
is computed from weights; a test set makes no assumption.

Shapes: X (n, D), Y (n, m), b (D, m), test X (s, D), test Y (s, m); curves (D+1, m). One-dimensional y gives (D+1,).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.conditions import Floats, require
from engine.theory.inputs import finite_matrix
from engine.theory.nested_test import TestSet
from engine.theory.whitener import Block, blocks, check_triangle, running


@dataclass(frozen=True)
class NestedCurves:
    """What each number of features p = 0..D costs. Entries not yet reached are NaN.

    norm2: |w|^2. train_mse: mean squared residual; 0 from n on (interpolation). excess_risk: |w - b|^2, if b was given.
    noise_gain: (D+1,) tr (X_p^T X_p)^+, the conditional variance per unit of label noise; the bias is the excess risk of
    the noiseless labels, which may go along as another output.
    test_mse: mean squared error per output on the test set; test_error: (D+1,) share of wrong signs or largest outputs.
    """

    p: Floats
    norm2: Floats
    train_mse: Floats
    noise_gain: Floats
    excess_risk: Floats | None = None
    test_mse: Floats | None = None
    test_error: Floats | None = None


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
    features, targets = finite_matrix(X, "X"), _columns(Y, "Y")
    n, D = features.shape
    require(n >= 2 and D >= 2, f"a nested curve needs at least 2 samples and 2 features, got n={n}, D={D}")
    require(len(targets) == n, f"Y must have {n} rows, one per sample, got {len(targets)}")
    weights = None if b is None else _weights(b, D, targets.shape[1])
    points = None if test is None else TestSet(finite_matrix(test[0], "the test X"), _columns(test[1], "the test Y"), D, targets.shape[1])
    curves = _empty(D, targets.shape[1], weights is not None, points)
    shown = _squeezed(curves) if np.ndim(Y) == 1 else curves
    k = min(n, D)
    Q, triangle = np.linalg.qr(features[:, :k])
    check_triangle(triangle, "column")
    inverse = np.linalg.inv(triangle)
    _least_squares(curves, Q, inverse, targets, weights, points)
    yield k, shown
    for block in blocks(features, inverse @ Q.T) if k == n else ():
        _interpolation(curves, block, features, targets, weights, points)
        yield block.p + block.count - 1, shown


def _least_squares(curves: NestedCurves, Q: Floats, inverse: Floats, Y: Floats, b: Floats | None, points: TestSet | None) -> None:
    """Fill p = 0..k, k = min(n, D): w_p sums the first p columns of R^-1, each times its entry of c = Q^T Y."""
    k, n = len(inverse), len(Y)
    c = Q.T @ Y  # (k, m)
    left = ((Y - Q @ c) ** 2).sum(0)  # what no p <= k can fit
    curves.train_mse[: k + 1] = (left + np.vstack([np.cumsum(c[::-1] ** 2, axis=0)[::-1], np.zeros_like(left)])) / n
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
    if points is not None:
        _store(curves, 0, *points.least_squares(inverse, c))


def _interpolation(curves: NestedCurves, block: Block, X: Floats, Y: Floats, b: Floats | None, points: TestSet | None) -> None:
    """Fill the fits of a block: |w|^2 = Y^T K^-1 Y and w.b = Y^T K^-1 X_p b_p in whitened coordinates."""
    rows = slice(block.p, block.p + block.count)
    t = block.whitener @ Y  # (n, m), |t|^2 = |w|^2
    a = block.inverse @ (block.whitened.T @ t)  # (B, m)
    curves.train_mse[rows] = 0
    curves.norm2[rows] = running((t**2).sum(0), a**2)
    curves.noise_gain[rows] = running((block.whitener**2).sum()[None], (block.gain**2).sum(1, keepdims=True))[:, 0]
    if b is not None and curves.excess_risk is not None:
        signal = block.whitener @ (X[:, : block.p] @ b[: block.p])  # (n, m)
        ahead = block.inverse @ (block.whitened.T @ signal - b[block.p : block.p + block.columns.shape[1]])
        overlap = running((t * signal).sum(0), a * ahead)
        curves.excess_risk[rows] = curves.norm2[rows] - 2 * overlap + (b**2).sum(0)
    if points is not None:
        _store(curves, block.p, *points.interpolation(block, X, t, a))


def _store(curves: NestedCurves, first: int, mse: Floats, error: Floats) -> None:
    if curves.test_mse is not None and curves.test_error is not None:
        curves.test_mse[first : first + len(mse)] = mse
        curves.test_error[first : first + len(error)] = error


def _columns(values: ArrayLike, name: str) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    return finite_matrix(array[:, None] if array.ndim == 1 else array, name)


def _weights(b: ArrayLike, D: int, m: int) -> Floats:
    weights = _columns(b, "b")
    require(weights.shape in ((D, 1), (D, m)), f"b must have shape ({D},) or ({D}, {m}), got {np.shape(b)}")
    return np.broadcast_to(weights, (D, m))


def _empty(D: int, m: int, risk: bool, points: TestSet | None) -> NestedCurves:
    def curve(*shape: int) -> Floats:
        return np.full((D + 1, *shape), np.nan)

    tested = (curve(m), curve()) if points is not None else (None, None)
    return NestedCurves(np.arange(D + 1.0), curve(m), curve(m), curve(), curve(m) if risk else None, *tested)


def _squeezed(curves: NestedCurves) -> NestedCurves:
    """Return views of single-output curves without the outputs' axis."""
    risk, mse = (None if curve is None else curve[:, 0] for curve in (curves.excess_risk, curves.test_mse))
    return NestedCurves(curves.p, curves.norm2[:, 0], curves.train_mse[:, 0], curves.noise_gain, risk, mse, curves.test_error)
