"""A tour of three stops over the made-up phenomenon, one for each kind of question, with canned runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.contract import LabError, Phase, Series, Session, Snapshot, Spec
from engine.contract.tour import Choice, Found, Number, Sketch, Stop, Undecided, Visit
from tests.screens.canned import SPEC, CannedRuns, CannedSession, canned

SKETCH = Sketch((1.0, 10.0, 100.0, 300.0), 0.01, 1.0, 0.1, near=2.0)
LONG = "Labels are drawn at random, and the network is trained on them as on true ones, with the same step size and the same batches. "
EXPLAINED = (
    "One network can do both. What tells the two apart is not the class of functions, but what training finds in the data at hand. " * 2
)


def curve(snapshot: Snapshot) -> Found:
    """The loss on random labels at the handles."""
    return Found(Series("found", "found", np.array(SKETCH.at), np.array([0.5, 0.4, 0.1, 0.02])), "The loss ends at 0.02.")


def option(snapshot: Snapshot) -> Found:
    """The second option, once no seed is 0."""
    if snapshot.seeds == (0,) and snapshot.config["n"] == 99_999:
        raise Undecided("seed 0 says nothing")
    return Found(1, "The training accuracy ends at 100 %.")


STOPS = (
    Stop("choice", "Random labels", "definition", "canned", "train-accuracy", f"{LONG}n = {{n}}.", "What becomes of the training accuracy?",
         Choice(("It stays at chance", "It reaches 1", "It reaches a half")), option, EXPLAINED, "R <= Rhat + sqrt(V/n)", ("RL1", "RL2"),
         given=("train/true",)),
    Stop("number", "Time to fit", "theorem", "canned", "test-error", LONG,
         "At which step does the test error fall below 20 %?", Number("step", 1, 1e4, 2.0, unit="steps", axis="x"),
         lambda snapshot: Found(120.0, "It does at step 120.", 100.0, 130.0), EXPLAINED, "t ~ log n", ("RL4",)),
    Stop("sketch", "The loss", "exercise 1", "canned", "train-loss", LONG, "Draw the training loss against the step.", SKETCH, curve,
         EXPLAINED, "L(t) = L_0 exp(-t/tau)", ("RL3",), shown=("loss/random",)),
)  # fmt: skip


class CannedTour:
    """Implements `screens.application.Tour` without a runner and without a disk."""

    def __init__(self, session: CannedSession | None = None, visits: Mapping[str, Visit] | None = None, problem: str = "") -> None:
        self.stops: Sequence[Stop] = STOPS
        self.session = session if session is not None else CannedSession(finished())
        self.visits: dict[str, Visit] = dict(visits or {})
        self.problem = problem
        self.arrived: list[int] = []
        self.prepared: list[int] = []
        self.stored: list[int] = []
        self.refusal: LabError | None = None

    def first(self) -> int:
        return 0

    def arrive(self, place: int) -> tuple[Spec, Session]:
        if self.refusal is not None:
            raise self.refusal
        self.arrived.append(place)
        return SPEC, self.session

    def prepare(self, place: int) -> None:
        self.prepared.append(place)

    def record(self, place: int, visit: Visit) -> None:
        self.visits[self.stops[place].name] = visit

    def store(self, place: int) -> str:
        if self.refusal is not None:
            raise self.refusal
        self.stored.append(place)
        return "Stored; see it with: genlab show canned-quick-s0"


class TouringRuns(CannedRuns):
    """Canned runs with a canned tour."""

    def __init__(self, tour: CannedTour, count: int = 10) -> None:
        super().__init__(count)
        self.guide = tour

    def tour(self) -> CannedTour:
        return self.guide


def finished(**changes: Any) -> Snapshot:
    """A run that is over."""
    return canned(600, Phase.FINISHED, **changes)
