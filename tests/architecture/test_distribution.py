"""What is shipped: a source archive from which everything can be checked, and a wheel that holds what genlab reads at run time."""

import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest

from tests.architecture.source import ROOT

LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The names in the source archive and in the wheel that is built from it, without the archive's first folder."""
    place = tmp_path_factory.mktemp("built")
    shutil.copytree(ROOT, place / "copy", ignore=LEFT_OUT)
    with tarfile.open(place / _build("sdist", place / "copy", place)) as archive:
        names = archive.getnames()
        archive.extractall(place / "unpacked", filter="data")
    unpacked = place / "unpacked" / names[0].split("/")[0]
    with zipfile.ZipFile(place / _build("wheel", unpacked, place)) as archive:
        return {name.partition("/")[2] for name in names}, set(archive.namelist())


def _build(kind, source, target):
    script = f"from setuptools import build_meta; print(build_meta.build_{kind}({str(target)!r}))"
    done = subprocess.run([sys.executable, "-c", script], cwd=source, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def test_the_source_archive_holds_what_developers_need(built):
    sdist, _ = built
    wanted = {"Makefile", "constraints.txt", "CHANGELOG.md", "CONTRIBUTING.md", "README.md", "CITATION.cff", "pyproject.toml"}
    wanted |= {str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert not wanted - sdist
    assert not [name for name in sdist if name.endswith((".pyc", "__pycache__"))]


def test_the_wheel_holds_every_module_and_every_text(built):
    _, wheel = built
    there = {
        str(path.relative_to(ROOT))
        for folder in ("engine", "screens", "lab", "genlab")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".md", ".typed")
    }
    packed = {name for name in wheel if ".dist-info/" not in name}
    assert packed == there
