"""How many cores there are: by affinity, by a container's quota, by the environment; and systems that start no thread."""

import threading
from pathlib import Path

import psutil
import pytest

from engine import cores
from engine.errors import Exit, LabError


@pytest.mark.parametrize(
    ("usable", "physical", "asked", "threads"),
    [
        (2, 2, "", 1),
        (1, 1, "", 1),
        (16, 8, "", 8),
        (8, 8, "", 7),
        (8, None, "", 7),
        (8, 8, "2", 2),
        (8, 8, "64", 7),
        (8, 8, "4,2", 4),
        (8, 8, "x", 7),
    ],
)
def test_one_core_is_left_to_the_interface(monkeypatch, usable, physical, asked, threads):
    monkeypatch.setattr(cores.os, "sched_getaffinity", lambda _: set(range(usable)), raising=False)
    monkeypatch.setattr(psutil, "cpu_count", lambda logical: physical)
    monkeypatch.setattr(cores, "_quotas", lambda: iter(()))
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert cores.default_threads() == threads


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Sixteen cores in a made control group."""
    monkeypatch.setattr(cores.os, "sched_getaffinity", lambda _: set(range(16)), raising=False)
    monkeypatch.setattr(cores, "_CGROUPS", tmp_path)
    monkeypatch.setattr(psutil, "cpu_count", lambda logical: 16)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "content", "usable", "threads"),
    [
        ("cpu.max", "200000 100000\n", 2, 1),
        ("cpu.max", "150000 100000\n", 2, 1),
        ("cpu.max", "10000 100000\n", 1, 1),
        ("cpu.max", "max 100000\n", 16, 15),
        ("cpu.max", "nonsense", 16, 15),
        ("cpu/cpu.cfs_quota_us", "400000\n", 4, 3),
        ("cpu/cpu.cfs_quota_us", "-1\n", 16, 15),
    ],
)
def test_a_containers_quota_counts(machine, file, content, usable, threads):
    path = machine / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    (machine / "cpu").mkdir(exist_ok=True)
    (machine / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert (cores.usable_cores(), cores.default_threads()) == (usable, threads)


def test_an_outer_groups_quota_counts_too(machine, monkeypatch):
    real = Path.read_text
    monkeypatch.setattr(
        Path, "read_text", lambda self, **kind: "0::/outer/inner\n" if self.parts[:3] == ("/", "proc", "self") else real(self, **kind)
    )
    (machine / "outer" / "inner").mkdir(parents=True)
    (machine / "outer" / "cpu.max").write_text("300000 100000")
    (machine / "outer" / "inner" / "cpu.max").write_text("max 100000")
    assert cores.usable_cores() == 3


def test_asked_for_fewer(machine, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert cores.usable_cores() == cores.default_threads() == 5


def test_blas_starts_no_threads_on_import(monkeypatch):
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    cores.hold_blas()
    assert cores.os.environ["OPENBLAS_NUM_THREADS"] == "1"
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")  # somebody's own wish stays
    cores.hold_blas()
    assert cores.os.environ["OPENBLAS_NUM_THREADS"] == "3"


def test_a_system_without_threads_is_a_sentence(monkeypatch):
    before = threading.active_count()
    cores.require_threads(4)
    assert threading.active_count() == before

    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(LabError, match="starts no further thread") as caught:
        cores.require_threads(2)
    assert caught.value.exit_code is Exit.RUN_FAILED and "--threads" in caught.value.hint
