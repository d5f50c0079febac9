"""Trains all networks of the experiment, one ensemble per width, and reads them beside their linearised models.

One transfer per measurement brings outputs and readings to the host; the linearised model has a closed form at any step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ProblemError
from engine.phenomena.lazy_training.members import members_of, rate_of
from engine.phenomena.lazy_training.problem import Student, draw_problem, make_student
from engine.phenomena.lazy_training.two_layer import TwoLayerEnsemble, host
from engine.state import State

if TYPE_CHECKING:
    from torch import Tensor

Floats = NDArray[np.float64]

LARGEST = 1e100  # outputs beyond it have no finite mean square
MOVEMENT = ("weight-change", "kernel-change", "kernel-rotation", "alignment", "flipped")
COLUMNS = ("train-residual", "test-error", "gap", *MOVEMENT)


@dataclass(frozen=True)
class Group:
    """Networks of one width; X_test (M, k, d) on the device."""

    numbers: tuple[int, ...]
    ensemble: TwoLayerEnsemble
    X_test: Tensor


class Experiment:
    """All networks.

    Attributes:
        scores: (members, 8), the columns COLUMNS, of the latest measurement.
        taken: (members,) steps at the latest measurement.
        over: (members,) which networks rest.

    Raises:
        ProblemError: a step that even the linearised model cannot take, or a tangent kernel above the memory allowed.
    """

    def __init__(self, config: Any, seeds: Sequence[int], device: str) -> None:
        self.members = members_of(config, len(seeds))
        self.problems = [draw_problem(seed, config.n, config.d, config.teacher) for seed in seeds]
        sizes = dict.fromkeys(member.m for member in self.members)
        self.students: dict[tuple[int, int], Student] = {
            (m, place): make_student(problem, seeds[place], m, config.symmetrise)
            for m in sizes
            for place, problem in enumerate(self.problems)
        }
        self.rates = [self._rate(config, number) for number in range(len(self.members))]
        self.scores = np.full((len(self.members), len(COLUMNS)), np.nan)
        self.taken = np.zeros(len(self.members))
        self.over = np.zeros(len(self.members), dtype=bool)
        self.steps = dict.fromkeys(sizes, 0)
        self.groups = {m: self._group(m, config.tol, device) for m in sizes}

    def _rate(self, config: Any, number: int) -> float:
        member, largest = self.members[number], self.student(number).linear.largest
        rate = rate_of(config, member, largest)
        if rate >= 2 / largest:
            sentence = (
                f"the step must be below 2/lambda_max(K0) = {2 / largest:.3g} at alpha {member.alpha:g}, m={member.m}, got {rate:.3g}"
            )
            raise ProblemError(sentence, f"lower learning rate (it is {config.lr:g})")
        return rate

    def _group(self, m: int, tol: float, device: str) -> Group:
        import torch

        numbers = tuple(number for number, member in enumerate(self.members) if member.m == m)
        students = [self.student(number) for number in numbers]
        W, a = (np.stack([getattr(student, name) for student in students]) for name in ("W", "a"))
        X, y, X_test = (np.stack([getattr(student.problem, name) for student in students]) for name in ("X", "y", "X_test"))
        alphas, rates = [self.members[number].alpha for number in numbers], [self.rates[number] for number in numbers]
        return Group(numbers, TwoLayerEnsemble(W, a, X, y, alphas, rates, tol, device), torch.from_numpy(X_test).to(device))

    def student(self, number: int) -> Student:
        """A network before training."""
        member = self.members[number]
        return self.students[member.m, member.place]

    @cached_property
    def start(self) -> float:
        """The largest |h(w0)| of any student on any point."""
        return max(float(max(np.abs(one.h0).max(), np.abs(one.h0_test).max())) for one in self.students.values())

    @cached_property
    def first_residuals(self) -> Floats:
        """|alpha h(w0) - y|/|y| of every network, 1 when it starts from zero, (members,)."""
        linear = [self.student(number).linearised(member.alpha) for number, member in enumerate(self.members)]
        targets = [np.linalg.norm(self.student(number).problem.y) for number in range(len(self.members))]
        return np.array([np.linalg.norm(one.residual) for one in linear]) / np.array(targets)

    # ------------------------------------------------------------ training

    def advance(self, target: int, seconds: float) -> None:
        """Train for about this long, no network beyond step `target`."""
        deadline = perf_counter() + seconds
        for m, group in self.groups.items():
            while group.ensemble.batch and self.steps[m] < target:
                group.ensemble.step()
                self.steps[m] += 1
                if perf_counter() >= deadline:
                    return

    def progress(self, target: int) -> int:
        """The step of the slowest group that is in training; `target` only when every group is there."""
        return min([target, *(self.steps[m] for m, group in self.groups.items() if group.ensemble.batch)])

    # ------------------------------------------------------------ measuring

    def measure(self) -> None:
        """Read every network in training, with one transfer; those that rest leave the batch."""
        import torch

        pieces = [self._readings(group) for group in self.groups.values() if group.ensemble.batch]
        if not pieces:
            return
        table = host(torch.cat(pieces))  # (networks in training, 7 + 2000)
        numbers = [group.numbers[local] for group in self.groups.values() for local in group.ensemble.batch]
        for number, row in zip(numbers, table, strict=True):
            self._take(number, row)
        for group in self.groups.values():
            group.ensemble.settle([local for local in group.ensemble.batch if self.over[group.numbers[local]]])

    def _readings(self, group: Group) -> Tensor:
        """Return residual, steps, whether at rest, movement (5) and outputs on the test points, (B, 8 + 2000)."""
        import torch

        ensemble, batch = group.ensemble, group.ensemble.batch
        ensemble.gather()
        y = ensemble.y[batch]
        residual = (ensemble.outputs(ensemble.X, batch) - y).norm(dim=1) / y.norm(dim=1)
        movement = torch.stack([ensemble.movement(member) for member in batch])
        heads = torch.stack([residual, ensemble.taken[batch], ensemble.resting()], dim=1)
        return torch.cat([heads, movement, ensemble.outputs(group.X_test, batch)], dim=1)

    def _take(self, number: int, row: Floats) -> None:
        student, member = self.student(number), self.members[number]
        residual, taken, resting = row[:3]
        movement, outputs = row[3 : 3 + len(MOVEMENT)], row[3 + len(MOVEMENT) :]
        self.taken[number], self.over[number] = taken, resting > 0
        if not np.all(np.abs(outputs) < LARGEST):
            self.scores[number] = [residual, *np.full(len(COLUMNS) - 1, np.nan)]
            return
        beside = student.prediction(member.alpha, float(taken), self.rates[number])
        error = float(np.mean((outputs - student.problem.y_test) ** 2))
        gap = float(np.sqrt(np.mean((outputs - beside) ** 2)))
        self.scores[number] = [residual, error, gap, *movement]

    def record(self) -> dict[str, list[float]]:
        """Return the latest scores, a list over networks per quantity."""
        return {name: self.scores[:, column].tolist() for column, name in enumerate(COLUMNS)}

    def column(self, name: str) -> Floats:
        """One quantity of every network, (members,)."""
        return np.asarray(self.scores[:, COLUMNS.index(name)])

    # ------------------------------------------------------------ what is shown, and storage

    def weights(self, number: int) -> tuple[Floats, Floats]:
        """Return a network's W (m, d) and a (m,) now."""
        group = self.groups[self.members[number].m]
        group.ensemble.gather()
        local = group.numbers.index(number)
        return host(group.ensemble.W[local]), host(group.ensemble.a[local])

    def kernel(self, number: int, start: bool = False) -> Floats:
        """Return a network's tangent kernel on its examples, (n, n)."""
        group = self.groups[self.members[number].m]
        group.ensemble.gather()
        return host(group.ensemble.kernel(group.numbers.index(number), start))

    def state(self) -> State:
        """Return every ensemble's weights and place, and the latest scores."""
        arrays: dict[str, NDArray[Any]] = {"scores": self.scores.copy(), "taken": self.taken.copy(), "over": self.over.copy()}
        scalars: dict[str, Any] = {}
        for m, group in self.groups.items():
            ensemble = group.ensemble
            arrays |= {f"{m}-{name}": value for name, value in ensemble.arrays().items()}
            stopped = host(ensemble.resting()) > 0 if ensemble.batch else np.zeros(0, dtype=bool)
            resting = [member for member, still in zip(ensemble.batch, stopped, strict=True) if still]
            scalars[str(m)] = {"batch": list(ensemble.batch), "resting": resting, "step": self.steps[m]}
        return State(arrays, scalars)

    def restore(self, state: State) -> None:
        """Go on bit for bit from what `state` returned; call on a freshly made object."""
        self.scores, self.taken = state.arrays["scores"].copy(), state.arrays["taken"].copy()
        self.over = state.arrays["over"].astype(bool)
        for m, group in self.groups.items():
            saved = {name: state.arrays[f"{m}-{name}"] for name in ("W", "a", "taken")}
            place = state.scalars[str(m)]
            group.ensemble.restore(saved, place["batch"], place["resting"])
            self.steps[m] = place["step"]
