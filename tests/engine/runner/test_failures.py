"""Divergence, defects, refusals: a sentence each, and the thread lives on."""

import threading
from pathlib import Path

import pytest

from engine.contract import Phase, SetKnob
from engine.errors import Diverged, StoreError
from engine.runner import resume
from tests.engine.running import finished, folder_of, result, started
from tests.engine.toy_phenomenon import InstantToy, Toy


def test_divergence_is_a_phase_with_the_step_and_the_knob(runner, tmp_path, capfd):
    run = runner(diverge_at=120, lr=0.5, root=tmp_path)
    last = started(run)
    assert last.phase is Phase.DIVERGED
    assert last.sentence == "the loss left the finite numbers at step 120"
    assert last.hint == "lower learning rate (it is 0.5)"
    assert isinstance(run.error, Diverged)
    assert last.series[0].x[-1] == 112  # what was measured before is shown
    folder = folder_of(last)
    assert folder.load_progress().phase is Phase.DIVERGED and folder.load_snapshot().phase is Phase.DIVERGED
    assert result(folder)["phase"] == "diverged" and not (folder.path / "crash.txt").exists()
    assert folder.records()[0][-1][0] == 112
    with pytest.raises(StoreError, match="diverged and would again"):
        resume(folder.path, phenomenon=InstantToy)
    assert capfd.readouterr() == ("", "")


def test_a_loss_that_is_nan_is_divergence(runner):
    last = started(runner(kind=Toy, nan_at=100))
    assert last.phase is Phase.DIVERGED and last.sentence == "train loss is no longer a finite number at step 100"


def test_a_defect_is_a_sentence_and_its_traceback_is_kept(runner, tmp_path, capfd):
    run = runner(crash_at=40, root=tmp_path)
    last = started(run)
    assert last.phase is Phase.FAILED
    assert last.sentence == "an error inside genlab: ValueError: a defect" and "--debug" in last.hint
    assert isinstance(run.error, ValueError) and run.error.__traceback__ is not None
    text = (Path(last.folder) / "crash.txt").read_text()
    assert "Traceback" in text and "in descend" in text and "with two lines" in text
    assert folder_of(last).load_progress().phase is Phase.FAILED
    run.post(SetKnob("crash_at", -1))  # the thread lives on
    assert finished(run).phase is Phase.FINISHED
    assert capfd.readouterr() == ("", "")


def test_a_problem_without_a_solution_fails_in_its_own_words(runner):
    run = runner(impossible=True)
    last = started(run)
    assert (last.phase, last.sentence, last.hint) == (
        Phase.FAILED, "the problem has no solution: impossible is yes", "set impossible to no",
    )  # fmt: skip
    run.post(SetKnob("impossible", "no"))
    assert finished(run).phase is Phase.FINISHED


def test_an_error_of_whoever_is_told_ends_the_run_with_a_sentence(runner, capfd):
    def broken(step, values):
        raise BrokenPipeError(32, "Broken pipe")

    run = runner(on_measure=broken)
    assert started(run).phase is Phase.FAILED and isinstance(run.error, BrokenPipeError)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("method", ["series", "verdicts", "state", "arrays", "measure", "due", "pictures"])
def test_a_defect_anywhere_ends_the_run_and_not_the_thread(runner, tmp_path, capfd, monkeypatch, method):
    def broken(self):
        raise RuntimeError(method)

    threads = []
    monkeypatch.setattr(threading, "excepthook", threads.append)
    monkeypatch.setattr(InstantToy, method, broken)
    run = runner(root=tmp_path)
    last = started(run)
    assert last.phase is Phase.FAILED and method in last.sentence
    folder = folder_of(last)
    assert folder.load_progress().phase is folder.load_snapshot().phase is Phase.FAILED and not folder.live
    assert method in (folder.path / "crash.txt").read_text()
    monkeypatch.undo()
    assert started(run).phase is Phase.FINISHED
    assert run.close(60) and threads == [] and capfd.readouterr() == ("", "")


def test_out_of_memory_says_what_to_lower(runner, monkeypatch):
    def greedy(self, budget):
        raise MemoryError

    monkeypatch.setattr(InstantToy, "advance", greedy)
    last = started(runner())
    assert last.sentence == "out of memory at step 0" and "seeds" in last.hint


def test_cuda_that_is_not_there_is_refused_with_what_to_do(runner, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    last = started(runner(kind=Toy, device="cuda"))
    assert last.phase is Phase.FAILED and "cuda is not there" in last.sentence and "--device cpu" in last.hint


GONE = "CUDA error: unspecified launch failure\nCUDA kernel errors might be asynchronously reported at some other API call"


def test_a_gpu_that_vanishes_is_a_sentence_and_what_was_measured_is_kept(runner, tmp_path, monkeypatch):
    advance = InstantToy.advance

    def lost(self, *given):
        if self.step >= 40:
            raise RuntimeError(GONE)
        return advance(self, *given)

    def unreachable(self):
        raise RuntimeError(GONE)

    with monkeypatch.context() as gpu:
        gpu.setattr(InstantToy, "advance", lost)
        run = runner(root=tmp_path)
        gpu.setattr(InstantToy, "state", lambda self, state=InstantToy.state: state(self) if self.step < 40 else unreachable(self))
        last = started(run)
    assert last.phase is Phase.FAILED
    assert last.sentence == f"the GPU failed at step {last.step}: CUDA error: unspecified launch failure"
    assert "genlab resume" in last.hint and "genlab doctor --full" in last.hint
    folder = folder_of(last)
    measured = folder.records()[0]
    assert measured and measured[-1][0] <= last.step and folder.load_progress().phase is Phase.FAILED and not folder.live
    run.close(60)
    again = resume(folder.path, phenomenon=InstantToy)
    try:
        assert started(again).phase is Phase.FINISHED
    finally:
        again.close(60)


def test_a_gpu_that_is_full_as_a_stored_run_is_taken_up_is_not_a_damaged_state(runner, tmp_path, monkeypatch):
    class OutOfMemoryError(RuntimeError):
        """As torch's."""

    def full(self, state):
        raise OutOfMemoryError("CUDA out of memory")

    run = runner(crash_at=40, root=tmp_path)
    folder = folder_of(started(run))
    run.close(60)
    monkeypatch.setattr(InstantToy, "restore", full)
    again = resume(folder.path, phenomenon=InstantToy)
    try:
        assert started(again).sentence == "out of memory at step 0"
    finally:
        again.close(60)
