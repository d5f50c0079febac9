"""A `Snapshot` as the bytes of one npz file and back: all arrays of one kind end to end, and one JSON text that cuts them.

A snapshot holds hundreds of short arrays; one entry of the archive for each would cost more than the numbers do.
"""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import Layer, Picture, ScalarValue, Series, Snapshot, Verdict
from engine.store.archives import archive, read_archive
from engine.store.files import damaged, printable
from engine.store.strict_json import dumps, loads
from engine.store.typed import typed

_TEXT = "snapshot"  # the archive's entry that holds the JSON
_ARRAY = "@array"  # marks a piece of an entry: {"@array": [kind, start, shape]}


def encode(snapshot: Snapshot) -> bytes:
    """Return the snapshot as an npz file."""
    packer = _Packer()
    text = dumps(packer.tree(snapshot)).encode()
    return archive({_TEXT: np.frombuffer(text, dtype=np.uint8), **packer.joined()})


def decode(path: Path) -> Snapshot:
    """Read a snapshot from an npz file.

    Raises:
        StoreError: missing, unreadable or damaged.
    """
    arrays = read_archive(path)
    try:
        snapshot = typed(Snapshot, _restored(printable(loads(arrays[_TEXT].tobytes())), arrays))
    except (KeyError, ValueError, TypeError, IndexError, AttributeError, OverflowError, RecursionError) as error:
        raise damaged(path) from error
    if not all(map(_drawable, snapshot.series)) or not all(map(_visible, snapshot.pictures)) or not _sound(snapshot.scalars):
        raise damaged(path)
    return snapshot


def decode_answers(path: Path) -> tuple[tuple[Verdict, ...], tuple[ScalarValue, ...]]:
    """Read the claims and scalars of a snapshot alone, without its curves, for lists of many runs.

    Raises:
        StoreError: missing, unreadable or damaged.
    """
    try:
        found = loads(read_archive(path)[_TEXT].tobytes())
        verdicts = typed(tuple[Verdict, ...], printable(found["verdicts"]))
        scalars = typed(tuple[ScalarValue, ...], printable(found.get("scalars", [])))
    except (KeyError, ValueError, TypeError, IndexError, AttributeError, OverflowError, RecursionError) as error:
        raise damaged(path) from error
    if not _sound(scalars):
        raise damaged(path)
    return verdicts, scalars


class _Packer:
    """Replaces arrays by references; an array met twice (steps shared by many curves) is kept once."""

    def __init__(self) -> None:
        self.pieces: dict[str, list[NDArray[Any]]] = {}
        self.ends: dict[str, int] = {}
        self.seen: dict[int, dict[str, Any]] = {}

    def tree(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return self.seen.get(id(value)) or self._kept(value)
        if dataclasses.is_dataclass(value):
            stored = (field.name for field in dataclasses.fields(value) if field.metadata.get("stored", True))
            return {name: self.tree(getattr(value, name)) for name in stored}
        return [self.tree(item) for item in value] if isinstance(value, tuple) else value

    def joined(self) -> dict[str, NDArray[Any]]:
        return {kind: np.concatenate(pieces) for kind, pieces in self.pieces.items()}

    def _kept(self, array: NDArray[Any]) -> dict[str, Any]:
        kind, start = array.dtype.str.lstrip("<>|="), self.ends.get(array.dtype.str.lstrip("<>|="), 0)
        self.pieces.setdefault(kind, []).append(array.ravel())
        self.ends[kind] = start + array.size
        self.seen[id(array)] = {_ARRAY: [kind, start, list(array.shape)]}
        return self.seen[id(array)]


def _restored(value: Any, arrays: dict[str, NDArray[Any]]) -> Any:
    if isinstance(value, list):
        return [_restored(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {_ARRAY}:
        kind, start, shape = value[_ARRAY]
        size = math.prod(shape)
        if not all(isinstance(item, int) and item >= 0 for item in (start, *shape)):
            raise ValueError("a place in an array is a whole number")
        return arrays[kind][start : start + size].reshape(shape)
    return {key: _restored(item, arrays) for key, item in value.items()}


def _drawable(series: Series) -> bool:
    """Whether the arrays of a curve belong together."""
    return all(item is None or (item.ndim == 1 and item.shape == series.x.shape) for item in (series.x, series.y, series.lo, series.hi))


def _sound(scalars: tuple[ScalarValue, ...]) -> bool:
    """Whether no two scalars share a name, and the parts of each belong together."""
    return len({item.scalar.name for item in scalars}) == len(scalars) and all(item.sound for item in scalars)


def _visible(picture: Picture) -> bool:
    return (picture.values is None or picture.values.ndim == 2) and all(map(_placed, picture.layers))


def _placed(layer: Layer) -> bool:
    """Whether a layer is points in a plane, and has as many frames as positions of the cursor and labels."""
    if layer.at is None or layer.frames is None:
        return layer.at is layer.frames and _in_plane(layer.xy)
    return _in_plane(layer.xy) and len(layer.at) == len(layer.frames) == len(layer.labels) and all(map(_in_plane, layer.frames))


def _in_plane(points: NDArray[Any]) -> bool:
    return points.size == 0 or (points.ndim == 2 and points.shape[1] == 2)
