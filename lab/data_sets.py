"""`genlab data`: which data sets there are, getting one ready, and taking in a person's own."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import typer

from engine.data import own
from engine.data.cache import cache_folder
from engine.data.own.folder import Damaged, require
from engine.data.published import PUBLISHED, place
from engine.data.registry import SOURCES, source
from engine.data.uses import Use, use_of
from engine.errors import Exit, UsageError, echoed, nearest
from engine.registry import entries, spec
from lab import published_data
from lab.output import emit, plain, say, write, write_table

SHOWN_CLASSES = 12


def print_data_sets(*, json: bool) -> None:
    """Print every data set, built in, published or imported, with its size, the shape of an input, and what it is for."""
    built_in = [(name, item.size, "x".join(map(str, item.shape)), item.classes) for name, item in SOURCES.items()]
    imported = own.entries()
    if json:
        for name, size, shape, classes in built_in:
            emit({"event": "dataset", "name": name, "images": size, "shape": shape, "classes": classes, "imported": False})
        for published in PUBLISHED.values():
            emit(published_data.record(published))
        for found in imported:
            emit(record(found) if isinstance(found, own.Entry) else {"event": "dataset", "name": found.name, "problem": found.why})
        return
    lines: list[tuple[Any, ...]] = [
        (name, size or "made to order", shape, f"{classes} classes", "built in") for name, size, shape, classes in built_in
    ]
    for published in PUBLISHED.values():
        shape, kind = "x".join(map(str, published.shape)), f"{len(published.classes)} classes"
        lines.append((published.name, published.train + published.tests, shape, kind, published_data.availability(published)))
    for found in imported:
        if isinstance(found, Damaged):
            lines.append((found.name, "", "", "damaged", found.why))
        else:
            what = f"{len(found.classes)} classes" if found.classes else found.kind
            wrong = damaged(found)
            lines.append((found.name, found.rows, "x".join(map(str, found.shape)), "damaged" if wrong else what, wrong or found.source))
    write_table(("name", "rows>", "shape", "kind", "from"), lines)


def print_data_set(name: str, *, json: bool) -> None:
    """Print what is known of a data set, and how it is used.

    Raises:
        UsageError: no such data set.
        DataError: its entry is damaged.
    """
    if name in SOURCES:
        item = SOURCES[name]
        facts = {"event": "dataset", "name": name, "images": item.size, "shape": "x".join(map(str, item.shape)), "classes": item.classes}
        if json:
            emit({**facts, "imported": False})
        else:
            of = f"{item.size or 'any number of'} images of {facts['shape']} in {item.classes} classes"
            write_table((name, of), [("from", "built in"), ("used by", commands(uses(name)[0]))])
        return
    if name in PUBLISHED:
        published = PUBLISHED[name]
        if json:
            emit(published_data.record(published, thorough=True))
        else:
            write_table((name, published.title), [*published_data.facts(published), ("used by", commands(uses(name)[0]))])
        return
    entry = own.find(name)
    if json:
        emit(
            {**record(entry, thorough=True), "used_by": [{"phenomenon": use.phenomenon, "knobs": dict(use.knobs)} for use in uses(name)[0]]}
        )
    else:
        describe(entry)


def import_files(
    name: str, files: Sequence[Path], wishes: own.Wishes, *, force: bool
) -> tuple[own.Entry | None, str, tuple[str, ...]]:  # fmt: skip
    """Take in a person's file; return its entry (None of official files of a published data set), what was done, and what was decided.

    Raises:
        UsageError: no such file, a name that is taken or none, options that do not fit.
        DataError: the file cannot be understood.
        StoreError: the data folder cannot be written.
    """
    if name in PUBLISHED:
        return None, published_data.take(PUBLISHED[name], files, wishes), ()
    own.checked_name(name)
    found = own.read(files, wishes)
    entry, changed = own.add(name, found, force=force)
    done = f"imported {name}" if changed else f"{name} is here already, with the same content"
    return entry, f"{done}: {summary(entry)}", found.notes


def print_import(name: str, files: Sequence[Path], wishes: own.Wishes, *, force: bool, json: bool) -> None:
    """Take in a person's file and show what was understood."""
    entry, sentence, notes = import_files(name, files, wishes, force=force)
    say(sentence, *(f"  {note}" for note in notes))
    if entry is None:
        print_data_set(name, json=json)
    else:
        emit(record(entry)) if json else describe(entry)


def remove(name: str, *, yes: bool) -> None:
    """Remove an imported or a published data set; ask first unless `yes`.

    Raises:
        UsageError: none has this name, or there is nobody to ask.
        StoreError: the data folder cannot be written.
    """
    if name in SOURCES:
        raise UsageError(f"{name} is built in and stays", "See: genlab data list")
    if name in PUBLISHED:
        published_data.require_here(PUBLISHED[name])
    else:
        require(name)
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError(f"data rm removes {name} for good and cannot ask here", "Add --yes.")
        if not typer.confirm(f"Remove {name} for good?"):
            return
    if name in PUBLISHED:
        published_data.forget(PUBLISHED[name])
        return
    own.remove(name)
    say(f"removed {echoed(name)}; runs on it can still be shown, and go on only once it is imported again")


