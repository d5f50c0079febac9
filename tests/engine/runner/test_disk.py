"""Disks that refuse: training goes on, it is told what is not stored, and stored when there is room."""

from pathlib import Path

import numpy as np
import pytest

from engine.contract import Pause, Phase, SetKnob, Stop
from engine.errors import StoreError
from engine.runner import run as module
from engine.store import RunFolder
from tests.engine.running import LONG, finished, folder_of, losses, moving, obeyed, phase, result, spawn, started, until
from tests.engine.toy_phenomenon import InstantToy, ToyConfig, reference


def refused(run):
    """Wait until it is told that the disk refuses, and return the snapshot that tells it."""
    return until(lambda: run.latest().unstored and run.latest(), "a refusal")


def accepted(run):
    until(lambda: not run.latest().unstored, "a disk with room")
    return run.latest()


def test_a_place_that_cannot_be_written_fails_the_start(runner, tmp_path):
    (tmp_path / "runs").write_text("a file")
    run = runner(root=tmp_path / "runs")
    last = started(run)
    assert last.phase is Phase.FAILED and str(tmp_path / "runs") in last.sentence and "--runs" in last.hint
    assert isinstance(run.error, StoreError)


def test_training_goes_on_when_the_disk_is_full_and_everything_is_stored_later(runner, tmp_path, disk):
    run = runner(steps=LONG, grid=200, root=tmp_path)
    run.start()
    moving(run, 1000)
    disk.full = True
    told = refused(run)
    assert "the disk is full" in told.unstored and "--runs" in told.unstored and told.unstored.startswith("not being stored since step")
    assert told.notes == (told.unstored,) and told.phase is Phase.RUNNING
    later = moving(run, told.step + 1000)
    assert later.phase is Phase.RUNNING and later.notes == told.notes
    folder = folder_of(told)
    before = folder.records()[0]
    assert [step for step, _ in before] == list(range(0, 200 * len(before), 200))
    disk.full = False
    assert accepted(run).notes == ()
    run.post(Pause())
    paused = phase(run, Phase.PAUSED)
    run.close(60)
    after, torn = folder.records()
    assert torn == "" and [step for step, _ in after] == list(range(0, paused.step + 1, 200))
    assert folder.load_state()[1].step == run.latest().step


def test_a_state_that_waited_for_the_disk_is_that_of_its_step(runner, tmp_path, disk, monkeypatch):
    """While it waits, training goes on in the very arrays that it was made of."""
    monkeypatch.setattr(module, "STATE_SECONDS", 0.0)
    monkeypatch.setattr(module, "STATE_SHARE", 1.0)
    run = runner(steps=LONG, grid=200, root=tmp_path)
    run.start()
    moving(run, 1000)
    disk.full = True
    told = refused(run)
    moving(run, told.step + 1000)
    monkeypatch.setattr(run._control.run._state_clock, "due", lambda: False)  # what waits is not replaced by a newer one
    moving(run, run.latest().step + 1000)
    disk.full = False
    accepted(run)
    state, position = folder_of(run.latest()).load_state()
    assert position.step > told.step
    toy = InstantToy(ToyConfig(steps=LONG, grid=200), (0, 1))
    for _ in range(position.step):
        toy.descend()
    np.testing.assert_array_equal(state.arrays["w"], toy.w)
    assert state.scalars["streams"] == toy.state().scalars["streams"]


def test_a_run_that_ends_on_a_full_disk_is_stored_when_there_is_room(runner, tmp_path, disk, hold):
    hold(1000)
    run = runner(steps=2000, root=tmp_path)
    run.start()
    until(lambda: run.latest().step == 1000)
    disk.full = True
    hold()
    last = finished(run)
    assert last.phase is Phase.FINISHED and "not being stored since step" in last.unstored and last.notes[-1] == last.unstored
    folder = folder_of(last)
    assert folder.load_progress().phase is not Phase.FINISHED and not (folder.path / "result.json").exists()
    disk.full = False
    accepted(run)
    until(lambda: not folder.live)
    assert folder.load_progress().phase is Phase.FINISHED and folder.load_snapshot().phase is Phase.FINISHED
    assert losses(folder.records()[0]) == reference((0, 1), steps=2000)
    assert result(folder)["phase"] == "finished"


