"""Long work hears that it should stop, and whoever leaves it learns what is kept."""

import shutil
import subprocess
import sys
import threading
import time

import pytest

from engine import registry
from engine.contract import Phase, Start, Stop
from engine.errors import LabError
from engine.interruption import checkpoint
from engine.runner import Runner
from engine.store import RunFolder, list_runs
from tests.engine.running import PATIENCE, ROOT, finished, folder_of, moving, phase, until
from tests.engine.toy_phenomenon import InstantToy

SOON = 2.0  # seconds in which every wish to stop is heard, on two busy cores


class LongToBuild(InstantToy):
    """Builds for ever, in pieces."""

    def __init__(self, *given):
        super().__init__(*given)
        while True:
            time.sleep(0.01)
            checkpoint()


class LongPiece(InstantToy):
    """Its steps hear after a while; beyond step 5 they do not end by themselves."""

    def descend(self):
        while self.step == 5:
            time.sleep(0.01)
            checkpoint()
        super().descend()


class Deaf(InstantToy):
    """Its sixth step neither ends nor hears."""

    entered, release = threading.Event(), threading.Event()

    def descend(self):
        if self.step == 5:
            self.entered.set()
            self.release.wait()
        super().descend()


@pytest.fixture
def deaf():
    Deaf.release.clear()
    Deaf.entered.clear()
    yield
    Deaf.release.set()


def test_building_is_shown_from_the_first_moment_and_hears(runner, tmp_path):
    run = runner(kind=LongToBuild, root=tmp_path)
    run.start()
    assert run.latest().phase.preparing and run.latest().sentence
    until(lambda: run.latest().sentence == "preparing data")
    began = time.monotonic()
    run.post(Stop())
    assert phase(run, Phase.STOPPED).sentence == "stopped before it started"
    assert time.monotonic() - began < SOON and list_runs(tmp_path) == []
    run.post(Start())
    until(lambda: run.latest().sentence == "preparing data")
    began = time.monotonic()
    assert run.close(SOON) and time.monotonic() - began < SOON
    assert run.kept().saved is None and "not stored" in run.kept().sentence


@pytest.mark.parametrize("way", ["stop", "close"])
def test_a_long_piece_hears_and_its_state_is_that_before_it(runner, tmp_path, way):
    run = runner(kind=LongPiece, root=tmp_path, steps=20, grid=1)
    run.start()
    until(lambda: run._control.run and run._control.run.phenomenon.step == 5)
    began = time.monotonic()
    if way == "stop":
        run.post(Stop())
        phase(run, Phase.STOPPED)
    assert run.close(SOON) and time.monotonic() - began < SOON
    assert folder_of(run.latest()).load_state()[1].step == 5 == run.kept().saved
    assert "its state of step 5 is saved" in run.kept().sentence and run.kept().hint.startswith("genlab resume")


def test_a_state_that_somebody_deleted_is_not_said_to_be_saved(runner, tmp_path):
    run = runner(kind=LongPiece, root=tmp_path, steps=20, grid=1)
    run.start()
    until(lambda: run.kept().saved is not None)
    gone = tmp_path.rename(tmp_path.with_name(f"{tmp_path.name}-gone"))  # at once: the run writes meanwhile
    shutil.rmtree(gone)
    assert run.close(SOON)
    kept = run.kept()
    assert kept.saved is None and not kept.resumable and not kept.complete
    assert "not being stored" in kept.sentence and "saved" not in kept.sentence


def test_a_deaf_piece_is_left_with_the_truth(runner, tmp_path, deaf):
    run = runner(kind=Deaf, root=tmp_path, steps=20, grid=1)
    run.start()
    assert Deaf.entered.wait(PATIENCE)
    assert not run.close(0.2)
    kept = run.kept()
    assert kept.stuck and not kept.complete and "cut off" in kept.sentence
    assert kept.saved == RunFolder.open(next(tmp_path.iterdir())).load_state()[1].step
    Deaf.release.set()
    until(lambda: not run.kept().stuck)


