"""The screen of double descent: test error beside bias and variance first, then the best ridge and real digits."""

from __future__ import annotations

from screens.base import PhenomenonScreen


class DoubleDescentScreen(PhenomenonScreen):
    """Down, up to a peak at p = n, down again; which valley is lower, and what removes the peak."""

    VIEWS = ("test-mse", "ridge", "bias-variance", "rff")
