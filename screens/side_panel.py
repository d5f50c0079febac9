"""How wide the panel beside the figures is: knobs, claims or notes."""

from __future__ import annotations

from screens.figure_pages import LEAST_WIDTH

KNOBS_WIDTH = 38  # columns of the knobs beside a figure on a narrow terminal
SIDE_PANEL_FROM = 120  # columns of the terminal from which knobs and claims always stand beside the figures


def side_panel_width(width: int, panel: str) -> int:
    """Return the columns of the side panel: 0 for none; the whole width for text on a narrow terminal."""
    if width >= SIDE_PANEL_FROM:
        return min(64, max(44, width // 4))
    if not panel:
        return 0
    beside = panel == "knobs" and width - KNOBS_WIDTH >= LEAST_WIDTH
    return KNOBS_WIDTH if beside else width
