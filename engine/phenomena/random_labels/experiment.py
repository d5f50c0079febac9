"""The randomisation test: all conditions and seeds trained side by side, until each network fits its labels.

Zhang et al. 2017, arXiv:1611.03530.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import Marker, Picture, Series
from engine.data.corruption import InputKind
from engine.data.registry import test_count
from engine.data.split import Images
from engine.errors import Diverged
from engine.headline import Known
from engine.phenomena.random_labels import SPEC, figures
from engine.phenomena.random_labels.claims import CONSTRUCTED, JUDGES, MEMORISED, PAIRED_STEPS
from engine.phenomena.random_labels.class_matching import RENAMINGS, rank_of_hits
from engine.phenomena.random_labels.conditions import RANDOM, TRUE, conditions_of, draw_data, label_conditions
from engine.phenomena.random_labels.config import MODULES, PROBE, RandomLabelsConfig
from engine.phenomena.random_labels.counted import CountedClassifiers
from engine.phenomena.random_labels.headline import clauses as headline_clauses
from engine.phenomena.random_labels.memorisation import distinct, memorise
from engine.phenomena.random_labels.paired_run import PairedRun
from engine.phenomena.random_labels.randomisation import build_classifiers
from engine.phenomena.random_labels.scalars import READERS
from engine.phenomena.random_labels.size import memory, network_count
from engine.phenomenon import Steps, Training, geometric_grid
from engine.readings import Floats, Network
from engine.seeds import streams
from engine.state import Stateful
from engine.training.joint import Stretch
from engine.training.memory import require_memory

SMALLER = "lower n or the number of seeds, leave out levels, or set corrupted_pixels false"
STORED = 64 * 2**20  # bytes of training inputs up to which they are stored
DIVERGED = 1000  # times the loss of guessing, ln K: far beyond what training comes back from


def measured_steps(total: int, epoch: int) -> Steps:
    """Return 15 steps a decade, five during the first three epochs, when little is fitted, and the end of RL8.

    Scoring costs as much as training with twice as many.
    """
    coarse, fine = geometric_grid(total, 5), geometric_grid(total, 15)
    early = 3 * epoch
    return np.unique(np.concatenate([coarse[coarse <= early], fine[fine > early], [min(PAIRED_STEPS, total), total]]))


class RandomLabels(Training[RandomLabelsConfig]):
    """One network per condition and seed.

    Attributes:
        conditions: true labels first, random ones second; levels: those that differ in their labels only, by rising corruption.
        data: by seed; split: the first seed's.
        classifiers, paired: what is trained.
        constructed: Theorem 1's network for random labels of the first seed; residual: by how far it misses them at most.
        last: the step that training ends with at the latest.
    """

    spec = SPEC
    judges = JUDGES
    readers = READERS

    def __init__(self, config: RandomLabelsConfig, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick") -> None:
        super().__init__(config, seeds, device, preset)
        epoch = config.n // config.batch
        self.total = self.last = config.epochs * epoch
        self.grid = measured_steps(self.last, epoch)
        self.conditions = conditions_of(config)
        self.levels = sorted(label_conditions(config), key=lambda condition: condition.corruption)
        self.networks = [Network(condition, seed) for condition in self.conditions for seed in seeds]
        held = f"{config.n:,} training images of {config.dataset} and {network_count(config, len(seeds))} networks"
        require_memory(memory(config, len(seeds)), held, device, SMALLER)
        n_test = test_count(config.dataset, config.n)
        self.data = {seed: draw_data(config, n_test, streams(seed)) for seed in seeds}
        self.notes = self.data[seeds[0]].split.notes
        self.classifiers = build_classifiers(config, self.networks, self.data, device, int(np.diff(self.grid).max()))
        first = self.data[seeds[0]]
        self.split = first.split
        steps = min(PAIRED_STEPS, self.last) if config.model not in MODULES else 0
        self.paired = PairedRun(config, first, seeds[0], steps, device)
        different = distinct(self.split.x[:CONSTRUCTED])
        x, labels = self.split.x[different], first.labels.at(1.0)[different]
        self.constructed = memorise(x, labels, np.random.default_rng(seeds[0]))
        self.residual = self.constructed.largest_residual(x, labels)

    # ------------------------------------------------------------ training

    def train(self, target: int, budget: float) -> int:
        """Train and score towards a measurement at step `target` for about `budget` seconds; return the step reached on average."""
        started = perf_counter()
        self.paired.advance(target, budget)
        self.classifiers.advance(target, budget - (perf_counter() - started), PROBE, target == self.total)
        return self.classifiers.progress(target)

    def stretches(self) -> Sequence[Stretch]:
        """The groups of classifiers that have steps to take before the next measurement."""
        target = None if self.config.counted else self.target  # a recipe's trainers train on their own
        groups = [] if target is None else [group for group in self.classifiers.groups if group.ensemble.active]
        return [group.stretch(target) for group in groups if target is not None and group.ensemble.taken < target]

    @property
    def ready(self) -> bool:
        """Whether the networks are scored and the paired run is there."""
        return self.classifiers.scored and self.paired.reached(self.step)

    def measure(self) -> dict[str, Any]:
        """Return every network's scores; those that fit all their labels rest from here on.

        Raises:
            Diverged: a loss is no longer finite, or a thousand times that of guessing.
        """
        training = self.classifiers.active.copy()
        self._require_finite(self.classifiers.collect(self.step), training)
        random = self.readings.columns(RANDOM)
        finished = training[random].any() and not self.classifiers.active[random].any()
        if self.paired.done and not self.classifiers.active.any():
            self.total = self.step
        return {
            "train-loss": self.classifiers.loss.tolist(),
            "train-accuracy": self.classifiers.correct.tolist(),
            "test-error": np.round(1.0 - self.classifiers.test_correct, 12).tolist(),
            **({"paired-gap": self.paired.gap()} if self.step == self.paired.steps > 0 else {}),
            **({"rank-of-hits": self._rank_of_hits(random)} if finished else {}),
        }

    def _rank_of_hits(self, networks: Sequence[int]) -> float:
        """How rare what networks trained on random labels get right is among the same with their classes renamed."""
        renamings = [self.data[self.networks[number].seed].matchings(RENAMINGS) for number in networks]
        return rank_of_hits([self.classifiers.guesses[number] for number in networks], renamings)

    def _require_finite(self, losses: Floats, training: NDArray[np.bool_]) -> None:
        """losses: (steps since the last measurement, networks), of those that were training."""
        latest = self.classifiers.loss
        lost = np.argwhere(~np.isfinite(np.vstack([losses, latest])) & training)  # the last row is the present step
        if len(lost):
            step = self.step - len(losses) + int(lost[0, 0])
            seen = "" if step == self.step else f" (seen at step {self.step})"
            raise Diverged(f"the loss of {self.networks[lost[0, 1]].setting.label} is no longer a finite number at step {step}{seen}")
        worst = int(np.argmax(latest))
        if latest[worst] > DIVERGED * np.log(self.split.classes):
            grown = f"the loss of {self.networks[worst].setting.label} has grown to {latest[worst]:.1e} at step {self.step}"
            raise Diverged(f"{grown}, over {DIVERGED} times that of guessing")

    # ------------------------------------------------------------ what is read

    def over(self, condition: str) -> bool:
        """Whether all networks of a condition have finished."""
        return len(self.history) > 0 and not self.classifiers.active[self.readings.columns(condition)].any()

    def fitted_at(self, condition: str) -> Floats:
        """Return the first measured step at which each seed (seeds,) fits 99 % of its labels; nan where it never did."""
        return self.readings.first_step("train-accuracy", condition, MEMORISED)

    def low_at(self, condition: str) -> Floats:
        """Return the step at which an epoch's batches first had a mean loss of .1 at most, (seeds,); nan where none is known."""
        places = self.readings.columns(condition)
        return self.classifiers.low_at[places] if isinstance(self.classifiers, CountedClassifiers) else np.full(len(places), np.nan)

    def slowdown(self, condition: str) -> Floats:
        """Return how many times as long as its true labels a condition takes to be fitted, (seeds,); nan where one never was."""
        return self.fitted_at(condition) / self.fitted_at(TRUE)

    def error(self, condition: str) -> Floats:
        """Return the latest clean test error, (seeds,)."""
        return self.readings.latest("test-error", condition)

    def fitted_labels(self, condition: str) -> NDArray[np.uint8]:
        """Return which training labels the first seed fits, (n,)."""
        return np.asarray(self.classifiers.fitted[self.readings.columns(condition)[0]])

    def fitted_since(self, condition: str) -> NDArray[np.int64] | None:
        """Return the step from which on the first seed fits each label, (n,), -1 where it does not; None where that is not followed."""
        if isinstance(self.classifiers, CountedClassifiers):
            return None
        return np.asarray(self.classifiers.since[self.readings.columns(condition)[0]])

    def scored_at(self, condition: str) -> int | None:
        """Return of which step `fitted_labels` is, where that is not the present one: 0 where none was scored yet."""
        if not isinstance(self.classifiers, CountedClassifiers) or self.over(condition):
            return None
        return int(self.classifiers.exact_at[self.readings.columns(condition)[0]])

    def first_input(self, kind: InputKind) -> Images:
        """Return the first seed's first training input under a condition, (d,)."""
        for number, network in enumerate(self.networks):
            if network.setting.inputs == kind and network.seed == self.seeds[0]:
                seen: Images = self.classifiers.examples.x[self.classifiers.examples.source[number], 0].cpu().numpy()
                return seen
        first: Images = self.data[self.seeds[0]].inputs(kind)[0][0]
        return first

    # ------------------------------------------------------------ what is shown and stored

    def series(self) -> tuple[Series, ...]:
        """Every curve: a mean over seeds with their range."""
        return (*figures.against_step(self), *figures.against_corruption(self))

    def pictures(self) -> tuple[Picture, ...]:
        """Which training examples of the first seed are fitted with true and with random labels; one image under every input condition."""
        shown = {condition.name: condition for condition in self.conditions}
        return (*(figures.memorised(self, name, shown[name]) for name in figures.MAPPED), self._input_conditions)

    @cached_property
    def _input_conditions(self) -> Picture:
        return figures.input_conditions(self)

    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen, for the headline."""
        return headline_clauses(self, known)

    def markers(self) -> tuple[Marker, ...]:
        """Chance; the notes say of an early end."""
        if self.total is not None and self.step == self.total < self.last:
            ended = f"training ended at step {self.step:,} of {self.last:,}: 100 % of labels fitted under every condition"
            self.notes = (*self.split.notes, ended)
        return tuple(figures.markers(self))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The first seed's problem and networks.

        X (n, d), y (n,) true and y_random (n,) corrupted labels, X_test, y_test; fitted (conditions, n) in the order of conditions;
        a, b, w: Theorem 1's network on the first rows of X that differ; under true and random labels W1, b1, ..., one array per layer, or
        a module's parameters by their names and `moments`, the running means and variances of its batch normalisations.
        Inputs of more than 64 MB are left out: dataset, n and seed give them again.
        """
        split, data, network = self.split, self.data[self.seeds[0]], self.constructed
        trained = {f"{name}_{layer}": values for name in (TRUE, RANDOM) for layer, values in self._layers(name).items()}
        inputs = {"X": split.x, "X_test": split.x_test} if split.x.nbytes <= STORED else {}
        return {
            **inputs, "y": split.y, "y_random": data.labels.at(self.config.corruption), "y_test": split.y_test,
            "pixel_order": data.pixel_order,
            "conditions": np.array([condition.name for condition in self.conditions]),
            "fitted": self.classifiers.fitted[:: len(self.seeds)], "a": network.direction, "b": network.biases, "w": network.weights,
            **trained,
        }  # fmt: skip

    def _layers(self, condition: str) -> dict[str, NDArray[Any]]:
        number = self.readings.columns(condition)[0]
        return self.classifiers.group(number).layers(number)

    def parts(self) -> Mapping[str, Stateful]:
        """The networks, and the paired run."""
        return {"classifiers": self.classifiers, "paired": self.paired}
