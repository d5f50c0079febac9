"""One legend for all figures on a page: curves of a group look alike everywhere, so naming them once leaves room for whole labels."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual.widget import Widget

from screens.widgets.palette import Theme, style_of
from screens.widgets.plot_legend import Key

GAP = 2


def shared(legends: Sequence[Sequence[Key]]) -> list[Key] | None:
    """Merge the legends of several figures; None where two curves would look the same and be called differently."""
    found: dict[tuple[str, int], Key] = {}
    for key in (key for legend in legends for key in legend):
        known = found.setdefault((key.glyph, key.ink), key)
        if known.label != key.label:
            return None
    return list(found.values())


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
