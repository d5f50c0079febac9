"""Trains an ensemble in mini-batches of its pairs: epoch after epoch a fresh order, which members of one seed share.

Power et al. 2022, arXiv:2201.02177: batches of 512, or of half of the pairs if that is less.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import torch
from torch import Tensor

from engine.phenomena.grokking.float64_losses import LossName
from engine.phenomena.grokking.full_batch import FullBatch
from engine.phenomena.grokking.interventions import Interventions
from engine.state import State
from engine.training.batches import Batches
from engine.training.optimizers import Optimizer


class MiniBatches(FullBatch):
    """One network per member; a batch is copied to the same memory in every step, so that a GPU's graph stays true."""

    def __init__(
        self, optimizer: Optimizer, inputs: Tensor, targets: Tensor, losses: Sequence[LossName], interventions: Interventions, warm_up: int,
        batches: Batches, order: Sequence[int],
    ) -> None:  # fmt: skip
        """order: (members,) which stream of the batches a member follows; the others as in `FullBatch`."""
        self.batches, self._order = batches, np.asarray(order)
        super().__init__(optimizer, inputs, targets, losses, interventions, warm_up)
        self.renew()

    def step(self) -> None:
        """Take one step with every active member."""
        place = self.taken % self.batches.per_epoch
        if not place:
            self.batches.next_epoch()
            self._index()
        rows = self._rows[:, place]  # (active, b)
        torch.gather(self._pairs, 1, rows[:, :, None].expand(-1, -1, self._pairs.shape[2]), out=self._inputs)
        torch.gather(self._hot, 2, rows[:, None].expand(-1, self._hot.shape[1], -1), out=self._targets)
        super().step()

    @property
    def alike(self) -> Hashable:
        """Nothing: members are computed in turn, so that nothing is gained together."""
        return None

    def renew(self) -> None:
        """Take the active members' pairs, and make room for a batch."""
        super().renew()
        self._pairs, self._hot = self._inputs, self._targets  # (active, N, 2) and (active, k, N)
        size = self.batches.batch
        self._inputs = self._pairs.new_empty(len(self.active), size, self._pairs.shape[2])
        self._targets = self._hot.new_empty(len(self.active), self._hot.shape[1], size)
        self._take_up_epoch()

    def state(self) -> State:
        """Return what `FullBatch` does, and the streams with the present epoch."""
        inner = super().state()
        return State({**inner.arrays, "orders": self.batches.orders}, {**inner.scalars, "streams": self.batches.state()})

    def restore(self, state: State) -> None:
        """Go on bit for bit from what `state` returned; call on a freshly made object."""
        self.batches.restore(state.scalars["streams"], state.arrays["orders"])
        super().restore(state)
        if self.active:
            self._take_up_epoch()

    def _take_up_epoch(self) -> None:
        """Index the epoch that is being worked on; between two epochs the next step draws one."""
        if self.taken % self.batches.per_epoch:
            self._index()

    def _index(self) -> None:
        """Bring the epoch's batches, (active, per_epoch, b), to the device."""
        orders = self.batches.orders[self._order[self.active]]
        cut = orders.reshape(len(orders), self.batches.per_epoch, self.batches.batch)
        self._rows = torch.from_numpy(cut).to(self._pairs.device)
