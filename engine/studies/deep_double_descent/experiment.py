"""Trains every network of the experiment, one zero-masked ensemble per sample size and size class, and reads their errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.phenomenon import State
from engine.seeds import streams
from engine.studies.deep_double_descent.members import Member, dealt, members_of, sizes_of
from engine.studies.deep_double_descent.problem import Problem, draw_problem
from engine.studies.deep_double_descent.whole_batch import WholeBatch
from engine.training.batches import Batches
from engine.training.ensemble import Ensemble, TrainingSet
from engine.training.initialise import linear_layers
from engine.training.losses import Name as LossName
from engine.training.mlp import MLP
from engine.training.optimizers import SGD, AdamW, Optimizer

if TYPE_CHECKING:
    from torch import Tensor

Floats = NDArray[np.float64]

READINGS = ("train-error", "test-error", "test-loss", "train-loss")
LOSS: dict[str, LossName] = {"mse": "squared", "ce": "cross-entropy"}


@dataclass(frozen=True)
class Group:
    """Networks trained together, by their numbers among all; losses: (members,) of the latest step."""

    numbers: tuple[int, ...]
    trainer: WholeBatch | Ensemble
    losses: Tensor


class Experiment:
    """All networks; data and weights of a seed are the same in every arm and on every device."""

    def __init__(self, config: Any, seeds: Sequence[int], device: str) -> None:
        self.config, self.seeds, self.device = config, tuple(seeds), device
        self.members = members_of(config, len(seeds))
        self.problems: list[Problem] = [draw_problem(config, seed) for seed in seeds]
        self._x = torch.from_numpy(np.stack([problem.x for problem in self.problems])).to(device)  # (seeds, n, d)
        self._x_test = torch.from_numpy(np.stack([problem.x_test for problem in self.problems])).to(device)
        self._y_test = torch.from_numpy(np.stack([problem.y_test for problem in self.problems])).to(device)
        arms = self.problems[0].labels
        self._labels = {arm: torch.from_numpy(np.stack([one.labels[arm] for one in self.problems])).to(device) for arm in arms}
        self.groups = [self._group(numbers) for numbers in dealt(self.members, len(seeds))]

    def _group(self, numbers: tuple[int, ...]) -> Group:
        config, d, K = self.config, self._x.shape[2], self.problems[0].classes
        members = [self.members[number] for number in numbers]
        width = max(member.h for member in members)
        network = MLP(sizes_of(d, width, config.depth, K), len(members), torch.float32, self.device)
        for place, member in enumerate(members):
            drawn = linear_layers(sizes_of(d, member.h, config.depth, K), streams(self.seeds[member.place]).init)
            network.load(place, drawn)
        return Group(numbers, self._trainer(members, self._optimizer(network)), network.flat.new_empty(len(members)))

    def _optimizer(self, network: MLP) -> Optimizer:
        config = self.config
        if config.optimizer == "adam":
            return AdamW(network, config.lr, config.wd)
        return SGD(network, config.lr, config.wd, momentum=config.momentum)

    def _trainer(self, members: Sequence[Member], optimizer: Optimizer) -> WholeBatch | Ensemble:
        n, K, loss = members[0].n, self.problems[0].classes, LOSS[self.config.loss]
        labels = torch.stack([self._labels[member.arm][member.place, :n] for member in members])
        targets = torch.nn.functional.one_hot(labels, K).to(torch.float32)  # (members, n, K)
        places = np.array([member.place for member in members])
        if not 0 < self.config.batch < n:
            inputs = self._x[torch.from_numpy(places).to(self.device), :n]
            return WholeBatch(optimizer, inputs.contiguous(), targets.transpose(1, 2).contiguous(), loss)
        orders = [streams(seed).order for seed in self.seeds]
        data = TrainingSet(self._x[:, :n].contiguous(), targets, places, places)
        return Ensemble(optimizer, data, Batches(orders, n, self.config.batch), loss)

    # ------------------------------------------------------------ training

    def advance(self, target: int, seconds: float) -> None:
        """Train for about this long, group after group, no network beyond step `target`."""
        deadline = perf_counter() + seconds
        for group in self.groups:
            while group.trainer.taken < target:
                group.trainer.step(group.losses)
                if perf_counter() >= deadline:
                    self._wait()
                    return

    def _wait(self) -> None:
        """Let a GPU finish what was queued, so that a pause is answered soon."""
        if self._x.is_cuda:
            torch.cuda.synchronize()

    def progress(self) -> int:
        """The step reached on average; the last measured target only when every group is there."""
        taken = [group.trainer.taken for group in self.groups]
        return sum(taken) // len(taken)

    @property
    def together(self) -> bool:
        """Whether every group has taken the same number of steps."""
        return len({group.trainer.taken for group in self.groups}) == 1

    def record(self) -> dict[str, list[float]]:
        """Return every reading as a list over the members, with one transfer to the host."""
        rows: list[Tensor] = [self._x.new_empty(0)] * len(self.members)
        for group in self.groups:
            for place, number in enumerate(group.numbers):
                rows[number] = self._read(self.members[number], group.trainer.network, place)
        table = torch.stack(rows).cpu().numpy().astype(np.float64)
        return {name: table[:, column].tolist() for column, name in enumerate(READINGS)}

    def _read(self, member: Member, network: Any, place: int) -> Tensor:
        """Return training error, test error, test loss and training loss of one network, (4,)."""
        seed = member.place
        fitted = network.predict(place, self._x[seed, : member.n])  # (K, n)
        tested = network.predict(place, self._x_test[seed])
        labels, truth = self._labels[member.arm][seed, : member.n], self._y_test[seed]
        errors = [(outputs.argmax(0) != y).to(outputs.dtype).mean() for outputs, y in ((fitted, labels), (tested, truth))]
        return torch.stack([*errors, self._loss(tested, truth), self._loss(fitted, labels)])

    def _loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """Return the mean loss of outputs (K, n), summed over outputs."""
        if self.config.loss == "ce":
            return torch.nn.functional.cross_entropy(outputs.T, labels)
        targets = torch.nn.functional.one_hot(labels, outputs.shape[0]).to(outputs.dtype).T
        return (outputs - targets).square().sum(0).mean()

    # ------------------------------------------------------------ storage

    def state(self) -> State:
        """Return every group's weights, moments and place."""
        arrays: dict[str, NDArray[Any]] = {}
        scalars: dict[str, Any] = {}
        for index, group in enumerate(self.groups):
            inner = group.trainer.state()
            arrays |= {f"group-{index}-{name}": value for name, value in inner.arrays.items()}
            scalars[f"group-{index}"] = inner.scalars
        return State(arrays, scalars)

    def restore(self, state: State) -> None:
        """Continue from a state."""
        for index, group in enumerate(self.groups):
            prefix = f"group-{index}-"
            arrays = {name.removeprefix(prefix): value for name, value in state.arrays.items() if name.startswith(prefix)}
            group.trainer.restore(State(arrays, state.scalars[f"group-{index}"]))
