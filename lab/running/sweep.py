"""Grids of knob values: one process and one run folder a cell, as many at once as there are cores.

Each cell is the plain command `genlab run ... --json`, so a cell that fails, diverges or is killed harms no other and can be
resumed, watched and compared like any run. A cell that is killed is resumed once; a sweep that was interrupted goes on where the same
command is given again.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.contract import Phase, Spec, Status
from engine.cores import usable_cores
from engine.errors import Exit, StoreError, UsageError, echoed
from engine.store import runs_root
from lab.output import emit, say, write_table
from lab.running.begun_sweeps import BegunSweep, Earlier
from lab.running.children import Children, Ended

Knobs = Mapping[str, str]
POLL = 0.2  # seconds between looks at a cell that another process computes


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


@dataclass(frozen=True)
class CellEnd:
    """What became of a cell: the run's result line, or the sentence it failed with.

    resumed: whether it was killed and went on. reused: whether an earlier process of this sweep had computed it.
    """

    code: int
    result: Mapping[str, Any] = field(default_factory=dict)
    sentence: str = ""
    resumed: bool = False
    reused: bool = False

    def record(self, cell: Knobs) -> dict[str, Any]:
        """The cell as a JSON line."""
        kept = {key: self.result.get(key) for key in ("run", "phase", "step", "folder", "stored", "problem", "claims")}
        how = {"code": self.code, "sentence": self.sentence, "resumed": self.resumed, "reused": self.reused}
        return {"event": "cell", "knobs": dict(cell), **how, **kept}

    @property
    def state(self) -> str:
        """The run's phase, or why there is none."""
        phase = str(self.result.get("phase") or "")
        if self.code == Exit.RUN_FAILED and self.sentence:
            return f"{phase}: {self.sentence}" if phase else self.sentence
        how = " (killed once, and resumed)" if self.resumed else " (before)" if self.reused else ""
        return (phase or self.sentence) + how

    @property
    def settled(self) -> bool:
        """Whether the same cell would come out so again."""
        return self.code == Exit.DONE or self.result.get("phase") == Phase.DIVERGED


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
        count = min(workers or cores, len(plan.cells))
        self.options = ["--preset", plan.preset, *common, "--threads", str(max(1, min(64, cores // count)))]
        self.children = Children(count, "cells that had begun save themselves")
        self.begun = BegunSweep(self.root, [self.command(cell) for cell in plan.cells])

    def command(self, cell: Knobs) -> list[str]:
        """The arguments of a cell's command."""
        knobs = [f"{self.plan.spec.config.knob(name).option}={value}" for name, value in cell.items()]
        return ["run", self.plan.spec.name, *self.options, *knobs, "--json"]

    def run(self, *, json: bool = False, quiet: bool = False) -> int:
        """Run every cell; print a table (or JSON lines) and return the exit code."""
        ended: list[tuple[Knobs, CellEnd]] = []
        count = len(self.plan.cells)
        if self.begun.again and not quiet:
            say(f"genlab: going on with the sweep begun at {self.begun.since}: what it has finished counts, what it has begun goes on")
            say("  To begin anew: choose another --runs DIR")
        self.begun.begin()
        for cell, one in self.endings():
            ended.append((cell, one))
            if json:
                emit(one.record(cell))
            elif not quiet:
                say(f"{len(ended)} of {count}: {' '.join(f'{name}={value}' for name, value in cell.items())}: {one.state}")
        if len(ended) == count and all(one.settled for _, one in ended):
            self.begun.end()
        if json:
            failed = sum(one.code == Exit.RUN_FAILED for _, one in ended)
            emit({"event": "sweep", "cells": count, "done": len(ended), "failed": failed})
        else:
            self._print(ended)
        if self.children.stopped:
            say("genlab: interrupted; every cell that had begun is saved.", "  Go on with: the same command")
            return Exit.INTERRUPTED
        codes = {one.code for _, one in ended}
        return Exit.RUN_FAILED if Exit.RUN_FAILED in codes else max(codes, default=Exit.DONE)

    def endings(self) -> Iterator[tuple[Knobs, CellEnd]]:
        """What became of the cells, as they end; after a signal, of those that had begun."""
        return self.children.each(self._one, self.plan.cells)

    def _one(self, cell: Knobs) -> CellEnd | None:
        command = self.command(cell)
        earlier = self._settled(command, cell) if self.begun.again else None
        child = self._go_on(earlier) if earlier else self.children.run(command)
        if child is None:
            return None
        killed = child.killed
        if killed and not self.children.stopped:
            begun = self._settled(command, cell)
            child = (self._go_on(begun) if begun else self.children.run(command)) or child
        if child.killed:
            return self._killed(child, command, cell)
        return CellEnd(child.code, child.result, child.sentence, resumed=killed, reused=earlier is not None)

    def _settled(self, command: Sequence[str], cell: Knobs) -> Earlier | None:
        """The run that counts for a cell, once no process computes it any more."""
        config = self.plan.spec.configure(self.plan.preset, cell)
        found = self.begun.earlier(command, config)
        while found is not None and found.live and not self.children.stopped:
            time.sleep(POLL)
            found = self.begun.earlier(command, config)
        return found

    def _go_on(self, earlier: Earlier) -> Ended | None:
        """Resume a run; one that is over is taken as it is."""
        if earlier.over:
            try:
                return Ended(int(Exit.DONE if earlier.phase is Phase.FINISHED else Exit.RUN_FAILED), earlier.result())
            except StoreError as error:
                return Ended(int(Exit.RUN_FAILED), {}, error.message)
        return self.children.run(["resume", earlier.folder.name, "--runs", str(self.root), "--json"])

    def _killed(self, child: Ended, command: Sequence[str], cell: Knobs) -> CellEnd:
        """A cell whose process was killed, with the name of the run that it leaves."""
        begun = self.begun.earlier(command, self.plan.spec.configure(self.plan.preset, cell))
        if begun is None:
            return CellEnd(int(Exit.RUN_FAILED), {}, child.sentence)
        left = {"run": begun.folder.name, "folder": str(begun.folder.path)}
        return CellEnd(int(Exit.RUN_FAILED), left, f"{child.sentence}; go on with: genlab resume {begun.folder.name}")

    def _print(self, ended: Sequence[tuple[Knobs, CellEnd]]) -> None:
        knobs, claims = self.plan.varied, [claim.id for claim in self.plan.spec.claims]
        lines = []
        for cell, one in sorted(ended, key=lambda item: self.plan.cells.index(item[0])):
            marks = {row["id"]: Status(row["status"]).mark for row in one.result.get("claims", ())}
            state = "not stored" if one.result.get("problem") else one.result.get("phase") or one.state
            row = [cell[name] for name in knobs]
            lines.append([*row, one.result.get("run", ""), state, *(marks.get(claim, "") for claim in claims)])
        write_table((*knobs, "run", "phase", *claims), lines)
