import contextlib
import json
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from engine.contract import Phase, SetKnob, Start
from engine.errors import KnobError, StoreError
from engine.runner import Runner, resume
from engine.store import RunFolder
from tests.engine.patience import until
from tests.engine.toy_phenomenon import InstantToy, Toy, ToyConfig

ROOT = Path(__file__).parents[2]  # where `tests` can be imported from
STEPS = 2000
GRID = 10


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The metrics, as bytes, of a run that nobody interrupted."""
    root = tmp_path_factory.mktemp("whole")
    run = Runner(InstantToy, ToyConfig(steps=STEPS, grid=GRID), "custom", (0, 1), root=root)
    run.start()
    assert run.join(60)
    assert run.close(30)
    return (Path(run.latest().folder) / "metrics.jsonl").read_bytes()


def program(root, body, kind="InstantToy"):
    """A process that runs the toy with states saved all the time."""
    head = f"""
        import os, sys
        sys.path.insert(0, {str(ROOT)!r})
        from pathlib import Path
        from tests.engine.toy_phenomenon import InstantToy, Toy, ToyConfig
        from engine.contract import SetKnob
        from engine.runner import Runner, run as module
        module.STATE_SECONDS, module.STATE_SHARE, module.SNAPSHOT_SECONDS, module.BUDGET = 0.0, 1.0, 0.0, 0.002
        run = Runner({kind}, ToyConfig(steps={STEPS}, grid={GRID}, slow=SLOW), "custom", (0, 1), root=Path({str(root)!r}))
    """
    return textwrap.dedent(head) + textwrap.dedent(body)


def spawn(text, slow=0.0):
    return subprocess.Popen([sys.executable, "-c", text.replace("SLOW", str(slow))], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(path, **given):
    """Resume a run to its end and return its last snapshot."""
    run = resume(path, **given)
    run.start()
    assert run.join(60)
    assert run.close(30)
    assert run.latest().phase is Phase.FINISHED, run.latest().sentence
    return run.latest()


def saved_step(root):
    for path in root.iterdir():
        with contextlib.suppress(StoreError):
            saved = RunFolder.open(path).load_state()
            return saved[1].step if saved else 0
    return 0


@pytest.mark.parametrize("kind", [InstantToy, Toy])
def test_a_killed_run_continues_bit_for_bit(tmp_path, whole, kind):
    process = spawn(program(tmp_path, "run.start(); run.join()", kind.__name__), slow=0.0005)
    until(lambda: saved_step(tmp_path) > 20 * GRID, "a saved state")
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
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
    process = spawn(program(tmp_path, body))
    process.communicate(timeout=60)
    assert process.returncode == 9
    (path,) = tmp_path.iterdir()
    if move == 1:  # before there was a manifest there was no run
        with pytest.raises(StoreError, match="not a run of genlab"):
            resume(path, phenomenon=InstantToy)
        return
    finish(path, phenomenon=InstantToy)
    assert (path / "metrics.jsonl").read_bytes() == whole


def interrupted(root, **knobs):
    """A run that was closed in the middle, and its folder."""
    run = Runner(InstantToy, ToyConfig(**{"steps": STEPS, "grid": GRID, "slow": 0.0002, **knobs}), "custom", (0, 1), root=root)
    run.start()
    until(lambda: run.latest().step > 10 * GRID)
    assert run.close(30)
    return Path(run.latest().folder)


def test_a_torn_line_and_lines_after_the_state_are_computed_again(tmp_path, whole):
    path = interrupted(tmp_path)
    with (path / "metrics.jsonl").open("ab") as file:
        file.write(b'{"step":99990,"values":{"train-loss":[1,2]}}\n{"step":99999,"val')
    (note,) = finish(path, phenomenon=InstantToy).notes
    assert note == "the last line of metrics.jsonl was cut short and is left out"
    assert (path / "metrics.jsonl").read_bytes() == whole


def test_a_run_without_a_state_begins_again_in_its_folder(tmp_path, whole):
    path = interrupted(tmp_path)
    (path / "state.safetensors").unlink()
    finish(path, phenomenon=InstantToy)
    assert (path / "metrics.jsonl").read_bytes() == whole


def test_a_turned_live_knob_is_still_turned_after_resuming(tmp_path):
    run = Runner(InstantToy, ToyConfig(steps=STEPS, grid=GRID, slow=0.0002), "custom", (0, 1), root=tmp_path)
    run.start()
    until(lambda: run.latest().step > 5 * GRID)
    run.post(SetKnob("lr", 0.01))
    until(lambda: run.latest().config["lr"] == 0.01)
    run.close(30)
    path = Path(run.latest().folder)
    last = finish(path, phenomenon=InstantToy, overrides={"lr": 0.01})
    ((turned, _, _),) = RunFolder.open(path).knob_changes()
    assert last.config["lr"] == 0.01
    toy, found = InstantToy(ToyConfig(steps=STEPS, grid=GRID), (0, 1)), []
    while True:
        if toy.step == turned:
            toy.set_knob("lr", 0.01)
        if toy.step % GRID == 0:
            found.append((toy.step, toy.measure()["train-loss"].tolist()))
        if toy.done:
            break
        toy._descend()
    assert [(step, values["train-loss"]) for step, values in RunFolder.open(path).records()[0]] == found


def test_resuming_with_another_knob_is_refused_by_name(tmp_path):
    path = interrupted(tmp_path)
    with pytest.raises(KnobError, match=r"a resumed run keeps its knobs: learning rate of .* is 0\.05, got 0\.1") as caught:
        resume(path, {"lr": "0.1", "n": "20"}, phenomenon=InstantToy)
    assert "genlab run" in caught.value.hint
    with pytest.raises(KnobError, match="no knob 'rate'"):
        resume(path, {"rate": 1}, phenomenon=InstantToy)
    assert not RunFolder.open(path).live  # a refusal gives the folder back


def test_a_knob_is_refused_until_a_resumed_run_has_started(tmp_path):
    run = resume(interrupted(tmp_path), phenomenon=InstantToy)
    run.post(SetKnob("n", 30))
    until(lambda: "keeps its own knobs" in run.latest().sentence)
    run.post(Start())
    assert run.join(60)
    assert run.latest().phase is Phase.FINISHED and run.latest().config["n"] == 20
    run.close(30)


def test_a_finished_run_is_not_continued_and_not_touched(tmp_path):
    path = interrupted(tmp_path)
    finish(path, phenomenon=InstantToy)
    before = {item.name: item.read_bytes() for item in path.iterdir() if item.name != "lock"}
    with pytest.raises(StoreError, match="is finished") as caught:
        resume(path, phenomenon=InstantToy)
    assert "genlab show" in caught.value.hint
    assert {item.name: item.read_bytes() for item in path.iterdir() if item.name != "lock"} == before


def test_a_failed_run_may_be_tried_again(tmp_path, monkeypatch, whole):
    path = interrupted(tmp_path)

    def broken(self, budget):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(InstantToy, "advance", broken)
        run = resume(path, phenomenon=InstantToy)
        run.start()
        assert run.join(60)
        run.close(30)
        assert run.latest().phase is Phase.FAILED
    finish(path, phenomenon=InstantToy)
    assert (path / "metrics.jsonl").read_bytes() == whole


def test_metrics_that_end_before_the_state_are_refused_and_kept(tmp_path):
    path = interrupted(tmp_path)
    metrics = path / "metrics.jsonl"
    metrics.write_bytes(b"".join(metrics.read_bytes().splitlines(keepends=True)[:3]))
    before = metrics.read_bytes()
    run = resume(path, phenomenon=InstantToy)
    run.start()
    assert run.join(60)
    assert run.latest().phase is Phase.FAILED and "has 3 lines" in run.latest().sentence and run.latest().hint
    run.close(30)
    assert metrics.read_bytes() == before


@pytest.mark.parametrize("name", ["state.safetensors", "state.json", "manifest.json"])
def test_a_damaged_file_is_refused_and_nothing_is_overwritten(tmp_path, name):
    path = interrupted(tmp_path)
    (path / name).write_bytes((path / name).read_bytes()[:40])
    before = {item.name: item.read_bytes() for item in path.iterdir() if item.name != "lock"}
    with pytest.raises(StoreError, match=f"{name} is damaged"):
        resume(path, phenomenon=InstantToy)
    assert {item.name: item.read_bytes() for item in path.iterdir() if item.name != "lock"} == before
    assert not RunFolder.open(path).live if name != "manifest.json" else True


def test_a_run_of_other_knobs_than_today_is_refused(tmp_path):
    path = interrupted(tmp_path)
    (path / "state.safetensors").unlink()
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["config"]["warp"] = 9
    (path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(StoreError, match="does not fit this genlab: no knob 'warp'"):
        resume(path, phenomenon=InstantToy)


def test_other_versions_are_told(tmp_path):
    path = interrupted(tmp_path)
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["versions"]["numpy"] = "1.0"
    (path / "manifest.json").write_text(json.dumps(manifest))
    (note,) = finish(path, phenomenon=InstantToy).notes
    assert "instead of 1.0" in note and "last digits" in note


def test_a_second_process_cannot_resume_what_runs(tmp_path):
    process = spawn(program(tmp_path, "run.start(); print('going', flush=True); run.join()"), slow=0.05)
    try:
        assert process.stdout.readline() == b"going\n"
        until(lambda: saved_step(tmp_path) > 0)
        (path,) = tmp_path.iterdir()
        with pytest.raises(StoreError, match=f"being written by process {process.pid}"):
            resume(path, phenomenon=InstantToy)
    finally:
        process.kill()
        process.communicate(timeout=60)


def test_a_process_that_exits_without_closing_saves_its_state(tmp_path):
    """What a caught SIGTERM does: sys.exit, nothing else."""
    body = "run.start()\nwhile run.latest().step < 100: pass\nsys.exit(3)"
    process = spawn(program(tmp_path, body), slow=0.0005)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 3 and errors == b""
    (path,) = tmp_path.iterdir()
    assert RunFolder.open(path).load_status().phase is Phase.STOPPED
    assert RunFolder.open(path).load_state()[1].step == RunFolder.open(path).load_status().step


def test_a_copied_folder_continues_alike(tmp_path, whole):
    path = interrupted(tmp_path)
    copy = tmp_path / "elsewhere" / "renamed"
    shutil.copytree(path, copy)
    assert finish(copy, phenomenon=InstantToy).run == "renamed"
    assert (copy / "metrics.jsonl").read_bytes() == whole
