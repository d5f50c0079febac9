"""A sweep read back: its table, how far its running points are, and its figures. What is missing or damaged is said, the rest is there."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from engine import registry
from engine.contract import Phase, Spec
from engine.contract.sweep import Lost, SweepPoint, SweepSnapshot
from engine.errors import LabError, StoreError
from engine.runner.rebuilding import shown
from engine.store import RunFolder
from engine.sweeps.figures import drawn, unvarying, without_values
from engine.sweeps.folder import TABLE, StoredRuns, SweepFolder
from engine.sweeps.kept_runs import KeptRuns, damaged, stamp_of
from engine.sweeps.layout import Grid
from engine.sweeps.manifest import Row, Table, ValueOf

NOTHING: tuple[str, ...] = ()
AGAIN = "the same command computes it again"


class SweepView:
    """A `contract.SweepSession` over the folder of a sweep, whoever computes it.

    Raises:
        StoreError: there is none, or its `sweep.json` is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.folder = SweepFolder.open(path)
        self._stamp: object = None
        self._revision = 0
        self._table = Table(rows=())
        self._notes: tuple[str, ...] = ()
        self._seen: tuple[SweepPoint, ...] = ()
        self._shown: SweepSnapshot | None = None
        self._runs = KeptRuns(self.folder)

    def latest(self) -> SweepSnapshot:
        """Return what there is now; looked at anew where a file has changed."""
        self._read_table()
        points = tuple(self._point(index, row) for index, row in enumerate(self._table.rows))
        live = self.folder.live
        at_work = self._table.workers if live else 0
        if self._shown is not None and (points, live, at_work) == (self._seen, self._shown.live, self._shown.workers):
            return self._shown
        self._revision += 1
        self._seen = points
        self._shown = self._snapshot(points, live)
        return self._shown

    def _read_table(self) -> None:
        stamp = stamp_of(self.folder.path / TABLE)
        if stamp is not None and stamp == self._stamp:
            return
        try:
            table, notes = self.folder.load(), NOTHING
        except StoreError as error:
            if self.folder.live and stamp is None:
                table, notes = Table(rows=tuple(Row() for _ in self.folder.manifest.points)), NOTHING
            else:
                table, notes = found_again(self.folder), (f"{error.message}: the points were found again among the runs",)
        self._stamp, self._table, self._notes = stamp, table, notes

    def _point(self, index: int, row: Row) -> SweepPoint:
        manifest = self.folder.manifest
        scalars = {item.name: item.scalar for item in manifest.collect}
        knobs = manifest.points[index].knobs
        point = SweepPoint(
            knobs=knobs, texts={name: _written(value) for name, value in knobs.items()}, run=row.run, phase=row.phase, ended=row.ended,
            sentence=row.sentence, step=row.step, claims=row.claims,
            values={name: value.of(scalars[name]) for name, value in row.values.items() if name in scalars},
        )  # fmt: skip
        return self._followed(index, row, point) if row.run else point

    def _followed(self, index: int, row: Row, point: SweepPoint) -> SweepPoint:
        """A point with how far its run is, or why that does not count any more."""
        lost, why = self._runs.judged(index, row)
        if lost is not None or row.ended:
            return replace(point, lost=lost, missing=f"{why}; {AGAIN}" if lost else "")
        path = self.folder.root / point.run
        try:
            progress = RunFolder.open(path).load_progress()
            lost, why = self._runs.unended(path, progress.phase)
        except StoreError as error:
            lost, why = damaged(path, error.message)
            return replace(point, lost=lost, missing=f"{why}; {AGAIN}")
        share = min(1.0, progress.step / progress.total) if progress.total else None
        return replace(point, phase=progress.phase, step=progress.step, share=share, lost=lost, missing=f"{why}; {AGAIN}" if lost else "")

    def _snapshot(self, points: tuple[SweepPoint, ...], live: bool) -> SweepSnapshot:
        manifest, notes = self.folder.manifest, list(self._notes)
        axes = [axis for axis in manifest.axes if len(axis.values) > 1] or list(manifest.axes)
        knobs = {axis.knob: axis.label for axis in axes}
        scalars = tuple(item.scalar for item in manifest.collect)
        known = dict.fromkeys(name for point in points for name in point.claims)
        claims = [name for name in known if any(name in p.claims and p.claims[name].holds is not None for p in points)]
        notes.extend(_lost(points))
        notes.extend(f"no {name}: {reason}" for name, reason in without_values(scalars, points).items())
        spec = _spec(manifest.phenomenon, notes)
        along = Grid.of(manifest, points).x.label
        notes.extend(f"no figure of {name}: the same at every {along}" for name in unvarying(manifest, points, scalars, spec))
        declared, snapshot, maps = drawn(self.folder.name, manifest, points, scalars, spec)
        rate, eta = self._pace(points, live)
        return SweepSnapshot(
            name=self.folder.name, phenomenon=manifest.phenomenon, preset=manifest.preset,
            given=manifest.given,
            given_texts={name: _written(value) for name, value in manifest.given.items()},
            knobs=knobs, seeds=manifest.seeds, scalars=scalars,
            claims=tuple(claims), points=points, declared=declared, drawn=replace(snapshot, revision=self._revision), maps=maps, live=live,
            began=self._table.began if live else "", rate=rate, eta=eta,
            workers=self._table.workers if live else 0, notes=tuple(notes), command_line=manifest.command_line,
            folder=str(self.folder.path), revision=self._revision,
        )  # fmt: skip

    def _pace(self, points: Sequence[SweepPoint], live: bool) -> tuple[float, float | None]:
        """Points a second since the present process began, and the seconds left at that rate."""
        left, table = sum(not point.ended for point in points), self._table
        with contextlib.suppress(ValueError):
            began = datetime.datetime.fromisoformat(table.began)
            until = datetime.datetime.now(datetime.UTC) if live else datetime.datetime.fromisoformat(table.written)
            seconds = (until - began).total_seconds()
            if seconds > 0 and table.ended:
                return table.ended / seconds, (left * seconds / table.ended if live else None)
        return 0.0, None


