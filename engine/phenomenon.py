"""The base of every phenomenon: mathematics in, mathematics out. The runner owns the clock, the thread and the disk.

An author writes "train to step t" (`Training`) or "do the next piece" (`Pieces`), what is measured, and how claims are judged.
When a measurement is due, when the work is done, curves, bands, verdicts and state are here, once.

A phenomenon is deterministic in (config, seeds): chunking by `advance` must not change any number, so that a paused,
single-stepped, resumed or headless run gives the same curves bit for bit on the same machine.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.config import Config
from engine.contract import Detail, Marker, Picture, ScalarValue, Series, Spec, Verdict
from engine.headline import Known
from engine.interruption import Interrupted, checkpoint, uninterrupted
from engine.judging import Judges, foreclosed
from engine.readings import History, Network, Readings
from engine.scalars import PENDING, Readers
from engine.state import State, Stateful

if TYPE_CHECKING:
    from engine.training.joint import Stretch

C = TypeVar("C", bound=Config)
Steps = NDArray[np.int64]
PER_DECADE = 20


class Phenomenon(ABC, Generic[C]):
    """One live computation. Subclasses set `spec`, `judges`, `readers`, `grid` and `total`, and `step` as they go.

    Args:
        config: an instance of `spec.config`.
        seeds: one per replicate; replicate i equals a solo run with that seed.
        device: "cpu" or "cuda"; already resolved.
        preset: name of the preset that the config equals, or "custom".

    Attributes:
        step: how far the work is; total: the last step, if known; unit: what steps are.
        grid: (k,) the steps at which something is measured, ascending.
        networks: what per-network quantities are indexed by.
        notes: what cannot be seen in the figures, as sentences.
    """

    spec: ClassVar[Spec]
    judges: ClassVar[Judges[Any]] = {}
    readers: ClassVar[Readers[Any]] = {}

    def __init__(self, config: C, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick") -> None:
        self.config = config
        self.seeds = seeds
        self.device = device
        self.preset = preset
        self.history = History()
        self.step = 0
        self.total: int | None = None
        self.unit = "step"
        self.grid: Steps = np.zeros(0, dtype=np.int64)
        self.networks: Sequence[Network[Any]] = ()
        self.notes: tuple[str, ...] = ()

    # ------------------------------------------------------------ when

    @property
    def target(self) -> int | None:
        """The next step to be measured; None when the last one has been."""
        last = self.history.last
        place = int(np.searchsorted(self.grid, last, side="right"))
        if place == len(self.grid) or (self.total is not None and last >= self.total):
            return None
        return int(self.grid[place])

    @property
    def done(self) -> bool:
        """Whether there is nothing left to compute."""
        return self.target is None and self.complete

    @property
    def complete(self) -> bool:
        """Whether everything that no measurement waits for (maps, companions) is there."""
        return True

    @property
    def ready(self) -> bool:
        """Whether all that the measurement of the present step needs is there."""
        return True

    def due(self) -> bool:
        """Whether the present step must be measured (and has not been)."""
        return self.step == self.target and self.ready

    # ------------------------------------------------------------ what an author writes

    @abstractmethod
    def advance(self, budget: float) -> None:
        """Work for about `budget` seconds, but never past the next step that must be measured.

        Raises:
            engine.errors.Diverged: a loss or weight is no longer finite.
        """

    @abstractmethod
    def measure(self) -> dict[str, Any]:
        """Return the record of the present step: JSON numbers and lists by quantity. One host synchronisation at most."""

    def series(self) -> tuple[Series, ...]:
        """Every curve, measured and theory, for the figures that `spec` declares; by default the declared quantities."""
        return tuple(self.readings.curves())

    def pictures(self) -> tuple[Picture, ...]:
        """The pictures that `spec` declares, as they are now."""
        return ()

    def markers(self) -> tuple[Marker, ...]:
        """Events and constant lines."""
        return ()

    def clauses(self, known: Known) -> Iterable[str]:
        """What is being seen right now, with its numbers: clauses, what matters most first; asked once something is measured."""
        return ()

    def details(self) -> tuple[Detail, ...]:
        """Quantities with their formulas and constants, for the table beside the notes."""
        return ()

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The problem and its solution under the field's letters, for notebooks."""
        return {}

    def parts(self) -> Mapping[str, Stateful]:
        """What has a state: networks with their optimisers, draws, streams. By name."""
        return {}

    def stretches(self) -> Sequence[Stretch]:
        """The trainers that have steps to take before the next measurement, for runs that train as one ensemble; see `Spec.ensemble`."""
        return ()

    # ------------------------------------------------------------ what follows

    @cached_property
    def readings(self) -> Readings[Any]:
        """The measurements by quantity and setting."""
        return Readings(self.history, self.networks, self.spec.quantities)

    def verdicts(self) -> tuple[Verdict, ...]:
        """One verdict per claim of `spec`, in its order."""
        spec = self.spec
        known = ((claim, foreclosed(claim, spec, self.preset, self.config)) for claim in spec.claims)
        return tuple((already or self.judges[claim.id](self)).of(claim) for claim, already in known)

    def scalars(self) -> tuple[ScalarValue, ...]:
        """One value per scalar of `spec`, in its order."""
        measured = len(self.history) > 0
        return tuple((self.readers[scalar.name](self) if measured else PENDING).of(scalar) for scalar in self.spec.scalars)

    def headline(self, scalars: Sequence[ScalarValue]) -> tuple[str, ...]:
        """What is being seen right now, from the run's scalars and all else that it knows; nothing before the first measurement."""
        return tuple(self.clauses(Known(scalars))) if len(self.history) else ()

    def state(self) -> State:
        """Everything `restore` needs to continue bit for bit from the present step, except the history."""
        inner = State.of({name: part.state() for name, part in self.parts().items()})
        return State(inner.arrays, {**inner.scalars, "step": self.step, "total": self.total, "notes": list(self.notes)})

    def restore(self, state: State) -> None:
        """Continue from a state; `history` has been refilled by the runner up to the state's step."""
        self.step, self.total = state.scalars["step"], state.scalars["total"]
        self.notes = tuple(state.scalars.get("notes", self.notes))  # what was found at a measurement that is not made again
        for name, part in self.parts().items():
            part.restore(state.part(name))

    def set_knob(self, name: str, value: Any) -> None:
        """Apply a live knob in place; the runner calls it only for knobs declared `live`."""
        self.config = self.config.changed(**{name: value})


