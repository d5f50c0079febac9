"""Trains in mini-batches with what published runs need beside plain steps: bytes prepared batch by batch, augmentation, a schedule of
the learning rate, running counts of what is right, and of modules the statistics of batch normalisation, saved with the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.networks.network import ModuleMembers
from engine.networks.schedules import Schedule, constant
from engine.state import State
from engine.training.batches import Batches
from engine.training.ensemble import Ensemble, TrainingSet
from engine.training.losses import Name as LossName
from engine.training.optimizers import Optimizer

Prepare = Callable[[Tensor, int], Tensor]
"""A batch's rows as they are stored, and the step, to what the networks see: (batch, d) to (batch, d)."""


@dataclass(frozen=True)
class Recipe:
    """How a published run trains.

    schedule: factor of the learning rate by step; prepare: what is done to a batch's rows, in order (scaling of bytes, augmentation).
    """

    schedule: Schedule = constant
    prepare: tuple[Prepare, ...] = ()


class RecipeEnsemble(Ensemble):
    """Ensemble that trains by a recipe and counts its right answers as it goes.

    Attributes beside those of `Ensemble`: recipe; hits: (active,) right answers, each before its step, since `count_anew`; counted: of
    how many.
    """

    def __init__(self, optimizer: Optimizer, data: TrainingSet, batches: Batches, recipe: Recipe, loss: LossName = "cross-entropy") -> None:
        super().__init__(optimizer, data, batches, loss)
        self.recipe = recipe
        self.counted = 0
        self.hits = self._no_hits()

    def step(self, loss: Tensor) -> None:
        """Take one step with every active member; writes their batch losses before the step to loss (active,)."""
        factor = self.recipe.schedule(self.taken)
        if factor != self.optimizer.place[1]:
            self.optimizer.scale_rates(factor)
        super().step(loss)

    def prepared(self, rows: Tensor) -> Tensor:
        """Return a batch (active*batch, d) as the networks see it at the present step."""
        for prepare in self.recipe.prepare:
            rows = prepare(rows, self.taken)
        return rows

    def answered(self, outputs: Tensor, targets: Tensor) -> None:
        """Count what is right of outputs (active, k, batch); nothing waits for the device."""
        # the first of equal ones, as argmax, which is two to four times slower along this axis
        self.hits += (outputs.max(1).indices == targets.max(1).indices).sum(1)
        self.counted += outputs.shape[2]

    def count_anew(self) -> None:
        """Begin a new count."""
        self.hits, self.counted = self._no_hits(), 0

    @property
    def alike(self) -> Hashable:
        """Nothing: a recipe's schedule and counts are not those of others."""
        return None

    def retire(self, members: Sequence[int]) -> None:
        """Put members aside for good."""
        gone = set(members)
        self.hits = self.hits[[place for place, member in enumerate(self.active) if member not in gone]]
        super().retire(members)

    def state(self) -> State:
        """Return what `Ensemble` does, and the counts."""
        inner = super().state()
        return State({**inner.arrays, "hits": self.hits.cpu().numpy().copy()}, {**inner.scalars, "counted": self.counted})

    def restore(self, state: State) -> None:
        """Go on bit for bit from what `state` returned; call on a freshly made ensemble."""
        super().restore(state)
        self.hits.copy_(torch.from_numpy(state.arrays["hits"]))
        self.counted = state.scalars["counted"]

    def _no_hits(self) -> Tensor:
        return torch.zeros(len(self.active), dtype=torch.int64, device=self.network.flat.device)


class ModuleEnsemble(RecipeEnsemble):
    """Ensemble of modules: the statistics of their batch normalisations go with the members."""

    network: ModuleMembers

    def __init__(self, optimizer: Optimizer, data: TrainingSet, batches: Batches, recipe: Recipe, loss: LossName = "cross-entropy") -> None:
        super().__init__(optimizer, data, batches, recipe, loss)
        self._statistics: dict[int, Tensor] = {}

    def retire(self, members: Sequence[int]) -> None:
        """Put members aside for good, with their statistics."""
        places = {member: self.active.index(member) for member in members}
        self._statistics.update({member: self.network.statistics[place].clone() for member, place in places.items()})
        super().retire(members)

    def statistics(self) -> Tensor:
        """Return every member's running means and variances, (members, s)."""
        found = {**self._statistics, **{member: self.network.statistics[place] for place, member in enumerate(self.active)}}
        return torch.stack([found[member] for member in sorted(found)])

    def state(self) -> State:
        """Return what `RecipeEnsemble` does, and the statistics."""
        inner = super().state()
        return State({**inner.arrays, "statistics": self.statistics().cpu().numpy().copy()}, inner.scalars)

    def restore(self, state: State) -> None:
        """Go on bit for bit from what `state` returned; call on a freshly made ensemble."""
        self.network.statistics.copy_(torch.from_numpy(state.arrays["statistics"]))
        super().restore(state)
