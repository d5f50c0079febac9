"""The runs of a folder as rows: read when they are wanted, read again when they were written into, kept for the next time."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.contract import Claim, KnobError, Phase, Snapshot, Status, Verdict
from engine.registry import spec
from engine.store import Manifest, Progress, RunFolder, remove_run
from engine.sweeps.folder import SweepFolder
from engine.sweeps.grid import axes_of
from engine.sweeps.manifest import Row, SweepManifest, Table
from engine.sweeps.plan import Plan
from lab import run_index
from lab.run_glimpses import RunGlimpses
from lab.run_index import WORTH_KEEPING, RunIndex

NAME = "interpolation-threshold"


def store(root: Path, preset: str = "quick", changes: dict[str, object] | None = None, phase: Phase = Phase.FINISHED) -> RunFolder:
    """A run as far as lists need it."""
    config = {**spec(NAME).configure(preset).values(), **(changes or {})}
    folder = RunFolder.create(root, Manifest(phenomenon=NAME, preset="custom" if changes else preset, config=config, seeds=(0,)))
    verdicts = (
        Verdict(Claim("A", "a", "", "1", ""), 1.0, 1.0, Status.HOLDS),
        Verdict(Claim("B", "b", "", "1", ""), 1.0, 0.0, Status.FAILS),
    )
    folder.save_snapshot(Snapshot(NAME, folder.name, preset, config, (0,), phase, "over", verdicts=verdicts))
    folder.save_progress(Progress(phase, "over", step=3, total=10))
    return folder


def finished(root: Path, **more: object) -> str:
    folder = store(root, **more)  # type: ignore[arg-type]
    folder.close()
    os.utime(folder.path, ns=(10**18, 10**18))  # long ago
    return folder.name


@pytest.fixture
def index(tmp_path: Path) -> RunIndex:
    return RunIndex(tmp_path / "runs", tmp_path / "kept.json")


def test_a_run_is_its_name_and_date_until_it_is_read(index: RunIndex) -> None:
    name = finished(index.root, changes={"sigma": 0.25, "n": 12})
    index.look()
    (row,) = index.rows()
    assert (row.name, row.changed, row.known, row.claims) == (name, 10**18, False, None)
    index.read([name])
    row = index.row(name)  # type: ignore[assignment]
    assert row.known and row.phase is Phase.FINISHED and row.phenomenon == NAME and row.size > 100
    assert dict(row.knobs) == {"sigma": "0.25", "n": "12"} and row.base == "quick" and row.preset == "custom"
    assert row.claims == {Status.HOLDS: 1, Status.FAILS: 1}
    assert index.knobs(row)["sigma"] == "0.25" and set(index.knobs(row)) == {knob.name for knob in spec(NAME).config.knobs()}


def test_only_what_was_written_into_is_read_again(index: RunIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [finished(index.root) for _ in range(3)]
    read: list[str] = []

    def counted(path: Path) -> object:
        read.append(path.name)
        return SUMMARY(path)

    monkeypatch.setattr(run_index, "summary", counted)
    index.look()
    rows = index.rows()
    assert index.read_on(60, claims=False) and sorted(read) == sorted(names)
    assert index.rows() is not rows
    rows = index.rows()
    index.look()
    assert index.read_on(60, claims=False) and len(read) == 3 and index.rows() is rows
    with_writer = RunFolder.open(index.root / names[0], writable=True)
    with_writer.save_progress(Progress(Phase.RUNNING, step=4, total=10))
    index.look()
    assert index.rows()[0].name == names[0], "what was written into last comes first"
    index.read([names[0]])
    row = index.row(names[0])
    assert row is not None and row.working and row.step == 4 and read[3:] == [names[0]]
    with_writer.close()
    index.look()
    index.read([names[0]])
    row = index.row(names[0])
    assert row is not None and row.phase is Phase.STOPPED and not row.live, "its process is gone, though nothing was written"


SUMMARY: Callable[[Path], object] = run_index.summary


def test_damage_foreign_things_and_sweeps(index: RunIndex) -> None:
    good, torn, cut = finished(index.root), finished(index.root), finished(index.root)
    (index.root / torn / "manifest.json").write_text('{"format": 2')
    (index.root / cut / "latest.npz").write_bytes(b"PK")
    (index.root / "foreign").mkdir()
    (index.root / "dangling").symlink_to("/nowhere/at/all")
    (index.root / "swept").mkdir()
    (index.root / "swept" / "sweep.json").write_text("{}")
    (index.root / "bad\nname\x1b[31m").mkdir()
    index.look()
    names = [row.name for row in index.rows()]
    index.read(names)
    rows = {row.name: row for row in index.rows()}
    assert set(rows) == {good, torn, cut, "foreign", "dangling", "bad\nname\x1b[31m"}
    assert not rows[good].problem and "damaged" in rows[torn].problem and "damaged" in rows[cut].problem
    assert rows["foreign"].problem == "foreign is not a run of genlab: it has no manifest.json", "without the folder that all lie in"
    strange = rows["bad\nname\x1b[31m"]
    assert strange.called.isprintable() and strange.problem.isprintable()
    assert all(row.known for row in rows.values())


def test_runs_that_are_gone(index: RunIndex) -> None:
    names = [finished(index.root) for _ in range(2)]
    index.look()
    index.read(names)
    remove_run(index.root / names[0], index.root)
    index.read(names)
    assert "no longer there" in index.preview("never").problem
    index.look()
    assert [row.name for row in index.rows()] == names[1:] and index.row(names[0]) is None
    shutil.rmtree(index.root)
    index.look()
    assert list(index.rows()) == []


def test_what_was_read_is_kept_for_the_next_process_and_checked(index: RunIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [finished(index.root) for _ in range(3)]
    index.look()
    index.read(names)
    index.keep()
    assert not (tmp_path / "kept.json").exists(), "a few are not worth a file"
    index._new = WORTH_KEEPING
    index.keep()
    monkeypatch.setattr(run_index, "summary", lambda path: pytest.fail(f"{path} was read again"))
    again = RunIndex(index.root, tmp_path / "kept.json")
    again.look()
    again.read(names)
    assert again.rows() == index.rows()
    monkeypatch.undo()
    lines = (tmp_path / "kept.json").read_bytes().split(b"\n")
    for damaged in (b"", b"{", lines[0], b"\n".join([lines[0], b"[]", b"[1]", b"\xff"]), b"\n".join([lines[0], *[b'["x"]'] * 3])):
        (tmp_path / "kept.json").write_bytes(damaged)
        other = RunIndex(index.root, tmp_path / "kept.json")
        other.look()
        other.read(names)
        assert other.rows() == index.rows()


def test_a_filter_knows_every_knob_and_value(index: RunIndex) -> None:
    names = index.names()
    assert names["sigma"] == "knob" and names["grok_step"] == "value"


def test_home_sees_the_newest_run_of_each_phenomenon_and_reads_no_more(index: RunIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [finished(index.root) for _ in range(60)]
    for place, name in enumerate(names):
        os.utime(index.root / name, ns=(10**18 + place, 10**18 + place))
    shown = RunGlimpses(index).look([NAME, "double-descent"])
    assert shown.count == 60 and set(shown.newest) == {NAME} and shown.newest[NAME].run.name == names[-1]
    assert sum(row.known for row in index.rows()) == 40
    assert shown.latest[0].name == names[-1] and shown.working == 0


def test_home_shows_the_newest_run_of_no_sweep_before_the_points_of_sweeps(index: RunIndex) -> None:
    own, older, point = (finished(index.root) for _ in range(3))
    for age, name in enumerate((point, own, older)):
        os.utime(index.root / name, ns=(10**18 - age, 10**18 - age))
    declared = spec(NAME)
    plan = Plan.of(declared, "quick", {}, axes_of(declared, ["sigma=.5"], ()), seeds=1)
    sweep = SweepFolder.create(index.root, SweepManifest.of(plan, "cpu", 1, ""))
    sweep.save(Table(rows=(Row(run=point, phase=Phase.FINISHED, code=0),)))
    sweep.close()
    glimpses = RunGlimpses(index)
    assert glimpses.look([NAME]).newest[NAME].run.name == own and glimpses.look([NAME]).latest[0].name == point
    remove_run(index.root / own)
    remove_run(index.root / older)
    assert glimpses.look([NAME]).newest[NAME].run.name == point, "a point of a sweep where there is nothing else"
    (sweep.path / "table.json").write_text("{")
    assert RunGlimpses(index).look([NAME]).newest[NAME].run.name == point


def test_home_says_that_a_phenomenons_only_run_is_damaged(index: RunIndex) -> None:
    name = finished(index.root)
    (index.root / name / "manifest.json").write_text("{")
    shown = RunGlimpses(index).look([NAME])
    assert "damaged" in shown.newest[NAME].run.problem and shown.newest[NAME].main is None
    sound = finished(index.root)
    os.utime(index.root / sound, ns=(10**17, 10**17))
    assert RunGlimpses(index).look([NAME]).newest[NAME].run.name == sound, "older, but it can be read"


def test_a_preset_that_its_own_knobs_refuse_leaves_the_listing_as_it_is(index: RunIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    name = finished(index.root)

    def refuse(*_: object, **__: object) -> None:
        raise KnobError("levels must be between 0 and 1, got 2")

    monkeypatch.setattr(type(spec(NAME)), "configure", refuse)
    assert "sigma" in index.names()
    shown = RunGlimpses(index).look([NAME])
    assert shown.count == 1 and shown.newest[NAME].run.name == name and not shown.newest[NAME].run.problem


def test_what_a_finished_run_lacks_is_told_without_the_folder_until_it_is_there(index: RunIndex) -> None:
    name = finished(index.root)
    index.look()
    index.read([name])
    row = index.row(name)
    assert row is not None and not row.problem and row.claims
    assert row.flaw.startswith("result.json is missing, though the run says that it is finished; genlab resume ")
    folder = RunFolder.open(index.root / name, writable=True)
    folder.save_result({})
    folder.save_arrays({})
    folder.close()
    index.look()
    index.read([name])
    row = index.row(name)
    assert row is not None and row.flaw == "" and row.phase is Phase.FINISHED


def test_manifests_of_other_phenomena_are_listed_with_all_their_knobs(index: RunIndex) -> None:
    name = finished(index.root)
    path = index.root / name / "manifest.json"
    found = json.loads(path.read_text())
    path.write_text(json.dumps({**found, "phenomenon": "not-installed", "config": {"a": [1, 2], "b": "x\x07y"}}))
    (index.root / name / "latest.npz").unlink()
    index.look()
    index.read([name])
    row = index.row(name)
    assert row is not None and row.knobs["a"] == "1,2" and row.knobs["b"].isprintable() and not row.problem
