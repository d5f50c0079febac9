"""Keys that a person's settings choose: they act, the usual ones no longer do, and every place that names keys names them."""

from __future__ import annotations

import asyncio

from textual.pilot import Pilot

from lab.app import LabApp
from screens.base import PhenomenonScreen
from screens.command_palette import palette_commands
from screens.help import HelpScreen
from screens.tour import TourScreen
from screens.tour_list import TourList
from screens.widgets.palette import Theme
from screens.widgets.plot_view import PlotView
from tests.screens.canned import CannedRuns, CannedSession
from tests.screens.canned_tour import CannedTour, TouringRuns
from tests.screens.pilot import drive, opened, said, until


def test_a_chosen_key_acts_and_the_usual_one_does_not() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        app.use_keys({"pin": "t", "notes": "v", "claims": "n"})
        screen = await opened(pilot, app)
        await pilot.press("p")
        await pilot.pause()
        assert screen.figures.pinned is None
        await pilot.press("t")
        await until(pilot, lambda: screen.figures.pinned is not None)
        await pilot.press("v")
        await until(pilot, lambda: screen.side_panel == "notes")
        await pilot.press("v", "n")
        await until(pilot, lambda: screen.side_panel == "claims")
        await pilot.press("n")
        await until(pilot, lambda: "n claims" in said(app) and "v notes" in said(app) and "t pin" in said(app))
        commands = [text for text, *_ in palette_commands(screen, app)]
        assert any(text.endswith("(t)") and text.startswith("Pin") for text in commands)
        await pilot.press("question_mark")
        await until(pilot, lambda: "t Pin the present curves" in said(app))

    drive(scenario, session=CannedSession())


def test_home_and_the_tour_take_and_name_chosen_keys() -> None:
    async def run() -> None:
        app = LabApp(TouringRuns(CannedTour(), 12), drawing=Theme())
        app.use_keys({"tour": "a", "browse": "z", "tour_next": "x", "tour_list": "y", "help": "h"})
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: "1..0 b c open" in said(app) and "a tour" in said(app) and "z runs" in said(app))
            await pilot.press("h")
            await until(pilot, lambda: isinstance(app.screen, HelpScreen) and "a The tour" in said(app))
            await pilot.press("escape", "t", "a")
            await until(pilot, lambda: isinstance(app.screen, TourScreen) and "x skip" in said(app) and "y stops" in said(app))
            await pilot.press("n", "x")
            await until(pilot, lambda: getattr(app.screen, "place", 0) == 1)
            await pilot.press("y")
            await until(pilot, lambda: isinstance(app.screen, TourList))
            await pilot.press("y")
            await until(pilot, lambda: isinstance(app.screen, TourScreen))
            assert any("(x)" in text and text.startswith("Next stop") for text, *_ in palette_commands(app.screen, app))
            await pilot.press("escape", "c")
            await until(pilot, lambda: isinstance(app.screen, PhenomenonScreen) and app.screen.spec.name == "other-11")

    asyncio.run(run())


def test_what_is_wrong_with_the_settings_is_said_first() -> None:
    async def run() -> None:
        app = LabApp(CannedRuns(10), drawing=Theme())
        app.notice = "settings.toml, line 2: theme must be auto, dark or light, got 1"
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: app.notice in said(app))

    asyncio.run(run())


def test_a_background_that_is_named_late_changes_the_theme_of_what_is_drawn() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        app.see_background(dark=False)
        assert app.drawing.dark, "a theme that was chosen stays"
        app.follows = True
        app.see_background(dark=False)
        await until(pilot, lambda: all(not view.theme.dark for view in screen.query(PlotView) if view.is_on_screen))
        assert not app.drawing.dark
        assert app.theme == "genlab-light"

    drive(scenario, session=CannedSession(), drawing=Theme())
