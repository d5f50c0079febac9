"""The palette offers what makes sense now, and help names every key."""

from __future__ import annotations

import pytest
from textual.command import CommandList, CommandPalette
from textual.fuzzy import Matcher
from textual.pilot import Pilot
from textual.widgets import Input

from engine.contract import Phase, Rewind
from engine.registry import spec
from lab.app import LabApp
from screens.command_palette import LabCommands, _matching, palette_commands, preset_commands, words_of
from screens.help import HelpScreen, key_table
from screens.keys import KEYS
from screens.pinned import Pinned
from screens.topics import topics
from tests.screens.canned import SPEC, CannedSession, canned
from tests.screens.pilot import drive, opened, said, until


def offered(app: LabApp) -> list[str]:
    return [text for text, _, _ in palette_commands(app.screen, app)]


def test_home_offers_the_phenomena() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        others = [
            "The tour (t on home)",
            "Runs: browse, resume, delete (b)",
            "Compare stored runs (C)",
            "Open a sweep (w on home)",
            "Import data",
        ]
        without = [text for text in offered(app) if ": " not in text.removeprefix("Runs: ")]
        assert without == [*(f"Open {card.title}" for card in app.phenomena()), *others]

    drive(scenario)


def test_home_offers_every_preset_once_the_phenomena_are_examined() -> None:
    """Studies are presets: by their words they are found from home."""
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await until(pilot, lambda: any(preset_commands(app.screen, app)))
        further = [preset.name for preset in SPEC.presets[1:]]
        commands = {text: deed for text, _, deed in preset_commands(app.screen, app)}
        assert [text for text in commands if text.startswith("Open Random labels: ")] == [f"Open Random labels: {name}" for name in further]
        commands[f"Open Random labels: {further[0]}"]()
        await until(pilot, lambda: app.screen is not app.screen_stack[0])
        assert app.open_runs.begun == [("canned", further[0])]
        app.open_preset("canned", further[0])
        await pilot.pause()
        assert not session.posted and "this run has not ended" in said(app)
        session.change(phase=Phase.FINISHED)
        app.open_preset("canned", further[0])
        assert session.posted == [Rewind(further[0])]

    drive(scenario, session=session)


def test_a_palette_opened_as_the_terminal_became_too_small_shows_its_list_afterwards() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        offered_first = offered(app)[0]
        app.action_command_palette()
        await pilot.resize_terminal(10, 4)
        palette = next(screen for screen in app.screen_stack if isinstance(screen, CommandPalette))
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: app.screen is palette and palette.query_one(CommandList).size.height > 5)
        assert str(palette.query_one(CommandList).get_option_at_index(0).prompt).startswith(offered_first)

    drive(scenario)


def test_the_palette_knows_the_state() -> None:
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        assert "Pause (space)" in offered(app)
        assert not any("pinned curves away" in text for text in offered(app))
        assert all(f"Begin again with preset {preset.name}" in offered(app) for preset in SPEC.presets)
        assert "Open Random labels" not in offered(app)
        session.change(phase=Phase.PAUSED)
        assert "Go on (space)" in offered(app)
        screen.figures.pinned = Pinned(session.latest(), SPEC.config)
        assert any("pinned curves away" in text for text in offered(app))

    drive(scenario, session=session)


def test_a_watched_run_offers_no_commands_to_it() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        assert not any("Begin again" in text or "(space)" in text for text in offered(app))
        assert any("Notes" in text for text in offered(app))

    drive(scenario, session=CannedSession(controllable=False))


def test_a_command_is_found_by_typing_and_done() -> None:
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette) and not app.screen.query_one(Input).cursor_blink)
        await pilot.press(*"zhang")
        await until(pilot, lambda: "Begin again with preset zhang-mlp1" in said(app))
        await pilot.press("enter")
        await until(pilot, lambda: (app.screen is not screen and not isinstance(app.screen, CommandPalette)) or session.posted)
        if not session.posted:
            await pilot.press("enter")
        await until(pilot, lambda: session.posted and app.screen is screen)

    drive(scenario, session=session)
    assert session.posted == [Rewind("zhang-mlp1")]


def test_a_return_that_is_typed_with_the_words_waits_for_what_they_find() -> None:
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette) and not app.screen.query_one(Input).cursor_blink)
        await until(
            pilot, lambda: app.screen.query_one(CommandList).option_count > 5
        )  # of everything, the first of which return would take
        field = app.screen.query_one(Input)
        field.value = "zhang"
        await field.action_submit()
        await until(pilot, lambda: session.posted and app.screen is screen)

    drive(scenario, session=session)
    assert session.posted == [Rewind("zhang-mlp1")]


def test_another_phenomenon_is_opened_from_the_palette() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        first = await opened(pilot, app)
        app.open_phenomenon("other-3")
        await until(pilot, lambda: app.screen is not first and "other-3" in said(app))
        app.open_phenomenon("canned")
        await until(pilot, lambda: app.screen is first)
        assert len(app.screen_stack) == 2

    drive(scenario)


def test_every_key_has_a_line_of_help_that_fits() -> None:
    rows = key_table(KEYS, 70).plain.splitlines()
    assert all(len(row) <= 74 for row in rows)
    for key in KEYS:
        assert any(row.strip().startswith(key.shown) for row in rows), key


def test_help_explains_what_is_selected() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        await pilot.press("3", "question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        assert "3 training loss: step across, cross-entropy [nats] upward" in said(app)
        await pilot.press("escape", "k", "question_mark")
        await until(pilot, lambda: "learning rate: step size of SGD: between 0.0001 and 1" in said(app).replace(" a number", ""))
        await pilot.press("q")
        await until(pilot, lambda: app._exit)

    drive(scenario, session=CannedSession(canned()))


def test_whole_words_are_found_before_scattered_letters() -> None:
    commands = [("Open A: sharpness", "where it ends", print), ("Open B", "some harder pages; none shows", print)]
    matcher = Matcher("sharp")
    found = [str(hit.match_display) for hit in _matching(matcher, commands, ["sharp"])]
    assert found == ["Open A: sharpness"]
    assert len(list(_matching(matcher, commands))) == 2
    assert not list(_matching(Matcher("sharp ends x"), commands, ["sharp", "ends", "x"]))


def test_notes_come_after_what_is_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hits(app: LabApp) -> list[str]:
        provider = LabCommands(app.screen)
        found = [hit async for hit in provider.search("uniform")]
        return [str(hit.match_display) for hit in sorted(found, key=lambda hit: -hit.score)]

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        order = await hits(app)
        first, noted = order.index("Open Vacuous bounds: sphere"), order.index("Open Random labels")
        assert first < noted

    specs = [spec("random-labels"), spec("vacuous-bounds")]
    monkeypatch.setattr("screens.command_palette._declared", lambda application: iter(specs))
    drive(scenario)


def test_words_are_found_with_a_hyphen_or_a_blank_between_them() -> None:
    margins = spec("max-margin")
    assert words_of(" Own-norm ") == ["own", "norm"]
    with_hyphen, with_blank = (list(topics(margins, words_of(query))) for query in ("own-norm", "own norm"))
    assert with_hyphen == with_blank
    assert "mirror" in {topic.preset for topic in with_hyphen}
