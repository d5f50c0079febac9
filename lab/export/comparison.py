"""`genlab compare`: runs of one phenomenon side by side, printed or as files; what is drawn of them is made in `screens.comparison`."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import numpy as np

from engine.config import Config
from engine.contract import Snapshot
from engine.errors import UsageError, echoed, nearest
from engine.registry import spec
from engine.store import RunFolder
from lab.export.formats import FORMATS, drawing_count, drawn, event_writer, put, require_drawings
from lab.export.provenance import Provenance, file_word
from lab.export.tables import POINTS, VALUES, curve_arrays, points, value_lines, write_document, write_table_file
from lab.export.text_figures import print_figure, theme_of
from lab.export.text_file import write_text
from lab.output import BETWEEN_COLUMNS, console, emit, plain, result_event, write, write_table
from lab.stored import load_run
from screens.application import ExportRequest
from screens.comparison import Comparison, compare
from screens.comparison_tables import DIFFERENCES, ComparisonTable, comparison_tables, marked_letters

Loaded = Mapping[str, tuple[RunFolder, Snapshot]]
MOST = len(ascii_lowercase)  # each run is called by a letter at the head of a table
MANY = "Compare fewer; genlab sweep collects the values of many runs and draws them over their knobs."


def compare_runs(names: Sequence[str], runs: Path | None, height: int, *, json: bool = False) -> None:
    """Print stored runs side by side, or as one JSON object.

    Raises:
        UsageError: a single run, runs of different phenomena, or of other data under one name.
        StoreError: no such run, or damaged.
    """
    loaded = load_named(names, runs)
    comparison = compared(loaded)
    if json:
        emit({"event": "compare", **_document(loaded, comparison)})
    else:
        print_comparison(comparison, height)


def load_named(names: Sequence[str], runs: Path | None) -> dict[str, tuple[RunFolder, Snapshot]]:
    """Load runs, each by its name; those whose names are equal, in different folders, by their paths. The same run counts once."""
    found = {folder.path.resolve(): (folder, snapshot) for folder, snapshot in (load_run(name, runs) for name in names)}
    count = Counter(folder.name for folder, _ in found.values())
    return {folder.name if count[folder.name] == 1 else f"{folder.path}": (folder, snapshot) for folder, snapshot in found.values()}


def compared(loaded: Loaded) -> Comparison:
    """Put loaded runs side by side.

    Raises:
        UsageError: a single run, runs of different phenomena, or of other data under one name.
    """
    snapshots = [snapshot for _, snapshot in loaded.values()]
    kinds = sorted({snapshot.phenomenon for snapshot in snapshots})
    if len(kinds) > 1:
        raise UsageError(f"only runs of one phenomenon can be compared, got {' and '.join(kinds)}", "See: genlab runs")
    if not 2 <= len(loaded) <= MOST:
        raise UsageError(
            f"comparing takes two different runs or more, at most {MOST}, got {len(loaded)}",
            MANY if len(loaded) > MOST else "See: genlab runs",
        )
    declared = spec(kinds[0])
    _require_same_data(declared.config, loaded)
    return compare(declared, snapshots, list(loaded))


def _require_same_data(config: type[Config], loaded: Loaded) -> None:
    """An imported name stands for the same content in all runs that have it."""
    for beside, extra in ((name, field.json_schema_extra) for name, field in config.model_fields.items()):
        knob = extra.get("content_of") if isinstance(extra, dict) else None
        seen: dict[Any, tuple[str, Any]] = {}
        for run, (_, snapshot) in loaded.items():
            name, content = snapshot.config.get(str(knob)), snapshot.config.get(beside, "")
            other, before = seen.setdefault(name, (run, content))
            if knob is not None and content != before:
                sentence = f"the data set {name} of {run} has another content than that of {other}"
                raise UsageError(sentence, "Compare runs on the same data; genlab data list names what is imported.")


# ---------------------------------------------------------------- printed


def print_comparison(comparison: Comparison, height: int) -> None:
    """Print differences, figures, values and verdicts. A table's heads have the mark of the curves."""
    shown = comparison.snapshot
    theme = theme_of(shown.groups)
    letters = [letter.plain for letter in marked_letters(comparison, theme)]
    headings = [f"{letter} {name}" for letter, name in zip(letters, comparison.stored, strict=True)]
    tables = comparison_tables(comparison, headings, console().width, BETWEEN_COLUMNS, letters)
    write(plain(f"{shown.run} compared"), style="bold")
    _print_tables(table for table in tables if table.of == DIFFERENCES)
    for figure in comparison.spec.figures:
        print_figure(figure, shown.series, shown.markers, height, theme)
    _print_tables(table for table in tables if table.of != DIFFERENCES)
    for note in shown.notes:
        write(plain(f"note: {note}"))
    for name, run in zip(comparison.names, comparison.runs, strict=True):
        if not run.phase.over:
            write(plain(f"{name} still computes: this is what it had stored last"))


