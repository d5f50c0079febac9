"""The notes of the vacuous-bounds screen: constants of the bounds stand in the panel, other notes in the status line."""

from engine.contract import Phase, Snapshot
from screens.vacuous_bounds import printed, without_bounds

NOTES = ("the cache could not be written", "Bound VC: true 3.35 vacuous. R + x. true: n=4,000", "Bound Occam: true 0.6 useless.")


def test_bounds_leave_the_status_line():
    snapshot = Snapshot("vacuous-bounds", "run", "quick", {}, (0,), Phase.RUNNING, "", notes=NOTES)
    assert without_bounds(snapshot).notes == NOTES[:1]


def test_bounds_are_printed_with_their_names_bold():
    text = printed(["VC: true 3.35 vacuous. true: n=4,000", "Occam: useless"])
    assert text.plain == "VC: true 3.35 vacuous. true: n=4,000\n\nOccam: useless\n\n"
    assert [text.plain[span.start : span.end] for span in text.spans] == ["VC:", "Occam:"]
