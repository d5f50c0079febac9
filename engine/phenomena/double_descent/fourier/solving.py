"""Minimum-norm least squares on random Fourier features at chosen sizes, without holding all features at once.

Belkin et al. 2019, arXiv:1812.11118. Up to N = n one QR serves every N, since leading blocks of its triangle are the triangles of fewer
features. Beyond, the n x n kernel of the features is summed up a piece at a time, and every N costs one Cholesky factorisation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, qr, solve_triangular

from engine.errors import ProblemError
from engine.interruption import checkpoint
from engine.phenomena.double_descent.digits import fourier_features
from engine.phenomena.double_descent.fourier.problem import WIDTH
from engine.phenomena.double_descent.model import Whole
from engine.theory.inputs import Floats
from engine.theory.linear_models.whitener import check_triangle

KEPT = ("mse", "error", "train", "norm2")
DEPENDENT = "the features of two images are the same to rounding: the kernel of the images is singular"
ADVICE = "lower bandwidth, or leave out repeated images"


@dataclass(frozen=True)
class Images:
    """x: (n, d) with one-hot targets Y (n, m), noisy or not; test images (t, d) with labels (t,). frequencies: (N/2, d)."""

    x: Floats
    Y: Floats
    x_test: Floats
    y_test: Whole
    frequencies: Floats
    bandwidth: float

    @property
    def n(self) -> int:
        """Training images."""
        return len(self.x)

    def features(self, x: Floats, first: int, last: int) -> Floats:
        """Return features first..last-1 of images, (n, last - first), unscaled."""
        pairs = slice(first // 2, -(-last // 2))
        start = 2 * pairs.start
        return fourier_features(x, self.frequencies[pairs])[:, first - start : last - start]

    def pieces(self, x: Floats, first: int, last: int) -> Iterator[tuple[int, int, Floats]]:
        """Yield first, last and the features between, some at a time."""
        for start in range(first, last, WIDTH):
            stop = min(start + WIDTH, last)
            yield start, stop, self.features(x, start, stop)
            checkpoint()

    def kernel(self, x: Floats) -> Floats:
        """Return exp(-|x - x_i|^2/(2 bandwidth^2)) of images x with those of training, (len(x), n)."""
        squares = x @ self.x.T
        squares *= -2
        squares += (x**2).sum(1)[:, None]
        squares += (self.x**2).sum(1)
        np.maximum(squares, 0.0, out=squares)
        squares /= -2 * self.bandwidth**2
        return np.asarray(np.exp(squares, out=squares))


def fits(images: Images, N: Whole, skip: int) -> Iterator[dict[str, float] | None]:
    """Yield what is kept of the fit at each N (k,) in turn but the first `skip`, then of the kernel; None after every other piece of work.

    N: increasing, with n among them. norm2: |w|^2 of features over sqrt(N/2), as published; of the kernel the squared norm of its space.

    Raises:
        ProblemError: images are alike to rounding.
    """
    below, beyond = N[images.n >= N], N[images.n < N]
    if skip < below.size:
        yield from _least_squares(images, below[skip:])
    if skip < N.size:
        yield from _interpolation(images, beyond, max(skip - below.size, 0))
    yield None
    trained = images.kernel(images.x)
    yield None
    yield _solved(images, trained, images.kernel(images.x_test), 1.0)


def _least_squares(images: Images, N: Whole) -> Iterator[dict[str, float] | None]:
    """At N <= n: leading blocks of the triangle of [features, Y], whose last columns are Q^T Y."""
    n = images.n
    joined = np.empty((n, n + images.Y.shape[1]), order="F")
    for first, last, made in images.pieces(images.x, 0, n):
        joined[:, first:last] = made
        yield None
    joined[:, n:] = images.Y
    triangle = qr(joined, mode="r", overwrite_a=True, check_finite=False)[0]
    del joined
    checkpoint()
    yield None
    R, c = (np.asarray(part, dtype=np.float64) for part in (triangle[:n, :n], triangle[:n, n:]))
    check_triangle(R, "column")
    left = np.append(np.cumsum((c**2).sum(1)[::-1])[::-1], 0.0)  # sum of squares that the first N features cannot fit
    for size in map(int, N):
        w = solve_triangular(R[:size, :size], c[:size], check_finite=False)
        predicted = np.zeros((len(images.x_test), c.shape[1]))
        for first, last, made in images.pieces(images.x_test, 0, size):
            predicted += made @ w[first:last]
        yield _kept(images, predicted, float(left[size]) / n, float((w**2).sum()) * size / 2)


def _interpolation(images: Images, N: Whole, skip: int) -> Iterator[dict[str, float] | None]:
    """At N > n: kernels summed up from the first feature on; those of skipped sizes are summed up too, so that rounding is the same."""
    n = images.n
    trained, tested, reached = np.zeros((n, n)), np.zeros((len(images.x_test), n)), 0
    for place, size in enumerate(map(int, N)):
        for first, last, made in images.pieces(images.x, reached, size):
            trained += made @ made.T
            tested += images.features(images.x_test, first, last) @ made.T
            yield None
        reached = size
        if place >= skip:
            yield _solved(images, trained, tested, size / 2)


def _solved(images: Images, trained: Floats, tested: Floats, scale: float) -> dict[str, float]:
    """Interpolate with a kernel. trained: (n, n); tested: (t, n); scale: what it is divided by to be the published one."""
    try:
        factor = cho_factor(trained, lower=True, check_finite=False)
    except LinAlgError as error:
        raise ProblemError(DEPENDENT, ADVICE) from error
    checkpoint()
    alpha = cho_solve(factor, images.Y, check_finite=False)
    train = float(((trained @ alpha - images.Y) ** 2).sum(1).mean())
    return _kept(images, tested @ alpha, train, float((alpha * images.Y).sum()) * scale)


def _kept(images: Images, predicted: Floats, train: float, norm2: float) -> dict[str, float]:
    """Squared loss and norm are summed over the classes."""
    mse = ((predicted - np.eye(images.Y.shape[1])[images.y_test]) ** 2).sum(1).mean()
    error = (predicted.argmax(1) != images.y_test).mean()
    return dict(zip(KEPT, (float(mse), float(error), train, norm2), strict=True))
