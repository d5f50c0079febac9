"""An imported data set as the bytes of an npz file, and back; the same data give the same bytes, whose SHA-256 is its address."""

from __future__ import annotations

import datetime
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.own.entry import Entry, OwnData
from engine.errors import StoreError
from engine.store.archives import archive, unpacked
from engine.store.files import damaged


def packed(data: OwnData) -> bytes:
    """Return the npz file: X, y and shape, with the classes' names; or eigenvalues and perhaps signal."""
    if data.eigenvalues is not None:
        spectrum: dict[str, NDArray[Any]] = {"eigenvalues": data.eigenvalues}
        return archive(spectrum if data.signal is None else {**spectrum, "signal": data.signal})
    assert data.inputs is not None  # of every other kind
    arrays = {"X": np.ascontiguousarray(data.inputs), "y": data.y, "shape": np.array(data.shape, dtype=np.int64)}
    if data.kind == "classes":
        arrays["classes"] = np.array(data.classes, dtype=np.str_)
    return archive(arrays)


def described(name: str, data: OwnData, content: bytes) -> Entry:
    """Return the entry of a data set stored under this name as this content."""
    known: dict[str, Any] = {
        "name": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "kind": data.kind,
        "rows": data.rows,
        "size": len(content),
    }
    known |= {"source": data.source[:500], "imported": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")}
    if data.eigenvalues is not None:
        lo, hi = float(data.eigenvalues.min()), float(data.eigenvalues.max())
        return Entry(**known, lo=lo, hi=hi, signal=data.signal is not None)
    assert data.inputs is not None
    known |= {"shape": data.shape, "lo": float(data.inputs.min()), "hi": float(data.inputs.max()), "repeated": repeated(data.inputs)}
    known["whole_bytes"] = data.inputs.dtype == np.uint8
    if data.kind == "classes":
        counts = np.bincount(data.y, minlength=len(data.classes)).tolist()
        return Entry(**known, classes=data.classes, counts=tuple(counts))
    return Entry(**known, target_lo=float(data.y.min()), target_hi=float(data.y.max()))


def repeated(inputs: NDArray[Any]) -> int:
    """Return how many rows equal an earlier one."""
    return len(inputs) - len({hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in inputs})


def restored(entry: Entry, content: bytes, path: Path) -> OwnData:
    """Return the data of an entry from the content stored for it, after checking that it is what the entry says.

    Raises:
        StoreError: it is not.
    """
    if hashlib.sha256(content).hexdigest() != entry.sha256:
        raise damaged(path, "its content is no longer what was imported")
    arrays = unpacked(content, path)
    known: dict[str, Any] = {"kind": entry.kind, "name": entry.name, "sha256": entry.sha256, "source": entry.source}
    try:
        if entry.kind == "spectrum":
            data = OwnData(inputs=None, y=np.zeros(0), eigenvalues=arrays["eigenvalues"], signal=arrays.get("signal"), **known)
        else:
            classes = tuple(str(name) for name in arrays["classes"]) if entry.kind == "classes" else ()
            shape = tuple(int(length) for length in arrays["shape"])
            data = OwnData(inputs=arrays["X"], y=arrays["y"], shape=shape, classes=classes, **known)
        fits = _fits(entry, data)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        fits = False
    if not fits:
        raise StoreError(f"{path} is damaged: it does not hold what its entry says", f"genlab data import {entry.name} FILE --force")
    return data


def _fits(entry: Entry, data: OwnData) -> bool:
    if data.eigenvalues is not None:
        signal = data.eigenvalues if data.signal is None else data.signal
        shapes = data.eigenvalues.shape == signal.shape == (entry.rows,)
        return shapes and data.eigenvalues.dtype == signal.dtype == np.float64 and (data.signal is not None) == entry.signal
    assert data.inputs is not None
    typed = data.inputs.dtype in (np.uint8, np.float32, np.float64) and data.y.dtype == (np.int64 if data.classes else np.float64)
    shaped = data.inputs.shape == (entry.rows, entry.features) and data.y.shape == (entry.rows,) and data.shape == entry.shape
    inside = not data.classes or (data.y.min() >= 0 and data.y.max() < len(data.classes))
    return bool(typed and shaped and inside and data.classes == entry.classes)
