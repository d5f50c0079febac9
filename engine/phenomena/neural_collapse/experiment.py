"""A perceptron on true and on shuffled labels, trained long after it has fitted them, and its features on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from time import perf_counter
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.contract import Marker, Picture, Series
from engine.data.registry import source
from engine.data.split import column_moments, moments
from engine.headline import Known
from engine.phenomena.neural_collapse import SPEC, collapse, figures
from engine.phenomena.neural_collapse.claims import JUDGES
from engine.phenomena.neural_collapse.config import NeuralCollapseConfig
from engine.phenomena.neural_collapse.free_features import FreeFeatures, minimise
from engine.phenomena.neural_collapse.headline import clauses as headline_clauses
from engine.phenomena.neural_collapse.scalars import READERS
from engine.phenomenon import Training, geometric_grid
from engine.readings import Floats, Network
from engine.seeds import Streams, streams
from engine.state import Stateful
from engine.training.batches import Batches
from engine.training.ensemble import Ensemble, TrainingSet
from engine.training.initialise import Draw
from engine.training.joint import Stretch
from engine.training.mlp import MLP
from engine.training.optimizers import AdamW

DROPS = ((2, 3), (5, 6))  # shares of the steps after which the rate falls to a tenth


@dataclass(frozen=True)
class Labels:
    """The setting of a curve: which labels a network learns."""

    name: str
    short: str

    @property
    def label(self) -> str:
        """`true labels`."""
        return f"{self.short} labels"


TRUE, RANDOM = Labels("true", "true"), Labels("random", "shuffled")


@dataclass(frozen=True)
class Balanced:
    """As many images of every class: x (K n, d) and test images x_test (K m, d), both sorted by class, scaled by the training images.

    y_random, y_test_random: (K n,), (K m,) the same numbers of every class, shuffled.
    """

    x: NDArray[np.float32]
    x_test: NDArray[np.float32]
    y_random: NDArray[np.int64]
    y_test_random: NDArray[np.int64]
    note: str


def draw_balanced(config: NeuralCollapseConfig, drawn: Streams) -> Balanced:
    """Draw a seed's images from the stream `data`, and the shuffled labels from `noise`."""
    data, n, m = source(config.dataset, config.dataset_sha256), config.per_class, config.tested
    assert data.size is not None  # of the data sets that are taken
    images, labels, note = data.draw(data.size, drawn.data)
    places = [np.flatnonzero(labels == label)[: n + m] for label in range(data.classes)]
    x, x_test = (images[np.concatenate([own[part] for own in places])] for part in (slice(n), slice(n, n + m)))
    mean, deviation = column_moments(x) if data.by_column else moments(x)
    scaled, scaled_test = (((part - mean) / deviation).astype(np.float32) for part in (x, x_test))
    shuffled, shuffled_test = (drawn.noise.permutation(np.repeat(np.arange(data.classes), count)) for count in (n, m))
    return Balanced(scaled, scaled_test, shuffled, shuffled_test, note)


def first_weights(sizes: Sequence[int], scale: float, rng: np.random.Generator) -> Draw:
    """Return weights of deviation scale sqrt(2/fan_in) (He et al. 2015, arXiv:1502.01852) and zero biases, alternating."""
    layers = [(rng.standard_normal((a, b)) * (scale * np.sqrt(2 / a)), np.zeros((1, b))) for a, b in pairwise(sizes)]
    return [values for layer in layers for values in layer]


