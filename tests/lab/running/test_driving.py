import dataclasses
import os
import signal

import pytest

from engine.contract import Claim, Phase, Snapshot, Status, Verdict
from engine.errors import Exit
from engine.runner.kept import Kept
from lab.output import result_event
from lab.running.driving import Ending, Feed, conclude, drive
from lab.running.reporters import JsonReporter, LineReporter, Reporter, phase_message

CLAIM = Claim("T1", "It halves", "nobody 1900", "0.5", "below")
START = Snapshot("toy", "toy-quick-s0", "quick", {"rate": 0.1}, (0,), Phase.RUNNING, "running", total=4, folder="/runs/toy-quick-s0")


@pytest.fixture(autouse=True)
def usual_folder(monkeypatch):
    """Where the scripted runs lie."""
    monkeypatch.setenv("GENLAB_RUNS", "/runs")


class Scripted:
    """A runner that measures once a look, and remembers how it was treated."""

    def __init__(self, feed, steps=4, end=Phase.FINISHED, on_step=None):
        self.feed, self.steps, self.end, self.on_step = feed, steps, end, on_step
        self.step = 0
        self.calls = []
        self.error = None

    def start(self):
        self.calls.append("start")

    def latest(self):
        phase = self.end if self.step >= self.steps else Phase.STOPPED if "close" in self.calls else Phase.RUNNING
        if phase is Phase.RUNNING:
            self.step += 1
            self.feed(self.step, {"loss": 1 / self.step})
            if self.on_step:
                self.on_step(self.step)
        return dataclasses.replace(START, step=self.step, phase=phase, verdicts=(Verdict(CLAIM, 0.5, 0.25, Status.HOLDS),))

    def close(self, timeout=2.0):
        self.calls.append("close")
        return True

    def kept(self):
        return Kept(self.latest(), self.step, stuck=False)


class Collector(Reporter):
    def __init__(self):
        self.steps, self.ended, self.closed = [], None, 0

    def measured(self, step, values):
        self.steps.append(step)

    def end(self, snapshot):
        self.ended = snapshot

    def close(self):
        self.closed += 1


def test_every_measurement_arrives_in_order_and_the_runner_is_closed_once():
    feed, report = Feed(), Collector()
    runner = Scripted(feed)
    ending = drive(runner, feed, report)
    assert report.steps == [1, 2, 3, 4]
    assert runner.calls == ["start", "close"]
    assert (ending.last.phase, ending.cut, report.ended.step, report.closed) == (Phase.FINISHED, False, 4, 1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_closes_the_runner_and_gives_the_handlers_back(number):
    before = signal.getsignal(number)
    feed, report = Feed(), Collector()
    runner = Scripted(feed, steps=10**6, on_step=lambda step: step == 3 and os.kill(os.getpid(), number))
    ending = drive(runner, feed, report)
    assert ending.cut
    assert ending.last.phase is Phase.STOPPED
    assert runner.calls == ["start", "close"]
    assert signal.getsignal(number) is before


def test_an_interrupted_run_names_the_command_that_goes_on(capsys):
    assert conclude(Ending(dataclasses.replace(START, phase=Phase.STOPPED, step=3), cut=True)) == Exit.INTERRUPTED
    assert "genlab resume toy-quick-s0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("saved", "stuck", "said"),
    [
        (3, False, "step 3; the state is saved.\n  Go on with: genlab resume toy-quick-s0\n"),
        (None, False, "step 3; toy-quick-s0 has no saved state.\n"),
        (2, True, "step 3; toy-quick-s0 is cut off within work that cannot be interrupted; its state of step 2 is saved.\n  Go on with: "),
    ],
)
def test_an_interrupted_run_says_what_of_it_is_on_the_disk(saved, stuck, said, capsys):
    last = dataclasses.replace(START, phase=Phase.RUNNING if stuck else Phase.STOPPED, step=3)
    assert conclude(Ending(last, cut=True, kept=Kept(last, saved, stuck))) == Exit.INTERRUPTED
    assert capsys.readouterr().err.startswith(f"genlab: interrupted at {said}")


def test_a_run_that_was_interrupted_before_it_had_a_folder_is_not_said_to_be_saved(capsys):
    assert conclude(Ending(dataclasses.replace(START, phase=Phase.STOPPED, folder=""), cut=True)) == Exit.INTERRUPTED
    err = capsys.readouterr().err
    assert "nothing new is stored" in err and "saved" not in err and "resume" not in err


