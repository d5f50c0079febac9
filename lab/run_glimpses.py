"""What home shows of the runs: of each phenomenon the newest one with its main figure, and the runs that were last written into.

Of ten thousand runs a few dozen are read: those that were written into last, and per phenomenon the newest whose name begins with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.contract import LabError
from engine.store import RunFolder
from engine.sweeps.folder import SweepFolder
from lab.run_index import RunIndex, declaration
from screens.listed_run import Glimpse, Glimpses, ListedRun
from screens.widgets.mini_plot import main_figure

LATEST = 40  # runs that are read because they were last written into; among them is what computes now
SHOWN = 30
TRIES = 5  # runs of a phenomenon's name that turn out to be none of it, or damaged


class RunGlimpses:
    """Reads them; what did not change since the last time is not read again.

    Args:
        index: the runs.
    """

    def __init__(self, index: RunIndex) -> None:
        self._index = index
        self._made: dict[str, Glimpse] = {}
        self._tables: dict[str, tuple[int, frozenset[str]]] = {}  # of each sweep when it was read, and the runs that it names
        self._seen: object = None
        self._last = Glimpses()

    def look(self, phenomena: Sequence[str]) -> Glimpses:
        """Look at the folder, and return what home shows.

        Raises:
            StoreError: the folder cannot be read.
        """
        self._index.look()
        rows = self._index.rows()
        if rows is self._seen:
            return self._last
        self._index.read([run.name for run in rows[:LATEST]])
        newest = self._newest(phenomena)
        self._made = {name: self._glimpse(name, run) for name, run in newest.items()}
        rows = self._seen = self._index.rows()
        latest = sorted(rows[:LATEST], key=lambda run: not run.working)[:SHOWN]
        self._last = Glimpses(dict(self._made), latest, len(rows), sum(run.working for run in rows))
        return self._last

    def _newest(self, phenomena: Sequence[str]) -> dict[str, ListedRun]:
        """Return each phenomenon's newest run that can be read, first those of no sweep; where there is none, the newest that cannot."""
        by_length = sorted(phenomena, key=len, reverse=True)
        found: dict[str, ListedRun] = {}
        damaged: dict[str, ListedRun] = {}
        tries = dict.fromkeys(phenomena, 0)
        swept = self._runs_of_sweeps()
        for run in sorted(self._index.rows(), key=lambda run: run.name in swept):
            if len(found) == len(tries):
                break
            if not run.known:
                guess = _owner(run, by_length)
                if not guess or guess in found or tries[guess] >= TRIES:
                    continue
                tries[guess] += 1
                self._index.read([run.name])
                run = self._index.row(run.name) or run
            if run.phenomenon in tries and not run.problem:
                found.setdefault(run.phenomenon, run)
            elif run.problem:
                damaged.setdefault(run.phenomenon or _owner(run, by_length), run)
        found |= {name: run for name, run in damaged.items() if name in tries and name not in found}
        self._index.read([run.name for run in found.values()])
        return {name: self._index.row(run.name) or run for name, run in found.items()}

    def _runs_of_sweeps(self) -> frozenset[str]:
        """Return the names of the runs that are points of a sweep; of one whose table cannot be read none is known."""
        for name, date in self._index.sweeps.items():
            if name not in self._tables or self._tables[name][0] != date:
                try:
                    rows = SweepFolder.open(self._index.root / name).load().rows
                except LabError:
                    rows = ()
                self._tables[name] = date, frozenset(row.run for row in rows)
        return frozenset().union(*(self._tables[name][1] for name in self._index.sweeps))

    def _glimpse(self, phenomenon: str, run: ListedRun) -> Glimpse:
        before = self._made.get(phenomenon)
        if before is not None and (before.run.name, before.run.changed) == (run.name, run.changed):
            return replace(before, run=run)
        declared = declaration(phenomenon)
        try:
            shown = RunFolder.open(self._index.root / run.name).load_snapshot()
        except LabError:  # nothing was measured yet, or its row says what is wrong
            return Glimpse(run)
        return Glimpse(run, main_figure(declared, shown) if declared is not None else None)


def _owner(run: ListedRun, by_length: Sequence[str]) -> str:
    """The phenomenon that a run's name begins with; empty where it begins with none."""
    return next((name for name in by_length if run.name.startswith(name)), "")
