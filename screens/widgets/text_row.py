"""A single row of text that repaints only when its text changes, and never asks for a new layout."""

from __future__ import annotations

from rich.text import Text
from textual.widget import Widget


class TextRow(Widget):
    """One row. Text that does not fit is cut at the right edge, so callers put what matters first."""

    DEFAULT_CSS = "TextRow { height: 1; width: 1fr; }"

    def __init__(self, text: Text | None = None, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.text = text if text is not None else Text()

    def show(self, text: Text) -> None:
        """Replace the text; nothing is written when it is equal."""
        if text != self.text or text.spans != self.text.spans:
            self.text = text
            self.refresh()

    def render(self) -> Text:
        """Return the text, cut to the width."""
        text = self.text.copy()
        text.no_wrap = True
        text.truncate(max(1, self.size.width), overflow="ellipsis")
        return text


def spread(left: Text, right: Text, width: int) -> Text:
    """Put one text at the left and one at the right of a row; the right one goes when they do not fit together."""
    gap = width - left.cell_len - right.cell_len
    if gap < 2:
        return left
    return Text.assemble(left, " " * gap, right)


def fit(parts: list[Text], width: int, separator: str = "  ") -> Text:
    """Join as many parts as fit in a width, from the first on; parts that would be cut are left out."""
    row = Text()
    for part in parts:
        extra = (len(separator) if row else 0) + part.cell_len
        if row.cell_len + extra > width:
            continue
        row.append(separator if row else "")
        row.append_text(part)
    return row
