"""The width of the panel beside the figures."""

from __future__ import annotations

import pytest

from screens.side_panel import side_panel_width


@pytest.mark.parametrize(
    ("width", "panel", "columns"), [(80, "", 0), (80, "knobs", 38), (60, "knobs", 60), (80, "claims", 80), (160, "", 44)]
)
def test_panel_widths(width: int, panel: str, columns: int) -> None:
    assert side_panel_width(width, panel) == columns
