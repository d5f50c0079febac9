import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from engine.contract import Pause, Phase, SetKnob
from engine.errors import Diverged, StoreError
from engine.runner import recorder, resume
from engine.store import RunFolder
from tests.engine.patience import until
from tests.engine.toy_phenomenon import InstantToy, Toy

ROOT = Path(__file__).parents[2]  # where `tests` can be imported from
LONG = 10**8


def over(run):
    assert run.join(60), run.latest().sentence
    return run.latest()


def folder_of(snapshot):
    return RunFolder.open(Path(snapshot.folder))


# ---------------------------------------------------------------- phases


def test_divergence_is_a_phase_with_the_step_and_the_knob(runner, tmp_path, capfd):
    run = runner(diverge_at=120, lr=0.5, root=tmp_path)
    run.start()
    last = over(run)
    assert last.phase is Phase.DIVERGED
    assert last.sentence == "the loss left the finite numbers at step 120"
    assert last.hint == "lower learning rate (it is 0.5)"
    assert isinstance(run.error, Diverged)
    assert last.series[0].x[-1] == 112  # what was measured before is shown
    folder = folder_of(last)
    assert folder.load_status().phase is Phase.DIVERGED and folder.load_snapshot().phase is Phase.DIVERGED
    assert folder.load_result()["phase"] == "diverged" and not (folder.path / "crash.txt").exists()
    assert folder.records()[0][-1][0] == 112
    with pytest.raises(StoreError, match="diverged and would again"):
        resume(folder.path, phenomenon=InstantToy)
    assert capfd.readouterr() == ("", "")


def test_a_loss_that_is_nan_is_divergence(runner):
    run = runner(kind=Toy, nan_at=100)
    run.start()
    last = over(run)
    assert last.phase is Phase.DIVERGED and last.sentence == "train loss is no longer a finite number at step 100"


def test_a_defect_is_a_sentence_and_its_traceback_is_kept(runner, tmp_path, capfd):
    run = runner(crash_at=40, root=tmp_path)
    run.start()
    last = over(run)
    assert last.phase is Phase.FAILED
    assert last.sentence == "an error inside genlab: ValueError: a defect" and "--debug" in last.hint
    assert isinstance(run.error, ValueError) and run.error.__traceback__ is not None
    text = (Path(last.folder) / "crash.txt").read_text()
    assert "Traceback" in text and "_descend" in text and "with two lines" in text
    assert folder_of(last).load_status().phase is Phase.FAILED
    run.post(SetKnob("crash_at", -1))  # the thread lives on
    assert over(run).phase is Phase.FINISHED
    assert capfd.readouterr() == ("", "")


def test_a_problem_without_a_solution_fails_in_its_own_words(runner):
    run = runner(impossible=True)
    run.start()
    last = over(run)
    assert (last.phase, last.sentence, last.hint) == (
        Phase.FAILED, "the problem has no solution: impossible is yes", "set impossible to no",
    )  # fmt: skip
    run.post(SetKnob("impossible", "no"))
    assert over(run).phase is Phase.FINISHED


def test_an_error_of_whoever_is_told_ends_the_run_with_a_sentence(runner, capfd):
    def broken(step, values):
        raise BrokenPipeError(32, "Broken pipe")

    run = runner(on_measure=broken)
    run.start()
    assert over(run).phase is Phase.FAILED and isinstance(run.error, BrokenPipeError)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("method", ["series", "verdicts", "state", "arrays", "measure", "due", "pictures"])
def test_a_defect_anywhere_ends_the_run_and_not_the_thread(runner, tmp_path, capfd, monkeypatch, method):
    def broken(self):
        raise RuntimeError(method)

    threads = []
    monkeypatch.setattr(threading, "excepthook", threads.append)
    monkeypatch.setattr(InstantToy, method, broken)
    run = runner(root=tmp_path)
    run.start()
    last = over(run)
    assert last.phase is Phase.FAILED and method in last.sentence
    monkeypatch.undo()
    run.start()
    assert over(run).phase is Phase.FINISHED
    assert run.close(60) and threads == [] and capfd.readouterr() == ("", "")


def test_out_of_memory_says_what_to_lower(runner, monkeypatch):
    def greedy(self, budget):
        raise MemoryError

    monkeypatch.setattr(InstantToy, "advance", greedy)
    run = runner()
    run.start()
    last = over(run)
    assert last.sentence == "out of memory at step 0" and "seeds" in last.hint


