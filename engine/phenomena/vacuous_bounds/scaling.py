"""Trains the same network on more and more data until its margins are the same, to see how bounds move with n.

Nagarajan, Kolter 2019, arXiv:1902.04742, Section 2 (digits) and 3.2 (two spheres): no biases, SGD, stop when 99 % of the
training margins reach m. Members are seeds, with true labels and, at one n, with random ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.data.registry import load, source
from engine.phenomena.vacuous_bounds.nagarajan_kolter import swap_spheres, two_spheres
from engine.phenomena.vacuous_bounds.problem import cut
from engine.phenomena.vacuous_bounds.table import COLUMNS
from engine.seeds import streams
from engine.state import State
from engine.theory.bounds import norm_bounds as norms
from engine.training.batches import Batches
from engine.training.ensemble import Ensemble, TrainingSet
from engine.training.initialise import linear_layers
from engine.training.mlp import MLP
from engine.training.optimizers import SGD

if TYPE_CHECKING:
    from torch import Tensor

ENOUGH = 0.99  # share of margins that must reach m
SPHERE_TESTS = 2000
FEWEST_STEPS = 3000  # that training over n may take before it gives up
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Recipe:
    """One network over n.

    data: a data set, or "sphere" of so many dims; least, most: n, doubling; epochs: longest training, or 3,000 steps;
    random_at: the n at which random labels are trained as well, 0 for none; biases: spheres need them, since without biases
    the output scales with the input, and both spheres get one sign.
    """

    data: str
    hidden: tuple[int, ...]
    lr: float
    momentum: float
    margin: float
    least: int
    most: int
    epochs: int = 300
    random_at: int = 0
    dims: int = 0
    batch: int = 64
    biases: bool = False

    @property
    def sizes_of_n(self) -> list[int]:
        """The sizes n, doubling."""
        return [self.least * 2**k for k in range(64) if self.least * 2**k <= self.most]


@dataclass(frozen=True)
class Source:
    """Data of one seed: x (N, d), classes (N,), nested in n; the same for testing and, on spheres, S' moved from S."""

    x: NDArray[np.float32]
    y: NDArray[np.int64]
    x_test: NDArray[np.float32]
    y_test: NDArray[np.int64]
    y_random: NDArray[np.int64]
    classes: int

    @staticmethod
    def draw(recipe: Recipe, seed: int) -> Source:
        """Draw the data of a seed; images are scaled to norm 1."""
        drawn = streams(seed, 4)
        if recipe.data == "sphere":
            x, y = two_spheres(recipe.most + SPHERE_TESTS, recipe.dims, drawn.data)
            classes = 2
        else:
            size = source(recipe.data).size or 2 * recipe.most
            split = load(recipe.data, recipe.most, size - recipe.most, drawn)
            x, y, classes = np.vstack([split.x, split.x_test]).astype(np.float64), np.r_[split.y, split.y_test], split.classes
            x /= np.linalg.norm(x, axis=1, keepdims=True)
        x32, most = x.astype(np.float32), recipe.most
        return Source(x32[:most], y[:most], x32[most:], y[most:], drawn.noise.integers(0, classes, most), classes)


class BiasFree(MLP):
    """Perceptrons whose biases stay zero."""

    def backward(self, delta: Tensor, keep: float = 0.0) -> None:
        """Set the gradient, leaving that of the biases at zero."""
        super().backward(delta, keep)
        for block in self.gradient_blocks[1::2]:
            block.zero_()


