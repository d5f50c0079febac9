"""A torch that is broken is found, by the quick look and by importing it; nothing that it does takes doctor down."""

import importlib.metadata
import subprocess
import sys

import pytest

from lab import doctor, torch_installation
from lab.torch_installation import Helper, changed_files, problems, read_devices
from tests.lab.command_line import environment, finish, lines


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A small torch of its own: a module, a library, and a record of both."""
    (tmp_path / "torch" / "lib").mkdir(parents=True)
    (tmp_path / "torch" / "__init__.py").write_text("x = 1\n")
    (tmp_path / "torch" / "lib" / "libtorch_python.so").write_text("no library")
    info = tmp_path / "torch-9.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 9.9\nRequires-Dist: pytest\n")
    (info / "RECORD").write_text("torch/__init__.py,sha256=x,6\ntorch/lib/libtorch_python.so,,10\ntorch-9.9.dist-info/RECORD,,\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return importlib.metadata.PathDistribution(info)


def test_what_is_as_it_was_installed_is_no_problem(installed, monkeypatch):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    assert list(problems(installed)) == []


def test_files_that_are_missing_or_cut_are_named(installed, tmp_path):
    (tmp_path / "torch" / "__init__.py").write_text("x")
    (tmp_path / "torch" / "lib" / "libtorch_python.so").unlink()
    assert list(changed_files(installed)) == ["torch/__init__.py", "torch/lib/libtorch_python.so"]


def test_packages_that_it_needs_are_named(installed, tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    metadata = tmp_path / "torch-9.9.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text() + "Requires-Dist: no-such-package>=3\nRequires-Dist: other-package; extra == 'x'\n")
    assert list(problems(installed)) == ["it needs no-such-package"]


def test_a_name_that_something_else_has_taken(tmp_path):
    (tmp_path / "torch.py").write_text("raise ImportError('I am no torch')\n")
    for options, said in (((), f"the name torch is taken by {tmp_path}"), (("--full",), "fails: ImportError: I am no torch")):
        code, out, _ = finish(tmp_path / "runs", "doctor", "--json", *options, packages=[tmp_path])
        checks = [record for record in lines(out) if record.get("group") == "torch" and record["level"] == "problem"]
        assert code == 3
        assert any(said in check["value"] for check in checks), checks


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("print('fine')", ""),
        ("raise ImportError('libgomp.so.1: cannot open shared object file')", "ImportError: libgomp.so.1: cannot open shared object file"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "ended by SIGSEGV"),
        ("raise SystemExit(4)", "exit code 4"),
        ("import time; time.sleep(600)", "not done within 0.5 seconds"),
    ],
)
def test_whatever_a_helper_does_is_a_phrase(code, said):
    assert Helper(code).outcome(60 if "sleep" not in code else 0.5)[1] == said


def test_a_library_that_does_not_load(installed, monkeypatch):
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: installed)
    checks = {check.name: check for check in doctor.Torch().checks()}
    assert checks["libraries"].level == "problem"
    assert "libtorch_python.so" in checks["libraries"].value and "pip install" in checks["libraries"].advice


def test_in_full_the_devices_are_listed(monkeypatch):
    found = "a warning\n" + '{"cpu": "AVX2", "cuda": [["Card", 8000000000]], "built": "12.4"}\n'
    assert [(check.name, check.value) for check in doctor._devices(**read_devices(found))] == [("cpu", "AVX2"), ("cuda:0", "Card, 8 GB")]
    monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/nvidia-smi")
    (_, check) = doctor._devices("AVX2", [], None)
    assert (check.level, check.value) == ("note", "not usable") and "built for no CUDA" in check.advice


def test_this_torch_works_in_full():
    assert [check for check in doctor.Torch(full=True).checks() if check.level == "problem"] == []


def test_doctor_itself_imports_no_torch(tmp_path):
    script = (
        "import sys; sys.argv = ['genlab', 'doctor']\nfrom genlab.__main__ import main\nmain()\n"
        "sys.exit('torch' in sys.modules or 'scipy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environment(tmp_path))
    assert done.returncode == 0, done.stderr


def test_what_is_looked_at_begins_with_what_takes_longest(monkeypatch):
    begun = []
    monkeypatch.setattr(torch_installation.subprocess, "Popen", lambda *given, **named: begun.append(given))
    monkeypatch.setattr(doctor, "python", lambda: begun.append("python") or [])
    for part in ("own_names", "packages", "terminal", "data"):
        monkeypatch.setattr(doctor, part, lambda *given: [])
    monkeypatch.setattr(doctor, "folders", lambda runs: [])
    monkeypatch.setattr(doctor.Torch, "checks", lambda self: [])
    doctor.examine()
    assert len(begun) == 2 and begun[1] == "python"
