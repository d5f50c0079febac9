"""`genlab.run` and `genlab.load`: what a run gave, for notebooks and scripts; the same thread, numbers and store as everywhere."""

from __future__ import annotations

import html
import warnings
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from engine import registry
from engine.contract import Phase, Series, Snapshot, Spec
from engine.contract.run_command import run_command
from engine.errors import LabError, UsageError
from engine.phenomenon import AnyPhenomenon
from engine.run_times import learn
from engine.runner import FolderSession, Runner, preset_of, resolve_device
from engine.seeds import seed_range
from engine.store import RunFolder, find_run, runs_root
from engine.store.endings import with_flaw
from engine.store.folder import ARRAYS
from genlab.frames import framed, long_form, wide_form
from genlab.places import runs_folder
from genlab.progress import follow
from genlab.tables import Values, Verdicts
from lab.output import plain
from lab.running.idle_knobs import warn_idle
from screens import formatting


@dataclass(frozen=True, repr=False, eq=False)
class Outcome:
    """What a run gave: its last snapshot, curves by name, the problem and its solution, one verdict per claim.

    spec: what the phenomenon declares, where it is not one that the registry knows.
    """

    snapshot: Snapshot
    series: dict[str, Series]
    arrays: dict[str, NDArray[Any]]
    verdicts: Verdicts
    spec: Spec | None = None

    @property
    def holds(self) -> dict[str, bool | None]:
        """Whether each claim holds; None where it could not be decided."""
        return {verdict.claim.id: verdict.holds for verdict in self.verdicts}

    @cached_property
    def values(self) -> Values:
        """The run's scalars by name: `value` (the median over the seeds), `lo`, `hi`, `unit`, `seeds`, `censored`."""
        return Values(self.snapshot.scalars)

    @property
    def headline(self) -> str:
        """What the run shows, with its numbers, as one sentence."""
        return self.snapshot.headline_sentence

    @property
    def folder(self) -> Path | None:
        """Where it is stored, if it is."""
        return Path(self.snapshot.folder) if self.snapshot.folder else None

    @property
    def command(self) -> str:
        """The command that computes the same without Python."""
        shown = self.snapshot
        return run_command(self._declared(), shown.preset, shown.config, shown.seeds, shown.device)

    def plot(self, figure: str | None = None, ax: Any = None) -> Any:
        """Draw one figure or picture by name, or all that have content, and return the matplotlib figure, which a notebook shows.

        Args:
            figure: its name, as `genlab info` lists it.
            ax: axes of yours to draw into: the named figure, or the first with content.

        Raises:
            UsageError: no such figure, nothing to draw, or matplotlib is not installed.
        """
        try:
            from genlab.plotting import plot
        except ImportError:
            raise UsageError("drawing takes matplotlib, which is not installed", "pip install 'genlab[plot]'") from None
        return plot(self.snapshot, self._declared(), figure, ax)

    def frame(self, figure: str | None = None, *, wide: bool = False) -> Any:
        """Return the curves as a pandas frame, or as a dict of arrays where pandas is not installed.

        The long form has a line a point: `series`, `label`, `kind` (measured or theory), `x` (mostly the step), `value`, and the
        band's `lo` and `hi`. The wide form has the figure's x axis as its first column and then a column a series.

        Args:
            figure: the name of a figure; all curves when None.
            wide: the wide form, of a figure, whose curves share their x axis.

        Raises:
            UsageError: no such figure, or the wide form of no figure.
        """
        declared = {item.name: item for item in self._declared().figures}
        if figure is not None and figure not in declared:
            raise UsageError(f"no figure {figure!r} of {self.snapshot.phenomenon}", "figures: " + ", ".join(declared))
        if wide and figure is None:
            raise UsageError("the wide form is that of one figure, whose curves share an x axis", "figures: " + ", ".join(declared))
        chosen = self.snapshot.series if figure is None else declared[figure].draws(self.snapshot.series)
        return framed(wide_form(chosen, declared[figure].x.label) if wide and figure is not None else long_form(chosen))

    def _declared(self) -> Spec:
        return self.spec or registry.spec(self.snapshot.phenomenon)

    def _lines(self) -> list[str]:
        """What it is, in a few lines."""
        shown = self.snapshot
        where = f"stored in {shown.folder}" if shown.folder else "not stored"
        head = f"{shown.phenomenon}, preset {shown.preset}, {formatting.seeds(shown.seeds)}: {shown.sentence}; {where}"
        return [plain(line) for line in (head, shown.headline_sentence, self.values.brief) if line]

    def __repr__(self) -> str:
        return "\n".join(self._lines())

    def _repr_html_(self) -> str:
        head = "<br>".join(html.escape(line) for line in self._lines())
        return head + self.values._repr_html_() * bool(self.values) + self.verdicts._repr_html_() * bool(self.verdicts)


