"""A run as files for other programs, in every format: what `genlab export` and the key `e` do."""

from __future__ import annotations

import os
import shutil
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.contract import Snapshot, Spec
from engine.errors import StoreError, UsageError, echoed, nearest
from engine.paths import expanded
from engine.registry import spec
from engine.store import RunFolder, called
from lab.export.provenance import Provenance
from lab.export.tables import write_csv, write_json, write_npz
from lab.export.text_figures import with_points
from lab.export.text_file import write_text
from lab.stored import load_run
from screens.application import ExportRequest

ELSEWHERE = "Name another folder with --out DIR."
Writer = Callable[[RunFolder, Snapshot, Provenance, Path], Iterator[Path]]


class AlreadyThere(UsageError):
    """A file that nobody wants replaced."""


def export_runs(names: Sequence[str], runs: Path | None, wanted: ExportRequest) -> list[Path]:
    """Write stored runs, each by name or folder, in one format and return the files written; either all of them or none.

    Raises:
        UsageError: unknown format, figure or user, a writer that is not installed, two runs of one name, or a file that is there.
        StoreError: no such run, damaged, or the folder cannot be written.
    """
    loaded = {folder.path.resolve(): (folder, snapshot) for folder, snapshot in (load_run(name, runs) for name in names)}
    twice = [name for name, count in Counter(folder.name for folder, _ in loaded.values()).items() if count > 1]
    if twice:
        raise UsageError(f"two of the runs are called {twice[0]}, and so would their files", "Export them into two folders.")
    return export(list(loaded.values()), wanted)


def export(loaded: Sequence[tuple[RunFolder, Snapshot]], wanted: ExportRequest) -> list[Path]:
    """Write runs in one format into a folder and return the files written; either all of them or none.

    Raises:
        UsageError: unknown format, figure or user, a writer that is not installed, or a file is there and is not to be replaced.
        StoreError: a run is damaged, or the folder cannot be written.
    """
    if wanted.to not in FORMATS:
        raise UsageError(f"no format {echoed(wanted.to)!r}{nearest(wanted.to, FORMATS)}", "formats: " + ", ".join(FORMATS))
    chosen = [(folder, only(snapshot, wanted.figures)) for folder, snapshot in loaded]
    counts = {folder: drawing_count(_declared(snapshot, wanted), snapshot) for folder, snapshot in chosen}
    for folder, count in counts.items():
        require_drawings(folder.name, count, wanted, f"genlab show {called(folder.path)} says how far it is")
    total = sum(counts.values())
    return put(wanted, total, lambda aside: (path for folder, snapshot in chosen for path in _written(folder, snapshot, aside, wanted)))


def require_drawings(name: str, count: int, wanted: ExportRequest, hint: str) -> None:
    """Make sure that a file comes of what is to be drawn.

    Raises:
        UsageError: nothing does.
    """
    if not count and wanted.to in DRAWN:
        of = f" in {', '.join(wanted.figures)}" if wanted.figures else ""
        raise UsageError(f"there is nothing to draw{of} of {name} yet", hint)


def drawing_count(declared: Spec, snapshot: Snapshot) -> int:
    """How many figures and pictures there are to draw."""
    return sum(bool(with_points(figure, snapshot.series)) for figure in declared.figures) + len(snapshot.pictures)


def put(wanted: ExportRequest, drawings: int, write: Callable[[Path], Iterable[Path]]) -> list[Path]:
    """Let files be written aside and put them where they are wanted; either all of them or none. drawings: how many, if any are drawn.

    Raises:
        UsageError: a file is there and is not to be replaced.
        StoreError: the folder cannot be written.
    """
    place = expanded(wanted.folder or Path(), ELSEWHERE)
    count = drawings if wanted.to in DRAWN else 0
    missing = [folder for folder in (place, *place.parents) if not folder.exists()]
    undo = weakref.finalize(write, _remove_empty, missing)  # also where the program ends while this goes on
    try:
        place.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".genlab-export-", dir=place) as aside:
            made: list[Path] = []
            wanted.watch(0, count)
            for path in write(Path(aside)):
                made.append(path)
                wanted.watch(len(made), count)
            targets = _put_in_place(made, place, force=wanted.force)
        undo.detach()
        return targets
    except FileExistsError:  # of the folder itself: files are put in place with another check
        raise UsageError(f"{place} is a file, and no folder", ELSEWHERE) from None
    except OSError as error:
        cause = (error.strerror or str(error)).lower()
        raise StoreError(f"cannot write to {place}: {cause}", ELSEWHERE) from error
    finally:
        undo()


