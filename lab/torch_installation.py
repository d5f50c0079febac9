"""Whether torch works here: quickly, without importing it (its files, its libraries), or in full, by importing it in a process of its own.

Importing takes a second or more, so `genlab doctor` looks quickly; a torch that is taken by another package, lacks files or does not
load is found either way.
"""

from __future__ import annotations

import csv
import importlib.metadata
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

LOAD = "import ctypes, sys; ctypes.CDLL(sys.argv[1])"
IMPORT = """
import json, torch
cuda = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
found = {"cpu": torch.backends.cpu.get_cpu_capability(), "cuda": [(card.name, card.total_memory) for card in cuda]}
print(json.dumps({**found, "built": torch.version.cuda}))
"""
PATIENCE = 60.0  # seconds that a helper may take
SEEN = (".py", ".so", ".dylib", ".pyd", ".dll")


class Helper:
    """A Python that does something of which the process may die, beside this one."""

    def __init__(self, code: str, *args: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", code, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def outcome(self, patience: float = PATIENCE) -> tuple[str, str]:
        """Wait for its end; return what it printed, and what went wrong as a phrase (empty when nothing did)."""
        try:
            out, err = self._process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            return "", f"not done within {patience:g} seconds"
        if self._process.returncode < 0:
            return out, f"ended by {signal.Signals(-self._process.returncode).name}"
        lines = err.strip().splitlines()
        return out, (lines[-1] if lines else f"exit code {self._process.returncode}") if self._process.returncode else ""


def problems(distribution: importlib.metadata.Distribution) -> Iterator[str]:
    """What is wrong with an installed torch, as phrases: taken by another package, incomplete, without packages that it needs."""
    home = Path(str(distribution.locate_file("torch"))).resolve()
    try:
        spec = importlib.util.find_spec("torch")
    except ValueError:
        spec = None
    place = Path(spec.origin).resolve().parent if spec and spec.origin else None
    if place != home:
        yield f"the name torch is taken by {place or 'something that is no package'}; the installed one is {home}"
    wrong = list(changed_files(distribution))
    if wrong:
        yield f"{len(wrong):,} of its files are not as they were installed: {', '.join(wrong[:3])}"
    missing = [name for name in _needed(distribution.requires or ()) if not _installed(name)]
    if missing:
        yield f"it needs {', '.join(missing)}"


def changed_files(distribution: importlib.metadata.Distribution) -> Iterator[str]:
    """Names of code and libraries that are missing or of another size than was recorded at the installation."""
    root = str(distribution.locate_file(""))
    for row in csv.reader((distribution.read_text("RECORD") or "").splitlines()):
        name, size = row[0], row[-1]
        if size.isdigit() and (name.endswith(SEEN) or ".so." in name):
            try:
                fine = os.stat(os.path.join(root, name)).st_size == int(size)  # noqa: PTH116, PTH118 (thousands of them)
            except OSError:
                fine = False
            if not fine:
                yield name


def library(distribution: importlib.metadata.Distribution) -> Path | None:
    """The library that needs all others of torch; None where this platform has another layout."""
    found = sorted(Path(str(distribution.locate_file("torch/lib"))).glob("libtorch_python.*"))
    return found[0] if found else None


def read_devices(out: str) -> dict[str, Any]:
    """What the helper `IMPORT` printed last, whatever importing torch printed before it."""
    found: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
    return found


def _needed(requirements: Sequence[str]) -> list[str]:
    """Names that are needed on every platform."""
    return [match[0] for text in requirements if ";" not in text and (match := re.match(r"[A-Za-z0-9._-]+", text))]


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
