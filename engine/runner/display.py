"""What is drawn of a run, made as seldom as can be: curves and verdicts only after a measurement, pictures twice a second
while they move, and neither for more than a small share of the time. The status is refreshed five times a second.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from numpy.typing import NDArray

from engine.contract import Detail, Marker, Picture, Series, Snapshot, Verdict
from engine.phenomenon import AnyPhenomenon
from engine.runner.setup import Setup
from engine.runner.timing import Throttle
from engine.runner.words import Standing
from engine.store import run_name


@dataclass(frozen=True)
class Content:
    """Everything of a snapshot that costs something to make."""

    series: tuple[Series, ...] = ()
    pictures: tuple[Picture, ...] = ()
    markers: tuple[Marker, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    values: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    details: tuple[Detail, ...] = ()


class Display:
    """Keeps the content of the run on show.

    Attributes:
        stale: whether something was measured since the content was made.
        revision: grows with every change of what is drawn.
    """

    def __init__(self) -> None:
        self.content = Content()
        self.stale = False
        self.revision = 0
        self.status = Throttle(0.2)
        self._redraw = Throttle(0.1, 0.1, at_once=True)
        self._move = Throttle(0.5, 0.02)

    def rebuild(self, phenomenon: AnyPhenomenon) -> None:
        """Make the content again."""
        with self._redraw.spending():
            self.content = content_of(phenomenon)
        self.stale = False

    def begin(self, keep: bool) -> None:
        """Make room for another run; `keep` leaves the old curves until the new ones are there, a moment later."""
        self._redraw = Throttle(0.1, 0.1, at_once=True)
        self.stale = False
        if not keep:
            self.content = Content()

    def refreshed(self, phenomenon: AnyPhenomenon) -> bool:
        """Make again what is due while a run goes on; whether anything changed."""
        if self.stale and self._redraw.due():
            self.rebuild(phenomenon)
            return True
        return bool(self.content.pictures) and self._move.due() and self._moved(phenomenon)

    def _moved(self, phenomenon: AnyPhenomenon) -> bool:
        with self._move.spending():
            pictures = tuple(phenomenon.pictures())
        if same_pictures(pictures, self.content.pictures):
            return False
        self.content = replace(self.content, pictures=pictures)
        return True


def content_of(phenomenon: AnyPhenomenon) -> Content:
    """Ask a phenomenon for everything it shows."""
    records = phenomenon.history.records
    latest: dict[str, Any] = records[-1] if records else {}
    return Content(
        series=tuple(phenomenon.series()),
        pictures=tuple(phenomenon.pictures()),
        markers=tuple(phenomenon.markers()),
        verdicts=tuple(phenomenon.verdicts()),
        values={name: float(value) for name, value in latest.items() if isinstance(value, int | float)},
        notes=tuple(phenomenon.notes),
        details=tuple(phenomenon.details()),
    )


def blank(setup: Setup, standing: Standing, display: Display | None = None) -> Snapshot:
    """Return the snapshot of a run that has not been built."""
    return Snapshot(
        phenomenon=setup.spec.name,
        run=run_name(setup.spec.name, setup.preset, setup.seeds),
        preset=setup.preset,
        config=setup.config.values(),
        seeds=setup.seeds,
        phase=standing.phase,
        sentence=standing.sentence,
        hint=standing.hint,
        revision=display.revision if display else 0,
    )


def same_pictures(first: tuple[Picture, ...], second: tuple[Picture, ...]) -> bool:
    """Whether two lists of pictures are equal to the last bit."""
    return len(first) == len(second) and all(_same_picture(one, two) for one, two in zip(first, second, strict=True))


def _same_picture(one: Picture, two: Picture) -> bool:
    if not _same(one.values, two.values) or len(one.layers) != len(two.layers):
        return False
    layers = zip(one.layers, two.layers, strict=True)
    if not all(_same(a.xy, b.xy) and (a.kind, a.label, a.group) == (b.kind, b.label, b.group) for a, b in layers):
        return False
    return replace(one, values=None, layers=()) == replace(two, values=None, layers=())


def _same(one: NDArray[Any] | None, two: NDArray[Any] | None) -> bool:
    if one is None or two is None:
        return one is two
    return one.shape == two.shape and one.dtype == two.dtype and one.tobytes() == two.tobytes()
