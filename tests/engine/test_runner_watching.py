import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine import watching
from engine.contract import Pause, Phase, Start
from engine.errors import StoreError
from engine.runner import FolderSession, resume
from engine.store import RunFolder
from tests.engine.patience import until
from tests.engine.test_store_folder import assert_equal
from tests.engine.toy_phenomenon import InstantToy

ROOT = Path(__file__).parents[2]  # where `tests` can be imported from


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(watching, "_LIVENESS", 0.0)


def test_a_finished_run_is_shown_as_it_was(runner, tmp_path):
    run = runner(root=tmp_path)
    run.start()
    assert run.join(60)
    seen = FolderSession(Path(run.latest().folder))
    assert seen.controllable is False
    shown = seen.latest()
    assert_equal(shown.series, run.latest().series)
    assert_equal(shown.pictures, run.latest().pictures)
    assert_equal(shown.verdicts, run.latest().verdicts)
    assert (shown.phase, shown.sentence, shown.step, shown.config) == (
        Phase.FINISHED, run.latest().sentence, 300, run.latest().config,
    )  # fmt: skip
    assert seen.latest() is shown


def test_a_run_is_followed_while_it_is_written(runner, tmp_path):
    run = runner(steps=10**8, root=tmp_path)
    run.start()
    until(lambda: run.latest().folder)
    seen = FolderSession(Path(run.latest().folder))
    early = until(lambda: seen.latest().phase is Phase.RUNNING and seen.latest())
    later = until(lambda: seen.latest().step > early.step and seen.latest())
    assert later.revision >= early.revision
    seen.post(Pause())  # belongs to another process: nothing happens
    run.post(Pause())
    paused = until(lambda: seen.latest().phase is Phase.PAUSED and seen.latest())
    assert paused.step == run.latest().step and paused.revision > early.revision
    seen.post(Start())
    run.close(30)
    stopped = until(lambda: seen.latest().phase is Phase.STOPPED and seen.latest())
    assert "genlab resume" in stopped.hint


def test_before_the_first_measurement_it_waits(tmp_path):
    from engine.store import Manifest

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
    program = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from pathlib import Path\n"
        "from tests.engine.toy_phenomenon import InstantToy, ToyConfig\n"
        "from engine.runner import Runner\n"
        f"run = Runner(InstantToy, ToyConfig(steps=3000, slow=0.001), 'custom', (0,), root=Path({str(tmp_path)!r}))\n"
        "run.start(); run.join()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program])
    try:
        path = until(lambda: next((item for item in tmp_path.iterdir() if (item / "latest.npz").exists()), None))
        seen = FolderSession(path)
        running = until(lambda: seen.latest().phase is Phase.RUNNING and seen.latest())
    finally:
        process.kill()
        process.wait(60)
    dead = until(lambda: seen.latest().phase is Phase.STOPPED and seen.latest())
    assert dead.sentence == "the process that ran this has ended" and f"genlab resume {path.name}" in dead.hint
    assert dead.revision > running.revision and dead.step >= running.step
    run = resume(path, phenomenon=InstantToy)
    run.start()
    again = until(lambda: seen.latest().phase is Phase.RUNNING and seen.latest())
    assert again.revision > dead.revision
    run.close(30)


def test_a_damaged_snapshot_is_told_and_the_last_good_one_stays(runner, tmp_path):
    run = runner(root=tmp_path)
    run.start()
    assert run.join(60)
    path = Path(run.latest().folder)
    seen = FolderSession(path)
    good = seen.latest()
    (path / "latest.npz").write_bytes(b"PK\x03\x04 torn")
    os.utime(path / "latest.npz", (1, 1))
    bad = seen.latest()
    assert "damaged" in bad.sentence and bad.series is good.series and bad.revision > good.revision


def test_watching_what_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(StoreError, match="no run at"):
        FolderSession(tmp_path / "absent")