def test_work_that_does_not_end_at_once_is_waited_for_with_a_word(capsys):
    class Slow(Scripted):
        def close(self, timeout=2.0):
            super().close(timeout)
            return len(self.calls) > 2

    feed = Feed()
    runner = Slow(feed)
    drive(runner, feed, Collector())
    assert runner.calls == ["start", "close", "close"]
    assert capsys.readouterr().err == "genlab: waiting for the run to be stored; ctrl+c leaves at once\n"
    feed = Feed()
    assert drive(Slow(feed, on_step=lambda step: os.kill(os.getpid(), signal.SIGTERM)), feed, Collector()).cut
    assert "for what cannot be cut, and for the state to be saved" in capsys.readouterr().err


@pytest.mark.parametrize(("phase", "cut"), [(Phase.FINISHED, False), (Phase.STOPPED, True)])
def test_a_run_that_could_not_be_stored_says_so_and_exits_with_3(phase, cut, capsys):
    last = dataclasses.replace(START, phase=phase, unstored="not being stored since step 3: cannot write; free some space.")
    assert conclude(Ending(last, cut=cut)) == Exit.RUN_FAILED
    err = capsys.readouterr().err
    assert "genlab: toy-quick-s0 is not being stored since step 3: cannot write; free some space.\n" in err
    assert "saved" not in err and "resume" not in err
    assert result_event(last)["unstored"].startswith("not being stored")


@pytest.mark.parametrize("phase", [Phase.FAILED, Phase.DIVERGED])
def test_failure_is_a_sentence_a_hint_and_exit_3(phase, capsys):
    snapshot = dataclasses.replace(START, phase=phase, sentence="the loss left the numbers", hint="lower lr")
    assert conclude(Ending(snapshot, cut=False)) == Exit.RUN_FAILED
    assert capsys.readouterr().err == "genlab: the loss left the numbers\n  lower lr\n"


def test_a_closed_pipe_stops_the_run_quietly(monkeypatch):
    class Broken(Collector):
        def measured(self, step, values):
            raise BrokenPipeError

    hushed = []
    monkeypatch.setattr("lab.running.driving.hush", lambda: hushed.append(True))
    feed = Feed()
    runner = Scripted(feed, steps=10**6)
    ending = drive(runner, feed, Broken())
    assert ending.cut
    assert hushed == [True]
    assert runner.calls == ["start", "close"]


def test_json_lines_hold_no_nan(capsys):
    report = JsonReporter()
    report.measured(3, {"loss": float("nan"), "accuracy": [0.5, float("inf")]})
    assert capsys.readouterr().out == '{"event": "measure", "step": 3, "values": {"loss": null, "accuracy": [0.5, null]}}\n'


def test_the_result_line_carries_claims_config_and_seeds():
    verdict = Verdict(CLAIM, 0.5, None, Status.NOT_RUN, reason="needs preset standard", values={"steps": 4.0})
    made = result_event(dataclasses.replace(START, verdicts=(verdict,)))
    assert made["claims"] == [
        {
            "id": "T1",
            "sentence": "It halves",
            "source": "nobody 1900",
            "predicted": 0.5,
            "measured": None,
            "values": {"steps": 4.0},
            "tolerance": "below",
            "status": "not run",
            "reason": "needs preset standard",
            "note": "",
            "chance": 0.0,
            "identity": False,
        }
    ]
    assert made["config"] == {"rate": 0.1}
    assert made["seeds"] == [0]
    assert made["phase"] == "running"


def test_plain_lines_grow_rarer(capsys):
    now = 0.0
    report = LineReporter("toy quick", clock=lambda: now)
    for tick in range(10_000):
        now = tick / 10
        report.look(START)
    written = capsys.readouterr().err.splitlines()
    assert 40 < len(written) < 120
    assert written[0].startswith("toy quick: running, step 0 of 4")


def test_the_end_says_the_headline_below_the_last_line(capsys):
    seen = dataclasses.replace(START, phase=Phase.FINISHED, headline=("fitted at step 4", "test error 90 %"))
    LineReporter("toy quick").end(seen)
    *_, last, told = capsys.readouterr().err.splitlines()
    assert last.startswith("toy quick: finished") and told == "  fitted at step 4; test error 90 %"
    assert result_event(seen)["headline"] == "fitted at step 4; test error 90 %"
    LineReporter("toy quick").end(START)
    assert len(capsys.readouterr().err.splitlines()) == 1 and result_event(START)["headline"] == ""


def test_the_phase_message_names_rate_and_time_left():
    line = phase_message(dataclasses.replace(START, step=2, rate=350.0, eta=1.4, values={"loss": 0.25}))
    assert line == "running, step 2 of 4, 350 steps/s, 1 s left; loss 0.25"
