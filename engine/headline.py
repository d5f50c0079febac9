"""The headline of a run: what is being seen right now, with its numbers, as clauses of which a narrow screen shows the first ones.

A phenomenon's `headline.py` says it from what the run has measured, never from what it should find:

>>> def clauses(run: RandomLabels, known: Known) -> Iterator[str]:
...     yield when("random labels", "memorised", run.fitted_at(RANDOM), run.history.last)
...     yield f"test error {known.percent('test_error_random')}, chance {percent([run.chance])}"
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from statistics import median

import numpy as np
from numpy.typing import NDArray

from engine.contract import ScalarValue

LEAST = "at least "
SMALL, LARGE = 1e-3, 1e6  # numbers from the one to the other are written out


def percent(shares: Iterable[float]) -> str:
    """Write shares as `9.8 %`, several as `9.8 % (9.1 to 12)`; 0 % and 100 % are only what is exactly that."""
    return _spread(shares, _percent, " %")


def number(values: Iterable[float]) -> str:
    """Write numbers with three significant digits, several as their median with their range."""
    return _spread(values, written)


def written(value: float) -> str:
    """Write one number: `0.0321`, `2.00` with three significant digits, `3,650`, `1.2e-9`; a whole one as it is."""
    if float(value).is_integer() and abs(value) < LARGE:
        return f"{value:,.0f}"
    if not SMALL <= abs(value) < LARGE:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent)}"
    power = int(f"{value:.2e}".partition("e")[2])  # of the rounded number: .9996 is 1.00
    return f"{value:,.{max(0, 2 - power)}f}"


def step(values: Iterable[float]) -> str:
    """Write steps, or whatever else is counted, several as their median with their range."""
    return _spread(values, lambda value: f"{value:,.0f}")


def when(subject: str, done: str, steps: NDArray[np.float64], now: int) -> str:
    """Say at which step the subject was `done`, or in how many seeds, or that it was in none; without a subject, of the one before.

    steps: (seeds,), nan where it was not.
    """
    reached = steps[np.isfinite(steps)]
    if len(reached) == len(steps):
        said = f"{done} at step {step(reached)}"
    elif len(reached):
        said = f"{done} in {len(reached)} of {len(steps)} seeds by step {now:,}"
    else:
        said = f"not {done} by step {now:,}"
    return f"{subject} {said}".lstrip()


def pooled(seeds: Iterable[int]) -> tuple[str, ...]:
    """The clause that says what a range is, where there are several seeds."""
    count = len(tuple(seeds))
    return (f"median (range) of {count} seeds",) if count > 1 else ()


class Known:
    """The scalars of a run as words, by name."""

    def __init__(self, scalars: Iterable[ScalarValue]) -> None:
        self._scalars = {item.scalar.name: item for item in scalars}

    def has(self, *names: str) -> bool:
        """Whether all of these have a number."""
        return not any(self._scalars[name].reason for name in names)

    def value(self, name: str) -> float:
        """The median over the seeds that have a number."""
        return self._scalars[name].value

    def bounded(self, name: str) -> bool:
        """Whether the number only bounds the true one from below."""
        return self._scalars[name].value_censored

    def percent(self, name: str) -> str:
        """A share of one."""
        return self._written(name, percent)

    def number(self, name: str) -> str:
        """A number of any size."""
        return self._written(name, number)

    def count(self, name: str) -> str:
        """A whole number."""
        return self._written(name, step)

    def _written(self, name: str, write: Callable[[Iterable[float]], str]) -> str:
        """A number that only bounds the true one from below says so."""
        item = self._scalars[name]
        return (LEAST if item.value_censored else "") + write(item.seeds)


def _spread(values: Iterable[float], write: Callable[[float], str], unit: str = "") -> str:
    there = [float(value) for value in values if math.isfinite(value)]
    if not there:
        return "unknown"
    middle, low, high = write(median(there)), write(min(there)), write(max(there))
    return f"{middle}{unit}" if low == high else f"{middle}{unit} ({low} to {high})"


def _percent(share: float) -> str:
    value = 100 * share
    for digits in (0, 1) if abs(value) >= 10 else (1,):
        text = f"{value:,.{digits}f}"
        if float(text.replace(",", "")) not in (0.0, 100.0) or value in (0.0, 100.0):
            return text.removesuffix(".0")
    return "below 0.1" if value < 50 else "above 99.9"