def _print_tables(tables: Iterable[ComparisonTable]) -> None:
    for table in tables:
        write_table(table.columns, table.rows, title=table.title)


# ---------------------------------------------------------------- as files


def export_comparison(names: Sequence[str], runs: Path | None, wanted: ExportRequest) -> list[Path]:
    """Write stored runs side by side in one format and return the files written; either all of them or none.

    Raises:
        UsageError: as `compare_runs`; unknown format or figure, a writer that is not installed, or a file is there.
        StoreError: no such run, damaged, or the folder cannot be written.
    """
    if wanted.to not in FORMATS:
        raise UsageError(f"no format {echoed(wanted.to)!r} of a comparison{nearest(wanted.to, FORMATS)}", "formats: " + ", ".join(FORMATS))
    loaded = load_named(names, runs)
    whole = compared(loaded)
    origins = {file_word(called): origin for called, origin in whole.origins.items()}
    comparison = _only(whole, [file_word(name) for name in wanted.figures])
    loaded = _only_drawn(loaded, [origins.get(file_word(name), name) for name in wanted.figures])
    count = drawing_count(comparison.spec, comparison.snapshot)
    require_drawings("these runs", count, wanted, "genlab compare without --to says how far they are")
    return put(wanted, count, lambda aside: _written(loaded, comparison, aside, wanted))


def _only(comparison: Comparison, figures: Sequence[str]) -> Comparison:
    """Keep some figures, each called as its file is, or as the phenomenon declares that of which it is made."""
    if not figures:
        return comparison
    there = list(dict.fromkeys(name for called, origin in comparison.origins.items() for name in (origin, file_word(called))))
    for name in figures:
        if name not in there:
            raise UsageError(f"no figure {echoed(name)!r} to compare{nearest(name, there)}", "figures: " + ", ".join(there))
    kept = tuple(figure for figure in comparison.spec.figures if {file_word(figure.name), comparison.origins[figure.name]} & set(figures))
    series = tuple(item for figure in kept for item in figure.draws(comparison.snapshot.series))
    return replace(comparison, spec=replace(comparison.spec, figures=kept), snapshot=replace(comparison.snapshot, series=series))


def _only_drawn(loaded: Loaded, figures: Sequence[str]) -> dict[str, tuple[RunFolder, Snapshot]]:
    """Keep of every run the curves that some of the phenomenon's figures draw; all of them where none is named."""
    found = {}
    for name, (folder, snapshot) in loaded.items():
        chosen = [figure for figure in spec(snapshot.phenomenon).figures if figure.name in figures]
        kept = {item.name for figure in chosen for item in figure.draws(snapshot.series)}
        series = tuple(item for item in snapshot.series if item.name in kept or not figures)
        found[name] = folder, replace(snapshot, series=series)
    return found


def _written(loaded: Loaded, comparison: Comparison, place: Path, wanted: ExportRequest) -> Iterator[Path]:
    about = provenance(loaded, comparison)
    declared, shown = comparison.spec, comparison.snapshot
    writers: dict[str, Callable[[], Iterator[Path]]] = {
        "csv": partial(_write_csv, loaded, comparison, about, place),
        "json": partial(_write_json, loaded, comparison, about, place),
        "npz": partial(_write_npz, loaded, comparison, about, place),
        "tensorboard": partial(_write_events, loaded, comparison, about, place),
        "txt": partial(write_text, declared, shown, about, place),
    }
    return writers[wanted.to]() if wanted.to in writers else drawn(declared, shown, about, place, wanted)


