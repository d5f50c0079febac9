"""Every phenomenon's own screen: it names views that exist, and shows them."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from engine import registry
from engine.contract import Spec
from lab.app import LabApp
from lab.open_runs import screen_of
from screens.base import PhenomenonScreen
from tests.screens.canned import CannedSession, canned
from tests.screens.pilot import drive, until

NAMES = [entry.name for entry in registry.entries() if not entry.origin]


@pytest.mark.parametrize("name", NAMES)
def test_views_name_figures_and_pictures_of_the_phenomenon(name: str) -> None:
    spec, kind = registry.spec(name), screen_of(registry.find(name))
    declared = {item.name for item in (*spec.figures, *spec.pictures)}
    assert set(kind.VIEWS) <= declared, f"{kind.__name__} names {set(kind.VIEWS) - declared}"
    assert len(set(kind.VIEWS)) == len(kind.VIEWS)
    assert kind.VIEWS, "the first page tells the story"


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_turns_with_the_cursor_of_an_axis_that_exists(name: str) -> None:
    spec = registry.spec(name)
    axes = {figure.x.label for figure in spec.figures}
    assert {picture.cursor for picture in spec.pictures if picture.cursor} <= axes


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (160, 48)])
@pytest.mark.parametrize("name", NAMES)
def test_the_screen_stands_before_anything_is_measured(name: str, size: tuple[int, int]) -> None:
    spec, kind = registry.spec(name), screen_of(registry.find(name))
    empty = canned(0, phenomenon=name, config=spec.config().values(), series=(), pictures=(), markers=(), verdicts=())

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        app.open_runs.spec = lambda _: spec  # type: ignore[method-assign]
        app.open_runs.screen = lambda _: kind  # type: ignore[method-assign]
        await pilot.press("1")
        await until(pilot, lambda: isinstance(app.screen, kind) and app.screen.figures.pages)
        screen = app.screen
        assert isinstance(screen, PhenomenonScreen) and isinstance(screen.spec, Spec)
        seen = {view for page in screen.figures.pages for view in page.views}
        assert seen == set(range(len(spec.figures) + len(spec.pictures)))
        assert [panel.what.name for panel in screen.figures.panels][: len(kind.VIEWS)] == list(kind.VIEWS)

    drive(scenario, size, session=CannedSession(empty))