AnyPhenomenon: TypeAlias = Phenomenon[Any]


class Training(Phenomenon[C]):
    """A phenomenon whose work is training networks, all of them in step."""

    @abstractmethod
    def train(self, target: int, budget: float) -> int:
        """Train towards step `target`, never past it, for about `budget` seconds; return the step that all have reached."""

    def advance(self, budget: float) -> None:
        """Train for about `budget` seconds, never past the next step to be measured."""
        target = self.target
        if target is not None:
            with uninterrupted():
                self.step = self.train(target, budget)


class Pieces(Phenomenon[C]):
    """A phenomenon whose work is a sequence of pieces: draws, fits, flows."""

    _work: Iterator[None] | None = None

    @abstractmethod
    def pieces(self) -> Iterator[None]:
        """Do piece after piece of what is left, setting `step` as it goes; begun anew after `restore` and `restart`."""

    def advance(self, budget: float) -> None:
        """Do pieces for about `budget` seconds, at least one, stopping where a step must be measured."""
        deadline = perf_counter() + budget
        work = self._work = self._work or self.pieces()
        while not self.due():
            checkpoint()
            try:
                next(work)
            except StopIteration:
                return
            except Interrupted:
                self.restart()
                raise
            if perf_counter() >= deadline:
                return

    def restart(self) -> None:
        """Look again at what is left to do."""
        self._work = None

    def restore(self, state: State) -> None:
        """Continue from a state."""
        super().restore(state)
        self.restart()


def geometric_grid(total: int, per_decade: int = PER_DECADE) -> Steps:
    """Return the steps to measure: 0, about `per_decade` a decade, and the last, as sorted unique integers.

    Grid points do not depend on `total` except for the last, so that a longer run measures the same steps.
    """
    if total < 1:
        return np.zeros(1, dtype=np.int64)
    exponents = np.arange(0, int(np.ceil(np.log10(total) * per_decade)) + 1)
    points = np.unique(np.round(10.0 ** (exponents / per_decade)).astype(np.int64))
    return np.unique(np.concatenate(([0], points[points < total], [total])))
