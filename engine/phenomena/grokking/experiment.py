"""Grokking's computation: the main setting, its controls and, if asked for, a sweep, trained side by side; or those of task images.

Gromov 2023, arXiv:2301.02679; Nanda et al. 2023, arXiv:2301.05217; Prieto et al. 2025, arXiv:2501.04697.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import Marker, Picture, Series
from engine.errors import Diverged
from engine.headline import Known, percent
from engine.phenomena.grokking import SPEC
from engine.phenomena.grokking.checks import Checks
from engine.phenomena.grokking.claims import JUDGES
from engine.phenomena.grokking.config import LINEAR, GrokkingConfig
from engine.phenomena.grokking.ensembles import Ensembles
from engine.phenomena.grokking.figures import bars, correctness, curves, events, sentences
from engine.phenomena.grokking.headline import clauses as headline_clauses
from engine.phenomena.grokking.hindsight import Hindsight
from engine.phenomena.grokking.milestones import GROKKED, Milestones, at_least, counts
from engine.phenomena.grokking.omnigrok import figures as image_figures
from engine.phenomena.grokking.omnigrok.settings import GROKKED as GROKKED_IMAGES
from engine.phenomena.grokking.omnigrok.study import ImageStudy
from engine.phenomena.grokking.progress_measures import measures, spectrum
from engine.phenomena.grokking.scalars import READERS
from engine.phenomena.grokking.settings import MAIN, WATCHED, networks_of, settings_of
from engine.phenomenon import Steps, Training, geometric_grid
from engine.state import State, Stateful
from engine.theory.modular_arithmetic.operations import CYCLIC
from engine.training.joint import Stretch

LARGEST = 1e12  # a score above it has left what training can come back from


class Grokking(Training[GrokkingConfig]):
    """Trains networks on part of an operation's table, measures what they make of the rest, and looks back when training is over.

    Attributes:
        images: all of task images, which has nothing of what follows; None with pairs.
        checks, ensembles, hindsight: before, while and after pairs are learned.
    """

    spec = SPEC
    judges = JUDGES
    readers = READERS

    def __init__(self, config: GrokkingConfig, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick") -> None:
        super().__init__(config, seeds, device, preset)
        self.total, self.grid = config.steps, measured_steps(config.steps, config.every)
        self.images = ImageStudy(config, seeds, device) if config.task == "images" else None
        if self.images is not None:
            self.networks, self.notes = self.images.networks, self.images.trained.split.notes
            return
        networks = networks_of(settings_of(config), seeds)
        self.networks = networks
        self.checks = Checks(config.p, config.width, seeds[0], device)
        self.ensembles = Ensembles(networks, config, len(seeds), device)
        self.hindsight = Hindsight(self.ensembles, config.op, config.steps)
        self._swept = {place for place, network in enumerate(self.networks) if network.setting.name not in WATCHED}

    @cached_property
    def readings(self) -> Milestones:
        """The measurements by setting, and when each memorised and grokked."""
        if self.images is not None:
            return Milestones(self.history, self.networks, self.spec.quantities, self.images.trained.counts(), percent=GROKKED_IMAGES)
        return Milestones(self.history, self.networks, self.spec.quantities, counts(self.ensembles.tasks), self.hindsight)

    def parts(self) -> Mapping[str, Stateful]:
        """The ensembles, what was found before and after training."""
        if self.images is not None:
            return self.images.parts()
        return {"ensembles": self.ensembles, "hindsight": self.hindsight, "checks": self.checks}

    # ------------------------------------------------------------ training

    def train(self, target: int, budget: float) -> int:
        """Train towards a step; before the first the checks are done, after the last the past is looked at again."""
        deadline = perf_counter() + budget
        if self.images is not None:
            return self.images.trained.train(target, budget)
        if not self.checks.done:
            self.checks.work(budget)
            return self.step
        self._run_on()
        reached = self.ensembles.train(target, deadline - perf_counter())
        if reached == self.total:
            self.hindsight.work(reached, deadline - perf_counter())
        return reached

    def stretches(self) -> Sequence[Stretch]:
        """The groups that have steps to take before the next measurement, once the checks are done; images are trained on their own."""
        if self.images is not None:
            return ()
        self._run_on()
        target = self.target
        return self.ensembles.stretches(target) if target is not None and self.checks.done else ()

    def _run_on(self) -> None:
        """Go on with the main setting beyond the steps that were asked for, once it is known that its waves are read later."""
        total = self.readings.run_on(self.readings.settings[MAIN])
        if total > self.grid[-1]:
            self._lengthen(total)

    def _lengthen(self, total: int) -> None:
        later = measured_steps(total, self.config.every)
        self.grid, self.total = np.concatenate([self.grid, later[later > self.grid[-1]]]), total
        self.ensembles.lengthen(total)
        self.hindsight.lengthen(total)

    def restore(self, state: State) -> None:
        """Continue from a state, which may be that of a run that goes on beyond the steps that were asked for."""
        if state.scalars["total"] > self.grid[-1]:
            self._lengthen(state.scalars["total"])
        super().restore(state)

    @property
    def ready(self) -> bool:
        """Whether the checks are done, and at the last step the past has been looked at again."""
        return self.images is not None or (self.checks.done and (self.step != self.total or self.hindsight.complete))

    def measure(self) -> dict[str, Any]:
        """Return every network's scores and the main setting's progress measures; brief ones that have grokked rest from here on.

        Raises:
            Diverged: a loss or norm is no longer finite.
        """
        if self.images is not None:
            record = self.images.measure(self.step)
            self.images.retire(record["test-accuracy"], self.readings)
            return record
        ensembles, everyone = self.ensembles, self.step % self.config.every == 0 or self.step > LINEAR * self.config.every
        keep = self.hindsight.wants(self.step)
        seen = ensembles.measure(() if everyone else self._swept, weights=keep)
        self._require_finite()
        record = dict[str, Any](ensembles.record())
        pairs = zip(ensembles.tasks[: len(seen)], seen, strict=True)
        found = [measures(task, network.outputs, network.embeddings, ensembles.loss) for task, network in pairs]
        record |= {name: [item[name] for item in found] for name in found[0]}
        if keep:
            self.hindsight.keep(self.step, np.stack([network.weights for network in seen]))
        self._retire(record["test-accuracy"])
        return record

    def _retire(self, accuracy: list[float]) -> None:
        """Put aside brief networks that have grokked, and all that end before the main setting does."""
        grokked = at_least(accuracy, self.readings.pairs["test-accuracy"], GROKKED)
        settings = {place: self.networks[place].setting for place in self.ensembles.active}
        over = {place for place, its in settings.items() if self.step >= its.steps and (its.brief or self.step < self.grid[-1])}
        brief = {place for place, its in settings.items() if its.brief and grokked[place]}
        self.ensembles.retire([place for place in settings if place in over | brief and settings[place].name != MAIN])

    def _require_finite(self) -> None:
        scores = self.ensembles.scores
        lost = np.flatnonzero(~np.isfinite(scores).all(axis=1) | (np.abs(scores) > LARGEST).any(axis=1))
        if len(lost):
            raise Diverged(f"the loss of {self.networks[lost[0]].setting.label} is no longer a finite number at step {self.step}")

    # ------------------------------------------------------------ what is shown

    def series(self) -> tuple[Series, ...]:
        """Every curve: a mean over seeds with their range; the spectrum of the first seed as it is now."""
        if self.images is not None:
            return tuple(image_figures.curves(self.readings, self.config.lr))
        shown, op = self.ensembles.embeddings, self.config.op
        spectra = [bars(spectrum(op, shown), self.config.model == "gromov")] if shown.size and op in CYCLIC else []
        return (*curves(self.readings, "cross-entropy" if self.ensembles.softmax else "loss", self.config.model != "gromov"), *spectra)

    def pictures(self) -> tuple[Picture, ...]:
        """Which pairs the first seed of the main setting answers rightly."""
        if self.images is not None:
            return ()
        return (correctness(self.ensembles.tasks[0], self.ensembles.correct, self.seeds[0]),)

    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen, for the headline."""
        return headline_clauses(self, known)

    def markers(self) -> tuple[Marker, ...]:
        """When the main setting memorised and grokked, and chance; the notes say it of every setting."""
        if self.images is not None:
            self.notes = (*self.images.trained.split.notes, *image_figures.sentences(self.readings))
            return tuple(image_figures.markers(self.readings, self.images.chance))
        said = {group.trainer.sentence for group in self.ensembles.groups} - {""}
        if self.checks.done and self.config.model == "gromov":
            said.add(f"Gromov's analytic network of {self.config.width} neurons answers {percent([self.checks.own])} of all pairs")
        self.notes = (*sorted(said), *self.hindsight.sentences(), *sentences(self.readings))
        return tuple(events(self.readings, self.chance))

    @property
    def chance(self) -> float:
        """The accuracy of guessing."""
        return self.images.chance if self.images is not None else 1.0 / self.ensembles.tasks[0].table.tokens

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The first seed's problem and the main setting's network.

        pairs (P, 2), labels (P,), train (P,) which are shown, correct (P,); U, W (p, N) and V (N, p), the perceptron's A (2p, N), M (N, N)
        and V (N, p), or the transformer's
        E (p+1, d), P (3, d), Wq, Wk, Wv (h, d, e), Wo (h, e, d), W_in (d, N), b_in, W_out (N, d), b_out, W_U (d, p+1), or the decoder's
        by their names: float32. With task images X (n, d), y (n,), X_test, y_test and the layers W1, b1, W2, ...
        """
        if self.images is not None:
            return self.images.arrays()
        table, train = self.ensembles.tasks[0].table, self.ensembles.tasks[0].train
        problem = {"pairs": table.pairs, "labels": table.labels, "train": train, "correct": self.ensembles.correct}
        return {**problem, **self.ensembles.tables()}


def measured_steps(total: int, every: int) -> Steps:
    """Return 20 steps a decade, and every `every` steps the first hundred times."""
    linear = np.arange(0, min(total, LINEAR * every) + 1, every)
    return np.unique(np.concatenate([geometric_grid(total), linear]))
