"""Real digits instead of Gaussian features: d pixels in random order, ten one-hot outputs at once, tested on other images.

Pixels are not in general position: a border pixel is constant in most images, and two that are lit in one image alone are
parallel. Taken as they come, d of them have rank below d, and the training error reaches 0 only where the rank reaches n. Here
pixels that never vary are left out, and dependent ones come after the first n independent ones, so that the threshold lies at
d = n; ten outputs make that 10 n weights. Belkin, Hsu, Ma, Mandal 2019 (arXiv:1812.11118), on MNIST.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.data.registry import load
from engine.phenomena.interpolation_threshold.sweep import SHOWN, Widths
from engine.seeds import Streams
from engine.theory.inputs import Floats, finite_matrix
from engine.theory.linear_models.nested import nested_path

N, N_TEST = 100, 1000
INDEPENDENT = 1e-6
"""Least share of a column that must lie outside the span of those before it."""


def pixel_sweep(widths: Widths, streams: Streams) -> dict[str, Floats]:
    """Return one draw of 100 images: the `SHOWN` quantities at each d of `widths`, (widths,); NaN where fewer pixels vary than d.

    Errors and norms are sums over the ten outputs; pixels are standardised by one global mean and deviation.

    Raises:
        DataError: the digits are not here.
    """
    split = load("digits5k", N, N_TEST, streams).standardised()
    pixels, tested = split.x.astype(np.float64), split.x_test.astype(np.float64)
    order = independent_first(pixels, streams.order.permutation(pixels.shape[1]))
    X = pixels[:, order]
    one_hot = np.eye(split.classes)
    curves = nested_path(X, one_hot[split.y], test=(tested[:, order], one_hot[split.y_test]))
    assert curves.test_mse is not None
    d = widths[widths <= X.shape[1]]
    largest, smallest = np.array([np.linalg.svd(X[:, :k], compute_uv=False)[[0, -1]] for k in d]).T
    found = (curves.train_mse[d].sum(1), curves.test_mse[d].sum(1), curves.norm2[d].sum(1), smallest**2 / N, largest / smallest)
    missing = np.full(widths.size - d.size, np.nan)
    return {name: np.append(values, missing) for name, values in zip(SHOWN, found, strict=True)}


def independent_first(X: ArrayLike, order: ArrayLike) -> NDArray[np.int64]:
    """Return indices of the columns of X (n, D) that vary: in the given order, but dependent ones after the first n others.

    By Gram and Schmidt, twice for each column. Fewer than n independent columns come first if X has no more.

    Raises:
        ProblemError: X without rows or columns, or entries that are not finite.
    """
    features = finite_matrix(X, "X")
    basis = np.empty((len(features), min(features.shape)))
    first: list[int] = []
    later: list[int] = []
    for index in np.asarray(order, dtype=np.int64).tolist():
        column = features[:, index]
        if np.ptp(column) == 0:
            continue
        new = None if len(first) == basis.shape[1] else _outside(column, basis[:, : len(first)])
        if new is None:
            later.append(index)
        else:
            basis[:, len(first)] = new
            first.append(index)
    return np.array(first + later, dtype=np.int64)


def _outside(column: Floats, basis: Floats) -> Floats | None:
    """The direction of the part of a column outside a span; None where there is too little of it."""
    part = column - basis @ (basis.T @ column)
    part -= basis @ (basis.T @ part)
    size = float(np.linalg.norm(part))
    return part / size if size > INDEPENDENT * float(np.linalg.norm(column)) else None
