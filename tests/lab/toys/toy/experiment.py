"""Toy decay: numbers that lose a share of themselves at every step."""

import time
from typing import ClassVar

import numpy as np

from engine.contract import Detail, DetailRow, Marker, Picture, Series
from engine.errors import DataError, Diverged, ProblemError
from engine.judging import PENDING, decided
from engine.phenomenon import Training, geometric_grid
from engine.readings import first_reached
from engine.scalars import absent, event, found
from engine.state import State
from toy import SPEC
from toy.config import ToyConfig


def _halved(run):
    left = float(run.values[0] / (1 + run.seeds[0]))
    return decided(left <= 0.5, left, predicted=0.5) if run.step > 5 else PENDING


def _three_seeds(run):
    return decided(len(run.seeds) == 3, len(run.seeds), predicted=3)


def _half_step(run):
    steps, values = run.history.column("value")
    return event(first_reached(steps, -values, -values[0] / 2), run.done, run.total)


def _share_of_seeds(run):
    return found(1.0) if len(run.seeds) == 3 else absent("needs three seeds")


class Toy(Training[ToyConfig]):
    spec = SPEC
    judges: ClassVar = {"T1": _halved, "T2": _three_seeds}
    readers: ClassVar = {
        "last_value": lambda run: found(run.history.records[-1]["value"]), "half_step": _half_step, "share_of_seeds": _share_of_seeds,
    }  # fmt: skip

    def __init__(self, config, seeds, device="cpu", preset="quick"):
        super().__init__(config, seeds, device, preset)
        if config.mode == "impossible":
            raise ProblemError("mode impossible has no solution", "set mode plain")
        if config.mode == "missing":
            raise DataError("the numbers are not here", "fetch them")
        self.total = config.steps
        self.grid = geometric_grid(self.total)
        self.values = np.array([1.0 + seed for seed in seeds])

    def train(self, target, budget):
        if self.step >= self.total // 2 and self.config.mode == "diverging":
            raise Diverged(f"the value left the numbers at step {self.step}", "lower rate")
        if self.step >= self.total // 2 and self.config.mode == "broken":
            raise ZeroDivisionError("a defect")
        step, end = self.step, time.monotonic() + budget
        while step < target and time.monotonic() < end:
            self.values = self.values * (1 - self.config.rate)
            step += 1
            time.sleep(self.config.pause)
        return step

    def measure(self):
        return {"value": self.values.tolist(), "half": float("nan"), "mean": float(self.values.mean())}

    def series(self):
        steps, values = self.history.column("value")
        curves = tuple(
            Series(f"value/{seed}", f"seed {seed}", steps, values[:, index], group=f"seed {seed}")
            for index, seed in enumerate(self.seeds)
            if len(steps)
        )
        law = (1 + self.seeds[0]) * (1 - self.config.rate) ** steps
        return (*curves, Series("law", "law", steps, law, lo=law * 0.9, hi=law * 1.1, kind="theory", basis="exact"))

    def pictures(self):
        return (Picture("grid/all", "Grid", np.arange(12.0).reshape(3, 4)),)

    def markers(self):
        return (Marker("decay", "y", 0.5, "half"),)

    def details(self):
        rate = self.config.rate
        return (Detail("Bound on the number", "value = (1 - rate)^t", (DetailRow("seed 0", 0.25, "met", constants={"rate": rate}),)),)

    def arrays(self):
        return {"w": self.values}

    def parts(self):
        return {"numbers": _Numbers(self)}


class _Numbers:
    """The numbers, as a part that saves and restores itself."""

    def __init__(self, toy):
        self.toy = toy

    def state(self):
        return State({"values": self.toy.values}, {})

    def restore(self, state):
        self.toy.values = state.arrays["values"]
