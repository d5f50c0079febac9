"""One-dimensional regression with fewer, as many and more features than points, really fitted, to be looked at.

Features cos(k pi (x + 1)/2)/k on [-1, 1], lowest frequency first; the minimum-norm fit of many of them is a spline-like
curve. Below n the fit misses the points, at n it goes wild between them, far above n it calms down and still meets them all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.contract import Layer, Picture
from engine.seeds import Streams
from engine.theory.inputs import Floats

POINTS = 12
SIZES = (4, POINTS, 20 * POINTS)
"""Features below, at and above n."""

GRID = 241
"""Places at which the functions are drawn."""

HEIGHT = 3.0
"""Of the picture's plane, up and down."""


@dataclass(frozen=True)
class Fitted:
    """x, y: (POINTS,) data; grid: (GRID,); truth: (GRID,); fits: (3, GRID), one for each of SIZES."""

    x: Floats
    y: Floats
    grid: Floats
    truth: Floats
    fits: Floats


def features(x: Floats, count: int) -> Floats:
    """Return the first `count` features of x (k,), (k, count)."""
    k = np.arange(count)
    return np.asarray(np.cos(np.pi * k * (x[:, None] + 1) / 2) / np.maximum(k, 1))


def target(x: Floats) -> Floats:
    """Return the true function."""
    return np.asarray(np.sin(1.5 * np.pi * x))


def fitted(streams: Streams, sigma: float) -> Fitted:
    """Draw two points in each of six equal stretches, add noise of deviation sigma, and fit by minimum-norm least squares."""
    pairs = POINTS // 2
    x = -1 + 2 * (np.repeat(np.arange(pairs), 2) + streams.init.random(POINTS)) / pairs
    y = target(x) + sigma * streams.order.standard_normal(POINTS)
    grid = np.linspace(-1, 1, GRID)
    fits = [features(grid, p) @ np.linalg.lstsq(features(x, p), y, rcond=None)[0] for p in SIZES]
    return Fitted(x, y, grid, target(grid), np.array(fits))


def picture(found: Fitted) -> Picture:
    """Return the fitted functions over the points and the truth."""
    fits = [
        Layer("path", np.column_stack([found.grid, values]), f"p={p}", group)
        for p, values, group in zip(SIZES, found.fits, ("below", "at", "above"), strict=True)
    ]
    truth = Layer("line", np.column_stack([found.grid, found.truth]), "truth", "truth")
    points = Layer("points", np.column_stack([found.x, found.y]), f"n={found.x.size} points", "data")
    title = "Fits below, at and above n"
    return Picture("fits", title, layers=(truth, *fits, points), extent=(-1.0, 1.0, -HEIGHT, HEIGHT), x="x", y="y")
