"""The screen of random labels: training accuracy beside test error first, then loss, corruption and what is memorised."""

from __future__ import annotations

from screens.base import PhenomenonScreen


class RandomLabelsScreen(PhenomenonScreen):
    """Memorisation: both accuracies reach 1, one test error stays at chance."""

    VIEWS = (
        "train-accuracy", "test-error", "train-loss", "test-error-levels", "error-vs-corruption", "time-to-fit",
        "memorised/random", "memorised/true", "conditions",
    )  # fmt: skip
