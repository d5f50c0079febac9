"""The tangent kernel of a two-layer ReLU network, at given weights and at infinite width.

Student `h(x) = relu(x W^T) a / sqrt(m)`, Chizat, Oyallon, Bach 2019, arXiv:1812.07956; Jacot, Gabriel, Hongler 2018,
arXiv:1806.07572. Letters: n points, d features, m hidden neurons, W (m, d), a (m,), X (n, d).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from engine.interruption import checkpoint
from engine.telling import tell
from engine.theory.conditions import Floats, number, require
from engine.theory.quantities import finite

DOUBLE = 8  # bytes
BLOCK_BYTES = 256 * 2**20  # working memory beside the kernel itself


def memory_estimate(n: int, n_other: int, m: int, block_bytes: int = BLOCK_BYTES) -> int:
    """Return an upper estimate, in bytes, of what `tangent_kernel` allocates: the kernel and one block of rows of features.

    Args:
        n: rows.
        n_other: columns.
        m: hidden neurons.
        block_bytes: working memory allowed for a block of rows.
    """
    per_row = DOUBLE * (4 * m + 3 * n_other)
    rows = min(n, max(1, block_bytes // per_row))
    return DOUBLE * n * n_other + DOUBLE * 4 * m * n_other + rows * per_row


def tangent_kernel(
    W: ArrayLike, a: ArrayLike, X: ArrayLike, other: ArrayLike | None = None, *, block_bytes: int = BLOCK_BYTES, limit: int | None = None
) -> Floats:
    """Return `K(x,x') = (1/m) sum_j (relu(w_j.x) relu(w_j.x') + x.x' a_j^2 1(w_j.x>0) 1(w_j.x'>0))`, (n, n').

    Args:
        W: input weights (m, d).
        a: output weights (m,).
        X: points (n, d).
        other: points (n', d); X itself when None.
        block_bytes: working memory; rows are done in blocks that fit it.
        limit: bytes that must not be exceeded; None for no limit.

    Raises:
        ProblemError: shapes that do not fit, values that are not finite, an estimate above the limit.
    """
    weights, output, points = _student(W, a, X)
    columns = points if other is None else _points(other, weights.shape[1])
    needed = memory_estimate(len(points), len(columns), len(weights), block_bytes)
    require(
        limit is None or needed <= limit,
        f"the tangent kernel needs {needed / 2**30:.2f} GiB, allowed are {(limit or 0) / 2**30:.2f}",
        "lower n or m",
    )
    rows = max(1, block_bytes // (DOUBLE * (4 * len(weights) + 3 * len(columns))))
    relu, gates = _features(weights, output, columns)
    kernel = np.empty((len(points), len(columns)))
    for start in range(0, len(points), rows):
        checkpoint()
        tell("rows of a tangent kernel", start, len(points))
        block = points[start : start + rows]
        block_relu, block_gates = (relu, gates) if other is None and rows >= len(points) else _features(weights, output, block)
        kernel[start : start + rows] = block_relu @ relu.T + (block @ columns.T) * (block_gates @ gates.T)
    kernel /= len(weights)
    return kernel


def infinite_width_kernel(X: ArrayLike, other: ArrayLike | None = None) -> Floats:
    """Return the mean of `tangent_kernel` over W, a ~ N(0, 1), its limit as m grows, (n, n').

    With t the angle between x and x': `|x||x'| (sin t + (pi - t) cos t)/(2 pi) + x.x' (pi - t)/(2 pi)` (arc-cosine kernels
    of order 1 and 0, Cho, Saul 2009).

    Raises:
        ProblemError: shapes that do not fit, values that are not finite, a point at the origin.
    """
    checkpoint()
    points = _points(X, None)
    columns = points if other is None else _points(other, points.shape[1])
    norms, other_norms = _lengths(points), _lengths(columns)
    scale = np.outer(norms, other_norms)
    cosine = np.clip(points @ columns.T / scale, -1.0, 1.0)
    angle = np.arccos(cosine)
    return np.asarray(scale * (np.sqrt(1 - cosine**2) + 2 * (np.pi - angle) * cosine) / (2 * np.pi))


def relative_change(before: ArrayLike, after: ArrayLike) -> float:
    """Return `|after - before|_F/|before|_F`, of kernels or of weights.

    Raises:
        ProblemError: shapes that differ, a start of norm 0.
    """
    first, last = finite("the start", before), finite("the end", after)
    require(first.shape == last.shape, f"both must have one shape, got {first.shape} and {last.shape}")
    return float(np.linalg.norm(last - first) / number("the norm at the start", float(np.linalg.norm(first)), above=0))


def alignment(kernel: ArrayLike, y: ArrayLike) -> float:
    """Return `<K, y y^T>/(|K|_F |y|^2)`, at most 1: how much of the kernel points at the labels.

    Raises:
        ProblemError: shapes that do not fit, a kernel or labels of norm 0.
    """
    matrix, labels = finite("the kernel", kernel), finite("y", y)
    require(matrix.shape == (labels.size, labels.size), f"the kernel must have shape ({labels.size}, {labels.size}), got {matrix.shape}")
    norm = number("the norm of K", float(np.linalg.norm(matrix)), above=0)
    return float(labels @ matrix @ labels / (norm * number("|y|^2", float(labels @ labels), above=0)))


def _features(weights: Floats, output: Floats, points: Floats) -> tuple[Floats, Floats]:
    activation = points @ weights.T  # (n, m)
    return np.maximum(activation, 0.0), np.where(activation > 0, output, 0.0)


def _student(W: ArrayLike, a: ArrayLike, X: ArrayLike) -> tuple[Floats, Floats, Floats]:
    weights, output = finite("W", W), finite("a", a)
    require(weights.ndim == 2 and output.shape == weights.shape[:1], f"W must be (m, d) and a (m,), got {weights.shape} and {output.shape}")
    return weights, output, _points(X, weights.shape[1])


def _points(X: ArrayLike, features: int | None) -> Floats:
    points = finite("X", X)
    require(points.ndim == 2, f"X must have shape (n, d), got {points.shape}")
    require(features in (None, points.shape[1]), f"points must have {features} features, got {points.shape[1]}")
    return points


def _lengths(points: Floats) -> Floats:
    norms = np.asarray(np.linalg.norm(points, axis=1))
    number("the smallest norm of a point", float(norms.min()), above=0)
    return norms
