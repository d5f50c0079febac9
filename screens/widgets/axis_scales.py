"""Axes: how data become positions, and which window is shown. Ticks are in `plot_ticks`."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.contract import Axis

Floats = NDArray[np.float64]
LARGEST = 1e300  # beyond it differences overflow: such values count as not finite
FAR = 1e9  # windows away from the visible one, where positions are cut
NARROWEST = 1e-280  # windows that are narrower count as empty
LEAST_EVEN = 7  # rows from which ticks are put at equal distances
WIDEST = 1.5  # how much wider an axis may become for that
MOST = 3.0  # rows, of many a tenth of all, by which an end that is declared may move for that
LITTLE = 1.25  # how much wider an axis becomes rather than have few labels: a log axis at every second decade only
SPARSE = 5  # rows between two labels from which they are few
HIGH = 20  # rows of an axis that would look crowded with a label in every second one
LOWER = 3  # rows of which the lower end may take up what would be too much for the upper one
SMALLEST = 1e-300  # below it a log axis would need denormal numbers: such values count as not positive


@dataclass(frozen=True)
class Scale:
    """The window of one axis: lo < hi in data, both positive on a log axis."""

    lo: float
    hi: float
    log: bool = False

    def unit(self, values: Floats) -> Floats:
        """Return where data lie: 0 at lo, 1 at hi, cut far outside. On a log axis what is not positive is NaN."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            if self.log:
                low, high = math.log10(self.lo), math.log10(self.hi)
                share = (np.log10(values) - low) / (high - low)
            else:
                share = (values - self.lo) / (self.hi - self.lo)
            return np.asarray(np.where(values > 0, share, np.nan) if self.log else share).clip(-FAR, FAR)

    def data(self, unit: Floats) -> Floats:
        """Return the data at positions: the inverse of `unit`."""
        if not self.log:
            return np.asarray(self.lo + unit * (self.hi - self.lo))
        low, high = math.log10(self.lo), math.log10(self.hi)
        return np.asarray(10.0 ** np.clip(low + unit * (high - low), -300, 300))

    def cells(self, values: Floats, count: int) -> Floats:
        """Return which of `count` cells data fall into; lo is in the first and hi in the last one."""
        return np.asarray(np.floor(0.5 + (count - 1) * self.unit(values)))

    def edges(self, count: int) -> Floats:
        """Return the `count` + 1 data at which the cells of `cells` meet."""
        return self.data((np.arange(count + 1) - 0.5) / max(1, count - 1))

    def cell(self, value: float, count: int, dots: int = 1) -> int | None:
        """Return the cell of one value, or None if it is not in the window; dots: in which a cell of text is divided."""
        if not math.isfinite(value) or (self.log and value < SMALLEST):
            return None
        at = float(self.text_cells(np.array([value]), count, dots)[0])
        return int(at) if 0 <= at < count else None

    def text_cells(self, values: Floats, count: int, dots: int) -> Floats:
        """Return which of `count` cells of text hold the dots of data: what is said of a value stands in the cell where it is drawn."""
        return np.asarray(np.floor(self.cells(values, count * dots) / dots))


@dataclass(frozen=True)
class ViewWindow:
    """The part of a figure that is looked at, in data; None follows the data."""

    x0: float | None = None
    x1: float | None = None
    y0: float | None = None
    y1: float | None = None

    def zoomed_x(self, x: Scale, factor: float, about: float | None = None) -> ViewWindow:
        """Return a window whose x is `factor` times as near (below 1: farther) about the middle, or about `about` where that is seen."""
        ends = _zoomed(x, factor, about)
        return replace(self, x0=ends[0], x1=ends[1]) if _drawable(*ends) else self

    def zoomed_y(self, y: Scale, factor: float, about: float | None = None) -> ViewWindow:
        """Return a window whose y is `factor` times as near (below 1: farther) about the middle, or about `about` where that is seen."""
        ends = _zoomed(y, factor, about)
        return replace(self, y0=ends[0], y1=ends[1]) if _drawable(*ends) else self

    def panned(self, x: Scale, y: Scale, right: float = 0.0, up: float = 0.0) -> ViewWindow:
        """Return a window moved by shares of its own width and height."""
        window = self._moved(x, y, (right, 1 + right), (up, 1 + up))
        if not up:
            window = replace(window, y0=self.y0, y1=self.y1)
        return replace(window, x0=self.x0, x1=self.x1) if not right else window

    def _moved(self, x: Scale, y: Scale, across: tuple[float, float], along: tuple[float, float]) -> ViewWindow:
        x0, x1 = map(float, x.data(np.array(across)))
        y0, y1 = map(float, y.data(np.array(along)))
        window = ViewWindow(x0, x1, y0, y1)
        return window if _drawable(x0, x1) and _drawable(y0, y1) else self


