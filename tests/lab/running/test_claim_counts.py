"""Claims over several runs: counted, and judged by how often they may fail by luck. The binomial sum is written out here."""

from math import comb
from xml.etree import ElementTree

import pytest

from engine.contract import Claim, Status
from lab.running.claim_counts import LEVEL, ClaimCount, count_claims
from lab.running.junit import write_junit

HOLDS, FAILS = Status.HOLDS, Status.FAILS


def claim(chance=0.0, identity=False, sentence="It holds"):
    return Claim("A1", sentence, "theory", "0", "1 %", chance=chance, identity=identity)


def counted(statuses, **declared):
    rows = [
        {"seed": seed, "id": "A1", "status": str(status), "reason": "too early", "note": "", "predicted": 0.0, "measured": 0.5}
        for seed, status in enumerate(statuses)
    ]
    return ClaimCount(claim(**declared), rows)


def at_least(failed, decided, chance):
    return sum(comb(decided, k) * chance**k * (1 - chance) ** (decided - k) for k in range(failed, decided + 1))


@pytest.mark.parametrize("chance", [0.001, 0.01, 0.2])
@pytest.mark.parametrize(("decided", "failed"), [(20, 0), (20, 1), (20, 2), (20, 3), (20, 9), (20, 20), (2, 1), (300, 8)])
def test_the_verdict_is_the_binomial_tail(chance, decided, failed):
    found = counted(
        [FAILS] * failed + [HOLDS] * (decided - failed) + [Status.PENDING, Status.CENSORED, Status.NOT_APPLICABLE], chance=chance
    )
    assert (found.decided, found.failed, found.count(Status.PENDING, Status.CENSORED)) == (decided, failed, 2)
    assert found.probability == pytest.approx(at_least(failed, decided, chance), rel=1e-9)
    assert found.too_often == (at_least(failed, decided, chance) < LEVEL)
    assert found.status is (FAILS if found.too_often else HOLDS)


def test_without_luck_one_failure_is_too_many():
    found = counted([HOLDS] * 19 + [FAILS])
    assert (found.probability, found.too_often, found.sentence) == (0.0, True, "more often than it may")
    assert not counted([HOLDS] * 20).too_often
    assert counted([HOLDS, FAILS], identity=True).sentence == "does not hold, which is a defect"


def test_a_single_run_that_fails_has_failed_whatever_luck_it_may_have():
    assert counted([FAILS], chance=0.2).too_often
    assert [counted([status], chance=0.2).sentence for status in (FAILS, HOLDS)] == ["fails", "holds"]
    assert not counted([FAILS, HOLDS], chance=0.2).too_often


@pytest.mark.parametrize(
    ("statuses", "undecided", "status"),
    [
        ([Status.PENDING], True, Status.PENDING),
        ([Status.CENSORED, Status.NOT_APPLICABLE, Status.CENSORED], True, Status.CENSORED),
        ([Status.CENSORED, HOLDS], False, HOLDS),
        ([Status.NOT_RUN], False, Status.NOT_RUN),
        ([Status.NOT_APPLICABLE] * 3, False, Status.NOT_APPLICABLE),
    ],
)
def test_what_no_run_decides(statuses, undecided, status):
    found = counted(statuses)
    assert (found.undecided, found.status, found.too_often) == (undecided, status, False)
    assert found.decided or (found.probability, found.sentence) == (None, f"{status}: too early")


def test_claims_are_counted_in_the_order_of_declaration():
    results = [{"seeds": [seed], "claims": [{"id": name, "status": "holds"} for name in ("B2", "A1")]} for seed in (0, 3)]
    found = count_claims([claim(), Claim("B2", "", "", "", ""), Claim("C3", "", "", "", "")], results)
    assert [(one.claim.id, [row["seed"] for row in one.rows]) for one in found] == [("A1", [0, 3]), ("B2", [0, 3])]


def test_a_report_tells_failures_apart_and_holds_no_control_characters(tmp_path):
    strange = "x < y & \x1b[31m\x00\ud800 \u202e字"
    cases = [counted([FAILS, HOLDS], sentence=strange), counted([Status.PENDING]), counted([HOLDS]), counted([FAILS, HOLDS], chance=0.5)]
    write_junit(tmp_path / "report.xml", strange, [("toy", cases, [f"seed 3: {strange}"])])
    text = (tmp_path / "report.xml").read_text(encoding="utf-8")
    assert not set(text) & set("\x1b\x00\u202e")
    (suite,) = ElementTree.fromstring(text)
    assert suite.attrib == {"name": "toy", "tests": "5", "failures": "1", "errors": "1", "skipped": "1"}
    kinds = [[child.tag for child in case if child.tag != "properties"] for case in suite]
    assert kinds == [["failure"], ["skipped"], [], [], ["error"]]
    noted = [{item.get("name"): item.get("value") for item in case.iter("property")} for case in suite]
    luck = {"runs": "2", "decided": "2", "failed": "1", "may fail": "0.5", "probability of so many failures": "0.75"}
    assert noted[3] == {**luck, "verdict": "no more often than it may"} and noted[4] == {}
    assert noted[1] == {"runs": "1", "decided": "0", "failed": "0", "may fail": "0", "verdict": "pending: too early"}
    failure = suite[0][1]
    assert failure.get("message") == "failed in 1 of 2 runs that decided it, and may never"
    assert failure.text == "seed 0: predicted 0.0, measured 0.5, tolerance 1 %"