class Scaling:
    """One ensemble after another, n after n; `rows` holds what is known of every finished member, columns as COLUMNS.

    Attributes:
        taken: sizes finished; total: how many there are.
    """

    def __init__(self, recipe: Recipe, seeds: Sequence[int], device: str) -> None:
        self.recipe, self.seeds, self.device = recipe, tuple(seeds), device
        self.sources = [Source.draw(recipe, seed) for seed in seeds]
        self.sizes = (self.sources[0].x.shape[1], *recipe.hidden, self.sources[0].classes)
        self.rows: Floats = np.empty((0, len(COLUMNS)))
        self.taken, self.total = 0, len(recipe.sizes_of_n)
        self._begin()

    @property
    def _n(self) -> int:
        return self.recipe.sizes_of_n[self.taken]

    @property
    def longest(self) -> int:
        """Epochs after which training at the present n ends, wherever the margins are; small n get the steps that they need."""
        return max(self.recipe.epochs, -(-FEWEST_STEPS // (self._n // min(self.recipe.batch, self._n))))

    def _labels(self, member: int) -> NDArray[np.int64]:
        data = self.sources[member % len(self.seeds)]
        return (data.y if member < len(self.seeds) else data.y_random)[: self._n]

    def _begin(self) -> None:
        """Make the ensemble of the present n."""
        import torch

        members, n = len(self.seeds) * (1 + (self._n == self.recipe.random_at)), self._n
        network = (MLP if self.recipe.biases else BiasFree)(self.sizes, members, torch.float32, self.device)
        for place in range(members):
            drawn = linear_layers(self.sizes, streams(self.seeds[place % len(self.seeds)], 4).init)
            network.load(place, [layer * (self.recipe.biases or index % 2 == 0) for index, layer in enumerate(drawn)])
        self._initial = network.layout.rows(network.flat).cpu().numpy()
        places = np.arange(members) % len(self.seeds)
        labels = torch.from_numpy(np.stack([self._labels(member) for member in range(members)])).to(self.device)
        x = torch.from_numpy(np.stack([data.x[:n] for data in self.sources])).to(self.device)
        targets = torch.nn.functional.one_hot(labels, self.sources[0].classes).to(x)
        orders = [streams(seed, 5).order for seed in self.seeds]
        optimizer = SGD(network, self.recipe.lr, 0.0, self.recipe.momentum)
        batches = Batches(orders, n, min(self.recipe.batch, n))
        self.ensemble = Ensemble(optimizer, TrainingSet(x, targets, places, places), batches)
        self._labels_now, self._trace = labels, network.flat.new_empty(members)
        self._epochs: dict[int, int] = {}

    def advance(self, target: int, deadline: float) -> None:
        """Train until the deadline, at most until `target` sizes are finished."""
        while self.taken < min(target, self.total):
            ensemble = self.ensemble
            ensemble.step(self._trace[: len(ensemble.active)])
            if ensemble.taken % ensemble.batches.per_epoch == 0:
                self._after_epoch(ensemble.taken // ensemble.batches.per_epoch)
            if perf_counter() >= deadline:
                return

    def _after_epoch(self, epoch: int) -> None:
        """Retire members whose margins suffice, or all of them at the last epoch; begin the next n when none is left."""
        shares = self._shares()
        last = epoch >= self.longest
        leaving = [member for member, share in zip(self.ensemble.active, shares, strict=True) if last or share >= ENOUGH]
        if leaving:
            self._epochs |= {member: epoch for member, share in zip(self.ensemble.active, shares, strict=True) if share >= ENOUGH}
            self.ensemble.retire(leaving)
        if not self.ensemble.active:
            weights = self.ensemble.weights().cpu().numpy()
            found = [self._row(member, weights[member]) for member in range(len(weights))]
            self.rows = np.vstack([self.rows, found])
            self.taken += 1
            if self.taken < self.total:
                self._begin()

    def _shares(self) -> list[float]:
        """Share of every active member's margins that reach m, with one transfer."""
        import torch

        found = []
        for place, member in enumerate(self.ensemble.active):
            logits = self.ensemble.network.predict(place, self.ensemble.data.inputs[member % len(self.seeds)])  # (k, n)
            own = logits.gather(0, self._labels_now[member][None])[0]
            other = logits.scatter(0, self._labels_now[member][None], -torch.inf).amax(0)
            found.append((own - other >= self.recipe.margin).float().mean())
        return [float(share) for share in torch.stack(found).cpu()]

    def _row(self, member: int, weights: NDArray[np.float32]) -> list[float]:
        """Everything that is known of a trained member, in the order of COLUMNS."""
        data, n, m = self.sources[member % len(self.seeds)], self._n, self.recipe.margin
        layers, initial = (self._matrices(row) for row in (weights, self._initial[member]))
        x = self._inputs(data.x[:n])
        spectral = norms.bartlett_bound(layers, initial, float(np.linalg.norm(x)), n, m).value
        neyshabur = norms.neyshabur_bound(layers, float(np.linalg.norm(x, axis=1).max()), n, m).value
        swapped = np.nan
        if self.recipe.data == "sphere":
            moved, other = swap_spheres(data.x[:n], data.y[:n])
            swapped = _error(layers, self._inputs(moved), other)
        return [
            n, member >= len(self.seeds), member % len(self.seeds), self._epochs.get(member, self.longest), member in self._epochs,
            norms.distance(layers, initial), float(np.prod(norms.spectral_norms(layers))), spectral, neyshabur,
            _error(layers, self._inputs(data.x_test), data.y_test), swapped,
        ]  # fmt: skip

    def _matrices(self, row: NDArray[np.float32]) -> list[Floats]:
        """Return a member's weights as (out, in) matrices, biases folded into them where there are any."""
        layers = cut(row, self.sizes)
        weights = [w.T for w in layers[0::2]]
        return norms.fold_biases(weights, [b[0] for b in layers[1::2]]) if self.recipe.biases else weights

    def _inputs(self, x: NDArray[np.floating]) -> Floats:
        """Return inputs in double precision, with the constant that carries folded biases."""
        wide = np.asarray(x, dtype=np.float64)
        return np.column_stack([wide, np.ones(len(wide))]) if self.recipe.biases else wide

    def state(self) -> State:
        """Return the finished rows and the present ensemble."""
        inner = self.ensemble.state()
        epochs = {str(member): epoch for member, epoch in self._epochs.items()}
        return State({**inner.arrays, "rows": self.rows}, {"ensemble": inner.scalars, "taken": self.taken, "epochs": epochs})

    def restore(self, state: State) -> None:
        """Go on from a state."""
        self.rows, self.taken = state.arrays["rows"], state.scalars["taken"]
        if self.taken < self.total:
            self._begin()
            self.ensemble.restore(State(state.arrays, state.scalars["ensemble"]))
            self._epochs = {int(member): epoch for member, epoch in state.scalars["epochs"].items()}


def _error(layers: Sequence[Floats], x: NDArray[np.floating], y: NDArray[np.int64]) -> float:
    h = np.asarray(x, dtype=np.float64).T
    for layer in layers[:-1]:
        h = np.maximum(layer @ h, 0)
    return float(np.mean((layers[-1] @ h).argmax(0) != y))
