"""The screen of double descent: test error beside bias and variance first, then the best ridge and real digits.

Where samples are added, gradient flow is stopped, images have random features, or networks are trained, that study comes before all.
"""

from __future__ import annotations

from screens.base import PhenomenonScreen


class DoubleDescentScreen(PhenomenonScreen):
    """Down, up to a peak at p = n, down again; which valley is lower, and what removes the peak."""

    VIEWS = (
        "risk-vs-n",
        "block-learnt",
        "block-spectrum",
        "sample-parts",
        "paths",
        "ratio",
        "filters",
        "path-parts",
        "fourier-loss",
        "fourier-norm",
        "fourier-error",
        "network-loss",
        "network-error",
        "network-norm",
        "test-mse",
        "ridge",
        "bias-variance",
        "rff",
    )
