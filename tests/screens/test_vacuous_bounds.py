"""The notes of the vacuous-bounds screen: constants of the bounds stand in the panel, other notes in the status line."""

from engine.contract import Phase, Snapshot
from screens.vacuous_bounds import printed, without_bounds

NOTES = ("the cache could not be written", "Bound VC: true 3.35 vacuous. R + x. true: n=4,000", "Bound Occam: true 0.6 useless.")


def test_bounds_leave_the_status_line():
    snapshot = Snapshot("vacuous-bounds", "run", "quick", {}, (0,), Phase.RUNNING, "", notes=NOTES)
    assert without_bounds(snapshot).notes == NOTES[:1]


def test_bounds_are_printed_with_their_names_bold():
    text = printed(["VC: true 3.35 vacuous; random 4 useless | R + x | true: n=4,000 | random: n=4,000", "Occam: 0.4 informative"])
    assert text.plain == (
        "VC: true 3.35 vacuous; random 4 useless\n  R + x\n  true: n=4,000\n  random: n=4,000\n\nOccam: 0.4 informative\n\n"
    )
    looks = {text.plain[span.start : span.end]: span.style for span in text.spans}
    assert (looks["VC:"], looks["vacuous;"], looks["useless"], looks["informative"]) == ("bold", "red", "yellow", "green")
