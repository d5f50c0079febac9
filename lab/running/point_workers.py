"""Workers of a sweep from its own side: processes that wait for jobs, a thread for each, and one queue of what becomes of the points."""

from __future__ import annotations

import json
import queue
import subprocess
import tempfile
import threading
from collections import deque
from typing import IO, Any

from engine.cores import require_threads
from engine.errors import Exit
from lab.running.children import killed_by
from lab.running.detached import genlab_command
from lab.running.point_worker import BEGUN, DONE, ENDED
from lab.running.workers import Answer, Job

LONGEST = 4000  # bytes of what a worker that died said


class PointWorkers:
    """So many processes of this machine at once (`Workers`), started when there is a job for them."""

    problem = ""  # they are never out of reach
    retries = 1

    def __init__(self, count: int) -> None:
        require_threads(count)
        self.count = count
        self.answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self.stopped = False
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._busy = 0
        self._processes: set[subprocess.Popen[str]] = set()
        self._threads = [threading.Thread(target=self._serve, name="genlab sweep", daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def put(self, job: Job) -> None:
        """Queue points that are computed together."""
        with self._changed:
            self._jobs.append(job)
            self._changed.notify()

    @property
    def idle(self) -> bool:
        """Whether nobody has anything to do, and nothing is left to be read."""
        with self._changed:
            return not self._busy and (self.stopped or not self._jobs) and self.answers.empty()

    def stop(self) -> None:
        """Begin no job any more, and ask those at work to save themselves."""
        with self._changed:
            self.stopped = True
            for process in self._processes:
                process.terminate()
            self._changed.notify_all()

    def close(self) -> None:
        """Let the processes end, which they do once they have nothing to do."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        worker: _Worker | None = None
        while (job := self._next()) is not None:
            try:
                worker = worker or self._started()
                if worker is None or not self._work(worker, job):
                    worker = None
            finally:
                with self._changed:
                    self._busy -= 1
        if worker is not None:
            self._end(worker)

    def _next(self) -> Job | None:
        with self._changed:
            self._changed.wait_for(lambda: self.stopped or self._closed or bool(self._jobs))
            if self.stopped or not self._jobs:
                return None
            self._busy += 1
            return self._jobs.popleft()

    def _started(self) -> _Worker | None:
        try:
            said = tempfile.TemporaryFile()  # noqa: SIM115 (the worker closes it)
            with self._changed:
                if self.stopped:
                    return None
                process = subprocess.Popen(
                    [*genlab_command(), "points"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True,
                    start_new_session=True,
                )  # fmt: skip
                self._processes.add(process)
        except OSError as error:
            return _Worker(None, None, f"no process could be started: {(error.strerror or str(error)).lower()}")
        return _Worker(process, said)

    def _work(self, worker: _Worker, job: Job) -> bool:
        """Let a worker do a job; whether it can do another one."""
        left = {point["index"] for point in job}
        whole = False
        for record in worker.lines(job):
            whole = record["event"] == DONE
            if record["event"] == BEGUN:
                self.answers.put(Answer(record["index"], record["run"]))
            elif record["event"] == ENDED:
                left.discard(record["index"])
                result = record["result"]
                self.answers.put(Answer(record["index"], result.get("run", ""), record["code"], record["sentence"], result))
        if whole and not left:
            return True
        code, sentence = self._end(worker)
        for index in sorted(left):
            self.answers.put(Answer(index, code=code, sentence=sentence))
        return False

    def _end(self, worker: _Worker) -> tuple[int, str]:
        """Wait for a process's end; return how it ended, and why."""
        code, sentence = worker.end()
        with self._changed:
            self._processes -= {worker.process}
        return code, sentence


class _Worker:
    """One process; `problem` where there is none."""

    def __init__(self, process: subprocess.Popen[str] | None, said: IO[bytes] | None, problem: str = "") -> None:
        self.process, self._said, self._problem = process, said, problem

    def lines(self, job: Job) -> Any:
        """Hand it a job and return what it writes, until that is done or the process is."""
        if self.process is None or self.process.stdin is None or self.process.stdout is None:
            return
        try:
            self.process.stdin.write(json.dumps({"points": list(job)}) + "\n")
            self.process.stdin.flush()
        except OSError:  # it is dead
            return
        for line in self.process.stdout:
            try:
                record = json.loads(line)
            except ValueError:  # cut off
                return
            yield record
            if record.get("event") == DONE:
                return

    def end(self) -> tuple[int, str]:
        """Let it end; return its exit code (below zero: a signal's number) and what it said, or what killed it."""
        if self.process is None:
            return int(Exit.RUN_FAILED), self._problem
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue
        code = self.process.wait()
        if code < 0:
            return code, killed_by(-code)
        return int(Exit.RUN_FAILED), self._first_words() or f"its process ended with exit code {code}"

    def _first_words(self) -> str:
        if self._said is None:
            return ""
        with self._said as file:
            file.seek(0)
            lines = file.read(LONGEST).decode(errors="replace").strip().splitlines()
        return lines[0].removeprefix("genlab: ") if lines else ""
