"""The screen of the interpolation threshold: test error over training error first, then why (norm, eigenvalues), then the maps."""

from __future__ import annotations

from screens.base import PhenomenonScreen


class InterpolationThresholdScreen(PhenomenonScreen):
    """Everything peaks where the training error reaches 0."""

    VIEWS = ("test-mse", "train-mse", "norm", "eigenvalues")
