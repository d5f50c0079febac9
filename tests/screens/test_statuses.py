"""All six statuses of a claim, wherever claims are counted or listed: the word, its style and the reason."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from engine.contract import Claim, Phase, Status, Verdict
from lab.app import LabApp
from lab.output import count_marks, verdict_rows
from screens import formatting
from screens.home import HomeScreen
from screens.widgets.phenomenon_card import state_of
from screens.widgets.verdict_panel import MARK, tally_row, verdict_table
from tests.screens.canned import CannedSession, canned, every_status
from tests.screens.pilot import SIZES, drive, opened, said, text_of, until

OWN = ["1 yes", "1 no", "1 not yet", "1 censored"]
COUNTS = [*OWN, "1 not run", "1 n/a"]


@pytest.mark.parametrize("phase", [Phase.RUNNING, Phase.FINISHED])
@pytest.mark.parametrize("size", SIZES)
def test_the_tally_the_panel_and_the_card_show_them(size: tuple[int, int], phase: Phase) -> None:
    session = CannedSession(canned(phase=phase, verdicts=every_status()))

    async def scenario(pilot: Pilot[int], app: LabApp) -> None:
        screen = await opened(pilot, app)
        row = said(app, screen.query_one("#tally"))
        assert [count for count in [*OWN, "2 need other settings"] if count in row] == [*OWN, "2 need other settings"]
        await pilot.press("v")
        await until(pilot, lambda: screen.claims.has_focus)
        await pilot.pause()
        listed = said(app, screen.claims)
        screen.claims.scroll_end(animate=False)
        await pilot.pause()
        listed += said(app, screen.claims)
        for verdict in session.latest().verdicts:
            assert verdict.mark in listed
            assert not set(f"{verdict.reason} {verdict.note}".split()) - set(re.findall(r"\w+", listed))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen) and "1 not yet" in said(app))
        card = next(row for row in text_of(app) if "Random labels" in row)
        assert [count for count in COUNTS if count in card][:3] == COUNTS[:3]

    drive(scenario, size, session=session)


def test_each_status_has_a_style_and_a_word_that_fits_its_column() -> None:
    assert set(formatting.STATUS_STYLE) == set(Status)
    assert max(len(status.mark) for status in Status) < MARK
    assert list(formatting.tally(every_status())) == list(Status)
    assert [part.plain for part in state_of(canned(verdicts=every_status()))][1:] == OWN


@pytest.mark.parametrize("width", [40, 60, 72, 80, 120])
def test_every_claim_begins_with_its_mark_or_stands_below_it_and_what_it_needs(width: int) -> None:
    lines = verdict_table(every_status(), width).plain.splitlines()
    for verdict in every_status():
        (place,) = (place for place, line in enumerate(lines) if f"What claim number {verdict.claim.id[1:]}" in line)
        if verdict.status in formatting.NOT_OF_THIS_RUN:
            assert lines[place].startswith(f"  {verdict.claim.id}")
            head = next(line for line in reversed(lines[:place]) if not line.startswith(" "))
            assert head == f"{verdict.mark}: {verdict.remark or 'needs other settings'}"
        else:
            assert lines[place].startswith(f"{verdict.mark:{MARK}}{verdict.claim.id}")
    assert all(len(line.rstrip()) <= width for line in lines)


@pytest.mark.parametrize("width", range(20, 130, 7))
def test_the_tally_leaves_out_names_before_counts(width: int) -> None:
    row = tally_row(every_status(), width)
    assert row.cell_len <= width
    assert width < 60 or [count for count in OWN if count in row.plain] == OWN
    assert width < 70 or row.plain.endswith("2 need other settings")
    assert ("(C1)" in row.plain) == (width >= 74)


def test_the_command_line_words_them_alike() -> None:
    rows = verdict_rows(every_status())
    assert [row[-1].plain for row in rows] == [status.mark for status in Status]
    assert all(row[-1].style for row in rows)
    assert "never memorised by step 600" in rows[list(Status).index(Status.CENSORED)][3]
    assert count_marks(every_status()) == ", ".join(COUNTS)


@pytest.mark.parametrize("width", [60, 120])
def test_identities_stand_below_the_claims_and_what_needs_other_settings_last(width: int) -> None:
    first, *others = every_status()
    identity = replace(first, claim=replace(first.claim, identity=True))
    shown = verdict_table([identity, *others], width).plain
    places = [shown.index(others[2].claim.id), shown.index("identities: cannot come out otherwise"),
              shown.index(others[-1].remark or "needs other settings"), shown.index(others[-1].claim.id)]  # fmt: skip
    assert places == sorted(places)
    assert first.status not in formatting.tally([identity]) and formatting.tally([replace(identity, status=Status.FAILS)])


def test_what_is_measured_stands_out_in_every_row_that_it_takes() -> None:
    claim = Claim("C1", "It falls", "nobody", "0", ">= .9")
    measured = "ratio 22.1; accuracy 0.002; and a good deal more that has no room in one row"
    shown = verdict_table([Verdict(claim, "0", measured, Status.HOLDS)], 46)
    bold = "".join(shown.plain[span.start : span.end] for span in shown.spans if span.style == "bold")
    assert bold.replace(" ", "") == f"measured{measured}".replace(" ", "")
