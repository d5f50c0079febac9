"""One legend for all figures on a page: curves of a group look alike everywhere, so naming them once leaves room for whole labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text
from textual.widget import Widget

from screens.widgets.palette import Theme, style_of
from screens.widgets.plot_legend import LegendEntry

GAP = 2
OWN_ROWS = 2  # of a legend that stands in its figure


def shared(legends: Mapping[int, Sequence[LegendEntry]], least: int = 2) -> tuple[list[LegendEntry], set[int]]:
    """Merge the legends of as many figures as agree, and return which figures it names all curves of.

    A figure keeps its own legend where it gives another meaning to a glyph or to a word, or uses one word twice. Nothing
    is merged where fewer than `least` of several figures agree.
    """
    longest = sorted(legends, key=lambda figure: -len(legends[figure]))
    merged = [_merged({figure: legends[figure] for figure in (first, *longest)}) for first in longest]
    entries, named = max(merged, key=lambda item: (len(item[1]), len(item[0])), default=([], set()))
    return (entries, named) if len(named) >= least or len(legends) == 1 else ([], set())


def _merged(legends: Mapping[int, Sequence[LegendEntry]]) -> tuple[list[LegendEntry], set[int]]:
    """Merge legends in order; those that contradict an earlier one are left out."""
    looks: dict[tuple[str, int], LegendEntry] = {}
    words: dict[str, LegendEntry] = {}
    named: set[int] = set()
    for figure, entries in legends.items():
        clear = len({entry.label for entry in entries}) == len(entries) == len({(entry.glyph, entry.ink) for entry in entries})
        if clear and all(looks.get((entry.glyph, entry.ink), entry) == entry == words.get(entry.label, entry) for entry in entries):
            looks.update({(entry.glyph, entry.ink): entry for entry in entries})
            words.update({entry.label: entry for entry in entries})
            named.add(figure)
    return list(looks.values()), named


def related(legends: Mapping[int, Sequence[LegendEntry]], named: set[int], width: int) -> dict[int, Sequence[LegendEntry]]:
    """Return, of the legends named together, those with an entry in common, and those too long to stand in a figure of a width."""

    def others(figure: int) -> set[LegendEntry]:
        return {entry for other in named - {figure} for entry in legends[other]}

    return {figure: legends[figure] for figure in sorted(named) if others(figure) & set(legends[figure]) or long(legends[figure], width)}


def long(entries: Sequence[LegendEntry], width: int) -> bool:
    """Whether a legend is too long to stand whole in a figure of a width."""
    rows = arranged(entries, width)
    return len(rows) > OWN_ROWS or any(len(entry.glyph) + 1 + len(entry.label) > width for row in rows for entry in row)


def arranged(entries: Sequence[LegendEntry], width: int) -> list[list[LegendEntry]]:
    """Arrange whole entries in as few rows of a width as they need, in order; one without a label ends no row."""
    rows: list[list[LegendEntry]] = []
    room = 0
    for place, entry in enumerate(entries):
        length = _length(entry)
        needed = length if entry.label else sum(_length(item) + GAP for item in entries[place : place + 2]) - GAP
        if not rows or needed + GAP > room:
            rows.append([])
            room = width + GAP
        rows[-1].append(entry)
        room -= length + GAP
    return rows


def _length(entry: LegendEntry) -> int:
    return len(entry.glyph) + (1 + len(entry.label) if entry.label else 0)


class Legend(Widget):
    """The rows of a legend; no height without entries."""

    DEFAULT_CSS = "Legend { height: 0; width: 1fr; padding-left: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self.entries: tuple[LegendEntry, ...] = ()
        self.rows: list[list[LegendEntry]] = []
        self._text = Text()

    def show(self, entries: Sequence[LegendEntry], width: int, theme: Theme) -> None:
        """Show entries in a width of the screen; nothing happens when they are shown already."""
        self.rows = rows = arranged([LegendEntry(entry.glyph, entry.ink, theme.text(entry.label)) for entry in entries], width)
        text = Text("\n").join(_row(row, theme) for row in rows)
        self.entries = tuple(entries)
        if text != self._text or text.spans != self._text.spans:
            self._text = text
            self.styles.height = len(rows)
            self.refresh()

    def render(self) -> Text:
        """Return the rows."""
        return self._text


def _row(entries: Sequence[LegendEntry], theme: Theme) -> Text:
    quiet = style_of(theme.quiet)
    parts = [Text.assemble((entry.glyph, style_of(entry.ink)), (f" {entry.label}" if entry.label else "", quiet)) for entry in entries]
    return Text(" " * GAP).join(parts)
