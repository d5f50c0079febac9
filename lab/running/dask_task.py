"""What a Dask worker does for a sweep: it computes a job in its own process, says what becomes of each point, and hands out the runs.

Arguments and results are parcels (`lab.running.parcels`) and plain numbers and texts. Where the sweep's folder of runs is the worker's
too, runs are written into it; elsewhere they lie in a folder of the worker's machine until the sweep has fetched them.

A job that Dask gives to a second worker, because the first one was lost, goes on from what that left: a mark in the folder of the runs
says that somebody had begun it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.errors import Exit, LabError, StoreError
from engine.paths import cache_folder
from engine.store import RunFolder, remove_run
from engine.store.files import read_bytes, told
from engine.store.making import make
from engine.store.manifest import versions
from engine.sweeps.folder import StoredRuns
from engine.sweeps.manifest import PointOf, SweepManifest
from lab.output import strict
from lab.running.parcels import packed, unpacked
from lab.running.point_worker import ENDED, compute
from lab.running.stored_ends import stored_end
from lab.running.travelling import RUN_FILES, lay_out

STARTED = "started"
MARK = ".job-{id}.begun"  # in the folder of the runs, while a job is being computed
Json = dict[str, Any]

_one_at_a_time = threading.Lock()  # torch's threads and random numbers are the process's
_told_to_stop: set[str] = set()  # sweeps


def work(parcel: bytes) -> bytes:
    """Compute a job; returns every record of `compute`, which also went out as events of the sweep while it was at work."""
    try:
        job, files = unpacked(parcel)
    except LabError as error:
        return packed({"problem": error.message})
    import distributed

    worker = distributed.get_worker()
    key = worker.get_current_task()
    topic, whose = str(job["sweep"]), {"job": job["id"], "worker": worker.address}

    def tell(record: Mapping[str, Any]) -> Json:
        full = {**record, **whose}
        worker.log_event(topic, packed(full))
        return full

    def stop_wanted() -> bool:
        """Whether the sweep wants that, has given the task up (it was killed perhaps), or the worker is about to end."""
        task = worker.state.tasks.get(key)
        given_up = task is None or task.state in ("cancelled", "resumed")
        return topic in _told_to_stop or given_up or worker.status.name not in ("running", "paused", "closing_gracefully")

    with _one_at_a_time:
        tell({"event": STARTED})
        return packed({"records": [tell(record) for record in _records(job, files, stop_wanted)]})


def _records(job: Json, files: Mapping[str, bytes], stop_wanted: Callable[[], bool]) -> Iterator[Json]:
    misfit = _misfit(job["versions"])
    if misfit or stop_wanted():
        code, sentence = (Exit.USAGE, misfit) if misfit else (Exit.INTERRUPTED, "stopped before it had begun")
        yield from (_ended(point, int(code), sentence, {}, True) for point in job["points"])
        return
    try:
        root = _root(job)
        shared, mark = str(root) == job["root"], root / MARK.format(id=job["id"])
        again = _begun_before(mark)
        left: list[Json] = []
        for point in job["points"]:
            stored = StoredRuns(root, _manifest_of(point)).of(0) if again else None
            if stored is not None and stored.over:
                yield _ended(point, *stored_end(stored), shared)
            else:
                begun = stored.folder.path if stored is not None and not stored.live else None
                left.append({**point, "root": str(root), "resume": str(begun or _carried(point, files, root, shared) or "")})
    except LabError as error:
        yield from (_ended(point, int(error.exit_code), error.message, {}, True) for point in job["points"])
        return
    for record in compute(left, stop_wanted) if left else ():
        yield {**record, "shared": shared}
    with contextlib.suppress(OSError):
        mark.unlink(missing_ok=True)
        if not shared:  # what was fetched before the mark was gone left the folder behind; what is not yet fetched keeps it
            root.rmdir()


def _ended(point: Json, code: int, sentence: str, result: Mapping[str, Any], shared: bool) -> Json:
    return {"event": ENDED, "index": point["index"], "code": code, "sentence": sentence, "result": strict(result), "shared": shared}


def _carried(point: Json, files: Mapping[str, bytes], root: Path, shared: bool) -> Path | None:
    """The run that a point goes on with, as it came; None where it begins anew."""
    if not point["resume"]:
        return None
    path = Path(point["resume"])
    if shared:
        return path
    own = {name.partition("/")[2]: data for name, data in files.items() if name.startswith(f"{point['index']}/")}
    if not own:
        return None
    made: Path = make(root, path.name, lambda beside: lay_out(beside, own))[0]
    return made


def _root(job: Json) -> Path:
    """The sweep's own folder of runs where this worker sees it, else one of this machine.

    Raises:
        StoreError: that cannot be made.
    """
    try:
        seen = read_bytes(Path(job["token"]), len(job["secret"])).decode()
    except (LabError, UnicodeDecodeError):
        seen = ""
    if seen == job["secret"]:
        return Path(job["root"])
    root = away() / str(job["sweep"])
    with told(root, "make the folder"):
        root.mkdir(parents=True, exist_ok=True)
    return root


def away() -> Path:
    """Where runs lie on a machine that does not see the sweep's own folder, until they are fetched."""
    return cache_folder() / "cluster"