def _zoomed(scale: Scale, factor: float, about: float | None) -> tuple[float, float]:
    centre = float(scale.unit(np.array([about]))[0]) if about is not None else 0.5
    centre = centre if math.isfinite(centre) and 0 <= centre <= 1 else 0.5
    lo, hi = map(float, scale.data(np.array([centre - centre / factor, centre + (1 - centre) / factor])))
    return lo, hi


def _drawable(lo: float, hi: float) -> bool:
    """Whether float64 tells enough points between two numbers apart, and none is beyond the range of drawing."""
    return -LARGEST < lo < hi < LARGEST and hi - lo > max(1e-12 * max(abs(lo), abs(hi)), NARROWEST)


def fit_scale(axis: Axis, log: bool, low: float, high: float, view: tuple[float | None, float | None] = (None, None)) -> Scale:
    """Return the scale of an axis.

    Each end is the first of these that is given and can be drawn: the view, the axis' own range, the data's range
    (low, high; NaN without data) widened to a round number, so that a growing curve rarely moves the axis.
    """
    low, high = _spread(low, high, log)
    wide_low, wide_high = _round_out(low, high, log)
    ends = [_first(view[0], axis.lo, wide_low, log), _first(view[1], axis.hi, wide_high, log)]
    if not _drawable(*ends):
        ends = [wide_low, wide_high]
    return Scale(ends[0], ends[1], log)


def rows_apart(rows: int) -> int:
    """Return how far labels stand apart at least: one row in a figure of 3, two in one that has some, three in a high one."""
    return 1 if rows < 4 else 2 if rows < HIGH else 3


