"""The screen of lazy training: test error over the output scale first, then what moves, what freezes, and where neurons turn."""

from __future__ import annotations

from screens.base import PhenomenonScreen


class LazyTrainingScreen(PhenomenonScreen):
    """Features are learned on the left, a kernel is used on the right."""

    VIEWS = (
        "test-error", "weight-change", "gap-to-linearised", "kernel-change", "training", "directions/rich",
        "cnn-accuracy", "cnn-kept", "cnn-weight-change", "cnn-loss",
    )  # fmt: skip
