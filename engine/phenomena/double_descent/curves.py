"""The curves of one draw, a piece at a time, and of many: kept whole where quantiles are wanted, summed where a mean will do."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.phenomena.double_descent.model import Draw, Model, Whole
from engine.seeds import Streams
from engine.theory.inputs import Floats
from engine.theory.linear_models.draw_statistics import mean_and_error
from engine.theory.linear_models.nested import nested_steps
from engine.theory.linear_models.nested_curves import NestedCurves
from engine.theory.linear_models.nested_ridge import ridge_steps

Curves = dict[str, Floats]


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


class Tally:
    """Curves of the draws so far, by name."""

    def __init__(self) -> None:
        self.count = 0
        self._kept: dict[str, list[Floats]] = {}
        self._sums: dict[str, Floats] = {}  # (2, k): sums and sums of squares

    def add(self, kept: Mapping[str, Floats], summed: Mapping[str, Floats]) -> None:
        """Take in one draw."""
        self.count += 1
        for name, values in kept.items():
            self._kept.setdefault(name, []).append(np.array(values))
        for name, values in summed.items():
            both = np.stack([values, values**2])
            self._sums[name] = both if self.count == 1 else self._sums[name] + both

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
        """Return mean and standard error of summed or kept curves, (k,) each; the error of one draw is infinite."""
        if name in self._kept:
            return mean_and_error(self.stack(name))
        total, squares = self._sums[name] / self.count
        if self.count == 1:
            return total, np.full_like(total, np.inf)
        return total, np.sqrt(np.maximum(squares - total**2, 0) / (self.count - 1))

    def arrays(self, prefix: str) -> dict[str, NDArray[np.float64]]:
        """Return everything, to be stored."""
        found = {f"{prefix}kept/{name}": self.stack(name) for name in self._kept}
        return {
            **found,
            **{f"{prefix}sums/{name}": values for name, values in self._sums.items()},
            f"{prefix}count": np.array(float(self.count)),
        }

    def restore(self, arrays: Mapping[str, NDArray[np.float64]], prefix: str) -> None:
        """Take up what `arrays` returned."""
        self.count = int(arrays[f"{prefix}count"])
        for name, values in arrays.items():
            if name.startswith(f"{prefix}kept/"):
                self._kept[name.removeprefix(f"{prefix}kept/")] = list(values.copy())
            elif name.startswith(f"{prefix}sums/"):
                self._sums[name.removeprefix(f"{prefix}sums/")] = values.copy()
