"""What a run of task images trains and shows: the settings side by side, each as long as it is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import Diverged
from engine.phenomena.grokking.config import GrokkingConfig
from engine.phenomena.grokking.milestones import Milestones, at_least
from engine.phenomena.grokking.omnigrok.networks import ImageNetworks
from engine.phenomena.grokking.omnigrok.settings import GROKKED, networks_of, settings_of
from engine.phenomena.grokking.omnigrok.size import memory
from engine.training.memory import require_memory

LARGEST = 1e12  # a score above it has left what training can come back from


class ImageStudy:
    """All of task images.

    Attributes:
        networks: every setting with every seed; trained: their ensembles.
    """

    def __init__(self, config: GrokkingConfig, seeds: tuple[int, ...], device: str) -> None:
        settings = settings_of(config)
        held = f"{config.n:,} training images of {config.dataset} and {len(settings) * len(seeds)} networks"
        require_memory(memory(config, len(settings), len(seeds)), held, device, "lower n, width or the number of seeds")
        self.config, self.networks = config, networks_of(settings, seeds)
        self.trained = ImageNetworks(config, self.networks, device)

    @property
    def chance(self) -> float:
        """The share of images that guessing puts into their classes."""
        return 1.0 / self.trained.split.classes

    def measure(self, step: int) -> dict[str, Any]:
        """Return every network's scores.

        Raises:
            Diverged: a loss or norm is no longer finite.
        """
        record, scores = self.trained.measure(), self.trained.scores
        lost = np.flatnonzero(~np.isfinite(scores).all(axis=1) | (np.abs(scores) > LARGEST).any(axis=1))
        if len(lost):
            raise Diverged(f"the loss of {self.networks[lost[0]].setting.label} is no longer a finite number at step {step}")
        return record

    def retire(self, accuracy: list[float], readings: Milestones) -> None:
        """Put aside brief networks that generalise."""
        grokked = at_least(accuracy, readings.pairs["test-accuracy"], GROKKED)
        self.trained.retire([number for number in self.trained.active if self.networks[number].setting.brief and grokked[number]])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The first seed's images and labels, and the main setting's network after training."""
        split = self.trained.split
        return {"X": split.x, "y": split.y, "X_test": split.x_test, "y_test": split.y_test, **self.trained.tables()}

    def parts(self) -> Mapping[str, ImageNetworks]:
        """The ensembles."""
        return {"images": self.trained}
