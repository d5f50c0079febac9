"""One legend for all figures on a page: curves of a group look alike everywhere, so naming them once leaves room for whole labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text
from textual.widget import Widget

from screens.widgets.palette import Theme, style_of
from screens.widgets.plot_legend import Key

GAP = 2


def shared(legends: Mapping[int, Sequence[Key]]) -> tuple[list[Key], set[int]]:
    """Merge the legends of several figures, long ones first, and return which figures it names all curves of.

    A figure keeps its own legend where it gives another meaning to a glyph or to a word, or uses one word twice.
    """
    looks: dict[tuple[str, int], Key] = {}
    words: dict[str, Key] = {}
    named: set[int] = set()
    for figure, keys in sorted(legends.items(), key=lambda item: -len(item[1])):
        clear = len({key.label for key in keys}) == len(keys)
        if clear and all(looks.get((key.glyph, key.ink), key) == key == words.get(key.label, key) for key in keys):
            looks.update({(key.glyph, key.ink): key for key in keys})
            words.update({key.label: key for key in keys})
            named.add(figure)
    return list(looks.values()), named


def arranged(keys: Sequence[Key], width: int) -> list[list[Key]]:
    """Arrange whole entries in as few rows of a width as they need, in order."""
    rows: list[list[Key]] = []
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
        self.keys: tuple[Key, ...] = ()
        self._text = Text()

    def show(self, keys: Sequence[Key], width: int, theme: Theme) -> None:
        """Show entries in a width of the screen; nothing happens when they are shown already."""
        rows = arranged([Key(key.glyph, key.ink, theme.text(key.label)) for key in keys], width)
        text = Text("\n").join(_row(row, theme) for row in rows)
        self.keys = tuple(keys)
        if text != self._text or text.spans != self._text.spans:
            self._text = text
            self.styles.height = len(rows)
            self.refresh()

    def render(self) -> Text:
        """Return the rows."""
        return self._text


def _row(keys: Sequence[Key], theme: Theme) -> Text:
    quiet = style_of(theme.quiet)
    parts = [Text.assemble((key.glyph, style_of(key.ink)), " ", (key.label, quiet)) for key in keys]
    return Text(" " * GAP).join(parts)
