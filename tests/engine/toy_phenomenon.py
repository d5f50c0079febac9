"""A small deterministic phenomenon: stochastic gradient descent on a noisy line, with knobs that make it fail on request."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from engine.config import Config, knob
from engine.contract import Axis, Claim, Detail, DetailRow, Figure, Layer, Marker, Picture, PictureSpec, Preset, Quantity, Series, Spec
from engine.errors import Diverged, ProblemError
from engine.judging import Judgement, decided, pending
from engine.phenomenon import Phenomenon, geometric_grid
from engine.seeds import streams
from engine.state import State


class ToyConfig(Config):
    n: int = knob(20, "samples", ge=2, le=1000)
    lr: float = knob(0.05, "step size", ge=1e-4, le=10, live=True, label="learning rate", divergence=True)
    steps: int = knob(300, "steps", ge=1, le=10**9)
    grid: int = knob(0, "measure every so many steps; 0 for the geometric grid", ge=0, le=10**6)
    diverge_at: int = knob(-1, "step at which it diverges", ge=-1, le=10**9)
    crash_at: int = knob(-1, "step at which it has a defect", ge=-1, le=10**9)
    nan_at: int = knob(-1, "step from which the measured loss is NaN", ge=-1, le=10**9)
    impossible: bool = knob(False, "a problem without a solution")
    slow: float = knob(0.0, "seconds a step takes", ge=0, le=1)


SPEC = Spec(
    name="toy",
    title="Toy",
    question="Does it descend?",
    config=ToyConfig,
    presets=(Preset("quick", "quick"), Preset("long", "longer", {"steps": 1000}, seeds=2)),
    figures=(Figure("loss", "Loss", Axis("step", log=True), Axis("loss"), ("train-loss/*",)),),
    pictures=(PictureSpec("plane", "Weights"),),
    claims=(
        Claim("T1", "The line is found", "a toy", "slope 2", "0.1"),
        Claim("T2", "It holds with more seeds", "a toy", "0", "exact", presets=("long",)),
    ),
    notes="Nothing to notice.",
    references=(),
    quantities=(Quantity("train-loss", "train loss", per="seed", finite=True), Quantity("mean-loss", per="run")),
)


def line_found(toy: Toy) -> Judgement:
    if not toy.done:
        return pending(f"not by step {toy.step}", predicted=2.0)
    slope = float(toy.w[:, 0].mean())
    return decided(abs(slope - 2) <= 0.1, slope, predicted=2.0)


class Toy(Phenomenon[ToyConfig]):
    """Member i is the run of seed i alone: w (members, 2), one sample a step.

    hold_at: a step that it does not go beyond, as if it worked there for ever.
    """

    spec = SPEC
    judges: ClassVar = {"T1": line_found, "T2": line_found}
    hold_at: ClassVar[int] = -1

    def __init__(self, config: ToyConfig, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick") -> None:
        super().__init__(config, seeds, device, preset)
        if config.impossible:
            raise ProblemError("the problem has no solution: impossible is yes", "set impossible to no")
        self.total = config.steps
        self.streams = [streams(seed) for seed in seeds]
        x = np.stack([s.data.standard_normal(config.n) for s in self.streams])  # (members, n)
        self.X = np.stack([x, np.ones_like(x)], axis=-1)  # (members, n, 2)
        noise = np.stack([s.noise.standard_normal(config.n) for s in self.streams])
        self.y = 2 * x - 1 + 0.01 * noise  # (members, n)
        self.w = np.stack([s.init.standard_normal(2) for s in self.streams])  # (members, 2)
        steps = np.arange(0, config.steps + config.grid, config.grid) if config.grid else geometric_grid(config.steps)
        self.grid = np.minimum(steps, config.steps)

    def advance(self, budget: float) -> None:
        deadline = time.monotonic() + budget
        while not self.due() and time.monotonic() < deadline:
            if self.step == self.hold_at:
                time.sleep(0.001)
                return
            self.descend()

    def descend(self) -> None:
        if self.config.slow:
            time.sleep(self.config.slow)
        pick = np.array([s.order.integers(self.config.n) for s in self.streams])
        members = np.arange(len(self.seeds))
        x, y = self.X[members, pick], self.y[members, pick]  # (members, 2), (members,)
        self.w -= self.config.lr * ((self.w * x).sum(-1) - y)[:, None] * x
        self.step += 1
        if self.step == self.config.diverge_at:
            raise Diverged(f"the loss left the finite numbers at step {self.step}")
        if self.step == self.config.crash_at:
            raise ValueError("a defect\nwith two lines")

    def measure(self) -> dict[str, Any]:
        residual = (self.X @ self.w[:, :, None])[..., 0] - self.y  # (members, n)
        loss = (residual**2).mean(1)
        if 0 <= self.config.nan_at <= self.step:
            loss = np.full_like(loss, np.nan)
        return {"train-loss": loss, "mean-loss": loss.mean(), "slope": self.w[:, 0], "odd": [np.inf, -np.inf, np.nan, -0.0, 0.1]}

    def series(self) -> tuple[Series, ...]:
        steps, loss = self.history.column("train-loss")
        return tuple(
            Series(f"train-loss/{seed}", f"seed {seed}", steps, loss[:, i], group="sgd") for i, seed in enumerate(self.seeds) if len(loss)
        )

    def pictures(self) -> tuple[Picture, ...]:
        path = Layer("points", self.w.copy(), "weights", "weights")
        return (Picture("plane", "Weights", np.round(self.w, 3), (path,), extent=(-3.0, 3.0, -3.0, 3.0)),)

    def markers(self) -> tuple[Marker, ...]:
        return (Marker("loss", "y", 0.0, "zero", "zero"),)

    def details(self) -> tuple[Detail, ...]:
        row = DetailRow("seed 0", float(self.w[0, 0]), "near", "good", constants={"n": self.config.n})
        return (Detail("slope", "w_0", (row,)),)

    def arrays(self) -> dict[str, Any]:
        return {"X": self.X, "y": self.y, "w": self.w}

    def state(self) -> State:
        return State({"w": self.w}, {"streams": [s.state() for s in self.streams]})

    def restore(self, state: State) -> None:
        self.w = state.arrays["w"].copy()
        for stream, saved in zip(self.streams, state.scalars["streams"], strict=True):
            stream.restore(saved)


class InstantToy(Toy):
    """The same, declared instant: it runs without torch."""

    spec = replace(SPEC, name="instant-toy", instant=True)


def reference(seeds: tuple[int, ...], turned: Mapping[int, float] | None = None, **knobs: Any) -> list[tuple[int, list[float]]]:
    """The toy computed without a runner, one step at a time: (step, train-loss) of every measurement.

    turned: the learning rate from a step on, by step.
    """
    toy = InstantToy(ToyConfig(**knobs), seeds)
    grid, found = set(toy.grid.tolist()), []
    while True:
        if toy.step in (turned or {}):
            toy.set_knob("lr", turned[toy.step])
        if toy.step in grid:
            found.append((toy.step, toy.measure()["train-loss"].tolist()))
        if toy.step == toy.total:
            return found
        toy.descend()
