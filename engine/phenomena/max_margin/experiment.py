"""The work of a run, in pieces of a few milliseconds: the chosen problem's flow first, the reference sets, then true steps.

Seeds draw the problem anew; each has its own SVM, flow and optimisers. The reference sets (four points, Soudry's, gauss 40x10)
come from the first seed and are what the claims about them are tested on, whatever the chosen data are.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.max_margin.lanes import LABELS, SHARE, Lane
from engine.phenomena.max_margin.problems import Wanted, make
from engine.phenomena.max_margin.solved import Solved, times
from engine.phenomenon import geometric_grid
from engine.state import State
from engine.theory.inputs import require
from engine.theory.margins.logistic_descent import logistic_step_limit

REFERENCE = (Wanted("four-point"), Wanted("soudry"), Wanted("gauss"))
COMPARED = 200_000  # step at which descent is compared with the flow (MM7)


class Experiment:
    """Everything that is computed.

    Attributes:
        main: what is solved so far, one per seed. reference: by data set. lanes: seed by seed, in the order of `LABELS`.
        step: steps that every lane has made, as far as it goes. grid: the measured ones.
    """

    def __init__(self, wanted: Wanted, seeds: tuple[int, ...], eta: float, decades: int, gd_steps: int, adam_eps: float) -> None:
        require(eta > 0, f"the step size must be positive, got {eta:g}: with 0 nothing moves", "eta is in units of 8/s_max^2")
        self.problems = [make(wanted, seed) for seed in seeds]
        self.eta, self.decades, self.adam_eps = eta, decades, adam_eps
        self.main: list[Solved] = []
        self.reference: dict[str, Solved] = {}
        self.lanes: list[Lane] = []
        self.step = 0
        self.grid: NDArray[np.int64] = geometric_grid(gd_steps, 10)
        self.grid = np.unique(np.append(self.grid, [COMPARED] if gd_steps >= COMPARED else []).astype(np.int64))
        self.last = gd_steps
        first = min(np.log10(eta * logistic_step_limit(problem.svm.Z)) for problem in self.problems)
        self.log_s = times(min(0.0, float(first)), decades)
        self._done = False
        self._pieces = self._work()

    @property
    def wanted(self) -> Wanted:
        """The chosen problem."""
        return self.problems[0].wanted

    @property
    def prepared(self) -> bool:
        """Whether every flow is there and optimisers can start."""
        return bool(self.lanes)

    @property
    def done(self) -> bool:
        """Whether nothing is left to compute."""
        return self._done

    def piece(self) -> None:
        """Do the next piece of work."""
        self._done = next(self._pieces, None) is None

    def named(self, name: str) -> list[Lane]:
        """The lanes of one optimiser, one per seed."""
        return [lane for lane in self.lanes if lane.name == name]

    def _work(self) -> Iterator[bool]:
        for problem in self.problems[len(self.main) :]:
            self.main.append(Solved(problem, self.log_s))
            yield True
        for wanted in REFERENCE:
            if wanted.data not in self.reference:
                self.reference[wanted.data] = self._reference(wanted)
                yield True
        for solved in (*self.main, *self.reference.values()):
            _ = solved.second_route
            yield True
        if not self.lanes:
            self._line_up()
            yield True
        for target in self.grid[self.grid > self.step].tolist():
            for lane in self.lanes:
                while not lane.toward(target):
                    yield True
            self.step = target
            yield True

    def _reference(self, wanted: Wanted) -> Solved:
        if wanted.same(self.wanted):
            return self.main[0]
        return Solved(make(wanted, self.problems[0].seed), times(0.0, self.decades))

    def _line_up(self) -> None:
        for solved in self.main:
            for name in LABELS:
                last = self.last if name == "gd" else self.last // SHARE
                self.lanes.append(Lane(name, solved, last, self.eta, self.adam_eps))

    # ------------------------------------------------------------ storage

    def state(self) -> State:
        """Return the optimisers; flows are computed again from the seeds."""
        arrays, scalars = {}, []
        for index, lane in enumerate(self.lanes):
            saved = lane.state()
            arrays.update({f"{index}-{name}": values for name, values in saved.arrays.items()})
            scalars.append(saved.scalars)
        return State(arrays, {"step": self.step, "lanes": scalars})

    def restore(self, state: State) -> None:
        """Take up the optimisers where they were."""
        if not state.scalars["lanes"]:
            return
        while not self.prepared:
            self.piece()
        for index, (lane, scalars) in enumerate(zip(self.lanes, state.scalars["lanes"], strict=True)):
            own = {name.partition("-")[2]: values for name, values in state.arrays.items() if name.partition("-")[0] == str(index)}
            lane.restore(own, scalars)
        self.step = int(state.scalars["step"])
        self._pieces = self._work()
        self._done = self.step >= self.last
