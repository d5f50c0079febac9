"""Looking at figures: cursor, zoom, smoothing, pinned curves and the mouse, from canned snapshots."""

from __future__ import annotations

import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Static

from lab.app import LabApp
from screens.view_screen import ViewScreen
from screens.widgets.axis_scales import reading
from screens.widgets.plot_view import PlotView
from tests.screens.canned import CannedSession
from tests.screens.pilot import drive, opened, said, until


def test_the_cursor_moves_over_the_points_of_the_active_figure_and_says_their_values() -> None:
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        series = {item.name: item for item in session.latest().series}
        await pilot.press("comma")
        await until(pilot, lambda: screen.figures.at == 300)
        await pilot.press("comma")
        previous = float(series["train/true"].x[-2])
        await until(pilot, lambda: screen.figures.at == previous)
        shown = said(app)
        true, random = (reading(series[f"train/{name}"].y[-2]) for name in ("true", "random"))
        assert f"step {previous:g}: true labels = {true}; random labels = {random}" in shown
        await pilot.press("full_stop")
        await until(pilot, lambda: screen.figures.at == 300)
        await pilot.press("0")
        await until(pilot, lambda: screen.figures.at is None)

    drive(scenario, session=session)


def test_zoom_pan_and_log_axes_change_the_active_figure_alone() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        figures = (await opened(pilot, app)).figures
        first, second = figures.panels[0].view, figures.panels[1].view
        await until(pilot, lambda: first.scales)
        whole = first.scales[0]
        await pilot.press("plus")
        await until(pilot, lambda: first.view.x0 is not None)
        assert first.view.x0 > whole.lo
        assert first.view.x1 < whole.hi
        zoomed = first.view
        await pilot.press("right")
        await until(pilot, lambda: first.view.x0 > zoomed.x0)
        await pilot.press("0")
        await until(pilot, lambda: first.view.x0 is None)
        assert first.request.log_x
        await pilot.press("x")
        await until(pilot, lambda: not first.request.log_x)
        await pilot.press("y")
        await until(pilot, lambda: first.request.log_y)
        assert second.request.log_x
        assert not second.request.log_y

    drive(scenario)


def test_a_picture_says_that_it_has_no_zoom() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        figures = (await opened(pilot, app)).figures
        figures.choose(next(panel.index for panel in figures.panels if not isinstance(panel.view, PlotView)))
        for key in ("plus", "left_square_bracket"):
            await pilot.press(key)
            await until(pilot, lambda: "A picture has no zoom" in said(app))
            app.screen.message.forget()  # type: ignore[attr-defined]

    drive(scenario)


def test_y_is_zoomed_by_itself_and_linked_figures_show_the_same_part_of_x() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        figures = (await opened(pilot, app)).figures
        first, second = figures.panels[0].view, figures.panels[1].view
        await until(pilot, lambda: first.scales and second.request)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: first.view.y0 is not None)
        assert first.view.x0 is None
        await pilot.press("left_square_bracket", "l", "plus")
        await until(pilot, lambda: second.view.x0 is not None)
        assert (first.view.x0, first.view.x1) == (second.view.x0, second.view.x1)
        assert second.view.y0 is None
        await pilot.press("0")
        await until(pilot, lambda: second.view.x0 is None)

    drive(scenario, (160, 48))


