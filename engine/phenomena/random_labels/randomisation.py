"""One network per condition and seed, ready to train; nothing differs between the conditions of a seed but the data.

Zhang et al. 2017, arXiv:1611.03530: networks of one seed begin with the same weights and see their examples in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.data.registry import require_room
from engine.data.split import Split
from engine.phenomena.random_labels.classifiers import Classifiers, Examples, Group, cache_sized
from engine.phenomena.random_labels.cnn import CNN, draw_cnn
from engine.phenomena.random_labels.conditions import Condition, RandomisedData
from engine.phenomena.random_labels.config import RandomLabelsConfig
from engine.readings import Network
from engine.seeds import streams
from engine.training.batches import Batches
from engine.training.ensemble import Ensemble, TrainingSet
from engine.training.initialise import Draw, linear_layers
from engine.training.mlp import MLP
from engine.training.optimizers import SGD

CHANNELS = 25  # of the convolutional network, as published with MNIST-1D


def mlp_sizes(config: RandomLabelsConfig, split: Split) -> tuple[int, ...]:
    """Return the layer sizes of the MLP: pixels, hidden layers, classes."""
    return (int(split.x.shape[1]), *[config.width] * config.depth, split.classes)


def build_classifiers(
    config: RandomLabelsConfig, networks: Sequence[Network[Condition]], data: Mapping[int, RandomisedData], device: str, longest: int
) -> Classifiers:
    """Return all networks, ready to train. data: by seed; longest: the most steps between two measurements.

    Raises:
        ProblemError: the images under all conditions do not fit into memory.
    """
    kinds = list(dict.fromkeys(network.setting.inputs for network in networks))
    images = sum(len(of.split.x) + len(of.split.x_test) for of in data.values())
    require_room(config.dataset, images, 2 * len(kinds))  # as they are made, and side by side
    sources = [(seed, kind) for seed in data for kind in kinds]
    x, x_test = zip(*(data[seed].inputs(kind) for seed, kind in sources), strict=True)
    of_network = [data[network.seed] for network in networks]
    examples = Examples(
        _stacked(x, device),
        _stacked(x_test, device),
        _stacked([of.labels.at(network.setting.corruption) for of, network in zip(of_network, networks, strict=True)], device),
        _stacked([of.split.y_test for of in of_network], device),
        np.array([sources.index((network.seed, network.setting.inputs)) for network in networks]),
        of_network[0].split.classes,
    )
    builder = _Builder(config, networks, examples, next(iter(data.values())).split, device)
    groups = []
    for model in dict.fromkeys(network.setting.model for network in networks):
        chosen = [number for number, network in enumerate(networks) if network.setting.model == model]
        parameters = sum(values.size for values in builder.first_weights(chosen[0]))
        groups += [Group(part, builder.ensemble(part), longest) for part in cache_sized(chosen, parameters, device)]
    return Classifiers(examples, groups)


def _stacked(arrays: Sequence[np.ndarray], device: str) -> Tensor:
    return torch.from_numpy(np.stack(arrays)).to(device)


@dataclass(frozen=True)
class _Builder:
    """Makes the ensemble of some of the networks, all of one model. split: any seed's, for its sizes."""

    config: RandomLabelsConfig
    networks: Sequence[Network[Condition]]
    examples: Examples
    split: Split
    device: str

    def ensemble(self, numbers: Sequence[int]) -> Ensemble:
        ensemble: MLP | CNN
        if self.networks[numbers[0]].setting.model == "cnn":
            ensemble = CNN(self.split.x.shape[1], CHANNELS, self.split.classes, len(numbers), torch.float32, self.device)
        else:
            ensemble = MLP(mlp_sizes(self.config, self.split), len(numbers), torch.float32, self.device)
        for place, number in enumerate(numbers):
            ensemble.load(place, self.first_weights(number))
        seeds = [self.networks[number].seed for number in numbers]
        present = list(dict.fromkeys(seeds))
        targets = torch.nn.functional.one_hot(self.examples.labels[list(numbers)], self.split.classes).to(self.examples.x.dtype)
        order = np.array([present.index(seed) for seed in seeds])
        data = TrainingSet(self.examples.x, targets, self.examples.source[list(numbers)], order)
        batches = Batches([streams(seed).order for seed in present], self.examples.x.shape[1], self.config.batch)
        return Ensemble(SGD(ensemble, self.config.lr, self.config.wd, self.config.momentum), data, batches)

    def first_weights(self, number: int) -> Draw:
        rng = streams(self.networks[number].seed).init
        if self.networks[number].setting.model == "cnn":
            return draw_cnn(self.split.x.shape[1], CHANNELS, self.split.classes, rng)
        return linear_layers(mlp_sizes(self.config, self.split), rng)
