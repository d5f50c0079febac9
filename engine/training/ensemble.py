"""Trains an ensemble of networks in mini-batches: settings and seeds are members of one batched computation, data rests on the device."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.state import State
from engine.training.batches import Batches, SideBySide
from engine.training.losses import LOSSES
from engine.training.losses import Name as LossName
from engine.training.optimizers import Optimizer
from engine.training.trainer import Trainer


@dataclass(frozen=True)
class TrainingSet:
    """What the members learn, on the device.

    inputs: (sources, n, d); targets: (members, n, k), one-hot for classes; source: (members,) which inputs a member
    sees; order: (members,) which stream of `Batches` it follows.
    """

    inputs: Tensor
    targets: Tensor
    source: NDArray[np.int64]
    order: NDArray[np.int64]


class Ensemble(Trainer):
    """Trains in mini-batches, one step for all networks. `active`: by their number in the training set."""

    def __init__(self, optimizer: Optimizer, data: TrainingSet, batches: Batches, loss: LossName = "cross-entropy") -> None:
        super().__init__(optimizer)
        self.data, self.batches = data, batches
        self.loss = LOSSES[loss]
        self._behind = False  # whether the present epoch is another one than that which is indexed
        self._x, self._t = data.inputs.flatten(0, 1), data.targets.flatten(0, 1)
        self._allocate()

    def step(self, loss: Tensor) -> None:
        """Take one step with every active member; writes their batch losses before the step to loss (active,)."""
        place = self.taken % self.batches.per_epoch
        if self._behind:
            self._take_up_epoch()
        if not place:
            self.batches.next_epoch()
            self._index()
        torch.index_select(self._x, 0, self._rows[place], out=self._batch_x)
        self.differentiate(self.prepared(self._batch_x).view(len(self.active), self.batches.batch, -1), self._targets[place], loss)
        self.optimizer.step()
        self.taken += 1

    def differentiate(self, x: Tensor, targets: Tensor, loss: Tensor) -> None:
        """Find the gradients at a batch x (active, batch, d) with targets (active, k, batch); writes the losses to loss (active,)."""
        outputs = self.network.forward(x)
        self.answered(outputs, targets)
        self.loss(outputs, targets, self._delta, loss)
        self.network.backward(self._delta, self.optimizer.momentum)

    def take_step(self, losses: Tensor) -> None:
        """Take one step."""
        self.step(losses)

    def prepared(self, rows: Tensor) -> Tensor:
        """Return a batch (active*batch, d) as the networks see it at the present step."""
        return rows

    def answered(self, outputs: Tensor, targets: Tensor) -> None:
        """Told the outputs (active, k, batch) of a step, before it, and what they should have been."""
        return

    @property
    def alike(self) -> Hashable:
        """What ensembles have in common whose active members can be trained as one: they stand at the same place of an epoch."""
        return super().alike, self.loss, self.batches.n, self.batches.batch, self._x.shape[1:], self._t.shape[1:]

    def joined(self, others: Sequence[Self]) -> Self:
        """Return an ensemble of the active members of all; what several see in equal tables stands there once."""
        members = [len(one.active) for one in others]
        network = self.network.sized(sum(members))
        tables, sources, first = _tables([one.data.inputs for one in others]), [], 0
        orders = []
        for one, start in zip(others, tables.starts, strict=True):
            sources.append(one.data.source[one.active] + start)
            orders.append(one.data.order[one.active] + first)
            first += len(one.batches.generators)
        targets = torch.cat([one.data.targets[one.active] for one in others])
        data = TrainingSet(tables.inputs, targets, np.concatenate(sources), np.concatenate(orders))
        optimizer = self.optimizer.joined(network, [one.optimizer for one in others])
        made = type(self)(optimizer, data, SideBySide([one.batches for one in others]))
        made.loss, made.taken = self.loss, self.taken
        made._take_up_epoch()
        return made

    def place(self) -> Any:
        """Return the position of the streams, and the epoch that is being worked on."""
        return deepcopy(self.batches.state()), self.batches.orders.copy()

    def go_to(self, place: Any) -> None:
        """Go back to a position, with `taken` as it was then."""
        self.batches.restore(*place)
        self._take_up_epoch()

    def caught_up(self) -> None:
        """Index the epoch anew before the next step: steps were taken on its behalf."""
        self.batches.catch_up()
        self._behind = True

    def renew(self) -> None:
        """Make the buffers for the active members, and index their epoch."""
        self._allocate()
        self._take_up_epoch()

    def state(self) -> State:
        """Return weights, moments, streams and place, as NumPy arrays and plain JSON."""
        inner = super().state()
        return State({**inner.arrays, "orders": self.batches.orders}, {**inner.scalars, "streams": self.batches.state()})

    def restore(self, state: State) -> None:
        """Go on bit for bit from what `state` returned; call on a freshly made ensemble."""
        self.batches.restore(state.scalars["streams"], state.arrays["orders"])
        super().restore(state)
        if self.active:
            self._take_up_epoch()

    def _take_up_epoch(self) -> None:
        """Index the epoch that is being worked on; between two epochs the next step draws one."""
        self._behind = False
        if self.taken % self.batches.per_epoch:
            self._index()

    def _allocate(self) -> None:
        """Make the buffers of a step: inputs (active*batch, d) and the gradient in the outputs (active, k, batch)."""
        members, size = len(self.active), self.batches.batch
        self._batch_x = self._x.new_empty(members * size, self._x.shape[1])
        self._delta = self._t.new_empty(members, self._t.shape[1], size)

    def _index(self) -> None:
        """Turn the epoch's orders into row numbers (per_epoch, active*batch) and targets (per_epoch, active, k, batch)."""
        members = np.asarray(self.active)
        orders = self.batches.orders[self.data.order[members]]  # (active, per_epoch * batch)
        self._rows = self._steps(orders + self.batches.n * self.data.source[members][:, None]).flatten(1)
        steps = self._steps(orders + self.batches.n * members[:, None])  # (per_epoch, active, batch)
        targets = self._t.index_select(0, steps.flatten()).view(*steps.shape, -1)
        self._targets = targets.transpose(2, 3).contiguous()

    def _steps(self, orders: NDArray[np.int64]) -> Tensor:
        """Cut (active, per_epoch * batch) into (per_epoch, active, batch), on the device."""
        cut = orders.reshape(len(orders), self.batches.per_epoch, self.batches.batch).swapaxes(0, 1)
        return torch.from_numpy(np.ascontiguousarray(cut)).to(self._x.device)


@dataclass(frozen=True)
class _Tables:
    """Inputs (sources, n, d) of several training sets, equal ones once; starts: where each one's sources begin."""

    inputs: Tensor
    starts: list[int]


def _tables(given: Sequence[Tensor]) -> _Tables:
    kept: list[Tensor] = []
    begins: list[int] = []
    starts = []
    for inputs in given:
        known = next((start for start, other in zip(begins, kept, strict=True) if other is inputs or torch.equal(other, inputs)), None)
        if known is None:
            known = sum(map(len, kept))
            kept.append(inputs)
            begins.append(known)
        starts.append(known)
    return _Tables(torch.cat(kept) if len(kept) > 1 else kept[0], starts)
