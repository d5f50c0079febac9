"""The screen of grokking: accuracy beside loss first, then the grid of pairs, progress measures, spectrum and delays; of images norms."""

from __future__ import annotations

from screens.base import PhenomenonScreen


class GrokkingScreen(PhenomenonScreen):
    """Two jumps of accuracy with a long time between them."""

    VIEWS = (
        "accuracy", "loss", "correctness", "norm", "progress", "circuit", "spectrum", "delay-vs-fraction", "delay-vs-decay", "accuracy-p53",
    )  # fmt: skip
