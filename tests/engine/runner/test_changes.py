"""Rewinding, reseeding and turning knobs of a run."""

import pytest

from engine.contract import Pause, Phase, Reseed, Rewind, SetKnob
from engine.store import list_runs
from tests.engine.running import (
    LONG,
    finished,
    folder_of,
    knob_changes,
    losses,
    moving,
    obeyed,
    phase,
    records,
    same_curves,
    started,
    until,
)
from tests.engine.toy_phenomenon import reference


def test_rewind_gives_the_same_curves_and_keeps_both_runs(runner, tmp_path):
    run = runner(root=tmp_path)
    first = started(run)
    run.post(Rewind())
    second = finished(run)
    same_curves(first, second)
    assert str(records(first)) == str(records(second))  # as text: NaN differs from itself
    assert {item.name for item in list_runs(tmp_path)} == {"instant-toy-quick-s0x2", "instant-toy-quick-s0x2-2"}


def test_rewind_in_the_middle_stores_the_old_run_as_stopped(runner, tmp_path):
    run = runner(steps=LONG, root=tmp_path)
    run.start()
    first = moving(run)
    run.post(Rewind())
    until(lambda: run.latest().folder != first.folder)
    old = folder_of(first)
    assert old.load_progress().phase is Phase.STOPPED and not old.live
    assert old.load_state()[1].step >= first.step
    assert old.load_snapshot().phase is Phase.STOPPED


def test_rewind_to_a_preset_takes_its_knobs_and_number_of_seeds(runner):
    run = runner(seeds=(5,))
    started(run)
    run.post(Rewind("long"))
    last = finished(run)
    assert (last.preset, last.seeds, last.step) == ("long", (5, 6), 1000)
    assert [verdict.mark for verdict in last.verdicts] == ["yes", "yes"]  # the second claim is decided by this preset only


def test_reseed_takes_the_next_seeds_or_the_given_one(runner):
    run = runner(seeds=(0, 1))
    first = started(run)
    run.post(Reseed())
    second = finished(run)
    run.post(Reseed(0))
    third = finished(run)
    assert (second.seeds, third.seeds) == ((2, 3), (0, 1))
    same_curves(first, third)
    assert second.series[0].y.tolist() == [loss[0] for _, loss in reference((2, 3))]
    run.post(Reseed(-1))
    assert "seed must be between 0 and 2147483647, got -1" in finished(run).sentence and run.latest().phase is Phase.FINISHED


def test_a_knob_before_the_start_changes_what_will_run(runner):
    run = runner()
    run.post(SetKnob("steps", "50"))
    before = obeyed(run)
    assert (before.config["steps"], before.phase, before.preset) == (50, Phase.READY, "custom")
    run.post(SetKnob("steps", 1000))
    last = started(run)
    assert last.step == 1000 and last.preset == "long"  # the knobs equal that preset's now


def test_a_knob_that_is_not_live_begins_again_from_the_same_seeds(runner):
    run = runner(seeds=(4,))
    first = started(run)
    run.post(SetKnob("n", 30))
    second = finished(run)
    assert (second.preset, second.seeds, second.config["n"]) == ("custom", (4,), 30)
    assert second.series[0].y.tolist() == [loss[0] for _, loss in reference((4,), n=30)]
    run.post(SetKnob("n", 20))
    third = finished(run)
    assert third.preset == "quick"
    same_curves(first, third)


def test_a_knob_turned_in_a_pause_leaves_it_paused_at_the_first_measurement(runner):
    run = runner(steps=LONG)
    run.start()
    moving(run)
    run.post(Pause())
    phase(run, Phase.PAUSED)
    run.post(SetKnob("n", 30))
    until(lambda: run.latest().phase is Phase.PAUSED and run.latest().config["n"] == 30)
    until(lambda: run.latest().series and run.latest().series[0].x.tolist() == [0])  # the old curves stay until the new ones are there
    assert (run.latest().phase, run.latest().step) == (Phase.PAUSED, 0)


def test_a_live_knob_turned_in_a_pause_is_drawn_at_once(runner):
    run = runner(steps=LONG)
    run.start()
    moving(run)
    run.post(Pause())
    before = phase(run, Phase.PAUSED)
    run.post(SetKnob("lr", 0.001))
    after = until(lambda: run.latest().config["lr"] == 0.001 and run.latest())
    assert after.phase is Phase.PAUSED and after.step == before.step
    assert after.series[0] is not before.series[0]


def test_many_turns_of_a_knob_make_one_new_run(runner, tmp_path):
    run = runner(steps=LONG, root=tmp_path)
    run.start()
    moving(run)
    run.post(Pause())
    phase(run, Phase.PAUSED)
    run._mailbox.post(*(SetKnob("n", n) for n in range(21, 41)))  # all at once, as a held key would while the thread is busy
    until(lambda: run.latest().config["n"] == 40 and run.latest().series)
    assert len(list_runs(tmp_path)) == 2


def test_a_live_knob_changes_the_run_in_place_and_is_written_down(runner, tmp_path, hold):
    hold(1050)
    run = runner(steps=2000, root=tmp_path, grid=100)
    run.start()
    before = until(lambda: run.latest().step == 1050 and run.latest())
    run.post(SetKnob("lr", "0.001"))
    after = obeyed(run)
    assert after.folder == before.folder and after.config["lr"] == 0.001
    assert after.sentence == "learning rate is 0.001 from step 1,050 on"
    hold()
    folder = folder_of(finished(run))
    assert knob_changes(folder) == [(1050, "lr", 0.001)]
    assert folder.load_state()[1].config["lr"] == 0.001 and folder.manifest.config["lr"] == 0.05
    assert losses(folder.records()[0]) == reference((0, 1), {1050: 0.001}, steps=2000, grid=100)


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (SetKnob("lr", 100), "between 0.0001 and 10, got 100"),
        (SetKnob("n", "many"), "between 2 and 1000, got many"),
        (SetKnob("learning", 1), "no knob 'learning'"),
        (SetKnob("impossible", True), "the problem has no solution"),
        (Rewind("quik"), "no preset 'quik' of instant-toy; did you mean quick?"),
        (Reseed(2**31), "seed must be between"),
    ],
)
def test_a_bad_wish_is_answered_and_the_run_goes_on(runner, tmp_path, command, sentence):
    run = runner(steps=LONG, root=tmp_path)
    run.start()
    before = moving(run)
    run.post(command)
    told = until(lambda: sentence in run.latest().sentence and run.latest(), sentence)
    assert (told.phase is Phase.RUNNING or told.phase.preparing) and told.hint
    until(lambda: run.latest().step > told.step)
    now = run.latest()
    assert (now.config, now.seeds, now.folder, now.phase) == (before.config, before.seeds, before.folder, Phase.RUNNING)
    assert len(list_runs(tmp_path)) == 1
    run.post(SetKnob("lr", 0.05))  # its present value
    until(lambda: run.latest().sentence == "running")
