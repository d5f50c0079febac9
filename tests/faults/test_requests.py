"""Runs that are paused and stopped from another process: only by the same user, only this very run, whatever lies in its folder."""

import json
import os
import signal
from pathlib import Path

import pytest

from engine.contract import Pause, Phase, Resume, Rewind, SetKnob, Start, Stop
from engine.interruption import checkpoint
from engine.runner import FolderSession, resume, watching
from engine.store import requests as module
from engine.store.lock import holder
from engine.store.requests import REQUEST
from engine.telling import tell
from tests.engine.running import LONG, folder_of, moving, obeyed, phase, spawn, until
from tests.engine.toy_phenomenon import InstantToy


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(watching, "_LIVENESS", 0.0)


@pytest.fixture
def other(tmp_path):
    """A run in another process, and its folder."""
    process = spawn(f"""
        run = Runner(InstantToy, ToyConfig(steps=10**8), "custom", (0,), root=Path({str(tmp_path)!r}))
        run.start(); run.join(); run.close(60)
        print(run.latest().sentence)
    """)
    try:
        path = until(lambda: next((item for item in tmp_path.iterdir() if (item / "latest.npz").exists()), None))
        yield process, FolderSession(path)
    finally:
        process.kill()
        process.communicate(timeout=60)


def test_another_process_pauses_goes_on_and_stops(other):
    process, seen = other
    until(lambda: seen.latest().phase is Phase.RUNNING and seen.latest().step > 0)
    assert seen.refusal == "" and seen.obeyed == {Pause, Resume, Stop} and not seen.controllable
    seen.post(Pause())
    paused = phase(seen, Phase.PAUSED)
    assert paused.sentence == f"paused at step {paused.step:,} by another process"
    for ignored in (Start(), SetKnob("n", 30), Rewind()):
        seen.post(ignored)
    assert not (seen.folder.path / REQUEST).exists() and seen.latest().step == paused.step
    seen.post(Resume())
    until(lambda: seen.latest().phase is Phase.RUNNING and seen.latest().step > paused.step)
    seen.post(Stop())
    stopped = phase(seen, Phase.STOPPED)
    out, errors = process.communicate(timeout=60)
    assert errors == b"" and b"by another process; its state is saved" in out
    assert stopped.sentence.endswith("by another process; its state is saved") and seen.folder.load_state()[1].step == stopped.step
    until(lambda: "genlab resume" in seen.refusal or seen.latest() is None)
    assert seen.obeyed == frozenset()


def test_a_process_that_does_not_answer_is_told_of_as_asked(other):
    process, seen = other
    until(lambda: seen.latest().phase is Phase.RUNNING)
    process.send_signal(signal.SIGSTOP)
    seen.post(Pause())
    assert seen.latest().phase is Phase.RUNNING and seen.latest().sentence == "asked its process to pause"
    process.send_signal(signal.SIGCONT)
    assert "by another process" in phase(seen, Phase.PAUSED).sentence


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"host": "elsewhere.example"}, "runs on another machine, elsewhere.example"),
        ({"number": 2**22 + 1}, "cannot be seen from here"),
        ({"token": ""}, "does not say who it is"),
        ({"number": 1}, "belongs to another user"),
    ],
)
def test_a_run_elsewhere_or_of_somebody_else_is_read_only(runner, tmp_path, monkeypatch, changes, words):
    run = runner(steps=LONG, root=tmp_path)
    run.start()
    path = folder_of(moving(run)).path
    real = holder(path / "lock")
    monkeypatch.setattr(module, "holder", lambda _: module.Holder(**{**vars(real), **changes}))
    if changes.get("number") == 1:
        monkeypatch.setattr(module.os, "geteuid", lambda: 12345)
    seen = FolderSession(path)
    assert words in seen.refusal and seen.obeyed == frozenset()
    seen.post(Pause())
    assert words in seen.latest().sentence and not (path / REQUEST).exists()


def lay(path, content):
    (path / "new").write_text(content)
    (path / "new").rename(path / REQUEST)


def token(path):
    return holder(path / "lock").token


HOSTILE = {
    "a stale one": lambda path: lay(path, json.dumps({"for": "0123456789abcdef", "request": "stop"})),
    "nothing": lambda path: lay(path, ""),
    "no JSON": lambda path: lay(path, "\x1b[2J{"),
    "another wish": lambda path: lay(path, json.dumps({"for": token(path), "request": "delete"})),
    "a list": lambda path: lay(path, "[1]"),
    "too long": lambda path: lay(path, json.dumps({"x": "a" * 10**6, "for": token(path), "request": "stop"})),
    "a link": lambda path: (
        (path.parent / "asked").write_text(json.dumps({"for": token(path), "request": "stop"})),
        (path / REQUEST).symlink_to(path.parent / "asked"),
    ),
    "a second name": lambda path: (
        (path.parent / "asked").write_text(json.dumps({"for": token(path), "request": "stop"})),
        os.link(path.parent / "asked", path / REQUEST),
    ),
    "a folder": lambda path: (path / REQUEST).mkdir(),
    "a pipe": lambda path: os.mkfifo(path / REQUEST),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_no_request_of_this_user_for_this_run_is_dropped(runner, tmp_path, kind):
    run = runner(steps=LONG, root=tmp_path)
    run.start()
    path = folder_of(moving(run)).path
    HOSTILE[kind](path)
    before = until(lambda: (kind == "a folder" or not os.path.lexists(path / REQUEST)) and run.latest())
    assert moving(run, before.step + 500).phase is Phase.RUNNING


def test_a_request_of_another_user_is_dropped(runner, tmp_path, monkeypatch):
    run = runner(steps=LONG, root=tmp_path)
    run.start()
    path = folder_of(moving(run)).path
    monkeypatch.setattr(module.os, "geteuid", lambda: 12345)
    lay(path, json.dumps({"for": token(path), "request": "stop"}))
    until(lambda: not (path / REQUEST).exists())
    assert moving(run, run.latest().step + 500).phase is Phase.RUNNING


def test_a_request_that_cannot_be_removed_is_obeyed_once(runner, tmp_path, monkeypatch):
    run = runner(steps=LONG, root=tmp_path)
    run.start()
    seen = FolderSession(folder_of(moving(run)).path)
    unlink = Path.unlink

    def refuse(self, missing_ok=False):
        if self.name == REQUEST:
            raise OSError(30, "read-only file system")
        unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    lay(seen.folder.path, json.dumps({"for": token(seen.folder.path), "request": "pause"}))
    phase(run, Phase.PAUSED)
    run.post(Resume())
    before = obeyed(run)
    assert moving(run, before.step + 500).phase is Phase.RUNNING


def test_a_stop_is_heard_within_long_work_and_while_a_run_is_taken_up_again(runner, tmp_path, monkeypatch):
    run = runner(steps=LONG, root=tmp_path)
    run.start()
    path = folder_of(moving(run)).path
    assert run.close(60)
    built = InstantToy.__init__

    def long(self, *given):
        built(self, *given)
        while True:
            tell("matrices", 3, 40)
            checkpoint()

    with monkeypatch.context() as patch:
        patch.setattr(InstantToy, "__init__", long)
        again = resume(path, phenomenon=InstantToy)
        again.start()
        seen = FolderSession(path, InstantToy)
        building = phase(seen, Phase.BUILDING)
        assert until(lambda: seen.latest().sentence == "matrices: 3 of 40") and building.series
        seen.post(Stop())
        assert phase(again, Phase.STOPPED).sentence == "stopped before it started"
        assert again.close(60)
    assert phase(seen, Phase.STOPPED)
