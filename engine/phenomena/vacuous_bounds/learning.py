"""Trains the networks of both arms for all seeds as one ensemble: same first weights, same order, other labels."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.vacuous_bounds.problem import Problem, truncated_layers
from engine.seeds import streams
from engine.state import State
from engine.training.batches import Batches
from engine.training.ensemble import Ensemble, TrainingSet
from engine.training.mlp import MLP
from engine.training.optimizers import SGD

MOMENTUM, BATCH = 0.9, 100


class Learning:
    """SGD on the logistic loss; member `arm * seeds + seed`; an arm rests after its own number of epochs.

    Attributes:
        initial, weights: (members, P); total, taken: steps.
    """

    def __init__(
        self, problems: Sequence[Problem], seeds: Sequence[int], arms: Sequence[str], epochs: Sequence[int],
        sizes: Sequence[int], lr: float, device: str,
    ) -> None:  # fmt: skip
        import torch

        n = len(problems[0].x)
        members = [(arm, seed) for arm in range(len(arms)) for seed in range(len(seeds))]
        network = MLP(sizes, len(members), torch.float32, device)
        for place, (_, seed) in enumerate(members):
            network.load(place, truncated_layers(sizes, streams(seeds[seed]).init))
        signs = np.stack([problems[seed].signs[arms[arm]] for arm, seed in members])[:, :, None]
        source = np.array([seed for _, seed in members])
        data = TrainingSet(
            torch.from_numpy(np.stack([problem.x for problem in problems])).to(device), torch.from_numpy(signs).to(device), source, source
        )
        batches = Batches([streams(seed).order for seed in seeds], n, min(BATCH, n))
        self.ensemble = Ensemble(SGD(network, lr, 0.0, MOMENTUM), data, batches, "logistic")
        self._ends = {member: epochs[arm] * batches.per_epoch for member, (arm, _) in enumerate(members)}
        self.total = max(self._ends.values())
        self.initial: NDArray[np.float32] = self.ensemble.weights().cpu().numpy()
        self._trace = network.flat.new_empty(len(members))

    @property
    def taken(self) -> int:
        """Steps taken."""
        return self.ensemble.taken

    @property
    def weights(self) -> NDArray[np.float32]:
        """Every member's parameters, (members, P)."""
        return np.asarray(self.ensemble.weights().cpu().numpy())

    def resting(self, member: int) -> bool:
        """Whether a member has taken all its steps."""
        return self.taken >= self._ends[member]

    def advance(self, target: int, deadline: float) -> None:
        """Train until the deadline, at most to step `target`."""
        while self.taken < min(target, self.total):
            resting = [member for member in self.ensemble.active if self.resting(member)]
            if resting:
                self.ensemble.retire(resting)
            self.ensemble.step(self._trace[: len(self.ensemble.active)])
            if perf_counter() >= deadline:
                return

    def state(self) -> State:
        """Return the ensemble's state."""
        return self.ensemble.state()

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self.ensemble.restore(state)
