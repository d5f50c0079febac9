"""For which settings a claim is meant: conditions on a phenomenon's knobs, with the words that a reader is told them in.

>>> conditions = (one_of("model", "gromov"), within("p", 31))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any


def untold(config: Any) -> bool:
    """The test of a condition that was read from a stored run, which keeps its words alone.

    Raises:
        LookupError: always; what a stored run's claims came to is stored with them.
    """
    raise LookupError("a stored condition has words and no test")


@dataclass(frozen=True)
class Condition:
    """One condition on the settings. words: what is needed ("p at least 31"); test: whether a config meets it."""

    words: str
    test: Callable[[Any], bool] = field(default=untold, compare=False, repr=False, metadata={"stored": False})


def one_of(knob: str, *values: Any) -> Condition:
    """A knob has one of these values: `model gromov`, `act square or relu`."""
    return Condition(f"{knob} {' or '.join(_written(value) for value in values)}", lambda config: getattr(config, knob) in values)


def within(knob: str, lo: float | None = None, hi: float | None = None) -> Condition:
    """A number lies between bounds, both inclusive; every element of it, where the knob is a list."""

    def inside(config: Any) -> bool:
        value = getattr(config, knob)
        items = value if isinstance(value, tuple) else (value,)
        return all((lo is None or item >= lo) and (hi is None or item <= hi) for item in items)

    if lo is not None and hi is not None:
        return Condition(f"{knob} between {lo:.12g} and {hi:.12g}", inside)
    return Condition(f"{knob} at least {lo:.12g}" if lo is not None else f"{knob} at most {hi:.12g}", inside)


def unmet(conditions: Iterable[Condition], config: Any) -> str:
    """Return what a config lacks, as `needs p at least 31, model gromov`; empty where it meets every condition."""
    lacking = [condition.words for condition in conditions if not condition.test(config)]
    return f"needs {', '.join(lacking)}" if lacking else ""


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
