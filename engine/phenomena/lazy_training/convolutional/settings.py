"""The networks of study convolutional: an architecture at an output scale and a learning rate, and the model linearised at its start."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.phenomena.lazy_training.config import LazyTrainingConfig
from engine.readings import Network

LABELS = {"vgg11": "VGG-11", "resnet18": "ResNet18"}
LINEARISED = math.inf  # the output scale at which a network is its linearisation


@dataclass(frozen=True)
class Trained:
    """One network. alpha: its output scale, infinite for the linearised model; rate: its first learning rate."""

    architecture: str
    alpha: float
    rate: float

    @property
    def linearised(self) -> bool:
        """Whether the model linearised at the first weights stands in the network's place."""
        return self.alpha == LINEARISED

    @property
    def scale(self) -> float:
        """By what outputs are multiplied; of the linearised model, whose outputs are linear in its movement, it does not matter."""
        return 1.0 if self.linearised else self.alpha

    @property
    def name(self) -> str:
        """`vgg11 alpha 100 rate 0.1`."""
        return f"{self.architecture} {self.of} rate {self.rate:.12g}"

    @property
    def of(self) -> str:
        """`alpha 100`."""
        return "linearised" if self.linearised else f"alpha {self.alpha:.12g}"

    @property
    def label(self) -> str:
        """`VGG-11, alpha 100`."""
        return f"{LABELS[self.architecture]}, {self.of}"


def architectures(config: LazyTrainingConfig) -> tuple[str, ...]:
    """Return the architectures that are trained."""
    return tuple(LABELS) if config.network == "both" else (config.network,)


def alphas(config: LazyTrainingConfig) -> list[float]:
    """Return the output scales, rising, the linearised model's last."""
    return [*sorted(set(config.output_scales)), *([LINEARISED] if config.linearised else [])]


def rates(config: LazyTrainingConfig) -> list[float]:
    """Return the learning rates, falling."""
    return sorted(set(config.rates), reverse=True)


def networks_of(config: LazyTrainingConfig, seeds: Sequence[int]) -> list[Network[Trained]]:
    """Return every network, those of an architecture and seed one after the other."""
    return [
        Network(Trained(architecture, alpha, rate), seed)
        for architecture in architectures(config) for seed in seeds for alpha in alphas(config) for rate in rates(config)
    ]  # fmt: skip
