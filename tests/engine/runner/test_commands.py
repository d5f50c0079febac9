"""The table of commands: every command in every phase, without a thread. What follows is written here a second time, by hand."""

import itertools
import typing

import pytest

from engine.contract import Command, Pause, Phase, Reseed, Resume, Rewind, SetKnob, Start, Step, Stop
from engine.errors import KnobError
from engine.runner.commands import TABLE, ignored, obey
from engine.runner.control import Control
from engine.runner.mailbox import Close, Keep, Message, Save
from engine.runner.options import Options
from engine.runner.setup import Setup
from tests.engine.running import LONG
from tests.engine.toy_phenomenon import InstantToy

READY, LOADING, BUILDING = Phase.READY, Phase.LOADING, Phase.BUILDING
RUNNING, PAUSED, STOPPED = Phase.RUNNING, Phase.PAUSED, Phase.STOPPED
OVER = [Phase.FINISHED, Phase.STOPPED, Phase.DIVERGED, Phase.FAILED]
SAME = None  # the phase stays as it is

# (phase once everything is built, whether another run was built), by phase before: ready, loading or building, running, paused, over
AFTER = {
    Start(): [(RUNNING, True), (RUNNING, True), (SAME, False), (RUNNING, False), (RUNNING, True)],
    Pause(): [(SAME, False), (PAUSED, True), (PAUSED, False), (SAME, False), (SAME, False)],
    Pause(elsewhere=True): [(SAME, False), (PAUSED, True), (PAUSED, False), (SAME, False), (SAME, False)],
    Resume(): [(SAME, False), (RUNNING, True), (SAME, False), (RUNNING, False), (SAME, False)],
    Step(): [(RUNNING, True), (RUNNING, True), (RUNNING, False), (RUNNING, False), (SAME, False)],
    Stop(): [(STOPPED, False), (STOPPED, False), (STOPPED, False), (STOPPED, False), (SAME, False)],
    SetKnob("lr", 0.01): [(SAME, False), (RUNNING, True), (SAME, False), (SAME, False), (RUNNING, True)],  # live
    SetKnob("n", 30): [(SAME, False), (RUNNING, True), (RUNNING, True), (RUNNING, True), (RUNNING, True)],
    SetKnob("n", 1): [(SAME, False), (RUNNING, True), (SAME, False), (SAME, False), (SAME, False)],  # refused
    Rewind(): [(SAME, False), (RUNNING, True), (RUNNING, True), (RUNNING, True), (RUNNING, True)],
    Rewind("long"): [(SAME, False), (RUNNING, True), (RUNNING, True), (RUNNING, True), (RUNNING, True)],
    Reseed(7): [(SAME, False), (RUNNING, True), (RUNNING, True), (RUNNING, True), (RUNNING, True)],
    "save": [(SAME, False), (RUNNING, True), (SAME, False), (SAME, False), (SAME, False)],
    Keep(): [(SAME, False), (RUNNING, True), (PAUSED, False), (SAME, False), (SAME, False)],
    Close(): [(SAME, False), (RUNNING, True), (SAME, False), (SAME, False), (SAME, False)],
}
PHASES = [(READY, 0), (LOADING, 1), (BUILDING, 1), (RUNNING, 2), (PAUSED, 3), *((phase, 4) for phase in OVER)]
KNOBS = {Phase.FINISHED: {"steps": 30}, Phase.DIVERGED: {"diverge_at": 20}, Phase.FAILED: {"crash_at": 20}}


def control_in(phase):
    """A control that was brought into a phase by commands and work alone."""
    setup = Setup(InstantToy.spec, InstantToy.spec.configure("quick", KNOBS.get(phase, {"steps": LONG})), "custom", (0,))
    control = Control(lambda: InstantToy, setup, Options("cpu", 1))
    if phase is READY:
        return control
    obey(control, Start())
    if phase.preparing:
        work(control, int(phase is BUILDING))
        assert control.phase is phase
        return control
    work(control, 5)
    if phase in (PAUSED, STOPPED):
        obey(control, Pause() if phase is PAUSED else Stop())
    while control.phase is RUNNING is not phase:
        work(control, 1)
    assert control.phase is phase
    return control


def build(control):
    """Work until nothing is being prepared."""
    while control.phase.preparing:
        work(control, 1)


def work(control, chunks):
    """What the loop does while there is work."""
    for _ in range(chunks):
        try:
            control.advance()
        except Exception as error:
            control.fail(error)
            return


def test_the_table_has_every_phase_with_every_message():
    messages = [*typing.get_args(Command), Save, Keep, Close]
    assert set(TABLE) == set(itertools.product(Phase, messages))
    assert set(typing.get_args(Message)) == set(messages)
    assert {type(command) for command in AFTER if command != "save"} | {Save} == set(messages)


