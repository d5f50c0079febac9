"""What every figure reads at the cursor, or at its last point: figure by figure, every curve with its value and its band."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from engine.contract import Figure, Series, Snapshot
from screens.linked_cursor import Cursor, elsewhere
from screens.widgets.axis_scales import Scale, reading
from screens.widgets.plot_legend import place_on, value_at

INDENT, GAP = 2, 2  # columns before a name, and between it and its value
LEAST_WIDTH = 30  # columns before the panel was laid out
DIGITS = 4  # significant, as claims and headlines have


@dataclass(frozen=True)
class Reading:
    """One curve at one place; band: its edges there, where it has one."""

    label: str
    value: float
    band: tuple[float, float] | None = None
    where: str = ""

    @property
    def words(self) -> str:
        """Write the value, and behind it the band where that has a width."""
        value, *edges = (reading(number, DIGITS) for number in (self.value, *(self.band or ())))
        return (value if set(edges) <= {value} else f"{value} [{', '.join(edges)}]") + self.where


def readings(figure: Figure, series: Sequence[Series], at: float | None) -> tuple[float, list[Reading]]:
    """Return where a figure is read (the last x of its curves where `at` is None; nan without curves), and its curves there."""
    curves = [item for item in figure.draws(series) if len(item.x)]
    if at is None:
        at = max((float(item.x[np.isfinite(item.x)].max(initial=-math.inf)) for item in curves), default=math.nan)
    return at, [_reading(item, at, Scale(1.0, 10.0, figure.x.log)) for item in curves]


def _reading(series: Series, at: float, scale: Scale) -> Reading:
    value, where = value_at(series, at, scale), elsewhere(series, at, scale)
    if series.lo is None or series.hi is None or not math.isfinite(value):
        return Reading(series.label, value, where=where)
    low, high = (value_at(Series(series.name, series.label, series.x, edge), at, scale) for edge in (series.lo, series.hi))
    return Reading(series.label, value, (low, high), where)


def values_text(figures: Sequence[Figure], snapshot: Snapshot, cursor: Cursor | None, width: int) -> Text:
    """Return the values of every figure that has any; those on the cursor's axis at the cursor, the others at their last point.

    width: columns that a row may take.
    """
    parts: list[Text] = []
    for figure in figures:
        at, found = readings(figure, snapshot.series, cursor.on(figure.x.label) if cursor is not None else None)
        found = [item for item in found if math.isfinite(item.value)]
        if not found or (figure.x.ticks and (cursor is None or cursor.on(figure.x.label) is None)):
            continue  # bars have no last one
        unit = f" {figure.y.unit}" if figure.y.unit else ""
        where = place_on(figure.x, at)
        text = Text.assemble((figure.title, "bold"), ("  " + where, "cyan"))
        rows = [(item.label, f"{item.words}{unit}") for item in found]
        column = max(len(label) for label, _ in rows)
        if INDENT + column + GAP + max(len(words) for _, words in rows) > width:
            column = 0
        parts.append(Text("\n").join([text, *(_row(label, words, column, width) for label, words in rows)]))
    return Text("\n\n").join(parts) if parts else Text("No values yet.", "dim")


def _row(label: str, words: str, column: int, width: int) -> Text:
    """Write a name and its value: in columns where all fit, else the value at the right, in a row of its own if need be."""
    if column:
        return Text.assemble((f"{' ' * INDENT}{label:{column}}{' ' * GAP}", "dim"), words)
    lines = textwrap.wrap(label, max(8, width - INDENT)) or [""]
    gap = width - INDENT - len(lines[-1]) - len(words)
    names = "\n".join(f"{' ' * INDENT}{line}" for line in lines)
    return Text.assemble((names, "dim"), " " * gap if gap >= GAP else "\n" + " " * max(0, width - len(words)), words)


class ValuesPanel(VerticalScroll):
    """The values, scrolled where they are many."""

    DEFAULT_CSS = "ValuesPanel { height: 1fr; scrollbar-gutter: stable; } ValuesPanel Static { width: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._text = Static()
        self._said = ""
        self._first = ""
        self._shown: tuple[Sequence[Figure], Snapshot, Cursor | None] | None = None

    def compose(self) -> ComposeResult:
        """Hold the text."""
        yield self._text

    def on_resize(self) -> None:
        """Write the rows for another width."""
        if self._shown is not None:
            self.show(*self._shown)

    def follow(self, name: str) -> None:
        """Show a figure's values before those of the others, which follow as they were, and bring them to sight."""
        if name != self._first:
            self._first = name
            self.scroll_home(animate=False)
            self.on_resize()

    def show(self, figures: Sequence[Figure], snapshot: Snapshot, cursor: Cursor | None) -> None:
        """Show what is read now; nothing happens when that is shown already."""
        self._shown = figures, snapshot, cursor
        ordered = sorted(figures, key=lambda figure: figure.name != self._first)
        text = values_text(ordered, snapshot, cursor, self.scrollable_content_region.width or LEAST_WIDTH)
        if text.plain != self._said:
            self._said = text.plain
            self._text.update(text)
