"""Networks of many widths and sample sizes on noisy and clean labels, one zero-masked ensemble per sample size and class of width.

Nakkiran et al. 2020, arXiv:1912.02292.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.contract import Marker, Picture, Series
from engine.errors import Diverged
from engine.headline import Known
from engine.phenomena.deep_double_descent import SPEC, figures
from engine.phenomena.deep_double_descent.claims import JUDGES
from engine.phenomena.deep_double_descent.config import DeepDoubleDescentConfig
from engine.phenomena.deep_double_descent.headline import clauses as headline_clauses
from engine.phenomena.deep_double_descent.networks import grouped, layer_sizes, networks_of, threshold_width
from engine.phenomena.deep_double_descent.problem import best_constant_loss, draw_problem
from engine.phenomena.deep_double_descent.scalars import READERS
from engine.phenomena.deep_double_descent.sweeps import Sweeps
from engine.phenomenon import Training, geometric_grid
from engine.seeds import streams
from engine.state import Stateful
from engine.training.batches import Batches
from engine.training.ensemble import Ensemble, TrainingSet
from engine.training.initialise import linear_layers
from engine.training.joint import Stretch
from engine.training.losses import Name as LossName
from engine.training.mlp import MLP
from engine.training.optimizers import SGD, AdamW, Optimizer
from engine.training.whole_batch import WholeBatch

PER_DECADE = 12
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


class DeepDoubleDescent(Training[DeepDoubleDescentConfig]):
    """All networks; data and first weights of a seed are the same for every kind of labels and on every device.

    Attributes:
        problems: one per seed; groups: what is trained; threshold: the width with nK parameters on inputs that vary;
        constant: the test loss of the best constant outputs, the shares of the classes.
    """

    spec = SPEC
    judges = JUDGES
    readers = READERS

    def __init__(self, config: DeepDoubleDescentConfig, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick") -> None:
        super().__init__(config, seeds, device, preset)
        self.grid = geometric_grid(config.steps, PER_DECADE)
        self.total = config.steps
        self.problems = [draw_problem(config, seed) for seed in seeds]
        first = self.problems[0]
        self.threshold = threshold_width(config.n, first.varying, config.depth, first.classes)
        self.constant = best_constant_loss(first.shares, config.loss)
        flips = f"noise {config.noise:g} ({config.convention}) flips {first.flipped:.1%} of the labels; test labels are true"
        self.notes = (flips, *first.notes)
        self.networks = networks_of(config, seeds)
        self._places = np.array([seeds.index(network.seed) for network in self.networks])  # (networks,) of its seed among the seeds
        self._x = self._stacked([problem.x for problem in self.problems])  # (seeds, n, d)
        self._x_test = self._stacked([problem.x_test for problem in self.problems])
        self._y_test = self._stacked([problem.y_test for problem in self.problems])
        self._labels = {kind: self._stacked([problem.labels[kind] for problem in self.problems]) for kind in first.labels}
        self._sweeps: Sweeps | None = None
        self.groups = [self._group(numbers) for numbers in grouped([network.setting for network in self.networks], config.batch)]

    def _stacked(self, arrays: Sequence[NDArray[Any]]) -> Tensor:
        return torch.from_numpy(np.stack(arrays)).to(self.device)

    # ------------------------------------------------------------ training

    def _group(self, numbers: tuple[int, ...]) -> Group:
        config, settings, places = self.config, [self.networks[number].setting for number in numbers], self._places[list(numbers)]
        n = max(setting.n for setting in settings)
        labels = torch.stack([self._labels[setting.labels][place, :n] for setting, place in zip(settings, places, strict=True)])
        targets = torch.nn.functional.one_hot(labels, self.problems[0].classes).to(torch.float32)  # (members, n, K)
        sizes = torch.tensor([setting.n for setting in settings], device=self.device)
        optimizer, loss = self._optimizer(numbers), LOSS[config.loss]
        trainer: WholeBatch | Ensemble
        if 0 < config.batch < n:
            data = TrainingSet(self._x[:, :n].contiguous(), targets, places, places)
            trainer = Ensemble(optimizer, data, Batches([streams(seed).order for seed in self.seeds], n, config.batch), loss)
        else:
            seen = places[:1] if len(set(places.tolist())) == 1 else places  # what all see is in memory once: it stays in the cache
            inputs = self._x[torch.from_numpy(seen).to(self.device), :n].contiguous().expand(len(numbers), -1, -1)
            trainer = WholeBatch(optimizer, inputs, targets.transpose(1, 2).contiguous(), loss, self._weights(sizes, n))
        return Group(numbers, places, labels, sizes, trainer, self._x.new_empty(len(numbers)))

    def _weights(self, sizes: Tensor, n: int) -> Tensor | None:
        """Return n/(a network's examples) on those of n examples and 0 on the others, (members, 1, n); None where all see all."""
        each = sizes[:, None, None]
        return None if bool((sizes == n).all()) else (torch.arange(n, device=self.device) < each) * (n / each)

    def _optimizer(self, numbers: Sequence[int]) -> Optimizer:
        """Return an optimiser over the first weights of a group's networks, the narrower padded with zeros."""
        config, networks = self.config, [self.networks[number] for number in numbers]

        def sizes(h: int) -> tuple[int, ...]:
            return layer_sizes(self._x.shape[2], h, config.depth, self.problems[0].classes)

        ensemble = MLP(sizes(max(network.setting.h for network in networks)), len(networks), torch.float32, self.device)
        for member, network in enumerate(networks):
            ensemble.load(member, linear_layers(sizes(network.setting.h), streams(network.seed).init))
        if config.optimizer == "adam":
            return AdamW(ensemble, config.lr, config.wd)
        return SGD(ensemble, config.lr, config.wd, momentum=config.momentum)

    def train(self, target: int, budget: float) -> int:
        """Train group after group for about `budget` seconds; return the step reached on average, the target only if all are there."""
        deadline, late = perf_counter() + budget, False
        for group in self.groups:
            while group.trainer.taken < target and not late:
                group.trainer.step(group.losses)
                late = perf_counter() >= deadline
        if late and self._x.is_cuda:
            torch.cuda.synchronize()  # finish what was queued, so that a pause is answered soon
        taken = [group.trainer.taken for group in self.groups]
        return sum(taken) // len(taken)

    def stretches(self) -> Sequence[Stretch]:
        """The groups that have steps to take before the next measurement."""
        target = self.target
        return [
            Stretch(group.trainer, target, lambda losses, group=group: group.losses.copy_(losses[-1]))  # type: ignore[misc]
            for group in self.groups
            if target is not None and group.trainer.taken < target
        ]

    def measure(self) -> dict[str, Any]:
        """Return every quantity as a list over the networks, with one transfer to the host.

        Raises:
            Diverged: a loss is no longer finite.
        """
        found = torch.cat([self._scores(group) for group in self.groups], dim=1).cpu().numpy()
        order = np.argsort([number for group in self.groups for number in group.numbers])
        record = {quantity.name: values for quantity, values in zip(figures.QUANTITIES, found[:, order], strict=True)}
        lost = np.flatnonzero(~np.isfinite(record["train-loss"]))
        if lost.size:
            label = self.networks[lost[0]].setting.label
            raise Diverged(f"the training loss of {label} is no longer a finite number at step {self.step}")
        return {name: values.tolist() for name, values in record.items()}

    def _scores(self, group: Group) -> Tensor:
        """Return training error, test error, test loss and training loss of a group's networks in float64, (4, members).

        Mistakes are counted and divided in float64: 10 of 100 are .1, which a float32 is not.
        """
        fitted, tested = (
            torch.stack([group.trainer.network.predict(member, x[place]) for member, place in enumerate(group.places)])
            for x in (self._x[:, : group.labels.shape[1]], self._x_test)
        )  # (members, K, n) and (members, K, tests)
        train, test = self._wrong_and_loss(fitted, group.labels), self._wrong_and_loss(tested, self._y_test[group.places])
        seen = torch.arange(group.labels.shape[1], device=self.device) < group.sizes[:, None]  # (members, n)
        train_error, train_loss = (torch.where(seen, values, 0).double().sum(1) / group.sizes for values in train)
        test_error, test_loss = (values.double().sum(1) / values.shape[1] for values in test)
        return torch.stack([train_error, test_error, test_loss, train_loss])

    def _wrong_and_loss(self, outputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Return whether an example is wrong, and its loss summed over outputs, (members, n) each; outputs: (members, K, n)."""
        highest, found = outputs.max(1)  # an argmax along classes takes five times as long (measured)
        wrong, at = found != labels, labels[:, None]
        if self.config.loss == "ce":
            return wrong, (outputs - highest[:, None]).exp().sum(1).log() + highest - outputs.gather(1, at)[:, 0]
        return wrong, outputs.scatter_add(1, at, -torch.ones_like(at, dtype=outputs.dtype)).square().sum(1)

    # ------------------------------------------------------------ what is shown and stored

    @property
    def sweeps(self) -> Sweeps:
        """The measurements so far along width, sample size and steps."""
        if self._sweeps is None or len(self._sweeps.steps) < len(self.history):
            self._sweeps = Sweeps(self.readings, self.config)
        return self._sweeps

    def series(self) -> tuple[Series, ...]:
        """Errors and losses over width, steps and samples as they are now; the exact companions from the start."""
        exact = figures.companions(self.seeds[0])
        if not len(self.history):
            return tuple(exact)
        return (*figures.over_width(self), *figures.over_steps(self.sweeps), *figures.over_samples(self.sweeps), *exact)

    def pictures(self) -> tuple[Picture, ...]:
        """Test error over width and step."""
        return (figures.heat_map(self.sweeps, self.config.eps),) if len(self.history) else ()

    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen, for the headline."""
        return headline_clauses(self, known)

    def markers(self) -> tuple[Marker, ...]:
        """Thresholds in width; first minimum, peak and end in time."""
        return tuple(figures.markers(self))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The first seed's data: X (n, d), y noisy and y_clean (n,), X_test, y_test; h, labels, n and seed's place of every network."""
        problem, n, settings = self.problems[0], self.config.n, [network.setting for network in self.networks]
        return {
            "X": problem.x[:n], "y": problem.labels["noisy"][:n], "y_clean": problem.labels["clean"][:n],
            "X_test": problem.x_test, "y_test": problem.y_test, "h": np.array([setting.h for setting in settings]),
            "noisy": np.array([setting.labels == "noisy" for setting in settings]), "n": np.array([setting.n for setting in settings]),
            "place": self._places,
        }  # fmt: skip

    def parts(self) -> Mapping[str, Stateful]:
        """The groups' trainers."""
        return {f"group-{index}": group.trainer for index, group in enumerate(self.groups)}
