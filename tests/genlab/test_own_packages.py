"""Beside other packages that are called `lab`, `engine` or `screens`, genlab says so in one sentence."""

import importlib.metadata
import os
import shutil
import subprocess
import sys

import pytest

from genlab import own_packages
from tests.architecture.source import ROOT


def start(*path, command=("-m", "genlab", "list")):
    """Run Python in a process of its own, with these folders in front of every other place of packages."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    return subprocess.run([sys.executable, "-P", *command], capture_output=True, text=True, env=env, check=False, timeout=60)


@pytest.fixture
def other(tmp_path):
    """A folder of packages that has one called `lab`."""
    (tmp_path / "other" / "lab").mkdir(parents=True)
    (tmp_path / "other" / "lab" / "__init__.py").write_text("raise SystemExit('another lab was imported')\n")
    return tmp_path / "other"


def test_at_home_nothing_is_wrong():
    assert own_packages.misplaced() == []
    assert own_packages.place("engine") == ROOT / "engine"
    assert own_packages.shared() == []


def test_another_package_of_the_name_is_named_before_anything_of_it_is_imported(other):
    done = start(other, ROOT)
    assert (done.returncode, done.stdout) == (3, "")
    sentence, hint = done.stderr.splitlines()
    assert sentence == f"genlab: cannot start: the name 'lab' is taken by {other / 'lab'}; genlab's own package is {ROOT / 'lab'}"
    assert "pipx install genlab" in hint


def test_python_is_told_the_same(other):
    done = start(other, ROOT, command=("-c", "import genlab; genlab.run"))
    assert done.stderr.splitlines()[-1].startswith(f"ImportError: the name 'lab' is taken by {other / 'lab'}")


def test_a_part_that_is_missing_is_named(tmp_path):
    shutil.copytree(ROOT / "genlab", tmp_path / "genlab", ignore=shutil.ignore_patterns("__pycache__"))
    (wrong,) = [item for item in own_packages.misplaced(tmp_path) if item.name == "lab"]
    assert wrong.sentence == f"the name 'lab' is taken by {ROOT / 'lab'}; genlab's own package is {tmp_path / 'lab'}"


def test_a_name_that_another_distribution_holds_too_is_named(monkeypatch):
    monkeypatch.setattr(importlib.metadata, "packages_distributions", lambda: {"lab": ["genlab", "labelling"], "engine": ["genlab"]})
    (wrong,) = own_packages.shared()
    assert (wrong.name, "labelling" in wrong.sentence) == ("lab", True)


def test_files_that_another_distribution_overwrote_are_a_sentence(tmp_path):
    for name in ("genlab", "engine", "screens", "lab"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "lab" / "cli" / "main.py").unlink()
    done = start(tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("genlab: cannot start: ModuleNotFoundError: No module named 'lab.cli.main'\n")
    (tmp_path / "labelling-1.0.dist-info").mkdir()
    (tmp_path / "labelling-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: labelling\nVersion: 1.0\n")
    (tmp_path / "labelling-1.0.dist-info" / "top_level.txt").write_text("lab\n")
    done = start(tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert "the name 'lab' is also that of the installed labelling, which may have overwritten files of genlab" in done.stderr
    assert len(done.stderr.splitlines()) == 2
