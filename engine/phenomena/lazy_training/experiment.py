"""Trains one network at many output scales and at many widths, one ensemble per width, and reads each beside its linearised model; or
does what study convolutional does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from time import perf_counter
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from engine.contract import Marker, Picture, Series, Spec
from engine.errors import Diverged, ProblemError
from engine.headline import Known
from engine.interruption import checkpoint
from engine.judging import Judges
from engine.phenomena.lazy_training import SPEC
from engine.phenomena.lazy_training.claims import JUDGES
from engine.phenomena.lazy_training.config import RESIDUAL, LazyTrainingConfig, ScaleAndWidth
from engine.phenomena.lazy_training.convolutional.study import Convolutional
from engine.phenomena.lazy_training.figures import READ, markers, over_alpha, over_width, training
from engine.phenomena.lazy_training.headline import clauses as headline_clauses
from engine.phenomena.lazy_training.own_task import draw_own_problem, told
from engine.phenomena.lazy_training.pictures import directions, kernel_picture
from engine.phenomena.lazy_training.predictions import Prediction, predict
from engine.phenomena.lazy_training.problem import Problem, Student, draw_problem, make_student
from engine.phenomena.lazy_training.scalars import READERS
from engine.phenomena.lazy_training.two_layer import MOVEMENT, TwoLayerEnsemble, host
from engine.phenomenon import Training, geometric_grid
from engine.readings import Network
from engine.scalars import Readers
from engine.state import State, Stateful
from engine.training.joint import Stretch

Floats = NDArray[np.float64]

GROWN = 1e3  # times the first residual: training does not come back from there
LARGEST = 1e100  # outputs beyond it have no finite mean square
PER_DECADE = 10  # measurements: each reads the kernel of every network


class LazyTraining(Training[LazyTrainingConfig]):
    """One network at many output scales, and at many widths.

    Attributes:
        scales, alphas: the settings at the width m, and their output scales (A,), rising; across_widths: those at output scale 1.
        students: every network before training, by width and seed.
        by_width, ensembles: the networks of a width in the order of their ensemble, and that ensemble, by width.
        convolutional: study convolutional, which has none of these; None of another.

    Raises:
        ProblemError: a step that even the linearised model cannot take, or a tangent kernel above the memory allowed.
    """

    spec: ClassVar[Spec] = SPEC
    judges: ClassVar[Judges[Any]] = JUDGES
    readers: ClassVar[Readers[Any]] = READERS

    def __init__(self, config: LazyTrainingConfig, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick") -> None:
        super().__init__(config, seeds, device, preset)
        self.convolutional: Convolutional | None = None
        if config.study == "two-layer":
            self._begin_two_layer()
            return
        study = self.convolutional = Convolutional(config, seeds, device, self.history)
        self.grid, self.total, self.networks, self.notes = study.grid, study.total, study.networks, study.notes

    def _begin_two_layer(self) -> None:
        config, seeds = self.config, self.seeds
        self.grid, self.total = geometric_grid(config.steps, PER_DECADE), config.steps
        self.scales, self.across_widths = config.scales(), config.across_widths()
        self.alphas = np.array([setting.alpha for setting in self.scales])
        settings = sorted({*self.scales, *self.across_widths}, key=lambda one: (one.m != config.m, one.m, one.alpha))
        widths = dict.fromkeys(setting.m for setting in settings)
        self.by_width = {m: [Network(setting, seed) for setting in settings if setting.m == m for seed in seeds] for m in widths}
        self.networks = [network for networks in self.by_width.values() for network in networks]
        problems = {seed: self._problem(seed) for seed in seeds}
        self.students = {(m, seed): make_student(problems[seed], seed, m, config.symmetrise) for m in widths for seed in seeds}
        self.ensembles = {m: self._ensemble(networks) for m, networks in self.by_width.items()}
        self._predicted: dict[tuple[Network[ScaleAndWidth], float], Prediction] = {}
        self._lasting = (told(config.dataset),) if config.own else ()
        self.notes = self._lasting

    def _problem(self, seed: int) -> Problem:
        config = self.config
        if config.own is None:
            return draw_problem(seed, config.n, config.d, config.teacher)
        return draw_own_problem(seed, config.n, config.dataset, config.dataset_sha256)

    def _ensemble(self, networks: Sequence[Network[ScaleAndWidth]]) -> TwoLayerEnsemble:
        students = [self.students[network.setting.m, network.seed] for network in networks]
        rates = [self.rate(network.setting, student) for network, student in zip(networks, students, strict=True)]
        W, a = (np.stack(values) for values in zip(*((one.W, one.a) for one in students), strict=True))
        data = ((one.problem.X, one.problem.y, one.problem.X_test) for one in students)
        X, y, X_test = (np.stack(values) for values in zip(*data, strict=True))
        alphas = [network.setting.alpha for network in networks]
        return TwoLayerEnsemble(W, a, X, y, X_test, alphas, rates, self.config.tol, self.device)

    def students_of(self, m: int) -> list[Student]:
        """The networks of one width before training, one per seed."""
        return [self.students[m, seed] for seed in self.seeds]

    def rate(self, setting: ScaleAndWidth, student: Student) -> float:
        """Return a network's step size.

        Raises:
            ProblemError: even the linearised model diverges with it.
        """
        largest = student.linear.largest
        rate = self.config.rate(setting, largest)
        if rate >= 2 / largest:
            sentence = f"the step must be below 2/lambda_max(K0) = {2 / largest:.3g} at {setting.name}, got {rate:.3g}"
            raise ProblemError(sentence, f"lower learning rate (it is {self.config.lr:g})")
        return rate

    # ------------------------------------------------------------ training and measuring

    def train(self, target: int, budget: float) -> int:
        """Train for about this long, no network beyond step `target`; return the step that all have reached or rest before."""
        if self.convolutional:
            return self.convolutional.train(target, budget)
        deadline = perf_counter() + budget
        for ensemble in self.ensembles.values():
            while ensemble.active and ensemble.taken < target:
                ensemble.step()
                if perf_counter() >= deadline:
                    return self._reached(target)
        return self._reached(target)

    def _reached(self, target: int) -> int:
        return min([target, *(ensemble.taken for ensemble in self.ensembles.values() if ensemble.active)])

    def stretches(self) -> Sequence[Stretch]:
        """The ensembles that have steps to take before the next measurement; those of study convolutional stay by themselves."""
        if self.convolutional:
            return ()
        target = self.target
        moving = [ensemble for ensemble in self.ensembles.values() if ensemble.active]
        return [Stretch(ensemble, target) for ensemble in moving if target is not None and ensemble.taken < target]

    def measure(self) -> dict[str, Any]:
        """Read every network in training, with one transfer; those that rest leave their ensemble's batch.

        Raises:
            Diverged: a training residual is no longer finite, or a thousand times the first.
        """
        if self.convolutional:
            return self.convolutional.measure()
        names = [quantity.name for quantity in READ]
        before = self.history.records[-1] if self.history else {name: np.full(len(self.networks), np.nan) for name in names}
        record = {name: list(before[name]) for name in names}
        rows = iter(host(torch.cat([ensemble.readings() for ensemble in self.ensembles.values() if ensemble.active])))
        for m, ensemble in self.ensembles.items():
            resting = []
            for place in ensemble.active:
                network, row = self.by_width[m][place], next(rows)
                for name, value in self._reading(network, row).items():
                    record[name][self.networks.index(network)] = value
                resting += [place] if row[2] > 0 else []
            ensemble.settle(resting)
        if not any(ensemble.active for ensemble in self.ensembles.values()):
            self.total = self.step
        self.notes = (*self._lasting, *self._unfitted(record["train-residual"]))
        return record

    def _reading(self, network: Network[ScaleAndWidth], row: Floats) -> dict[str, float]:
        """Return a network's quantities from its row of `TwoLayerEnsemble.readings`, beside its linearised model."""
        setting, student = network.setting, self.students[network.setting.m, network.seed]
        residual, taken = float(row[0]), float(row[1])
        if not residual <= GROWN * student.first_residual(setting.alpha):
            grown = f"has grown to {residual:.1e}" if np.isfinite(residual) else "is no longer a finite number"
            sentence = f"the relative residual of {setting.name} {grown} at step {int(taken)}"
            raise Diverged(sentence, f"lower learning rate (it is {self.config.lr:g})")
        movement, outputs = row[3 : 3 + len(MOVEMENT)].tolist(), row[3 + len(MOVEMENT) :]
        if not np.all(np.abs(outputs) < LARGEST):
            unread = dict.fromkeys((*MOVEMENT, "test-error", "gap"), float("nan"))
            return {**unread, "train-residual": residual, "steps-taken": taken}
        beside = student.prediction(setting.alpha, taken, self.rate(setting, student))
        error = float(np.mean((outputs - student.problem.y_test) ** 2))
        gap = float(np.sqrt(np.mean((outputs - beside) ** 2)))
        moved = dict(zip(MOVEMENT, movement, strict=True))
        return {"train-residual": residual, "steps-taken": taken, "test-error": error, "gap": gap, **moved}

    def _unfitted(self, residuals: Sequence[float]) -> list[str]:
        """The widths that ended short of a fair comparison, as a sentence."""
        pairs = zip((network.setting.m for network in self.networks), residuals, strict=True)
        short = [(m, residual) for m, residual in pairs if m != self.config.m and residual > RESIDUAL]
        if self.step != self.total or not short:
            return []
        widths, worst = ", ".join(str(m) for m in sorted({m for m, _ in short})), max(residual for _, residual in short)
        return [f"m={widths} not fitted at alpha 1: residual up to {worst:.2g}, above the {RESIDUAL:g} of a fair comparison"]

    # ------------------------------------------------------------ what is shown and judged

    def latest(self, quantity: str, settings: Sequence[ScaleAndWidth]) -> Floats:
        """Return the last readings of some settings, (settings, seeds); nan before the first."""
        return np.stack([self.readings.latest(quantity, setting.name) for setting in settings])

    def ways(self, settings: Sequence[ScaleAndWidth]) -> Floats:
        """Return |w-w0|/|w0| of the linearised models at the steps that their networks have taken, (settings, seeds)."""
        return np.array([[self._way(setting, *one) for one in self._steps_of(setting)] for setting in settings])

    def _way(self, setting: ScaleAndWidth, student: Student, taken: float) -> float:
        way = student.linearised(setting.alpha).displacement([taken], self.rate(setting, student))[0]
        return float(way) / (setting.alpha * student.length)

    def predictions(self, setting: ScaleAndWidth) -> list[Prediction]:
        """Return what the kernel regime predicts of a setting's networks at the steps they have taken, one per seed."""
        found = []
        for seed, (student, taken) in zip(self.seeds, self._steps_of(setting), strict=True):
            key = (Network(setting, seed), taken)
            if key not in self._predicted:
                checkpoint()
                self._predicted[key] = predict(student, setting.alpha, taken, self.rate(setting, student))
            found.append(self._predicted[key])
        return found

    def _steps_of(self, setting: ScaleAndWidth) -> list[tuple[Student, float]]:
        """A setting's networks before training with the steps that they have taken; none before the first measurement."""
        return list(zip(self.students_of(setting.m), self.readings.latest("steps-taken", setting.name).tolist(), strict=True))

    @property
    def trained(self) -> bool:
        """Whether every output scale has been trained to its end."""
        networks, active = self.by_width[self.config.m], self.ensembles[self.config.m].active
        return self.done or not any(networks[place].setting in self.scales for place in active)

    @cached_property
    def start(self) -> float:
        """The largest |h(w0)| of any student on any point."""
        return max(float(max(np.abs(one.h0).max(), np.abs(one.h0_test).max())) for one in self.students.values())

    def weights(self, setting: ScaleAndWidth) -> tuple[Floats, Floats]:
        """Return W (m, d) and a (m,) of the first seed's network now."""
        ensemble, place = self._first(setting)
        return host(ensemble.W[place]), host(ensemble.a[place])

    def kernel(self, setting: ScaleAndWidth, start: bool = False) -> Floats:
        """Return the tangent kernel of the first seed's network on its examples, (n, n), now or at the start."""
        ensemble, place = self._first(setting)
        return host(ensemble.kernel(place, start))

    def _first(self, setting: ScaleAndWidth) -> tuple[TwoLayerEnsemble, int]:
        """A setting's ensemble, its weights up to date, and the place of the first seed's network there."""
        ensemble = self.ensembles[setting.m]
        ensemble.gather()
        return ensemble, self.by_width[setting.m].index(Network(setting, self.seeds[0]))

    def series(self) -> tuple[Series, ...]:
        """Readings over alpha and over the width as they are now, losses over steps, theory beside them."""
        if self.convolutional:
            return tuple(self.convolutional.series())
        return (*over_alpha(self), *training(self), *over_width(self))

    def pictures(self) -> tuple[Picture, ...]:
        """Hidden directions and kernels of the first seed, at the smallest and at the largest alpha."""
        if self.convolutional:
            return ()
        rich, lazy = self.scales[0], self.scales[-1]
        kernels = kernel_picture(self, "before", lazy, start=True), kernel_picture(self, "rich", rich)
        largest = max(picture.hi for picture in kernels if picture.hi is not None)
        return directions(self, "rich", rich), directions(self, "lazy", lazy), *(replace(picture, hi=largest) for picture in kernels)

    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen, for the headline."""
        return self.convolutional.clauses(known) if self.convolutional else headline_clauses(self, known)

    def markers(self) -> tuple[Marker, ...]:
        """Where laziness begins, and the residual at which networks rest."""
        return () if self.convolutional else tuple(markers(self))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The first seed's problem and networks.

        X (n, d), y (n,), X_test, y_test; teacher (k, d) and signs (k,), or principal directions and none of imported data; W0 (m, d),
        a0 (m,) before training; alphas (A,), W (A, m, d), a (A, m) after it, in their order; K0 (n, n). Study convolutional has others.
        """
        if self.convolutional:
            return self.convolutional.arrays()
        student = self.students[self.config.m, self.seeds[0]]
        W, a = (np.stack(weights) for weights in zip(*map(self.weights, self.scales), strict=True))
        task = {name: getattr(student.problem, name) for name in ("X", "y", "X_test", "y_test", "teacher", "signs")}
        start = {"W0": student.W, "a0": student.a, "K0": self.kernel(self.scales[0], start=True)}
        return {**task, **start, "alphas": self.alphas, "W": W, "a": a}

    # ------------------------------------------------------------ storage

    def parts(self) -> Mapping[str, Stateful]:
        """The ensembles by width, or of study convolutional; readings are in the history."""
        if self.convolutional:
            return self.convolutional.parts()
        return {f"m{m}": ensemble for m, ensemble in self.ensembles.items()}

    def restore(self, state: State) -> None:
        """Continue from a state."""
        super().restore(state)
        if self.history and not self.convolutional:
            self.notes = (*self._lasting, *self._unfitted(self.history.records[-1]["train-residual"]))