def _begun_before(mark: Path) -> bool:
    """Whether some worker had begun this job; from now on one has."""
    try:
        with contextlib.suppress(FileNotFoundError), mark.open("x"):
            return False
        mark.parent.mkdir(parents=True, exist_ok=True)  # another worker's last run was fetched and its empty folder removed
        with mark.open("x"):
            return False
    except FileExistsError:
        return True
    except OSError:  # whatever it is, the run's folder will say it
        return False


def _manifest_of(point: Json) -> SweepManifest:
    """The manifest of a sweep of this point alone, which knows its runs."""
    return SweepManifest(
        phenomenon=point["phenomenon"], preset=point["preset"], given={}, axes=(), collect=(), seeds=tuple(point["seeds"]),
        points=(PointOf(knobs={}, config=point["config"], preset=point["preset"]),), device=point["device"], threads=point["threads"],
    )  # fmt: skip


@lru_cache(maxsize=1)
def _versions() -> dict[str, str]:
    return versions()


def _misfit(wanted: Mapping[str, str]) -> str:
    """Why this worker's numbers would not be those of the sweep's own machine, as a sentence; empty where they are."""
    for name, version in wanted.items():
        if _versions().get(name) != version:
            return f"a worker has {name} {_versions().get(name)}, and this sweep {version}; install the same version on the workers"
    return ""


# ------------------------------------------------------------ called between tasks, by `Client.run`


def about() -> bytes:
    """What a sweep asks every worker before it begins: versions, and where `auto` would compute."""
    from engine.device import resolve_device

    return packed({"versions": _versions(), "device": resolve_device("auto")})


def stop(sweep: str) -> None:
    """Let this worker's points of a sweep save themselves and end, and begin no more of them."""
    _told_to_stop.add(sweep)


def listed(sweep: str, run: str) -> bytes:
    """The files of a run that lies here: name and size of each."""

    def files() -> bytes:
        folder = RunFolder.open(_away(sweep, run)).path
        return packed({"files": [[name, (folder / name).stat().st_size] for name in RUN_FILES if (folder / name).is_file()]})

    return _said(files)


def piece(sweep: str, run: str, name: str, start: int, length: int) -> bytes:
    """A piece of one of these files."""

    def part() -> bytes:
        if name not in RUN_FILES:
            raise StoreError(f"{name} is no file of a run")
        with (_away(sweep, run) / name).open("rb") as file:
            file.seek(start)
            return packed({}, {name: file.read(length)})

    return _said(part)


def forget(sweep: str, run: str) -> bytes:
    """Delete a run that was fetched."""

    def deleted() -> bytes:
        path = _away(sweep, run)
        remove_run(path, path.parent)
        with contextlib.suppress(OSError):  # others lie there
            path.parent.rmdir()
        return packed({})

    return _said(deleted)


def _said(doing: Callable[[], bytes]) -> bytes:
    """What was asked for, or why it cannot be had: an exception would travel as a pickle."""
    try:
        return doing()
    except LabError as error:
        return packed({"problem": error.message})
    except OSError as error:
        return packed({"problem": (error.strerror or str(error)).lower()})


def _away(sweep: str, run: str) -> Path:
    return away() / Path(sweep).name / Path(run).name