def test_the_cursor_jumps_to_ends_by_pages_and_to_a_number_and_stays_in_sight() -> None:
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        points = np.unique(np.concatenate([item.x for item in screen.figures.panels[0].curves(session.latest())]))
        await pilot.press("home")
        await until(pilot, lambda: screen.figures.at == points[0])
        await pilot.press("greater_than_sign")
        await until(pilot, lambda: screen.figures.at == points[max(1, len(points) // 10)])
        await pilot.press("end")
        await until(pilot, lambda: screen.figures.at == points[-1])
        await pilot.press("plus", "plus", "plus", "home")
        await until(pilot, lambda: screen.figures.at == points[0])
        lo, hi = screen.figures.plot.view.x0, screen.figures.plot.view.x1
        assert lo <= points[0] <= hi
        goal = float(points[len(points) // 2])
        await pilot.press("g", *f"{goal:g}", "enter")
        await until(pilot, lambda: screen.figures.at == goal)
        assert not screen.place.display and "no point" not in said(app)
        await pilot.press("g", *"1e9", "enter")
        await until(pilot, lambda: f"no point at step 1e9; the cursor is at its end, step {points[-1]:g}" in said(app))
        assert screen.figures.at == points[-1]
        await pilot.press("g", *f"{goal:g}", "enter", "g", "x", "enter")
        await until(pilot, lambda: "a number, please" in said(app))
        await pilot.press("escape")
        await until(pilot, lambda: not screen.place.display)
        assert screen.figures.at == goal

    drive(scenario, session=session)


def test_values_of_every_figure_stand_beside_the_figures_at_the_cursor() -> None:
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        await pilot.press("home", "d")
        await until(pilot, lambda: screen.values.display and screen.figures.display)
        shown = said(app)
        for figure in screen.spec.figures:
            curves = [item for item in figure.draws(session.latest().series) if len(item.x)]
            assert (figure.title in shown) == bool(curves)

    drive(scenario, (160, 48), session=session)


def test_smoothing_leaves_the_raw_curves_faint_and_goes_round() -> None:
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        figures = (await opened(pilot, app)).figures
        view = figures.panels[0].view
        await until(pilot, lambda: view.request)
        raw = view.request.series
        await pilot.press("a")
        await until(pilot, lambda: view.request.pinned)
        smoothed = [item for item in raw if item.kind == "measured"]
        assert [item.name for item in view.request.pinned] == [item.name for item in smoothed if len(item.x) > 5]
        assert view.request.pinned_label == "as measured"
        await pilot.press("a", "a", "a")
        await until(pilot, lambda: view.request.series == raw)

    drive(scenario, session=session)


def test_the_wheel_zooms_a_click_points_and_drawing_moves() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        figures = (await opened(pilot, app)).figures
        view = figures.panels[1].view
        await until(pilot, lambda: view.scales)
        whole = view.scales[0]
        await pilot._post_mouse_events([events.MouseScrollUp], view, offset=(30, 6))
        await until(pilot, lambda: view.view.x0 is not None)
        assert figures.active == 1
        assert whole.lo <= view.view.x0 < view.view.x1 <= whole.hi
        await pilot.click(view, offset=(30, 6))
        await until(pilot, lambda: figures.at is not None)
        before = view.view
        await pilot.mouse_down(view, offset=(30, 6))
        await pilot.hover(view, offset=(20, 6))
        await pilot.mouse_up(view, offset=(20, 6))
        await until(pilot, lambda: view.view != before)
        assert view.view.x0 > before.x0

    drive(scenario, (160, 48))


def test_two_digits_at_once_are_one_number(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    chosen: list[int | str] = []

    class Typed(ViewScreen):
        def __init__(self) -> None:
            self.figures = SimpleNamespace(panels=[None] * 12, numbered=lambda number: number - 1)
            self._digits, self._typed_at = "", 0.0

        def action_view(self, index: int) -> None:
            chosen.append(index + 1)

        def action_reset(self) -> None:
            chosen.append("everything")

    screen = Typed()
    for digit, later in ((1, 0.1), (2, 2.0), (1, 0.1), (0, 2.0), (0, 2.0), (1, 2.0), (2, 0.1), (5, 2.0)):
        screen.action_digit(digit)
        clock[0] += later
    assert chosen == [1, 12, 1, 10, "everything", 1, 2, 5]  # there is no view 25


def test_pin_keeps_the_curves_without_touching_the_run_and_names_them_by_what_differs() -> None:
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        await pilot.press("p")
        await until(pilot, lambda: screen.figures.pinned is not None)
        assert not session.posted
        assert screen.figures.pinned.series == session.latest().series
        assert "Pinned 7 curves; turn a knob" in said(app)
        session.obeyed = frozenset()
        await pilot.press("p")
        await until(pilot, lambda: "Pinned 7 curves. P takes them away." in said(app))  # nothing begins again here
        other = replace(session.latest(), config={**session.latest().config, "wd": 0.005}, seeds=(7,))
        label = screen.figures.pinned.label(other)
        assert label.startswith("pinned: wd 0") and screen.spec.config.knob("wd").label not in label  # the word that is typed
        assert "seed 0" in label or "seeds 0" in label
        assert screen.figures.pinned.label(session.latest()) == f"pinned: step {session.latest().step:,}"
        await pilot.press("P")
        await until(pilot, lambda: screen.figures.pinned is None)

    drive(scenario, session=session)


def test_the_values_of_the_chosen_figure_come_first() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)

        def first() -> str:
            return str(screen.values.query_one(Static).render()).partition("  ")[0]

        await pilot.press("f", "d")
        await until(pilot, lambda: screen.values.display and first() == screen.figures.panels[0].what.title)
        for _ in range(2):
            await pilot.press("m")
            await until(pilot, lambda: first() == screen.figures.active_panel.what.title != screen.figures.panels[0].what.title)
        await pilot.press("1")
        await until(pilot, lambda: first() == screen.figures.panels[0].what.title)

    drive(scenario)
