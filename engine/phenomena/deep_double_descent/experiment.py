"""Trains every network of the experiment, one zero-masked ensemble per sample size and size class, and reads their errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.phenomena.deep_double_descent.members import Member, dealt, members_of, sizes_of
from engine.phenomena.deep_double_descent.problem import Problem, draw_problem
from engine.phenomena.deep_double_descent.whole_batch import WholeBatch
from engine.seeds import streams
from engine.state import State
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
        self.groups = [self._group(numbers) for numbers in dealt(self.members, config.batch)]

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
        n, K, loss = max(member.n for member in members), self.problems[0].classes, LOSS[self.config.loss]
        labels = torch.stack([self._labels[member.arm][member.place, :n] for member in members])
        targets = torch.nn.functional.one_hot(labels, K).to(torch.float32)  # (members, n, K)
        places = np.array([member.place for member in members])
        if not 0 < self.config.batch < n:
            inputs = self._x[torch.from_numpy(places).to(self.device), :n]
            return WholeBatch(optimizer, inputs.contiguous(), targets.transpose(1, 2).contiguous(), loss, self._weights(members, n))
        orders = [streams(seed).order for seed in self.seeds]
        data = TrainingSet(self._x[:, :n].contiguous(), targets, places, places)
        return Ensemble(optimizer, data, Batches(orders, n, self.config.batch), loss)

    def _weights(self, members: Sequence[Member], n: int) -> Tensor | None:
        """Return n/(a member's examples) on those and 0 on the others, (members, 1, n); None where every member sees all."""
        sizes = torch.tensor([member.n for member in members], device=self.device)[:, None, None]
        if bool((sizes == n).all()):
            return None
        return (torch.arange(n, device=self.device) < sizes) * (n / sizes)

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
        table = torch.cat([self._read(group) for group in self.groups], dim=1).cpu().numpy().astype(np.float64)
        order = np.argsort([number for group in self.groups for number in group.numbers])
        return {name: values.tolist() for name, values in zip(READINGS, table[:, order], strict=True)}

    def _read(self, group: Group) -> Tensor:
        """Return training error, test error, test loss and training loss of a group's networks, (4, members)."""
        members = [self.members[number] for number in group.numbers]
        n, places = max(member.n for member in members), [member.place for member in members]
        fitted, tested = (
            torch.stack([group.trainer.network.predict(place, x[member.place]) for place, member in enumerate(members)])
            for x in (self._x[:, :n], self._x_test)
        )  # (members, K, n) and (members, K, tests)
        labels = torch.stack([self._labels[member.arm][member.place, :n] for member in members])
        train, test = self._scores(fitted, labels), self._scores(tested, self._y_test[places])
        weights = self._weights(members, n)
        if weights is not None:
            train *= weights[:, 0]
        train_error, train_loss = train.mean(2)
        test_error, test_loss = test.mean(2)
        return torch.stack([train_error, test_error, test_loss, train_loss])

    def _scores(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """Return whether an example is wrong, and its loss summed over outputs, (2, members, n); outputs: (members, K, n)."""
        highest, found = outputs.max(1)  # an argmax along classes takes five times as long (measured)
        wrong, at = (found != labels).to(outputs.dtype), labels[:, None]
        if self.config.loss == "ce":
            return torch.stack([wrong, (outputs - highest[:, None]).exp().sum(1).log() + highest - outputs.gather(1, at)[:, 0]])
        return torch.stack([wrong, outputs.scatter_add(1, at, -torch.ones_like(at, dtype=outputs.dtype)).square().sum(1)])

    # ------------------------------------------------------------ storage

    def state(self) -> State:
        """Return every group's weights, moments and place."""
        return State.of({f"group-{index}": group.trainer.state() for index, group in enumerate(self.groups)})

    def restore(self, state: State) -> None:
        """Continue from a state."""
        for index, group in enumerate(self.groups):
            group.trainer.restore(state.part(f"group-{index}"))
