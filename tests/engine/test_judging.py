"""From a judgement to a verdict: statuses, words and numbers."""

import json

import pytest

from engine.contract import Claim, Status
from engine.judging import PENDING, censored, decided, not_applicable, pending, rarest

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


@pytest.mark.parametrize(("share", "holds", "told"), [(0.021, True, "0.021"), (1e-6, True, "1e-6"), (9.9e-7, False, "9.9e-7"),
                                                      (0.0, False, "below 1e-8")])  # fmt: skip
def test_many_means_are_judged_by_their_smallest_p_value_against_bonferronis_limit(share, holds, told):
    verdict = rarest(share, 1000, 1e-3, "at d=5 the mean is 0.72, theory 0.69", {"measured": 0.72, "predicted": 0.69, "d": 5}).of(CLAIM)
    assert (verdict.holds, verdict.measured, verdict.predicted) == (holds, f"p-value {told}", "at least 1e-6")
    assert verdict.note == "smallest of 1,000 p-values, limit 0.001/1,000; at d=5 the mean is 0.72, theory 0.69"
    assert verdict.values == {"measured": 0.72, "predicted": 0.69, "d": 5, "share": share, "limit": 1e-6, "compared": 1000}


def test_a_remark_is_reason_and_note():
    assert censored("> 300", "the run ended first").of(CLAIM).remark == "the run ended first"
    assert PENDING.of(CLAIM).remark == ""
