"""`genlab.sweep`: a phenomenon on every point of a grid, for notebooks and scripts; the same numbers and folder as of the command."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import registry
from engine.contract.sweep import SweepPoint, SweepSnapshot
from engine.errors import LabError, UsageError, echoed
from engine.sweeps.folder import find_sweep
from engine.sweeps.grid import typed_axes
from engine.sweeps.plan import Plan, labelled
from engine.sweeps.view import SweepView
from genlab.frames import framed
from genlab.outcome import Outcome, load
from genlab.places import runs_folder
from genlab.progress import sweep_teller
from genlab.tables import html_table, text_table
from lab.running.dask_cluster import Scheduler, at_work
from lab.running.idle_knobs import warn_idle
from lab.running.sweep import Sweep
from screens.sweep_words import cell, standing

Floats = NDArray[np.float64]


class SweepOutcome:
    """What a sweep gave: its points with their values and claims, in the order of the grid.

    Attributes:
        snapshot: everything that is shown of it.
    """

    def __init__(self, view: SweepView) -> None:
        self._view = view
        self.snapshot: SweepSnapshot = view.latest()

    @property
    def points(self) -> tuple[SweepPoint, ...]:
        """Every point: `knobs`, `run`, `phase`, `values`, `claims`."""
        return self.snapshot.points

    @property
    def folder(self) -> Path:
        """Where it is stored; its runs lie beside it."""
        return self._view.folder.path

    @property
    def command(self) -> str:
        """The command that computes the same without Python."""
        return self.snapshot.command_line

    @cached_property
    def knobs(self) -> dict[str, list[Any]]:
        """The knobs that vary, a value a point."""
        return {name: [point.knobs[name] for point in self.points] for name in self.snapshot.knobs}

    @cached_property
    def values(self) -> dict[str, Floats]:
        """The collected values by name, (points,): the median over the seeds, nan where there is none."""
        names = [scalar.name for scalar in self.snapshot.scalars]
        return {name: np.array([_part(point, name, "value") for point in self.points]) for name in names}

    def outcome(self, index: int) -> Outcome:
        """Return what the run of a point gave.

        Raises:
            StoreError: it has no run, or that cannot be read.
        """
        return load(self.points[index].run or "-", runs=self.folder.parent)

    def frame(self, *, seeds: bool = False) -> Any:
        """Return a table, a pandas frame where pandas is installed, else a dict of arrays: a line a point, or a line a point and seed.

        Columns: the knobs, run, phase, and of each value its median with `_lo` and `_hi` over the seeds and `_lower_bound`, where the run
        ended before the event; with `seeds`, the seed, its number and `_lower_bound`.
        """
        return framed(self._by_seed() if seeds else self._by_point())

    def plot(self, name: str | None = None, ax: Any = None) -> Any:
        """Draw one figure by name, or all that have content, and return the matplotlib figure, which a notebook shows.

        Raises:
            UsageError: no such figure, nothing to draw, or matplotlib is not installed.
        """
        try:
            from genlab.plotting import plot
        except ImportError:
            raise UsageError("drawing takes matplotlib, which is not installed", "pip install 'genlab[plot]'") from None
        return plot(self.snapshot.drawn, self.snapshot.declared, name, ax)

    def _by_point(self) -> dict[str, NDArray[Any]]:
        columns: dict[str, NDArray[Any]] = {name: _column(values) for name, values in self.knobs.items()}
        columns["run"] = _column([point.run for point in self.points])
        columns["phase"] = _column([point.state for point in self.points])
        for scalar in self.snapshot.scalars:
            name = scalar.name
            columns |= {name: self.values[name]}
            columns |= {f"{name}_{part}": np.array([_part(point, name, part) for point in self.points]) for part in ("lo", "hi")}
            bounds = [name in point.values and point.values[name].value_censored for point in self.points]
            columns[f"{name}_lower_bound"] = np.array(bounds)
        return columns

    def _by_seed(self) -> dict[str, NDArray[Any]]:
        count = len(self.snapshot.seeds)
        columns: dict[str, NDArray[Any]] = {name: _column([v for v in values for _ in range(count)]) for name, values in self.knobs.items()}
        columns["seed"] = np.tile(np.array(self.snapshot.seeds), len(self.points))
        for scalar in self.snapshot.scalars:
            found = [point.values.get(scalar.name) for point in self.points]
            each = [value if value is not None and len(value.seeds) == count else None for value in found]
            columns[scalar.name] = np.array([seed for value in each for seed in (value.seeds if value else (np.nan,) * count)])
            bounds = [mark for value in each for mark in (value.censored if value else (False,) * count)]
            columns[f"{scalar.name}_lower_bound"] = np.array(bounds)
        return columns

    def _table(self) -> tuple[list[str], list[list[str]]]:
        names = [scalar.name for scalar in self.snapshot.scalars]
        rows = [
            [*(point.texts[knob] for knob in self.snapshot.knobs), point.state, *(cell(point.values.get(name)) for name in names)]
            for point in self.points
        ]
        return [*self.snapshot.knobs, "phase", *names], rows

    def __repr__(self) -> str:
        return f"{self.snapshot.name}: {standing(self.snapshot)}\n{text_table(*self._table())}"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.snapshot.name)}: {html.escape(standing(self.snapshot))}</p>{html_table(*self._table())}"


def sweep(
    name: str,
    *,
    grid: Mapping[str, Any],
    preset: str = "quick",
    seed: int = 0,
    seeds: int | None = None,
    collect: Iterable[str] = (),
    device: str = "auto",
    workers: int | None = None,
    runs: str | Path | None = None,
    progress: bool = False,
    scheduler: str | None = None,
    **knobs: Any,
) -> SweepOutcome:
    """Run a phenomenon on every point of a grid and return what came of it. What is stored already is not computed again.

    Args:
        name: a phenomenon's name.
        grid: knobs with their values, or with text as the command line takes it: `{"wd": "0.1:3:log5", "fraction": [.2, .3]}`.
        preset: named settings to begin from.
        seed, seeds: the first seed, and how many each point has; by default as many as the preset has.
        collect: names of the values to collect; by default the phenomenon's first few.
        device: "auto", "cpu" or "cuda".
        workers: processes at once; by default the number of cores.
        runs: folder of runs to store them under; None for the usual place (GENLAB_RUNS, or that of the settings).
        progress: whether to tell of each point as it ends: a bar in a notebook, lines elsewhere.
        scheduler: a Dask cluster whose workers compute: "tcp://HOST:PORT", or "local"; TLS as Dask's settings have it.
        **knobs: what differs from the preset in all points.

    Raises:
        LabError: unknown name, knob or value; another process computes the same sweep; no cluster, or it is gone (the same call goes on).
        KeyboardInterrupt: after every point that had begun was saved; the same call goes on.
    """
    spec = registry.spec(name)
    given = {spec.config.knob(knob).name: value for knob, value in knobs.items()}
    plan = Plan.of(spec, preset, given, typed_axes(spec, grid, given), seed=seed, seeds=seeds, collect=collect)
    warn_idle((*given, *plan.axes), [point.config for point in plan.points])
    tell = sweep_teller(f"{name} sweep", len(plan.points)) if progress else None
    with at_work(Scheduler(scheduler) if scheduler else None, workers, len(plan.points)) as (cluster, count):
        work = Sweep(plan, device, count, runs_folder(runs), cluster=cluster)
        for number, one in enumerate(work.endings(), 1):
            if tell is not None:
                tell(number, f"{labelled(plan.varied, one.point.knobs)}: {one.state}")
    if work.stopped:
        raise KeyboardInterrupt
    if work.lost:
        raise LabError(work.lost, "the same call goes on")
    return SweepOutcome(SweepView(work.folder.path))


def load_sweep(name: str | Path, *, runs: str | Path | None = None) -> SweepOutcome:
    """Return a stored sweep, as far as it is; one that another process computes may be loaded again and again.

    Raises:
        UsageError: there is none of that name.
        StoreError: it is damaged.
    """
    root = runs_folder(runs)
    path = find_sweep(root, name)
    if path is None:
        raise UsageError(f"no sweep {echoed(name)!r} in {root}", "See: genlab runs")
    return SweepOutcome(SweepView(path))


def _part(point: SweepPoint, name: str, part: str) -> float:
    return float(getattr(point.values[name], part)) if name in point.values else float("nan")


def _column(values: list[Any]) -> NDArray[Any]:
    """Numbers as an array of numbers, everything else (lists of widths among it) as objects."""
    if values and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return np.array(values)
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made
