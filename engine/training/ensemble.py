"""Trains an ensemble of networks: settings and seeds are members of one batched computation, data rests on the device.

A member that has finished is retired: its weights are put aside and the others go on without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.state import State
from engine.training.batches import Batches
from engine.training.losses import LOSSES
from engine.training.losses import Name as LossName
from engine.training.optimizers import Optimizer


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


class Ensemble:
    """One network per member, one step for all of them.

    Attributes:
        active: the members still in training, by their number in the training set; place in the network's buffers.
        taken: steps taken.
    """

    def __init__(self, optimizer: Optimizer, data: TrainingSet, batches: Batches, loss: LossName = "cross-entropy") -> None:
        self.optimizer, self.network = optimizer, optimizer.network
        self.data, self.batches = data, batches
        self.loss = LOSSES[loss]
        self.active = list(range(self.network.members))
        self.retired: dict[int, Tensor] = {}
        self.taken = 0
        self._x, self._t = data.inputs.flatten(0, 1), data.targets.flatten(0, 1)
        self._allocate()

    def step(self, loss: Tensor) -> None:
        """Take one step with every active member; writes their batch losses before the step to loss (active,)."""
        place = self.taken % self.batches.per_epoch
        if not place:
            self.batches.next_epoch()
            self._index()
        torch.index_select(self._x, 0, self._rows[place], out=self._batch_x)
        outputs = self.network.forward(self._batch_x.view(len(self.active), self.batches.batch, -1))
        self.loss(outputs, self._targets[place], self._delta, loss)
        self.network.backward(self._delta, self.optimizer.momentum)
        self.optimizer.step()
        self.taken += 1

    def retire(self, members: Sequence[int]) -> None:
        """Put members aside for good; the others' numbers are unchanged."""
        rows = self.network.layout.rows(self.network.flat)
        gone = set(members)
        self.retired.update({member: rows[self.active.index(member)].clone() for member in members})
        if len(gone) < len(self.active):
            places = [place for place, member in enumerate(self.active) if member not in gone]
            self.optimizer.keep(places)
        self.active = [member for member in self.active if member not in gone]
        if self.active:
            self._allocate()
            self._take_up_epoch()

    def weights(self) -> Tensor:
        """Return every member's parameters, (members, parameters)."""
        rows = self.network.layout.rows(self.network.flat)
        found = {**self.retired, **{member: rows[place] for place, member in enumerate(self.active)}}
        return torch.stack([found[member] for member in sorted(found)])

    def state(self) -> State:
        """Return weights, moments, streams and place, as NumPy arrays and plain JSON."""
        moments = self.optimizer.state() if self.active else {}
        arrays = {"weights": self.weights().cpu().numpy(), "orders": self.batches.orders, **moments}
        return State(arrays, {"active": list(self.active), "taken": self.taken, "streams": self.batches.state()})

    def restore(self, state: State) -> None:
        """Go on bit for bit from what `state` returned; call on a freshly made ensemble."""
        active, weights = state.scalars["active"], torch.from_numpy(state.arrays["weights"]).to(self.network.flat)
        self.batches.restore(state.scalars["streams"], state.arrays["orders"])
        self.taken = state.scalars["taken"]
        self.network.layout.fill(self.network.flat, weights)
        gone = [member for member in self.active if member not in active]
        if gone:
            self.retire(gone)
        if active:
            self.optimizer.restore(state.arrays)
            self._take_up_epoch()

    def _take_up_epoch(self) -> None:
        """Index the epoch that is being worked on; between two epochs the next step draws one."""
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