class NeuralCollapse(Training[NeuralCollapseConfig]):
    """A network per kind of labels and seed, all in one ensemble.

    Attributes:
        settings: the kinds of labels; free: the free model's descents, one per seed, empty until they are made.
    """

    spec = SPEC
    judges: ClassVar = JUDGES
    readers: ClassVar = READERS

    def __init__(self, config: NeuralCollapseConfig, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick") -> None:
        super().__init__(config, seeds, device, preset)
        self.total = config.steps
        self.settings = [setting for setting in (TRUE, RANDOM) if config.labels in ("both", setting.name)]
        self.networks = [Network(setting, seed) for setting in self.settings for seed in seeds]
        self.drops = [config.steps * part // whole for part, whole in DROPS]
        self.grid = np.unique([*geometric_grid(config.steps, 12), *self.drops])
        self.free: list[FreeFeatures] = []
        self.data = [draw_balanced(config, streams(seed)) for seed in seeds]
        self.notes = tuple(dict.fromkeys(one.note for one in self.data if one.note))
        self._cosines: Tensor | None = None
        self._build()

    def _build(self) -> None:
        c, k, each = self.config, self.config.classes, range(len(self.seeds))
        self.source = np.array([place for _ in self.settings for place in each])
        true = [np.repeat(np.arange(k), count) for count in (c.per_class, c.tested)]
        shuffled = [(one.y_random, one.y_test_random) for one in self.data]
        labels = [true if network.setting is TRUE else shuffled[place] for network, place in zip(self.networks, self.source, strict=True)]
        self.y, self.y_test = (torch.from_numpy(np.stack(part)).to(self.device) for part in zip(*labels, strict=True))
        self.x, self.x_test = (self._tensor([getattr(one, name) for one in self.data]) for name in ("x", "x_test"))
        self._sorted, self._sorted_test = self.y.argsort(dim=1, stable=True), self.y_test.argsort(dim=1, stable=True)
        sizes = (self.x.shape[2], *[c.width] * c.depth, k)
        network = MLP(sizes, len(self.networks), torch.float32, self.device)
        for place, one in enumerate(self.networks):
            network.load(place, first_weights(sizes, c.init, streams(one.seed).init))
        targets = torch.nn.functional.one_hot(self.y, k).to(torch.float32)
        data = TrainingSet(self.x, targets, self.source, self.source)
        batches = Batches([streams(seed).order for seed in self.seeds], self.x.shape[1], c.batch)
        self.ensemble = Ensemble(AdamW(network, c.lr, c.wd), data, batches, c.loss)

    def _tensor(self, arrays: Sequence[NDArray[Any]]) -> Tensor:
        return torch.from_numpy(np.stack(arrays)).to(self.device)

    # ------------------------------------------------------------ training

    def advance(self, budget: float) -> None:
        """Minimise the free models, which no state holds; then train for about `budget` seconds."""
        if not self.free:
            self.free = [minimise(self.config, seed) for seed in self.seeds]
        super().advance(budget)

    def train(self, target: int, budget: float) -> int:
        """Take steps towards the next reading."""
        deadline, losses = perf_counter() + budget, self.y.new_zeros(len(self.networks), dtype=torch.float32)
        self._follow_schedule()
        while self.ensemble.taken < target:
            self.ensemble.step(losses)
            if perf_counter() >= deadline:
                break
        return self.ensemble.taken

    def stretches(self) -> Sequence[Stretch]:
        """The steps before the next reading; the rate falls only at readings."""
        target = self.target
        if target is None or not self.free or self.ensemble.taken >= target:
            return ()
        self._follow_schedule()
        return (Stretch(self.ensemble, target),)

    def _follow_schedule(self) -> None:
        factor = 0.1 ** sum(self.ensemble.taken >= drop for drop in self.drops)
        if factor != self.ensemble.optimizer.place[1]:
            self.ensemble.optimizer.scale_rates(factor)

    @property
    def ready(self) -> bool:
        """Whether the free models are there: step 0 is read after that."""
        return bool(self.free)

    @property
    def complete(self) -> bool:
        """Whether the free models are there, also where a run was taken up at its end."""
        return bool(self.free)

    # ------------------------------------------------------------ what is read

    def measure(self) -> dict[str, Any]:
        """Return the four measures, errors and loss of every network, (networks,) each."""
        hidden, hidden_test = (self._hidden(x[torch.from_numpy(self.source)]) for x in (self.x, self.x_test))
        *_, weight, bias = self.ensemble.network.blocks
        logits, logits_test = (torch.baddbmm(bias, h, weight) for h in (hidden, hidden_test))
        answers, answers_test = logits.argmax(2), logits_test.argmax(2)
        trained, tested = self._by_class(hidden, self._sorted), self._by_class(hidden_test, self._sorted_test)
        self._cosines = collapse.cosines(trained)
        found = {
            "nc1": collapse.variability(trained), "nc1-test": collapse.variability(tested), "nc2-angle": collapse.angles(trained),
            "nc2-length": collapse.lengths(trained), "nc3": collapse.self_duality(trained, weight.transpose(1, 2)),
            "nc4": _share(collapse.nearest(trained, hidden) != answers), "error": _share(answers != self.y),
            "test-error": _share(answers_test != self.y_test), "loss": self._loss(logits),
        }  # fmt: skip
        table = torch.stack([values.double() for values in found.values()]).cpu().numpy()
        return {name: values.tolist() for name, values in zip(found, table, strict=True)}

    def _hidden(self, x: Tensor) -> Tensor:
        """Return the last hidden layer's features (networks, m, h) of images (networks, m, d)."""
        *blocks, _, _ = self.ensemble.network.blocks
        for weight, bias in zip(blocks[::2], blocks[1::2], strict=True):
            x = torch.relu_(torch.baddbmm(bias, x, weight))
        return x

    def _by_class(self, hidden: Tensor, order: Tensor) -> collapse.Geometry:
        rows = torch.gather(hidden, 1, order[:, :, None].expand(-1, -1, hidden.shape[2]))
        return collapse.geometry(rows.view(len(hidden), self.config.classes, -1, hidden.shape[2]))

    def _loss(self, logits: Tensor) -> Tensor:
        """Return the mean loss of every network's training images."""
        losses = logits.new_zeros(len(logits))
        targets = torch.nn.functional.one_hot(self.y, logits.shape[2]).to(logits.dtype)
        self.ensemble.loss(logits.transpose(1, 2), targets.transpose(1, 2), torch.empty_like(logits).transpose(1, 2), losses)
        return losses

    def fitted_at(self, setting: str) -> Floats:
        """Return the first measured step with a training error of 0, (seeds,); nan where there was none."""
        steps, errors = self.readings.table("error", setting)
        none = errors == 0
        return np.array([steps[column.argmax()] if column.any() else np.nan for column in none.T])

    def cosines(self, setting: str) -> Floats:
        """Return the cosines between the class means of the first seed's network, (K, K), as measured last."""
        if self._cosines is None:
            order = self._by_class(self._hidden(self.x[torch.from_numpy(self.source)]), self._sorted)
            self._cosines = collapse.cosines(order)
        return np.asarray(self._cosines[self.readings.columns(setting)[0]].cpu().numpy())

    # ------------------------------------------------------------ what is shown and stored

    def series(self) -> tuple[Series, ...]:
        """Every curve: a mean or median over seeds with their range; the free model of the first seed."""
        return (*figures.curves(self), *figures.free_curves(self))

    def pictures(self) -> tuple[Picture, ...]:
        """The cosines between class means."""
        return tuple(figures.cosine_pictures(self))

    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen, for the headline."""
        return headline_clauses(self, known)

    def markers(self) -> tuple[Marker, ...]:
        """When the labels were fitted."""
        return tuple(figures.markers(self))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """X (seeds, K n, d), y (networks, K n), X_test, y_test; H (networks, K n, h) the features; W (networks, K, h); b (networks, K)."""
        *_, weight, bias = self.ensemble.network.blocks
        found = {
            "X": self.x, "y": self.y, "X_test": self.x_test, "y_test": self.y_test,
            "H": self._hidden(self.x[torch.from_numpy(self.source)]), "W": weight.transpose(1, 2), "b": bias[:, 0],
        }  # fmt: skip
        return {name: values.cpu().numpy() for name, values in found.items()}

    def parts(self) -> Mapping[str, Stateful]:
        """The ensemble."""
        return {"ensemble": self.ensemble}


def _share(marks: Tensor) -> Tensor:
    """Return the share of True in each row of marks (networks, m), exact: a count over a whole number."""
    return marks.sum(dim=1).double() / marks.shape[1]
