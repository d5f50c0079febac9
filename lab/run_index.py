"""The runs of a folder as rows of lists: each is read once, when somebody wants to see it, and again once it was written into.

A folder of ten thousand runs is looked through in a fraction of a second, since only dates are; what was read is kept in the
cache folder for the next time, by the date of each run.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from operator import attrgetter
from pathlib import Path
from typing import Any

from engine.contract import Knob, LabError, Spec
from engine.errors import StoreError
from engine.paths import cache_folder
from engine.registry import entries, spec
from engine.store import RunFolder, RunSummary, versions
from engine.store.files import printable, read_bytes
from engine.store.files import replace as write_file
from engine.store.folder import LATEST
from engine.store.listing import SWEEP, dates, size, summary
from engine.store.lock import is_held
from engine.store.making import LOCK
from engine.store.snapshots import decode_answers
from engine.store.strict_json import dumps, loads
from engine.store.typed import typed
from lab.output import short
from screens.formatting import tally
from screens.listed_run import ListedRun, Preview

FRESH = 2 * 10**9  # nanoseconds: what was read so soon after it was written is read again, since dates are coarse
WORTH_KEEPING = 100  # runs that were read anew
LONGEST = 250  # cells of a name or a sentence
MOST_KEPT = 200_000_000  # bytes
FIELDS = tuple(field.name for field in fields(ListedRun))
_record = attrgetter(*FIELDS)


class RunIndex:
    """Implements `screens.listed_run.RunListing`. Several threads may use it.

    Args:
        root: the folder of the runs.
        kept: the file in which what was read is kept; by default one in the cache folder.
    """

    def __init__(self, root: Path, kept: Path | None = None) -> None:
        self.root = root
        self._path = f"{root}{os.sep}"
        self._file = kept
        self._lock = threading.Lock()
        self._rows: dict[str, ListedRun] = {}
        self._fresh: dict[str, int] = {}  # when a run was read that had just been written into
        self._order: list[str] = []
        self._shown: list[ListedRun] | None = []
        self._sweeps: set[tuple[str, int]] = set()
        self.sweeps: Mapping[str, int] = {}  # the sweeps of the last look, with when each was last written into
        self._kept: dict[str, bytes] | None = None  # what an earlier process read; None before it was looked for
        self._bases: dict[tuple[str, str], dict[str, str]] = {}
        self._declared: dict[str, Sequence[Knob]] = {}
        self._new = 0  # runs read since they were kept

    # ------------------------------------------------------------ what is known

    def rows(self) -> Sequence[ListedRun]:
        """Return what is known of every run, the newest first."""
        with self._lock:
            if self._shown is None:
                self._shown = [self._rows[name] for name in self._order]
            return self._shown

    def row(self, name: str) -> ListedRun | None:
        """Return what is known of one run."""
        return self._rows.get(name)

    def look(self) -> None:
        """Note which runs came, went, were written into, or are no longer written by anybody."""
        found = dates(self.root)
        if self._kept is None:
            self._kept = self._read_kept()
        fresh = {name: date for name, date in found.items() if not self._is_sweep(name, date)}
        self.sweeps = {name: date for name, date in found.items() if name not in fresh}
        ended = {name for name, run in list(self._rows.items()) if run.live and not is_held(self.root / name / LOCK)}
        now = time.time_ns()
        with self._lock:
            rows: dict[str, ListedRun] = {}
            for name, date in fresh.items():
                run = self._rows.get(name)
                if run is None:
                    run = ListedRun(name, date, label=_label(name))
                elif run.changed != date or name in ended or self._was_fresh(name, now):
                    run = replace(run, changed=date, known=False)
                rows[name] = run
            if rows != self._rows or list(rows) != list(self._rows):
                self._shown = None
            self._rows = rows
            order = sorted(rows, key=lambda name: (-rows[name].changed, name))
            if order != self._order:
                self._order, self._shown = order, None

    def _is_sweep(self, name: str, date: int) -> bool:
        run = self._rows.get(name)
        if run is not None and run.changed == date:
            return False
        if (name, date) in self._sweeps:
            return True
        if os.path.lexists(f"{self._path}{name}{os.sep}{SWEEP}"):  # ten thousand times: a Path for each would take longer than the rest
            self._sweeps.add((name, date))
            return True
        return False

    def _was_fresh(self, name: str, now: int) -> bool:
        read = self._fresh.get(name)
        if read is None or now - read < FRESH:
            return False
        del self._fresh[name]
        return True

    # ------------------------------------------------------------ reading

    def read(self, names: Sequence[str]) -> None:
        """Read these runs with their claims."""
        self._read_all(names, claims=True, until=None)

    def read_on(self, seconds: float, claims: bool) -> bool:
        """Read further runs for about so long."""
        until = time.monotonic() + seconds
        return self._read_all([run.name for run in self.rows() if _lacks(run, claims)], claims, until)

    def _read_all(self, names: Iterable[str], claims: bool, until: float | None) -> bool:
        for name in names:
            run = self._rows.get(name)
            if run is None or not _lacks(run, claims):
                continue
            if until is not None and time.monotonic() > until:
                return False
            read = run if run.known else self._restored(run) or self._read(run)
            if claims and read.claims is None:
                read = self._with_claims(read)
            with self._lock:
                if self._rows.get(name) is run:
                    self._rows[name] = read
                    self._shown = None
        return True

    def _read(self, run: ListedRun) -> ListedRun:
        path, now = self.root / run.name, time.time_ns()
        if now - run.changed < FRESH:
            self._fresh[run.name] = now
        self._new += 1
        found = summary(path)
        if found.problem:
            return ListedRun(
                run.name, run.changed, True, found.phenomenon, found.preset, size=size(path), claims={},
                problem=self._told(run.name, found.problem), label=run.label,
            )  # fmt: skip
        base, knobs = self._differences(found)
        return ListedRun(
            run.name, run.changed, True, found.phenomenon, found.preset, base, found.seeds, found.phase, found.step, found.total,
            found.live, knobs, size(path), flaw=self._told(run.name, found.flaw), label=run.label,
        )  # fmt: skip

    def _with_claims(self, run: ListedRun) -> ListedRun:
        path = self.root / run.name / LATEST
        if not path.exists():  # nothing was measured yet
            return replace(run, claims={})
        try:
            verdicts, scalars = decode_answers(path)
        except StoreError as error:
            return replace(run, claims={}, problem=self._told(run.name, error.message))
        claims = {str(status): len(ids) for status, ids in tally(verdicts).items()}
        return replace(run, claims=claims, values={item.scalar.name: item.value for item in scalars if not item.reason})

    def _told(self, name: str, problem: str) -> str:
        """A sentence without the folder that all runs lie in, and of the run's files without the run's, which stands beside it."""
        return _line(problem.replace(f"{self._path}{name}{os.sep}", "").replace(self._path, ""))

    # ------------------------------------------------------------ knobs

    def _differences(self, found: RunSummary) -> tuple[str, dict[str, str]]:
        """Return the preset that leaves the fewest knobs to name, its own if it has one, and these knobs."""
        declared = declaration(found.phenomenon)
        if declared is None:
            return found.preset, {name: _plain(value) for name, value in found.config.items()}
        written = self._written(declared, found.config)
        names = [preset.name for preset in declared.presets]
        candidates = [found.preset] if found.preset in names else names
        told = {name: _differing(written, self._base(declared, name)) for name in candidates}
        base = min(told, key=lambda name: len(told[name]))
        return base, told[base]

    def _base(self, declared: Spec, preset: str) -> dict[str, str]:
        key = declared.name, preset
        if key not in self._bases:
            try:
                values: Mapping[str, Any] = declared.configure(preset).values()
            except LabError:  # a package may declare a preset that its own knobs refuse; its runs have all knobs named, others' are listed
                values = {}
            self._bases[key] = self._written(declared, values)
        return self._bases[key]

    def _written(self, declared: Spec, config: Mapping[str, Any]) -> dict[str, str]:
        if declared.name not in self._declared:
            self._declared[declared.name] = declared.config.knobs()
        return {item.name: _value(item.format, config[item.name]) for item in self._declared[declared.name] if item.name in config}

    def knobs(self, run: ListedRun) -> Mapping[str, str]:
        """Return every knob of a run that was read, as text."""
        return {**self._bases.get((run.phenomenon, run.base), {}), **run.knobs}

    def names(self) -> Mapping[str, str]:
        """Return which names a filter may use."""
        found = {}
        for name in {entry.name for entry in entries() if not entry.problem}:
            declared = declaration(name)
            if declared is not None:
                found.update({item.name: "value" for item in declared.scalars})
                found.update({item.name: "knob" for item in declared.config.knobs()})
                for preset in declared.presets:
                    self._base(declared, preset.name)
        return found

    def preview(self, name: str) -> Preview:
        """Return what is shown of one run."""
        run = self.row(name)
        if run is None:
            return Preview(ListedRun(name, 0), problem="this run is no longer there")
        declared = declaration(run.phenomenon)
        if run.problem:
            return Preview(run, declared, problem=run.problem)
        try:
            return Preview(run, declared, RunFolder.open(self.root / name).load_snapshot())
        except StoreError as error:
            measured = (self.root / name / LATEST).exists()
            return Preview(run, declared, problem=error.message if measured else "nothing was measured yet")

    # ------------------------------------------------------------ kept for the next time

    @property
    def _keeping(self) -> Path:
        name = hashlib.sha256(str(self.root.absolute()).encode()).hexdigest()[:12]
        return self._file or cache_folder() / f"runs-{name}.json"

    def _read_kept(self) -> dict[str, bytes]:
        """Return what an earlier process kept, by name, each a line that is understood when it is used. Nothing of another genlab."""
        with contextlib.suppress(LabError, OSError, ValueError, KeyError, TypeError, AttributeError):
            first, *lines = read_bytes(self._keeping, MOST_KEPT).splitlines()
            head = loads(first)
            if head["genlab"] == versions()["genlab"] and head["fields"] == list(FIELDS):
                return dict(zip(map(str, head["names"]), lines, strict=True))
        return {}

    def _restored(self, run: ListedRun) -> ListedRun | None:
        """Return what an earlier process read of a run, if that is still so; a run that somebody may compute is read anew."""
        line = (self._kept or {}).pop(run.name, None)
        if line is not None:
            with contextlib.suppress(ValueError, TypeError):
                kept = typed(ListedRun, printable(dict(zip(FIELDS, loads(line), strict=True))))
                over = bool(kept.problem) or (kept.phase is not None and kept.phase.over)
                if kept.name == run.name and kept.changed == run.changed and kept.known and not kept.live and over:
                    return kept
        return None

    def keep(self) -> None:
        """Keep what was read, where that is much."""
        if self._new < WORTH_KEEPING:
            return
        lines = {run.name: dumps(_record(run)).encode() for run in self.rows() if run.known and run.name not in self._fresh}
        lines |= {name: line for name, line in (self._kept or {}).items() if name in self._rows}
        head = dumps({"genlab": versions()["genlab"], "fields": FIELDS, "names": list(lines)}).encode()
        with contextlib.suppress(LabError, OSError):
            self._keeping.parent.mkdir(parents=True, exist_ok=True)
            write_file(self._keeping, b"\n".join((head, *lines.values())), durable=False)
            self._new = 0


def declaration(phenomenon: str) -> Spec | None:
    """Return a phenomenon's declaration, or None where it is not installed or cannot be used."""
    try:
        return spec(phenomenon)
    except LabError:
        return None


def _label(name: str) -> str:
    return "" if name.isascii() and name.isprintable() else short(name, LONGEST)


def _lacks(run: ListedRun, claims: bool) -> bool:
    return not run.known or (claims and run.claims is None)


def _value(write: Any, value: Any) -> str:
    """A knob's value as a person types it; one that is none (the manifest was changed) as it is."""
    try:
        return _line("not set" if value is None else str(write(value)))
    except (TypeError, ValueError):
        return _plain(value)


def _differing(written: Mapping[str, str], base: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in written.items() if base.get(name) != value}


def _plain(value: Any) -> str:
    return _line(",".join(map(str, value)) if isinstance(value, list | tuple) else str(value))


def _line(text: str) -> str:
    """A text from a disk in one line, without what a terminal would obey."""
    words = " ".join(text.split())
    return words[:LONGEST] if words.isascii() and words.isprintable() else short(words, LONGEST)
