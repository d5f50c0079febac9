"""Trains the networks of all conditions and seeds as one ensemble: same first weights, same order, other labels.

Networks on random labels stop once they fit 99 % of them, unless they are trained as published: what they show is that the class fits
random signs.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

from engine.phenomena.vacuous_bounds.config import RANDOM, Labels, VacuousBoundsConfig
from engine.phenomena.vacuous_bounds.problem import Problem, truncated_layers
from engine.seeds import streams
from engine.state import State
from engine.training.batches import Batches
from engine.training.ensemble import Ensemble, TrainingSet
from engine.training.mlp import MLP
from engine.training.optimizers import SGD

MOMENTUM, BATCH = 0.9, 100
MISSED, LOOK = 0.01, 5  # share of random labels that may be missed; epochs between two looks whether more are


class SGDTraining:
    """SGD on the logistic loss; network `condition * seeds + seed`; each condition ends after its own number of epochs.

    Attributes:
        initial, weights: (networks, P); total, taken: steps; ends: each network's last step.
    """

    def __init__(
        self, config: VacuousBoundsConfig, problems: Sequence[Problem], seeds: Sequence[int], device: str, conditions: Sequence[Labels]
    ) -> None:
        n = len(problems[0].x)
        source = np.tile(np.arange(len(seeds)), len(conditions))
        network = MLP(config.sizes, len(source), torch.float32, device)
        for place, seed in enumerate(source):
            network.load(place, truncated_layers(config.sizes, streams(seeds[seed]).init, config.first_bias))
        signs = np.stack([problem.signs[condition.name] for condition in conditions for problem in problems])[:, :, None]
        x = np.stack([problem.x for problem in problems])
        data = TrainingSet(torch.from_numpy(x).to(device), torch.from_numpy(signs).to(device), source, source)
        batches = Batches([streams(seed).order for seed in seeds], n, min(BATCH, n))
        self.ensemble = Ensemble(SGD(network, config.lr, 0.0, MOMENTUM), data, batches, "logistic")
        self._stops = [condition == RANDOM and config.training == "short" for condition in conditions for _ in seeds]
        self.ends = [config.epochs_in(condition) * batches.per_epoch for condition in conditions for _ in seeds]
        self.total, self.taken = max(self.ends), 0
        self.initial: NDArray[np.float32] = self.ensemble.weights().cpu().numpy()
        self._losses = network.flat.new_empty(len(source))

    @property
    def weights(self) -> NDArray[np.float32]:
        """Every network's parameters, (networks, P)."""
        return np.asarray(self.ensemble.weights().cpu().numpy())

    def advance(self, target: int, deadline: float) -> None:
        """Train until the deadline, at most to step `target`; where no network has steps left to take, be there at once."""
        last, ensemble = min(target, self.total), self.ensemble
        while self.taken < last:
            self._rest()
            if not ensemble.active:
                self.taken = last
                return
            ensemble.step(self._losses[: len(ensemble.active)])
            self.taken = ensemble.taken
            if perf_counter() >= deadline:
                return

    def _rest(self) -> None:
        """Retire the networks that have taken their steps, or fit random labels."""
        if self.taken % (LOOK * self.ensemble.batches.per_epoch) == 0:
            for network in self._fitting():
                self.ends[network] = self.taken
        resting = [network for network in self.ensemble.active if self.taken >= self.ends[network]]
        if resting:
            self.ensemble.retire(resting)

    def _fitting(self) -> list[int]:
        """The active networks on random labels that may stop and miss few enough of them, with one transfer."""
        data, found = self.ensemble.data, {}
        for place, network in enumerate(self.ensemble.active):
            if self._stops[network]:
                outputs = self.ensemble.network.predict(place, data.inputs[int(data.source[network])])[0]
                found[network] = (outputs * data.targets[network, :, 0] <= 0).sum()
        missed = torch.stack(list(found.values())).tolist() if found else []
        return [network for network, count in zip(found, missed, strict=True) if count <= MISSED * data.inputs.shape[1]]

    def state(self) -> State:
        """Return the ensemble's state, and where networks end."""
        return State.of({"ensemble": self.ensemble.state(), "place": State({}, {"taken": self.taken, "ends": list(self.ends)})})

    def restore(self, state: State) -> None:
        """Go on bit for bit from what `state` returned."""
        self.ensemble.restore(state.part("ensemble"))
        place = state.part("place").scalars
        self.taken, self.ends = place["taken"], list(place["ends"])