def test_cuda_that_is_not_there_is_refused_with_what_to_do(runner, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    run = runner(kind=Toy, device="cuda")
    run.start()
    last = over(run)
    assert last.phase is Phase.FAILED and "cuda is not there" in last.sentence and "--device cpu" in last.hint


# ---------------------------------------------------------------- the disk


def test_a_place_that_cannot_be_written_fails_the_start(runner, tmp_path):
    (tmp_path / "runs").write_text("a file")
    run = runner(root=tmp_path / "runs")
    run.start()
    last = over(run)
    assert last.phase is Phase.FAILED and str(tmp_path / "runs") in last.sentence and "--runs" in last.hint
    assert isinstance(run.error, StoreError)


class FullDisk:
    """Refuses every write below a folder while `full`."""

    def __init__(self, monkeypatch):
        self.full = False
        write, replace = os.write, os.replace

        def guarded(real):
            def call(*given):
                if self.full:
                    raise OSError(28, "No space left on device")
                return real(*given)

            return call

        monkeypatch.setattr(os, "write", guarded(write))
        monkeypatch.setattr(os, "replace", guarded(replace))


def test_training_goes_on_when_the_disk_is_full_and_everything_is_stored_later(runner, tmp_path, monkeypatch):
    monkeypatch.setattr(recorder, "RETRY", 0.05)
    disk = FullDisk(monkeypatch)
    run = runner(steps=LONG, grid=200, root=tmp_path)
    run.start()
    until(lambda: run.latest().step > 1000)
    disk.full = True
    told = until(lambda: [note for note in run.latest().notes if "not being stored" in note] and run.latest())
    (note,) = told.notes
    assert "the disk is full" in note and "--runs" in note and told.phase is Phase.RUNNING
    until(lambda: run.latest().step > told.step + 1000)
    assert run.latest().phase is Phase.RUNNING and run.latest().notes == (note,)
    path = Path(told.folder)
    before = RunFolder.open(path).records()[0]
    assert [step for step, _ in before] == list(range(0, 200 * len(before), 200))
    disk.full = False
    until(lambda: run.latest().notes == ())
    run.post(Pause())
    paused = until(lambda: run.latest().phase is Phase.PAUSED and run.latest())
    run.close(60)
    after, torn = RunFolder.open(path).records()
    assert torn == "" and [step for step, _ in after] == list(range(0, paused.step + 1, 200))
    assert RunFolder.open(path).load_state()[1].step == run.latest().step


def test_a_run_that_ends_on_a_full_disk_is_stored_when_there_is_room(runner, tmp_path, monkeypatch):
    monkeypatch.setattr(recorder, "RETRY", 0.05)
    disk = FullDisk(monkeypatch)
    run = runner(steps=2000, slow=0.0005, root=tmp_path)
    run.start()
    until(lambda: run.latest().step > 50)
    disk.full = True
    last = over(run)
    assert last.phase is Phase.FINISHED and "not being stored since step" in last.notes[-1]
    disk.full = False
    until(lambda: run.latest().notes == ())
    folder = folder_of(last)
    until(lambda: not folder.live)
    assert folder.load_status().phase is Phase.FINISHED and folder.records()[0][-1][0] == 2000
    assert folder.load_result()["phase"] == "finished"


def test_a_new_run_that_finds_no_room_leaves_the_old_one_running(runner, tmp_path, monkeypatch):
    disk = FullDisk(monkeypatch)
    run = runner(steps=LONG, root=tmp_path)
    run.start()
    before = until(lambda: run.latest().step > 0 and run.latest())
    disk.full = True
    run.post(SetKnob("n", 30))
    told = until(lambda: "the disk is full" in run.latest().sentence and run.latest())
    assert told.config["n"] == 20 and told.folder == before.folder
    until(lambda: run.latest().step > told.step and run.latest().phase is Phase.RUNNING)
    disk.full = False


def test_a_real_limit_on_file_size_damages_nothing(tmp_path):
    """The operating system itself refuses: files may grow to 6 kB, which cuts a line of metrics in the middle."""
    program = f"""
        import resource, sys
        sys.path.insert(0, {str(ROOT)!r})
        from pathlib import Path
        from tests.engine.toy_phenomenon import InstantToy, ToyConfig
        from engine.runner import Runner
        run = Runner(InstantToy, ToyConfig(steps=500, grid=10), "custom", (0, 1), root=Path({str(tmp_path)!r}))
        resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))
        run.start()
        assert run.join(60)
        last = run.latest()
        assert last.phase == "finished", last.sentence
        print(last.notes[-1])
        run.close(30)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "not being stored since step" in done.stdout and "larger than this system allows" in done.stdout
    assert done.stderr == ""
    (path,) = tmp_path.iterdir()
    found, note = RunFolder.open(path).records()
    assert note == "" and [step for step, _ in found] == list(range(0, 10 * len(found), 10)) and 10 < len(found) < 50


def test_a_folder_that_is_moved_away_is_told_and_training_goes_on(runner, tmp_path, monkeypatch):
    from engine.runner import run as module

    monkeypatch.setattr(module, "STATE_SECONDS", 0.02)
    run = runner(steps=LONG, root=tmp_path)
    run.start()
    until(lambda: run.latest().step > 0 and (Path(run.latest().folder) / "state.safetensors").exists())
    Path(run.latest().folder).rename(tmp_path / "elsewhere")
    told = until(lambda: run.latest().notes and run.latest())
    assert "it is not there" in told.notes[0] and told.phase is Phase.RUNNING
