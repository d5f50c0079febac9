"""Who may read and write what genlab makes is what the user's umask says, for every file and every folder of it."""

import os
import subprocess
import sys

import numpy as np
import pytest

from engine import registry
from engine.contract import Phase
from engine.data import cache
from engine.runner import Runner, resume
from engine.store import RunFolder
from lab.export.formats import export_runs
from screens.application import ExportRequest
from tests.engine.running import started
from tests.lab.command_line import ROOT

TINY = {"gd_steps": 10, "data": "four-point", "decades": 10}


@pytest.fixture(params=[0o077, 0o002], ids=oct)
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def assert_obeys(place, umask):
    """Every file and folder below a place, and the place itself."""
    found = [place, *place.rglob("*")]
    wrong = {str(path.relative_to(place)): oct(path.lstat().st_mode & 0o777) for path in found if not _right(path, umask)}
    assert len(found) > 1 and not wrong


def _right(path, umask):
    return path.lstat().st_mode & 0o777 == (0o777 if path.is_dir() else 0o666) & ~umask


def test_a_run_and_its_exports(tmp_path, umask):
    root = tmp_path / "new" / "runs"
    config = registry.spec("max-margin").configure("quick", TINY)
    run = Runner("max-margin", config, "custom", (0,), threads=1, root=root)
    last = started(run)
    assert run.close(60) and last.phase is Phase.FINISHED
    path = root / last.run
    (path / "result.json").unlink()
    again = resume(path)
    started(again)
    assert again.close(60)
    folder = RunFolder.open(path)
    assert folder.whole()
    folder.save_crash("a defect")
    for kind in ("csv", "json", "npz", "txt", "svg"):
        out = tmp_path / "new" / "out" / kind
        export_runs([last.run], root, ExportRequest(kind, out))
        export_runs([last.run], root, ExportRequest(kind, out, force=True))
    assert_obeys(tmp_path / "new", umask)


def test_the_log_of_a_detached_run(tmp_path, umask):
    program = "from pathlib import Path; from lab.running.reporters import _move_output; _move_output(Path('new/log.txt')); print('said')"
    (tmp_path / "new").mkdir()
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
    assert (tmp_path / "new" / "log.txt").read_text() == "said\n"
    assert_obeys(tmp_path / "new", umask)


def test_the_cache(tmp_path, umask, monkeypatch):
    monkeypatch.setenv("GENLAB_CACHE", str(tmp_path / "new" / "cache"))
    _, note = cache.remember("thing", {"a": (2,)}, lambda: {"a": np.ones(2)})
    assert not note
    assert_obeys(tmp_path / "new", umask)
