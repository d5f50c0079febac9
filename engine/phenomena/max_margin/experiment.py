"""Separable problems of every seed and of reference: each is solved, its flow followed, and optimisers walk it step for step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from engine.contract import Marker, Picture, Series, Spec
from engine.headline import Known
from engine.judging import Judges
from engine.optimiser_runs import bring
from engine.phenomena.max_margin import SPEC
from engine.phenomena.max_margin.asymptotics.study import Asymptotics
from engine.phenomena.max_margin.claims import FOLLOWED, JUDGES
from engine.phenomena.max_margin.config import MaxMarginConfig
from engine.phenomena.max_margin.figures import PARALLEL, flow_curves, markers, step_curves
from engine.phenomena.max_margin.headline import clauses as headline_clauses
from engine.phenomena.max_margin.homogeneous.study import Homogeneous
from engine.phenomena.max_margin.margin_runs import METHODS, SHARE, MarginRun
from engine.phenomena.max_margin.mirror.study import Mirror
from engine.phenomena.max_margin.plane import picture
from engine.phenomena.max_margin.problems import Problem, ProblemConfig, make
from engine.phenomena.max_margin.scalars import READERS
from engine.phenomena.max_margin.solution import Solution, flow_times
from engine.phenomena.max_margin.study import Study
from engine.phenomenon import Pieces, geometric_grid
from engine.readings import Network
from engine.scalars import Readers
from engine.state import State, Stateful
from engine.theory.inputs import require
from engine.theory.margins.logistic_descent import logistic_step_limit

if TYPE_CHECKING:
    from engine.phenomena.max_margin.convolutional.study import Convolutional

REFERENCES = (ProblemConfig("four-point"), ProblemConfig("soudry"), ProblemConfig("gauss"))


class MaxMargin(Pieces[MaxMarginConfig]):
    """One separable problem a seed, and the first seed's reference sets, on which claims about given data are tested.

    Attributes:
        problems: one per seed; solutions: of those solved so far; references: solutions of the reference sets, by data set.
        runs: by optimiser, one per seed. log_s: (k,) the flow's times. prepared: whether all is solved, and a second way too.

    Raises:
        ProblemError: labels that nothing separates, or a step size of 0.
    """

    spec: ClassVar[Spec] = SPEC
    judges: ClassVar[Judges[Any]] = JUDGES
    readers: ClassVar[Readers[Any]] = READERS

    def __init__(self, config: MaxMarginConfig, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick") -> None:
        super().__init__(config, seeds, device, preset)
        self.problems: list[Problem] = []
        self.solutions: list[Solution] = []
        self.references: dict[str, Solution] = {}
        self.runs: dict[str, list[MarginRun]] = {}
        self.prepared = False
        self._flow_curves: tuple[int, tuple[Series, ...]] = (-1, ())
        self.study = study_of(config, seeds, device)
        if self.study is None:
            self._begin_descent()
        else:
            self.unit, self.total, self.grid = self.study.unit, self.study.total, self.study.grid
            self.networks, self.notes = self.study.networks, self.study.notes

    @property
    def asymptotics(self) -> Asymptotics | None:
        """Study asymptotics; None of another."""
        return self.study if isinstance(self.study, Asymptotics) else None

    @property
    def mirror(self) -> Mirror | None:
        """Study mirror; None of another."""
        return self.study if isinstance(self.study, Mirror) else None

    @property
    def homogeneous(self) -> Homogeneous | None:
        """Study homogeneous; None of another."""
        return self.study if isinstance(self.study, Homogeneous) else None

    @property
    def convolutional(self) -> Convolutional | None:
        """Study convolutional; None of another."""
        return cast("Convolutional", self.study) if self.config.study == "convolutional" else None

    def _begin_descent(self) -> None:
        c, seeds = self.config, self.seeds
        require(c.eta > 0, f"the step size must be positive, got {c.eta:g}: with 0 nothing moves", "eta is in units of 8/s_max^2")
        self.problems = [make(ProblemConfig(c.data, c.n, c.d, c.flips, c.bias, c.data_sha256), seed) for seed in seeds]
        self._own_points = self._of_own_points()
        self.total = c.gd_steps
        compared = [FOLLOWED] if c.gd_steps >= FOLLOWED else []
        self.grid = np.unique(np.append(geometric_grid(c.gd_steps, 10), compared).astype(np.int64))
        first = min(np.log10(c.eta * logistic_step_limit(problem.svm.Z)) for problem in self.problems)
        self.log_s = flow_times(min(0.0, float(first)), c.decades)
        self.networks = [Network(method, seed) for method in METHODS for seed in seeds]
        self.runs = {method.name: [MarginRun(method, problem.svm, c, self.grid) for problem in self.problems] for method in METHODS}
        self._say()

    # ------------------------------------------------------------ work

    @property
    def ready(self) -> bool:
        """Whether what is measured has a flow beside it: at step 0 the first seed's, then every seed's."""
        if self.study is not None:
            return self.study.ready
        return len(self.solutions) >= (len(self.problems) if self.step else 1)

    @property
    def complete(self) -> bool:
        """Whether everything is solved."""
        return self.prepared if self.study is None else self.study.complete

    def pieces(self) -> Iterator[None]:
        """Follow flows, solve everything a second way, then make true steps; or do what the study does."""
        if self.study is not None:
            for _ in self.study.pieces():
                self.step = self.study.step
                yield
            return
        for problem in self.problems[len(self.solutions) :]:
            self.solutions.append(Solution(problem, self.log_s))
            self._say()
            yield
        for config in REFERENCES:
            if config.data not in self.references:
                self.references[config.data] = self._reference(config)
                yield
        for solution in (*self.solutions, *self.references.values()):
            _ = solution.second_route
            yield
        self.prepared = True
        yield
        for place in range(int(np.searchsorted(self.grid, self.step)), len(self.grid)):
            yield from bring((run for runs in self.runs.values() for run in runs), place)
            self.step = int(self.grid[place])
            yield

    def _reference(self, config: ProblemConfig) -> Solution:
        if config.same(self.problems[0].config):
            return self.solutions[0]
        return Solution(make(config, self.seeds[0]), flow_times(0.0, self.config.decades))

    def _say(self) -> None:
        """Say what the curves are made of, where that cannot be seen."""
        c, said = self.config, []
        if c.gd_steps:
            others = c.gd_steps // SHARE
            said.append(f"true steps: {c.gd_steps:,} of gradient descent, {others:,} of the others; beyond them the curve is the flow")
        for solution in self.solutions:
            if solution.limit is None:
                said.append(f"seed {solution.problem.seed}: {solution.no_limit}, so no constants are predicted")
            elif solution.limit.direction < PARALLEL:
                said.append(f"equal duals: w_tilde is parallel to w_hat, the direction falls like s^-{solution.limit.exponent:.2g}")
        self.notes = (*dict.fromkeys(said), *self._own_points)

    def _of_own_points(self) -> list[str]:
        """What is taken of imported points."""
        points = self.config.own
        if points is None:
            return []
        alike = " for every seed" if len(self.seeds) > 1 else ""
        held = f"{points.name}: all {points.rows:,} rows of {points.features:,} features as they were given{alike}"
        return [f"{held}; {points.classes[1]} is +1, {points.classes[0]} -1; SHA-256 {points.sha256[:12]}..."]

    def walks(self, name: str) -> list[tuple[Solution, MarginRun]]:
        """An optimiser's runs, as far as they have made steps and their problem is solved, each with the solution."""
        return [(solution, run) for solution, run in zip(self.solutions, self.runs[name], strict=False) if len(run.path)]

    def measure(self) -> dict[str, Any]:
        """Return the SVM's numbers at step 0; then, seed by seed, descent's direction error and loss, and every optimiser's margin."""
        if self.study is not None:
            return self.study.measure()
        if self.step == 0:
            svm = self.problems[0].svm
            return {"margin": svm.margin, "support vectors": int(svm.support.sum()), "KKT residual": svm.kkt}
        found = [solution.along(run.log_times(solution)[-1:], run.path[-1:]) for solution, run in self.walks("gd")]
        runs = [pair for runs in self.runs.values() for pair in zip(self.solutions, runs, strict=True)]
        return {
            "direction error": [float(item.curves.direction_error[0]) for item in found],
            "log loss": [float(item.log_loss[0]) for item in found],
            "own margin": [float(run.shares(solution)[-1]) if len(run.path) else np.nan for solution, run in runs],
        }

    # ------------------------------------------------------------ what is shown

    def series(self) -> tuple[Series, ...]:
        """Every curve; those that no step changes are made once."""
        if self.study is not None:
            measured = self.readings.curves() if self.homogeneous else ()
            return (*self.study.curves(), *measured)
        solved = len(self.solutions) + len(self.references)
        if self._flow_curves[0] != solved:
            self._flow_curves = solved, tuple(flow_curves(self))
        return (*self._flow_curves[1], *step_curves(self))

    def pictures(self) -> tuple[Picture, ...]:
        """The first seed's data with the SVM and what turns towards it."""
        if self.study is not None:
            return tuple(self.study.pictures())
        return tuple(picture(solution, self.runs[self.config.optimiser][0]) for solution in self.solutions[:1])

    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen, for the headline."""
        return headline_clauses(self, known) if self.study is None else self.study.clauses(known)

    def markers(self) -> tuple[Marker, ...]:
        """Where the true steps end, and the largest margin."""
        return tuple(markers(self) if self.study is None else self.study.markers())

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The first seed's problem and its solutions.

        X (n, d) with the appended constant, y (n,), w_star (d,) where a direction made the labels; w_hat (d,) the SVM, alpha (n,) its
        dual weights, support (n,); w (d,) descent's last; log_s (k,) and w_flow (k, d); w_tilde (d,) in flow time where it exists;
        X_validation, y_validation; w_<optimiser> (d,). Of another study what it says.
        """
        if self.study is not None:
            return self.study.arrays()
        problem = self.problems[0]
        svm = problem.svm
        found: dict[str, NDArray[Any]] = {
            "X": problem.X, "y": problem.y, "w_hat": svm.w, "alpha": svm.alpha, "support": svm.support,
            "X_validation": problem.held_out.X, "y_validation": problem.held_out.y,
        }  # fmt: skip
        if problem.w_star is not None:
            found["w_star"] = problem.w_star
        for solution in self.solutions[:1]:
            found |= {"log_s": self.log_s, "w_flow": solution.flow.w}
            found |= {"w_tilde": solution.limit.w_tilde} if solution.limit is not None else {}
        return found | {("w" if name == "gd" else f"w_{name}"): np.array(runs[0].stepper.w) for name, runs in self.runs.items()}

    # ------------------------------------------------------------ storage

    def parts(self) -> Mapping[str, Stateful]:
        """The optimisers' weights and paths, or what the study keeps; flows and limits follow from the seeds."""
        if self.study is not None:
            return self.study.parts()
        return {f"{name}/{seed}": run for name, runs in self.runs.items() for seed, run in zip(self.seeds, runs, strict=True)}

    def restore(self, state: State) -> None:
        """Continue from a state."""
        super().restore(state)
        if self.study is not None:
            self.study.step = self.step


def study_of(config: MaxMarginConfig, seeds: tuple[int, ...], device: str) -> Study | None:
    """Return the study that a config names; None of descent."""
    if config.study == "asymptotics":
        return Asymptotics(config, seeds)
    if config.study == "mirror":
        return Mirror(config, seeds)
    if config.study == "homogeneous":
        return Homogeneous(config, seeds)
    if config.study == "convolutional":
        from engine.phenomena.max_margin.convolutional.study import Convolutional  # the only one that needs torch

        return Convolutional(config, seeds, device)
    return None
