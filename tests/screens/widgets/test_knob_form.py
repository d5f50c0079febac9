"""The knobs of a screen: stepped, typed, refused, begun with."""

from __future__ import annotations

from typing import Any

from rich.text import Text
from textual.pilot import Pilot

from engine.contract import Rewind, SetKnob, Step
from lab.app import LabApp
from screens.widgets.form_fields import FormField
from screens.widgets.knob_form import KnobForm
from tests.screens.canned import SPEC, CannedConfig, CannedSession
from tests.screens.pilot import drive, opened, said, text_of, until


def test_a_knob_is_stepped_and_posted() -> None:
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        await pilot.press("k", "right")
        await until(pilot, lambda: session.posted)

    drive(scenario, session=session)
    assert session.posted == [SetKnob("lr", 0.1)]


def test_a_knob_is_typed_and_posted_on_enter() -> None:
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        await pilot.press("k", ".", "2", "5", "backspace", "enter")
        await until(pilot, lambda: session.posted)
        await until(pilot, lambda: "custom" in text_of(app)[0])

    drive(scenario, session=session)
    assert session.posted == [SetKnob("lr", 0.2)]


def test_what_is_typed_after_enter_replaces_the_value_and_backspace_edits_it() -> None:
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        await pilot.press("k", "enter", ".", "2", "enter")
        await until(pilot, lambda: session.posted)
        await pilot.press("enter", "backspace", "3", "enter")  # 0.2 without its last digit
        await until(pilot, lambda: len(session.posted) == 2)

    drive(scenario, session=session)
    assert session.posted == [SetKnob("lr", 0.2), SetKnob("lr", 0.3)]


def test_a_value_out_of_range_is_a_sentence_under_the_field_and_is_not_posted() -> None:
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        await pilot.press("k", "7", "enter")
        field = screen.knobs.fields["lr"]
        await until(pilot, lambda: "learning rate must be between 0.0001 and 1, got 7" in said(app, field))
        await pilot.press("escape")
        await until(pilot, lambda: "got 7" not in said(app, field) and "0.05" in said(app, field))

    drive(scenario, session=session)
    assert session.posted == []


def test_letters_reach_a_text_that_is_typed_and_commands_otherwise() -> None:
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        await pilot.press("k", "enter", "r", "q", "space", "s")
        await pilot.pause()
        assert session.posted == []
        await pilot.press("escape", "s")
        await until(pilot, lambda: session.posted)

    drive(scenario, session=session)
    assert session.posted == [Step()]


def test_the_form_follows_the_run() -> None:
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        session.change(config={**session.snapshot.config, "n": 4000, "levels": [0.0, 0.25]}, preset="standard")
        await until(pilot, lambda: "4000 images" in said(app))
        assert "0,0.25" in said(app)

    drive(scenario, (160, 48), session=session)


def test_a_preset_is_leafed_to_and_begun_with_enter() -> None:
    session = CannedSession()

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        await opened(pilot, app)
        await pilot.press("k", "up", "right")
        await until(pilot, lambda: "three seeds with bands" in said(app))
        assert session.posted == []
        await pilot.press("enter")
        await until(pilot, lambda: session.posted)

    drive(scenario, session=session)
    assert session.posted == [Rewind("standard")]


def test_arrows_move_from_row_to_row_also_where_the_knobs_do_not_fit() -> None:
    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        form = (await opened(pilot, app)).knobs
        await pilot.press("k")
        await until(pilot, lambda: form.has_focus_within)
        rows = [row for row in form.rows() if row.display]
        for place in [*range(2, len(rows)), 0]:
            await pilot.press("down")
            await until(pilot, lambda place=place: rows[place].has_focus)
            await pilot.pause()
            assert form.region.contains_region(rows[place].region)

    drive(scenario, (60, 15))


def test_the_form_says_how_long_presets_and_turned_knobs_take() -> None:
    asked = []

    def estimate(knobs: Any, seeds: int) -> str:
        asked.append((knobs["n"], seeds))
        return f"About {knobs['n']} s of work here."

    form = KnobForm(CannedConfig, SPEC.presets, estimate=estimate)
    form.show({**CannedConfig().values(), "n": 200}, "custom", 3)
    preset, *fields = form.rows()
    assert form._time(fields[0]) == form._time(preset) == "About 200 s of work here."
    form.show(CannedConfig().values(), "quick", 2)
    first = SPEC.preset("quick")
    assert form._time(preset) == f"About {SPEC.configure('quick').n} s of work here." and asked[-1][1] == first.seeds


def test_steps_are_gathered_where_a_change_begins_a_long_run() -> None:
    form = KnobForm(CannedConfig, SPEC.presets, lambda knobs: 0.3 if knobs["bias"] else 0.0)
    form.show(CannedConfig().values(), "quick")
    assert {field.patience for field in form.fields.values()} == {0.3}
    form.show({**CannedConfig().values(), "bias": False}, "custom")
    assert {field.patience for field in form.fields.values()} == {0.0}


def test_a_list_that_is_longer_than_the_row_goes_on_in_the_next_and_loses_nothing() -> None:
    value = "2,4,8,12,20,36,64,100,150,200,300,500,1500"

    class Field(FormField):
        label = "h"

        def lines(self, width: int) -> list[Text]:
            return self.row(width, value, "", "")

    for width in (24, 38, 60):
        rows = [line.plain for line in Field().lines(width)]
        assert max(map(len, rows)) <= width
        assert "".join("".join(rows).split()) == f"h{value}"
