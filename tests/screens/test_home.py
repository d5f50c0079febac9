"""The home screen, from cards alone."""

from __future__ import annotations

import numpy as np
import pytest
from rich.text import Text
from textual.pilot import Pilot

from engine.contract import Axis, Figure, Phase, Series
from lab.app import LabApp
from screens.application import PhenomenonEntry
from screens.base import PhenomenonScreen
from screens.command_palette import palette_commands
from screens.home import HomeScreen
from screens.key_lists import card_keys
from screens.listed_run import MainFigure
from screens.widgets.phenomenon_card import PhenomenonCard, _cut
from tests.screens.canned import CannedSession, canned
from tests.screens.pilot import SIZES, compare, drive, masked, opened, said, text_of, until


@pytest.mark.parametrize("size", SIZES)
def test_ten_cards(size: tuple[int, int]) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await until(pilot, lambda: "no run yet" in said(app))
        compare(f"home-{size[0]}x{size[1]}", masked(app))

    drive(scenario, size)


def test_every_key_and_title_is_visible_at_80x24() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        rows = text_of(app)
        for key, card in zip("1234567890", app.phenomena(), strict=True):
            assert any(f" {key} {card.title} " in row for row in rows), card
        assert app.phenomena()[0].question.split()[-1] in "\n".join(rows), "the selected question is shown to its end"

    drive(scenario)


# ---------------------------------------------------------------- more than ten

HOME_SIZES = ((60, 15), (80, 24), (160, 48))
PROBLEM = "broken_package of some-distribution does not import: ModuleNotFoundError: No module named 'numbers_of_tomorrow'"


def in_sight(home: HomeScreen) -> PhenomenonCard:
    """The selected card, whose rows are all inside the part of the list that is shown."""
    selected = next(card for card in home.cards if card.has_focus)
    assert home.query_one("#cards").region.contains_region(selected.region), selected.entry.name
    return selected


@pytest.mark.parametrize("size", HOME_SIZES)
@pytest.mark.parametrize("count", [11, 14])
def test_arrows_keep_the_selected_card_in_sight(size: tuple[int, int], count: int) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        home = app.screen
        assert isinstance(home, HomeScreen)
        for direction, places in (("down", [*range(1, count), 0]), ("up", [*range(count - 1, -1, -1)])):
            for place in places:
                await pilot.press(direction)
                await until(pilot, lambda place=place: home.cards[place].has_focus)
                await pilot.pause()
                selected = in_sight(home)
                assert selected is home.cards[place]
                row = text_of(app)[selected.region.y][selected.region.x :]
                assert row.startswith(f"▌ {selected.key} {selected.entry.title} ")
                shown = f"{said(app, selected)} {said(app, app.screen.query_one('#selected'))}".replace("▌ ", "")
                assert selected.sentence in shown, "its question is shown to its end"

    drive(scenario, size, count=count)


@pytest.mark.parametrize(("size", "count"), [((60, 15), 11), ((80, 24), 11), ((80, 24), 14), ((160, 48), 14)])
def test_every_key_and_title_is_visible_where_each_card_can_have_a_row(size: tuple[int, int], count: int) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        shown = "\n".join(text_of(app))
        for key, entry in zip("1234567890acde", app.phenomena(), strict=False):
            assert f" {key} {entry.title} " in shown

    drive(scenario, size, count=count)


@pytest.mark.parametrize(("key", "name"), [("0", "other-9"), ("a", "other-10"), ("e", "other-13")])
def test_further_cards_open_by_letters(key: str, name: str) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, PhenomenonScreen))

    assert drive(scenario, (60, 15), count=14).begun == [(name, "quick")]


@pytest.mark.parametrize(("count", "words"), [(3, "1..3 open"), (10, "1..0 open"), (12, "1..0 a c open"), (15, "1..0 a c..f open")])
def test_the_last_row_names_the_keys_of_cards_and_no_other(count: int, words: str) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await until(pilot, lambda: words in said(app, app.screen.query_one("#keys")))

    drive(scenario, count=count)


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
def test_the_last_row_names_help_sweeps_and_quit(size: tuple[int, int]) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        row = app.screen.query_one("#keys")
        await until(pilot, lambda: all(words in said(app, row) for words in ("t tour", "b runs", "? help", "q quit", "w sweeps")))

    drive(scenario, size, count=12)


def test_a_question_that_does_not_fit_ends_with_a_whole_word() -> None:
    question = "When does a network learn features, and when is it linear?"
    for width in range(12, len(question) + 3):
        shown = _cut(question, width, "").plain
        words = shown.removesuffix("…").split()
        kept = [word.rstrip(",") for word in question.split()[: len(words)]]
        assert len(shown) <= width and [word.rstrip(",") for word in words] == kept
        assert (shown == question) == (width >= len(question)) and (shown == question or shown.endswith("…"))


