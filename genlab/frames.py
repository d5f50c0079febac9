"""An outcome's curves as a table: a pandas frame where pandas is installed, else a dict of arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import Series

LONG = ("series", "label", "kind", "x", "value", "lo", "hi")


def long_form(series: Sequence[Series]) -> dict[str, NDArray[Any]]:
    """A line a point: series, label, kind (measured or theory), x, value, lo, hi; nan where a curve has no band."""
    columns: dict[str, list[NDArray[Any]]] = {name: [] for name in LONG}
    for item in series:
        count = len(item.x)
        for name, words in (("series", item.name), ("label", item.label), ("kind", item.kind)):
            columns[name].append(np.full(count, words, dtype=object))
        for name, numbers in (("x", item.x), ("value", item.y), ("lo", item.lo), ("hi", item.hi)):
            columns[name].append(np.full(count, np.nan) if numbers is None else np.asarray(numbers, dtype=np.float64))
    return {name: np.concatenate(parts) if parts else np.empty(0) for name, parts in columns.items()}


def wide_form(series: Sequence[Series], x: str) -> dict[str, NDArray[Any]]:
    """A line for every x that occurs, a column a series by its name; nan where a series has no point. x: the first column's name."""
    at = np.unique(np.concatenate([np.asarray(item.x, dtype=np.float64) for item in series] or [np.empty(0)]))
    columns = {x: at}
    for item in series:
        columns[item.name] = np.full(len(at), np.nan)
        columns[item.name][np.searchsorted(at, item.x)] = item.y
    return columns


def framed(columns: Mapping[str, NDArray[Any]]) -> Any:
    """The columns as a pandas frame, where pandas is installed."""
    try:
        import pandas  # type: ignore[import-untyped,unused-ignore]  # here, since it is slow to load and may be missing
    except ImportError:
        return dict(columns)
    return pandas.DataFrame(dict(columns))
