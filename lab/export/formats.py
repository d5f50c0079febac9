"""A run as files for other programs: csv, json, npz, svg, png, TensorBoard. Figures keep their declared axes and series."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.contract import Series, Snapshot
from engine.errors import StoreError, UsageError, echoed, nearest
from engine.paths import expanded
from engine.store import RunFolder
from lab.export.run_document import run_document
from lab.output import strict
from lab.stored import load_run

ELSEWHERE = "Name another folder with --out DIR."


def export_run(run: str, runs: Path | None, to: str, target: Path | None = None, *, force: bool = False) -> list[Path]:
    """Write a run in one format into a folder (the present one when None) and return the files written.

    force: replace files that are there, and the folder of an earlier export; a link is replaced, never followed.

    Raises:
        UsageError: unknown format, one whose writer is not installed, no such user, or a file is there and `force` is not given.
        StoreError: no such run, damaged, or the folder cannot be written.
    """
    folder, snapshot = load_run(run, runs)
    if to not in WRITERS:
        raise UsageError(f"no format {echoed(to)!r}{nearest(to, WRITERS)}", "formats: " + ", ".join(WRITERS))
    place = expanded(target or Path(), ELSEWHERE)
    try:
        place.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".genlab-export-", dir=place) as aside:
            made = list(WRITERS[to](folder, snapshot, Path(aside)))
            return _put_in_place(made, place, force=force)
    except OSError as error:
        cause = (error.strerror or str(error)).lower()
        raise StoreError(f"cannot write to {place}: {cause}", ELSEWHERE) from error


def _put_in_place(made: Sequence[Path], place: Path, *, force: bool) -> list[Path]:
    targets = [place / path.name for path in made]
    for path, target in zip(made, targets, strict=True):
        if not force and os.path.lexists(target):
            raise UsageError(f"{target} is there already", "Add --force to replace it, or name another folder with --out DIR.")
        if _is_folder(target) != path.is_dir() and os.path.lexists(target) and not target.is_symlink():
            raise UsageError(f"{target} is a {'folder' if target.is_dir() else 'file'}, which is left alone", ELSEWHERE)
    for path, target in zip(made, targets, strict=True):
        if _is_folder(target):
            shutil.rmtree(target)
        elif path.is_dir():
            target.unlink(missing_ok=True)  # a link, which no folder replaces
        path.replace(target)
    return targets


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def write_csv(folder: RunFolder, snapshot: Snapshot, place: Path) -> Iterator[Path]:
    """Two tables: measurements, a column per quantity (of each network or seed); curves, a line per point, as the figures show them."""
    records, _ = folder.records()
    flat = [{"step": step, **_columns(values)} for step, values in records]
    columns = list(dict.fromkeys(name for row in flat for name in row))
    yield _table(place / f"{folder.name}-metrics.csv", columns, ([row.get(name, "") for name in columns] for row in flat))
    points = (line for series in snapshot.series for line in _points(series))
    yield _table(place / f"{folder.name}-series.csv", ["series", "label", "kind", "basis", "group", "x", "y", "lo", "hi"], points)


def write_json(folder: RunFolder, snapshot: Snapshot, place: Path) -> Iterator[Path]:
    """One document: manifest, claims, curves, markers, pictures, measurements."""
    path = place / f"{folder.name}.json"
    records, note = folder.records()
    measured = [{"step": step, "values": values} for step, values in records]
    whole = {**run_document(folder, snapshot), "measurements": measured, "note": note}
    path.write_text(json.dumps(strict(whole), allow_nan=False, indent=1) + "\n", encoding="utf-8")
    yield path


def write_npz(folder: RunFolder, snapshot: Snapshot, place: Path) -> Iterator[Path]:
    """The problem and its solution under the field's letters, and every curve as `series/NAME/x`, `/y`, `/lo`, `/hi`."""
    arrays: dict[str, NDArray[Any]] = {}
    for series in snapshot.series:
        parts = {"x": series.x, "y": series.y, "lo": series.lo, "hi": series.hi}
        arrays |= {f"series/{series.name}/{part}": values for part, values in parts.items() if values is not None}
    arrays |= {f"picture/{picture.name}": picture.values for picture in snapshot.pictures if picture.values is not None}
    if (folder.path / "arrays.npz").exists():
        arrays |= folder.load_arrays()
    path = place / f"{folder.name}.npz"
    np.savez_compressed(path, allow_pickle=False, **arrays)
    yield path


def write_tensorboard(folder: RunFolder, snapshot: Snapshot, place: Path) -> Iterator[Path]:
    """Every measurement as a scalar of TensorBoard.

    Raises:
        UsageError: its writer is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter  # here, since torch is slow to load and tensorboard may be missing
    except ImportError:
        raise UsageError("the writer of TensorBoard is not installed", "pip install tensorboard, or use --to csv") from None
    path = place / f"{folder.name}-tensorboard"
    with SummaryWriter(str(path)) as writer:
        for step, values in folder.records()[0]:
            for name, value in _columns(values).items():
                writer.add_scalar(name, value, step)
    yield path


def _figures(kind: str) -> Any:
    def write(folder: RunFolder, snapshot: Snapshot, place: Path) -> Iterator[Path]:
        try:
            from lab.export.image_files import write_figures  # here, since matplotlib may be missing
        except ImportError:
            raise UsageError(f"drawing {kind} files takes matplotlib, which is not installed", "pip install matplotlib") from None
        return write_figures(snapshot, folder.name, place, kind)

    return write


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """A record with lists spread: `loss` of two networks becomes `loss/0`, `loss/1`."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= {f"{name}/{index}": item for index, item in enumerate(value)} if isinstance(value, list | tuple) else {name: value}
    return flat


def _points(series: Series) -> Iterator[list[Any]]:
    head = [series.name, series.label, series.kind, series.basis, series.group]
    for index in range(len(series.x)):
        band = [float(edge[index]) if edge is not None else "" for edge in (series.lo, series.hi)]
        yield [*head, float(series.x[index]), float(series.y[index]), *band]


def _table(path: Path, columns: list[str], lines: Iterable[Iterable[Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(lines)
    return path


WRITERS = {
    "csv": write_csv,
    "json": write_json,
    "npz": write_npz,
    "svg": _figures("svg"),
    "png": _figures("png"),
    "tensorboard": write_tensorboard,
}
