"""Gradient descent at several step sizes, every network of every seed in one ensemble, with the sharpness read on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from engine.contract import Marker, Series
from engine.errors import Diverged
from engine.headline import Known
from engine.phenomena.edge_of_stability import SPEC
from engine.phenomena.edge_of_stability.checks import Checks, check
from engine.phenomena.edge_of_stability.claims import JUDGES
from engine.phenomena.edge_of_stability.config import EdgeOfStabilityConfig
from engine.phenomena.edge_of_stability.excursion_figures import curves
from engine.phenomena.edge_of_stability.excursions import Excursion, Excursions
from engine.phenomena.edge_of_stability.headline import clauses as headline_clauses
from engine.phenomena.edge_of_stability.probe import Probe
from engine.phenomena.edge_of_stability.problem import first_weights, problem
from engine.phenomena.edge_of_stability.scalars import READERS
from engine.phenomena.edge_of_stability.size import layer_sizes, memory
from engine.phenomenon import Training
from engine.readings import Network, summarised
from engine.seeds import Streams, streams
from engine.state import Stateful
from engine.training.joint import Stretch
from engine.training.memory import require_memory
from engine.training.mlp import MLP
from engine.training.optimizers import SGD
from engine.training.whole_batch import WholeBatch

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StepSize:
    """The setting of a curve: 2/eta."""

    edge: float
    control: bool = False

    @property
    def name(self) -> str:
        """`16`."""
        return f"{self.edge:g}"

    @property
    def label(self) -> str:
        """`2/eta = 16`, `control: 2/eta = 100`."""
        return f"{'control: ' if self.control else ''}2/eta = {self.edge:g}"


class EdgeOfStability(Training[EdgeOfStabilityConfig]):
    """Every step size and the control, one network per seed, trained side by side."""

    spec = SPEC
    judges: ClassVar = JUDGES
    readers: ClassVar = READERS

    def __init__(self, config: EdgeOfStabilityConfig, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick") -> None:
        super().__init__(config, seeds, device, preset)
        c = config
        self.total = c.steps
        self.grid = np.unique([*range(0, c.steps, c.every), c.steps])
        self.edges, self.control = [StepSize(edge) for edge in c.edges], StepSize(c.control, control=True)
        self.networks = [Network(setting, seed) for setting in (*self.edges, self.control) for seed in seeds]
        held = f"{len(self.networks)} networks and their {c.n:,} examples of {c.dataset} each"
        require_memory(memory(c, len(seeds)), held, device, "lower n, width, the number of edges or the number of seeds")
        self.checks: Checks | None = None
        drawn = {seed: streams(seed) for seed in seeds}
        problems = [problem(c, drawn[seed]) for seed in seeds]
        self.notes = problems[0].notes
        self._x, self._y = (
            np.stack([one.x for one in problems]),
            np.stack([one.targets for one in problems]),
        )  # (seeds, n, d), (seeds, n, k)
        self._trainer = self._built(drawn)
        self._losses = self._trainer.network.flat.new_empty(1, len(self.networks))

    def _built(self, drawn: Mapping[int, Streams]) -> WholeBatch:
        """Return a trainer of all networks, from the same first weights at every step size, and the probe that reads it."""
        c, sizes, dtype = self.config, layer_sizes(self.config), getattr(torch, self.config.precision)
        network = MLP(sizes, len(self.networks), dtype, self.device, c.activation)
        weights = {seed: first_weights(sizes, drawn[seed].init, c.init) for seed in self.seeds}
        for place, one in enumerate(self.networks):
            network.load(place, weights[one.seed])
        seeds = [self.seeds.index(one.seed) for one in self.networks]
        x, targets = (torch.from_numpy(item[seeds]).to(self.device, dtype) for item in (self._x, self._y.swapaxes(1, 2)))
        self._probe = Probe(network, x, targets, c.tol)
        followed = {place: 2.0 / one.setting.edge for place, one in enumerate(self.networks) if one.setting == self.followed}
        self._excursions = Excursions(network, x, targets, followed, c.tol)
        return WholeBatch(SGD(network, [2.0 / one.setting.edge for one in self.networks]), x, targets, "half-squared")

    def advance(self, budget: float) -> None:
        """Hold the tools against exact answers, which no state holds; then train for about `budget` seconds."""
        self.checks = self.checks or check(self.seeds[0])
        super().advance(budget)

    def train(self, target: int, budget: float) -> int:
        """Take steps towards the next reading."""
        deadline = perf_counter() + budget
        while self._trainer.taken < target and perf_counter() < deadline:
            self._trainer.step(self._losses[0])
            self._probe.took(self._losses)
        return self._trainer.taken

    def stretches(self) -> Sequence[Stretch]:
        """The networks, where they have steps to take before the next reading, once the tools were checked."""
        target = self.target
        if self.checks is None or target is None or self._trainer.taken >= target:
            return ()
        return (Stretch(self._trainer, target, self._probe.took),)

    def measure(self) -> dict[str, Any]:
        """Return loss, accuracy, sharpness and the share of rising steps of every network; follow those that have passed their edge.

        Raises:
            Diverged: no network has a finite loss.
        """
        found = self._probe.read()
        if not np.isfinite(found["loss"]).any():
            raise Diverged(f"every training loss is infinite at step {self.step}", "raise edges: the step size is 2 over an edge")
        eta = np.array([2.0 / one.setting.edge for one in self.networks])
        self._excursions.look(eta * found["sharpness"], self._probe.vectors)
        if self.config.goal and (found["accuracy"] >= self.config.goal).all():
            self.total = self.step
        return {"eta-sharpness": (eta * found["sharpness"]).tolist(), **{name: values.tolist() for name, values in found.items()}}

    @property
    def followed(self) -> StepSize:
        """The step size, the middle one of those that are to reach their edge, whose networks are compared with the quadratic model."""
        return sorted(self.edges, key=lambda setting: setting.edge)[len(self.edges) // 2]

    @property
    def excursions(self) -> dict[int, Excursion]:
        """What was found of the followed networks that have passed their edge, by seed."""
        return {self.networks[place].seed: one for place, one in self._excursions.found.items()}

    def series(self) -> tuple[Series, ...]:
        """The readings, and what followed the passing of the edge."""
        return (*super().series(), *(self._rises(setting.name, setting.label) for setting in (*self.edges, self.control)), *curves(self))

    def _rises(self, name: str, label: str) -> Series:
        """How many steps have raised the loss so far: of each stretch between readings its length times the share that did."""
        steps, shares = self.readings.table("rising", name)
        count = np.cumsum(np.rint(shares * np.diff(steps, prepend=0.0)[:, None]), axis=0)
        return summarised(f"rises/{name}", label, steps, count, group=name)

    @property
    def ready(self) -> bool:
        """Whether the tools were checked: step 0 is read after that."""
        return self.checks is not None

    @property
    def complete(self) -> bool:
        """Whether the tools were checked, also where a run was taken up at its end."""
        return self.checks is not None

    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen, for the headline."""
        return headline_clauses(self, known)

    def markers(self) -> tuple[Marker, ...]:
        """The edge, each run's 2/eta, and when it got there (median over seeds); one label for the times, which stand close."""
        found = [Marker("eta-sharpness", "y", 2.0, "edge: 2")]
        edges = sorted(self.edges, key=lambda one: -one.edge)
        found += [
            Marker("sharpness", "y", one.edge, "" if place else "edges: 2/eta", one.name, "2/eta", common=True)
            for place, one in enumerate(edges)
        ]
        arrivals = [(setting, self.readings.first_step("eta-sharpness", setting.name, 2.0)) for setting in self.edges]
        medians = sorted(((float(np.median(at)), one.name) for one, at in arrivals if at.size and np.isfinite(at).all()), reverse=True)
        label = "edges reached: " + ", ".join(f"{at:,.0f}" for at, _ in reversed(medians))
        for place, (at, name) in enumerate(medians):
            found.append(Marker("loss", "x", at, "" if place else label, name, "edges reached", common=True))
        return tuple(found)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """X (seeds, n, d), y (seeds, n, k); edges (settings,); w (settings, seeds, parameters); top eigenvectors v alike.

        Parameters: layer by layer weights (fan_in, fan_out), then biases.
        """
        shape = (len(self.edges) + 1, len(self.seeds), -1)
        return {
            "X": self._x, "y": self._y, "edges": np.array([setting.edge for setting in (*self.edges, self.control)]),
            "w": self._trainer.weights().cpu().numpy().reshape(shape), "v": self._probe.vectors.cpu().numpy().reshape(shape),
        }  # fmt: skip

    def parts(self) -> Mapping[str, Stateful]:
        """The trainer, and what is read of it."""
        return {"trainer": self._trainer, "probe": self._probe, "excursions": self._excursions}
