"""Makes the snapshots of a run, and what is drawn in them as seldom as can be.

Curves, verdicts and scalars are made only after a measurement, pictures twice a second while they move, and neither for more than a small
share of the time. Step and rate are refreshed five times a second. Of a run that nobody looks at here, only what goes into its folder is
drawn, as often as that is written, and its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.contract import Detail, Marker, Picture, ScalarValue, Series, Snapshot, Verdict
from engine.device import memory
from engine.gpu import gpu_in_use
from engine.interruption import Interrupted, interruptible, never
from engine.phenomenon import AnyPhenomenon
from engine.runner.phase_message import PhaseMessage
from engine.runner.setup import Setup
from engine.runner.timing import SNAPSHOT_SECONDS, STATE_SHARE, Throttle
from engine.store import run_name

if TYPE_CHECKING:
    from engine.runner.run import Run


@dataclass(frozen=True)
class Content:
    """Everything of a snapshot that costs something to make, under the snapshot's names."""

    series: tuple[Series, ...] = ()
    pictures: tuple[Picture, ...] = ()
    markers: tuple[Marker, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    scalars: tuple[ScalarValue, ...] = ()
    headline: tuple[str, ...] = ()
    values: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    details: tuple[Detail, ...] = ()

    @classmethod
    def of(cls, phenomenon: AnyPhenomenon) -> Content:
        """Ask a phenomenon for everything it shows."""
        scalars = tuple(phenomenon.scalars())
        return cls(
            series=tuple(phenomenon.series()),
            pictures=tuple(phenomenon.pictures()),
            markers=tuple(phenomenon.markers()),
            verdicts=tuple(phenomenon.verdicts()),
            scalars=scalars,
            headline=phenomenon.headline(scalars),
            values=_latest_values(phenomenon),
            notes=tuple(phenomenon.notes),
            details=tuple(phenomenon.details()),
        )

    def groups(self) -> Iterator[str]:
        """What decides the colours of curves, in the order of drawing; a curve without a group goes by its own name."""
        return (item.group or item.name for item in self.series)


class SnapshotMaker:
    """Keeps what is drawn of one run after another.

    Attributes:
        content: what is drawn at present.
        outdated: whether something was measured since that was made.
        groups: every group drawn so far in this run, in the order of first appearance.
        revision: grows with every change of what is drawn; the caller raises it.
        status: says when step and rate should be shown again.

    company: how many runs share the thread; watched: whether somebody looks at the curves while they run.
    """

    def __init__(self, company: int = 1, watched: bool = True) -> None:
        self._company, self._watched = company, watched
        self.content = Content()
        self.groups: tuple[str, ...] = ()
        self.revision = 0
        self.begin(keep=False)
        self.status = Throttle(0.2, 1 / company)
        self._move = Throttle(0.5, 0.02 / company)

    def begin(self, keep: bool, groups: tuple[str, ...] = ()) -> None:
        """Make room for another run; `keep` leaves the old curves until the new ones are there. groups: those a stored run has already."""
        interval, share = (0.1, 0.1) if self._watched else (SNAPSHOT_SECONDS, STATE_SHARE)
        self._redraw = Throttle(interval, share / self._company, at_once=True, forgiving=True)
        self._earlier, self._kept = groups, keep
        self.outdated = False
        if not keep:
            self.content, self.groups = Content(), groups

    def redraw(self, phenomenon: AnyPhenomenon, stop_wanted: Callable[[], bool] = never) -> bool:
        """Make the content again, unless that takes long and is given up; whether it was made."""
        try:
            with self._redraw.spending(), interruptible(stop_wanted):
                self._put(Content.of(phenomenon))
        except Interrupted:
            self.outdated = True
            return False
        self.outdated = False
        return True

    def redraw_due(self, run: Run, stop_wanted: Callable[[], bool] = never) -> bool:
        """Make again what is due while a run goes on; whether anything changed."""
        if not self._watched and not run.writer.storing:
            return False
        if self.outdated and self._redraw.due():
            return self.redraw(run.phenomenon, stop_wanted)
        moving = self._watched and bool(self.content.pictures) and not self._kept
        return moving and self._move.due() and self._moved(run.phenomenon)

    def make(self, setup: Setup, message: PhaseMessage, run: Run | None = None) -> Snapshot:
        """Return everything a screen may show as it is now; without a run, of one that has not been built."""
        with self.status.spending():
            made = Snapshot(
                phenomenon=setup.spec.name, run=run_name(setup.spec.name, setup.preset, setup.seeds), preset=setup.preset,
                config=setup.config.values(), seeds=setup.seeds, phase=message.phase, sentence=message.sentence, hint=message.hint,
                revision=self.revision, groups=self.groups, **vars(self.content),
            )  # fmt: skip
            if run is None:
                return made
            return _at_work(made if self._watched else replace(made, values=_latest_values(run.phenomenon)), run)

    def _moved(self, phenomenon: AnyPhenomenon) -> bool:
        with self._move.spending():
            pictures = tuple(phenomenon.pictures())
        if same(pictures, self.content.pictures):
            return False
        self._put(replace(self.content, pictures=pictures))
        return True

    def _put(self, content: Content) -> None:
        self.content, self._kept = content, False
        self.groups = self._earlier = tuple(dict.fromkeys((*self._earlier, *content.groups())))


def _latest_values(phenomenon: AnyPhenomenon) -> dict[str, float]:
    records = phenomenon.history.records
    return {name: float(value) for name, value in (records[-1] if records else {}).items() if isinstance(value, int | float)}


def _at_work(made: Snapshot, run: Run) -> Snapshot:
    phenomenon, meter = run.phenomenon, run.meter
    return replace(
        made, run=run.name, folder=str(run.writer.path or ""), step=phenomenon.step, total=phenomenon.total,
        unit=phenomenon.unit, notes=(*made.notes, *run.restored.notes, *filter(None, [run.beside, run.writer.problem])),
        unstored=run.writer.problem,
        rate=meter.rate, eta=meter.eta(phenomenon.step, phenomenon.total), elapsed=meter.elapsed, device=phenomenon.device,
        memory=memory(), gpu=gpu_in_use(phenomenon.device),
    )  # fmt: skip


def same(one: Any, two: Any) -> bool:
    """Whether two values of the contract are equal to the last bit, arrays and all."""
    if type(one) is not type(two):
        return False
    if isinstance(one, np.ndarray):
        return bool(one.shape == two.shape and one.dtype == two.dtype and one.tobytes() == two.tobytes())
    if isinstance(one, tuple):
        return len(one) == len(two) and all(map(same, one, two))
    if is_dataclass(one):
        return same(tuple(vars(one).values()), tuple(vars(two).values()))
    return bool(one == two)
