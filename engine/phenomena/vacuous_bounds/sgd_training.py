"""Trains the networks of all conditions and seeds as one ensemble: same first weights, same order, other labels."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

from engine.phenomena.vacuous_bounds.config import VacuousBoundsConfig
from engine.phenomena.vacuous_bounds.problem import Problem, truncated_layers
from engine.seeds import streams
from engine.training.batches import Batches
from engine.training.ensemble import Ensemble, TrainingSet
from engine.training.mlp import MLP
from engine.training.optimizers import SGD

MOMENTUM, BATCH = 0.9, 100


class SGDTraining:
    """SGD on the logistic loss; network `condition * seeds + seed`; each condition ends after its own number of epochs.

    Attributes:
        initial, weights: (networks, P); total, taken: steps; ends: each network's last step.
    """

    def __init__(self, config: VacuousBoundsConfig, problems: Sequence[Problem], seeds: Sequence[int], device: str) -> None:
        conditions, n = config.conditions, len(problems[0].x)
        source = np.tile(np.arange(len(seeds)), len(conditions))
        network = MLP(config.sizes, len(source), torch.float32, device)
        for place, seed in enumerate(source):
            network.load(place, truncated_layers(config.sizes, streams(seeds[seed]).init))
        signs = np.stack([problem.signs[condition.name] for condition in conditions for problem in problems])[:, :, None]
        x = np.stack([problem.x for problem in problems])
        data = TrainingSet(torch.from_numpy(x).to(device), torch.from_numpy(signs).to(device), source, source)
        batches = Batches([streams(seed).order for seed in seeds], n, min(BATCH, n))
        self.ensemble = Ensemble(SGD(network, config.lr, 0.0, MOMENTUM), data, batches, "logistic")
        self.ends = [config.epochs_in(condition) * batches.per_epoch for condition in conditions for _ in seeds]
        self.total = max(self.ends)
        self.initial: NDArray[np.float32] = self.ensemble.weights().cpu().numpy()
        self._losses = network.flat.new_empty(len(source))

    @property
    def taken(self) -> int:
        """Steps taken."""
        return self.ensemble.taken

    @property
    def weights(self) -> NDArray[np.float32]:
        """Every network's parameters, (networks, P)."""
        return np.asarray(self.ensemble.weights().cpu().numpy())

    def advance(self, target: int, deadline: float) -> None:
        """Train until the deadline, at most to step `target`."""
        while self.taken < min(target, self.total):
            resting = [network for network in self.ensemble.active if self.taken >= self.ends[network]]
            if resting:
                self.ensemble.retire(resting)
            self.ensemble.step(self._losses[: len(self.ensemble.active)])
            if perf_counter() >= deadline:
                return
