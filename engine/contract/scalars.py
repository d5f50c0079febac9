"""The scalars of a run: what a study collects over many runs and draws against a knob. Declared once, answered by each run.

A user knows them as `values`. A quantity is measured at every step; a scalar is one number a seed (or one of the run).

>>> Scalar("grok_step", "first step with 95 % of test pairs right", "step", log=True, whole=True)
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Scalar:
    """One number of a run, declared before anything is computed.

    name: snake_case, the word of the command line; label: for axes and tables.
    log: it spans decades, and an axis of it is logarithmic. whole: it counts something.
    """

    name: str
    label: str
    unit: str = ""
    log: bool = False
    whole: bool = False


@dataclass(frozen=True)
class ScalarValue:
    """What a run answers for a scalar.

    seeds: one number per seed, or one of the whole run where its seeds make one answer; nan where there is none.
    censored: as long; the run ended before the awaited event, and the number is a lower bound.
    reason: why there is none ("needs d up to 400", "pending"); empty where there is one.
    """

    scalar: Scalar
    seeds: tuple[float, ...] = ()
    censored: tuple[bool, ...] = ()
    reason: str = ""

    @property
    def value(self) -> float:
        """The median over the seeds that have a number; nan where none has."""
        there = self._there()
        return float(median(there)) if there else math.nan

    @property
    def lo(self) -> float:
        """The least over the seeds; nan where none has a number."""
        return min(self._there(), default=math.nan)

    @property
    def hi(self) -> float:
        """The greatest over the seeds; nan where none has a number."""
        return max(self._there(), default=math.nan)

    @property
    def any_censored(self) -> bool:
        """Whether a seed's number is a lower bound."""
        return any(self.censored)

    @property
    def value_censored(self) -> bool:
        """Whether the median itself is a lower bound: one of the seeds in the middle is."""
        ranked = sorted(pair for pair in zip(self.seeds, self.censored, strict=True) if not math.isnan(pair[0]))
        middle = ranked[(len(ranked) - 1) // 2 : len(ranked) // 2 + 1] if ranked else []
        return any(bound for _, bound in middle)

    @property
    def sound(self) -> bool:
        """Whether its parts belong together: as many marks as numbers, a reason exactly where no number is, nothing infinite.

        A bound is a number.
        """
        if len(self.seeds) != len(self.censored) or any(map(math.isinf, self.seeds)):
            return False
        bounds = (seed for seed, bound in zip(self.seeds, self.censored, strict=True) if bound)
        return bool(self.reason) != bool(self._there()) and not any(map(math.isnan, bounds))

    def _there(self) -> list[float]:
        return [seed for seed in self.seeds if not math.isnan(seed)]


def values_record(scalars: Iterable[ScalarValue]) -> dict[str, dict[str, Any]]:
    """Return scalars as the JSON that everything prints: by name, numbers as numbers, null with a `reason` where there is none."""
    return {item.scalar.name: _record(item) for item in scalars}


def _record(item: ScalarValue) -> dict[str, Any]:
    record = {
        "value": _number(item.value), "lo": _number(item.lo), "hi": _number(item.hi), "unit": item.scalar.unit,
        "seeds": [_number(seed) for seed in item.seeds], "censored": list(item.censored),
    }  # fmt: skip
    return {**record, "reason": item.reason} if item.reason else record


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
