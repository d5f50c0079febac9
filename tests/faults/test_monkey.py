"""The real app under random keys, mouse events and sizes in a pseudo-terminal; the soak has the long form."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tests.faults import monkey
from tests.faults.monkey import HEARD, PATIENCE, STANDS, App
from tests.faults.monkey_app import SETTLE
from tests.faults.monkey_hands import GARBAGE, Hands

SEED, ACTIONS = 20, 300


def test_the_app_survives_a_monkey(tmp_path: Path) -> None:
    report = monkey.run(SEED, ACTIONS, tmp_path)
    assert report.survived, report.failure
    assert report.actions >= ACTIONS


def test_a_seed_does_the_same_again_and_does_everything() -> None:
    def done(seed: int) -> list[object]:
        hands = Hands(seed)
        return [hands.burst(10**6) for _ in range(3000)]

    assert done(1) == done(1)
    assert done(1) != done(2)
    written = b"".join(burst.data for burst in done(1))  # type: ignore[attr-defined]
    assert all(key in written for key in (b"\x10", b"\x1b8\t", b"\r\r", b"\x1b[200~", b"\x1b[<", b"q", b"\xff", GARBAGE[2].encode()))
    assert not any(key.encode() in written for key in (HEARD, SETTLE))
    assert {burst.size for burst in done(1)} >= {(1, 1), (80, 24), (160, 48), None}  # type: ignore[attr-defined]


def test_keys_that_ended_the_app_and_bytes_that_are_no_keys(tmp_path: Path) -> None:
    app = App(tmp_path, warm=False)
    try:
        app.wait(lambda: STANDS in app.raw, PATIENCE)
        for place, sent in enumerate(
            (b"\x10", b"\x1b[B", b"\r\r", b"\x1b", b"\xff\xfe\xc3", b"\x1b[1114112u", b"\x1b[99999999999999u", b"6v", b"\x1b8\t")
        ):
            app.do(sent, None)
            app.ask(HEARD, PATIENCE)
            if place == 0:
                app.wait(lambda: b"Open" in app.raw, PATIENCE)
        app.do(b"", (1, 1))
        app.do(b"\x10\x1b[B\r\r\r8\t\t", None)
        app.ask(HEARD, PATIENCE)
        app.do(b"", (80, 24))
        app.do(b"\x1b", None)  # a busy machine has the palette's list later than the returns, and then it still lies over the screen
        app.ask(HEARD, PATIENCE)
        covered = len(app.raw)
        app.do(b"", (100, 30))
        app.wait(lambda: b"help" in app.raw[covered:], PATIENCE)
        assert app.process.poll() is None
        assert not [path for path in tmp_path.rglob("*.txt") if path.name in monkey.REPORTS]
        assert b"Traceback" not in app.raw
    finally:
        app.end()


def test_an_app_that_dies_or_reports_does_not_survive(tmp_path: Path) -> None:
    """The monkey's own eyes: an ended process, and a report beside the runs."""
    app = App(tmp_path, warm=False)
    app.wait(lambda: STANDS in app.raw, PATIENCE)
    app.process.kill()
    until = time.monotonic() + PATIENCE
    while app.process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    try:
        app.ask(HEARD, PATIENCE)
    except monkey.Failed as failed:
        assert "ended with code -9" in str(failed) or "gave up its terminal" in str(failed)
    else:
        raise AssertionError("a dead app answered")
    finally:
        app.end()
    (tmp_path / "runs").mkdir(exist_ok=True)
    (tmp_path / "runs" / "defect.txt").write_text("Traceback\nValueError: x\n")
    try:
        monkey._look_for_reports(tmp_path)
    except monkey.Failed as failed:
        assert "ValueError: x" in str(failed)
    else:
        raise AssertionError("a report was not seen")
    assert json.dumps(monkey.asdict(monkey.NOTHING))