def provenance(loaded: Loaded, comparison: Comparison) -> Provenance:
    """Where the numbers of a comparison come from: the commands of its runs one after another."""
    each = [Provenance.of(folder, snapshot) for folder, snapshot in loaded.values()]
    digest = hashlib.sha256(" ".join(about.digest for about in each).encode()).hexdigest()[:16]
    versions = {name: version for about in each for name, version in about.versions.items()}
    seeds = tuple(dict.fromkeys(seed for about in each for seed in about.seeds))
    turned = tuple(f"{name}: {line}" for name, about in zip(comparison.names, each, strict=True) for line in about.turned)
    name = f"{comparison.spec.name}-compared-{digest[:8]}"
    return Provenance(name, "; ".join(about.command for about in each), versions, seeds, digest, turned, kind="runs")


def _write_csv(loaded: Loaded, comparison: Comparison, about: Provenance, place: Path) -> Iterator[Path]:
    """`differences`; `series`, a line a point of every run's own curves; `values`, a line a seed; `about`."""
    each = [(name, called, snapshot) for (name, (_, snapshot)), called in zip(loaded.items(), comparison.names, strict=True)]
    yield write_table_file(place / f"{about.run}-differences.csv", ("", *comparison.stored), comparison.differences())
    curves = ([name, called, *line] for name, called, snapshot in each for item in snapshot.series for line in points(item))
    yield write_table_file(place / f"{about.run}-series.csv", ("run", "called", *POINTS), curves)
    values = ([name, called, *line] for name, called, snapshot in each for line in value_lines(snapshot))
    yield write_table_file(place / f"{about.run}-values.csv", ("run", "called", *VALUES), values)
    yield write_document(place / f"{about.run}-about.json", about.record)


def _write_json(loaded: Loaded, comparison: Comparison, about: Provenance, place: Path) -> Iterator[Path]:
    yield write_document(place / f"{about.run}.json", {"about": about.record, **_document(loaded, comparison, curves=True)})


def _write_npz(loaded: Loaded, comparison: Comparison, about: Provenance, place: Path) -> Iterator[Path]:
    """Every run's curves and values as `export` names them, behind what legends call the run; `about` and `runs`, the runs' own names."""
    arrays = {"about": np.array(about.text), "runs": np.array(comparison.stored), "called": np.array(comparison.names)}
    for called, (_, snapshot) in zip(_file_names(comparison.names), loaded.values(), strict=True):
        arrays |= {f"{called}/{name}": values for name, values in curve_arrays(snapshot).items()}
    path = place / f"{about.run}.npz"
    np.savez_compressed(path, allow_pickle=False, **arrays)
    yield path


def _write_events(loaded: Loaded, comparison: Comparison, about: Provenance, place: Path) -> Iterator[Path]:
    """A folder for TensorBoard's `--logdir`, in which every run has its own, called as in legends."""
    write_run, whole = event_writer(), place / f"{about.run}-tensorboard"
    whole.mkdir()
    for called, (folder, snapshot) in zip(_file_names(comparison.names), loaded.values(), strict=True):
        write_run(folder, Provenance.of(folder, snapshot), whole / called)
    yield whole


def _file_names(names: Sequence[str]) -> list[str]:
    """What legends call the runs, in letters that the name of a file may have, no two alike."""
    found = [re.sub(r"[^\w.=+-]+", "-", name).strip("-.") for name in names]
    count = Counter(found)
    return [f"{name}-{letter}" if count[name] > 1 or not name else name for name, letter in zip(found, ascii_lowercase, strict=False)]


def _document(loaded: Loaded, comparison: Comparison, *, curves: bool = False) -> dict[str, Any]:
    """The runs with their values and claims, where they differ, and on request their curves, as JSON types."""
    runs = []
    for (name, (_, snapshot)), called in zip(loaded.items(), comparison.names, strict=True):
        record = {**result_event(snapshot), "run": name, "called": called}
        runs.append({**record, "series": [vars(item) for item in snapshot.series]} if curves else record)
    return {"phenomenon": comparison.spec.name, "differ": {row[0]: list(row[1:]) for row in comparison.differences()}, "runs": runs}
