"""Gradient descent at several step sizes, every network of every seed in one ensemble, with the sharpness read on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from time import perf_counter
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.contract import Marker
from engine.data import mnist1d
from engine.headline import Known
from engine.errors import Diverged
from engine.phenomena.edge_of_stability import SPEC
from engine.phenomena.edge_of_stability.checks import Checks, check
from engine.phenomena.edge_of_stability.claims import JUDGES
from engine.phenomena.edge_of_stability.config import EdgeOfStabilityConfig
from engine.phenomena.edge_of_stability.headline import clauses as headline_clauses
from engine.phenomena.edge_of_stability.probe import Probe
from engine.phenomena.edge_of_stability.scalars import READERS
from engine.phenomenon import Training
from engine.readings import Network
from engine.seeds import Streams, streams
from engine.state import State, Stateful
from engine.training.batches import Batches
from engine.training.ensemble import Ensemble, TrainingSet
from engine.training.module_network import ModuleNetwork
from engine.training.optimizers import SGD

Floats = NDArray[np.float64]
ACTIVATIONS = {"tanh": nn.Tanh, "relu": nn.ReLU, "gelu": nn.GELU}


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


def problem(n: int, drawn: Streams) -> tuple[Floats, Floats]:
    """Return x (n, 40), columns centred, root mean square 1, and targets (n, 1): even digits +1, odd ones -1."""
    signals, digits = mnist1d.signals(n, drawn.data)
    x = signals.astype(np.float64) - signals.mean(axis=0, dtype=np.float64)
    return x / np.sqrt((x**2).mean()), np.where(digits % 2 == 0, 1.0, -1.0)[:, None]


def perceptron(width: int, depth: int, activation: str) -> nn.Module:
    """Return an ordinary network with one output: an architecture whose own weights are not used."""
    sizes = [mnist1d.LENGTH, *[width] * depth]
    hidden = [layer for a, b in pairwise(sizes) for layer in (nn.Linear(a, b), ACTIVATIONS[activation]())]
    return nn.Sequential(*hidden, nn.Linear(sizes[-1], 1))


def first_weights(module: nn.Module, rng: np.random.Generator) -> list[Floats]:
    """Return weights with variance 1/fan-in and zero biases."""
    shapes = [tuple(parameter.shape) for parameter in module.parameters()]
    return [rng.standard_normal(shape) / np.sqrt(shape[1]) if len(shape) == 2 else np.zeros(shape) for shape in shapes]


def half_squared(outputs: Tensor, targets: Tensor) -> Tensor:
    """The loss of one network: mean (f - y)^2 / 2."""
    return 0.5 * ((outputs - targets) ** 2).mean()


class EdgeOfStability(Training[EdgeOfStabilityConfig]):
    """Every step size and the control, one network per seed, trained side by side in float64."""

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
        self.checks: Checks | None = None
        self._ensemble = self._built(perceptron(c.width, c.depth, c.activation))
        self._probe = Probe(self._ensemble, c.tol)

    def _built(self, module: nn.Module) -> Ensemble:
        c, each = self.config, range(len(self.seeds))
        network = ModuleNetwork(module, len(self.networks), torch.float64, self.device)
        drawn = {seed: streams(seed) for seed in self.seeds}
        problems = [problem(c.n, drawn[seed]) for seed in self.seeds]
        weights = {seed: first_weights(module, drawn[seed].init) for seed in self.seeds}
        for place, one in enumerate(self.networks):
            network.load(place, weights[one.seed])
        source = np.array([place for _ in (*self.edges, self.control) for place in each])
        x, y = (torch.from_numpy(np.stack(items)).to(self.device) for items in zip(*problems, strict=True))
        rates = [2.0 / one.setting.edge for one in self.networks]
        order = Batches([drawn[seed].order for seed in self.seeds], c.n, c.n)
        return Ensemble(SGD(network, rates), TrainingSet(x, y[source], source, source), order, "half-squared")

    def advance(self, budget: float) -> None:
        """Hold the tools against exact answers, which no state holds; then train for about `budget` seconds."""
        self.checks = self.checks or check(self.seeds[0])
        super().advance(budget)

    def train(self, target: int, budget: float) -> int:
        """Take steps towards the next reading."""
        deadline = perf_counter() + budget
        while self._ensemble.taken < target and perf_counter() < deadline:
            self._probe.step()
        return self._ensemble.taken

    def measure(self) -> dict[str, Any]:
        """Return loss, sharpness and the share of rising steps of every network.

        Raises:
            Diverged: no network has a finite loss.
        """
        found = self._probe.read()
        if not np.isfinite(found["loss"]).any():
            raise Diverged(f"every training loss is infinite at step {self.step}", "raise edges: the step size is 2 over an edge")
        eta = np.array([2.0 / one.setting.edge for one in self.networks])
        return {"eta-sharpness": (eta * found["sharpness"]).tolist(), **{name: values.tolist() for name, values in found.items()}}

    @property
    def ready(self) -> bool:
        """Whether the tools were checked: step 0 is read after that."""
        return self.checks is not None

    @property
    def complete(self) -> bool:
        """Whether the tools were checked, also where a run was taken up at its end."""
        return self.checks is not None

    def markers(self) -> tuple[Marker, ...]:
        """The edge, each run's 2/eta, and when it arrived (median over seeds)."""
        found = [Marker("eta-sharpness", "y", 2.0, "edge: 2")]
    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen, for the headline."""
        return headline_clauses(self, known)

        for setting in self.edges:
            found.append(Marker("sharpness", "y", setting.edge, f"2/eta={setting.edge:g}", setting.name))
            arrival = self.readings.first_step("eta-sharpness", setting.name, 2.0)
            if arrival.size and np.isfinite(arrival).all():
                at = float(np.median(arrival))
                found.append(Marker("loss", "x", at, f"{setting.edge:g}: {at:,.0f}", setting.name))
        return tuple(found)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """X (seeds, n, d), y (seeds, n, 1); edges (settings,); w (settings, seeds, parameters); top eigenvectors v alike."""
        data, shape = self._ensemble.data, (len(self.edges) + 1, len(self.seeds), -1)
        return {
            "X": data.inputs.cpu().numpy(), "y": data.targets[: len(self.seeds)].cpu().numpy(),
            "edges": np.array([setting.edge for setting in (*self.edges, self.control)]),
            "w": self._ensemble.weights().cpu().numpy().reshape(shape), "v": self._probe.vectors.cpu().numpy().reshape(shape),
        }  # fmt: skip

    def parts(self) -> Mapping[str, Stateful]:
        """The ensemble, and what is read of it."""
        return {"ensemble": self._ensemble, "probe": self._probe}


class Probe:
    """Steps an ensemble, counts the steps on which each loss rises, and reads the sharpness, warm-started.

    Attributes:
        vectors: (networks, parameters) the top eigenvectors found last.
    """

    def __init__(self, ensemble: Ensemble, tolerance: float) -> None:
        self._ensemble, self._tolerance = ensemble, tolerance
        network, data = ensemble.network, ensemble.data
        assert isinstance(network, ModuleNetwork)
        self._network, self._x, self._y = network, data.inputs[torch.from_numpy(data.source)], data.targets
        rows = network.rows()
        self.vectors = torch.ones_like(rows)
        self._last, self._now = rows.new_full((2, len(rows)), torch.inf)
        self._rises, self._counted = torch.zeros_like(self._last), 0

    def step(self) -> None:
        """Take one step; the losses before it are compared with those before the last."""
        self._ensemble.step(self._now)
        self._rises += self._now > self._last
        self._last.copy_(self._now)
        self._counted += 1

    def read(self) -> dict[str, Floats]:
        """Return sharpness, loss, share of rising steps since the last reading, and the eigenvalue's residual, (networks,) each."""
        rows = self._network.rows()
        products = self._network.hessian(rows, self._x, self._y, half_squared)
        top = top_eigenpairs(products, self.vectors, self._tolerance)
        self.vectors = top.vector
        loss = 0.5 * (self._network.outputs(self._x) - self._y.transpose(1, 2)).square().mean(dim=(1, 2))
        rising = self._rises / max(1, self._counted)
        self._rises, self._counted = torch.zeros_like(self._rises), 0
        found = {"sharpness": top.value, "loss": loss, "rising": rising, "residual": top.residual}
        return {name: values.cpu().numpy() for name, values in found.items()}

    def state(self) -> State:
        """Return the eigenvectors and the count since the last reading."""
        arrays = {"vectors": self.vectors, "last": self._last, "rises": self._rises}
        return State({name: values.cpu().numpy() for name, values in arrays.items()}, {"counted": self._counted})

    def restore(self, state: State) -> None:
        """Go on from what `state` returned."""
        found = {name: torch.from_numpy(values.copy()).to(self._last) for name, values in state.arrays.items()}
        self.vectors, self._last, self._rises = found["vectors"], found["last"], found["rises"]
        self._counted = state.scalars["counted"]
