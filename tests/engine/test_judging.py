"""From a judgement to a verdict: statuses, words and numbers."""

import json

import pytest

from engine.contract import Claim, Status
from engine.judging import PENDING, censored, decided, not_applicable, pending

CLAIM = Claim("C1", "The ratio is large", "a paper", "at least 5", "10 %", ("quick",))


@pytest.mark.parametrize(
    ("judgement", "status", "holds", "mark"),
    [
        (decided(True, 7.5), Status.HOLDS, True, "yes"),
        (decided(False, "7.5"), Status.FAILS, False, "no"),
        (PENDING, Status.PENDING, None, "not yet"),
        (pending("one seed"), Status.PENDING, None, "not yet"),
        (censored("> 300", "the run ended first"), Status.CENSORED, None, "censored"),
        (not_applicable("needs model gromov"), Status.NOT_APPLICABLE, None, "n/a"),
    ],
)
def test_every_kind_of_judgement_becomes_a_verdict_with_its_status(judgement, status, holds, mark):
    verdict = judgement.of(CLAIM)
    assert (verdict.claim, verdict.status, verdict.holds, verdict.mark) == (CLAIM, status, holds, mark)
    assert verdict.predicted == "at least 5" and verdict.reason == judgement.reason
    row = verdict.row()
    assert row["status"] == status.value and json.loads(json.dumps(row)) == row


def test_numbers_in_words_are_values_too_and_given_ones_come_first():
    verdict = decided(True, 7, "over seeds", predicted=5.5, values={"ratio": 7.25, "measured": 7.125}).of(CLAIM)
    assert verdict.values == {"predicted": 5.5, "measured": 7.125, "ratio": 7.25}
    assert (verdict.predicted, verdict.measured, verdict.note, verdict.remark) == (5.5, 7, "over seeds", "over seeds")
    assert decided(True, "seven", values={"ratio": 7.0}).of(CLAIM).values == {"ratio": 7.0}
    assert pending("few seeds", True).of(CLAIM).values == {}  # yes and no are no numbers


def test_a_remark_is_reason_and_note():
    assert censored("> 300", "the run ended first").of(CLAIM).remark == "the run ended first"
    assert PENDING.of(CLAIM).remark == ""
