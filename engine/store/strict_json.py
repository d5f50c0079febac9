"""JSON that any reader accepts and that comes back exactly: float64 bit for bit, NaN and infinities as strings.

RFC 8259 has no NaN. Here `NaN`, `Infinity` and `-Infinity` are written as strings of that name, and a text that happens
to be one of these gets a `~` in front, so that decoding is the exact inverse of encoding.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

DEEPEST = 100  # lists within lists that a file may hold; ours hold seven
NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def plain(value: Any) -> Any:
    """Return a value as dicts, lists, text, booleans and Python numbers, as reading it back would give it.

    Raises:
        TypeError: the value is none of these and no NumPy array or number.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} is not a number, a text or a list of these")


def dumps(value: Any) -> str:
    """Return one line of strict JSON in ASCII.

    Raises:
        TypeError: as `plain`.
    """
    return json.dumps(_encoded(plain(value)), allow_nan=False, separators=(",", ":"))


def loads(text: str | bytes) -> Any:
    """Read what `dumps` wrote.

    Raises:
        ValueError: not strict JSON, not UTF-8, or nested beyond reason.
    """
    try:
        return _decoded(json.loads(text, parse_constant=_refuse))
    except (RecursionError, MemoryError):
        raise ValueError("nested too deeply") from None


def _encoded(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, str):
        return "~" + value if value.lstrip("~") in NON_FINITE else value
    if isinstance(value, list):
        return [_encoded(item) for item in value]
    return {key: _encoded(item) for key, item in value.items()} if isinstance(value, dict) else value


def _decoded(value: Any, depth: int = 0) -> Any:
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(value, str):
        if value in NON_FINITE:
            return NON_FINITE[value]
        return value[1:] if value.startswith("~") and value.lstrip("~") in NON_FINITE else value
    if isinstance(value, list):
        return [_decoded(item, depth + 1) for item in value]
    return {key: _decoded(item, depth + 1) for key, item in value.items()} if isinstance(value, dict) else value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
