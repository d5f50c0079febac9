"""The runs that the app has open, on real runners: begun, exported, kept when the app ends."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from engine import registry
from engine.contract import Phase, Session, SetKnob, Snapshot, Start
from engine.errors import UsageError
from engine.store import RunFolder, list_runs
from lab.open_runs import BackgroundRuns, farewell
from screens.application import ExportRequest
from tests.faults.failing import FailingDisk
from tests.screens.canned import canned


@pytest.fixture(autouse=True)
def usual_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENLAB_RUNS", str(tmp_path))


@pytest.fixture
def open_runs(toys: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BackgroundRuns:
    """Of the toy as if it trained: runs that are instant would be stored only on request."""
    monkeypatch.setattr("lab.open_runs.spec", lambda name: replace(registry.spec(name), instant=False))
    return BackgroundRuns(root=tmp_path)


def until(session: Session, *phases: Phase) -> Snapshot:
    end = time.monotonic() + 60
    while session.latest().phase not in phases:
        assert time.monotonic() < end, session.latest()
        time.sleep(0.01)
    return session.latest()


def test_a_run_that_is_begun_starts_by_itself_and_is_kept(open_runs: BackgroundRuns, tmp_path: Path) -> None:
    session = open_runs.begin("toy", "quick")
    snapshot = until(session, Phase.FINISHED)
    assert Path(snapshot.folder).parent == tmp_path
    wanted = ExportRequest("csv", tmp_path / "out")
    assert (
        open_runs.export(session, wanted) == f"Wrote {snapshot.run}-metrics.csv, {snapshot.run}-series.csv and 3 more to {tmp_path / 'out'}"
    )
    assert (tmp_path / "out" / f"{snapshot.run}-series.csv").exists()
    with pytest.raises(UsageError, match=r"is there already\. Choose replace, or another folder\."):
        open_runs.export(session, wanted)
    assert "3 more" in open_runs.export(session, replace(wanted, force=True))
    assert open_runs.close() == [f"{snapshot.run} is finished; look at it with: genlab show {snapshot.run}"]
    assert not open_runs.stuck


def test_a_run_from_a_stored_one_has_its_knobs_and_seeds_but_for_what_is_changed(open_runs: BackgroundRuns, tmp_path: Path) -> None:
    until(open_runs.begin("toy", "standard"), Phase.FINISHED)
    (stored,) = list_runs(tmp_path)
    before = (stored.path / "manifest.json").read_bytes()
    shown = RunFolder.open(stored.path).load_snapshot()
    last = until(open_runs.begin_from(shown, SetKnob("steps", 50)), Phase.FINISHED)
    assert (last.seeds, last.preset, last.step, last.config) == (shown.seeds, "custom", 50, {**shown.config, "steps": 50})
    again = until(open_runs.begin_from(shown, Start()), Phase.FINISHED)
    assert (again.config, again.seeds, again.preset) == (shown.config, shown.seeds, "standard") and again.folder != str(stored.path)
    assert (stored.path / "manifest.json").read_bytes() == before
    open_runs.close()


def test_an_instant_run_that_is_finished_is_stored_at_the_end(toys: None, tmp_path: Path) -> None:
    open_runs = BackgroundRuns(root=tmp_path)
    session = open_runs.begin("toy", "quick")
    assert not until(session, Phase.FINISHED).folder and not list_runs(tmp_path)
    assert open_runs.close() == ["toy-quick-s0 is finished; look at it with: genlab show toy-quick-s0"]
    (run,) = list_runs(tmp_path)
    assert (run.phase, run.problem) == (Phase.FINISHED, "") and RunFolder.open(run.path).whole()


@pytest.mark.parametrize(
    ("worthy", "words"), [(0.01, "go on with: genlab resume toy-custom-s0"), (3600.0, "toy-custom-s0 is not stored: ")]
)
def test_an_instant_run_that_is_left_is_stored_if_it_took_long_and_told_if_not(
    toys: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worthy: float, words: str
) -> None:
    monkeypatch.setattr("lab.open_runs.WORTHY", worthy)
    open_runs = BackgroundRuns(root=tmp_path)
    session = open_runs.begin("toy", "quick")
    session.post(SetKnob("steps", 10**8))
    session.post(SetKnob("pause", 0.001))
    end = time.monotonic() + 60
    while session.latest().config.get("pause") != 0.001 or session.latest().elapsed < 0.05:
        assert time.monotonic() < end
        time.sleep(0.01)
    (said,) = open_runs.close()
    assert words in said
    assert sum(run.preset == "custom" for run in list_runs(tmp_path)) == ("resume" in said)  # the preset itself may have been worth it, too


def test_an_instant_run_that_the_disk_refuses_is_told(toys: None, tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("no folder")
    open_runs = BackgroundRuns(root=tmp_path / "runs")
    until(open_runs.begin("toy", "quick"), Phase.FINISHED)
    (said,) = open_runs.close()
    assert said.startswith("toy-quick-s0 is not being stored since step ") and "cannot make the folder" in said
    assert "finished" not in said and "tried again" not in said and open_runs.unstored


def test_closing_stops_and_saves_every_run(open_runs: BackgroundRuns, tmp_path: Path) -> None:
    sessions = [open_runs.begin("toy", "quick") for _ in range(2)]
    for session in sessions:
        session.post(SetKnob("steps", 10**8))
        session.post(SetKnob("pause", 0.001))
        end = time.monotonic() + 60
        while session.latest().phase is not Phase.RUNNING or session.latest().config["pause"] != 0.001:
            assert time.monotonic() < end
            time.sleep(0.01)
    said = open_runs.close()
    assert len(said) == 2
    assert all("go on with: genlab resume toy-custom-s0" in sentence for sentence in said)
    assert len(list(tmp_path.glob("toy-custom-*/state.json"))) == 2


def test_an_unknown_preset_is_refused_with_the_valid_ones(open_runs: BackgroundRuns) -> None:
    with pytest.raises(UsageError, match="no preset 'quik' of toy; did you mean quick"):
        open_runs.begin("toy", "quik")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"folder": "", "phase": Phase.READY}, ""),
        ({"folder": "", "elapsed": 1.0}, "canned-quick-s0 is not stored: it was left within its first 3 seconds"),
        (
            {"folder": "", "phase": Phase.FINISHED, "sentence": "cannot write: the disk is full"},
            "is not stored: cannot write: the disk is full",
        ),
        ({"phase": Phase.STOPPED}, "is saved at step 300 of 600; go on with: genlab resume canned-quick-s0"),
        ({"phase": Phase.FINISHED}, "is finished; look at it with: genlab show canned-quick-s0"),
        ({"phase": Phase.RUNNING}, "was cut off near step 300 of 600; go on from its last state with: genlab resume canned-quick-s0"),
        ({"phase": Phase.FINISHED, "unstored": "not being stored since step 2"}, "canned-quick-s0 is not being stored since step 2"),
        (
            {"phase": Phase.DIVERGED, "sentence": "the loss is lost", "hint": "lower lr"},
            "canned-quick-s0 diverged: the loss is lost lower lr",
        ),
    ],
)
def test_every_kept_run_is_told_with_the_next_command(changes: dict[str, object], words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENLAB_RUNS", "/runs")
    said = farewell(replace(canned(folder="/runs/canned-quick-s0"), **changes))  # type: ignore[arg-type]
    assert said.endswith(words)
    assert bool(said) == bool(words)


def test_a_run_in_another_folder_is_told_by_its_path() -> None:
    said = farewell(replace(canned(folder="/else where/canned-quick-s0"), phase=Phase.STOPPED))
    assert said.endswith("go on with: genlab resume '/else where/canned-quick-s0'")


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FailingDisk:
    """A disk whose folder `full` refuses every write while it is asked to."""
    monkeypatch.setattr("engine.store.writer.RETRY", 0.05)
    return FailingDisk(monkeypatch, str(tmp_path / "full"))


def endless(open_runs: BackgroundRuns) -> Session:
    session = open_runs.begin("toy", "quick")
    session.post(SetKnob("steps", 10**8))
    session.post(SetKnob("pause", 0.001))
    end = time.monotonic() + 60
    while session.latest().config.get("pause") != 0.001 or session.latest().step < 20:
        assert time.monotonic() < end
        time.sleep(0.01)
    return session


def test_before_leaving_it_is_known_what_is_not_stored_and_another_folder_takes_it(
    open_runs: BackgroundRuns, tmp_path: Path, full: FailingDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_runs._root = tmp_path / "full"
    session = endless(open_runs)
    assert open_runs.settle() == [] and session.latest().phase is Phase.PAUSED
    open_runs.go_on()
    until(session, Phase.RUNNING)
    full.reset(lambda call: True)
    (left,) = open_runs.settle()
    assert "the disk is full" in left.unstored and left.phase is Phase.PAUSED
    (tmp_path / "file").write_text("no folder")
    assert [run.run for run in open_runs.store(str(tmp_path / "file"), [left.run])] == [left.run]
    assert session.latest().folder == left.folder
    assert open_runs.store(str(tmp_path / "roomy"), [left.run]) == []
    now = session.latest()
    assert Path(now.folder).parent == tmp_path / "roomy" and not now.unstored
    (said,) = open_runs.close()
    assert said.endswith(f"go on with: genlab resume {now.folder}") and not open_runs.unstored
    folder = RunFolder.open(Path(now.folder))
    saved, (records, torn) = folder.load_state(), folder.records()
    assert saved and saved[1].step == now.step and records[0][0] == 0 and torn == ""


def test_what_cannot_be_stored_from_the_beginning_runs_and_is_told(open_runs: BackgroundRuns, tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("no folder")
    open_runs._root = tmp_path / "runs"
    session = endless(open_runs)
    (left,) = open_runs.settle()
    assert not left.folder and "cannot make the folder" in left.unstored
    assert open_runs.store(str(tmp_path / "roomy"), [left.run]) == []
    (said,) = open_runs.close()
    assert "is saved at step" in said and not open_runs.unstored and len(list_runs(tmp_path / "roomy")) == 1
    assert session.latest().phase is Phase.STOPPED
