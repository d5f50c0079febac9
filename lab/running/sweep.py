"""A sweep at work: its points are dealt to workers, those of one shape together, and what becomes of them is kept in its folder.

A point whose run is there already, with the same knobs, seeds, device, threads and versions, is not computed again; one that had begun
goes on. A point that fails or diverges stops no other, and one whose worker is killed goes on once, in another.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING, Any

from engine.contract import Phase
from engine.cores import usable_cores
from engine.device import resolve_device
from engine.errors import Exit, StoreError
from engine.store import called, runs_root
from engine.store.files import told
from engine.sweeps.folder import Stored, StoredRuns, SweepFolder
from engine.sweeps.kept_runs import lost_runs
from engine.sweeps.manifest import Row, SweepManifest, Table, ValueOf, now
from engine.sweeps.plan import Plan, Point
from lab.running.driving import Signals
from lab.running.point_workers import PointWorkers
from lab.running.stored_ends import stored_end
from lab.running.workers import Answer, Workers

if TYPE_CHECKING:
    from lab.running.dask_cluster import Cluster

POLL = 0.2  # seconds between looks at a run that another process computes
SAVING = 0.5  # seconds between two tables on the disk
MOST_TOGETHER = 32  # points of one job
KEPT = ("run", "phase", "step", "folder", "stored", "problem", "values", "claims")


@dataclass(frozen=True)
class PointEnd:
    """What became of a point: the run's result, or the sentence it failed with.

    resumed: whether its worker was killed and it went on. reused: whether its run was there, or begun, before this sweep.
    """

    point: Point
    code: int
    result: Mapping[str, Any] = field(default_factory=dict)
    sentence: str = ""
    resumed: bool = False
    reused: bool = False

    @property
    def unstored(self) -> str:
        """Why its run is not on the disk as it ended; empty where it is."""
        return str(self.result.get("unstored") or "")

    def record(self) -> dict[str, Any]:
        """The point as a JSON line."""
        how = {"code": self.code, "sentence": self.sentence, "resumed": self.resumed, "reused": self.reused}
        return {
            "event": "point", "index": self.point.index, "knobs": dict(self.point.knobs), **how,
            **{name: self.result.get(name) for name in KEPT},
        }  # fmt: skip

    @property
    def state(self) -> str:
        """The run's phase, or why there is none."""
        phase = str(self.result.get("phase") or "")
        if self.code == Exit.RUN_FAILED and self.sentence:
            return f"{phase}: {self.sentence}" if phase else self.sentence
        how = " (killed once, and resumed)" if self.resumed else " (before)" if self.reused else ""
        return (phase or self.sentence) + how


