"""Every write of the store refused in turn: no false sentence, no earlier file lost, no run that cannot go on."""

import errno
from pathlib import Path

import pytest

from engine.contract import Phase
from engine.errors import StoreError
from engine.runner import Runner, resume
from engine.store import RunFolder, list_runs
from tests.engine.running import finished, losses, result
from tests.engine.toy_phenomenon import InstantToy, ToyConfig, reference
from tests.faults.failing import ERRORS, FailingDisk

KNOBS = {"steps": 20, "grid": 5}
REFERENCE = reference((0, 1), **KNOBS)


@pytest.fixture
def disk(monkeypatch, tmp_path):
    monkeypatch.setattr("engine.store.writer.RETRY", 0.0)
    return FailingDisk(monkeypatch, str(tmp_path))


def run_once(root, again=None):
    run = resume(again, phenomenon=InstantToy) if again else Runner(InstantToy, ToyConfig(**KNOBS), "custom", (0, 1), root=root)
    run.start()
    finished(run)
    assert run.close(60)
    return run


def assert_true(run, root):
    """What a run says of itself, against what is on the disk."""
    last, kept = run.latest(), run.kept()
    if not last.folder:
        assert last.phase is Phase.FAILED and last.sentence and "saved" not in kept.sentence
        return
    folder = RunFolder.open(Path(last.folder))
    saved = folder.load_state()
    assert kept.saved == (saved[1].step if saved else None)
    if saved:
        folder.require_metrics(saved[1])
    progress = folder.load_progress()
    if not last.unstored:
        assert not [note for note in (*folder.load_snapshot().notes, *result(folder)["notes"]) if "stored" in note]
        assert kept.complete and last.phase is Phase.FINISHED is progress.phase and folder.whole()
        assert losses(folder.records()[0]) == REFERENCE
    else:
        assert not kept.complete and "not being stored" in kept.sentence
    if progress.phase is Phase.FINISHED:
        assert folder.whole() and saved[1].step == KNOBS["steps"]


def assert_can_go_on(root):
    """Whatever the disk has done, the run comes to its end when there is room, with the numbers of one that nobody disturbed."""
    for entry in list_runs(root):
        assert not entry.problem, entry.problem
        if entry.phase is not Phase.FINISHED:
            run = run_once(root, entry.path)
            assert run.latest().phase is Phase.FINISHED and run.kept().complete, run.latest()
        folder = RunFolder.open(entry.path)
        assert folder.whole() and losses(folder.records()[0]) == REFERENCE
        assert not [path.name for path in entry.path.iterdir() if path.name.startswith(".")]


def calls_of_a_run(disk, root):
    disk.reset(lambda call: False)
    run_once(root)
    return disk.count


@pytest.mark.parametrize(
    ("error", "half"),
    [(errno.ENOSPC, True), *(pytest.param(error, False, marks=pytest.mark.slow) for error in ERRORS)],
)
def test_each_call_refused_once(disk, tmp_path, error, half):
    count = calls_of_a_run(disk, tmp_path / "count")
    assert count > 40
    for number in range(count):
        root = tmp_path / str(number)
        disk.reset(lambda call, number=number: call == number, error, half)
        run = run_once(root)
        disk.reset(lambda call: False)
        assert_true(run, root)
        assert_can_go_on(root)


@pytest.mark.parametrize("error", [errno.ENOSPC, pytest.param(errno.EIO, marks=pytest.mark.slow)])
def test_each_call_and_all_after_it_refused(disk, tmp_path, error):
    count = calls_of_a_run(disk, tmp_path / "count")
    for number in range(0, count, 2):
        root = tmp_path / str(number)
        disk.reset(lambda call, number=number: call >= number, error, number % 4 == 0)
        run = run_once(root)
        disk.reset(lambda call: False)
        assert_true(run, root)
        assert_can_go_on(root)


def test_each_call_of_a_resumed_run_refused_loses_nothing_of_before(disk, tmp_path, monkeypatch):
    monkeypatch.setattr(InstantToy, "hold_at", 10)
    run = Runner(InstantToy, ToyConfig(**KNOBS), "custom", (0, 1), root=tmp_path / "first")
    run.start()
    while run.latest().step < 10:
        pass
    assert run.close(60)
    monkeypatch.setattr(InstantToy, "hold_at", -1)
    whole = {path.name: path.read_bytes() for path in Path(run.latest().folder).iterdir()}

    def copy(root):
        path = root / "toy"
        path.mkdir(parents=True)
        for name, content in whole.items():
            (path / name).write_bytes(content)
        return path

    path = copy(tmp_path / "count")
    disk.reset(lambda call: False)
    run_once(path.parent, path)
    for number in range(disk.count):
        for after in (False, True):
            path = copy(tmp_path / f"{number}-{after}")
            disk.reset(lambda call, number=number, after=after: call == number or (after and call > number))
            try:
                again = run_once(path.parent, path)
            except StoreError as error:
                disk.reset(lambda call: False)
                assert "cannot" in error.message
            else:
                disk.reset(lambda call: False)
                assert_true(again, path.parent)
            _, position = RunFolder.open(path).load_state()
            assert position.step >= 10 and len(RunFolder.open(path).records()[0]) >= 3
            assert_can_go_on(path.parent)


def test_a_runs_folder_that_vanishes_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(InstantToy, "hold_at", 10)
    run = Runner(InstantToy, ToyConfig(**KNOBS), "custom", (0, 1), root=tmp_path / "runs")
    run.start()
    while run.latest().step < 10:
        pass
    (tmp_path / "runs").rename(tmp_path / "elsewhere")
    monkeypatch.setattr(InstantToy, "hold_at", -1)
    finished(run)
    assert run.close(60)
    assert not run.kept().complete and "not there" in run.latest().unstored
