"""A sweep that was interrupted and is begun again with the same command goes on: which of its runs are there, and which of them count.

A hidden record in the folder of runs says since when; it is there from the sweep's begin until every cell has ended. A run counts for
a cell if it was begun since by the same command, with the same knobs and the same versions: then its numbers are those that the cell
would give.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.config import Config
from engine.contract import Phase
from engine.errors import StoreError
from engine.store import RunFolder, list_runs, versions
from engine.store.files import read_json, there, write_json
from lab.output import result_event


@dataclass(frozen=True)
class Earlier:
    """A run that counts for a cell. phase: as it stands now; live: whether a process computes it."""

    folder: RunFolder
    phase: Phase | None
    live: bool

    @property
    def over(self) -> bool:
        """Whether there is nothing to compute any more, and everything is stored."""
        return self.phase in (Phase.FINISHED, Phase.DIVERGED) and not self.live and self.folder.whole()

    def result(self) -> dict[str, Any]:
        """Its result line, as `genlab run --json` printed it.

        Raises:
            StoreError: damaged.
        """
        snapshot = self.folder.load_snapshot()
        found = result_event(snapshot)
        return {**found, "run": self.folder.name, "folder": str(self.folder.path), "stored": True, "problem": "", "unstored": ""}


class BegunSweep:
    """The record of one sweep.

    Args:
        root: the folder of the runs.
        commands: the arguments of every cell's command.

    Attributes:
        since: when it was begun, in UTC; by an earlier process if `again`.
        again: whether an earlier process began it and did not end it.
    """

    def __init__(self, root: Path, commands: Sequence[Sequence[str]]) -> None:
        self.root = root
        digest = hashlib.sha256(json.dumps([list(command) for command in commands]).encode()).hexdigest()[:16]
        self.path = root / f".sweep-{digest}.json"
        self.since = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        self.again = False
        with contextlib.suppress(StoreError):
            begun = read_json(self.path).get("begun") if there(self.path) else None
            if isinstance(begun, str):
                self.since, self.again = begun, True

    def begin(self) -> None:
        """Write the record, where the disk lets; without one, the sweep would be begun anew."""
        if not self.again:
            with contextlib.suppress(StoreError, OSError):
                self.root.mkdir(parents=True, exist_ok=True)
                write_json(self.path, {"begun": self.since}, durable=False)

    def end(self) -> None:
        """Every cell has ended: the same command begins anew."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)

    def earlier(self, command: Sequence[str], config: Config) -> Earlier | None:
        """Return the newest run that counts for a cell, by its command's arguments and its knobs; None where there is none."""
        line, found = shlex.join(["genlab", *command]), None
        for run in list_runs(self.root):  # oldest first
            if run.problem or run.phase is Phase.FAILED or run.created < self.since:
                continue
            with contextlib.suppress(StoreError):
                folder = RunFolder.open(run.path)
                manifest = folder.manifest
                if manifest.typed == line and manifest.config == config.values() and manifest.versions == versions():
                    found = Earlier(folder, run.phase, run.live)
        return found
