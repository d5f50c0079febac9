"""The figure grid alone in an app: which views it shows, how wide, in which colours, and what turns with the cursor."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from engine.contract import Axis, Condition, Config, Figure, Layer, Marker, Phase, Picture, PictureSpec, Series, Snapshot, Spec, knob
from screens.widgets.figure_grid import FigureGrid
from screens.widgets.palette import Theme, group_order, groups_of
from screens.widgets.picture_view import PictureView
from screens.widgets.plot_figure import legend_entries
from tests.screens.canned import SPEC, canned

Looks = Callable[[Pilot[None]], Awaitable[None]]


def alone(grid: FigureGrid, look: Looks, size: tuple[int, int] = (160, 48)) -> None:
    """Run a look at a grid that has the terminal to itself."""

    class Alone(App[None]):
        def compose(self) -> ComposeResult:
            yield grid

    async def run() -> None:
        async with Alone().run_test(size=size) as pilot:
            await pilot.pause()
            await look(pilot)

    asyncio.run(run())


# ---------------------------------------------------------------- colours


def curve(group: str) -> Series:
    x = np.array([1.0, 10.0])
    return Series(f"train/{group}", f"label of {group}", x, x, group=group)


def looks(snapshot: Snapshot) -> dict[str, tuple[str, int]]:
    """Glyph and ink of every curve of a snapshot, by its group."""
    theme = Theme(groups=groups_of(snapshot))
    entries = legend_entries(snapshot.series, theme)
    return {item.group: (entry.glyph, entry.ink) for item, entry in zip(snapshot.series, entries, strict=True)}


def appearing(orders: list[str]) -> list[Snapshot]:
    """Snapshots of a run whose curves come in these orders, with the groups that the runner has kept by then."""
    found, groups = [], ()
    for order in orders:
        groups = tuple(dict.fromkeys((*groups, *order)))
        found.append(canned(series=tuple(map(curve, order)), groups=groups, pictures=(), markers=()))
    return found


def test_curves_that_appear_out_of_order_or_vanish_keep_colour_and_marker() -> None:
    seen: dict[str, tuple[str, int]] = {}
    for snapshot in appearing(["c", "ac", "bac", "ba", "dcab", *("".join(order) for order in permutations("abcd"))]):
        for group, look in looks(snapshot).items():
            assert seen.setdefault(group, look) == look, (group, [item.group for item in snapshot.series])
    assert len(set(seen.values())) == 4


def test_the_grid_draws_them_in_these_colours() -> None:
    grid = FigureGrid(SPEC, Theme())

    async def look(pilot: Pilot[None]) -> None:
        seen: dict[str, tuple[str, int]] = {}
        for snapshot in appearing(["c", "ac", "bac", "b", "dba"]):
            grid.show(snapshot)
            await pilot.pause()
            for entry in grid.legend.entries:
                assert seen.setdefault(entry.label, (entry.glyph, entry.ink)) == (entry.glyph, entry.ink)
        assert set(seen) == {f"label of {group}" for group in "abcd"}

    alone(grid, look)


def test_groups_of_markers_and_layers_take_no_colour_from_curves() -> None:
    layer = Layer("points", np.zeros((1, 2)), "data", "data")
    snapshot = canned(
        series=(curve("b"), curve("a")), groups=("a", "b"), markers=(Marker("train-*", "x", 3.0, "event", "event"),),
        pictures=(Picture("memorised", "map", layers=(layer, replace(layer, group="a")), extent=(-1, 1, -1, 1)),),
    )  # fmt: skip
    assert groups_of(snapshot) == ("a", "b")
    assert groups_of(replace(snapshot, groups=())) == ("b", "a") == group_order(snapshot.series)
    assert groups_of(replace(snapshot, groups=("gone", "a"))) == ("gone", "a", "b")


# ---------------------------------------------------------------- the cursor and pictures

TIMES = np.array([1.0, 1e10, 1e59])
FRAMES = np.array([[[0.0, -3.0], [0.0, 3.0]], [[3.5, -2.1], [-2.1, 3.5]], [[3.0, -0.5], [-3.0, -0.5]]])
LABELS = tuple(f"flow {time:.2g}" for time in TIMES)
LINE, POINTS = Layer("line", FRAMES[-1], "flow 1e59", "flow", TIMES, FRAMES, LABELS), Layer("points", np.ones((2, 2)), "+1", "label +1")
FLOW = Figure("error", "direction error", Axis("s", log=True), Axis("error"), ("error",))
STEPS = Figure("margin", "margin", Axis("step"), Axis("margin"), ("margin",))


def turning() -> tuple[FigureGrid, Spec]:
    spec = replace(SPEC, figures=(FLOW, STEPS), pictures=(PictureSpec("separator", "Data", cursor="s"), PictureSpec("still", "Still")))
    snapshot = canned(
        series=(Series("error", "flow", np.array([1.0, 3e9, 1e59]), np.ones(3)), Series("margin", "GD", np.array([1.0, 5.0]), np.ones(2))),
        pictures=tuple(
            Picture(name, "Data", layers=(LINE, POINTS), extent=(-2, 2, -2, 2), equal=True) for name in ("separator", "still")
        ),
    )  # fmt: skip
    grid = FigureGrid(spec, Theme())
    grid.show(snapshot)
    return grid, spec


def drawn(grid: FigureGrid, name: str) -> tuple[Layer, ...]:
    view = next(panel.view for panel in grid.panels if panel.what.name == name)
    assert isinstance(view, PictureView) and view.picture is not None
    return view.picture.layers


def test_a_picture_shows_the_frame_nearest_to_the_cursor_on_its_axis() -> None:
    grid, _ = turning()

    async def look(pilot: Pilot[None]) -> None:
        assert drawn(grid, "separator") == (LINE, POINTS)
        grid.move_cursor(1)
        grid.move_cursor(1)
        assert grid.at == 3e9
        line, points = drawn(grid, "separator")
        np.testing.assert_array_equal(line.xy, FRAMES[1])
        assert line.label == "flow 1e+10"
        assert points is POINTS
        assert drawn(grid, "still") == (LINE, POINTS), "its axis is nobody's"
        grid.reset_look()
        assert drawn(grid, "separator")[0] is LINE

    alone(grid, look)


def test_a_cursor_on_another_axis_turns_nothing_and_leaves_the_first_axis() -> None:
    grid, _ = turning()

    async def look(pilot: Pilot[None]) -> None:
        grid.choose(1)
        grid.move_cursor(1)
        assert grid.at == 1.0
        assert drawn(grid, "separator")[0] is LINE
        grid.choose(0)
        assert grid.at is None, "step 1 is no time of the flow"

    alone(grid, look)


def test_the_cursor_moves_over_the_frames_of_a_picture_that_is_chosen() -> None:
    grid, _ = turning()

    async def look(pilot: Pilot[None]) -> None:
        grid.choose(2)
        for time in (*TIMES, TIMES[-1]):
            grid.move_cursor(1)
            assert grid.at == time
        grid.choose(3)
        grid.move_cursor(1)
        assert grid.at is None, "a picture that does not turn has no cursor"

    alone(grid, look)


def test_equal_snapshots_under_a_cursor_are_drawn_once() -> None:
    grid, _ = turning()

    async def look(pilot: Pilot[None]) -> None:
        grid.move_cursor(1)
        before = drawn(grid, "separator")
        grid.redraw()
        assert all(one is other for one, other in zip(drawn(grid, "separator"), before, strict=True))

    alone(grid, look)


# ---------------------------------------------------------------- which views, and how wide


def test_views_come_in_the_order_asked_for_and_unknown_ones_are_left_out() -> None:
    grid = FigureGrid(SPEC, Theme(), ("memorised", "no-such-figure", "test-error"))
    assert [panel.what.name for panel in grid.panels] == ["memorised", "test-error", "train-accuracy", "train-loss", "time-to-fit"]
    assert [panel.title for panel in grid.panels][:2] == ["1 memorisation map", "2 test error"]


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (116, 43), (160, 48)])
def test_a_wide_first_view_takes_the_whole_width(size: tuple[int, int]) -> None:
    grid = FigureGrid(SPEC, Theme(), wide=True)

    async def look(pilot: Pilot[None]) -> None:
        assert grid.panels[0].size.width >= size[0] - 2
        assert [panel.index for panel in grid.panels if panel.display] == list(grid.page.views)
        assert (len(grid.page.views) > 1) == (size[1] >= 24)  # two rows of figures
        seen = {view for page in grid.pages for view in page.views}
        assert seen == set(range(len(grid.panels)))
        if len(grid.page.views) > 1:  # every cell of the grid is taken
            last = grid.panels[grid.page.views[-1]]
            assert last.region.right >= size[0] - 2 and last.region.bottom == size[1]
        grid.toggle_full()
        await pilot.pause()
        assert grid.page.views == (0,) and grid.panels[0].size.width >= size[0] - 2

    alone(grid, look, size)


def words(grid: FigureGrid, index: int) -> str:
    """What a panel shows, as characters."""
    drawn = grid.panels[index].view.draw_grid(70, 14)
    return " ".join(" ".join(drawn.line(row) for row in range(14)).split())


class Sweeping(Config):
    sweep: bool = knob(False, "whether settings are swept")


def test_what_the_settings_leave_empty_takes_no_room_on_the_pages_of_what_they_fill() -> None:
    steps, sweep = Axis("step"), (Condition("sweep yes", lambda config: config.sweep),)
    figures = [
        Figure(name, name, steps, Axis("y"), (name,), empty="fills with sweep yes", domain=sweep if name in "bd" else ()) for name in "abcd"
    ]
    grid = FigureGrid(replace(SPEC, config=Sweeping, figures=tuple(figures), pictures=()), Theme())

    async def look(pilot: Pilot[None]) -> None:
        for config, shown in (({"sweep": False}, "ac"), ({"sweep": True}, "abcd"), ({}, "abcd")):
            grid.show(replace(canned(series=(), pictures=(), markers=()), config=config))
            await pilot.pause()
            assert {panel.what.name for panel in grid.panels if panel.display} == set(shown)
        grid.show(replace(canned(series=(), pictures=(), markers=()), config={"sweep": False}))
        await pilot.pause()
        assert str(grid.elsewhere(80)).strip() == "1-2 of 2", "what is filled has the first numbers"
        grid.choose(grid.numbered(4))
        await pilot.pause()
        assert {panel.what.name for panel in grid.panels if panel.display} == set("bd"), "they can be looked at all the same"
        assert "fills with sweep" in words(grid, 3)
        assert str(grid.elsewhere(80)).split("  ")[0].strip() == "3-4 are empty with these knobs"
        grid.turn_page(1)
        assert grid.active == 0
        grid.show(replace(canned(series=(), pictures=(), markers=()), config={"sweep": True}))
        await pilot.pause()
        assert "no data yet" in words(grid, 3) and "fills with" not in words(grid, 3), "what the settings fill is still to come"
        assert [panel.title for panel in grid.panels] == ["1 a", "2 b", "3 c", "4 d"]
        grid.show(replace(canned(series=(), pictures=(), markers=(), phase=Phase.FINISHED), config={"sweep": True}))
        await pilot.pause()
        assert "nothing in this run" in words(grid, 3), "it is over, so that nothing is still to come"

    alone(grid, look)


def test_a_view_that_settings_empty_gives_way_to_the_first_that_they_fill() -> None:
    swept, still = Condition("sweep yes", lambda config: config.sweep), Condition("sweep no", lambda config: not config.sweep)
    figures = [Figure(name, name, Axis("step"), Axis("y"), (name,), domain=(still if name in "ab" else swept,)) for name in "abc"]
    pictures = [PictureSpec("p", "p", domain=(still,)), PictureSpec("q", "q")]
    grid = FigureGrid(replace(SPEC, config=Sweeping, figures=tuple(figures), pictures=tuple(pictures)), Theme())

    async def look(pilot: Pilot[None]) -> None:
        for sweep, shown, active in ((False, "abpq", "a"), (True, "cq", "c"), (False, "abpq", "a")):
            grid.show(replace(canned(series=(), pictures=(), markers=()), config={"sweep": sweep}))
            await pilot.pause()
            assert {panel.what.name for panel in grid.panels if panel.display} == set(shown)
            assert grid.panels[grid.active].what.name == active
        grid.choose(4)
        grid.show(replace(canned(series=(), pictures=(), markers=()), config={"sweep": True}))
        await pilot.pause()
        assert grid.active == 4, "what is still filled stays chosen"

    alone(grid, look)
