"""The workers of a Dask cluster, at work for one sweep: jobs go out as parcels, what becomes of the points comes back as events.

Dask gives a job whose worker is lost to another one, as many times as its scheduler's `allowed-failures` says; a job that it gave up
although no worker died over it (it waited there) is handed in again. One thread here listens, fetches runs from workers that do not
share the folder of the runs, and answers.
"""

from __future__ import annotations

import contextlib
import queue
import secrets
import threading
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from engine.errors import Exit, LabError, StoreError
from engine.store import run_name
from engine.store.files import replace
from engine.sweeps.manifest import SweepManifest
from lab.running import dask_task
from lab.running.elsewhere import Elsewhere
from lab.running.parcels import packed, unpacked
from lab.running.point_worker import BEGUN, ENDED
from lab.running.travelling import bring, run_files
from lab.running.workers import Answer, Job

RETRIES = 3  # times that a job goes to another worker because its own was lost
LOOK = 0.5  # seconds between looks at the cluster while nothing comes
COUNTING = 2.0  # seconds between two counts of its workers
LOST = -9  # the code of points whose workers were lost, as of a process that was killed


@dataclass
class _Sent:
    """A job at Dask: its points, the indices that have not ended, how often it was handed in, and how often a worker has begun it."""

    job: Job
    left: set[int]
    future: Any = None
    handed: int = 0
    started: int = 0