@lru_cache(maxsize=1024)  # asked again with every repaint
def even_scale(scale: Scale, rows: int, free: tuple[bool, bool], dots: int = 1) -> Scale:
    """Return a scale whose ends are moved outward, so that steps of ticks are whole numbers of rows and each stands in the middle of one.

    Then ticks have equal distances, and what is drawn at a tick's value lies beside it. Of all that fit the least widened one is
    taken that has not few labels; where none does, or an end that is not free would leave it, the scale stays as it is. On a log axis
    steps are decades, few of them before a narrow scale. dots: rows of dots in each of the `rows`. free: which end may be moved; one
    that is declared moves by MOST rows, and to no other label where that can be.
    """
    if rows < LEAST_EVEN:
        return scale
    lo, hi = (math.log10(scale.lo), math.log10(scale.hi)) if scale.log else (scale.lo, scale.hi)
    span = hi - lo
    if scale.log:
        steps = tuple(float(step) for step in (1, 2, 3, 5, 10, 20, 50, 100) if 2 * step <= span)
    else:
        least = nice_step(span / 20)
        steps = (least, nice_step(1.5 * least), nice_step(3 * least), nice_step(6 * least))
    shapes = [(step, each, below) for step in steps for each in range(2, (rows - 1) // 2 + 1) for below in range(LOWER + 1)]
    moved = [(shape, _moved(lo, hi, rows, *shape, free, dots)) for shape in shapes]
    most = math.log10(LARGEST) if scale.log else LARGEST
    about_0 = not scale.log and abs(lo + hi) < 1e-6 * span  # then it stays so, as far as rows let it
    fitting = [
        (
            ends[0],
            about_0 and abs(ends[1] + ends[2]) > 1.3 * (ends[2] - ends[1]) / rows,
            each > SPARSE or wider > LITTLE,
            step if scale.log and wider <= LITTLE else math.inf,
            wider,
            below,
            *ends[1:],
        )
        for (step, each, below), ends in moved
        if ends is not None and ends[2] < most and (wider := round((ends[2] - ends[1]) / span, 9)) <= WIDEST
    ]
    if not fitting:
        return scale
    *_, low, high = min(fitting)
    low, high = (10.0**low, 10.0**high) if scale.log else (low, high)
    return Scale(low, high, scale.log) if _drawable(low, high) and (not scale.log or low >= SMALLEST) else scale


def _moved(
    lo: float, hi: float, rows: int, step: float, each: int, below: int, free: tuple[bool, bool], dots: int
) -> tuple[bool, float, float] | None:
    """Give a step `each` rows, with 0 in the middle of one; below: rows by which the lower end is moved more than it need be.

    Returns whether there is a tick beyond an end that is not free, and the ends. None where that leaves out a part of the scale, moves
    an end that is not free by more than MOST rows, or leaves room for fewer than three ticks.
    """
    dot = step / (each * dots)
    first = math.floor(lo / dot + 1e-6)
    first -= (first + dots // 2) % dots + below * dots  # the dot of 0 is in the middle of a row: -first = dots // 2 modulo dots
    low = first * dot
    high = low + (rows * dots - 1) * dot
    most = max(MOST, rows / 10) * dots * dot
    kept = all(move <= most or loose for move, loose in zip((lo - low, high - hi), free, strict=True))
    top, bottom = math.floor(high / step + 1e-6), math.ceil(low / step - 1e-6)
    least = nice_step(rows_apart(rows) * step / each)  # the smallest step of labels
    beyond = (not free[1] and math.floor(high / least + 1e-6) > hi / least + 1e-6) or (
        not free[0] and math.ceil(low / least - 1e-6) < lo / least - 1e-6
    )
    return (beyond, low, high) if kept and top - bottom >= 2 and high >= hi - 1e-6 * dot else None


def _first(view: float | None, fixed: float | None, rounded: float, log: bool) -> float:
    for value in (view, fixed):
        if value is not None and abs(value) < LARGEST and (not log or value >= SMALLEST):
            return float(value)
    return rounded


def _spread(low: float, high: float, log: bool) -> tuple[float, float]:
    """Return a range with some width, whatever the data."""
    if not (-LARGEST <= low <= high <= LARGEST) or (log and low < SMALLEST):
        return (1.0, 10.0) if log else (0.0, 1.0)
    if log:
        return (low, high) if high > 1.001 * low else (max(low / 3, SMALLEST), min(high * 3, LARGEST))
    if _drawable(low, high) and high - low > 1e-9 * max(abs(low), abs(high)):
        return low, high
    half = 0.5 * abs(low) if abs(low) > 4 * NARROWEST else 0.5
    return low - half, high + half


def _round_out(low: float, high: float, log: bool) -> tuple[float, float]:
    if log:
        several = math.log10(high / low) > 4
        return max(_round_log(low, several, up=False), SMALLEST), _round_log(high, several, up=True)
    step = nice_step((high - low) / 6)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


def _round_log(value: float, decades: bool, up: bool) -> float:
    """Return the next 1, 2 or 5 times a power of ten (only powers with `decades`), downward or upward."""
    exponent = math.floor(math.log10(value) + 1e-12)
    choices = [10.0**exponent * part for part in ((1, 10) if decades else (1, 2, 5, 10))]
    if up:
        return min((choice for choice in choices if choice >= value * (1 - 1e-9)), default=choices[-1])
    return max((choice for choice in choices if choice <= value * (1 + 1e-9)), default=choices[0])


def nice_step(step: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is at least `step`."""
    power = 10.0 ** math.floor(math.log10(max(step, SMALLEST)))
    return next((power * part for part in (1, 2, 5) if power * part >= step * (1 - 1e-9)), power * 10)


def reading(value: float, digits: int = 3) -> str:
    """Write a value that is read off a figure, with so many significant digits, zeros at the end too; a whole one as it is."""
    return _written(value, f"#.{digits}g")


def place(value: float, digits: int = 3) -> str:
    """Write a place on an axis or a scale, with at most so many significant digits; a whole one of up to six, such as a step, as it is."""
    return _written(value, f".{digits}g")


def _written(value: float, form: str) -> str:
    if not math.isfinite(value):
        return "-"
    if abs(value) < 1e6 and float(value).is_integer():
        return f"{value:,.0f}"
    text = f"{value:{form}}"
    return shorten(text) if "e" in text else text.rstrip(".")


def shorten(text: str) -> str:
    """Turn `1.50e+05` into `1.5e5`."""
    mantissa, _, exponent = text.partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent)}"
