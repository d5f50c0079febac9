"""One-dimensional interpolators of the same noisy points with three spectra: smooth between spikes, from point to point, wild.

Cosines sqrt(2) cos(k pi (x+1)/2), k = 1..p, each weighted by the square root of its eigenvalue, fitted with least norm: after
the pictures of Mallinar et al. 2022 (arXiv:2207.06569), Fig. 1.
"""

from __future__ import annotations

import numpy as np

from engine.contract import Layer, Picture
from engine.phenomena.benign_overfitting.figures import PICTURES
from engine.phenomena.benign_overfitting.settings import Setting
from engine.seeds import streams
from engine.theory.inputs import Floats

POINTS, NOISE = 12, 0.9  # so few, each so far from the truth, that a terminal shows what the fit does at a point and between two
SHORTER = 0.4  # tau of the pictures over that of the run, so that few points too are many beside the head of a spectrum
GRID = 240


def fitted_settings(tau: float) -> tuple[Setting, ...]:
    """Return the spectra of the `PICTURES`, of as many cosines as each needs."""
    tau *= SHORTER
    return (
        Setting("exp-eps", POINTS, 4000, tau, 0.0),
        Setting("power", POINTS, 2000, 2.0, 0.0),
        Setting("exponential", POINTS, 120, tau, 0.0),
    )


def truth(x: Floats) -> Floats:
    """The function behind the points."""
    return np.asarray(np.sin(0.5 * np.pi * x))


def interpolate(lam: Floats, x: Floats, y: Floats, at: Floats) -> Floats:
    """Return the least-norm interpolator of (x, y) at the points `at`."""
    left, right = (_cosines(points, lam.size) * np.sqrt(lam) for points in (x, at))
    return np.asarray(right @ np.linalg.lstsq(left, y, rcond=1e-14)[0])


def places(x: Floats, count: int) -> Floats:
    """Return where an interpolator of the data x with `count` cosines is drawn: on a grid, at x, and just beside it.

    The highest cosine turns within 2/count, half its wavelength, and no spike is narrower: its foot is there on both sides.
    """
    near = x[:, None] + np.array([-1.0, 0.0, 1.0]) * 2 / count
    return np.union1d(np.linspace(-1, 1, GRID), near[np.abs(near) <= 1])


def fitted_pictures(tau: float, seed: int) -> tuple[Picture, ...]:
    """Return one picture per family, all of the same points."""
    drawn = streams(seed)
    x = -1 + 2 * (np.arange(POINTS) + drawn.data.uniform(0, 1, POINTS)) / POINTS  # one in each of as many equal stretches
    y = truth(x) + NOISE * drawn.noise.choice([-1.0, 1.0]) * np.resize([-1.0, 1.0], POINTS)  # above and below in turn
    height = 1.1 * float(np.abs(y).max())  # of the points; a curve that runs wild leaves the frame
    extent, grid = (-1.0, 1.0, -height, height), np.linspace(-1, 1, GRID)
    below = Layer("line", np.column_stack([grid, truth(grid)]), "truth", "truth")
    above = Layer("points", np.column_stack([x, y]), "noisy labels", "points")
    found = []
    for declared, setting in zip(PICTURES, fitted_settings(tau), strict=True):
        at = places(x, setting.p)
        values = interpolate(setting.eigenvalues, x, y, at)
        fit = Layer("line", np.column_stack([at, values]), setting.label, setting.group)
        found.append(Picture(declared.name, declared.title, layers=(below, fit, above), extent=extent, x="x", y="y"))
    return tuple(found)


def _cosines(x: Floats, count: int) -> Floats:
    k = np.arange(1, count + 1)
    return np.asarray(np.sqrt(2.0) * np.cos(np.outer(x + 1, k * (np.pi / 2))))
