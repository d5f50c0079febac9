"""A run that is over and lacks what it should have left, wherever it is shown: its row, its preview, above its claims."""

from __future__ import annotations

import pytest

from engine.contract import Phase
from screens.listed_run import ListedRun, Preview
from screens.widgets.run_columns import columns_of, phase, row
from screens.widgets.run_preview import _words
from screens.widgets.verdict_panel import VerdictTable
from tests.screens.canned import canned, every_status

FLAW = "result.json is missing, though the run says that it is finished; genlab resume a makes it anew"
RUN = ListedRun("a", 0, True, "toy", "quick", "quick", (0,), Phase.FINISHED, 3, 3, claims={}, flaw=FLAW)


@pytest.mark.parametrize("width", [60, 80, 160])
def test_its_row_says_damaged_in_place_of_finished(width: int) -> None:
    text = row(RUN, columns_of(width), 0, 10**9, lambda run, name: "").plain
    assert "damaged" in text and "finished" not in text and len(text) <= width
    assert phase(RUN, short=True).plain == "damaged"


def test_its_preview_says_why_and_shows_it_all_the_same() -> None:
    lines = [line.plain for line in _words(Preview(RUN, None, canned(phase=Phase.FINISHED, sentence="all is done")), 200, 8)]
    assert lines[1] == FLAW and "all is done" in lines


@pytest.mark.parametrize("width", [60, 120])
def test_it_stands_above_its_claims_which_keep_their_colours(width: int) -> None:
    table = VerdictTable()
    table.show(every_status())
    before = table._at(width)
    table.show(every_status(), FLAW)
    shown = table._at(width)
    head = shown.plain.removesuffix(before.plain)
    assert " ".join(head.split()) == FLAW and max(map(len, head.splitlines())) <= width
    assert not shown.style and {str(span.style) for span in shown.spans if span.start < len(head)} == {"bold red"}
    table.show(every_status())
    assert table._at(width) == before
