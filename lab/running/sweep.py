"""Grids of knob values: one process and one run folder a cell, as many at once as there are cores.

Each cell is the plain command `genlab run ... --json`, so a cell that fails, diverges or is killed harms no other and can be
resumed, watched and compared like any run.
"""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.contract import Spec, Status
from engine.cores import usable_cores
from engine.errors import Exit, UsageError, echoed
from engine.store import list_runs, runs_root
from lab.output import emit, say, write_table
from lab.running.detached import genlab_command
from lab.running.driving import Signals

Knobs = Mapping[str, str]


@dataclass(frozen=True)
class Plan:
    """What a sweep computes: a phenomenon with a preset, on every cell of a grid (knobs as text)."""

    spec: Spec
    preset: str
    cells: Sequence[Knobs]

    @classmethod
    def of(cls, spec: Spec, preset: str, given: Knobs, grid: Sequence[str]) -> Plan:
        """Return every combination of the grid's values on top of the given knobs, each checked.

        A knob that is itself a list takes its values separated by semicolons: `--grid widths=8,16;32,64`.

        Raises:
            UsageError: `KNOB=V1,V2` is malformed, names no knob, repeats one, or holds a value out of range.
        """
        axes: dict[str, list[str]] = {}
        for text in grid:
            name, equals, values = text.partition("=")
            if not equals or not values:
                raise UsageError(f"a grid is KNOB=V1,V2,..., got {echoed(text)!r}", f"See: genlab info {spec.name}")
            item = spec.config.knob(name)
            if item.name in axes or item.name in given:
                raise UsageError(f"knob {echoed(name)!r} is given twice", "Give it once: on the grid or as an option.")
            axes[item.name] = values.split(";" if item.kind in ("ints", "floats") else ",")
        different: dict[Any, Knobs] = {}  # by what they are read as: a value given twice runs once
        for chosen in itertools.product(*axes.values()):
            cell = {**given, **dict(zip(axes, chosen, strict=True))}
            different.setdefault(repr(spec.configure(preset, cell)), cell)
        return cls(spec, preset, list(different.values()))

    @property
    def varied(self) -> list[str]:
        """The knobs in which the cells differ; all of them where there is one cell."""
        return [name for name in self.cells[0] if len({cell[name] for cell in self.cells}) > 1] or list(self.cells[0])


@dataclass
class Ended:
    """What became of a cell: the run's result line, or the sentence it failed with."""

    cell: Knobs
    code: int
    result: dict[str, Any] = field(default_factory=dict)
    sentence: str = ""

    def record(self) -> dict[str, Any]:
        """The cell as a JSON line."""
        kept = {key: self.result.get(key) for key in ("run", "phase", "step", "folder", "stored", "problem", "claims")}
        return {"event": "cell", "knobs": dict(self.cell), "code": self.code, "sentence": self.sentence, **kept}

    @property
    def state(self) -> str:
        """The run's phase, or why there is none."""
        phase = str(self.result.get("phase") or "")
        if self.code == Exit.RUN_FAILED and self.sentence:
            return f"{phase}: {self.sentence}" if phase else self.sentence
        return phase or self.sentence


