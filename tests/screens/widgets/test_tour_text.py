"""Verdicts below a stop's answer: a row each, cut between words, so that no number is cut into another one."""

import pytest

from engine.contract import Claim, Status, Verdict
from engine.contract.tour import Visit
from screens.widgets.tour_text import before_text, verdict_rows
from tests.screens.canned_tour import STOPS, finished

SENTENCE = "The noise error ignores what else is fitted"
PREDICTED = "2.104, 2.105, 2.108; 1.017, 1.332, 1.655"


def rows(width, whole=False):
    claim = Claim("RL1", SENTENCE, "", PREDICTED, "", ("quick",))
    verdict = Verdict(claim, PREDICTED, "2.1, 2.1", Status.HOLDS)
    return [row.plain for row in verdict_rows(finished(verdicts=(verdict,)), STOPS[0], width, whole)]


@pytest.mark.parametrize("width", range(1, 120))
def test_a_row_fits_and_ends_with_a_whole_word(width):
    (row,) = rows(width)
    assert len(row) <= width
    words = {word.strip("():;,…") for word in row.split()}
    assert width < 12 or words <= {word.strip("():;,") for word in f"yes RL1 {SENTENCE}: 2.1, 2.1 ({PREDICTED})".split()} | {""}


def test_where_there_is_room_nothing_is_cut():
    assert rows(20, whole=True) == [f"yes RL1 {SENTENCE}: 2.1, 2.1 ({PREDICTED})"]


def test_a_question_that_was_answered_says_how():
    run = finished()
    said = [
        before_text(stop, visit, run).plain
        for stop, visit in zip(STOPS, (Visit("off", 0), Visit("near", 200.0), Visit("right", (1.0, 1.0, 1.0, 1.0))), strict=True)
    ]
    assert said == [
        " Last time you said: It stays at chance.",
        " Last time you said step = 200 steps (near).",
        " Last time you drew a curve (right).",
    ]
    assert not before_text(STOPS[0], None, run).plain and not before_text(STOPS[0], Visit("skipped"), run).plain
