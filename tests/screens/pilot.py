"""Runs the app without a terminal and reads what it would show; waits for conditions, never for a time."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widget import Widget

from lab.app import LabApp
from screens.base import PhenomenonScreen
from screens.widgets.figure_grid import FigurePanel
from screens.widgets.palette import Theme
from tests.screens.canned import CannedRuns, CannedSession

EXPECTED = Path(__file__).parent / "expected"
SIZES = ((60, 20), (80, 24), (160, 48))
Scenario = Callable[[Pilot[int], LabApp], Awaitable[None]]


def drive(
    scenario: Scenario, size: tuple[int, int] = (80, 24), *, session: CannedSession | None = None, count: int = 10,
    problems: Sequence[str] = (), **options: Any,
) -> CannedRuns:  # fmt: skip
    """Run a scenario on an app with canned phenomena and return its runs."""
    runs = CannedRuns(count, session, problems)
    options.setdefault("drawing", Theme())

    async def run() -> None:
        app = LabApp(runs, **options)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await scenario(pilot, app)

    asyncio.run(run())
    return runs


async def until(pilot: Pilot[int], condition: Callable[[], object]) -> None:
    """Let the app work until a condition holds."""
    for _ in range(1000):
        if condition():
            return
        await pilot.pause(0.005)
    raise AssertionError("the awaited condition never held")


async def opened(pilot: Pilot[int], app: LabApp) -> PhenomenonScreen:
    """Open the first phenomenon from home."""
    await pilot.press("1")
    await until(pilot, lambda: isinstance(app.screen, PhenomenonScreen) and app.screen.figures.pages)
    await pilot.pause()
    assert isinstance(app.screen, PhenomenonScreen)
    return app.screen


def text_of(app: LabApp) -> list[str]:
    """The rows of the present screen as characters."""
    strips = app.screen._compositor.render_strips(app.size)
    return ["".join(segment.text for segment in strip) for strip in strips]


def said(app: LabApp, widget: Widget | None = None) -> str:
    """The words on the present screen, or in the region of one of its widgets, with single blanks."""
    rows = text_of(app)
    if widget is not None:
        region = widget.region
        rows = [row[region.x : region.right] for row in rows[region.y : region.bottom]]
    return " ".join(" ".join(rows).split())


def masked(app: LabApp) -> str:
    """The present screen with the inside of figures and pictures blanked: those have tests of their own."""
    rows = [list(row) for row in text_of(app)]
    for panel in app.screen.query(FigurePanel):
        if panel.display and panel.is_on_screen:
            region = panel.view.region
            for y in range(region.y, region.bottom):
                rows[y][region.x : region.right] = list(f"[{panel.title}]".ljust(region.width) if y == region.y else " " * region.width)
    return "\n".join("".join(row).rstrip() for row in rows).rstrip() + "\n"


def compare(name: str, text: str) -> None:
    """Compare a screen with the stored one; GENLAB_UPDATE=1 stores it."""
    path = EXPECTED / f"{name}.txt"
    if os.environ.get("GENLAB_UPDATE"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{path} differs; look at it, and store it anew with GENLAB_UPDATE=1"
