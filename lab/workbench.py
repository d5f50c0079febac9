"""The runs of one sitting: which phenomena there are, the runner of each, and how they are kept when the sitting ends.

Imports the engine only when a phenomenon is opened, so that the home screen stands before torch, and before NumPy work begins.
"""

from __future__ import annotations

import importlib
import shlex
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from screens.desk import CardData

if TYPE_CHECKING:
    from engine.contract import Session, Snapshot, Spec
    from engine.runner import Runner
    from screens.base import PhenomenonScreen

STORING = 5.0  # seconds to wait until a run that was not stored is
GRACE = 1.8  # seconds for all runs together to save themselves at the end


class Workbench(Protocol):
    """Where the app gets phenomena and runs from; tests give it canned ones."""

    def cards(self) -> Sequence[CardData]:
        """Return what the home screen shows, without importing a phenomenon."""

    def spec(self, name: str) -> Spec:
        """Return the declaration of a phenomenon."""

    def screen(self, name: str) -> type[PhenomenonScreen]:
        """Return the screen class of a phenomenon."""

    def begin(self, name: str, preset: str) -> Session:
        """Start a run and return it at once; it loads in its own thread.

        Raises:
            LabError: unknown preset, or the runs folder refuses.
        """

    def export(self, session: Session) -> str:
        """Write run and figures to disk and say where. Blocks.

        Raises:
            LabError: the disk or the folder refuses.
        """

    def close(self) -> list[str]:
        """Stop and save every run within `GRACE`; return a sentence for each that can be resumed or shown."""


class RealWorkbench:
    """Phenomena from the registry, runs in background threads, run folders on disk.

    Args:
        device: "auto", "cpu" or "cuda"; resolved in the run's own thread.
        threads: to compute with; None for the engine's choice.
        root: folder of the runs; None for the default place.

    Attributes:
        stuck: whether a run's thread did not end in time.
    """

    def __init__(self, *, device: str = "auto", threads: int | None = None, root: Path | None = None) -> None:
        self._device = device
        self._threads = threads
        self._root = root
        self._runners: list[Runner] = []
        self.stuck = False

    def cards(self) -> list[CardData]:
        """Return every phenomenon, read from docstrings."""
        from engine.registry import entries

        return [CardData(entry.name, entry.title, entry.question) for entry in entries()]

    def spec(self, name: str) -> Spec:
        """Return a phenomenon's declaration."""
        from engine.registry import spec

        return spec(name)

    def screen(self, name: str) -> type[PhenomenonScreen]:
        """Import the phenomenon's screen module and return its class."""
        from screens.base import PhenomenonScreen

        module = importlib.import_module(f"screens.{name.replace('-', '_')}")
        found = [item for item in vars(module).values() if isinstance(item, type) and issubclass(item, PhenomenonScreen)]
        return next(item for item in found if item.__module__ == module.__name__)

    def begin(self, name: str, preset: str = "quick") -> Session:
        """Start a run in its own thread; instant phenomena are stored only on request."""
        from engine.runner import Runner
        from engine.seeds import seed_range
        from engine.store import runs_root

        spec = self.spec(name)
        runner = Runner(
            name, spec.configure(preset), preset, seed_range(0, spec.preset(preset).seeds), device=self._device, threads=self._threads,
            root=None if spec.instant else runs_root(self._root), command_line=shlex.join(["genlab", *sys.argv[1:]]),
        )  # fmt: skip
        self._runners.append(runner)
        runner.start()
        return runner

    def export(self, session: Session) -> str:
        """Store the run if it is not, and write its figures beside it."""
        from engine.errors import StoreError
        from engine.runner import Runner
        from lab.figure_files import write_beside

        if isinstance(session, Runner) and not session.latest().folder:
            session.save(self._root)
        until = time.monotonic() + STORING
        while not session.latest().folder:
            if time.monotonic() > until:
                raise StoreError(session.latest().sentence, "Try again, or set --runs.")
            time.sleep(0.05)
        snapshot = session.latest()
        written = write_beside(Path(snapshot.folder), self.spec(snapshot.phenomenon), snapshot)
        return f"Wrote {' and '.join(path.name for path in written)} to {snapshot.folder}"

    def close(self) -> list[str]:
        """Close all runners at the same time; one that still loads has nothing to save and is not waited for."""
        closers = [threading.Thread(target=runner.close, args=(_grace(runner),), daemon=True) for runner in self._runners]
        for closer in closers:
            closer.start()
        for closer in closers:
            closer.join(GRACE)
        self.stuck = not all(runner.close(0) for runner in self._runners)
        return [sentence for runner in self._runners if (sentence := farewell(runner.latest()))]


def _grace(runner: Runner) -> float:
    from engine.contract import Phase

    snapshot = runner.latest()
    return 0.1 if snapshot.phase is Phase.READY and not snapshot.folder else GRACE


def farewell(snapshot: Snapshot) -> str:
    """Return where a run was kept and how to go on with it; nothing for a run that was not stored."""
    from engine.contract import Phase
    from screens.words import progress

    if not snapshot.folder:
        return ""
    if snapshot.phase is Phase.FINISHED:
        return f"{snapshot.run} is finished; look at it with: genlab show {snapshot.run}"
    if snapshot.phase in (Phase.DIVERGED, Phase.FAILED):
        return f"{snapshot.run} {snapshot.phase}: {snapshot.sentence} {snapshot.hint}".rstrip()
    if snapshot.phase is Phase.RUNNING:  # it did not stop in time; its state was saved a few seconds ago
        return f"{snapshot.run} was cut off near {progress(snapshot)}; go on from its last state with: genlab resume {snapshot.run}"
    return f"{snapshot.run} is saved at {progress(snapshot)}; go on with: genlab resume {snapshot.run}"
