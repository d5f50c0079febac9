import dataclasses
import itertools
import threading
from pathlib import Path

import numpy as np
import pytest

from engine.contract import Pause, Phase, Reseed, Resume, Rewind, SetKnob, Start, Step, Stop
from engine.phenomenon import geometric_grid
from engine.runner import Runner, resume
from engine.store import RunFolder, list_runs
from tests.engine.patience import until
from tests.engine.toy_phenomenon import InstantToy, Toy, ToyConfig

LONG = 10**8  # steps that no test waits for


def phase(run, wanted):
    """Wait for a phase and return the snapshot that shows it."""
    until(lambda: run.latest().phase is wanted, f"phase {wanted} (now {run.latest().phase}: {run.latest().sentence})")
    return run.latest()


def moving(run):
    """Wait until steps are made and return the snapshot."""
    until(lambda: run.latest().phase is Phase.RUNNING and run.latest().step > 0, "a step")
    return run.latest()


def finished(run):
    assert run.join(60), run.latest().sentence
    return run.latest()


def records(snapshot):
    found, note = RunFolder.open(snapshot_path(snapshot)).records()
    assert note == ""
    return found


def snapshot_path(snapshot):
    return Path(snapshot.folder)


def same_curves(one, two):
    assert [item.name for item in one.series] == [item.name for item in two.series]
    for first, second in zip(one.series, two.series, strict=True):
        np.testing.assert_array_equal(first.x, second.x)
        np.testing.assert_array_equal(first.y, second.y)


def reference(seeds, **knobs):
    """The toy computed without a runner, one step at a time: (step, train-loss) of every measurement."""
    toy = InstantToy(ToyConfig(**knobs), seeds)
    grid = set(geometric_grid(toy.config.steps).tolist())
    found = []
    while True:
        if toy.step in grid:
            found.append((toy.step, toy.measure()["train-loss"].tolist()))
        if toy.done:
            return found
        toy._descend()


# ---------------------------------------------------------------- a run from start to end


def test_before_the_start_nothing_runs(runner):
    before = threading.active_count()
    run = runner()
    assert run.latest().phase is Phase.READY and run.latest().config["steps"] == 300
    assert threading.active_count() == before


def test_a_run_measures_what_a_plain_loop_does(runner, tmp_path):
    told = []
    run = runner(root=tmp_path, on_measure=lambda step, values: told.append((step, values["train-loss"])))
    run.start()
    last = finished(run)
    assert last.phase is Phase.FINISHED and "1 holds" in last.sentence
    expected = reference((0, 1))
    assert told == expected
    assert [(step, values["train-loss"]) for step, values in records(last)] == expected
    assert [tuple(item.y) for item in last.series] == list(zip(*(loss for _, loss in expected), strict=True))
    assert last.values["mean-loss"] == pytest.approx(np.mean(expected[-1][1]))
    assert "train-loss" not in last.values


def test_a_finished_run_left_everything_behind(runner, tmp_path):
    run = runner(root=tmp_path, command_line="genlab run toy")
    run.start()
    last = finished(run)
    folder = RunFolder.open(snapshot_path(last))
    assert not folder.live
    assert {path.name for path in folder.path.iterdir()} == {
        "manifest.json", "metrics.jsonl", "arrays.npz", "state.safetensors", "state.json", "latest.npz", "result.json", "lock",
    }  # fmt: skip
    assert folder.manifest.command_line == "genlab run toy" and folder.manifest.threads >= 1 and folder.manifest.seeds == (0, 1)
    result = folder.load_result()
    assert [claim["id"] for claim in result["claims"]] == ["T1", "T2"]
    assert [claim["holds"] for claim in result["claims"]] == [True, None]
    assert result["figures"][0]["series"] == ["train-loss/0", "train-loss/1"]
    assert result["series"][0]["y"] == last.series[0].y.tolist()
    assert run.arrays().keys() == folder.load_arrays().keys() == {"X", "y", "w"}
    np.testing.assert_array_equal(run.arrays()["w"], folder.load_arrays()["w"])


