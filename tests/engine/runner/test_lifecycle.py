"""A run from its start to its end: stored, paused, stepped, stopped, shown."""

import dataclasses
import itertools
import threading

import numpy as np
import pytest

from engine.contract import Pause, Phase, Resume, SetKnob, Start, Step, Stop
from engine.phenomenon import geometric_grid
from engine.runner import Runner, resume
from engine.store import RunFolder, list_runs
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
    result,
    same_curves,
    started,
    until,
)
from tests.engine.toy_phenomenon import InstantToy, Toy, reference

# ---------------------------------------------------------------- a run from start to end


def test_before_the_start_nothing_runs(runner):
    before = threading.active_count()
    run = runner()
    assert run.latest().phase is Phase.READY and run.latest().config["steps"] == 300
    assert threading.active_count() == before


def test_a_run_measures_what_a_plain_loop_does(runner, tmp_path):
    told = []
    last = started(runner(root=tmp_path, on_measure=lambda step, values: told.append((step, values["train-loss"]))))
    assert last.phase is Phase.FINISHED and "1 holds" in last.sentence
    expected = reference((0, 1))
    assert told == expected
    assert losses(records(last)) == expected
    assert [tuple(item.y) for item in last.series] == list(zip(*(loss for _, loss in expected), strict=True))
    assert last.values["mean-loss"] == pytest.approx(np.mean(expected[-1][1]))
    assert "train-loss" not in last.values


def test_a_finished_run_left_everything_behind(runner, tmp_path):
    run = runner(root=tmp_path, typed="genlab", threads=2)
    last = started(run)
    folder = folder_of(last)
    assert not folder.live
    assert {path.name for path in folder.path.iterdir()} == {
        "manifest.json", "metrics.jsonl", "arrays.npz", "state.safetensors", "state.json", "latest.npz", "result.json", "lock",
    }  # fmt: skip
    command = f"genlab run {folder.manifest.phenomenon} --preset quick --seed 0 --seeds 2 --device cpu --threads 2"
    assert (folder.manifest.command_line, folder.manifest.typed, folder.manifest.threads) == (command, "genlab", 2)
    assert folder.manifest.seeds == (0, 1)
    stored = result(folder)
    assert [claim["id"] for claim in stored["claims"]] == ["T1", "T2"]
    assert [claim["status"] for claim in stored["claims"]] == ["holds", "not run"]
    assert stored["claims"][0]["values"] == {"predicted": 2.0, "measured": last.verdicts[0].measured}
    assert stored["figures"][0]["series"] == ["train-loss/0", "train-loss/1"]
    assert stored["series"][0]["y"] == last.series[0].y.tolist()
    assert stored["details"][0]["rows"][0]["constants"] == {"n": 20}
    assert run.arrays().keys() == folder.load_arrays().keys() == {"X", "y", "w"}
    np.testing.assert_array_equal(run.arrays()["w"], folder.load_arrays()["w"])


def test_without_a_root_nothing_is_written_until_asked(runner, tmp_path, monkeypatch):
    monkeypatch.setenv("GENLAB_RUNS", str(tmp_path / "runs"))
    run = runner()
    last = started(run)
    assert last.folder == "" and list(tmp_path.iterdir()) == []
    run.save()
    stored = finished(run)
    folder = folder_of(stored)
    assert folder.path == tmp_path / "runs" / "instant-toy-quick-s0x2" and not folder.live
    assert stored.sentence == f"stored in {folder.path}"
    assert losses(folder.records()[0]) == reference((0, 1))
    assert result(folder)["phase"] == "finished" and folder.load_arrays().keys() == {"X", "y", "w"}
    run.save()
    finished(run)
    assert len(list_runs(tmp_path / "runs")) == 1


