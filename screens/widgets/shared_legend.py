"""One legend for all figures on a page: curves of a group look alike everywhere, so naming them once leaves room for whole labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text
from textual.widget import Widget

from screens.widgets.palette import Theme, style_of
from screens.widgets.plot_legend import LegendEntry

GAP = 2
OWN_ROWS = 2  # of a legend that stands in its figure


def shared(legends: Mapping[int, Sequence[LegendEntry]]) -> tuple[list[LegendEntry], set[int]]:
    """Merge the legends of as many figures as agree, and return which figures it names all curves of.

    A figure keeps its own legend where it gives another meaning to a glyph or to a word, or uses one word twice. Nothing
    is merged where no two figures agree.
    """
    longest = sorted(legends, key=lambda figure: -len(legends[figure]))
    merged = [_merged({figure: legends[figure] for figure in (first, *longest)}) for first in longest]
    keys, named = max(merged, key=lambda item: (len(item[1]), len(item[0])), default=([], set()))
    return (keys, named) if len(named) > 1 or len(legends) == 1 else ([], set())


def _merged(legends: Mapping[int, Sequence[LegendEntry]]) -> tuple[list[LegendEntry], set[int]]:
    """Merge legends in order; those that contradict an earlier one are left out."""
    looks: dict[tuple[str, int], LegendEntry] = {}
    words: dict[str, LegendEntry] = {}
    named: set[int] = set()
    for figure, keys in legends.items():
        clear = len({key.label for key in keys}) == len(keys) == len({(key.glyph, key.ink) for key in keys})
        if clear and all(looks.get((key.glyph, key.ink), key) == key == words.get(key.label, key) for key in keys):
            looks.update({(key.glyph, key.ink): key for key in keys})
            words.update({key.label: key for key in keys})
            named.add(figure)
    return list(looks.values()), named


def related(legends: Mapping[int, Sequence[LegendEntry]], named: set[int], width: int) -> dict[int, Sequence[LegendEntry]]:
    """Return, of the legends named together, those with an entry in common, and those too long to stand in a figure of a width."""

    def others(figure: int) -> set[LegendEntry]:
        return {key for other in named - {figure} for key in legends[other]}

    def long(figure: int) -> bool:
        rows = arranged(legends[figure], width)
        return len(rows) > OWN_ROWS or any(len(key.glyph) + 1 + len(key.label) > width for row in rows for key in row)

    return {figure: legends[figure] for figure in sorted(named) if others(figure) & set(legends[figure]) or long(figure)}


def arranged(keys: Sequence[LegendEntry], width: int) -> list[list[LegendEntry]]:
    """Arrange whole entries in as few rows of a width as they need, in order."""
    rows: list[list[LegendEntry]] = []
    room = 0
    for key in keys:
        length = len(key.glyph) + 1 + len(key.label)
        if not rows or length + GAP > room:
            rows.append([])
            room = width + GAP
        rows[-1].append(key)
        room -= length + GAP
    return rows


class Legend(Widget):
    """The rows of a legend; no height without entries."""

    DEFAULT_CSS = "Legend { height: 0; width: 1fr; padding-left: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self.keys: tuple[LegendEntry, ...] = ()
        self._text = Text()

    def show(self, keys: Sequence[LegendEntry], width: int, theme: Theme) -> None:
        """Show entries in a width of the screen; nothing happens when they are shown already."""
        rows = arranged([LegendEntry(key.glyph, key.ink, theme.text(key.label)) for key in keys], width)
        text = Text("\n").join(_row(row, theme) for row in rows)
        self.keys = tuple(keys)
        if text != self._text or text.spans != self._text.spans:
            self._text = text
            self.styles.height = len(rows)
            self.refresh()

    def render(self) -> Text:
        """Return the rows."""
        return self._text


def _row(keys: Sequence[LegendEntry], theme: Theme) -> Text:
    quiet = style_of(theme.quiet)
    parts = [Text.assemble((key.glyph, style_of(key.ink)), " ", (key.label, quiet)) for key in keys]
    return Text(" " * GAP).join(parts)
