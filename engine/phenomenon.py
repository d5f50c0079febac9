"""What every phenomenon implements: mathematics in, mathematics out. The runner owns the clock, the thread and the disk.

A phenomenon is deterministic in (config, seeds): chunking by `advance` must not change any number, so that a paused,
single-stepped, resumed or headless run gives the same curves bit for bit on the same machine.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.config import Config
from engine.contract import Claim, Marker, Picture, Series, Spec, Verdict

Value: TypeAlias = float | Sequence[float]


@dataclass
class State:
    """What `restore` needs to go on bit for bit: tensors as NumPy arrays, everything else as plain JSON."""

    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    scalars: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, parts: Mapping[str, State]) -> State:
        """Join the states of named parts; `part` gives each of them back."""
        arrays = {f"{name}-{key}": values for name, part in parts.items() for key, values in part.arrays.items()}
        return cls(arrays, {name: part.scalars for name, part in parts.items()})

    def part(self, name: str) -> State:
        """Return the state of a named part."""
        return State(self.under(f"{name}-"), self.scalars[name])

    def under(self, prefix: str) -> dict[str, NDArray[Any]]:
        """Return the arrays whose names begin with a prefix, without it."""
        return {name.removeprefix(prefix): values for name, values in self.arrays.items() if name.startswith(prefix)}


class History:
    """The measurements so far: one record per measured step, each a mapping from a quantity to a scalar or a list.

    A list is indexed by ensemble member, in the phenomenon's own order.
    """

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.records: list[dict[str, Any]] = []

    def append(self, step: int, values: Mapping[str, Any]) -> None:
        """Add the record of a step (steps must grow)."""
        self.steps.append(step)
        self.records.append(dict(values))

    def column(self, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return (steps (k,), values (k,) or (k, members)) of the records that hold the quantity."""
        rows = [(step, record[name]) for step, record in zip(self.steps, self.records, strict=True) if name in record]
        if not rows:
            return np.empty(0), np.empty(0)
        steps, values = zip(*rows, strict=True)
        return np.asarray(steps, dtype=np.float64), np.asarray(values, dtype=np.float64)

    def __len__(self) -> int:
        return len(self.steps)


class Phenomenon(ABC):
    """One live computation. Subclasses set `spec`, and `step`, `total`, `unit` as they go.

    Args:
        config: an instance of `spec.config`.
        seeds: one per ensemble replica; replica i equals a solo run with that seed.
        device: "cpu" or "cuda"; already resolved.
        preset: name of the preset that the config equals, or "custom".
    """

    spec: ClassVar[Spec]

    def __init__(self, config: Config, seeds: tuple[int, ...], device: str = "cpu", preset: str = "quick") -> None:
        self.config: Any = config
        self.seeds = seeds
        self.device = device
        self.preset = preset
        self.history = History()
        self.step = 0
        self.total: int | None = None
        self.unit = "step"
        self.notes: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """Whether there is nothing left to compute."""
        return self.total is not None and self.step >= self.total

    @abstractmethod
    def advance(self, budget: float) -> None:
        """Work for about `budget` seconds, but never past the next step that must be measured.

        Raises:
            engine.errors.Diverged: a loss or weight is no longer finite.
        """

    @abstractmethod
    def due(self) -> bool:
        """Whether the present step must be measured (and has not been)."""

    @abstractmethod
    def measure(self) -> dict[str, Any]:
        """Return the record of the present step: JSON numbers and lists. One host synchronisation at most."""

    @abstractmethod
    def series(self) -> tuple[Series, ...]:
        """Every curve, measured and theory, for the figures that `spec` declares."""

    def pictures(self) -> tuple[Picture, ...]:
        """The pictures that `spec` declares, as they are now."""
        return ()

    def markers(self) -> tuple[Marker, ...]:
        """Events and constant lines."""
        return ()

    @abstractmethod
    def verdicts(self) -> tuple[Verdict, ...]:
        """One verdict per claim of `spec`, in its order."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The problem and its solution under the field's letters, for notebooks."""
        return {}

    @abstractmethod
    def state(self) -> State:
        """Everything `restore` needs to continue bit for bit from the present step, except the history."""

    @abstractmethod
    def restore(self, state: State) -> None:
        """Continue from a state; `history` has been refilled by the runner up to the state's step."""

    def set_knob(self, name: str, value: Any) -> None:
        """Apply a live knob in place; the runner calls it only for knobs declared `live`."""
        self.config = self.config.changed(**{name: value})

    def claims(self) -> Iterator[tuple[Claim, Verdict | None]]:
        """Each claim with a ready-made verdict where the preset does not decide it."""
        for claim in self.spec.claims:
            if claim.applies(self.preset):
                yield claim, None
            else:
                yield claim, Verdict(claim, claim.prediction, None, None, self._needs(claim))

    def _needs(self, claim: Claim) -> str:
        """Say which presets decide a claim; those of data or machines that the lab does not have are not offered."""
        offered = [preset.name for preset in self.spec.presets if preset.name in claim.presets]
        return f"needs preset {' or '.join(offered or claim.presets)}" + ("" if offered else ", which is not offered yet")


def geometric_grid(total: int, per_decade: int = 20) -> NDArray[np.int64]:
    """Return the steps to measure: 0, about `per_decade` a decade, and the last, as sorted unique integers.

    Grid points do not depend on `total` except for the last, so that a longer run measures the same steps.
    """
    if total < 1:
        return np.zeros(1, dtype=np.int64)
    exponents = np.arange(0, int(np.ceil(np.log10(total) * per_decade)) + 1)
    points = np.unique(np.round(10.0 ** (exponents / per_decade)).astype(np.int64))
    return np.unique(np.concatenate(([0], points[points < total], [total])))
