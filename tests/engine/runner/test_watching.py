"""Watching a run of another process, or of an earlier one, from its folder."""

import os
import shutil

import pytest

from engine.contract import Pause, Phase, Start
from engine.errors import StoreError
from engine.runner import FolderSession, resume, shown, watching
from engine.store import Manifest, RunFolder
from tests.engine.comparing import assert_equal
from tests.engine.running import LONG, folder_of, spawn, started, until
from tests.engine.toy_phenomenon import InstantToy, reference


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(watching, "_LIVENESS", 0.0)


def test_a_finished_run_is_shown_as_it_was(runner, tmp_path):
    last = started(runner(root=tmp_path))
    seen = FolderSession(folder_of(last).path)
    assert seen.controllable is False
    shown = seen.latest()
    for part in ("series", "pictures", "markers", "verdicts", "details", "groups", "values", "notes"):
        assert_equal(getattr(shown, part), getattr(last, part))
    assert (shown.phase, shown.sentence, shown.step, shown.config) == (Phase.FINISHED, last.sentence, 300, last.config)
    assert seen.latest() is shown


def test_a_run_is_followed_while_it_is_written(runner, tmp_path):
    run = runner(steps=LONG, root=tmp_path)
    run.start()
    until(lambda: run.latest().folder)
    seen = FolderSession(folder_of(run.latest()).path)
    early = until(lambda: seen.latest().phase is Phase.RUNNING and seen.latest())
    later = until(lambda: seen.latest().step > early.step and seen.latest())
    assert later.revision >= early.revision
    seen.post(Pause())  # belongs to another process: nothing happens
    run.post(Pause())
    paused = until(lambda: seen.latest().phase is Phase.PAUSED and seen.latest())
    assert paused.step == run.latest().step and paused.revision > early.revision
    seen.post(Start())
    run.close(60)
    stopped = until(lambda: seen.latest().phase is Phase.STOPPED and seen.latest())
    assert "genlab resume" in stopped.hint


def test_before_the_first_measurement_it_waits(tmp_path):
    folder = RunFolder.create(tmp_path, Manifest(phenomenon="toy", preset="quick", config={"n": 3}, seeds=(0, 1)))
    seen = FolderSession(folder.path)
    first = seen.latest()
    assert (first.phase, first.sentence, first.seeds, first.config) == (
        Phase.READY, "waiting for the first measurement", (0, 1), {"n": 3},
    )  # fmt: skip
    assert seen.latest() is first
    folder.close()
    assert until(lambda: seen.latest().phase is Phase.STOPPED and seen.latest()).revision > first.revision


def test_a_killed_writer_is_told_and_a_resumed_one_followed(tmp_path):
    process = spawn(f"""
        Toy.hold_at = 500
        run = Runner(InstantToy, ToyConfig(steps=3000), "custom", (0,), root=Path({str(tmp_path)!r}))
        run.start(); run.join()
    """)
    try:
        path = until(lambda: next((item for item in tmp_path.iterdir() if (item / "latest.npz").exists()), None))
        seen = FolderSession(path)
        running = until(lambda: seen.latest().phase is Phase.RUNNING and seen.latest())
    finally:
        process.kill()
        process.communicate(timeout=60)
    dead = until(lambda: seen.latest().phase is Phase.STOPPED and seen.latest())
    assert dead.sentence.startswith("the process that ran this has ended") and f"genlab resume {path} " in dead.hint
    assert dead.revision > running.revision and dead.step >= running.step
    run = resume(path, phenomenon=InstantToy)
    run.start()
    again = until(lambda: seen.latest().phase in (Phase.RUNNING, Phase.FINISHED) and seen.latest())
    assert again.revision > dead.revision
    assert run.close(60)


def test_a_damaged_snapshot_is_told_and_the_last_good_one_stays(runner, tmp_path):
    path = folder_of(started(runner(root=tmp_path))).path
    seen = FolderSession(path)
    good = seen.latest()
    (path / "latest.npz").write_bytes(b"PK\x03\x04 torn")
    os.utime(path / "latest.npz", (1, 1))
    bad = seen.latest()
    assert "damaged" in bad.sentence and bad.series is good.series and bad.revision > good.revision


