"""Killed while a run's folder is made or removed: a run is there whole or not at all, and what is left can be taken away."""

import os
import subprocess
import sys
import textwrap
import time

import pytest

from engine.errors import StoreError
from engine.store import RunFolder, find_removable, list_runs, remove_run
from engine.store.making import PATIENCE, is_left
from tests.engine.store.folders import MANIFEST, with_everything
from tests.lab.command_line import ROOT

NOBODY = 2**22 + 1  # a number above those that Linux gives to processes


def killed_at_every_call(action, root):
    """Do something in children that kill themselves at their n-th touch of a disk, n = 0, 1, ...; return how many touches there are."""
    script = f"""
        import os, signal, sys
        sys.path.insert(0, {str(ROOT)!r})
        from pathlib import Path
        from engine.store import RunFolder, remove_run
        from tests.engine.store.folders import MANIFEST
        root = Path({str(root)!r})
        for number in range(100):
            child = os.fork()
            if child == 0:
                left = [number]
                def counted(real):
                    def call(*given, **named):
                        left[0] -= 1
                        if left[0] < 0:
                            os.kill(os.getpid(), signal.SIGKILL)
                        return real(*given, **named)
                    return call
                for name in ("open", "write", "fsync", "replace", "rename", "close", "mkdir", "unlink", "rmdir", "ftruncate"):
                    setattr(os, name, counted(getattr(os, name)))
                {action}
                os._exit(0)
            if os.waitpid(child, 0)[1] == 0:
                print(number)
                break
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_a_folder_is_whole_or_not_there(tmp_path):
    calls = killed_at_every_call("RunFolder.create(root, MANIFEST)", tmp_path)
    assert calls > 8
    found = list_runs(tmp_path)
    assert found and not any(run.problem for run in found)
    for run in found:
        RunFolder.open(run.path, writable=True).close()


def test_what_is_left_of_making_is_taken_away_by_the_next_run(tmp_path):
    killed_at_every_call("RunFolder.create(root, MANIFEST)", tmp_path)
    RunFolder.create(tmp_path, MANIFEST).close()
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_what_is_left_of_removing_is_taken_away_by_the_next_rm(tmp_path):
    killed_at_every_call("[remove_run(path, root) for path in root.iterdir() if path.name[0] != '.']", with_everything(tmp_path).parent)
    other = RunFolder.create(tmp_path / "other", MANIFEST)
    other.close()
    (tmp_path / "other" / other.name).rename(tmp_path / other.name)
    remove_run(tmp_path / other.name, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


@pytest.mark.parametrize("what", ["new", "removed"])
def test_what_is_left_may_be_named(tmp_path, what):
    path = tmp_path / f".toy-quick-s3.{what}-{NOBODY}-0123abcd"
    path.mkdir()
    (path / "lock").write_text("1\n")
    assert list_runs(tmp_path) == []
    remove_run(find_removable(tmp_path, path.name), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_a_living_process_works_on_is_left_alone(tmp_path):
    mine = tmp_path / f".toy-quick-s3.new-{os.getpid()}-0123abcd"
    mine.mkdir()
    RunFolder.create(tmp_path, MANIFEST).close()
    assert mine.exists() and not is_left(mine)
    with pytest.raises(StoreError, match="is not a run of genlab"):
        find_removable(tmp_path, mine.name)
    long_ago = time.time() - PATIENCE - 1
    os.utime(mine, (long_ago, long_ago))
    assert is_left(mine)


def test_a_run_that_got_no_further_than_its_lock_can_be_removed(tmp_path):
    path = tmp_path / "toy-quick-s3"
    path.mkdir()
    (path / "lock").write_text("1\n")
    (path / ".manifest.json.new").write_text("{")
    (entry,) = list_runs(tmp_path)
    assert entry.problem
    remove_run(find_removable(tmp_path, "toy-quick-s3"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_names_that_are_taken_get_a_number(tmp_path):
    (tmp_path / "toy-quick-s3").write_text("a file")
    (tmp_path / "toy-quick-s3-2").symlink_to("nowhere")
    (tmp_path / "toy-quick-s3-3").mkdir()
    folder = RunFolder.create(tmp_path, MANIFEST)
    folder.close()
    assert folder.name == "toy-quick-s3-4"
    assert (tmp_path / "toy-quick-s3").read_text() == "a file"
