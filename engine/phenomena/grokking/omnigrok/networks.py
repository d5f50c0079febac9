"""The perceptrons of task images: one ensemble for the settings of a seed, squared error against one-hot labels, and what is measured.

Liu, Michaud, Tegmark 2023, arXiv:2210.01117: every first weight and bias of PyTorch's is multiplied by alpha; AdamW; bytes over 255.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.data.registry import load, source
from engine.data.split import Split
from engine.phenomena.grokking.config import GrokkingConfig
from engine.phenomena.grokking.ensembles import BETA1, fetched
from engine.phenomena.grokking.float64_losses import loss_of_pairs
from engine.phenomena.grokking.interventions import HeavyBall
from engine.phenomena.grokking.omnigrok.settings import ImageSetting
from engine.phenomena.grokking.omnigrok.size import layer_sizes, test_images
from engine.readings import Network
from engine.seeds import streams
from engine.state import State
from engine.training.batches import Batches
from engine.training.ensemble import Ensemble, TrainingSet
from engine.training.initialise import linear_layers
from engine.training.mlp import MLP
from engine.training.optimizers import AdamW, Optimizer

METRICS = ("train-loss", "test-loss", "train-accuracy", "test-accuracy", "norm")
EPSILON = 1e-8  # of AdamW, for PyTorch's mean over the outputs; ours is their sum
PIECE = 2000  # images that are predicted at once


class ImageNetworks:
    """Every setting with every seed; a network's number is its place among all.

    Attributes:
        split: the first seed's images; scores: (networks, 5), the columns METRICS, of the latest measurement.
    """

    def __init__(self, config: GrokkingConfig, networks: Sequence[Network[ImageSetting]], device: str) -> None:
        self.config, self.networks, self.device = config, networks, device
        self.dtype = torch.float64 if config.precision == "double" else torch.float32
        self.scores = np.full((len(networks), len(METRICS)), np.nan)
        seeds = list(dict.fromkeys(network.seed for network in networks))
        self.numbers = [tuple(n for n, network in enumerate(networks) if network.seed == seed) for seed in seeds]
        splits = [_drawn(config, seed) for seed in seeds]
        self.split, self.tests = splits[0], len(splits[0].y_test)
        self._test_x = [self._on_device(split.x_test) for split in splits]
        self._labels = [tuple(torch.from_numpy(labels).to(device) for labels in (split.y, split.y_test)) for split in splits]
        self.ensembles = [self._ensemble(*each) for each in zip(self.numbers, splits, strict=True)]

    def _on_device(self, x: NDArray[Any]) -> Tensor:
        return torch.from_numpy(x).to(self.device, self.dtype)

    def _ensemble(self, numbers: Sequence[int], split: Split) -> Ensemble:
        config, settings, seed = self.config, [self.networks[number].setting for number in numbers], self.networks[numbers[0]].seed
        network = MLP(layer_sizes(config), len(numbers), self.dtype, self.device)
        drawn = linear_layers(network.sizes, streams(seed).init)
        for member, setting in enumerate(settings):
            network.load(member, [setting.alpha * values for values in drawn])
        decays = [setting.wd for setting in settings]
        optimizer: Optimizer = HeavyBall(network, config.lr, decays, config.momentum)
        if config.optimizer == "adamw":
            optimizer = AdamW(network, config.lr, decays, (BETA1, config.beta2), EPSILON * split.classes)
        targets = torch.nn.functional.one_hot(torch.from_numpy(split.y), split.classes).to(self.device, self.dtype)
        same = np.zeros(len(numbers), dtype=np.int64)
        data = TrainingSet(self._on_device(split.x)[None], targets.expand(len(numbers), -1, -1).contiguous(), same, same)
        return Ensemble(optimizer, data, Batches([streams(seed).order], config.n, config.batch or config.n), "squared")

    # ------------------------------------------------------------ training

    def train(self, target: int, seconds: float) -> int:
        """Train for about this long, no network beyond step `target`; return the step that all have reached."""
        deadline = perf_counter() + seconds
        with _without_denormals():
            for ensemble in self.ensembles:
                losses = ensemble.network.flat.new_empty(len(ensemble.active))
                while ensemble.active and ensemble.taken < target:
                    ensemble.step(losses)
                    if perf_counter() >= deadline:
                        return min([target, *(one.taken for one in self.ensembles if one.active)])
        return target

    def retire(self, numbers: Sequence[int]) -> None:
        """Put networks aside for good."""
        for own, ensemble in zip(self.numbers, self.ensembles, strict=True):
            gone = [member for member in ensemble.active if own[member] in numbers]
            if gone:
                ensemble.retire(gone)

    @property
    def active(self) -> list[int]:
        """The networks in training, by number."""
        return [own[member] for own, ensemble in zip(self.numbers, self.ensembles, strict=True) for member in ensemble.active]

    # ------------------------------------------------------------ measuring

    def measure(self) -> dict[str, list[float]]:
        """Score every network in training, with one transfer; return the scores of all, a list over networks per quantity."""
        tensors = []
        for own, ensemble in enumerate(self.ensembles):
            inputs = ensemble.data.inputs[0], self._test_x[own]
            for place in range(len(ensemble.active)):
                parts = [self._score(ensemble, place, x, y) for x, y in zip(inputs, self._labels[own], strict=True)]
                norm = torch.stack([block[place].double().square().sum() for block in ensemble.network.blocks]).sum()
                losses, accuracies = zip(*parts, strict=True)
                tensors.append(torch.stack([*losses, *accuracies, norm]))
        if tensors:
            self.scores[self.active] = np.stack(fetched(tensors))
        return {name: column.tolist() for name, column in zip(METRICS, self.scores.T, strict=True)}

    @staticmethod
    def _score(ensemble: Ensemble, place: int, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return a network's mean loss and the share of images x (m, d) that it puts into their classes y (m,)."""
        loss = hits = x.new_zeros((), dtype=torch.float64)
        for some, labels in zip(torch.split(x, PIECE), torch.split(y, PIECE), strict=True):
            outputs = ensemble.network.predict(place, some)  # (K, piece)
            loss = loss + loss_of_pairs(outputs, labels, squared=True).sum()
            hits = hits + (outputs.argmax(0) == labels).sum()
        return loss / len(x), hits / len(x)

    # ------------------------------------------------------------ storage

    def tables(self) -> dict[str, NDArray[Any]]:
        """Return the first network's parameters: weights W1 (fan_in, fan_out), biases b1 (1, fan_out), W2, ..."""
        ensemble = self.ensembles[0]
        parts, start, found = ensemble.weights()[0].cpu().numpy(), 0, {}
        for place, shape in enumerate(ensemble.network.layout.shapes):
            found[f"{'Wb'[place % 2]}{place // 2 + 1}"] = parts[start : start + int(np.prod(shape))].reshape(shape).copy()
            start += int(np.prod(shape))
        return found

    def state(self) -> State:
        """Return every ensemble's state, and the latest scores."""
        inner = State.of({f"seed-{index}": ensemble.state() for index, ensemble in enumerate(self.ensembles)})
        return State({"scores": self.scores.copy(), **inner.arrays}, inner.scalars)

    def restore(self, state: State) -> None:
        """Go on bit for bit from what `state` returned; call on a freshly made object."""
        self.scores[...] = state.arrays["scores"]
        for index, ensemble in enumerate(self.ensembles):
            ensemble.restore(state.part(f"seed-{index}"))

    def counts(self) -> Mapping[str, NDArray[np.int64]]:
        """Return how many images train-accuracy and test-accuracy are of, (networks,) each."""
        return {"train-accuracy": np.full(len(self.networks), self.config.n), "test-accuracy": np.full(len(self.networks), self.tests)}


def _drawn(config: GrokkingConfig, seed: int) -> Split:
    """Draw a seed's images; columns of own rows, which are no images, are scaled."""
    known = source(config.dataset, config.dataset_sha256)
    split = load(config.dataset, config.n, test_images(config), streams(seed), config.dataset_sha256)
    return split.standardised() if known.by_column else split


@contextmanager
def _without_denormals() -> Iterator[None]:
    """Units that no image reaches have moments that shrink to denormal numbers and stay there, which slows AdamW several times."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