def run(
    name: str | type[AnyPhenomenon],
    *,
    preset: str = "quick",
    seed: int = 0,
    seeds: int | None = None,
    device: str = "auto",
    threads: int | None = None,
    runs: str | Path | None = None,
    progress: bool = False,
    **knobs: Any,
) -> Outcome:
    """Run a phenomenon to its end and return what it gave. A run that diverges is returned as far as it came.

    Args:
        name: a phenomenon's name (or its class).
        preset: named settings to begin from.
        seed: the first seed, in 0..2^31-1.
        seeds: how many; by default as many as the preset has.
        device: "auto", "cpu" or "cuda".
        threads: to compute with; by default the cores but one.
        runs: folder of runs to store it under; None stores nothing.
        progress: show how far it is: a bar in a notebook and on a terminal, lines elsewhere (both on standard error).
        **knobs: what differs from the preset.

    Raises:
        LabError: unknown name, knob or value; data missing; or the run failed.
        KeyboardInterrupt: after the state was saved, if the run is stored.
    """
    spec = registry.spec(name) if isinstance(name, str) else name.spec
    config = spec.configure(preset, knobs)
    if device != "auto":
        resolve_device(device)  # refused also by what computes on the processor alone
    warn_idle(knobs, [config])
    count = spec.preset(preset).seeds if seeds is None else seeds
    root = None if runs is None else runs_root(Path(runs))
    label = preset_of(spec, config, preset)
    session = Runner(name, config, label, seed_range(seed, count), device=device, threads=threads, root=root, watched=False)
    try:
        session.start()
        if progress:
            follow(session, f"{spec.name} {label}")
        else:
            session.join()
    finally:
        session.close(timeout=60.0)
    snapshot = session.latest()
    if snapshot.unstored:
        warnings.warn(f"{snapshot.run} is {snapshot.unstored}", RuntimeWarning, stacklevel=2)
    if snapshot.phase is Phase.FAILED:
        raise session.error if isinstance(session.error, LabError) else LabError(snapshot.sentence, snapshot.hint) from session.error
    learn(spec, config, snapshot, threads)
    return _outcome(snapshot, session.arrays(), spec)


def load(run: str | Path, *, runs: str | Path | None = None) -> Outcome:
    """Return what a stored run gave so far; a run that another process still computes may be loaded again and again.

    Args:
        run: its name, or its folder.
        runs: folder of the runs; None for the usual place (GENLAB_RUNS, or that of the settings).

    Raises:
        StoreError: no such run, nothing measured yet, damaged, or written by another version.
    """
    folder = RunFolder.open(find_run(runs_folder(runs), str(run)))
    snapshot = with_flaw(folder, folder.load_snapshot())
    if not snapshot.phase.over:  # written while it ran; whether it still does is another question
        snapshot = FolderSession(folder.path).latest()
    snapshot = replace(snapshot, run=folder.name, folder=str(folder.path))
    return _outcome(snapshot, folder.load_arrays() if (folder.path / ARRAYS).exists() else {})


def _outcome(snapshot: Snapshot, arrays: dict[str, NDArray[Any]], spec: Spec | None = None) -> Outcome:
    return Outcome(snapshot, {item.name: item for item in snapshot.series}, arrays, Verdicts(snapshot.verdicts), spec)
