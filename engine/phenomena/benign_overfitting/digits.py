"""Kernel interpolation of pure noise on real digits: what a natural spectrum costs.

Kernel exp(-.02 |x-x'|^2) on pixels in [0, 1] (Zhang et al. 2017, arXiv:1611.03530, Sec. 5). Excess noise risk per unit variance
at a test image x: |K^-1 k(X, x)|^2, averaged over images, noise averaged exactly. The eigenvalues of the kernel matrix of a
pool of images, over its size, stand for the spectrum in the deterministic equivalent.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.spatial.distance import cdist

from engine.data.registry import load
from engine.seeds import Streams
from engine.theory.inputs import Floats
from engine.theory.spectra.deterministic_equivalent import equivalent

BANDWIDTH = 0.02
POOL, TESTED = 2000, 1000


def kernel(x: Floats, other: Floats) -> Floats:
    """Return exp(-.02 |x - x'|^2), (n, m)."""
    return np.asarray(np.exp(-BANDWIDTH * cdist(x, other, "sqeuclidean")))


def noise_risk(sizes: Sequence[int], streams: Streams) -> tuple[Floats, Floats]:
    """Return measured and predicted E0 - 1 at each size n (nested subsets of one shuffle), (k,) each.

    Raises:
        DataError: the digits are not here.
    """
    split = load("digits5k", POOL, TESTED, streams)
    pool, tested = (np.asarray(images, dtype=np.float64) for images in (split.x, split.x_test))
    K, across = kernel(pool, pool), kernel(pool, tested)
    measured = [float((cho_solve(cho_factor(K[:n, :n]), across[:n]) ** 2).sum(0).mean()) for n in sizes]
    spectrum = np.linalg.eigvalsh(K)[::-1] / POOL
    inside = [n for n in sizes if n < POOL]
    predicted = equivalent(spectrum[spectrum > 0], inside).E0 - 1
    return np.array(measured), np.append(predicted, np.full(len(sizes) - len(inside), np.nan))
