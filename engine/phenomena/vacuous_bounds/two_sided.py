"""The linear example over D/m, and its picture: Nagarajan, Kolter 2019, arXiv:1902.04742, Theorem 3.1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.contract import Layer, Picture, Series
from engine.phenomena.vacuous_bounds.claims import SUFFICES, TOO_FEW
from engine.phenomena.vacuous_bounds.nagarajan_kolter import TwoSided, draw_two_sided
from engine.seeds import streams

RATIOS = tuple(2**k for k in range(4, 13))  # 16 .. 4096
DRAW = 6
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ladder:
    """The example at every D/m for every seed: errors (seeds, 2), test error given w2 and error on S'."""

    samples: int
    errors: dict[int, Floats]
    shown: TwoSided

    @staticmethod
    def draw(samples: int, ratio: int, seeds: Sequence[int]) -> Ladder:
        """Draw the ladder and, for the picture, the first seed at the chosen D/m."""
        rungs = sorted({*RATIOS, ratio, SUFFICES, TOO_FEW})
        drawn = {rung: [draw_two_sided(samples, rung * samples, streams(seed, DRAW).data) for seed in seeds] for rung in rungs}
        errors = {rung: np.array([[one.test_error, one.flipped_error] for one in each]) for rung, each in drawn.items()}
        return Ladder(samples, errors, drawn[ratio][0])

    def series(self) -> tuple[Series, Series]:
        """Test error and error on S' against D/m: means over seeds with their range."""
        x = np.array(list(self.errors), dtype=np.float64)
        table = np.stack(list(self.errors.values()))  # (rungs, seeds, 2)
        band = f"range of {table.shape[1]} seeds" if table.shape[1] > 1 else ""
        low, high = (table.min(1), table.max(1)) if band else (None, None)
        mean, names = table.mean(1), (("test-error", "test error, exact given w2"), ("flipped", "error on S'"))

        def curve(k: int) -> Series:
            plain = Series(f"two-sided/{names[k][0]}", names[k][1], x, mean[:, k], basis="exact", group=names[k][0])
            return plain if low is None or high is None else replace(plain, lo=low[:, k], hi=high[:, k], band=band)

        return curve(0), curve(1)

    def picture(self) -> Picture:
        """S and S' in the plane of the two parts of the classifier's output, with the boundary where they cancel."""
        sample, flipped = self.shown.plane
        reach = 1.1 * float(np.abs(sample).max())
        side = 1.1 * float(np.abs(sample[:, 0]).max())
        boundary = np.array([[-side, side], [side, -side]])
        note = f"D/m = {self.shown.dimensions // self.samples}: error on S {self.shown.train_error:g}, on S' {self.shown.flipped_error:g}"
        layers = (
            Layer("line", boundary, "boundary", "boundary"),
            Layer("points", sample, "S", "test-error"),
            Layer("points", flipped, "S', x2 negated", "flipped"),
        )
        return Picture("two-sided-plane", "S and S'", layers=layers, extent=(-side, side, -reach, reach), x="w1.x1", y="w2.x2", note=note)
