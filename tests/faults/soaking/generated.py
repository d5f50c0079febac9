"""The property tests with many more examples than `make test` has."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.faults.soaking.rows import Row
from tests.lab.command_line import ROOT
from tests.properties.examples import COUNT, FACTOR

FILES = {
    "test_commands.py": "generated command line",
    "test_knobs.py": "generated knob value",
    "test_stored_values.py": "generated content of a stored file",
}
MANY = 40  # times as many examples


def rounds() -> Iterator[str]:
    """The names of the rounds."""
    return iter(FILES)


def do(key: str, folder: Path, kept: Path, share: float) -> list[Row]:
    """One round."""
    count = folder / "count"
    environ = {**os.environ, FACTOR: str(max(1, round(share * MANY))), COUNT: str(count)}
    command = [sys.executable, "-m", "pytest", "-q", f"tests/properties/{key}", "-p", "no:cacheprovider", "--timeout", "3600"]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    row = Row(FILES[key])
    row.count(f"{key}: {done.stdout[-3000:]}" if done.returncode else "", count.read_bytes().count(b"\n") if count.exists() else 1)
    return [row]