@pytest.mark.parametrize(("phase", "column"), PHASES, ids=lambda item: str(item))
@pytest.mark.parametrize("command", AFTER, ids=str)
def test_every_command_in_every_phase(tmp_path, phase, column, command):
    control = control_in(phase)
    before = control.run
    message = Save(tmp_path) if command == "save" else command
    action = TABLE[control.phase, type(message)]
    shown = control.mailbox.latest
    obey(control, message)
    control.apply()
    if action is ignored:
        assert control.mailbox.latest is shown
    build(control)
    after, anew = AFTER[command][column]
    assert control.phase is (phase if after is SAME else after)
    assert (control.run is not before) == anew
    assert control.closing == isinstance(message, Close)
    assert (list(tmp_path.iterdir()) != []) == (command == "save" and before is not None)
    control.leave()


@pytest.mark.parametrize("command", [Start(), Step(), Stop(), SetKnob("n", 30), Save("anywhere")], ids=str)
def test_after_an_end_without_a_run(tmp_path, command):
    """Stopped before it started: the phase is over, and there is no run."""
    control = control_in(READY)
    obey(control, Stop())
    obey(control, command)
    control.apply()
    build(control)
    assert control.phase is (RUNNING if isinstance(command, Start | SetKnob) else STOPPED)
    assert not isinstance(command, Save) or "nothing to store" in control.mailbox.latest.sentence
    control.leave()


def test_a_step_leads_to_the_next_measurement_and_then_pauses():
    control = control_in(READY)
    for expected in (0, 1, 2):
        obey(control, Step())
        while control.phase.working:
            control.advance()
        assert (control.phase, control.mailbox.latest.step, control.run.phenomenon.history.last) == (PAUSED, expected, expected)
    obey(control, Step())
    obey(control, Start())  # the step is on its way: nothing else goes on
    while control.phase is RUNNING:
        control.advance()
    assert control.mailbox.latest.step == 3


def test_changes_before_another_command_are_one_new_run_and_the_command_finds_it():
    control = control_in(PAUSED)
    for command in (SetKnob("n", 30), Reseed(5), SetKnob("lr", 0.01), Rewind("long"), SetKnob("n", 40)):
        obey(control, command)
    assert control.run.setup.config.n == 20
    obey(control, Pause())
    build(control)
    assert control.phase is PAUSED and control.run.phenomenon.step == 0
    assert (control.run.setup.config.n, control.run.setup.seeds, control.run.setup.config.lr) == (40, (5, 6), 0.05)


def test_a_stop_drops_what_is_being_built_and_stops_what_it_was_to_replace():
    control = control_in(PAUSED)
    before, step = control.run, control.run.phenomenon.step
    obey(control, SetKnob("n", 30))
    control.apply()
    assert control.phase is BUILDING and control.mailbox.latest.config["n"] == 20
    obey(control, Stop())
    assert control.phase is STOPPED and control.run is before and control.mailbox.latest.step == step


@pytest.mark.parametrize("phase", [LOADING, BUILDING])
def test_what_is_pressed_while_it_is_built_happens_then(phase):
    control = control_in(phase)
    obey(control, Pause(elsewhere=True))
    obey(control, Resume())
    obey(control, Step())
    obey(control, Start())  # the step is on its way
    while control.phase.working:
        control.advance()
    assert control.phase is PAUSED and control.mailbox.latest.step == 0
    control = control_in(phase)
    obey(control, Pause(elsewhere=True))
    obey(control, SetKnob("n", 30))
    control.apply()
    build(control)
    assert control.phase is PAUSED and control.mailbox.latest.sentence == "paused at step 0 by another process"
    assert control.mailbox.latest.config["n"] == 30


def test_a_changed_knob_in_a_pause_steps_to_the_first_measurement():
    control = control_in(PAUSED)
    obey(control, SetKnob("n", 30))
    control.apply()
    while control.phase.working:
        control.advance()
    assert control.phase is PAUSED and control.mailbox.latest.step == 0 and control.mailbox.latest.config["n"] == 30


@pytest.mark.parametrize("phase", [RUNNING, PAUSED])
def test_a_knob_that_the_phenomenon_refuses_leaves_everything_as_it_was(monkeypatch, phase):
    def refuse(self, name, value):
        raise KnobError("not while it is warm", "wait")

    control = control_in(phase)
    monkeypatch.setattr(InstantToy, "set_knob", refuse)
    obey(control, SetKnob("lr", 0.01))
    shown = control.mailbox.latest
    assert (control.phase, shown.phase, shown.sentence, shown.hint) == (phase, phase, "not while it is warm", "wait")
    assert control.setup.config.lr == shown.config["lr"] == control.run.setup.config.lr == 0.05
