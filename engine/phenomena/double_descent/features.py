"""Random feature maps, nested: the first p columns are the features of the smaller model.

Fourier: Rahimi, Recht 2007; as in Belkin et al. 2019 (arXiv:1812.11118), cosines and sines of v.x, v ~ N(0, 1/bandwidth^2).
Ridge functions on the sphere: Mei, Montanari 2022 (arXiv:1908.05355).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from engine.theory.conditions import Floats, number, require
from engine.theory.inputs import finite_matrix


def fourier_frequencies(rng: np.random.Generator, d: int, N: int, bandwidth: float = 5.0) -> Floats:
    """Return v (N/2, d) for N features; N must be even. The kernel that they approach is exp(-|x-x'|^2/(2 bandwidth^2))."""
    require(N >= 2 and N % 2 == 0, f"Fourier features come in pairs of cosine and sine, got N={N}", "Choose an even N.")
    return rng.standard_normal((N // 2, d)) / number("the bandwidth", bandwidth, above=0)


def fourier_features(x: ArrayLike, frequencies: Floats) -> Floats:
    """Return cos(v_1.x), sin(v_1.x), cos(v_2.x), ... (n, N), unscaled.

    Minimum-norm predictions do not see the scale; divided by sqrt(N/2), as published, N features have N/2 times the squared norm.
    """
    phase = finite_matrix(x, "x") @ frequencies.T
    features = np.empty((len(phase), 2 * len(frequencies)))
    np.cos(phase, out=features[:, 0::2])
    np.sin(phase, out=features[:, 1::2])
    return features


def sphere(rng: np.random.Generator, count: int, d: int) -> Floats:
    """Return points (count, d) uniform on the sphere of radius sqrt(d): Mei-Montanari's inputs and weights."""
    require(d >= 2, f"a sphere needs at least 2 dimensions, got d={d}")
    points = rng.standard_normal((count, d))
    points *= np.sqrt(d) / np.linalg.norm(points, axis=1, keepdims=True)
    return points