def test_without_a_root_nothing_is_written_until_asked(runner, tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_RUNS", str(tmp_path / "runs"))
    run = runner()
    run.start()
    last = finished(run)
    assert last.folder == "" and list(tmp_path.iterdir()) == []
    run.save()
    stored = until(lambda: run.latest().folder and run.latest(), "the folder")
    run.join(60)
    folder = RunFolder.open(snapshot_path(stored))
    assert folder.path == tmp_path / "runs" / "instant-toy-quick-s0x2" and not folder.live
    assert [(step, values["train-loss"]) for step, values in folder.records()[0]] == reference((0, 1))
    assert folder.load_result()["phase"] == "finished" and folder.load_arrays().keys() == {"X", "y", "w"}
    run.save()
    run.join(60)
    assert len(list_runs(tmp_path / "runs")) == 1


def test_a_run_that_is_stored_while_it_runs_goes_on_being_stored(runner, tmp_path):
    run = runner(steps=LONG, grid=50)
    run.start()
    moving(run)
    run.post(SetKnob("lr", 0.01))
    run.save(tmp_path)
    stored = until(lambda: run.latest().folder and run.latest(), "the folder")
    run.post(Pause())
    paused = phase(run, Phase.PAUSED)
    assert paused.step > stored.step or paused.step % 50
    run.close()
    folder = RunFolder.open(snapshot_path(stored))
    assert [step for step, _ in folder.records()[0]] == list(range(0, paused.step + 1, 50))
    assert [name for _, name, _ in folder.knob_changes()] == ["lr"]


# ---------------------------------------------------------------- pause, step, stop


def test_pause_holds_and_resume_goes_on(runner):
    run = runner(steps=LONG)
    run.start()
    moving(run)
    run.post(Pause())
    paused = phase(run, Phase.PAUSED)
    assert str(f"{paused.step:,}") in paused.sentence
    run.post(Pause())  # has no effect, but is obeyed after anything that would still be going on
    until(lambda: run._slot._handled == run._slot._posted)
    assert run.latest().step == paused.step and run.latest().phase is Phase.PAUSED
    run.post(Resume())
    until(lambda: run.latest().step > paused.step)
    run.post(Stop())
    stopped = finished(run)
    assert stopped.phase is Phase.STOPPED and stopped.step > paused.step


def test_pausing_and_stepping_change_no_number(runner):
    run = runner(steps=300)
    run.post(Step())
    seen = []
    while phase_of(run) is not Phase.FINISHED:
        until(lambda: run.latest().phase in (Phase.PAUSED, Phase.FINISHED) and run._slot._handled == run._slot._posted)
        seen.append(run.latest().step)
        run.post(Step())
    grid = geometric_grid(300).tolist()
    assert list(dict.fromkeys(seen)) == grid
    assert list(zip(*(item.y.tolist() for item in run.latest().series), strict=True)) == [tuple(loss) for _, loss in reference((0, 1))]


def phase_of(run):
    until(lambda: run.latest().phase is not Phase.READY)
    return run.latest().phase


def test_stop_before_the_start(runner):
    run = runner()
    run.post(Stop())
    assert finished(run).phase is Phase.STOPPED
    run.start()
    assert finished(run).phase is Phase.FINISHED


def test_start_after_the_end_begins_again(runner, tmp_path):
    run = runner(root=tmp_path)
    run.start()
    first = finished(run)
    run.start()
    second = finished(run)
    assert first.folder != second.folder and second.revision > first.revision
    same_curves(first, second)
    assert records(first)[-1][0] == 300


def test_close_stops_saves_and_ends_the_thread(runner, tmp_path):
    before = {thread.ident for thread in threading.enumerate()}
    run = runner(steps=LONG, root=tmp_path)
    run.start()
    moving(run)
    assert run.close(60)
    last = run.latest()
    assert {thread.ident for thread in threading.enumerate()} == before
    assert last.phase is Phase.STOPPED and "genlab resume instant-toy-custom-s0x2" in last.hint
    folder = RunFolder.open(snapshot_path(last))
    assert not folder.live
    assert folder.load_state()[1].step == last.step == folder.load_status().step == folder.load_snapshot().step
    run.post(Start())
    assert run.close(60) and run.latest() is last
    assert run.join(0)


def test_join_gives_up_in_time(runner):
    run = runner(steps=LONG)
    run.start()
    assert run.join(0.01) is False


# ---------------------------------------------------------------- rewind, reseed, knobs


def test_rewind_gives_the_same_curves_and_keeps_both_runs(runner, tmp_path):
    run = runner(root=tmp_path)
    run.start()
    first = finished(run)
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
    old = RunFolder.open(snapshot_path(first))
    assert old.load_status().phase is Phase.STOPPED and not old.live
    assert old.load_state()[1].step >= first.step
    assert old.load_snapshot().phase is Phase.STOPPED


def test_rewind_to_a_preset_takes_its_knobs_and_number_of_seeds(runner):
    run = runner(seeds=(5,))
    run.start()
    finished(run)
    run.post(Rewind("long"))
    last = finished(run)
    assert (last.preset, last.seeds, last.step) == ("long", (5, 6), 1000)
    assert [verdict.mark for verdict in last.verdicts] == ["yes", "yes"]  # the second claim is decided by this preset only


def test_reseed_takes_the_next_seeds_or_the_given_one(runner):
    run = runner(seeds=(0, 1))
    run.start()
    first = finished(run)
    run.post(Reseed())
    second = finished(run)
    run.post(Reseed(0))
    third = finished(run)
    assert (second.seeds, third.seeds) == ((2, 3), (0, 1))
    same_curves(first, third)
    assert second.series[0].y.tolist() == [loss[0] for _, loss in reference((2, 3))]
    run.post(Reseed(-1))
    run.join(60)
    assert "seed must be between 0 and 2147483647, got -1" in run.latest().sentence and run.latest().phase is Phase.FINISHED


def test_a_knob_before_the_start_changes_what_will_run(runner):
    run = runner()
    run.post(SetKnob("steps", "50"))
    until(lambda: run.latest().config["steps"] == 50)
    assert run.latest().phase is Phase.READY and run.latest().preset == "custom"
    run.post(SetKnob("steps", 1000))
    run.start()
    last = finished(run)
    assert last.step == 1000 and last.preset == "long"  # the knobs equal that preset's now


def test_a_knob_that_is_not_live_begins_again_from_the_same_seeds(runner):
    run = runner(seeds=(4,))
    run.start()
    first = finished(run)
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
    for n in range(21, 41):
        run._slot._inbox.put(SetKnob("n", n))  # all at once, as a held key would while the thread is busy
    with run._slot._changed:
        run._slot._posted += 20
    until(lambda: run.latest().config["n"] == 40 and run.latest().series)
    assert len(list_runs(tmp_path)) <= 3


def test_a_live_knob_changes_the_run_in_place_and_is_written_down(runner, tmp_path):
    run = runner(steps=LONG, root=tmp_path, grid=100)
    run.start()
    before = moving(run)
    run.post(SetKnob("lr", "0.001"))
    after = until(lambda: run.latest().config["lr"] == 0.001 and run.latest(), "the knob")
    assert after.folder == before.folder and after.step >= before.step
    until(lambda: run.latest().step > after.step)
    run.close(60)
    folder = RunFolder.open(snapshot_path(after))
    ((step, name, value),) = folder.knob_changes()
    assert (name, value) == ("lr", 0.001) and before.step <= step
    assert folder.load_state()[1].config["lr"] == 0.001 and folder.manifest.config["lr"] == 0.05
    toy = InstantToy(ToyConfig(steps=LONG, grid=100), (0, 1))
    found = {}
    for now in range(run.latest().step + 1):
        if now == step:
            toy.set_knob("lr", 0.001)
        if now % 100 == 0:
            found[now] = toy.measure()["train-loss"].tolist()
        toy._descend()
    assert {step: values["train-loss"] for step, values in folder.records()[0]} == found


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
    assert told.phase in (Phase.RUNNING, Phase.READY) and told.hint
    until(lambda: run.latest().step > told.step)
    now = run.latest()
    assert (now.config, now.seeds, now.folder, now.phase) == (before.config, before.seeds, before.folder, Phase.RUNNING)
    assert len(list_runs(tmp_path)) == 1
    run.post(SetKnob("lr", 0.05))  # its present value
    until(lambda: run.latest().sentence == "running")


# ---------------------------------------------------------------- snapshots


def test_revision_grows_only_when_something_drawn_changes(runner):
    run = runner(steps=LONG, slow=0.001)
    run.start()
    unique = [run.latest()]

    def enough():
        if run.latest() is not unique[-1]:
            unique.append(run.latest())
        revisions = {item.revision for item in unique}
        return len(revisions) > 3 and len(unique) > len(revisions) + 1  # both kinds of change were seen

    until(enough)
    for one, two in itertools.pairwise(unique):
        if one.revision == two.revision:
            assert one.series is two.series and one.pictures is two.pictures and one.sentence == two.sentence
        else:
            assert two.revision > one.revision


def test_a_snapshot_never_changes_after_it_was_shown(runner):
    run = runner(steps=LONG)
    run.start()
    early = until(lambda: run.latest().series and run.latest())
    copy = dataclasses.replace(early, series=tuple(dataclasses.replace(item, y=item.y.copy()) for item in early.series))
    until(lambda: run.latest().revision > early.revision + 2)
    same_curves(early, copy)


def test_status_says_how_fast_and_how_long(runner):
    run = runner(steps=2000, slow=0.001)
    run.start()
    some = until(lambda: run.latest().rate > 0 and run.latest())
    assert some.eta == pytest.approx((2000 - some.step) / some.rate) and some.memory > 2**20 and some.device == "cpu"
    run.post(Pause())
    paused = phase(run, Phase.PAUSED)
    assert paused.elapsed >= some.elapsed
    assert paused.step / paused.elapsed < 1001  # a step sleeps a millisecond


def test_a_trained_phenomenon_loads_torch_and_runs_in_the_thread(runner, tmp_path):
    run = runner(kind=Toy, root=tmp_path, threads=1)
    run.start()
    assert finished(run).phase is Phase.FINISHED
    import torch

    assert RunFolder.open(snapshot_path(run.latest())).manifest.threads == 1
    assert torch.__version__


def test_a_resumed_run_that_was_not_started_gives_its_folder_back(runner, tmp_path):
    run = runner(steps=LONG, root=tmp_path)
    run.start()
    moving(run)
    run.close(60)
    path = snapshot_path(run.latest())
    again = resume(path, phenomenon=InstantToy)
    assert isinstance(again, Runner) and RunFolder.open(path).live
    again.close()
    assert not RunFolder.open(path).live
