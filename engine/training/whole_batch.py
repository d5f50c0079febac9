"""Trains an ensemble on all its examples in every step: nothing is indexed or copied between steps."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Self

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

    def take_step(self, losses: Tensor) -> None:
        """Take one step."""
        self.step(losses)

    @property
    def alike(self) -> Hashable:
        """What trainers have in common whose members can be trained as one."""
        return super().alike, self.loss, self._inputs.shape[1:], self._targets.shape[1:]

    def joined(self, others: Sequence[Self]) -> Self:
        """Return a trainer of all members."""
        network = self.network.sized(sum(len(one.active) for one in others))
        inputs, targets = torch.cat([one._inputs for one in others]), torch.cat([one._targets for one in others])
        weights = None
        if any(one._weights is not None for one in others):
            ones = [torch.ones_like(one._targets[:, :1]) for one in others]
            weights = torch.cat([given if one._weights is None else one._weights for one, given in zip(others, ones, strict=True)])
        made = type(self)(self.optimizer.joined(network, [one.optimizer for one in others]), inputs, targets, "squared", weights)
        made.loss, made.taken = self.loss, self.taken
        return made
