"""Curves over p: of one draw, a piece at a time; of many, kept whole for quantiles or summed for means; their peak and valleys."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np

from engine.phenomena.double_descent.model import Draw, Model, Whole
from engine.seeds import Streams
from engine.state import State
from engine.theory.inputs import Floats
from engine.theory.linear_models.nested import nested_steps
from engine.theory.linear_models.nested_curves import NestedCurves
from engine.theory.linear_models.nested_ridge import ridge_steps

Kind = Literal["zero", "small", "best"]  # ridge: none, one for all p, the best at every p
KINDS: tuple[Kind, ...] = ("zero", "small", "best")
Curves = dict[str, Floats]
T = TypeVar("T")


@dataclass(frozen=True)
class Ridges:
    """Ridges of a run over p (k,). constant: one for all p; best: (L, k), of which the best is taken at each p."""

    p: Whole
    constant: float
    best: Floats


def ridgeless(model: Model, streams: Streams) -> Generator[None, None, tuple[Draw, NestedCurves, Curves]]:
    """Make a draw and fit it at every p = 0..D: the draw, the curves of all its outputs, and `zero/test` and so on, (D+1,), by name."""
    draw = model.draw(streams)
    every = yield from pieces(nested_steps(draw.X, draw.Y, draw.b, draw.test))
    return draw, every, {f"zero/{name}": values for name, values in model.read(every).items()}


def with_ridges(model: Model, ridges: Ridges, draw: Draw) -> Generator[None, None, Curves]:
    """Fit a draw with each ridge in turn: `small/test` and so on, (1, k), and `best/test`, (L, k), by name."""
    alone, found = draw.alone(), Curves()
    for kind, ladder in (("small", np.full((1, ridges.p.size), ridges.constant)), ("best", ridges.best)):
        rungs = []
        for rung in ladder:
            fits = yield from pieces(ridge_steps(alone.X, alone.Y, ridges.p, rung, alone.b, alone.test))
            rungs.append(model.read(fits))
        found |= {f"{kind}/{name}": np.stack([curves[name] for curves in rungs]) for name in model.quantities}
    return found


def pieces(steps: Iterator[tuple[int, NestedCurves]]) -> Generator[None, None, NestedCurves]:
    """Pause after every piece of a curve, and return it whole."""
    for _, curves in steps:  # noqa: B007  every piece shows the same curves
        yield
    return curves


def finished(work: Generator[None, None, T]) -> T:
    """Do work that pauses to its end, and return what it gives."""
    while True:
        try:
            next(work)
        except StopIteration as stop:
            value: T = stop.value
            return value


class Tally:
    """Curves of the draws so far, by name."""

    def __init__(self) -> None:
        self._kept: dict[str, list[Floats]] = {}
        self._sums: dict[str, Floats] = {}  # (2, k): sums and sums of squares

    @property
    def count(self) -> int:
        """How many draws there are."""
        return max(map(len, self._kept.values()), default=0)

    def add(self, kept: Mapping[str, Floats], summed: Mapping[str, Floats]) -> None:
        """Take in one draw."""
        for name, values in kept.items():
            self._kept.setdefault(name, []).append(np.array(values))
        for name, values in summed.items():
            both = np.stack([values, values**2])
            self._sums[name] = self._sums[name] + both if name in self._sums else both

    def stack(self, name: str) -> Floats:
        """Return the kept curves, (draws, ...)."""
        return np.stack(self._kept[name])

    def has(self, name: str) -> bool:
        """Whether curves of this name were kept."""
        return name in self._kept

    def best(self, kind: str, name: str) -> Floats:
        """Return a quantity of a ridge's curves, (draws, k): at each p the rung of least mean test MSE."""
        tested = self.stack(f"{kind}/test")  # (draws, L, k)
        rung = tested.mean(0).argmin(0)
        return self.stack(f"{kind}/{name}")[:, rung, np.arange(rung.size)]

    def mean(self, name: str) -> tuple[Floats, Floats]:
        """Return mean and standard error of summed curves, (k,) each; the error of one draw is infinite."""
        total, squares = self._sums[name] / self.count
        if self.count == 1:
            return total, np.full_like(total, np.inf)
        return total, np.sqrt(np.maximum(squares - total**2, 0) / (self.count - 1))

    def state(self) -> State:
        """Return everything, to be stored."""
        kept, sums = {name: self.stack(name) for name in self._kept}, dict(self._sums)
        return State.of({"kept": State(kept, {}), "sums": State(sums, {})})

    def restore(self, state: State) -> None:
        """Take up what `state` returned."""
        self._kept = {name: list(values.copy()) for name, values in state.part("kept").arrays.items()}
        self._sums = {name: values.copy() for name, values in state.part("sums").arrays.items()}


@dataclass(frozen=True)
class Valleys:
    """Places and heights. A side without points has place and height NaN, and nothing can be said of the lower valley."""

    peak: float
    height: float
    first: float
    first_low: float
    second: float
    second_low: float

    @property
    def second_below(self) -> bool | None:
        """Whether the minimum beyond the threshold is the lower one."""
        lows = (self.first_low, self.second_low)
        return None if np.isnan(lows).any() else self.second_low < self.first_low


def valleys(p: Floats, curve: Floats, n: float) -> Valleys:
    """Return peak and valleys of a curve over p (k,), with the threshold at n; infinite and NaN entries are no valleys."""
    tall = np.where(np.isnan(curve), -np.inf, curve)
    tops = np.flatnonzero(tall == tall.max())
    top = int(tops[len(tops) // 2])  # the middle of where it is infinite
    sides = [_lowest(p, curve, (p < n) if side < 0 else (p > n)) for side in (-1, 1)]
    return Valleys(float(p[top]), float(curve[top]), *sides[0], *sides[1])


def _lowest(p: Floats, curve: Floats, side: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> tuple[float, float]:
    usable = side & np.isfinite(curve)
    if not usable.any():
        return float("nan"), float("nan")
    at = int(np.where(usable, curve, np.inf).argmin())
    return float(p[at]), float(curve[at])