def _lost(points: Sequence[SweepPoint]) -> Iterator[str]:
    """What does not count any more: a sentence for every reason."""
    for lost in Lost:
        found = [point for point in points if point.lost is lost]
        if found:
            more = f" ({len(found) - 1} more {'are' if len(found) > 2 else 'is'} {lost}, too)" if len(found) > 1 else ""
            kept = "; what is shown of it is what the sweep kept" if any(point.values for point in found) else ""
            yield f"{found[0].missing}{more}{kept}"


def found_again(folder: SweepFolder) -> Table:
    """A table made anew from the runs that are there: what `table.json` would say."""
    stored = StoredRuns(folder.root, folder.manifest)
    return Table(rows=tuple(row_of(stored, index) for index in range(len(folder.manifest.points))))


def row_of(stored: StoredRuns, index: int) -> Row:
    """What a stored run says of a point."""
    found = stored.of(index)
    if found is None:
        return Row(run=stored.unreadable(index))
    wanted = {item.name for item in stored.manifest.collect}
    try:
        snapshot = shown(found.folder.path) if found.over else None
    except LabError as error:
        return Row(run=found.folder.name, phase=found.phase, sentence=error.message)
    if snapshot is None:
        return Row(run=found.folder.name, phase=found.phase)
    values = {item.scalar.name: ValueOf.told(item) for item in snapshot.scalars}
    return Row(
        run=found.folder.name, phase=found.phase, code=0 if found.phase is Phase.FINISHED else 3, step=snapshot.step,
        sentence="" if found.phase is Phase.FINISHED else snapshot.sentence,
        values={name: value for name, value in values.items() if name in wanted},
        claims={verdict.claim.id: verdict.status for verdict in snapshot.verdicts},
    )  # fmt: skip


def _spec(name: str, notes: list[str]) -> Spec | None:
    try:
        return registry.spec(name)
    except LabError as error:
        notes.append(error.message)
        return None


def _written(value: object) -> str:
    """A knob's value as the command line writes it; its phenomenon may be gone."""
    if isinstance(value, list | tuple):
        return ",".join(map(_written, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.12g}" if isinstance(value, float) else str(value)
