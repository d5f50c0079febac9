"""Fits of every number of columns p >= n of a wide matrix, by blocks of matrix products.

For K = X_p X_p^T keep a whitener M (n, n), M K M^T = I. Appending columns Z (n, B), whitened W = M Z, with
L L^T = I + W^T W by Cholesky, every fit between p and p + B follows from the leading rows of L^-1, because leading
blocks of L are the factors for fewer columns (Woodbury), and M - W (I + L^T)^-1 L^-1 W^T M whitens K + Z Z^T (the
square-root update of Andrews 1968). One column at a time and in its inverse K^-1, this is the fast path of nested
double descent (Belkin, Hsu, Xu 2020, arXiv:1903.07571); blocks turn it into matrix products, and the square root loses
accuracy with the condition number of X where K^-1 loses it with the square.

Only NumPy's BLAS is called: alternating with SciPy's own copy makes two thread pools fight for the cores.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.theory.conditions import Floats, require

WIDTH = 64
"""Columns in a block: wide enough for matrix products to run at full speed, narrow enough for the (B, B) work not to count."""

LEAF = 32
"""Triangles up to this size are inverted by LAPACK."""

CANCELLATION = 1e3
"""Largest trace of I + W^T W in a block. Inside a block results are differences that lose up to this factor in accuracy; near
p = n, where one column can shrink the solution a millionfold, blocks are single columns, evaluated without any difference."""

FADING = 100.0
"""The whitener is built anew once its norm has fallen by this factor: rounding errors of its ill-conditioned start do not fall."""


@dataclass(frozen=True)
class Block:
    """The fits of p .. p+max(B,1)-1 columns as seen from the one of p. B = 0 ends the matrix (p = D)."""

    p: int
    whitener: Floats  # (n, n) M
    columns: Floats  # (n, B) Z
    whitened: Floats  # (n, B) W = M Z
    factor: Floats  # (B, B) lower L
    inverse: Floats  # (B, B) L^-1
    gain: Floats  # (B, n) L^-1 W^T M
    fresh: bool  # the whitener was built anew, in another basis

    @property
    def count(self) -> int:
        """How many fits this block gives."""
        return max(1, len(self.factor))

    def next_whitener(self) -> Floats:
        """Return the whitener after all B columns."""
        lead = inverse_triangle(np.eye(len(self.factor)) + self.factor.T)
        return self.whitener - self.whitened @ (lead @ self.gain)


def running(start: Floats, steps: Floats) -> Floats:
    """Return start, start - steps[0], start - steps[0] - steps[1], ..., without the last step: the fits of a block, (count, ...)."""
    path = np.repeat(start[None], max(1, len(steps)), axis=0)
    path[1:] -= np.cumsum(steps[:-1], axis=0)
    return path


def whitener_of(X: Floats) -> Floats:
    """Return M (n, n) with M X X^T M^T = I, from the triangle of X^T = Q R: M = R^-T.

    Raises:
        ProblemError: the rows of X are linearly dependent.
    """
    triangle = np.asarray(np.linalg.qr(X.T, mode="r"), dtype=np.float64)
    check_triangle(triangle, "row")
    return np.ascontiguousarray(inverse_triangle(triangle).T)


def inverse_triangle(upper: Floats) -> Floats:
    """Return the inverse of an upper triangular matrix, halved until small: matrix products, a fifth of the time of a general inverse."""
    n = len(upper)
    if n <= LEAF:
        return np.asarray(np.linalg.inv(upper), dtype=np.float64)
    half, inverse = n // 2, np.zeros_like(upper)
    inverse[:half, :half], inverse[half:, half:] = inverse_triangle(upper[:half, :half]), inverse_triangle(upper[half:, half:])
    inverse[:half, half:] = -inverse[:half, :half] @ (upper[:half, half:] @ inverse[half:, half:])
    return inverse


def check_triangle(triangle: Floats, what: str) -> None:
    """Refuse a triangular factor whose diagonal shows a `row` or `column` of X to depend on those before it."""
    diagonal = np.abs(np.diagonal(triangle))
    dependent = diagonal <= diagonal.max() * len(diagonal) * np.finfo(np.float64).eps
    require(
        not dependent.any(),
        f"{what} {int(dependent.argmax())} of X is a combination of those before it (distance {float(diagonal.min()):.1e})",
        "Leave out constant columns, repeated columns and repeated samples.",
    )


def blocks(X: Floats, whitener: Floats) -> Iterator[Block]:
    """Yield blocks that cover p = n..D, given the whitener of the first n columns of X (n, D).

    Raises:
        ProblemError: the rows of X are linearly dependent.
    """
    p, D = X.shape
    width, fresh, strongest = 1, True, float(np.linalg.norm(whitener))
    while p < D:
        block = _block(X, p, min(2 * width, WIDTH, D - p), whitener, fresh)
        yield block
        width = block.count
        p, whitener, fresh = p + width, block.next_whitener(), False
        norm = float(np.linalg.norm(whitener))
        if norm < strongest / FADING:
            whitener, fresh, strongest = whitener_of(X[:, :p]), True, norm
    yield _block(X, D, 0, whitener, fresh)


def _block(X: Floats, p: int, width: int, whitener: Floats, fresh: bool) -> Block:
    """Return the block of up to `width` columns from p, cut where the trace of I + W^T W would exceed CANCELLATION."""
    columns = X[:, p : p + width]
    whitened = whitener @ columns
    traces = np.cumsum(1 + np.einsum("ij,ij->j", whitened, whitened))
    width = min(width, max(1, int(np.searchsorted(traces, CANCELLATION))))
    columns, whitened = columns[:, :width], whitened[:, :width]
    factor = np.asarray(np.linalg.cholesky(np.eye(width) + whitened.T @ whitened), dtype=np.float64)
    inverse = inverse_triangle(factor.T).T
    return Block(p, whitener, columns, whitened, factor, inverse, inverse @ (whitened.T @ whitener), fresh)
