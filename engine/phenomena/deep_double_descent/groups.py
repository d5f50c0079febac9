"""Which networks share a trainer, and the trainers: perceptrons of one sample size and class of width as one zero-masked ensemble, each
convolutional network by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.phenomena.deep_double_descent.config import DeepDoubleDescentConfig
from engine.phenomena.deep_double_descent.convolutional import make_trainer
from engine.phenomena.deep_double_descent.networks import LabelKind, Setting, grouped, layer_sizes
from engine.phenomena.deep_double_descent.problem import Problem
from engine.readings import Network
from engine.seeds import streams
from engine.training.batches import Batches
from engine.training.ensemble import Ensemble, TrainingSet
from engine.training.initialise import linear_layers
from engine.training.losses import Name as LossName
from engine.training.mlp import MLP
from engine.training.optimizers import SGD, AdamW, Optimizer
from engine.training.whole_batch import WholeBatch

LOSS: dict[str, LossName] = {"mse": "squared", "ce": "cross-entropy"}


@dataclass(frozen=True)
class Group:
    """Networks trained together.

    numbers: theirs among all; places: (members,) of their seeds; labels: (members, n); sizes: (members,) their training examples, the
    first of those n; losses: (members,) of the latest step.
    """

    numbers: tuple[int, ...]
    places: NDArray[np.int64]
    labels: Tensor
    sizes: Tensor
    trainer: WholeBatch | Ensemble
    losses: Tensor


@dataclass(frozen=True)
class GroupMaker:
    """Makes the groups of all networks. x: (seeds, n, d) and labels: (seeds, n) of each kind, on the device."""

    config: DeepDoubleDescentConfig
    networks: Sequence[Network[Setting]]
    seeds: Sequence[int]
    problems: Sequence[Problem]
    x: Tensor
    labels: Mapping[LabelKind, Tensor]

    def groups(self) -> list[Group]:
        """Return all of them."""
        if self.config.model == "mlp":
            parts = grouped([network.setting for network in self.networks], self.config.batch)
        else:
            parts = [(number,) for number in range(len(self.networks))]
        return [self._group(numbers) for numbers in parts]

    def _group(self, numbers: tuple[int, ...]) -> Group:
        settings = [self.networks[number].setting for number in numbers]
        places = np.array([self.seeds.index(self.networks[number].seed) for number in numbers])
        n = max(setting.n for setting in settings)
        labels = torch.stack([self.labels[setting.labels][place, :n] for setting, place in zip(settings, places, strict=True)])
        targets = torch.nn.functional.one_hot(labels, self.problems[0].classes).to(torch.float32)  # (members, n, K)
        sizes = torch.tensor([setting.n for setting in settings], device=self.x.device)
        trainer = self._perceptrons(numbers, places, targets, sizes) if self.config.model == "mlp" else self._module(numbers[0], targets)
        return Group(numbers, places, labels, sizes, trainer, self.x.new_empty(len(numbers)))

    def _module(self, number: int, targets: Tensor) -> Ensemble:
        network, n = self.networks[number], targets.shape[1]
        place = self.seeds.index(network.seed)
        x = self.x[place : place + 1, :n]
        return make_trainer(self.config, network, self.problems[place], x, targets, LOSS[self.config.loss])

    def _perceptrons(self, numbers: tuple[int, ...], places: NDArray[np.int64], targets: Tensor, sizes: Tensor) -> WholeBatch | Ensemble:
        n, batch = targets.shape[1], self.config.batch
        optimizer, loss = self._optimizer(numbers), LOSS[self.config.loss]
        if 0 < batch < n:
            data = TrainingSet(self.x[:, :n].contiguous(), targets, places, places)
            return Ensemble(optimizer, data, Batches([streams(seed).order for seed in self.seeds], n, batch), loss)
        seen = places[:1] if len(set(places.tolist())) == 1 else places  # what all see is in memory once: it stays in the cache
        inputs = self.x[torch.from_numpy(seen).to(self.x.device), :n].contiguous().expand(len(numbers), -1, -1)
        return WholeBatch(optimizer, inputs, targets.transpose(1, 2).contiguous(), loss, self._weights(sizes, n))

    def _weights(self, sizes: Tensor, n: int) -> Tensor | None:
        """Return n/(a network's examples) on those of n examples and 0 on the others, (members, 1, n); None where all see all."""
        each = sizes[:, None, None]
        return None if bool((sizes == n).all()) else (torch.arange(n, device=self.x.device) < each) * (n / each)

    def _optimizer(self, numbers: Sequence[int]) -> Optimizer:
        """Return an optimiser over the first weights of a group's networks, the narrower padded with zeros."""
        config, networks = self.config, [self.networks[number] for number in numbers]

        def sizes(h: int) -> tuple[int, ...]:
            return layer_sizes(self.x.shape[2], h, config.depth, self.problems[0].classes)

        ensemble = MLP(sizes(max(network.setting.h for network in networks)), len(networks), torch.float32, self.x.device.type)
        for member, network in enumerate(networks):
            ensemble.load(member, linear_layers(sizes(network.setting.h), streams(network.seed).init))
        if config.optimizer == "adam":
            return AdamW(ensemble, config.lr, config.wd)
        return SGD(ensemble, config.lr, config.wd, momentum=config.momentum)
