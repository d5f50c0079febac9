"""Real digits instead of Gaussian features: d pixels in random order, ten one-hot outputs at once, tested on other images.

Pixels that never vary are left out, and dependent ones come after the first n independent ones (`independent_first`), so that
the threshold lies at d = n; ten outputs make that 10 n weights. Belkin, Hsu, Ma, Mandal 2019 (arXiv:1812.11118), on MNIST.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.data.registry import load
from engine.phenomena.interpolation_threshold.column_order import independent_first
from engine.seeds import Streams
from engine.theory.inputs import Floats
from engine.theory.linear_models.nested import nested_path

N, N_TEST = 100, 1000


def pixel_sweep(widths: NDArray[np.int64], streams: Streams) -> Floats:
    """Return one draw for n = 100 images at each d of `widths`, (widths, 5); NaN where fewer pixels vary than d.

    Columns: training error, test error, |w|^2, smallest non-zero eigenvalue of X^T X/n, condition number. The first three are
    sums over the ten outputs; pixels are standardised by one global mean and deviation.

    Raises:
        DataError: the digits are not here.
    """
    split = load("digits5k", N, N_TEST, streams).standardised()
    pixels, tested = split.x.astype(np.float64), split.x_test.astype(np.float64)
    order = independent_first(pixels, streams.order.permutation(pixels.shape[1]))
    X = pixels[:, order]
    one_hot = np.eye(split.classes)
    curves = nested_path(X, one_hot[split.y], test=(tested[:, order], one_hot[split.y_test]))
    rows = np.full((widths.size, 5), np.nan)
    for row, d in zip(rows, widths[widths <= X.shape[1]], strict=False):
        singular = np.linalg.svd(X[:, :d], compute_uv=False)
        test = 0.0 if curves.test_mse is None else curves.test_mse[d].sum()
        row[:] = curves.train_mse[d].sum(), test, curves.norm2[d].sum(), singular[-1] ** 2 / N, singular[0] / singular[-1]
    return rows
