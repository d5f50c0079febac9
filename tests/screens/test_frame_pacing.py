"""When a screen draws: often enough, never too often, and at once after a command."""

from __future__ import annotations

from dataclasses import replace

from engine.contract import Phase, Snapshot
from screens.frame_pacing import EAGER, PERIOD, SLOWEST, FramePacing
from tests.screens.canned import canned


class Clock:
    """Time and processor time that stand still until told."""

    def __init__(self) -> None:
        self.now = 100.0
        self.spent = 5.0

    def pacing(self) -> FramePacing:
        return FramePacing(lambda: self.now, lambda: self.spent)


def revised(snapshot: Snapshot, **changes: object) -> Snapshot:
    return replace(snapshot, revision=snapshot.revision + 1, **changes)  # type: ignore[arg-type]


def test_at_most_five_frames_a_second() -> None:
    clock = Clock()
    pacing, snapshot, frames = clock.pacing(), canned(), 0
    for _ in range(1000):
        clock.now += 0.01
        snapshot = revised(snapshot, step=snapshot.step + 1)
        if pacing.wants(snapshot) == "everything":
            frames += 1
            pacing.drew(snapshot)
    assert 48 <= frames <= 51


def test_drawing_takes_at_most_a_tenth_of_the_time() -> None:
    clock = Clock()
    pacing, snapshot = clock.pacing(), canned()
    begun, spent = clock.now, clock.spent
    for _ in range(4000):
        clock.now += 0.01
        snapshot = revised(snapshot, step=snapshot.step + 1)
        if pacing.wants(snapshot) == "everything":
            pacing.drew(snapshot)
            clock.spent += 0.06  # layout and output follow later, in the interface's own time
            clock.now += 0.06
    assert (clock.spent - spent) / (clock.now - begun) <= 0.11


def test_a_price_beyond_reason_still_draws_every_two_seconds() -> None:
    clock = Clock()
    pacing, snapshot = clock.pacing(), canned()
    pacing.drew(snapshot)
    clock.spent += 50
    pacing.drew(revised(snapshot))
    clock.now += SLOWEST
    assert pacing.wants(revised(revised(snapshot))) == "everything"


def test_the_answer_to_a_command_is_drawn_at_once() -> None:
    clock = Clock()
    pacing, snapshot = clock.pacing(), canned()
    pacing.drew(snapshot)
    pacing.hurry()
    assert pacing.delay() == EAGER
    assert pacing.wants(revised(snapshot, step=301)) == "nothing", "further training is no answer"
    for answer in ({"phase": Phase.PAUSED}, {"config": {"lr": 1}}, {"seeds": (1,)}, {"step": 0}):
        assert pacing.wants(revised(snapshot, **answer)) == "everything"
    pacing.drew(revised(snapshot, phase=Phase.PAUSED))
    assert pacing.delay() >= PERIOD - 1e-9


def test_without_an_answer_the_hurry_ends() -> None:
    clock = Clock()
    pacing = clock.pacing()
    pacing.drew(canned())
    pacing.hurry()
    clock.now += 2
    assert pacing.delay() >= PERIOD - 1e-9


def test_only_the_rows_are_written_while_no_curve_changes() -> None:
    clock = Clock()
    pacing, snapshot = clock.pacing(), canned()
    pacing.drew(snapshot)
    assert pacing.wants(snapshot) == "nothing"
    ticked = replace(snapshot, step=310)
    assert pacing.wants(ticked) == "nothing"
    clock.now += PERIOD
    assert pacing.wants(ticked) == "rows"
