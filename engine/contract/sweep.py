"""A sweep as the outside sees it: its points with their values and claims, and what is drawn of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.contract.declared import Spec
from engine.contract.judged import Status
from engine.contract.scalars import Scalar, ScalarValue
from engine.contract.session import Phase, Snapshot

if TYPE_CHECKING:
    from engine.contract.drawn import Floats


class Lost(StrEnum):
    """Why the run of a point does not count any more, though the sweep knows its values."""

    DELETED = "deleted"
    DAMAGED = "damaged"
    REPLACED = "replaced"


@dataclass(frozen=True)
class SweepPoint:
    """One point of the grid.

    knobs: those of the grid; texts: the same as the command line writes them. phase: of its run, None before that is begun.
    ended: whether nobody computes it any more; share: of its steps that are made, where that is known.
    lost: why its run does not count any more, if it does not; missing: the same as a sentence, with what computes it again.
    """

    knobs: Mapping[str, Any]
    texts: Mapping[str, str]
    run: str = ""
    phase: Phase | None = None
    ended: bool = False
    sentence: str = ""
    step: int = 0
    share: float | None = None
    values: Mapping[str, ScalarValue] = field(default_factory=dict)
    claims: Mapping[str, Status] = field(default_factory=dict)
    missing: str = ""
    lost: Lost | None = None

    @property
    def done(self) -> bool:
        """Whether it ended, well or not, and its run is still there."""
        return self.ended and self.lost is None

    @property
    def running(self) -> bool:
        """Whether it is being computed."""
        return not self.ended and self.lost is None and self.phase is not None and not self.phase.over

    @property
    def failed(self) -> bool:
        """Whether it ended without the values that were asked for."""
        return self.done and self.phase is not Phase.FINISHED

    @property
    def state(self) -> str:
        """Where it stands, in a word or two."""
        if self.lost is not None:
            return str(self.lost)
        return "waiting" if self.phase is None and not self.ended else str(self.phase or "failed")


@dataclass(frozen=True)
class SweepMap:
    """A scalar over two knobs. x (k,) and y (m,) rising; values (m, k), nan where there is none; bound: which are lower bounds.

    log: the values span decades.
    """

    x: Floats
    y: Floats
    values: Floats
    bound: NDArray[np.bool_]
    x_label: str
    y_label: str
    unit: str = ""
    log: bool = False


@dataclass(frozen=True)
class SweepSnapshot:
    """Everything that is shown of a sweep at one moment.

    given: knobs that differ from the preset in all points; given_texts: the same as the command line writes them.
    knobs: the names of those that vary, with their labels; claims: the ids of all claims that were decided somewhere.
    declared, drawn: the figures, as a phenomenon declares them, and what stands in them; maps: the numbers behind its pictures, by name.
    began: when the process that computes it began, as an ISO date; empty where nobody does.
    rate: points a second of the process that computes it; eta: seconds left, where that is known.
    notes: what is wrong with it, as sentences. revision grows when something drawn changes.
    """

    name: str
    phenomenon: str
    preset: str
    given: Mapping[str, Any]
    knobs: Mapping[str, str]
    seeds: tuple[int, ...]
    scalars: tuple[Scalar, ...]
    claims: tuple[str, ...]
    points: tuple[SweepPoint, ...]
    declared: Spec
    drawn: Snapshot
    given_texts: Mapping[str, str] = field(default_factory=dict)
    maps: Mapping[str, SweepMap] = field(default_factory=dict)
    live: bool = False
    began: str = ""
    rate: float = 0.0
    eta: float | None = None
    workers: int = 0
    notes: tuple[str, ...] = ()
    command_line: str = ""
    folder: str = ""
    revision: int = 0

    @property
    def done(self) -> int:
        """How many points ended, well or not, and have their runs."""
        return sum(point.done for point in self.points)

    @property
    def lost(self) -> Mapping[Lost, int]:
        """How many points' runs do not count any more, by why."""
        return Counter(point.lost for point in self.points if point.lost is not None)

    @property
    def running(self) -> int:
        """How many are being computed."""
        return sum(point.running for point in self.points)

    @property
    def failed(self) -> int:
        """How many ended without their values."""
        return sum(point.failed for point in self.points)


class SweepSession(Protocol):
    """What the screen of a sweep holds."""

    def latest(self) -> SweepSnapshot:
        """Return the present snapshot: the same object as long as nothing changed."""
