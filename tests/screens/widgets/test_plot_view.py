"""The plot widget in an app: draws what is seen, repaints what changed, and keeps its window."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.screen import Screen

from engine.contract import Axis, Figure
from screens.widgets.axis_scales import ViewWindow
from screens.widgets.palette import Theme
from screens.widgets.plot_view import PlotView
from screens.widgets.text_grid import TextGrid
from screens.widgets.text_grid_view import changed
from tests.screens.drawn import ACCURACY, MARKERS, ascii_theme, conditions, curve

LINE = Figure("f", "f", Axis("x", lo=0, hi=100), Axis("y", lo=0, hi=100), ("*",))


class Counted(PlotView):
    """A plot that counts its drawings and remembers what it asked to be repainted."""

    def __init__(self, theme: Theme | None = None, **more: str) -> None:
        super().__init__(theme, **more)
        self.drawings = 0
        self.repainted: list[Region] = []

    def draw_grid(self, width: int, height: int) -> TextGrid:
        self.drawings += 1
        return super().draw_grid(width, height)

    def refresh(self, *regions: Region, **more: bool) -> Counted:
        if hasattr(self, "repainted"):
            self.repainted += regions
        return super().refresh(*regions, **more)


class Host(App[None]):
    def compose(self) -> ComposeResult:
        yield Counted(ascii_theme(), id="plot")

    @property
    def view(self) -> Counted:
        return self.query_one("#plot", Counted)


def drive(scenario, size=(60, 14)):
    async def run():
        app = Host()
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await scenario(app, pilot, app.view)

    asyncio.run(run())


def shown(app) -> list[str]:
    """What the compositor would write, row by row."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


def test_a_figure_appears_and_fills_the_widget():
    async def scenario(app, pilot, view):
        view.show(ACCURACY, conditions(), MARKERS)
        await pilot.pause()
        rows = shown(app)
        assert rows[0].startswith("Accuracy")
        assert rows == [row.plain for row in view._current().text()]

    drive(scenario)


def test_equal_input_costs_nothing():
    async def scenario(app, pilot, view):
        series = conditions()
        view.show(ACCURACY, series, MARKERS)
        await pilot.pause()
        before = view.drawings
        for _ in range(5):
            view.show(ACCURACY, series, MARKERS)
            view.show(replace(ACCURACY), list(series), tuple(MARKERS))
        await pilot.pause()
        assert view.drawings == before
        view.show(ACCURACY, [replace(item) for item in series], MARKERS)
        assert view.drawings == before + 1

    drive(scenario)


def test_only_rows_that_changed_are_repainted():
    async def scenario(app, pilot, view):
        x = np.arange(101.0)
        view.show(LINE, [curve(x, np.where(x < 50, 50.0, 50.0))])
        await pilot.pause()
        view.repainted.clear()
        y = np.full(101, 50.0)
        y[80] = 75.0
        view.show(LINE, [curve(x, y)])
        rows = {region.y for region in view.repainted}
        await pilot.pause()
        assert 0 < len(rows) <= 5
        assert shown(app) == [row.plain for row in view._current().text()]
        view.repainted.clear()
        view.show(LINE, [curve(x, y.copy())])  # new objects that look the same
        assert view.repainted == []

    drive(scenario)