class Sweep:
    """Computes a plan.

    Args:
        device: "auto", "cpu" or "cuda".
        workers: processes at once; the number of cores when None. The cores are divided among them.
        root: folder of the runs; None for the default place.
        typed: what a person typed.
        threads: of each point; when None, the cores divided by the workers.
        cluster: a Dask cluster whose workers compute, instead of processes of this machine.

    Attributes:
        folder: the sweep's own; again: whether it was there already; missed: which of its runs do not count any more, as sentences.
        stopped: the name of the signal that ended it, if one did.
        lost: why its workers are out of reach, as a sentence, if they are; the points that are left were not computed.

    Raises:
        LabError: data that are not here, no such device, the folder cannot be made, or another process computes the same sweep.
    """

    def __init__(
        self, plan: Plan, device: str = "auto", workers: int | None = None, root: Path | None = None, typed: str = "",
        threads: int | None = None, cluster: Cluster | None = None,
    ) -> None:  # fmt: skip
        plan.require_contents()
        self.plan, self.root, self._cluster = plan, runs_root(root), cluster
        trains = any(plan.spec.trains(point.config) for point in plan.points)
        if cluster is None:
            cores = usable_cores()
            self.workers = min(workers or cores, len(plan.points))
            if device != "auto":
                resolve_device(device)  # what is not there is refused also where nothing would be computed on it
            device, usual = resolve_device(device if trains else "cpu"), max(1, min(64, cores // self.workers))
        else:
            self.workers = min(workers or cluster.count or len(plan.points), len(plan.points))
            device, usual = cluster.device(device if trains else "cpu"), cluster.threads(self.workers)
        manifest = SweepManifest.of(plan, device, threads or usual, typed)
        with told(self.root, "make the folder"):
            self.root.mkdir(parents=True, exist_ok=True)
        self.folder, self.again = SweepFolder.begin(self.root, manifest)
        self.missed = self._missed() if self.again else ()
        self.stopped = self.lost = ""
        self.problem = ""
        self._at_work = self.workers
        self._rows = [Row() for _ in plan.points]
        self._began, self._ended, self._saved_at = now(), 0, 0.0
        self._left = len(plan.points)
        self._runs = StoredRuns(self.root, self.folder.manifest)

    def _missed(self) -> tuple[str, ...]:
        try:
            rows = self.folder.load().rows
        except StoreError:  # the runs themselves say what is there
            return ()
        return tuple(why for _, why in lost_runs(self.folder, rows).values())

    def endings(self) -> Iterator[PointEnd]:
        """What becomes of the points, as they end; after a signal, of those that had begun."""
        try:
            with Signals(lambda: "points that had begun save themselves") as signals:
                yield from self._endings(signals)
        finally:
            self._save(force=True)
            self.folder.close()

    # ------------------------------------------------------------ what is there, what is to be done

    def _endings(self, signals: Signals) -> Iterator[PointEnd]:
        found = {point.index: self._runs.of(point.index) for point in self.plan.points}
        self._save(force=True)
        elsewhere: dict[int, Stored] = {}
        fresh: dict[int, str] = {}
        for point in self.plan.points:
            stored = found[point.index]
            if stored is not None and stored.over:
                yield self._settled(self._taken(point, stored))
            elif stored is not None and stored.live:
                elsewhere[point.index] = stored
            else:
                fresh[point.index] = str(stored.folder.path) if stored else ""
        if not fresh and not elsewhere:
            return
        pool = self._cluster.begin(self.root, self.folder.manifest) if self._cluster else PointWorkers(self.workers)
        try:
            for job in self._jobs(fresh):
                pool.put(job)
            yield from self._followed(pool, signals, elsewhere, {index for index, path in fresh.items() if path})
        finally:
            if self._left:  # nobody listens any more
                pool.stop()
            pool.close()

    def _jobs(self, fresh: Mapping[int, str]) -> Iterator[list[dict[str, Any]]]:
        """Deal points into jobs: those of one shape together, as many as keep every worker busy; all others one by one."""
        by_shape: dict[str, list[int]] = {}
        for index in fresh:
            by_shape.setdefault(self.plan.shape(self.plan.points[index]) or f"{index}", []).append(index)
        for members in by_shape.values():
            size = min(MOST_TOGETHER, -(-len(members) // self.workers))
            for start in range(0, len(members), size):
                yield [self._order(index, fresh[index]) for index in members[start : start + size]]

    def _order(self, index: int, resume: str = "") -> dict[str, Any]:
        manifest, point = self.folder.manifest, self.plan.points[index]
        return {
            "index": index, "phenomenon": manifest.phenomenon, "config": point.config.values(), "preset": point.preset,
            "seeds": list(manifest.seeds), "device": manifest.device, "threads": manifest.threads, "root": str(self.root),
            "typed": manifest.typed or manifest.command_line, "resume": resume,
        }  # fmt: skip

    # ------------------------------------------------------------ what becomes of them

    def _followed(self, pool: Workers, signals: Signals, elsewhere: dict[int, Stored], resumed: set[int]) -> Iterator[PointEnd]:
        again: Counter[int] = Counter()
        while self._left and not (pool.stopped and pool.idle):
            if signals.heard and not pool.stopped:
                self.stopped = signals.heard
                pool.stop()
            for point, ended in self._looked(pool, elsewhere, resumed):
                yield self._settled(self._taken(point, ended))
            self._at_work = pool.count
            self._save()
            try:
                answer = pool.answers.get(timeout=POLL if elsewhere else 2 * POLL)
            except Empty:
                continue
            if answer.code is None:
                self._rows[answer.index] = Row(run=answer.run, phase=Phase.RUNNING)
            elif answer.killed and again[answer.index] < pool.retries and not pool.stopped:
                again[answer.index] += 1
                yield from self._once_more(pool, answer)
            else:
                yield self._settled(self._end(answer, resumed=answer.again or answer.index in again, reused=answer.index in resumed))
        self.lost = pool.problem

    def _looked(self, pool: Workers, elsewhere: dict[int, Stored], resumed: set[int]) -> Iterator[tuple[Point, Stored]]:
        """Look at runs that other processes compute: one that is over counts, one that nobody computes any more goes on here."""
        if not elsewhere or pool.stopped or any(stored.folder.live for stored in elsewhere.values()):
            return
        self._runs.read()
        for index in list(elsewhere):
            stored = self._runs.of(index)
            if stored is not None and stored.live:
                elsewhere[index] = stored
                continue
            del elsewhere[index]
            if stored is not None and stored.over:
                yield self.plan.points[index], stored
            else:
                resumed.add(index)
                pool.put([self._order(index, str(stored.folder.path) if stored else "")])

    def _once_more(self, pool: Workers, answer: Answer) -> Iterator[PointEnd]:
        """Let a point go on whose worker was killed, from what that left; one that was over counts."""
        self._runs.read()
        stored, point = self._runs.of(answer.index), self.plan.points[answer.index]
        if stored is not None and stored.over:
            yield self._settled(replace(self._taken(point, stored), reused=False, resumed=True))
        else:
            pool.put([self._order(answer.index, str(stored.folder.path) if stored else "")])

    def _end(self, answer: Answer, resumed: bool, reused: bool) -> PointEnd:
        point, name = self.plan.points[answer.index], answer.run or self._rows[answer.index].run
        if not answer.killed:
            return PointEnd(point, int(answer.code or 0), answer.result, answer.sentence, resumed, reused)
        if not name:
            self._runs.read()
            stored = self._runs.of(answer.index)
            name = stored.folder.name if stored else ""
        if not name and self.stopped:
            return PointEnd(point, int(Exit.INTERRUPTED), sentence="not begun", reused=reused)
        left = {"run": name, "folder": str(self.root / name)} if name else {}
        how = f"{answer.sentence}; go on with: genlab resume {called(self.root / name)}" if name else answer.sentence
        return PointEnd(point, int(Exit.RUN_FAILED), left, how, resumed=False, reused=reused)

    def _taken(self, point: Point, stored: Stored) -> PointEnd:
        """A point whose run is over and stored."""
        code, sentence, result = stored_end(stored)
        return PointEnd(point, code, result, sentence, reused=True)

    # ------------------------------------------------------------ the table

    def _settled(self, end: PointEnd) -> PointEnd:
        self._left -= 1
        self._ended += not end.reused
        wanted = {scalar.name for scalar in self.plan.collect}
        result = end.result
        values = {name: value for name, value in (result.get("values") or {}).items() if name in wanted}
        phase = Phase(result["phase"]) if result.get("phase") else None
        run = result.get("run") or "" if result.get("folder") else ""  # one that has no folder yet bears a name that others may have
        self._rows[end.point.index] = Row(
            run=run, phase=phase, code=None if end.code == Exit.INTERRUPTED else end.code,
            sentence=end.sentence[:2000], step=int(result.get("step") or 0),
            values={name: ValueOf.model_validate(value) for name, value in values.items()},
            claims={row["id"]: row["status"] for row in result.get("claims") or ()},
        )  # fmt: skip
        self._save()
        return replace(end, result={**result, "values": values})

    def _save(self, force: bool = False) -> None:
        """Put the table on the disk, where that lets; the runs themselves are there in any case."""
        if not force and time.monotonic() - self._saved_at < SAVING:
            return
        self._saved_at = time.monotonic()
        table = Table(rows=tuple(self._rows), began=self._began, written=now(), ended=self._ended, workers=self._at_work)
        try:
            self.folder.save(table, durable=force)
            self.problem = ""
        except StoreError as error:
            self.problem = error.message