def test_watching_what_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(StoreError, match="no run at"):
        FolderSession(tmp_path / "absent")


def killed(tmp_path):
    """The folder of a run that was killed after it had measured more than its only snapshot shows."""
    process = spawn(f"""
        Toy.hold_at = 1000
        module.SNAPSHOT_SECONDS = module.STATE_SECONDS = 1000.0
        run = Runner(InstantToy, ToyConfig(steps=3000), "custom", (0,), root=Path({str(tmp_path)!r}))
        run.start(); run.join()
    """)
    try:
        path = until(lambda: next((item for item in tmp_path.iterdir() if (item / "latest.npz").exists()), None))
        until(lambda: RunFolder.open(path).records()[0][-1][0] == 1000)
    finally:
        process.kill()
        process.communicate(timeout=60)
    return path


@pytest.mark.parametrize("snapshot", ["old", "damaged", "missing"])
def test_a_killed_run_shows_everything_that_was_measured(tmp_path, snapshot):
    path = killed(tmp_path)
    if snapshot == "damaged":
        (path / "latest.npz").write_bytes(b"")
    elif snapshot == "missing":
        (path / "latest.npz").unlink()
    seen = FolderSession(path, InstantToy)
    whole = until(lambda: seen.latest().series and seen.latest().series[0].x[-1] == 1000 and seen.latest())
    assert whole.phase is Phase.STOPPED and whole.step == 1000
    assert whole.series[0].y.tolist() == [loss for step, (loss,) in reference((0,), steps=3000) if step <= 1000]
    now = shown(path, InstantToy)
    assert_equal(now.series, whole.series)
    assert f"genlab resume {path} " in now.hint


def test_a_killed_run_of_an_unknown_phenomenon_says_what_it_can(tmp_path):
    path = killed(tmp_path)
    (path / "latest.npz").unlink()
    now = shown(path)
    assert now.step == 1000 and "no phenomenon 'instant-toy'" in now.notes[0] and now.phase is Phase.STOPPED


@pytest.mark.parametrize("steps", [300, LONG])
def test_a_folder_that_is_gone_is_said_to_be_gone(runner, tmp_path, steps):
    run = runner(steps=steps, root=tmp_path)
    run.start()
    until(lambda: run.latest().step > 100 and run.latest().folder)
    path = folder_of(run.latest()).path
    run.close(60)
    seen = FolderSession(path)
    before = seen.latest()
    path.rename(tmp_path / "elsewhere")
    gone = until(lambda: "no longer there" in seen.latest().sentence and seen.latest())
    assert gone.phase is before.phase and gone.step == before.step and "resume" not in gone.hint and gone.revision > before.revision
    assert "resume" not in seen.refusal and seen.obeyed == frozenset()
    (tmp_path / "elsewhere").rename(path)
    assert until(lambda: "no longer there" not in seen.latest().sentence and seen.latest()).sentence == before.sentence


def test_another_run_of_the_same_name_is_shown_as_what_it_is(runner, tmp_path):
    path = folder_of(started(runner(root=tmp_path, lr=0.04))).path
    seen = FolderSession(path)
    assert seen.latest().config["lr"] == 0.04
    shutil.rmtree(path)
    other = started(runner(root=tmp_path, lr=0.03))
    assert folder_of(other).path == path
    shown = until(lambda: seen.latest().config["lr"] == 0.03 and seen.latest())
    assert seen.folder.manifest.config["lr"] == 0.03 and shown.step == other.step
    shutil.rmtree(path)
    RunFolder.create(tmp_path, Manifest(phenomenon="other", preset="quick", config={}, seeds=(0,))).close()
    (tmp_path / "other-quick-s0").rename(path)
    assert until(lambda: "a run of other" in seen.latest().sentence and seen.latest()).config["lr"] == 0.03
