"""A `Snapshot` as the bytes of one npz file and back: all arrays of one kind end to end, and one JSON text that cuts them.

A snapshot holds hundreds of short arrays; one entry of the archive for each would cost more than the numbers do.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import Claim, Detail, DetailRow, Layer, Marker, Phase, Picture, Series, Snapshot, Status, Verdict
from engine.store.files import archive, damaged, read_archive
from engine.store.strict_json import dumps, loads

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
        tree = loads(arrays[_TEXT].tobytes())
        return _snapshot(_restored(tree, arrays))
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise damaged(path) from error


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
            return {field.name: self.tree(getattr(value, field.name)) for field in dataclasses.fields(value)}
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
        size = int(np.prod(shape, dtype=np.int64))
        return arrays[kind][start : start + size].reshape(shape)
    return {key: _restored(item, arrays) for key, item in value.items()}


def _snapshot(tree: dict[str, Any]) -> Snapshot:
    return Snapshot(
        **{
            **tree,
            "phase": Phase(tree["phase"]),
            "seeds": tuple(tree["seeds"]),
            "notes": tuple(tree["notes"]),
            "groups": tuple(tree["groups"]),
            "series": _each(tree["series"], Series),
            "markers": _each(tree["markers"], Marker),
            "pictures": _each(tree["pictures"], _picture),
            "verdicts": _each(tree["verdicts"], _verdict),
            "details": _each(tree["details"], _detail),
        }
    )


def _each(rows: list[dict[str, Any]], make: Callable[..., Any]) -> tuple[Any, ...]:
    return tuple(make(**row) for row in rows)


def _picture(**row: Any) -> Picture:
    extent = None if row["extent"] is None else tuple(row["extent"])
    return Picture(**{**row, "layers": _each(row["layers"], _layer), "extent": extent, "legend": tuple(row["legend"])})


def _verdict(**row: Any) -> Verdict:
    claim = row["claim"]
    return Verdict(**{**row, "claim": Claim(**{**claim, "presets": tuple(claim["presets"])}), "status": Status(row["status"])})


def _layer(**row: Any) -> Layer:
    return Layer(**{**row, "labels": tuple(row["labels"])})


def _detail(**row: Any) -> Detail:
    return Detail(**{**row, "rows": _each(row["rows"], DetailRow)})
