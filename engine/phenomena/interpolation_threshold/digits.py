"""Real digits instead of Gaussian features: d pixels in random order, ten one-hot outputs at once, tested on other images.

Pixels are not in general position: a border pixel is constant in most images, and two that are lit in one image alone are
parallel. Taken as they come, d of them have rank below d, and the training error reaches 0 only where the rank reaches n. Here
pixels that never vary are left out, and dependent ones come after the first n independent ones, so that the threshold lies at
d = n; ten outputs make that 10 n weights. Belkin, Hsu, Ma, Mandal 2019 (arXiv:1812.11118), on MNIST.
"""

from __future__ import annotations

import numpy as np

from engine.data.registry import load
from engine.phenomena.interpolation_threshold.sweep import SHOWN, Widths
from engine.seeds import Streams
from engine.theory.inputs import Floats
from engine.theory.linear_models.column_order import independent_first
from engine.theory.linear_models.nested import nested_path

N, N_TEST = 100, 1000


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
