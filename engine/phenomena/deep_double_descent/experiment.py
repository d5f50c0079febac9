"""Networks of many widths and sample sizes on noisy and clean labels: trained, scored and shown.

Nakkiran et al. 2020, arXiv:1912.02292.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.contract import Marker, Picture, Series
from engine.errors import Diverged
from engine.headline import Known, percent
from engine.phenomena.deep_double_descent import SPEC, figures
from engine.phenomena.deep_double_descent.claims import JUDGES
from engine.phenomena.deep_double_descent.config import MODULES, DeepDoubleDescentConfig
from engine.phenomena.deep_double_descent.groups import Group, GroupMaker
from engine.phenomena.deep_double_descent.headline import clauses as headline_clauses
from engine.phenomena.deep_double_descent.networks import networks_of, threshold_width, width_of
from engine.phenomena.deep_double_descent.problem import Problem, best_constant_loss, draw_problem
from engine.phenomena.deep_double_descent.scalars import READERS
from engine.phenomena.deep_double_descent.size import memory, network_size
from engine.phenomena.deep_double_descent.sweeps import Sweeps
from engine.phenomena.deep_double_descent.work import measured_per_decade
from engine.phenomenon import Training, geometric_grid
from engine.state import Stateful
from engine.training.joint import Stretch
from engine.training.memory import require_memory


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
        if config.model in MODULES:
            held = f"{config.n:,} images of {config.dataset} and networks of {len(config.widths)} widths up to {config.widths[-1]}"
            require_memory(memory(config, len(seeds)), held, device, "lower h, n or the number of seeds, or set batch")
        self.grid = geometric_grid(config.steps, measured_per_decade(config))
        self.total = config.steps
        self.problems = [draw_problem(config, seed) for seed in seeds]
        first = self.problems[0]
        self.threshold = self._threshold(first)
        self.constant = best_constant_loss(first.shares, config.loss)
        how = "replaced by a wrong class" if config.convention == "incorrect" else "wrong, replaced by any class"
        flips = f"{percent([first.flipped])} of training labels {how}; test labels are true"
        cut = config.augment and config.model in MODULES
        cuts = ("trained on cuts and mirror images; training errors are those on the whole images",) if cut else ()
        self.notes = (flips, *cuts, *first.notes)
        self.networks = networks_of(config, seeds)
        self._places = np.array([seeds.index(network.seed) for network in self.networks])  # (networks,) of its seed among the seeds
        self._x = self._stacked([problem.x for problem in self.problems])  # (seeds, n, d)
        self._x_test = self._stacked([problem.x_test for problem in self.problems])
        self._y_test = self._stacked([problem.y_test for problem in self.problems])
        self._labels = {kind: self._stacked([problem.labels[kind] for problem in self.problems]) for kind in first.labels}
        self._sweeps: Sweeps | None = None
        self.groups = GroupMaker(config, self.networks, seeds, self.problems, self._x, self._labels).groups()
        self._scored: dict[int, Tensor] = {}  # by group, of the present step

    def _threshold(self, problem: Problem) -> float:
        n, K = self.config.n, problem.classes
        if self.config.model == "mlp":
            return threshold_width(n, problem.varying, self.config.depth, K)
        return width_of(n * K, lambda h: network_size(self.config, h).parameters)

    def _stacked(self, arrays: Sequence[NDArray[Any]]) -> Tensor:
        return torch.from_numpy(np.stack(arrays)).to(self.device)

    # ------------------------------------------------------------ training

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
        if self.config.model in MODULES and min(taken) == target:
            self._score_until(deadline)
        return sum(taken) // len(taken)

    def _score_until(self, deadline: float) -> None:
        """Score group after group, since the scores of large networks take longer than a pause may wait for."""
        for number, group in enumerate(self.groups):
            if perf_counter() >= deadline:
                return
            if number not in self._scored:
                self._scored[number] = self._scores(group)

    @property
    def ready(self) -> bool:
        """Whether convolutional networks are scored, one after the other; perceptrons are scored with the measurement."""
        return self.config.model not in MODULES or len(self._scored) == len(self.groups)

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
        scores = [self._scored[at] if at in self._scored else self._scores(group) for at, group in enumerate(self.groups)]
        self._scored = {}
        found = torch.cat(scores, dim=1).cpu().numpy()
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
