"""The syntax of a grid: which values of a knob a sweep goes through.

    wd=0,0.3,1           a list, any of whose items may be a range
    wd=0.1:3:log5        five values from 0.1 to 3, evenly spaced in the logarithm; `lin5` evenly
    d=10:100:log4        of a knob that counts: rounded to whole numbers
    depth=1:4            every whole number from 1 to 4
    widths=8,16;32,64    a knob that is a list itself: its values are separated by semicolons

Values of a range are rounded to four significant digits, its ends are as they were typed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from engine.contract import Knob, Spec
from engine.errors import KnobError, UsageError, echoed

MOST_VALUES = 10_000  # of one knob
DIGITS = 4
_FORM = "a grid is KNOB=V1,V2,..., KNOB=LOW:HIGH:log5 (or lin5), or KNOB=1:10"
_RANGE = re.compile(r"([^:]*):([^:]*)(?::(log|lin)?(\d*))?")


def axes_of(spec: Spec, grid: Sequence[str], given: Collection[str]) -> dict[str, tuple[Any, ...]]:
    """Return the values of each knob on a grid, typed and each once, in the order given.

    given: knobs that have one value in all points.

    Raises:
        UsageError: malformed, empty, reversed or too long, no such knob, one given twice, or a value out of range.
    """
    axes: dict[str, tuple[Any, ...]] = {}
    for text in grid:
        name, equals, values = text.partition("=")
        if not equals or not values.strip(",; "):
            raise UsageError(f"{_FORM}, got {echoed(text)!r}", f"See: genlab info {spec.name}")
        item = spec.config.knob(name)
        axes[_once(item, axes, given)] = tuple(dict.fromkeys(_values(item, values)))
    return axes


def typed_axes(spec: Spec, grid: Mapping[str, Any], given: Collection[str]) -> dict[str, tuple[Any, ...]]:
    """Return the same for a grid from Python: knobs with sequences of values, or with text in the syntax of the command line.

    Raises:
        UsageError: as `axes_of`.
    """
    axes: dict[str, tuple[Any, ...]] = {}
    for name, values in grid.items():
        item = spec.config.knob(name)
        if isinstance(values, str):
            axes |= axes_of(spec, [f"{item.name}={values}"], {*given, *axes})
            continue
        listed = list(values) if isinstance(values, Sequence | np.ndarray) else [values]
        if not listed:
            raise UsageError(f"the grid of {item.label} is empty", "give at least one value")
        plain = [value.item() if isinstance(value, np.generic) else value for value in listed]
        axes[_once(item, axes, given)] = tuple(dict.fromkeys(item.parse(value) for value in plain))
    return axes


def _once(item: Knob, axes: Container[str], given: Collection[str]) -> str:
    if item.name in axes or item.name in given:
        raise UsageError(f"knob {item.name!r} is given twice", "Give it once: on the grid or as an option.")
    return item.name


def _values(item: Knob, text: str) -> Iterator[Any]:
    listed = item.kind in ("ints", "floats")
    for part in text.split(";" if listed else ","):
        if not part.strip():
            raise UsageError(f"the grid of {item.label} has an empty value: {echoed(text)!r}", _FORM)
        if ":" in part and item.kind in ("int", "float"):
            yield from _range(item, part.strip())
        else:
            yield item.parse(part.strip())


def _range(item: Knob, text: str) -> list[Any]:
    found = _RANGE.fullmatch(text)
    if found is None or (found[3] and not found[4]) or (found[4] and not found[3]):
        raise UsageError(f"a range is LOW:HIGH:log5, LOW:HIGH:lin5 or 1:10, got {echoed(text)!r}", _FORM)
    low, high = item.parse(found[1].strip()), item.parse(found[2].strip())
    if low >= high:
        said = f"the range of {item.label} goes from {item.format(low)} to {item.format(high)}"
        raise UsageError(
            f"{said}, and must rise", f"write {item.name}={found[2]}:{found[1]}" + (f":{found[3]}{found[4]}" if found[3] else "")
        )
    if not found[3]:
        return _every_whole(item, low, high)
    return _spaced(item, low, high, found[3] == "log", int(found[4]))


def _every_whole(item: Knob, low: Any, high: Any) -> list[Any]:
    if low != int(low) or high != int(high):
        raise UsageError(
            f"a range of {item.label} that is not of whole numbers needs a count, got {item.format(low)}:{item.format(high)}",
            f"write {item.name}={item.format(low)}:{item.format(high)}:lin5, or log5",
        )
    _require_few(item, int(high) - int(low) + 1)
    return [item.parse(value) for value in range(int(low), int(high) + 1)]


def _spaced(item: Knob, low: Any, high: Any, log: bool, count: int) -> list[Any]:
    _require_few(item, count)
    if count < 2:
        raise UsageError(f"a range of {item.label} has at least 2 values, got {count}", f"write {item.name}={item.format(low)} for one")
    if log and low <= 0:
        raise UsageError(
            f"a logarithmic range of {item.label} must begin above 0, got {item.format(low)}",
            f"add 0 beside it: {item.name}=0,{item.format(high / 100)}:{item.format(high)}:log{count}" if low == 0 else "",
        )
    values = np.geomspace(low, high, count) if log else np.linspace(low, high, count)
    rounded = [round(value) if item.kind == "int" else float(f"{value:.{DIGITS}g}") for value in values.tolist()]
    return [item.parse(value) for value in (low, *rounded[1:-1], high)]


def _require_few(item: Knob, count: int) -> None:
    if count > MOST_VALUES:
        raise KnobError(f"a grid has at most {MOST_VALUES:,} values of a knob, got {count:,} of {item.label}", "name fewer")
