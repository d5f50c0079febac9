"""Measurements of the risk curves: nested minimum-norm fits against a solve per size, and random features on digits.

Each function does the work once a repeat and returns its readings; goals and rows are declared with the bench entries.
"""

from __future__ import annotations

import time

import numpy as np

from engine.data.digits import digits
from engine.phenomena.double_descent.digits import fourier_features, fourier_frequencies
from engine.theory.conditions import Floats
from engine.theory.linear_models.nested import nested_path
from lab.bench.entry import alternate

N, D, SIGMA = 200, 1000, 0.5
SOLVES = 40
"""Sizes p at which lstsq is really called, spread evenly over 1..D."""

RFF_N, RFF_FEATURES, RFF_TEST = 1000, 5000, 2000


def nested_against_lstsq(repeats: int) -> list[tuple[float, float]]:
    """Return (seconds of the whole nested curve, seconds of lstsq at every p) pairs for n=200, D=1000.

    lstsq is timed on 40 of the 1000 sizes, at the middles of 40 equal intervals of p, and the sum is scaled by 25: its cost
    is a smooth function of p, so the estimate is that of the midpoint rule.
    """
    X, y, b = _problem()
    sizes = _sizes()

    def nested() -> float:
        start = time.perf_counter()
        nested_path(X, y, b)
        return time.perf_counter() - start

    def solves() -> float:
        start = time.perf_counter()
        for p in sizes:
            np.linalg.lstsq(X[:, :p], y, rcond=None)
        return (time.perf_counter() - start) * D / SOLVES

    nested()
    return alternate(nested, solves, repeats)


def nested_disagreement() -> float:
    """Return the largest relative difference of |w|^2 and excess risk from lstsq, over the sizes of the timing and n-3..n+3."""
    X, y, b = _problem()
    curves = nested_path(X, y, b)
    worst = 0.0
    for p in [*_sizes(), *range(N - 3, N + 4)]:
        w = np.linalg.lstsq(X[:, :p], y, rcond=None)[0]
        risk = ((w - b[:p]) ** 2).sum() + (b[p:] ** 2).sum()
        found = (curves.norm2[p], curves.excess_risk[p] if curves.excess_risk is not None else np.nan)
        worst = max(worst, abs(found[0] / (w @ w) - 1), abs(found[1] / risk - 1))
    return float(worst)


def fourier_curve_seconds(repeats: int) -> list[tuple[float, float]]:
    """Return (seconds of making the features, seconds of the curve at every N = 0..5000) for n=1000 digits, 10 outputs, 2000 tests."""
    pixels, labels, _ = digits()
    readings = []
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(labels))
        train, test = order[:RFF_N], order[RFF_N : RFF_N + RFF_TEST]
        targets = np.eye(10)[labels]
        start = time.perf_counter()
        frequencies = fourier_frequencies(rng, pixels.shape[1], RFF_FEATURES)
        features = fourier_features(pixels[train], frequencies), fourier_features(pixels[test], frequencies)
        made = time.perf_counter()
        nested_path(features[0], targets[train], test=(features[1], targets[test]))
        readings.append((made - start, time.perf_counter() - made))
    return readings


def _sizes() -> list[int]:
    return [int((index + 0.5) * D / SOLVES) for index in range(SOLVES)]


def _problem() -> tuple[Floats, Floats, Floats]:
    """Return X (n, D), y (n,), b (D,) of the quick preset: Gaussian features, flat signal of norm 1."""
    rng = np.random.default_rng(0)
    X, b = rng.standard_normal((N, D)), np.full(D, D**-0.5)
    return X, X @ b + SIGMA * rng.standard_normal(N), b