def fetch(name: str) -> int:
    """Get a data set ready, say how, print the folder that keeps it, and return the exit code.

    Raises:
        UsageError: no such data set.
        DataError: it cannot be fetched.
    """
    if name in PUBLISHED:
        return published_data.fetch(PUBLISHED[name])
    found = source(name)
    note = found.draw(1, np.random.default_rng(0))[2]
    say(note or f"{name} is ready")
    print(own.data_folder() if found.imported else cache_folder())
    return Exit.DONE


def folder_of(name: str) -> Path:
    """Return the folder that keeps a published data set, or that of all data.

    Raises:
        UsageError: no published data set has this name.
    """
    if not name:
        return own.data_folder()
    if name not in PUBLISHED:
        hint = "genlab data path names the folder of your own data"
        raise UsageError(f"no published data set {echoed(name)!r}{nearest(name, PUBLISHED)}", f"{', '.join(PUBLISHED)}; {hint}")
    return place(PUBLISHED[name])


# ------------------------------------------------------------ in words


def summary(entry: own.Entry) -> str:
    """An entry in one phrase: `150 rows of 4 numbers in 3 classes`."""
    if entry.kind == "spectrum":
        return f"{entry.rows:,} eigenvalues from {entry.hi:.4g} down to {entry.lo:.4g}" + (", with a signal" if entry.signal else "")
    inputs = f"images of {'x'.join(map(str, entry.shape))}" if entry.image else f"rows of {entry.features:,} numbers"
    targets = f"in {len(entry.classes):,} classes" if entry.classes else f"with targets from {entry.target_lo:.4g} to {entry.target_hi:.4g}"
    return f"{entry.rows:,} {inputs} {targets}"


def describe(entry: own.Entry) -> None:
    """Write everything that is known of an imported data set."""
    lines: list[tuple[str, Any]] = []
    taken, refused = uses(entry.name)
    if entry.classes:
        counted = [f"{plain(name)} {count:,}" for name, count in zip(entry.classes, entry.counts, strict=True)]
        more = f", and {len(counted) - SHOWN_CLASSES:,} more" if len(counted) > SHOWN_CLASSES else ""
        lines.append(("classes, rows each", ", ".join(counted[:SHOWN_CLASSES]) + more))
    if entry.kind != "spectrum":
        whole = ", whole numbers of one byte" if entry.whole_bytes else ""
        lines.append(("range of inputs", f"{entry.lo:.6g} to {entry.hi:.6g}{whole}"))
        if entry.repeated:
            lines.append(("rows that repeat", f"{entry.repeated:,}, with the inputs of an earlier row"))
        if any(use.tests for use in taken):
            kept = entry.rows - entry.trainable
            lines.append(("for testing", f"at least {kept:,} {'row is' if kept == 1 else 'rows are'} kept"))
    lines += [("used by", commands(taken)), *(("not by", "\n".join(refused)) for _ in refused[:1])]
    lines += [("used as", text) for text in ways(entry, taken)]
    lines += [("from", f"{entry.source}, {entry.imported[:10]}"), ("SHA-256", entry.sha256)]
    lines.append(("kept in", f"{own.data_folder() / entry.sha256}.npz, {entry.size:,} bytes"))
    if wrong := damaged(entry, thorough=True):
        lines.insert(0, ("damaged", wrong))
    write_table((entry.name, summary(entry)), lines)
    if entry.repeated and entry.kind == "classes":
        write("Random labels cannot be fitted where inputs repeat; claims about that are then not applicable.")


def scaling(entry: own.Entry) -> str:
    """How inputs are brought to the scale that networks are trained on."""
    if not entry.image:
        return "every column less its mean, over its deviation, of the training rows"
    bytes_first = "bytes over 255, then " if entry.whole_bytes else ""
    return f"{bytes_first}all pixels less their mean, over their deviation, of the training images, as built-in images are"


def uses(name: str) -> tuple[list[Use], list[str]]:
    """Return how the phenomena take a data set, and why some others that take its kind do not take this one."""
    taken, refused = [], []
    for entry in entries():
        if not entry.problem:
            found = spec(entry.name)
            for item in found.config.knobs():
                if item.offer and name in item.choices:
                    use = use_of(found, item, name)
                    taken += [use] if isinstance(use, Use) else []
                    refused += [f"{entry.name}: {use}"] if isinstance(use, str) else []
    return taken, refused


def commands(taken: Sequence[Use]) -> str:
    """What is typed to use a data set, a line each."""
    return "\n".join(f"genlab run {use.phenomenon} {use.options}" for use in taken) or "no phenomenon"


def ways(entry: own.Entry, taken: Sequence[Use]) -> list[str]:
    """How inputs are brought to a scale, and by which of the phenomena."""
    by_text: dict[str, list[str]] = {}
    for use in taken:
        if entry.kind != "spectrum":
            by_text.setdefault(use.scaled or scaling(entry), []).append(use.phenomenon)
    return [f"{text}: {', '.join(names)}" for text, names in by_text.items()]


def damaged(entry: own.Entry, thorough: bool = False) -> str:
    """Why an imported data set cannot be used, with the command that brings it back; empty where it can."""
    wrong = own.damage(entry, thorough)
    return f"{wrong}; import it again: genlab data import {entry.name} FILE" if wrong else ""


def record(entry: own.Entry, thorough: bool = False) -> dict[str, Any]:
    """An entry as one JSON object. thorough: read its content, too."""
    problem = own.damage(entry, thorough)
    return {"event": "dataset", **entry.record(), "imported_at": entry.imported, "imported": True, "problem": problem}
