"""Trains an ensemble in float32 on all its examples in every step: nothing is indexed or copied between steps."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.training.losses import LOSSES
from engine.training.losses import Name as LossName
from engine.training.optimizers import Optimizer
from engine.training.trainer import Trainer


class WholeBatch(Trainer):
    """One network per member; inputs (members, n, d), targets (members, k, n).

    weights: (members, 1, n) of the examples, on average 1 per member, for members that see only some of them; None: all 1.
    """

    def __init__(self, optimizer: Optimizer, inputs: Tensor, targets: Tensor, loss: LossName, weights: Tensor | None = None) -> None:
        super().__init__(optimizer)
        self.loss = LOSSES[loss]
        self._inputs, self._targets, self._weights = inputs, targets, weights
        self._delta = torch.empty_like(targets)

    def step(self, loss: Tensor) -> None:
        """Take one step with every member; writes their losses before the step, without weights, to loss (members,)."""
        outputs = self.network.forward(self._inputs)
        self.loss(outputs, self._targets, self._delta, loss)
        if self._weights is not None:
            self._delta.mul_(self._weights)
        self.network.backward(self._delta, self.optimizer.momentum)
        self.optimizer.step()
        self.taken += 1