def test_changes_are_found_cell_by_cell():
    rng = np.random.default_rng(0)
    for _ in range(50):
        old, new = TextGrid(30, 8), TextGrid(30, 8)
        old.codes[:] = rng.integers(65, 90, (8, 30))
        new.codes[:] = old.codes
        hits = rng.integers(0, 240, rng.integers(0, 12))
        new.codes.flat[hits] += 1
        regions = {region.y: region for region in changed(old, new)}
        rows = {int(hit) // 30 for hit in hits}
        assert set(regions) == rows
        for row in rows:
            columns = [int(hit) % 30 for hit in hits if hit // 30 == row]
            assert (regions[row].x, regions[row].right) == (min(columns), max(columns) + 1)


def test_what_is_hidden_is_not_drawn_until_it_is_seen():
    async def scenario(app, pilot, view):
        view.show(LINE, [curve([0, 100], [0, 0])])
        await pilot.pause()
        view.display = False
        await pilot.pause()
        before = view.drawings
        for height in range(1, 6):
            view.show(LINE, [curve([0, 100], [10 * height] * 2)])
        await pilot.pause()
        assert view.drawings == before
        view.display = True
        await pilot.pause()
        assert view.drawings == before + 1
        assert shown(app) == [row.plain for row in view._current().text()]

    drive(scenario)


def test_what_lies_under_another_screen_is_not_drawn():
    async def scenario(app, pilot, view):
        view.show(LINE, [curve([0, 100], [0, 0])])
        await pilot.pause()
        await app.push_screen(Screen())
        await pilot.pause()
        before = view.drawings
        for height in range(5):
            view.show(LINE, [curve([0, 100], [50, 60 + height])])
        await pilot.pause()
        assert view.drawings == before
        app.pop_screen()
        await pilot.pause()
        assert shown(app) == [row.plain for row in view._current().text()]
        view.show(LINE, [curve([0, 100], [0, 0])])
        await pilot.pause()
        assert shown(app) == [row.plain for row in view._current().text()]

    drive(scenario)


@pytest.mark.parametrize("size", [(1, 1), (2, 40), (40, 2), (19, 5), (20, 5), (200, 50)])
def test_no_size_is_too_small(size):
    async def scenario(app, pilot, view):
        view.show(ACCURACY, conditions(), MARKERS, cursor=20.0)
        await pilot.pause()
        assert [len(row) for row in shown(app)] == [size[0]] * size[1]
        view.zoom_x(2)
        view.zoom_y(2)
        view.pan(0.2, 0.2)
        view.toggle_log_x()
        await pilot.pause()

    drive(scenario, size)


def test_sizes_may_change_at_any_time():
    async def scenario(app, pilot, view):
        view.show(ACCURACY, conditions(), MARKERS)
        for size in ((80, 24), (1, 1), (0, 0), (60, 20), (3, 100), (160, 48)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        assert shown(app) == [row.plain for row in view._current().text()]

    drive(scenario)


def test_the_window_zooms_pans_and_comes_back():
    async def scenario(app, pilot, view):
        series = [curve(np.arange(101.0), np.arange(101.0))]
        view.show(LINE, series)
        await pilot.pause()
        whole = shown(app)
        view.zoom_y(2, about=0.0)
        view.zoom_x(2, about=0.0)
        await pilot.pause()
        assert (view.view.x0, view.view.x1) == pytest.approx((0, 50))
        view.pan(right=0.5)
        assert (view.view.x0, view.view.x1) == pytest.approx((25, 75))
        view.pan(up=0.5)
        assert (view.view.y0, view.view.y1) == pytest.approx((25, 75))
        view.show(LINE, [replace(series[0])])  # new data keep the window
        await pilot.pause()
        assert (view.view.x0, view.view.x1) == pytest.approx((25, 75))
        view.reset_view()
        await pilot.pause()
        assert view.view == ViewWindow()
        assert shown(app) == whole

    drive(scenario)


def test_log_axes_switch_and_stay_switched():
    async def scenario(app, pilot, view):
        view.show(ACCURACY, conditions())
        await pilot.pause()
        view.toggle_log_x()
        assert view.request.log_x is False
        view.show(ACCURACY, conditions())
        assert view.request.log_x is False
        view.toggle_log_y()
        assert view.request.log_y is True
        await pilot.pause()
        assert view.scales[0].log is False and view.scales[1].log is True
        view.show(LINE, [curve([1], [1])])
        assert (view.request.log_x, view.request.log_y) == (False, False)

    drive(scenario)


def test_another_theme_redraws():
    async def scenario(app, pilot, view):
        view.show(ACCURACY, conditions())
        await pilot.pause()
        assert all(row.isascii() for row in shown(app))
        view.theme = Theme()
        await pilot.pause()
        assert "●" in "".join(shown(app))

    drive(scenario)


def test_zooming_before_anything_is_shown_does_nothing():
    async def scenario(app, pilot, view):
        view.zoom_x(2)
        view.zoom_y(2)
        view.pan(1, 1)
        view.reset_view()
        view.toggle_log_x()
        view.toggle_log_y()
        await pilot.pause()
        assert view.request is None
        assert view.view == ViewWindow()

    drive(scenario)
