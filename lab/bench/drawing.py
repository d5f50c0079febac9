"""Drawing of a figure against the length of its history: cost must follow the pane, not the number of points.

A frame is what the plot widget does: reduce, draw, compare with the frame before, and style the rows that changed, at
80x24. "redrawn" moves the cursor over a history that was drawn before, whose reduction is remembered. "first drawn" gives
every frame arrays that were never seen: 10^6 points are 16 MB that must be read once from memory, which alone takes longer
than a frame of 100 points, so that only the time is held to a goal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter

import numpy as np

from engine.contract import Axis, Figure, Series
from lab.bench.entry import Entry, Row, alternate
from screens.widgets.palette import Theme, style_of
from screens.widgets.plot_figure import plot
from screens.widgets.plot_request import Request
from screens.widgets.text_grid import TextGrid
from screens.widgets.text_grid_view import changed

WIDTH, HEIGHT = 80, 24
SIZES = (10**2, 10**4, 10**6)
FIGURE = Figure("loss", "Training loss", Axis("step", log=True), Axis("cross-entropy", log=True), ("loss",))


def history(points: int, seed: int) -> Series:
    """A noisy loss after so many steps."""
    step = np.arange(1, points + 1, dtype=np.float64)
    noise = np.random.default_rng(seed).normal(size=points)
    return Series("loss", "training loss", step, 2.3 * step**-0.3 * np.exp(0.1 * noise), group="train")


class Drawer:
    """Draws frames of a history of one length and returns the seconds each took."""

    def __init__(self, points: int) -> None:
        self.points = points
        self.shown = TextGrid(WIDTH, HEIGHT)
        self.kept = history(points, 0)
        self.count = 0

    def fresh(self) -> float:
        """A frame from arrays that were never seen."""
        self.count += 1
        return self._frame(history(self.points, self.count), None)

    def again(self) -> float:
        """A frame from the same arrays with the cursor elsewhere."""
        self.count += 1
        return self._frame(self.kept, 1.0 + self.count % 90)

    def _frame(self, series: Series, cursor: float | None) -> float:
        theme = Theme(groups=("train",))
        begin = perf_counter()
        grid = plot(Request.of(FIGURE, [series], cursor=cursor), WIDTH, HEIGHT, theme).grid
        for region in changed(self.shown, grid):
            for _, ink in grid.runs(region.y):
                style_of(ink)
        self.shown = grid
        return perf_counter() - begin


def measure(repeats: int) -> Sequence[Row]:
    """Frames of 10^4 and 10^6 points against frames of 10^2, with arrays drawn before and with new ones."""
    drawers = {points: Drawer(points) for points in SIZES}
    for drawer in drawers.values():
        drawer.fresh(), drawer.again()
    rows = []
    for kind, frames, goal in (("redrawn", Drawer.again, 1.5), ("first drawn", Drawer.fresh, None)):
        for points in SIZES[1:]:
            pairs = samples(drawers[SIZES[0]], drawers[points], frames, repeats)
            ratios = tuple(late / early for early, late in pairs)
            rows.append(Row(f"{points:,} points over {SIZES[0]}, {kind}", "x", ratios, goal, "lower"))
            rows.append(Row(f"{points:,} points, {kind}", "ms", tuple(1e3 * late for _, late in pairs), 10, "lower"))
    return rows


def samples(short: Drawer, long: Drawer, frames: Callable[[Drawer], float], repeats: int) -> list[tuple[float, float]]:
    """Pairs of seconds a frame takes (short history, long history), measured in alternating order, each the least of five."""
    return alternate(lambda: min(frames(short) for _ in range(5)), lambda: min(frames(long) for _ in range(5)), repeats)


ENTRIES = (Entry("drawing", "drawing a figure at 80x24 against the length of its history", measure, 9),)
