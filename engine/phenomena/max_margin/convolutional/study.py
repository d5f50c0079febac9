"""What a run of study convolutional computes: the network at both learning rates, read at epochs on a geometric grid.

Lyu, Li 2020, arXiv:1906.05890: images over 255, first weights normal of variance 2/fan_in, SGD without momentum. The network is
homogeneous of degree 4.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from engine.contract import Marker, Picture, Series
from engine.data.registry import load, test_count
from engine.data.split import Split
from engine.errors import Diverged
from engine.headline import Known
from engine.networks.convolutional import homogeneous_cnn
from engine.networks.network import ModuleMembers, images
from engine.phenomena.max_margin.config import MaxMarginConfig
from engine.phenomena.max_margin.convolutional import figures
from engine.phenomena.max_margin.convolutional.headline import clauses
from engine.phenomena.max_margin.convolutional.size import memory
from engine.phenomena.max_margin.convolutional.trainer import Images, Reading, Trainer
from engine.phenomena.max_margin.study import Study
from engine.phenomenon import geometric_grid
from engine.readings import Network
from engine.seeds import streams
from engine.state import State, Stateful
from engine.theory.inputs import Floats
from engine.theory.margins.homogeneous import smoothed_logistic_margin
from engine.training.initialise import Draw
from engine.training.memory import require_memory

DEGREE = 4
COLOURED = 3  # dimensions of an image with colours
TRAIL = ("log_sum", "norm", "least", "accuracy", "test_error")


@dataclass(frozen=True)
class Rate:
    """The setting of a curve: how the learning rate goes."""

    name: str
    label: str


CONSTANT, LOSS_BASED = Rate("constant", "constant rate"), Rate("loss-based", "loss-based rate")


class Trail:
    """What was read at the epochs of the grid, (epochs read, networks, 5): log of the summed loss, |theta|, least q, share right, test
    error.
    """

    def __init__(self, networks: int) -> None:
        self.epochs: list[int] = []
        self.rows: Floats = np.empty((0, networks, len(TRAIL)))

    def add(self, epoch: int, rows: Floats) -> None:
        """Keep what was read at an epoch."""
        self.epochs.append(epoch)
        self.rows = np.concatenate([self.rows, rows[None]])

    def state(self) -> State:
        """Return all rows."""
        return State({"rows": self.rows.copy()}, {"epochs": list(self.epochs)})

    def restore(self, state: State) -> None:
        """Take the rows up again."""
        self.rows, self.epochs = np.array(state.arrays["rows"], dtype=np.float64), list(state.scalars["epochs"])


class Convolutional(Study):
    """Attributes: settings: learning rates; trainers: by setting, one per seed, in the order of `networks`; trail: what was read."""

    def __init__(self, config: MaxMarginConfig, seeds: tuple[int, ...], device: str) -> None:
        self.config, self.seeds, self.device = config, seeds, device
        self.unit, self.total = "epoch", config.epochs
        self.grid = geometric_grid(config.epochs, 10)
        self.settings = [one for one in (CONSTANT, LOSS_BASED) if config.rates in ("both", one.name)]
        self.networks = [Network(setting, seed) for setting in self.settings for seed in seeds]
        held = f"{config.examples:,} images of {config.images} and {len(self.networks)} networks"
        require_memory(memory(config, len(seeds)), held, device, "lower examples or the number of seeds")
        self.splits = [draw(config, seed) for seed in seeds]
        self.notes = tuple(dict.fromkeys(note for split in self.splits for note in split.notes))
        placed = [self._placed(split) for split in self.splits]
        self.trainers = [self._trainer(setting, place, placed[place]) for setting in self.settings for place in range(len(seeds))]
        self.trail = Trail(len(self.networks))

    def _placed(self, split: Split) -> Images:
        x, y, x_test, y_test = (torch.from_numpy(part).to(self.device) for part in (split.x, split.y, split.x_test, split.y_test))
        return Images(x, y, x_test, y_test, split.classes, split.shape)

    def _trainer(self, setting: Rate, place: int, data: Images) -> Trainer:
        c, drawn = self.config, streams(self.seeds[place])
        colours = data.shape[2] if len(data.shape) == COLOURED else 1
        module = homogeneous_cnn(data.classes, colours, data.shape[0], c.channels, first_bias=c.first_bias)
        network = ModuleMembers(module, 1, images(data.shape), torch.float32, self.device)
        network.load(0, he_normal(module, drawn.init))
        return Trainer(network, data, drawn.order, c.batch, c.lr if setting is CONSTANT else None)

    # ------------------------------------------------------------ work

    @property
    def ready(self) -> bool:
        """Whether the present epoch was read."""
        return bool(self.trail.epochs) and self.trail.epochs[-1] == self.step

    def pieces(self) -> Iterator[None]:
        """Train to each epoch of the grid, and read there."""
        for epoch in self.grid[int(np.searchsorted(self.grid, self.trail.epochs[-1] if self.trail.epochs else -1, side="right")) :]:
            for trainer in self.trainers:
                yield from trainer.epochs(int(epoch))
            rows = []
            for network, trainer in zip(self.networks, self.trainers, strict=True):
                rows.append((yield from self._read(network, trainer, int(epoch))))
            self.trail.add(int(epoch), np.array(rows))
            self.step = int(epoch)
            yield

    def _read(self, network: Network[Rate], trainer: Trainer, epoch: int) -> Generator[None, None, list[float]]:
        reading: Reading = trainer.reading or (yield from trainer.score())
        norm, error = torch.stack([trainer.squared_norm.sqrt(), trainer.test_error()]).cpu().numpy()
        row = [reading.log_sum, float(norm), reading.least, reading.accuracy, float(error)]
        if not np.all(np.isfinite(row)):
            raise Diverged(f"the loss at a {network.setting.label} is no longer a finite number at epoch {epoch}", "lower lr")
        return row

    # ------------------------------------------------------------ what is read

    def column(self, name: str, setting: Rate) -> Floats:
        """Return one of `TRAIL` over the epochs read, (epochs, seeds)."""
        first = self.settings.index(setting) * len(self.seeds)
        return self.trail.rows[:, first : first + len(self.seeds), TRAIL.index(name)]

    def margins(self, setting: Rate) -> Floats:
        """Return the least q over |theta|^4, (epochs, seeds)."""
        return self.column("least", setting) / self.column("norm", setting) ** DEGREE

    def smoothed(self, setting: Rate) -> Floats:
        """Return the smoothed margin, (epochs, seeds)."""
        return smoothed_logistic_margin(self.column("log_sum", setting), self.column("norm", setting), DEGREE)

    def fitted_at(self, setting: Rate) -> Floats:
        """Return the first epoch read at which the summed loss was below log 2, (seeds,); nan where there was none."""
        below = self.column("log_sum", setting) < math.log(math.log(2))
        return np.array([self.trail.epochs[column.argmax()] if column.any() else np.nan for column in below.T])

    def growth(self, setting: Rate) -> Floats:
        """Return the present margin over that at `fitted_at`, (seeds,); nan where there was none."""
        margins, fitted = self.margins(setting), self.fitted_at(setting)
        return np.array([
            margins[-1, seed] / margins[self.trail.epochs.index(int(at)), seed] if np.isfinite(at) else np.nan
            for seed, at in enumerate(fitted)
        ])  # fmt: skip

    def measure(self) -> dict[str, Any]:
        """Return log loss, margin and test error of every network."""
        rows = self.trail.rows[-1]
        return {
            "network log loss": rows[:, 0].tolist(), "network margin": (rows[:, 2] / rows[:, 1] ** DEGREE).tolist(),
            "network accuracy": rows[:, 3].tolist(), "network test error": rows[:, 4].tolist(),
        }  # fmt: skip

    # ------------------------------------------------------------ what is shown and kept

    def curves(self) -> Iterable[Series]:
        """See `figures`."""
        return figures.curves(self)

    def markers(self) -> Iterable[Marker]:
        """When the labels were fitted."""
        return figures.markers(self)

    def pictures(self) -> Iterable[Picture]:
        """The first layer's kernels."""
        return figures.pictures(self)

    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen."""
        return clauses(self, known)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Of the first seed X (n, d), y (n,), X_test, y_test, and per rate every parameter as PyTorch calls it; epochs (k,), trail."""
        split = self.splits[0]
        found: dict[str, NDArray[Any]] = {"X": split.x, "y": split.y, "X_test": split.x_test, "y_test": split.y_test}
        for place, setting in enumerate(self.settings):
            network = self.trainers[place * len(self.seeds)].network
            row = np.concatenate([block[0].reshape(-1).cpu().numpy() for block in network.blocks])
            named = zip(network.names, network.layers(row), strict=True)
            found |= {f"{setting.name}_{name}": np.array(values) for name, values in named}
        return found | {"epochs": np.array(self.trail.epochs), "trail": self.trail.rows}

    def parts(self) -> Mapping[str, Stateful]:
        """Networks, and what was read of them."""
        trained = {
            f"{network.setting.name}/{network.seed}": trainer for network, trainer in zip(self.networks, self.trainers, strict=True)
        }  # fmt: skip
        return {**trained, "trail": self.trail}


def draw(config: MaxMarginConfig, seed: int) -> Split:
    """Draw a seed's images, pixels in [0, 1] as they are, with all test images there are."""
    return load(config.images, config.examples, test_count(config.images, config.examples), streams(seed))


def he_normal(module: nn.Module, rng: np.random.Generator) -> Draw:
    """Draw weights of variance 2/fan_in (He et al. 2015, arXiv:1502.01852); biases are 0."""
    shapes = [tuple(parameter.shape) for parameter in module.parameters()]
    return [rng.standard_normal(shape) * math.sqrt(2 / math.prod(shape[1:])) if len(shape) > 1 else np.zeros(shape) for shape in shapes]