def test_leaving_a_thread_in_native_code_has_the_right_code(tmp_path):
    """Inside BLAS for many seconds: the process ends at once, with its code, and not by a signal."""
    program = f"""
import sys, time
sys.path.insert(0, {str(ROOT)!r})
import numpy as np
from pathlib import Path
from engine import leaving
from engine.runner import Runner
from tests.engine.toy_phenomenon import InstantToy, ToyConfig

class Native(InstantToy):
    def descend(self):
        if self.step == 5:
            np.linalg.eigh(np.ones((6000, 6000)))
        super().descend()

run = Runner(Native, ToyConfig(steps=20, grid=1), "custom", (0,), root=Path({str(tmp_path)!r}), threads=1)
run.start()
time.sleep(3)
stopped = run.close(0.5)
print(run.kept().sentence)
sys.exit(leaving.leave(130) if WAY == "leave" else 130)
"""
    for way in ("leave", "teardown"):
        began = time.monotonic()
        done = subprocess.run([sys.executable, "-c", f"WAY = {way!r}\n{program}"], capture_output=True, text=True, timeout=120)
        assert done.returncode == 130, done.stderr
        assert "cut off" in done.stdout and time.monotonic() - began < 20


LONG_BUILDING = [
    ("deep-double-descent", {"dataset": "mnist1d", "n": 50000}),
    ("deep-double-descent", {"h": "2000"}),
    ("lazy-training", {"n": 2000}),
    ("random-labels", {"dataset": "mnist1d", "n": 10000}),
]


@pytest.mark.parametrize(("name", "knobs"), LONG_BUILDING)
def test_a_stop_while_building_is_heard(name, knobs):
    spec = registry.spec(name)
    run = Runner(name, spec.configure("quick", knobs), "custom", (0,), threads=1)
    run.start()
    until(lambda: run.latest().sentence == "preparing data" or run.latest().phase is Phase.RUNNING)
    time.sleep(0.5)
    began = time.monotonic()
    assert run.close(30)
    assert time.monotonic() - began < 2 * SOON + (3 if name == "lazy-training" else 0)  # one factorisation cannot be cut


def test_no_thread_is_a_sentence_and_not_an_interrupt(runner, tmp_path, monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    run = runner(root=tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(LabError, match="starts no further thread") as caught:
            run.start()
    assert caught.value.exit_code == 3 and run.latest().phase is Phase.FAILED
    assert run.join(1) and run.close()


def test_a_run_is_stored_when_it_has_worked_for_a_while(runner, tmp_path):
    run = runner(root=tmp_path, steps=10**8, store_after=0.2)
    run.start()
    assert moving(run).folder == "" or run.latest().elapsed > 0.1
    stored = until(lambda: run.latest().folder and run.latest())
    assert run.close(60)
    folder = folder_of(stored)
    assert folder.load_progress().phase is Phase.STOPPED and folder.load_state()[1].step == run.kept().saved == run.latest().step
    assert [step for step, _ in folder.records()[0]][:3] == [0, 1, 2]


def test_a_finished_run_that_is_left_alone_is_stored_without_being_asked_for(runner, tmp_path):
    run = runner(root=tmp_path, steps=3, store_after=0.5)
    run.start()
    last = finished(run)
    assert last.folder == "" or last.elapsed > 0.5
    stored = until(lambda: run.latest().folder and run.latest())
    assert stored.phase is Phase.FINISHED and not stored.unstored
    until(lambda: folder_of(stored).whole())
    assert run.close(60)
    (entry,) = list_runs(tmp_path)
    assert entry.phase is Phase.FINISHED


@pytest.mark.parametrize("over", [True, False])
def test_a_finished_run_is_stored_in_the_end_and_one_that_was_cut_at_once_is_not(runner, tmp_path, over):
    run = runner(root=tmp_path, steps=300 if over else 10**8, store_after=1000.0)
    run.start()
    last = finished(run) if over else moving(run)
    assert last.folder == "" and list_runs(tmp_path) == []
    assert run.close(60)
    if over:
        (entry,) = list_runs(tmp_path)
        assert entry.phase is Phase.FINISHED and RunFolder.open(entry.path).whole() and "finished and stored" in run.kept().sentence
    else:
        assert list_runs(tmp_path) == [] and "is not stored" in run.kept().sentence


def test_a_late_folder_that_the_disk_refuses_is_told_and_the_run_goes_on(runner, tmp_path):
    (tmp_path / "runs").write_text("a file")
    run = runner(root=tmp_path / "runs", steps=10**8, store_after=0.1)
    run.start()
    told = until(lambda: run.latest().unstored and run.latest())
    assert told.phase is Phase.RUNNING and "cannot make the folder" in told.unstored
    moving(run, told.step)
    (tmp_path / "runs").unlink()