def _remove_empty(folders: Sequence[Path]) -> None:
    """Remove folders that were made for nothing, the innermost first."""
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()


def _written(folder: RunFolder, snapshot: Snapshot, place: Path, wanted: ExportRequest) -> Iterator[Path]:
    about = Provenance.of(folder, snapshot)
    if wanted.to in WRITERS:
        return WRITERS[wanted.to](folder, snapshot, about, place)
    declared = _declared(snapshot, wanted)
    return write_text(declared, snapshot, about, place) if wanted.to == "txt" else drawn(declared, snapshot, about, place, wanted)


def _declared(snapshot: Snapshot, wanted: ExportRequest) -> Spec:
    """The declaration with the wanted figures alone."""
    declared = spec(snapshot.phenomenon)
    return replace(declared, figures=tuple(item for item in declared.figures if item.name in wanted.figures or not wanted.figures))


def only(snapshot: Snapshot, figures: Sequence[str]) -> Snapshot:
    """What a snapshot shows in some figures and pictures alone; all of it where none is named.

    Raises:
        UsageError: no figure of that name, or there is nothing to draw in it.
    """
    if not figures:
        return snapshot
    declared = spec(snapshot.phenomenon)
    for name in figures:
        _require(name, snapshot, declared)
    named = [figure for figure in declared.figures if figure.name in figures]
    kept = {item.name for figure in named for item in figure.draws(snapshot.series)}
    return replace(
        snapshot,
        series=tuple(item for item in snapshot.series if item.name in kept),
        markers=tuple(item for item in snapshot.markers if any(fnmatchcase(figure.name, item.figure) for figure in named)),
        pictures=tuple(item for item in snapshot.pictures if item.name in figures),
    )


def _require(name: str, snapshot: Snapshot, declared: Spec) -> None:
    figures = {figure.name: figure for figure in declared.figures}
    pictures = {picture.name: "" for picture in declared.pictures}
    if name not in figures and name not in pictures:
        names = [*figures, *pictures]
        sentence = f"no figure {echoed(name)!r} of {declared.name}{nearest(name, names)}"
        raise UsageError(sentence, "figures: " + ", ".join(names))
    there = with_points(figures[name], snapshot.series) if name in figures else [item for item in snapshot.pictures if item.name == name]
    if not there:
        when = figures[name].empty if name in figures else ""
        raise UsageError(f"there is nothing to draw in {name} of this run", when[:1].upper() + when[1:])


def _put_in_place(made: Sequence[Path], place: Path, *, force: bool) -> list[Path]:
    targets = [place / path.name for path in made]
    for path, target in zip(made, targets, strict=True):
        if not force and os.path.lexists(target):
            raise AlreadyThere(f"{target} is there already", "Add --force to replace it, or name another folder with --out DIR.")
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


def drawn(declared: Spec, snapshot: Snapshot, about: Provenance, place: Path, wanted: ExportRequest) -> Iterator[Path]:
    """Write figures and pictures as drawings.

    Raises:
        UsageError: matplotlib is not installed.
    """
    try:
        from lab.export.image_files import write_figures  # here, since matplotlib may be missing
    except ImportError:
        sentence = f"drawing {wanted.to} files takes matplotlib, which is not installed"
        raise UsageError(sentence, "pip install 'genlab[plot]', or pip install matplotlib") from None
    return write_figures(declared, snapshot, about, place, wanted.to, wanted.width)


def write_tensorboard(folder: RunFolder, snapshot: Snapshot, about: Provenance, place: Path) -> Iterator[Path]:
    """Every measurement as a scalar of TensorBoard.

    Raises:
        UsageError: its writer is not installed.
    """
    yield event_writer()(folder, about, place / f"{about.run}-tensorboard")


def event_writer() -> Callable[[RunFolder, Provenance, Path], Path]:
    """Return what makes a folder with a run's event file.

    Raises:
        UsageError: TensorBoard's writer is not installed.
    """
    try:
        from lab.export.tensorboard_files import write_run  # here, since tensorboard may be missing
    except ImportError:
        sentence = "writing event files of TensorBoard takes the package tensorboard, which is not installed"
        raise UsageError(sentence, "pip install 'genlab[tensorboard]', or pip install tensorboard") from None
    return write_run


WRITERS: dict[str, Writer] = {
    "csv": write_csv,
    "json": write_json,
    "npz": write_npz,
    "tensorboard": write_tensorboard,
}
DRAWN = ("svg", "pdf", "png")
FORMATS = (*WRITERS, "txt", *DRAWN)
