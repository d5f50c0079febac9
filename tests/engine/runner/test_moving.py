"""A run whose disk refuses moves to another folder: everything so far is there, it goes on there and can be resumed."""

import shutil
from pathlib import Path

import pytest

from engine.contract import Pause, Phase, Resume, SetKnob, Start
from engine.runner import resume
from engine.store import RunFolder, list_runs
from tests.engine.running import LONG, finished, folder_of, knob_changes, losses, moving, obeyed, phase, records, result, until
from tests.engine.toy_phenomenon import InstantToy, reference
from tests.faults.failing import FailingDisk


@pytest.fixture
def full(monkeypatch, tmp_path):
    """A disk that refuses whatever would be written within `full` while it is told to."""
    monkeypatch.setattr("engine.store.writer.RETRY", 0.05)
    disk = FailingDisk(monkeypatch, str(tmp_path / "full"))
    disk.only = frozenset({"write", "replace", "mkdir"})
    return disk


def refused(run, full):
    full.reset(lambda call: True)
    return until(lambda: run.latest().unstored and run.latest(), "a refusal")


@pytest.mark.parametrize("when", ["running", "paused", "finished", "diverged"])
def test_everything_so_far_is_written_anew_and_the_old_folder_is_taken_away(runner, tmp_path, full, hold, when):
    hold(300)
    run = runner(steps=600, diverge_at=500 if when == "diverged" else -1, grid=50, root=tmp_path / "full")
    run.start()
    until(lambda: run.latest().step == 300)
    run.post(SetKnob("lr", 0.02))
    obeyed(run)
    old = Path(run.latest().folder)
    full.reset(lambda call: True)
    if when == "paused":
        run.post(Pause())
    elif when != "running":
        hold()
    told = until(lambda: run.latest().unstored and (when == "running" or run.latest().phase == when) and run.latest())
    run.save(tmp_path / "roomy")
    now = obeyed(run)
    assert Path(now.folder).parent == tmp_path / "roomy" and not now.unstored and now.phase is told.phase
    hold()
    if when == "paused":
        run.post(Resume())
    last = finished(run)
    assert run.close(60)
    folder = folder_of(last)
    assert knob_changes(folder) == [(300, "lr", 0.02)] and folder.manifest.config["lr"] == 0.05
    if when == "diverged":
        assert last.phase is Phase.DIVERGED and records(last)[-1][0] == 450 and folder.load_state()[1].step <= 450
    else:
        assert folder.whole() and losses(records(last)) == reference((0, 1), {300: 0.02}, steps=600, grid=50)
        assert result(folder)["phase"] == "finished"
    assert not old.exists() and list_runs(tmp_path / "full") == []


def test_a_folder_that_is_gone_is_no_loss_and_what_is_moved_can_be_resumed(runner, tmp_path, hold):
    hold(300)
    run = runner(steps=600, grid=50, root=tmp_path / "runs")
    run.start()
    until(lambda: run.latest().step == 300)
    shutil.rmtree((tmp_path / "runs").rename(tmp_path / "gone"))  # at once: the run writes meanwhile
    run.post(Pause())
    until(lambda: run.latest().unstored and run.latest().phase is Phase.PAUSED)
    run.save(tmp_path / "runs")
    now = obeyed(run)
    assert not now.unstored and run.close(60)
    hold()
    again = resume(Path(now.folder), phenomenon=InstantToy)
    again.start()
    last = finished(again)
    assert again.close(60) and last.phase is Phase.FINISHED
    assert losses(records(last)) == reference((0, 1), steps=600, grid=50)


def test_a_resumed_run_moves_with_what_was_measured_before(runner, tmp_path, full, hold):
    hold(200)
    first = runner(steps=600, grid=50, root=tmp_path / "full")
    first.start()
    until(lambda: first.latest().step == 200)
    first.post(SetKnob("lr", 0.02))
    obeyed(first)
    assert first.close(60)
    hold(400)
    run = resume(Path(first.latest().folder), phenomenon=InstantToy)
    run.start()
    until(lambda: run.latest().step == 400)
    refused(run, full)
    run.save(tmp_path / "roomy")
    assert not obeyed(run).unstored
    hold()
    last = finished(run)
    assert run.close(60) and knob_changes(folder_of(last)) == [(200, "lr", 0.02)]
    assert losses(records(last)) == reference((0, 1), {200: 0.02}, steps=600, grid=50)


def test_a_place_that_refuses_too_leaves_everything_as_it_was(runner, tmp_path, full):
    run = runner(steps=LONG, root=tmp_path / "full")
    run.start()
    moving(run)
    told = refused(run, full)
    (tmp_path / "file").write_text("no folder")
    run.save(tmp_path / "file")
    now = obeyed(run)
    assert now.folder == told.folder and now.unstored and "cannot make the folder" in now.sentence
    full.reset(lambda call: False)
    until(lambda: not run.latest().unstored)
    run.post(Pause())
    paused = phase(run, Phase.PAUSED)
    assert run.close(60) and RunFolder.open(Path(told.folder)).load_state()[1].step == paused.step


def test_a_run_that_does_not_insist_begins_without_a_folder_and_further_runs_are_where_it_was_moved(runner, tmp_path):
    (tmp_path / "runs").write_text("no folder")
    run = runner(steps=200, root=tmp_path / "runs", insist=False)
    run.start()
    told = finished(run)
    assert told.phase is Phase.FINISHED and "cannot make the folder" in told.unstored and told.folder == ""
    run.save(tmp_path / "roomy")
    now = obeyed(run)
    assert not now.unstored and folder_of(now).whole() and losses(records(now)) == reference((0, 1), steps=200)
    run.post(Start())
    until(lambda: run.latest().folder not in ("", now.folder))
    assert run.join(60) and Path(run.latest().folder).parent == tmp_path / "roomy"


def test_keeping_stores_a_run_as_if_it_ended_and_it_goes_on(runner, tmp_path):
    run = runner(steps=LONG, root=tmp_path)
    run.start()
    moving(run)
    run.keep()
    kept = obeyed(run)
    folder = folder_of(kept)
    assert kept.phase is Phase.PAUSED and folder.load_state()[1].step == kept.step and folder.whole()
    assert folder.load_progress().phase is Phase.STOPPED
    run.post(Resume())
    moving(run, kept.step)
    until(lambda: folder.load_progress().phase is Phase.RUNNING)
