"""A list that follows the selected row and leaves the arrow keys to those who move the selection."""

from __future__ import annotations

from textual.containers import VerticalScroll


class ScrolledList(VerticalScroll, can_focus=False, inherit_bindings=False):
    """Rows one below the other. It has no bindings: those of its base would take the arrows to scroll as soon as it is too long."""

    DEFAULT_CSS = "ScrolledList { scrollbar-size-vertical: 1; }"
