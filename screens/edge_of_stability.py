"""The screen of the edge of stability: the product that settles at 2, the sharpness itself, the loss and its jitter."""

from __future__ import annotations

from screens.base import PhenomenonScreen


class EdgeOfStabilityScreen(PhenomenonScreen):
    """Sharpness that follows the step size."""

    VIEWS = ("eta-sharpness", "sharpness", "loss", "rising", "contrast", "displacement", "accuracy")