class DaskWorkers:
    """The workers of a cluster, as `Workers`.

    Args:
        client: a connected `distributed.Client`; stays open.
        name: of the cluster, for sentences: its scheduler's address.
        root: the folder of the runs.
        manifest: the sweep's.
        count: workers of the cluster, as far as that is known.

    Raises:
        LabError: the scheduler is gone.
    """

    retries = 0  # Dask has retried already

    def __init__(self, client: Any, name: str, root: Path, manifest: SweepManifest, count: int = 0) -> None:
        self.answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self.stopped, self.problem, self.count = False, "", count
        self._client, self._name, self._root, self._manifest = client, name, root.absolute(), manifest
        self._sweep, self._secret = f"genlab-{secrets.token_hex(8)}", secrets.token_hex(16)
        self._token = self._root / f".{self._sweep}.token"
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()  # what the listener does next
        self._sent: dict[str, _Sent] = {}
        self._lock = threading.Lock()
        self._closed, self._counted = False, monotonic()
        try:
            client.subscribe_topic(self._sweep, self._heard)
        except Exception as error:  # a client whose scheduler is gone has many ways to say so
            raise LabError(f"the Dask scheduler at {name} is gone", "start it again, then give the same command") from error
        replace(self._token, self._secret.encode(), durable=False)
        self._listener = threading.Thread(target=self._listen, name="genlab sweep on Dask", daemon=True)
        self._listener.start()

    @property
    def idle(self) -> bool:
        """Whether nobody has anything to do, and nothing is left to be read."""
        return not self._sent and self.answers.empty()

    def put(self, job: Job) -> None:
        """Hand a job in."""
        with self._lock:
            if self.stopped:
                return
            name = f"{self._sweep}-{secrets.token_hex(4)}"
            sent = self._sent[name] = _Sent(job, {point["index"] for point in job})
        self._submit(name, sent)

    def stop(self) -> None:
        """Begin no job any more, and ask those at work to save themselves."""
        with self._lock:
            first, self.stopped = not self.stopped, True
        if first:
            self._calls.put(self._stop)

    def close(self) -> None:
        """Wait until no worker is at work for the sweep."""
        self._closed = True
        self._calls.put(lambda: None)
        self._listener.join()
        with contextlib.suppress(Exception):  # of a client whose scheduler is gone
            self._client.unsubscribe_topic(self._sweep)
        for hidden in (self._token, *self._root.glob(dask_task.MARK.format(id=f"{self._sweep}-*"))):
            with contextlib.suppress(OSError):
                hidden.unlink(missing_ok=True)

    # ------------------------------------------------------------ to Dask

    def _submit(self, name: str, sent: _Sent) -> None:
        files: dict[str, bytes] = {}
        points = [{**point, "resume": str(Path(point["resume"]).absolute()) if point["resume"] else ""} for point in sent.job]
        for point in points:
            with contextlib.suppress(StoreError):  # without it, a worker that does not see the folder begins anew
                if point["resume"]:
                    files |= {f"{point['index']}/{file}": data for file, data in run_files(Path(point["resume"])).items()}
        order = {
            "sweep": self._sweep, "id": name, "points": points, "versions": self._manifest.versions, "root": str(self._root),
            "token": str(self._token), "secret": self._secret,
        }  # fmt: skip
        sent.handed += 1
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Dask finds a large state worth a warning
                sent.future = self._client.submit(dask_task.work, packed(order, files), key=f"{name}-{sent.handed}", pure=False)
            sent.future.add_done_callback(lambda future: self._calls.put(partial(self._over, name, future)))
        except Exception as error:  # a client whose scheduler is gone has many ways to say so
            self._lose(error)

    def _stop(self) -> None:
        with self._lock:
            waiting = [name for name, sent in self._sent.items() if not sent.started]
            futures = [self._sent.pop(name).future for name in waiting]
        self._client.cancel([future for future in futures if future is not None])
        self._client.run(dask_task.stop, self._sweep, on_error="ignore")

    # ------------------------------------------------------------ from Dask

    def _heard(self, event: tuple[float, Any]) -> None:
        """Called by Dask's own thread, which must not wait."""
        self._calls.put(partial(self._said, event[1]))

    def _listen(self) -> None:
        while self._sent or not self._closed:
            try:
                self._calls.get(timeout=LOOK)()
            except queue.Empty:
                pass
            except Exception as error:
                self._lose(error)
            self._look()

    def _look(self) -> None:
        """Count the workers, and notice a scheduler that is gone."""
        if self.problem:
            return
        if self._client.status != "running":
            self._lose(ConnectionError())
        elif monotonic() - self._counted > COUNTING:
            self._counted = monotonic()
            try:
                self.count = len(self._client.scheduler_info(n_workers=-1)["workers"])
            except Exception as error:
                self._lose(error)

    def _lose(self, error: Exception) -> None:
        """Do without the cluster from now on."""
        gone = isinstance(error, OSError | TimeoutError) or self._client.status != "running"
        said = "is gone" if gone else f"failed: {type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}"
        with self._lock:
            self.problem = self.problem or f"the Dask scheduler at {self._name} {said}"
            self.stopped = True
            self._sent.clear()

    def _said(self, parcel: object) -> None:
        """Take an event; one that is not what was sent is no loss, since the job's own result says it again."""
        try:
            record, _ = unpacked(parcel)
        except LabError:
            return
        sent = self._sent.get(str(record.get("job")))
        if sent is None:
            return
        if record["event"] == dask_task.STARTED:
            sent.started += 1
            if self.stopped:
                self._client.run(dask_task.stop, self._sweep, workers=[record["worker"]], on_error="ignore")
        elif record["event"] == BEGUN:
            self.answers.put(Answer(record["index"], record["run"] if record["shared"] else ""))
        elif record["event"] == ENDED:
            with contextlib.suppress(StoreError):  # the job's own end tries again
                self._ended(sent, record)

    def _over(self, name: str, future: Any) -> None:
        """Take a job's end."""
        sent = self._sent.get(name)
        if sent is None or future is not sent.future:
            return
        if future.status == "finished":
            self._finished(sent, future.result())
        elif future.status == "error" and self._failed(name, sent, future.exception()):
            return
        elif future.status == "cancelled":
            raise ConnectionError  # by nobody here: that is how a client takes the loss of its scheduler
        with self._lock:
            self._sent.pop(name, None)

    def _finished(self, sent: _Sent, parcel: object) -> None:
        try:
            found, _ = unpacked(parcel)
            problem = found.get("problem", "its worker said nothing of it")
        except LabError as error:
            found, problem = {}, error.message
        for record in found.get("records", ()):
            if record["event"] == ENDED:
                try:
                    self._ended(sent, record)
                except StoreError as error:
                    self._end(sent, record["index"], int(Exit.RUN_FAILED), error.message, {})
        for index in sorted(sent.left):
            self._end(sent, index, int(Exit.RUN_FAILED), problem, {})

    def _failed(self, name: str, sent: _Sent, error: BaseException) -> bool:
        """Take the end of a job that Dask gave up; whether it was handed in again."""
        import distributed

        if isinstance(error, distributed.KilledWorker):
            if max(sent.started, sent.handed) <= RETRIES and not self.stopped:
                self._submit(name, sent)
                return True
            code, sentence = LOST, f"its workers were lost {sent.started} times (often: out of memory)"
        else:
            code, sentence = int(Exit.RUN_FAILED), failing(error)
        for index in sorted(sent.left):
            self._end(sent, index, code, sentence, {})
        return False

    def _ended(self, sent: _Sent, record: Mapping[str, Any]) -> None:
        """Take a point's end.

        Raises:
            StoreError: its run could not be fetched.
        """
        index, result = record["index"], record["result"]
        if index not in sent.left:
            return
        if result.get("folder") and not record["shared"]:
            result = self._fetched(sent, record)
        self._end(sent, index, record["code"], record["sentence"], result)

    def _end(self, sent: _Sent, index: int, code: int, sentence: str, result: Mapping[str, Any]) -> None:
        sent.left.discard(index)
        self.answers.put(Answer(index, result.get("run", ""), code, sentence, result, again=sent.started > 1))

    def _fetched(self, sent: _Sent, record: Mapping[str, Any]) -> dict[str, Any]:
        index, result = record["index"], record["result"]
        source = Elsewhere(self._client, record["worker"], self._sweep, Path(result["folder"]).name)
        resume = next(point["resume"] for point in sent.job if point["index"] == index)
        seeds, point = self._manifest.seeds, self._manifest.points[index]
        path = bring(
            source, self._root, run_name(self._manifest.phenomenon, point.preset, seeds),
            lambda found: self._manifest.matches(index, found), Path(resume) if resume else None,
        )  # fmt: skip
        with contextlib.suppress(StoreError):
            source.forget()
        return {**result, "run": path.name, "folder": str(path)}


def failing(error: BaseException) -> str:
    """Why a worker could not take a job, as a sentence."""
    text = f"{error} {error.__cause__ or ''}"
    if isinstance(error, ImportError) or "No module named" in text or "deserializ" in text:
        return "a Dask worker or the scheduler has no genlab; install the same version there: pip install 'genlab[cluster]'"
    return f"its worker failed: {type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}"
