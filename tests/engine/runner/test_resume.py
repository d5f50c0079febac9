"""Interrupted runs go on bit for bit, wherever they were cut; what does not fit is refused and left as it is."""

import contextlib
import json
import shutil
import signal
from pathlib import Path

import pytest

from engine.contract import Phase, SetKnob, Start
from engine.errors import KnobError, StoreError
from engine.runner import Runner, resume
from engine.store import RunFolder
from tests.engine.running import finished, knob_changes, losses, obeyed, spawn, started, until
from tests.engine.toy_phenomenon import InstantToy, Toy, ToyConfig, reference

STEPS, GRID = 2000, 10


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The metrics, as bytes, of a run that nobody interrupted."""
    run = Runner(InstantToy, ToyConfig(steps=STEPS, grid=GRID), "custom", (0, 1), root=tmp_path_factory.mktemp("whole"))
    started(run)
    assert run.close(60)
    return (Path(run.latest().folder) / "metrics.jsonl").read_bytes()


@pytest.fixture
def path(runner, hold, tmp_path):
    """The folder of a run that was closed in the middle."""
    hold(11 * GRID)
    run = runner(steps=STEPS, grid=GRID, root=tmp_path)
    run.start()
    until(lambda: run.latest().step == 11 * GRID)
    assert run.close(60)
    hold()
    return Path(run.latest().folder)


def process(root, body, kind="InstantToy", hold=-1):
    """A process that runs the toy with states and snapshots saved all the time; the toy stays at step `hold`."""
    head = f"""
        module.STATE_SECONDS, module.STATE_SHARE, module.SNAPSHOT_SECONDS, module.BUDGET = 0.0, 1.0, 0.0, 0.002
        Toy.hold_at = {hold}
        run = Runner({kind}, ToyConfig(steps={STEPS}, grid={GRID}), "custom", (0, 1), root=Path({str(root)!r}))
    """
    return spawn(head, body)


def finish(path, **given):
    """Resume a run to its end and return its last snapshot."""
    run = resume(path, **{"phenomenon": InstantToy, **given})
    last = started(run)
    assert run.close(60)
    assert last.phase is Phase.FINISHED, last.sentence
    return last


def saved_step(root):
    for path in root.iterdir():
        with contextlib.suppress(StoreError):
            saved = RunFolder.open(path).load_state()
            return saved[1].step if saved else 0
    return 0


def contents(path):
    return {item.name: item.read_bytes() for item in path.iterdir() if item.name != "lock"}


@pytest.mark.parametrize(("kind", "step"), [(InstantToy, 300), (InstantToy, 1005), (InstantToy, 1999), (Toy, 700)])
def test_a_killed_run_continues_bit_for_bit(tmp_path, whole, kind, step):
    child = process(tmp_path, "run.start(); run.join()", kind.__name__, hold=step)
    until(lambda: saved_step(tmp_path) > 20 * GRID, "a saved state")
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=60)
    (path,) = tmp_path.iterdir()
    before = RunFolder.open(path).records()[0]
    last = finish(path, phenomenon=kind)
    assert 20 * GRID <= before[-1][0] < STEPS
    assert (path / "metrics.jsonl").read_bytes() == whole
    assert last.elapsed > 0 and not (last.notes or RunFolder.open(path).live)


@pytest.mark.parametrize("move", range(1, 16))
def test_death_at_any_replacement_of_a_file_is_survived(tmp_path, whole, move):
    """The process dies just before or just after the n-th file is put in place: states, statuses and snapshots in turn."""
    body = f"""
        real, count = os.replace, [0]
        def replace(*given):
            count[0] += 1
            if count[0] == {move} and {move} % 2:
                os._exit(9)
            real(*given)
            if count[0] == {move}:
                os._exit(9)
        os.replace = replace
        run.start(); run.join()
    """
    child = process(tmp_path, body)
    child.communicate(timeout=60)
    assert child.returncode == 9
    (path,) = tmp_path.iterdir()
    if move == 1:  # before there was a manifest there was no run
        with pytest.raises(StoreError, match="not a run of genlab"):
            resume(path, phenomenon=InstantToy)
        return
    finish(path)
    assert (path / "metrics.jsonl").read_bytes() == whole


def test_a_torn_line_and_lines_after_the_state_are_computed_again(path, whole):
    with (path / "metrics.jsonl").open("ab") as file:
        file.write(b'{"step":99990,"values":{"train-loss":[1,2]}}\n{"step":99999,"val')
    (note,) = finish(path).notes
    assert note == "the last line of metrics.jsonl was cut short and is left out"
    assert (path / "metrics.jsonl").read_bytes() == whole


def test_a_run_without_a_state_begins_again_in_its_folder(path, whole):
    (path / "state.safetensors").unlink()
    measured = len((path / "metrics.jsonl").read_bytes().splitlines())
    (note,) = finish(path).notes
    assert note.startswith(f"no state was saved: begun again at step 0, and its {measured} measurements (to step ")
    assert (path / "metrics.jsonl").read_bytes() == whole


@pytest.mark.parametrize("damage", [b"", b"PK", None])
def test_a_damaged_or_missing_snapshot_does_not_keep_a_run_from_going_on(path, whole, damage):
    if damage is None:
        (path / "latest.npz").unlink()
    else:
        (path / "latest.npz").write_bytes(damage)
    assert finish(path).groups == ("sgd",)
    assert (path / "metrics.jsonl").read_bytes() == whole


def test_a_turned_live_knob_is_still_turned_after_resuming(runner, hold, tmp_path):
    hold(5 * GRID + 3)
    run = runner(steps=STEPS, grid=GRID, root=tmp_path)
    run.start()
    until(lambda: run.latest().step == 5 * GRID + 3)
    run.post(SetKnob("lr", 0.01))
    assert obeyed(run).config["lr"] == 0.01
    hold(20 * GRID)
    until(lambda: run.latest().step == 20 * GRID)
    run.close(60)
    hold()
    path = Path(run.latest().folder)
    last = finish(path, overrides={"lr": 0.01})
    ((turned, _, _),) = knob_changes(RunFolder.open(path))
    assert last.config["lr"] == 0.01 and turned == 5 * GRID + 3
    assert losses(RunFolder.open(path).records()[0]) == reference((0, 1), {turned: 0.01}, steps=STEPS, grid=GRID)


def test_resuming_with_another_knob_is_refused_by_name(path):
    with pytest.raises(KnobError, match=r"a resumed run keeps its knobs: learning rate of .* is 0\.05, got 0\.1") as caught:
        resume(path, {"lr": "0.1", "n": "20"}, phenomenon=InstantToy)
    assert "genlab run" in caught.value.hint
    with pytest.raises(KnobError, match="n must be a whole number"):
        resume(path, {"lr": "0.05", "n": "x"}, phenomenon=InstantToy)
    with pytest.raises(KnobError, match="no knob 'rate'"):
        resume(path, {"rate": 1}, phenomenon=InstantToy)
    assert not RunFolder.open(path).live  # a refusal gives the folder back


def test_a_knob_is_refused_until_a_resumed_run_has_started(path):
    run = resume(path, phenomenon=InstantToy)
    run.post(SetKnob("n", 30))
    until(lambda: "keeps its own knobs" in run.latest().sentence)
    run.post(Start())
    assert finished(run).phase is Phase.FINISHED and run.latest().config["n"] == 20
    assert run.close(60)


def test_a_finished_run_is_not_continued_and_not_touched(path):
    finish(path)
    before = contents(path)
    with pytest.raises(StoreError, match="is finished") as caught:
        resume(path, phenomenon=InstantToy)
    assert "genlab show" in caught.value.hint
    assert contents(path) == before


def test_a_failed_run_may_be_tried_again(path, monkeypatch, whole):
    def broken(self, budget):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(InstantToy, "advance", broken)
        run = resume(path, phenomenon=InstantToy)
        assert started(run).phase is Phase.FAILED
        assert run.close(60)
    finish(path)
    assert (path / "metrics.jsonl").read_bytes() == whole


def test_metrics_that_end_before_the_state_are_refused_and_kept(path):
    metrics = path / "metrics.jsonl"
    metrics.write_bytes(b"".join(metrics.read_bytes().splitlines(keepends=True)[:3]))
    before = metrics.read_bytes()
    run = resume(path, phenomenon=InstantToy)
    last = started(run)
    assert last.phase is Phase.FAILED and "has 3 lines" in last.sentence and last.hint
    assert run.close(60)
    assert metrics.read_bytes() == before


def test_a_state_that_does_not_fit_is_refused_and_kept(path, monkeypatch):
    def other(self, state):
        raise KeyError("momentum")

    before = contents(path)
    monkeypatch.setattr(InstantToy, "restore", other)
    run = resume(path, phenomenon=InstantToy)
    last = started(run)
    assert last.phase is Phase.FAILED and "does not fit this genlab: KeyError: 'momentum'" in last.sentence and last.hint
    assert run.close(60)
    assert contents(path) == before


@pytest.mark.parametrize("name", ["state.safetensors", "manifest.json"])
def test_a_damaged_file_is_refused_and_nothing_is_overwritten(path, name):
    (path / name).write_bytes((path / name).read_bytes()[:40])
    before = contents(path)
    with pytest.raises(StoreError, match=f"{name} is damaged"):
        resume(path, phenomenon=InstantToy)
    assert contents(path) == before
    assert not RunFolder.open(path).live if name != "manifest.json" else True


def test_a_run_of_other_knobs_than_today_is_refused(path):
    (path / "state.safetensors").unlink()
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["config"]["warp"] = 9
    (path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(StoreError, match="does not fit this genlab: no knob 'warp'"):
        resume(path, phenomenon=InstantToy)


def test_other_versions_are_told(path):
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["versions"]["numpy"] = "1.0"
    (path / "manifest.json").write_text(json.dumps(manifest))
    (note,) = finish(path).notes
    assert "instead of 1.0" in note and "last digits" in note


def test_a_second_process_cannot_resume_what_runs(tmp_path):
    child = process(tmp_path, "run.start(); run.join()", hold=GRID)
    try:
        until(lambda: saved_step(tmp_path) > 0)
        (path,) = tmp_path.iterdir()
        with pytest.raises(StoreError, match=f"being written by process {child.pid}"):
            resume(path, phenomenon=InstantToy)
    finally:
        child.kill()
        child.communicate(timeout=60)


def test_a_process_that_exits_without_closing_saves_its_state(tmp_path):
    """What a caught SIGTERM does: sys.exit, nothing else."""
    child = process(tmp_path, "run.start()\nwhile run.latest().step < 100: time.sleep(0.001)\nsys.exit(3)", hold=100)
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 3 and errors == b""
    (path,) = tmp_path.iterdir()
    assert RunFolder.open(path).load_progress().phase is Phase.STOPPED
    assert RunFolder.open(path).load_state()[1].step == RunFolder.open(path).load_progress().step == 100


def test_a_copied_folder_continues_alike(path, whole, tmp_path):
    copy = tmp_path / "elsewhere" / "renamed"
    shutil.copytree(path, copy)
    assert finish(copy).run == "renamed"
    assert (copy / "metrics.jsonl").read_bytes() == whole
