"""One network per condition and seed, ready to train; nothing differs between the conditions of a seed but the data.

Zhang et al. 2017, arXiv:1611.03530: networks of one seed begin with the same weights and see their examples in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from engine.data.split import Split
from engine.networks.augmentation import RandomCut, per_image
from engine.networks.network import ModuleMembers
from engine.networks.schedules import ByEpoch, Drops, Schedule, constant
from engine.networks.training import ModuleEnsemble, Prepare, Recipe, RecipeEnsemble
from engine.phenomena.random_labels.architectures import draw_weights, make_network
from engine.phenomena.random_labels.classifiers import Classifiers, Examples, Group, cache_sized
from engine.phenomena.random_labels.conditions import Condition, RandomisedData
from engine.phenomena.random_labels.config import MODULES, RandomLabelsConfig
from engine.phenomena.random_labels.counted import CountedClassifiers, CountedGroup
from engine.readings import Network
from engine.seeds import streams
from engine.training.batches import Batches
from engine.training.ensemble import Ensemble, TrainingSet
from engine.training.optimizers import SGD

DECAY, DROPS = 0.95, (0.5, 0.75)  # of the learning rate an epoch; the shares of the epochs after which it is a tenth


def schedule_of(config: RandomLabelsConfig) -> Schedule:
    """Return the learning rate's factor by step."""
    per_epoch = config.n // config.batch
    if config.schedule == "epochwise":
        return ByEpoch(per_epoch, DECAY)
    if config.schedule == "drops":
        return Drops(tuple(round(share * config.epochs) * per_epoch for share in DROPS))
    return constant


def build_classifiers(
    config: RandomLabelsConfig, networks: Sequence[Network[Condition]], data: dict[int, RandomisedData], device: str, longest: int
) -> Classifiers:
    """Return all networks, ready to train; data: by seed, whose true images lie in the networks' table from here on.

    longest: the most steps between two measurements.
    """
    kinds = list(dict.fromkeys(network.setting.inputs for network in networks))
    sources = [(seed, kind) for seed in data for kind in kinds]
    of_network = [data[network.seed] for network in networks]
    split = of_network[0].split
    examples = Examples(
        *_tables(data, sources, device),
        _stacked([of.labels.at(network.setting.corruption) for of, network in zip(of_network, networks, strict=True)], device),
        _stacked([of.split.y_test for of in of_network], device),
        np.array([sources.index((network.seed, network.setting.inputs)) for network in networks]),
        split.classes,
    )
    builder = _Builder(config, networks, examples, split, data, device)
    groups: list[Group] = []
    for model in dict.fromkeys(network.setting.model for network in networks):
        chosen = [number for number, network in enumerate(networks) if network.setting.model == model]
        parts = [(number,) for number in chosen] if config.model in MODULES else cache_sized(chosen, builder.parameters(model), device)
        kind = CountedGroup if config.counted else Group
        groups += [kind(part, builder.ensemble(part), longest) for part in parts]
    return CountedClassifiers(examples, groups) if config.counted else Classifiers(examples, groups)


def _tables(data: dict[int, RandomisedData], sources: Sequence[tuple[int, str]], device: str) -> tuple[Tensor, Tensor]:
    """Return training and test images (sources, n, d); true ones that lie there on the processor are no longer held beside them."""
    first = next(iter(data.values())).split
    x, x_test = (torch.empty((len(sources), *of.shape)) for of in (first.x, first.x_test))
    for place, (seed, kind) in enumerate(sources):
        made = data[seed].inputs(kind)  # type: ignore[arg-type]
        for table, images in zip((x, x_test), made, strict=True):
            table[place] = torch.from_numpy(images)
    for place, (seed, kind) in enumerate(sources):
        if kind == "true":
            split = replace(data[seed].split, x=x[place].numpy(), x_test=x_test[place].numpy())
            data[seed] = replace(data[seed], split=split)
    return x.to(device), x_test.to(device)


def _stacked(arrays: Sequence[np.ndarray], device: str) -> Tensor:
    return torch.from_numpy(np.stack(arrays)).to(device)


@dataclass(frozen=True)
class _Builder:
    """Makes the ensemble of some of the networks, all of one model. split: any seed's, for its sizes."""

    config: RandomLabelsConfig
    networks: Sequence[Network[Condition]]
    examples: Examples
    split: Split
    data: Mapping[int, RandomisedData]
    device: str

    def parameters(self, model: str) -> int:
        """How many a network has."""
        return make_network(self.config, self.split, model, 1, "cpu").layout.parameters

    def ensemble(self, numbers: Sequence[int]) -> Ensemble:
        config, model = self.config, self.networks[numbers[0]].setting.model
        network = make_network(config, self.split, model, len(numbers), self.device)
        for place, number in enumerate(numbers):
            network.load(place, draw_weights(config, self.split, model, streams(self.networks[number].seed).init))
        seeds = [self.networks[number].seed for number in numbers]
        present = list(dict.fromkeys(seeds))
        targets = torch.nn.functional.one_hot(self.examples.labels[list(numbers)], self.split.classes).to(self.examples.x.dtype)
        order = np.array([present.index(seed) for seed in seeds])
        inputs, source, prepare = self._inputs(numbers)
        data = TrainingSet(inputs, targets, source, order)
        batches = Batches([streams(seed).order for seed in present], self.examples.x.shape[1], config.batch)
        optimizer = SGD(network, config.lr, config.wd, config.momentum)
        if not config.counted:
            return Ensemble(optimizer, data, batches)
        kind = ModuleEnsemble if isinstance(network, ModuleMembers) else RecipeEnsemble
        return kind(optimizer, data, batches, Recipe(schedule_of(config), prepare))

    def _inputs(self, numbers: Sequence[int]) -> tuple[Tensor, np.ndarray, tuple[Prepare, ...]]:
        """Return the inputs that some networks learn from, (sources, n, d), which are each one's, and what is done to a batch."""
        source, network = self.examples.source[list(numbers)], self.networks[numbers[0]]
        if not self.config.random_crops or network.setting.inputs != "true":
            if self.config.counted and len(numbers) == 1:
                return self.examples.x[source[0] : source[0] + 1], np.zeros(1, dtype=np.int64), ()
            return self.examples.x, source, ()
        data = self.data[network.seed]
        shape = data.uncropped_shape if len(data.uncropped_shape) > 2 else (*data.uncropped_shape, 1)
        cut = RandomCut((shape[0], shape[1], shape[2]), self.config.crop, network.seed)
        return torch.from_numpy(data.uncropped)[None].to(self.device), np.zeros(1, dtype=np.int64), (cut, per_image)
