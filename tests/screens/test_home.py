"""The home screen, from cards alone."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from engine.contract import Phase
from lab.app import LabApp
from screens.base import PhenomenonScreen
from screens.home import HomeScreen
from tests.screens.canned import CannedSession, canned
from tests.screens.pilot import SIZES, compare, drive, masked, opened, said, text_of, until


@pytest.mark.parametrize("size", SIZES)
def test_ten_cards(size: tuple[int, int]) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await pilot.pause()
        compare(f"home-{size[0]}x{size[1]}", masked(app))

    drive(scenario, size)


def test_every_key_and_title_is_visible_at_80x24() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        rows = text_of(app)
        for key, card in zip("1234567890", app.phenomena(), strict=True):
            assert any(f" {key} {card.title} " in row for row in rows), card
        assert app.phenomena()[0].question.split()[-1] in "\n".join(rows), "the selected question is shown to its end"

    drive(scenario)


def test_a_digit_opens_and_starts_the_quick_preset() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)

    assert drive(scenario).begun == [("canned", "quick")]


def test_arrows_and_enter_open_the_selected_card() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await pilot.press("down", "down", "up", "enter")
        await until(pilot, lambda: isinstance(app.screen, PhenomenonScreen))

    assert drive(scenario).begun == [("other-1", "quick")]


def test_selection_goes_around() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await pilot.press("up", "enter")
        await until(pilot, lambda: isinstance(app.screen, PhenomenonScreen))

    assert drive(scenario).begun == [("other-9", "quick")]


def test_a_digit_without_a_card_does_nothing() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await pilot.press("9")
        await pilot.pause()
        assert isinstance(app.screen, HomeScreen)

    assert drive(scenario, count=1).begun == []


def test_cards_tell_what_became_of_a_run_and_coming_back_shows_the_same_session() -> None:
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        first = await opened(pilot, app)
        await pilot.press("escape")
        await until(pilot, lambda: "running 50 % 2 yes 1 no" in said(app))
        session.change(phase=Phase.FINISHED, step=600)
        await until(pilot, lambda: "finished 2 yes 1 no" in said(app))
        assert await opened(pilot, app) is first

    assert drive(scenario, session=session).begun == [("canned", "quick")]


def test_other_screens_list_what_runs() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        await pilot.press("2")
        await until(pilot, lambda: "also running: canned 50 %" in text_of(app)[0])

    drive(scenario, session=CannedSession(canned()))


def test_an_unknown_knob_or_device_is_a_sentence_and_home_stays() -> None:
    from engine.errors import UsageError

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        def refuse(name: str, preset: str) -> CannedSession:
            raise UsageError("device cuda is not there", "use --device cpu")

        app.open_runs.begin = refuse  # type: ignore[method-assign]
        await pilot.press("1")
        await until(pilot, lambda: "device cuda is not there" in said(app))
        assert isinstance(app.screen, HomeScreen)

    drive(scenario)
