"""The screen of random labels: training accuracy beside test error first, then loss, corruption and what is memorised."""

from __future__ import annotations

from screens.base import PhenomenonScreen


class RandomLabelsScreen(PhenomenonScreen):
    """Memorisation: both accuracies reach 1, one test error stays at chance."""

    VIEWS = (
        "train-accuracy", "test-error", "train-loss", "time-to-fit", "error-vs-corruption", "test-error-levels",
        "memorised/random", "memorised/true", "conditions",
    )  # fmt: skip