def test_only_what_failed_is_said_in_red() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        sentence = app.screen.query_one("#selected")
        app.tell("prices: 200 rows")
        await until(pilot, lambda: "200 rows" in said(app, sentence))
        assert "red" not in str(sentence.content.style)  # type: ignore[attr-defined]
        app.tell("there is no such file", bad=True)
        await until(pilot, lambda: "no such file" in said(app, sentence))
        assert "red" in str(sentence.content.style)  # type: ignore[attr-defined]

    drive(scenario)


def test_cards_have_the_rows_they_were_given_after_every_resize() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        home = app.screen
        assert isinstance(home, HomeScreen)
        rows = {"picture": 2, "two rows": 2, "one row": 1}
        for size in ((160, 48), (80, 24), (160, 48), (120, 30)):
            await pilot.resize_terminal(*size)
            await until(pilot, lambda: all(card.size.height == card.rows + rows[card.detail] for card in home.cards))

    drive(scenario, count=12)


@pytest.mark.parametrize("width", range(37, 90))
def test_a_row_says_the_phase_wherever_it_has_room(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    card = PhenomenonCard(PhenomenonEntry("a", "Max margin", "What is reached?"), "5", title_width=23)
    card.detail = "one row"
    card._state = [Text("finished"), Text("8 yes"), Text("1 no"), Text("1 n/a")]
    monkeypatch.setattr(PhenomenonCard, "_width", property(lambda _: width))
    row = card.render().plain
    assert "finished" in row and len(row) <= width


def test_a_card_whose_picture_is_of_a_study_asks_what_the_study_does() -> None:
    card = PhenomenonCard(PhenomenonEntry("a", "Max margin", "What is reached?"), "5", title_width=23)
    curve = Series("curve", "measured", np.arange(3.0), np.arange(3.0))
    card._main = MainFigure(Figure("f", "F", Axis("x"), Axis("y"), ("*",)), (curve,), ("curve",), "In which norm?")
    assert card.sentence == "In which norm?"
    card._main = None
    assert card.sentence == "What is reached?"


def test_no_key_is_given_twice() -> None:
    keys = [*card_keys(), *(key for binding in HomeScreen.BINDINGS for key in binding.key.split(","))]
    assert len(set(keys)) == len(keys)


def test_a_terminal_that_changes_its_size_keeps_the_selected_card_in_sight() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        home = app.screen
        assert isinstance(home, HomeScreen)
        await pilot.press("up")
        for size in ((60, 15), (160, 48), (80, 15), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            await pilot.pause()
            assert in_sight(home) is home.cards[-1]

    drive(scenario, count=14)


@pytest.mark.parametrize("size", HOME_SIZES)
def test_a_problem_is_one_sentence_and_cannot_be_opened(size: tuple[int, int]) -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await pilot.press("up")
        card = app.screen.cards[-1]  # type: ignore[attr-defined]

        def shown() -> str:
            return f"{said(app, card)} {said(app, app.screen.query_one('#selected'))}".replace("▌ ", "")

        await until(pilot, lambda: PROBLEM in shown())
        assert "cannot be opened" in shown()
        for key in ("enter", "space", "c"):
            await pilot.press(key)
            await pilot.pause()
            assert isinstance(app.screen, HomeScreen)
            assert PROBLEM in shown()
        assert not any("Broken" in text for text, _, _ in palette_commands(app.screen, app))

    assert drive(scenario, size, count=11, problems=[PROBLEM]).begun == []


def test_what_only_an_import_shows_is_said_a_moment_after_home_stands() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        app.open_runs.found["other-1"] = PROBLEM  # type: ignore[attr-defined]
        card = app.screen.cards[1]  # type: ignore[attr-defined]
        assert not card.entry.problem
        await until(pilot, lambda: card.entry.problem == PROBLEM)
        await until(pilot, lambda: "cannot be opened" in said(app, card))
        await pilot.press("2")
        await pilot.pause()
        assert isinstance(app.screen, HomeScreen)

    assert drive(scenario).begun == []


def test_why_a_phenomenon_was_not_opened_stays_until_another_card_is_selected() -> None:
    from engine.errors import UsageError

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        def refuse(name: str, preset: str) -> CannedSession:
            raise UsageError(f"{name} does not import")

        app.open_runs.begin = refuse  # type: ignore[method-assign]
        await pilot.press("3")
        await until(pilot, lambda: app.screen.focused is app.screen.cards[2])
        await pilot.pause()
        assert "other-2 does not import" in said(app)
        await pilot.press("down")
        await until(pilot, lambda: "other-2 does not import" not in said(app))

    drive(scenario)


# ---------------------------------------------------------------- opening


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
        await until(pilot, lambda: "running 50 % claims 2 yes 1 no" in said(app))
        session.change(phase=Phase.FINISHED, step=600)
        await until(pilot, lambda: "finished claims 2 yes 1 no" in said(app))
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