def test_a_run_that_is_stopped_on_a_full_disk_is_said_to_be_saved_when_it_is(runner, tmp_path, disk):
    run = runner(steps=LONG, root=tmp_path)
    run.start()
    moving(run)
    disk.full = True
    run.post(Stop())
    stopped = finished(run)
    assert stopped.phase is Phase.STOPPED and "saved" not in stopped.sentence and stopped.hint == "" and stopped.unstored
    disk.full = False
    last = until(lambda: "its state is saved" in run.latest().sentence and run.latest())
    assert "genlab resume" in last.hint and last.unstored == ""
    folder = folder_of(last)
    until(lambda: not folder.live)
    assert folder.load_state()[1].step == last.step and folder.load_progress().sentence == last.sentence


def test_finished_is_written_when_all_else_is(runner, tmp_path, monkeypatch):
    """A result that cannot be written leaves a run that is not finished, so that it can be continued."""

    def refuse(self, result):
        raise StoreError("no result", "none")

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "save_result", refuse)
        run = runner(root=tmp_path)
        last = started(run)
        assert last.phase is Phase.FINISHED and "no result" in last.unstored
        assert run.close(60)
    folder = folder_of(last)
    assert folder.load_state()[1].step == 300 and folder.load_progress().phase is Phase.STOPPED


def test_a_new_run_that_finds_no_room_leaves_the_old_one_running(runner, tmp_path, disk):
    run = runner(steps=LONG, root=tmp_path)
    run.start()
    before = moving(run)
    disk.full = True
    run.post(SetKnob("n", 30))
    told = until(lambda: "the disk is full" in run.latest().sentence and run.latest())
    assert told.config["n"] == 20 and told.folder == before.folder
    moving(run, told.step)
    disk.full = False


def test_what_waits_is_written_before_another_run_takes_its_place(runner, tmp_path, disk):
    run = runner(root=tmp_path)
    disk.full = True
    run.start()
    assert finished(run).phase is Phase.FAILED  # no room for a folder
    disk.full = False
    first = started(run)
    disk.full = True
    run.post(SetKnob("lr", 0.01))
    told = obeyed(run)
    assert "the disk is full" in told.sentence and told.folder == first.folder
    disk.full = False
    run.post(SetKnob("lr", 0.01))
    assert finished(run).folder != first.folder and folder_of(first).load_progress().phase is Phase.FINISHED


def test_a_real_limit_on_file_size_damages_nothing(tmp_path):
    """The operating system itself refuses: files may grow to 6 kB, which cuts a line of metrics in the middle."""
    process = spawn(f"""
        import resource
        run = Runner(InstantToy, ToyConfig(steps=500, grid=10), "custom", (0, 1), root=Path({str(tmp_path)!r}))
        resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))
        run.start()
        assert run.join(60)
        last = run.latest()
        assert last.phase == "finished", last.sentence
        print(last.unstored)
        run.close(30)
    """)
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0 and errors == b"", errors
    assert b"not being stored since step" in out and b"larger than this system allows" in out
    (path,) = tmp_path.iterdir()
    found, note = RunFolder.open(path).records()
    assert note == "" and [step for step, _ in found] == list(range(0, 10 * len(found), 10)) and 10 < len(found) < 50


def test_a_folder_that_is_moved_away_is_told_and_training_goes_on(runner, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "STATE_SECONDS", 0.02)
    run = runner(steps=LONG, root=tmp_path)
    run.start()
    until(lambda: run.latest().step > 0 and (Path(run.latest().folder) / "state.safetensors").exists())
    Path(run.latest().folder).rename(tmp_path / "elsewhere")
    told = refused(run)
    assert "it is not there" in told.unstored and told.phase is Phase.RUNNING


@pytest.mark.parametrize("end", ["pause", "close"])
def test_no_line_is_lost_on_a_disk_that_refuses_now_and_then(runner, tmp_path, monkeypatch, end):
    real, count = RunFolder.append, []

    def moody(self, step, values):
        count.append(step)
        if len(count) % 3 == 0:
            raise StoreError("not now", "later")
        real(self, step, values)

    monkeypatch.setattr(RunFolder, "append", moody)
    monkeypatch.setattr("engine.store.writer.RETRY", 0.0)
    run = runner(steps=LONG, grid=50, root=tmp_path)
    run.start()
    moving(run, 1000)
    if end == "pause":
        run.post(Pause())
        phase(run, Phase.PAUSED)
        accepted(run)
    assert run.close(60)
    found = [step for step, _ in folder_of(run.latest()).records()[0]]
    assert found == list(range(0, 50 * len(found), 50)) and len(found) > 20