class Sweep:
    """Runs a plan.

    Args:
        common: options that every cell shares beside the preset.
        workers: processes at once; the number of cores when None. The cores are divided among them.
        root: folder of the runs; None for the default place.
    """

    def __init__(self, plan: Plan, common: Sequence[str], workers: int | None = None, root: Path | None = None) -> None:
        cores = usable_cores()
        self.root = runs_root(root)
        self.plan = plan
        self.workers = min(workers or cores, len(plan.cells))
        self.options = ["--preset", plan.preset, *common, "--threads", str(max(1, min(64, cores // self.workers)))]
        self.children: set[subprocess.Popen[str]] = set()
        self.lock = threading.Lock()
        self.stopped = False

    def run(self, *, json: bool = False, quiet: bool = False) -> int:
        """Run every cell; print a table (or JSON lines) and return the exit code."""
        ended = []
        count = len(self.plan.cells)
        for one in self.endings():
            ended.append(one)
            if json:
                emit(one.record())
            elif not quiet:
                say(f"{len(ended)} of {count}: {' '.join(f'{name}={value}' for name, value in one.cell.items())}: {one.state}")
        if json:
            failed = sum(one.code == Exit.RUN_FAILED for one in ended)
            emit({"event": "sweep", "cells": count, "done": len(ended), "failed": failed})
        else:
            self._print(ended)
        if self.stopped:
            say("genlab: interrupted; every cell that had begun is saved.", "  Go on with: genlab runs, then genlab resume RUN")
            return Exit.INTERRUPTED
        codes = {one.code for one in ended}
        return Exit.RUN_FAILED if Exit.RUN_FAILED in codes else max(codes, default=Exit.DONE)

    def endings(self) -> Iterator[Ended]:
        """What became of the cells, as they end; after a signal, of those that had begun."""
        with Signals(lambda: "cells that had begun save themselves") as signals, ThreadPoolExecutor(self.workers) as pool:
            waiting: set[Future[Ended | None]] = {pool.submit(self._one, cell) for cell in self.plan.cells}
            try:
                while waiting:
                    for future in _finished(waiting):
                        waiting.discard(future)
                        one = future.result()
                        if one is not None:
                            yield one
                    if signals.heard and not self.stopped:
                        self._stop()
            finally:
                if waiting:  # nobody listens any more
                    self._stop()

    def _stop(self) -> None:
        with self.lock:
            self.stopped = True
            for child in self.children:
                child.terminate()

    def _one(self, cell: Knobs) -> Ended | None:
        spec = self.plan.spec
        knobs = [f"{spec.config.knob(name).option}={value}" for name, value in cell.items()]
        command = [*genlab_command(), "run", spec.name, *self.options, *knobs, "--json"]
        with self.lock:
            if self.stopped:
                return None
            child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
            self.children.add(child)
        out, err = child.communicate()
        with self.lock:
            self.children.discard(child)
        result = _result_line(out)
        if child.returncode < 0:  # by a signal
            return self._killed(cell, child, result)
        first = err.strip().splitlines()[:1]
        sentence = first[0].removeprefix("genlab: ") if first else ""
        if not result and child.returncode == Exit.DONE:
            return Ended(cell, int(Exit.RUN_FAILED), {}, sentence or "ended without a result")
        return Ended(cell, child.returncode, result, sentence)

    def _killed(self, cell: Knobs, child: subprocess.Popen[str], result: dict[str, Any]) -> Ended:
        """A cell whose process was killed, with the name of the run that it leaves."""
        found = result or _run_of(child.pid, self.root)
        sentence = _killed_by(-child.returncode) + (f"; go on with: genlab resume {found['run']}" if found else "")
        return Ended(cell, int(Exit.RUN_FAILED), {**found, "phase": None}, sentence)

    def _print(self, ended: Sequence[Ended]) -> None:
        knobs, claims = self.plan.varied, [claim.id for claim in self.plan.spec.claims]
        lines = []
        for one in sorted(ended, key=lambda item: self.plan.cells.index(item.cell)):
            marks = {row["id"]: Status(row["status"]).mark for row in one.result.get("claims", ())}
            row = [one.cell[name] for name in knobs]
            state = one.result.get("phase") or one.state
            lines.append(
                [
                    *row,
                    one.result.get("run", ""),
                    state if not one.result.get("problem") else "not stored",
                    *(marks.get(claim, "") for claim in claims),
                ]
            )
        write_table((*knobs, "run", "phase", *claims), lines)


def _result_line(out: str) -> dict[str, Any]:
    """The result that a run prints last; empty where it was ended before, within a line perhaps."""
    lines = out.splitlines()
    try:
        last = json.loads(lines[-1]) if lines else {}
    except ValueError:
        return {}
    return last if isinstance(last, dict) and last.get("event") == "result" else {}


def _killed_by(number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    return f"killed by {name}" + (" (often: out of memory)" if name == "SIGKILL" else "")


def _run_of(process: int, root: Path) -> dict[str, Any]:
    """The newest run that this process wrote, by the number in its lock; empty where there is none."""
    found: dict[str, Any] = {}
    for run in list_runs(root):
        try:
            written = (run.path / "lock").read_text(encoding="ascii", errors="replace").strip() == str(process)
        except OSError:
            continue
        if written and not run.live and (not found or run.created > found["created"]):
            found = {"run": run.name, "step": run.step, "folder": str(run.path), "created": run.created}
    return found


def _finished(waiting: set[Future[Ended | None]]) -> list[Future[Ended | None]]:
    """Futures that are done, after at most a tenth of a second."""
    try:
        return [next(as_completed(waiting, timeout=0.1))]
    except TimeoutError:
        return []
