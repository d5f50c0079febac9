"""What a run of study convolutional trains, reads and keeps: every output scale at every learning rate, the linearised model beside them.

Of a scale's learning rates the one counts that left the smallest training loss (ours; no test image is looked at for that).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.contract import Series
from engine.headline import Known
from engine.phenomena.lazy_training.config import LazyTrainingConfig
from engine.phenomena.lazy_training.convolutional import figures
from engine.phenomena.lazy_training.convolutional.headline import clauses
from engine.phenomena.lazy_training.convolutional.settings import Trained, alphas, architectures, networks_of
from engine.phenomena.lazy_training.convolutional.size import PER_DECADE, memory
from engine.phenomena.lazy_training.convolutional.trained import CentredEnsemble, draw_task, make_ensemble
from engine.phenomenon import geometric_grid
from engine.readings import History
from engine.state import Stateful
from engine.training.memory import require_memory

Floats = NDArray[np.float64]

READ = ("cnn-loss", "cnn-train-accuracy", "cnn-test-accuracy", "cnn-weight-change", "cnn-kept")
GROWN = 1e3  # times the loss of zero: training does not come back from there


class Convolutional:
    """All of study convolutional.

    Attributes:
        networks: every setting with every seed; grid: (k,) steps at which they are read; total: the last.
        tasks: images by seed; ensembles: one an architecture and seed; numbers: which networks each trains.
    """

    def __init__(self, config: LazyTrainingConfig, seeds: tuple[int, ...], device: str, history: History) -> None:
        self.config, self.seeds, self.history = config, seeds, history
        self.networks = networks_of(config, seeds)
        held = f"{config.examples:,} images of {config.images} and {len(self.networks)} networks"
        require_memory(memory(config, len(seeds)), held, device, "lower examples, channels, or the number of scales, rates or seeds")
        self.per_epoch = config.examples // config.batch
        self.grid = geometric_grid(config.epochs, PER_DECADE) * self.per_epoch
        self.total = int(self.grid[-1])
        self.tasks = {seed: draw_task(config, seed, device) for seed in seeds}
        self.notes = tuple(dict.fromkeys(note for task in self.tasks.values() for note in task.split.notes))
        self.numbers = [
            [place for place, one in enumerate(self.networks) if (one.setting.architecture, one.seed) == (architecture, seed)]
            for architecture in architectures(config) for seed in seeds
        ]  # fmt: skip
        self.ensembles = [self._ensemble(numbers, device) for numbers in self.numbers]

    def _ensemble(self, numbers: Sequence[int], device: str) -> CentredEnsemble:
        seed = self.networks[numbers[0]].seed
        return make_ensemble(self.config, [self.networks[number].setting for number in numbers], seed, self.tasks[seed], device)

    # ------------------------------------------------------------ training and measuring

    def train(self, target: int, seconds: float) -> int:
        """Train for about this long, no network beyond step `target`; return the step that all have reached."""
        deadline = perf_counter() + seconds
        for ensemble in self.ensembles:
            losses = ensemble.network.flat.new_empty(len(ensemble.active))
            while ensemble.active and ensemble.taken < target:
                ensemble.step(losses)
                if perf_counter() >= deadline:
                    return min([target, *(one.taken for one in self.ensembles if one.active)])
        return target

    def measure(self) -> dict[str, Any]:
        """Read every network in training; one whose loss has run away is put aside, and is not read again."""
        found = np.full((len(self.networks), len(READ)), np.nan)
        for numbers, ensemble in zip(self.numbers, self.ensembles, strict=True):
            if not ensemble.active:
                continue
            places = [numbers[member] for member in ensemble.active]
            found[places] = self._read(ensemble, places)
            lost = [member for member, place in zip(list(ensemble.active), places, strict=True) if not found[place, 0] <= GROWN]
            ensemble.count_anew()
            if lost:
                ensemble.retire(lost)
                found[[numbers[member] for member in lost]] = np.nan
        return {name: column.tolist() for name, column in zip(READ, found.T, strict=True)}

    def _read(self, ensemble: CentredEnsemble, places: Sequence[int]) -> Floats:
        """Return the columns READ of an ensemble's networks in training, (active, 5), with one transfer."""
        task = self.tasks[self.networks[places[0]].seed]
        right: Tensor = torch.stack(list(ensemble.network.scores(task.x_test, task.y_test))).sum(0) / len(task.y_test)
        steps = ensemble.counted // self.config.batch
        columns = (ensemble.total / max(steps, 1), ensemble.hits.double() / max(ensemble.counted, 1), right[0], ensemble.network.moved(),
                   right[1])  # fmt: skip
        rows: Floats = torch.stack(columns, dim=1).cpu().numpy()
        scales = np.array([self.networks[place].setting.scale for place in places])
        rows[:, 0] *= scales**2  # of targets of length 1, what is lost of them: outputs of 0 lose 1
        if not steps:
            rows[:, :2] = 1.0, np.nan  # nothing was counted yet
        return rows

    # ------------------------------------------------------------ what is read

    def _row(self, quantity: str, row: int = -1) -> Floats:
        return np.array(self.history.records[row][quantity]) if len(self.history) else np.full(len(self.networks), np.nan)

    def chosen(self, architecture: str, alpha: float) -> list[int]:
        """Return, seed by seed, the network of a scale whose rate left the smallest training loss so far."""
        losses = np.where(np.isfinite(loss := self._row("cnn-loss")), loss, np.inf)
        found = []
        for seed in self.seeds:
            places = [place for place, one in enumerate(self.networks) if (one.setting.architecture, one.setting.alpha, one.seed) == (
                architecture, alpha, seed)]  # fmt: skip
            found.append(min(places, key=lambda place: losses[place]))
        return found

    def latest(self, quantity: str, architecture: str, alpha: float) -> Floats:
        """Return the last readings at the chosen rates, (seeds,)."""
        return self._row(quantity)[self.chosen(architecture, alpha)]

    def over_alpha(self, quantity: str, architecture: str) -> Floats:
        """Return the last readings of every finite scale at the chosen rates, (scales, seeds)."""
        return np.stack([self.latest(quantity, architecture, alpha) for alpha in self.scales])

    def at_rate(self, quantity: str, architecture: str, alpha: float, rate: float) -> Floats:
        """Return the last readings of a scale at one rate, (seeds,)."""
        row, wanted = self._row(quantity), Trained(architecture, alpha, rate)
        return row[[place for place, one in enumerate(self.networks) if one.setting == wanted]]

    @property
    def scales(self) -> list[float]:
        """The finite output scales, rising."""
        return [alpha for alpha in alphas(self.config) if np.isfinite(alpha)]

    def chosen_rates(self, architecture: str, alpha: float) -> list[float]:
        """Return the chosen rates, seed by seed."""
        return [self.networks[place].setting.rate for place in self.chosen(architecture, alpha)]

    # ------------------------------------------------------------ what is shown and kept

    def series(self) -> Iterable[Series]:
        """See `figures`."""
        return figures.curves(self)

    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen."""
        return clauses(self, known)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The first seed's X (n, d) and X_test in [0, 1], y, y_test; of its first ensemble w0 (parameters,) and w (settings, parameters);
        scales and rates (settings,), infinite of the linearised model.
        """
        split, ensemble = self.tasks[self.seeds[0]].split, self.ensembles[0]
        settings = [self.networks[number].setting for number in self.numbers[0]]
        first = torch.cat([parameter.data.permute(0, 2, 3, 1).reshape(-1) if parameter.ndim == 4 else parameter.data.reshape(-1)
                           for parameter in ensemble.network.first.parameters()])  # fmt: skip
        return {
            "X": split.x, "y": split.y, "X_test": split.x_test, "y_test": split.y_test, "w0": first.cpu().numpy(),
            "w": ensemble.weights().cpu().numpy(), "scales": np.array([one.alpha for one in settings]),
            "rates": np.array([one.rate for one in settings]),
        }  # fmt: skip

    def parts(self) -> Mapping[str, Stateful]:
        """The ensembles."""
        return {f"cnn{place}": ensemble for place, ensemble in enumerate(self.ensembles)}
