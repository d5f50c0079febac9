"""The screen of grokking: accuracy beside loss first, then progress measures, spectrum, the grid of pairs and delays; of images norms."""

from __future__ import annotations

from screens.base import PhenomenonScreen


class GrokkingScreen(PhenomenonScreen):
    """Two jumps of accuracy with a long time between them."""

    VIEWS = (
        "accuracy", "loss", "cross-entropy", "norm", "progress", "circuit", "spectrum", "accuracy-p53", "correctness",
        "delay-vs-fraction", "delay-vs-decay",
    )  # fmt: skip
