"""Published data sets on the command line: fetched with a bar, imported from official files, listed, shown and removed."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Column

from engine.data import own
from engine.data.published import PUBLISHED, Published, load_images, place, state, stored
from engine.data.published.folder import part_of, remove
from engine.errors import Exit, LabError, StoreError, UsageError
from engine.telling import telling
from lab.output import ascii_only, console, plain, say

RARE = 5.0  # seconds between two plain lines of progress


def availability(published: Published, thorough: bool = False) -> str:
    """Whether a data set is here, in a phrase: `here, 55 MB`, `not here: genlab data fetch mnist`. thorough: read the images, too."""
    found = state(published)
    command = f"genlab data fetch {published.name}"
    if wrong := damage(published, thorough):
        return f"damaged: {wrong}; {'get it again' if found.missing else 'decode it anew'}: {command}"
    if found.decoded:
        return f"here, {_size(published.decoded_size)}"
    if not found.missing:
        return "here, to be decoded when it is first used"
    if found.torn:
        more = f" and {len(found.torn) - 1} more such" if len(found.torn) > 1 else ""
        return f"not here: {found.torn[0]}{more}: {command}"
    if found.files or found.part:
        done = sum(file.size for file in found.files) + found.part
        return f"{_size(done)} of {_size(published.download_size)} are here: {command}"
    return f"not here: {command}"


def damage(published: Published, thorough: bool = False) -> str:
    """Why decoded images that are here do not count, as a sentence; by their sizes alone, unless thorough."""
    found = state(published)
    if found.decoded and thorough:
        try:
            stored.read(published, place(published))
        except StoreError as error:
            return error.message
    return found.damage


def record(published: Published, thorough: bool = False) -> dict[str, Any]:
    """A data set as one JSON object."""
    found, wrong = state(published), damage(published, thorough)
    return {
        "event": "dataset", "name": published.name, "images": published.train, "tests": published.tests,
        "shape": "x".join(map(str, published.shape)), "classes": len(published.classes), "imported": False, "published": True,
        "here": not found.missing or (found.decoded and not wrong),
        "decoded": found.decoded and not wrong, "problem": wrong, "missing": [file.name for file in found.missing],
        "folder": str(place(published)), "sha256": {file.name: file.sha256 for file in published.files},
    }  # fmt: skip


def facts(published: Published) -> list[tuple[str, Any]]:
    """What is known of a data set, line by line."""
    found = state(published)
    lines: list[tuple[str, Any]] = [
        ("images", f"{published.train:,} to train on and {published.tests:,} to test on, as they were published"),
        ("classes", ", ".join(published.classes)),
        ("used as", "bytes over 255, then scaled as each phenomenon says"),
        ("here", availability(published, thorough=True)),
        ("folder", str(place(published))),
    ]
    for file in published.files:
        part = part_of(published, file)
        held = "here" if file in found.files else f"{part.stat().st_size:,} bytes are here" if part.is_file() else "missing"
        lines.append((file.name, f"{file.size:,} bytes, {held}, SHA-256 {file.sha256}"))
    return lines


def fetch(published: Published) -> int:
    """Fetch a data set with a bar, print its folder, and return the exit code.

    Raises:
        DataError: no mirror gives it, or somebody else fetches it.
        StoreError: the data folder cannot be written, or is full.
    """
    from engine.data.published import fetching  # what speaks to the network is loaded when it is needed

    try:
        with _reporting(published) as report:
            fetched = fetching.fetch(published, report)
    except KeyboardInterrupt:
        say("genlab: interrupted; what has arrived is kept", f"  Go on with: genlab data fetch {published.name}")
        return Exit.INTERRUPTED
    load_images(published)
    said = "fetched" if fetched else "here already"
    say(f"{published.name} is {said}: {published.train:,} images to train on, {published.tests:,} to test on")
    print(place(published))
    return Exit.DONE


def take(published: Published, files: Sequence[Path], wishes: own.Wishes) -> str:
    """Import official files; return a sentence that says what is here then.

    Raises:
        UsageError: a file cannot be read, or an option that only other data take.
        DataError: a file is none of the published ones.
        StoreError: the data folder cannot be written.
    """
    from engine.data.published import importing

    for option, given in (("--target", wishes.target), ("--kind", wishes.kind), ("--shape", wishes.shape)):
        if given:
            what = f"{option} is for your own data, and {published.name} is published: its official files say everything"
            raise UsageError(what, f"leave {option} out, or choose another name, for example my-{published.name}")
    found = importing.take(published, [*files, *([wishes.labels] if wishes.labels else [])])
    if found.missing:
        lacking = ", ".join(file.name for file in found.missing)
        return f"imported {len(files)} of the {len(published.files)} files of {published.name}; still missing: {lacking}"
    return f"imported {published.name}: {published.train:,} images to train on, {published.tests:,} to test on"


def require_here(published: Published) -> None:
    """Make sure that there is something of a data set to remove.

    Raises:
        UsageError: there is nothing.
    """
    if not place(published).exists():
        raise _not_here(published)


def _not_here(published: Published) -> UsageError:
    return UsageError(f"the data set {published.name} is not here", f"genlab data fetch {published.name}")


def forget(published: Published) -> None:
    """Remove a data set and say so.

    Raises:
        UsageError: it is not here.
        StoreError: the data folder cannot be written.
    """
    if not remove(published):
        raise _not_here(published)
    say(f"removed {published.name}; runs on it can still be shown, and go on once it is here again")


@contextlib.contextmanager
def _reporting(published: Published) -> Iterator[Callable[[str, int, int], None]]:
    """Show progress within the block: a bar on a terminal, a plain line now and then elsewhere."""
    if not sys.stderr.isatty():
        with telling(_sentences()):
            yield _lines()
        return
    said = TextColumn("{task.description}", table_column=Column(ratio=1, no_wrap=True, overflow="crop" if ascii_only() else "ellipsis"))
    columns = (said, BarColumn(bar_width=12), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True, refresh_per_second=5, expand=True) as bar:
        task = bar.add_task(published.name, total=published.download_size)
        with telling(lambda sentence: bar.update(task, description=plain(sentence))):
            yield lambda _, done, total: bar.update(task, completed=done, total=total)


def _sentences() -> Callable[[str], None]:
    """Say every sentence on a line of its own, none twice in a row."""
    last = [""]

    def tell(sentence: str) -> None:
        if sentence != last[0]:
            last[0] = sentence
            say(sentence)

    return tell


def _lines() -> Callable[[str, int, int], None]:
    """Say now and then how far it is."""
    due = [time.monotonic() + RARE]

    def report(name: str, done: int, total: int) -> None:
        if time.monotonic() >= due[0]:
            due[0] = time.monotonic() + RARE
            say(f"{name}: {done / total:.0%} of {_size(total)} in all")

    return report


def _size(count: float) -> str:
    return f"{count / 1e6:,.0f} MB" if count >= 1e6 else f"{count / 1e3:,.0f} kB"


def availabilities() -> Iterator[tuple[str, str]]:
    """Name and availability of every published data set, for `genlab doctor`."""
    for published in PUBLISHED.values():
        try:
            yield published.name, availability(published)
        except (LabError, OSError) as error:
            yield published.name, f"cannot be looked at: {error}"
