"""One-dimensional interpolators of the same noisy points with three spectra: spiky but right, noisy, wild.

Cosines sqrt(2) cos(k pi (x+1)/2), k = 1..p, each weighted by the square root of its eigenvalue, fitted with least norm: after
the pictures of Mallinar et al. 2022 (arXiv:2207.06569), Fig. 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.contract import Layer, Picture
from engine.phenomena.benign_overfitting.cells import label_of
from engine.seeds import streams
from engine.theory.inputs import Floats
from engine.theory.spectra.spectra import exponential, exponential_plus_floor, power

POINTS, NOISE = 24, 0.4
GRID = 240
COSINES = {"exp-eps": 4000, "power": 2000, "exponential": 120}
EXTENT = (-1.0, 1.0, -3.0, 3.0)
KINDS = {"exp-eps": "benign: spiky but right", "power": "tempered: noisy", "exponential": "catastrophic: wild"}


def truth(x: Floats) -> Floats:
    """The function behind the points."""
    return np.asarray(np.sin(1.5 * np.pi * x))


def eigenvalues(family: str, tau: float) -> Floats:
    """Eigenvalues (p,) of a picture's cosines."""
    p = COSINES[family]
    if family == "exp-eps":
        return exponential_plus_floor(POINTS, tau, p)
    return power(p, 2.0) if family == "power" else exponential(p, tau)


def interpolate(lam: Floats, x: Floats, y: Floats, at: Floats) -> Floats:
    """Return the least-norm interpolator of (x, y) at the points `at`."""
    left, right = (_cosines(points, lam.size) * np.sqrt(lam) for points in (x, at))
    return np.asarray(right @ np.linalg.lstsq(left, y, rcond=1e-14)[0])


def fitted_pictures(tau: float, seed: int) -> tuple[Picture, ...]:
    """Return one picture per family, all of the same points."""
    drawn = streams(seed)
    x = np.sort(drawn.data.uniform(-1, 1, POINTS))
    y = truth(x) + NOISE * drawn.noise.standard_normal(POINTS)
    at = np.union1d(np.linspace(-1, 1, GRID), x)
    shared = (Layer("line", np.column_stack([at, truth(at)]), "truth", "truth"),)
    points = (Layer("points", np.column_stack([x, y]), f"{POINTS} noisy points", "points"),)
    return tuple(_picture(family, interpolate(eigenvalues(family, tau), x, y, at), at, shared, points) for family in KINDS)


def _picture(family: str, values: Floats, at: Floats, below: Sequence[Layer], above: Sequence[Layer]) -> Picture:
    group = "power-2" if family == "power" else family
    path = Layer("path", np.column_stack([at, np.clip(values, *EXTENT[2:])]), label_of(group), group)
    return Picture(f"fit/{family}", f"Fit, {KINDS[family]}", layers=(*below, path, *above), extent=EXTENT, x="x", y="y")


def _cosines(x: Floats, count: int) -> Floats:
    k = np.arange(1, count + 1)
    return np.asarray(np.sqrt(2.0) * np.cos(np.outer(x + 1, k * (np.pi / 2))))
