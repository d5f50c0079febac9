"""The screen of grokking: accuracy beside the grid of pairs first, then progress measures, loss, spectrum and delays; of images norms."""

from __future__ import annotations

from screens.base import PhenomenonScreen


class GrokkingScreen(PhenomenonScreen):
    """Two jumps of accuracy with a long time between them."""

    VIEWS = ("accuracy", "correctness", "norm", "progress", "loss", "spectrum", "delay-vs-fraction", "delay-vs-decay")
