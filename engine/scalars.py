"""How a run answers for its scalars: a function from the experiment to an `Answer`, one kind for all phenomena.

>>> def _grok_step(run: Grokking) -> Answer:
...     return event(run.readings.grokked(), run.readings.over(), run.config.steps)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import numpy as np

from engine.contract import Scalar, ScalarValue

P = TypeVar("P", contravariant=True)


@dataclass(frozen=True)
class Answer:
    """A scalar's numbers without its declaration: one per seed, or one of the run; or the reason why there are none."""

    seeds: tuple[float, ...] = ()
    censored: tuple[bool, ...] = ()
    reason: str = ""

    def of(self, scalar: Scalar) -> ScalarValue:
        """Return the value of a scalar."""
        return ScalarValue(scalar, self.seeds, self.censored, self.reason)


Readers: TypeAlias = Mapping[str, Callable[[P], Answer]]

PENDING = Answer(reason="pending")


def found(values: Any, otherwise: str = "not a finite number") -> Answer:
    """Numbers that were measured: (seeds,) or one; those that are not finite are none. otherwise: the reason where none is finite."""
    seeds = np.atleast_1d(np.asarray(values, dtype=np.float64)).ravel()
    seeds = np.where(np.isfinite(seeds), seeds, np.nan)
    return Answer(tuple(map(float, seeds)), (False,) * len(seeds), "" if np.isfinite(seeds).any() else otherwise)


def absent(reason: str) -> Answer:
    """There is no number, and why ("needs model gromov")."""
    return Answer(reason=reason)


def event(steps: Any, over: bool, last: float) -> Answer:
    """When something happened: steps (seeds,), nan where it did not: pending while the run goes on, then `last` bounds it."""
    seeds = np.atleast_1d(np.asarray(steps, dtype=np.float64))
    missing = ~np.isfinite(seeds)
    if not missing.any():
        return found(seeds)
    return bounded(np.where(missing, last, seeds), missing) if over else PENDING


def bounded(values: Any, censored: Iterable[Any], otherwise: str = "not a finite number") -> Answer:
    """Numbers (seeds,), some of which are lower bounds, since the run ended before their event."""
    answer = found(values, otherwise)
    marks = tuple(bool(mark) and bool(np.isfinite(seed)) for mark, seed in zip(censored, answer.seeds, strict=True))
    return Answer(answer.seeds, marks, answer.reason)
