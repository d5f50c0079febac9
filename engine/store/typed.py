"""From plain JSON back to the dataclasses of the contract: every value is checked against its annotation before anybody uses it."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
ARRAYS = {"np": np, "NDArray": NDArray, "Floats": NDArray[np.float64]}  # what the contract names without importing NumPy


def typed(kind: type[T], tree: Any) -> T:
    """Return a dataclass from a dict of its fields; arrays in it stand for themselves, fields that are missing have their defaults.

    Raises:
        ValueError, TypeError: something in it is not what its annotation says.
    """
    made: T = _typed(kind, tree)
    return made


def _typed(hint: Any, value: Any) -> Any:
    kind, given = typing.get_origin(hint), typing.get_args(hint)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return hint(**{name: _typed(_hints(hint).get(name), item) for name, item in _of(dict, value).items()})
    if kind in (typing.Union, types.UnionType):
        return _one_of(given, value)
    if kind is tuple:
        items = _of(list, value)
        inner = given[:1] * len(items) if given[-1] is Ellipsis else given
        return tuple(_typed(*pair) for pair in zip(inner, items, strict=True))
    if kind in (dict, Mapping):
        return {name: _typed(given[1], item) for name, item in _of(dict, value).items()}
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(value)
    if hint is None or not _fits(kind or hint, given, value):
        raise TypeError(f"{type(value).__name__} is no {hint}")  # a name without an annotation is no field
    return value


def _one_of(hints: tuple[Any, ...], value: Any) -> Any:
    for hint in hints:
        try:
            return _typed(hint, value)
        except (TypeError, ValueError):
            continue
    raise TypeError(f"{type(value).__name__} is none of {hints}")


def _fits(kind: Any, given: tuple[Any, ...], value: Any) -> bool:
    if kind is Any:
        return True
    if kind is Literal:
        return value in given
    if kind is np.ndarray:
        return isinstance(value, np.ndarray) and value.dtype.kind in "biuf"
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return False
    return isinstance(value, int | float if kind is float else kind)


def _of(kind: type[T], value: Any) -> T:
    if not isinstance(value, kind):
        raise TypeError(f"{type(value).__name__} is no {kind.__name__}")
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind, localns=ARRAYS)
