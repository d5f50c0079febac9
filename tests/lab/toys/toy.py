"""Toy decay: does a number halve?

A phenomenon for the tests of the command line: exact, instant, and willing to diverge, break or dawdle.
Order: 1
"""

import time
from typing import Literal

import numpy as np

from engine.contract import Axis, Claim, Config, Figure, Marker, Picture, PictureSpec, Preset, Series, Spec, Verdict, knob
from engine.errors import Diverged, ProblemError
from engine.phenomenon import Phenomenon, geometric_grid
from engine.state import State


class ToyConfig(Config):
    steps: int = knob(200, "Steps to take.", ge=1, le=10**9, unit="steps", log=True)
    rate: float = knob(0.1, "What a step takes away.", ge=0, le=1, live=True, label="decay rate")
    mode: Literal["plain", "diverging", "broken", "impossible"] = knob("plain", "What happens half way.")
    pause: float = knob(0.0, "Seconds a step sleeps.", ge=0, le=1)
    widths: tuple[int, ...] = knob((1, 2), "A list.", ge=1, le=64)
    extra: bool = knob(False, "A switch.")


class Toy(Phenomenon):
    spec = Spec(
        name="toy",
        title="Toy decay",
        question="Does a number halve?",
        config=ToyConfig,
        presets=(
            Preset("quick", "at once"),
            Preset("standard", "longer", {"steps": 400}, seeds=3),
            Preset("short", "too short to decide", {"steps": 2}),
        ),
        figures=(Figure("decay", "Decay", Axis("step", log=True), Axis("value", unit="units"), ("value/*", "law")),),
        pictures=(PictureSpec("grid/all", "Grid"),),
        claims=(
            Claim("T1", "The number halves", "nobody 1900", "0.5", "below", ()),
            Claim("T2", "It takes three seeds", "nobody 1901", "3", "exact", ("standard",)),
        ),
        notes="Watch the number.",
        references=("nobody 1900",),
    )

    def __init__(self, config, seeds, device="cpu", preset="quick"):
        super().__init__(config, seeds, device, preset)
        if config.mode == "impossible":
            raise ProblemError("mode impossible has no solution", "set mode plain")
        self.total = config.steps
        self.grid = set(geometric_grid(self.total).tolist())
        self.values = np.array([1.0 + seed for seed in seeds])
        self.measured = -1

    def advance(self, budget):
        if self.step >= self.total // 2 and self.config.mode == "diverging":
            raise Diverged(f"the value left the numbers at step {self.step}", "lower rate")
        if self.step >= self.total // 2 and self.config.mode == "broken":
            raise ZeroDivisionError("a defect")
        end = time.monotonic() + budget
        while self.step < self.total and time.monotonic() < end:
            self.values = self.values * (1 - self.config.rate)
            self.step += 1
            time.sleep(self.config.pause)
            if self.due():
                return

    def due(self):
        return self.step in self.grid and self.step > self.measured

    def measure(self):
        self.measured = self.step
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

    def verdicts(self):
        made = []
        for claim, ready in self.claims():
            left = float(self.values[0] / (1 + self.seeds[0]))
            seeds = Verdict(claim, 3, len(self.seeds), len(self.seeds) == 3)
            decided = Verdict(claim, 0.5, left, (left <= 0.5) if self.step > 5 else None)
            made.append(ready or (decided if claim.id == "T1" else seeds))
        return tuple(made)

    def arrays(self):
        return {"w": self.values}

    def state(self):
        return State({"values": self.values}, {"step": self.step, "measured": self.measured})

    def restore(self, state):
        self.values, self.step, self.measured = state.arrays["values"], state.scalars["step"], state.scalars["measured"]
