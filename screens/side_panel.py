"""How wide the panel beside the figures is: knobs, claims, notes or values."""

from __future__ import annotations

from screens.figure_pages import LEAST_WIDTH

NARROW = {"knobs": 38, "values": 34}  # columns of what stands beside a figure on a narrow terminal
SIDE_PANEL_FROM = 120  # columns of the terminal from which knobs and claims always stand beside the figures


def side_panel_width(width: int, panel: str) -> int:
    """Return the columns of the side panel: 0 for none; the whole width for text on a narrow terminal."""
    if width >= SIDE_PANEL_FROM:
        return min(64, max(44, width // 4))
    if not panel:
        return 0
    narrow = NARROW.get(panel, width)
    return narrow if width - narrow >= LEAST_WIDTH else width
