"""How many cores a process may use: its affinity, its container's quota, and OMP_NUM_THREADS. Imports neither NumPy nor torch.

The BLAS that NumPy brings starts its threads while NumPy is imported, and interrupts the process where the system gives it none
(pthread_create in OpenBLAS): `hold_blas` before that import makes it start none.
"""

from __future__ import annotations

import contextlib
import math
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from engine.errors import LabError

MOST_THREADS = 64  # that a run may be asked to compute with
_BLAS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")
_CGROUPS = Path("/sys/fs/cgroup")


def usable_cores() -> int:
    """Return how many cores this process may use at once, at least 1: the least of affinity, quota, and OMP_NUM_THREADS where it is set."""
    limits = [_affinity(), *_quotas(), *_asked()]
    return max(1, min(limits))


def default_threads() -> int:
    """Return how many threads a run computes with: one core is left to the interface where there is more than one.

    Never more than physical cores, since the two halves of one share their arithmetic units.
    """
    import psutil

    available = max(1, min(_affinity(), *_quotas(), MOST_THREADS + 1))
    physical = psutil.cpu_count(logical=False) or available
    return max(1, min(available - 1, physical, *_asked()))


def hold_blas() -> None:
    """Keep BLAS from starting threads while NumPy and SciPy are imported; `engine.device.use_threads` sets the number later."""
    for name in _BLAS:
        os.environ.setdefault(name, "1")


def require_threads(count: int) -> None:
    """Find out whether the system starts so many threads, before a library asks that ends the process where it does not.

    Raises:
        LabError: it does not.
    """
    release, started = threading.Event(), []
    try:
        for _ in range(count):
            thread = threading.Thread(target=release.wait, daemon=True)
            thread.start()
            started.append(thread)
    except (RuntimeError, MemoryError) as error:
        raise no_thread() from error
    finally:
        release.set()
        for thread in started:
            thread.join()


def no_thread() -> LabError:
    """The error for a system that starts no further thread."""
    return LabError("the system starts no further thread for this process", "end other processes, raise ulimit -u, or lower --threads")


def _affinity() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _asked() -> Iterator[int]:
    asked = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    if asked.isdigit() and int(asked) > 0:
        yield int(asked)


def _quotas() -> Iterator[int]:
    """The CPU quota of every control group that this process is in, rounded up to whole cores; versions 2 and 1."""
    for folder in _groups():
        with contextlib.suppress(OSError, ValueError, ZeroDivisionError):
            quota, period = (folder / "cpu.max").read_text(encoding="ascii").split()
            if quota != "max":
                yield max(1, math.ceil(int(quota) / int(period)))
        with contextlib.suppress(OSError, ValueError, ZeroDivisionError):
            quota_us = int((folder / "cpu.cfs_quota_us").read_text(encoding="ascii"))
            if quota_us > 0:
                yield max(1, math.ceil(quota_us / int((folder / "cpu.cfs_period_us").read_text(encoding="ascii"))))


def _groups() -> Iterator[Path]:
    """The folders of this process's groups, up to the root; within a container the root itself is the container's."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    roots = {_CGROUPS, _CGROUPS / "cpu", _CGROUPS / "cpu,cpuacct"}
    yield from sorted(roots)
    for line in lines:
        _, controllers, place = line.split(":", 2)
        base = _CGROUPS / controllers if "cpu" in controllers.split(",") else _CGROUPS if not controllers else None
        folder = base / place.lstrip("/") if base else None
        while base is not None and folder is not None and folder != base and base in folder.parents:
            yield folder
            folder = folder.parent
