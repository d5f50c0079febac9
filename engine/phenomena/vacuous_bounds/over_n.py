"""Trains the same network on more and more data until its margins are the same, to see how bounds move with n.

Nagarajan, Kolter 2019, arXiv:1902.04742, Section 2 (digits) and 3.2 (two spheres): no biases, SGD, stop when 99 % of the
training margins reach m. Networks are seeds, on true labels and, at one n, on random ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import linregress

from engine.data.registry import load, source
from engine.phenomena.vacuous_bounds.nagarajan_kolter import swap_spheres, two_spheres
from engine.phenomena.vacuous_bounds.problem import cut, folded, outputs
from engine.phenomena.vacuous_bounds.recipes import SPHERE_CLASSES, SPHERE_TESTS, Recipe
from engine.seeds import streams
from engine.state import State
from engine.theory.bounds import norm_bounds as norms
from engine.training.batches import Batches
from engine.training.ensemble import Ensemble, TrainingSet
from engine.training.initialise import Draw, linear_layers
from engine.training.mlp import MLP
from engine.training.optimizers import SGD

COLUMNS = ("n", "random", "seed", "epochs", "reached", "distance", "product", "spectral", "neyshabur", "test error", "error on S'")
ENOUGH = 0.99  # share of margins that must reach m
DATA, ORDER = 4, 5  # independent draws of a seed's streams
Floats = NDArray[np.float64]


def xavier_layers(sizes: Sequence[int], rng: np.random.Generator) -> Draw:
    """Return weights (fan_in, fan_out) uniform within sqrt(6/(fan_in + fan_out)) (Glorot, Bengio 2010) and biases of zero, alternating."""
    drawn: Draw = []
    for shape in pairwise(sizes):
        bound = np.sqrt(6 / sum(shape))
        drawn += [rng.uniform(-bound, bound, shape), np.zeros((1, shape[1]))]
    return drawn


FIRST_WEIGHTS = {"pytorch": linear_layers, "xavier": xavier_layers}


@dataclass(frozen=True)
class Slope:
    """Of `ln y` against `ln n` by least squares, with its standard error."""

    value: float
    error: float

    def __str__(self) -> str:
        return f"{self.value:+.2f} (SE {self.error:.2f})"


def slope(n: Floats, values: Floats) -> Slope | None:
    """Return the log-log slope of positive values, None where fewer than three n are left."""
    kept = values > 0
    if np.unique(n[kept]).size < 3:
        return None
    found = linregress(np.log(n[kept]), np.log(values[kept]))
    return Slope(float(found.slope), float(found.stderr))


@dataclass(frozen=True)
class Source:
    """Data of one seed: x (N, d), classes (N,), nested in n; the same for testing."""

    x: NDArray[np.float32]
    y: NDArray[np.int64]
    x_test: NDArray[np.float32]
    y_test: NDArray[np.int64]
    y_random: NDArray[np.int64]
    classes: int

    @staticmethod
    def draw(recipe: Recipe, seed: int) -> Source:
        """Draw the data of a seed; images are scaled to norm 1 where the recipe says so."""
        drawn = streams(seed, DATA)
        if recipe.data == "sphere":
            x, y = two_spheres(recipe.most + SPHERE_TESTS, recipe.dims, drawn.data)
            classes = SPHERE_CLASSES
        else:
            of = source(recipe.data)
            split = load(recipe.data, recipe.most, of.tests or (of.size or 2 * recipe.most) - recipe.most, drawn)
            x, y, classes = np.vstack([split.x, split.x_test]).astype(np.float64), np.r_[split.y, split.y_test], split.classes
            if recipe.unit:
                x /= np.linalg.norm(x, axis=1, keepdims=True)
        x32, most = x.astype(np.float32), recipe.most
        return Source(x32[:most], y[:most], x32[most:], y[most:], drawn.noise.integers(0, classes, most), classes)


class BiasFree(MLP):
    """Perceptrons whose biases stay zero."""

    def backward(self, delta: torch.Tensor, keep: float = 0.0) -> None:
        """Set the gradient, leaving that of the biases at zero."""
        super().backward(delta, keep)
        for block in self.gradient_blocks[1::2]:
            block.zero_()


class TrainingOverN:
    """One ensemble after another, n after n: network `condition * seeds + seed`.

    Attributes:
        rows: what is known of every finished network, columns COLUMNS; taken: sizes finished; total: how many there are.
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
    def _longest(self) -> int:
        """Epochs after which training at the present n ends, wherever the margins are; small n get the steps that they need."""
        return max(self.recipe.epochs, -(-self.recipe.fewest_steps // (self._n // min(self.recipe.batch, self._n))))

    @property
    def finished(self) -> bool:
        """Whether every network is."""
        return self.taken == self.total

    @property
    def missed(self) -> int:
        """How many finished networks on true labels did not reach the margin."""
        kinds = self.rows[:, [COLUMNS.index("random"), COLUMNS.index("reached")]]
        return int((kinds == 0).all(axis=1).sum())

    def column(self, name: str, random: bool = False) -> Floats:
        """Return a column of the networks on true (or random) labels that reached the margin."""
        kept = (self.rows[:, COLUMNS.index("random")] == random) & (self.rows[:, COLUMNS.index("reached")] == 1)
        return np.asarray(self.rows[kept, COLUMNS.index(name)])

    def slope(self, name: str) -> Slope | None:
        """Return the slope over n of a column with true labels; None below three n with positive values."""
        return slope(self.column("n"), self.column(name))

    def _begin(self) -> None:
        """Make the ensemble of the present n."""
        n, with_random = self._n, self._n == self.recipe.random_at
        places = np.tile(np.arange(len(self.seeds)), 1 + with_random)
        network = (MLP if self.recipe.biases else BiasFree)(self.sizes, len(places), torch.float32, self.device)
        for place, seed in enumerate(places):
            drawn = FIRST_WEIGHTS[self.recipe.start](self.sizes, streams(self.seeds[seed], DATA).init)
            network.load(place, [layer * (self.recipe.biases or index % 2 == 0) for index, layer in enumerate(drawn)])
        self._initial = network.layout.rows(network.flat).cpu().numpy()
        labels = [data.y[:n] for data in self.sources] + [data.y_random[:n] for data in self.sources if with_random]
        self._labels = torch.from_numpy(np.stack(labels)).to(self.device)
        x = torch.from_numpy(np.stack([data.x[:n] for data in self.sources])).to(self.device)
        targets = torch.nn.functional.one_hot(self._labels, self.sources[0].classes).to(x)
        if self.recipe.loss == "logistic":
            targets.mul_(2).sub_(1)  # signs, an output a class
        batches = Batches([streams(seed, ORDER).order for seed in self.seeds], n, min(self.recipe.batch, n))
        optimizer = SGD(network, self.recipe.lr, 0.0, self.recipe.momentum)
        self.ensemble = Ensemble(optimizer, TrainingSet(x, targets, places, places), batches, self.recipe.loss)
        self._losses = network.flat.new_empty(len(places))
        self._epochs: dict[int, int] = {}  # at which a network reached the margin

    def advance(self, target: int, deadline: float) -> None:
        """Train until the deadline, at most until `target` sizes are finished."""
        while self.taken < min(target, self.total):
            ensemble = self.ensemble
            ensemble.step(self._losses[: len(ensemble.active)])
            if ensemble.taken % ensemble.batches.per_epoch == 0:
                self._after_epoch(ensemble.taken // ensemble.batches.per_epoch)
            if perf_counter() >= deadline:
                return

    def _after_epoch(self, epoch: int) -> None:
        """Retire networks whose margins suffice, or all of them at the last epoch; begin the next n when none is left."""
        reached = [network for network, share in zip(self.ensemble.active, self._shares(), strict=True) if share >= ENOUGH]
        self._epochs |= dict.fromkeys(reached, epoch)
        leaving = list(self.ensemble.active) if epoch >= self._longest else reached
        if leaving:
            self.ensemble.retire(leaving)
        if not self.ensemble.active:
            weights = self.ensemble.weights().cpu().numpy()
            self.rows = np.vstack([self.rows, [self._row(network, row) for network, row in enumerate(weights)]])
            self.taken += 1
            if self.taken < self.total:
                self._begin()

    def _shares(self) -> list[float]:
        """Share of every active network's margins that reach m, with one transfer."""
        found = []
        for place, network in enumerate(self.ensemble.active):
            logits = self.ensemble.network.predict(place, self.ensemble.data.inputs[network % len(self.seeds)])  # (k, n)
            labels = self._labels[network][None]
            own, other = logits.gather(0, labels)[0], logits.scatter(0, labels, -torch.inf).amax(0)
            found.append((own - other >= self.recipe.margin).sum())
        return [count / self._n for count in torch.stack(found).tolist()]

    def _row(self, network: int, weights: NDArray[np.float32]) -> list[float]:
        """Everything that is known of a trained network, in the order of COLUMNS."""
        seed, n, m = network % len(self.seeds), self._n, self.recipe.margin
        data, layers, initial = self.sources[seed], cut(weights, self.sizes), cut(self._initial[network], self.sizes)
        x = data.x[:n].astype(np.float64)
        if self.recipe.biases:  # the constant input carries them
            x, matrices, first = np.column_stack([x, np.ones(n)]), folded(layers), folded(initial)
        else:
            matrices, first = [w.T for w in layers[0::2]], [w.T for w in initial[0::2]]
        spectral = norms.bartlett_bound(matrices, first, float(np.linalg.norm(x)), n, m)
        start = first if self.recipe.moved else None
        neyshabur = norms.neyshabur_bound(matrices, float(np.linalg.norm(x, axis=1).max()), n, m, start)
        swapped = np.nan
        if self.recipe.data == "sphere":
            moved, other = swap_spheres(data.x[:n], data.y[:n])
            swapped = float(np.mean(outputs(layers, moved).argmax(1) != other))
        return [
            n, network >= len(self.seeds), seed, self._epochs.get(network, self._longest), network in self._epochs,
            norms.distance(matrices, first), spectral.constants["prod |A_i|_2"], spectral.value, neyshabur.value,
            float(np.mean(outputs(layers, data.x_test).argmax(1) != data.y_test)), swapped,
        ]  # fmt: skip

    def state(self) -> State:
        """Return the finished rows and the present ensemble."""
        epochs = {str(network): epoch for network, epoch in self._epochs.items()}
        return State.of({"ensemble": self.ensemble.state(), "found": State({"rows": self.rows}, {"taken": self.taken, "epochs": epochs})})

    def restore(self, state: State) -> None:
        """Go on from a state."""
        found = state.part("found")
        self.rows, self.taken = found.arrays["rows"], found.scalars["taken"]
        if self.taken < self.total:
            self._begin()
            self.ensemble.restore(state.part("ensemble"))
            self._epochs = {int(network): epoch for network, epoch in found.scalars["epochs"].items()}