def test_a_run_that_is_stored_while_it_runs_goes_on_being_stored(runner, tmp_path):
    run = runner(steps=LONG, grid=50)
    run.start()
    moving(run)
    run.post(SetKnob("lr", 0.01))
    run.save(tmp_path)
    stored = until(lambda: run.latest().folder and run.latest(), "the folder")
    moving(run, stored.step)
    run.post(Pause())
    paused = phase(run, Phase.PAUSED)
    run.close()
    folder = folder_of(stored)
    assert [step for step, _ in folder.records()[0]] == list(range(0, paused.step + 1, 50))
    assert [name for _, name, _ in knob_changes(folder)] == ["lr"]


# ---------------------------------------------------------------- pause, step, stop


def test_pause_holds_and_resume_goes_on(runner):
    run = runner(steps=LONG)
    run.start()
    moving(run)
    run.post(Pause())
    paused = phase(run, Phase.PAUSED)
    assert str(f"{paused.step:,}") in paused.sentence
    run.post(Pause())  # has no effect, but is obeyed after anything that would still be going on
    assert obeyed(run).step == paused.step and run.latest().phase is Phase.PAUSED
    run.post(Resume())
    moving(run, paused.step)
    run.post(Stop())
    stopped = finished(run)
    assert stopped.phase is Phase.STOPPED and stopped.step > paused.step


def test_pausing_and_stepping_change_no_number(runner):
    run = runner(steps=300)
    seen = []
    while run.latest().phase is not Phase.FINISHED:
        run.post(Step())
        obeyed(run)
        until(lambda: run.latest().phase in (Phase.PAUSED, Phase.FINISHED))
        seen.append(run.latest().step)
    finished(run)
    assert list(dict.fromkeys(seen)) == geometric_grid(300).tolist()
    assert list(zip(*(item.y.tolist() for item in run.latest().series), strict=True)) == [tuple(loss) for _, loss in reference((0, 1))]


def test_stop_before_the_start(runner):
    run = runner()
    run.post(Stop())
    assert finished(run).phase is Phase.STOPPED
    assert started(run).phase is Phase.FINISHED


def test_start_after_the_end_begins_again(runner, tmp_path):
    run = runner(root=tmp_path)
    first, second = started(run), started(run)
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
    assert last.phase is Phase.STOPPED and "its state is saved" in last.sentence
    assert last.hint == f"genlab resume {tmp_path / 'instant-toy-custom-s0x2'} continues"
    folder = folder_of(last)
    assert not folder.live
    assert folder.load_state()[1].step == last.step == folder.load_progress().step == folder.load_snapshot().step
    assert folder.load_snapshot().sentence == folder.load_progress().sentence == last.sentence
    run.post(Start())
    assert run.close(60) and run.latest() is last
    assert run.join(0)


def test_a_run_that_is_not_stored_does_not_say_that_it_is(runner):
    run = runner(steps=LONG)
    run.start()
    moving(run)
    run.post(Stop())
    assert "saved" not in finished(run).sentence and run.latest().hint == ""


def test_join_gives_up_in_time(runner):
    run = runner(steps=LONG)
    run.start()
    assert run.join(0.01) is False


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
    run = runner(steps=LONG, slow=0.001)
    run.start()
    some = until(lambda: run.latest().eta is not None and run.latest())
    assert some.eta == pytest.approx((LONG - some.step) / some.rate) and some.memory > 2**20 and some.device == "cpu"
    run.post(Pause())
    paused = phase(run, Phase.PAUSED)
    assert paused.elapsed >= some.elapsed
    assert paused.step / paused.elapsed < 1001  # a step sleeps a millisecond


def test_a_trained_phenomenon_loads_torch_and_runs_in_the_thread(runner, tmp_path):
    run = runner(kind=Toy, root=tmp_path, threads=1)
    assert started(run).phase is Phase.FINISHED
    import torch

    assert folder_of(run.latest()).manifest.threads == 1
    assert torch.__version__


def test_a_resumed_run_that_was_not_started_gives_its_folder_back(runner, tmp_path):
    run = runner(steps=LONG, root=tmp_path)
    run.start()
    moving(run)
    run.close(60)
    path = folder_of(run.latest()).path
    again = resume(path, phenomenon=InstantToy)
    assert isinstance(again, Runner) and RunFolder.open(path).live
    again.close()
    assert not RunFolder.open(path).live
