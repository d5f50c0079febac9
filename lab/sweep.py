"""Grids of knob values: one process and one run folder a cell, as many at once as there are cores.

Each cell is the plain command `genlab run ... --json`, so a cell that fails, diverges or is killed harms no other and can be
resumed, watched and compared like any run.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.errors import Exit, UsageError
from lab.detach import python_lab
from lab.headless import Signals
from lab.output import emit, say, write_table

if TYPE_CHECKING:
    from engine.contract import Spec

Cell = Mapping[str, str]


def cells(spec: Spec, preset: str, given: Cell, grid: Sequence[str]) -> list[dict[str, str]]:
    """Every combination of the grid's values on top of the given knobs, each checked.

    A knob that is itself a list takes its values separated by semicolons: `--grid widths=8,16;32,64`.

    Raises:
        UsageError: `KNOB=V1,V2` is malformed, names no knob, repeats one, or holds a value out of range.
    """
    axes: dict[str, list[str]] = {}
    for text in grid:
        name, equals, values = text.partition("=")
        if not equals or not values:
            raise UsageError(f"a grid is KNOB=V1,V2,..., got {text!r}", f"See: genlab info {spec.name}")
        item = spec.config.knob(name)
        if item.name in axes or item.name in given:
            raise UsageError(f"knob {name!r} is given twice", "Give it once: on the grid or as an option.")
        axes[item.name] = values.split(";" if item.kind in ("ints", "floats") else ",")
    plan = [dict(zip(axes, combination, strict=True)) for combination in itertools.product(*axes.values())]
    for cell in plan:
        spec.configure(preset, {**given, **cell})
    return [{**given, **cell} for cell in plan]


@dataclass
class Outcome:
    """What became of a cell: the run's result line, or the sentence it failed with."""

    cell: Cell
    code: int
    result: dict[str, Any] = field(default_factory=dict)
    sentence: str = ""

    def record(self) -> dict[str, Any]:
        """The cell as a JSON line."""
        kept = {key: self.result.get(key) for key in ("run", "phase", "step", "folder", "claims")}
        return {"event": "cell", "knobs": dict(self.cell), "code": self.code, "sentence": self.sentence, **kept}


class Sweep:
    """Runs a plan of cells.

    Args:
        common: options that every cell shares.
        workers: processes at once; the number of cores when None. The cores are divided among them.
    """

    def __init__(self, spec: Spec, plan: Sequence[Cell], common: Sequence[str], workers: int | None = None) -> None:
        cores = os.cpu_count() or 1
        self.spec = spec
        self.plan = plan
        self.workers = min(workers or cores, len(plan))
        self.options = [*common, "--threads", str(max(1, min(64, cores // self.workers)))]
        self.children: set[subprocess.Popen[str]] = set()
        self.lock = threading.Lock()
        self.stopped = False

    def run(self, *, json: bool = False, quiet: bool = False) -> int:
        """Run every cell; print a table (or JSON lines) and return the exit code."""
        outcomes = []
        for outcome in self.outcomes():
            outcomes.append(outcome)
            if json:
                emit(outcome.record())
            elif not quiet:
                say(f"{len(outcomes)} of {len(self.plan)}: {_words(outcome.cell)}: {outcome.result.get('phase') or outcome.sentence}")
        failed = sum(outcome.code == Exit.RUN_FAILED for outcome in outcomes)
        if json:
            emit({"event": "sweep", "cells": len(self.plan), "done": len(outcomes), "failed": failed})
        else:
            self._print(outcomes)
        if self.stopped:
            say("genlab: interrupted; every cell that had begun is saved.", "  Go on with: genlab runs, then genlab resume RUN")
            return Exit.INTERRUPTED
        return max((outcome.code for outcome in outcomes), default=int(Exit.DONE))

    def outcomes(self) -> Iterator[Outcome]:
        """The outcomes as cells end; after a signal, those of the cells that had begun."""
        with Signals() as signals, ThreadPoolExecutor(self.workers) as pool:
            waiting: set[Future[Outcome | None]] = {pool.submit(self._one, cell) for cell in self.plan}
            try:
                while waiting:
                    for future in _finished(waiting):
                        waiting.discard(future)
                        outcome = future.result()
                        if outcome is not None:
                            yield outcome
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

    def _one(self, cell: Cell) -> Outcome | None:
        knobs = [f"{self.spec.config.knob(name).option}={value}" for name, value in cell.items()]
        command = [*python_lab(), "run", self.spec.name, *self.options, *knobs, "--json"]
        with self.lock:
            if self.stopped:
                return None
            child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
            self.children.add(child)
        out, err = child.communicate()
        with self.lock:
            self.children.discard(child)
        lines = out.splitlines()
        last = json.loads(lines[-1]) if lines else {}
        result = last if last.get("event") == "result" else {}
        first = err.strip().splitlines()[:1]
        return Outcome(cell, child.returncode, result, first[0].removeprefix("genlab: ") if first else "")

    def _print(self, outcomes: Sequence[Outcome]) -> None:
        knobs = [name for name in self.plan[0] if len({cell[name] for cell in self.plan}) > 1] or list(self.plan[0])
        claims = [claim.id for claim in self.spec.claims]
        order = {tuple(cell.items()): index for index, cell in enumerate(self.plan)}
        lines = []
        for outcome in sorted(outcomes, key=lambda item: order[tuple(item.cell.items())]):
            marks = {row["id"]: _mark(row["holds"]) for row in outcome.result.get("claims", ())}
            standing = outcome.result.get("phase") or outcome.sentence
            lines.append(
                [
                    *(outcome.cell[name] for name in knobs),
                    outcome.result.get("run", ""),
                    standing,
                    *(marks.get(name, "") for name in claims),
                ]
            )
        write_table((*knobs, "run", "phase", *claims), lines)


def _finished(waiting: set[Future[Outcome | None]]) -> list[Future[Outcome | None]]:
    """Futures that are done, after at most a tenth of a second."""
    try:
        return [next(as_completed(waiting, timeout=0.1))]
    except TimeoutError:
        return []


def _words(cell: Cell) -> str:
    return " ".join(f"{name}={value}" for name, value in cell.items())


def _mark(holds: bool | None) -> str:
    return "-" if holds is None else ("yes" if holds else "no")
