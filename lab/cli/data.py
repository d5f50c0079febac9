"""Commands about data sets: data list, show, import, rm, fetch, path."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import UsageError, echoed
from lab.cli.groups import LabCommand, LabGroup
from lab.cli.parameters import Json

if TYPE_CHECKING:
    from engine.data.own import Wishes

KINDS = ("classes", "targets", "spectrum")
MOST_SIDE = 100_000


def add_data(app: typer.Typer) -> None:
    """Add the group of commands about data sets."""
    data = typer.Typer(
        cls=LabGroup, help="The data sets, built in and your own: list, show, import, rm, fetch, path.", rich_markup_mode=None
    )
    for name, function in (
        ("list", data_list), ("show", data_show), ("import", data_import), ("rm", data_rm), ("fetch", data_fetch), ("path", data_path),
    ):  # fmt: skip
        data.command(name, cls=LabCommand)(function)
    app.add_typer(data, name="data")


def complete_data(incomplete: str) -> Iterable[str]:
    """Names of data sets."""
    from engine.data.registry import SOURCES

    return [name for name in (*SOURCES, *complete_published(""), *complete_own("")) if name.startswith(incomplete)]


def complete_published(incomplete: str) -> Iterable[str]:
    """Names of published data sets."""
    from engine.data.published import PUBLISHED

    return [name for name in PUBLISHED if name.startswith(incomplete)]


def complete_removable(incomplete: str) -> Iterable[str]:
    """Names of data sets that can be removed."""
    return [*complete_published(incomplete), *complete_own(incomplete)]


def complete_own(incomplete: str) -> Iterable[str]:
    """Names of imported data sets."""
    from engine.data.own.folder import names

    return [name for name in names() if name.startswith(incomplete)]


def complete_kind(incomplete: str) -> Iterable[str]:
    """What a file can be taken for."""
    return [kind for kind in KINDS if kind.startswith(incomplete)]


def _shape(text: str) -> tuple[int, ...]:
    parts = text.replace("x", ",").split(",")
    if not 1 <= len(parts) <= 3 or not all(part.isascii() and part.isdecimal() and 0 < int(part[:9]) <= MOST_SIDE for part in parts):
        raise UsageError(
            f"--shape must be height and width, or height, width and channels, got {echoed(text)}", "for example --shape 28,28"
        )
    return tuple(int(part) for part in parts)


Named = Annotated[str, typer.Argument(metavar="NAME", help="Name of a data set.", autocompletion=complete_data, show_default=False)]
OwnNamed = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of an imported or fetched one.", autocompletion=complete_removable, show_default=False)
]


def data_list(json: Json = False) -> None:
    """The data sets: built in, published ones to be fetched, then imported."""
    from lab.data_sets import print_data_sets

    print_data_sets(json=json)


def data_show(name: Named, json: Json = False) -> None:
    """What is known of a data set: rows, classes, range, how it is scaled, which phenomena take it, its SHA-256."""
    from lab.data_sets import print_data_set

    print_data_set(name, json=json)


def data_import(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it shall be called.", show_default=False)],
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="The file; of CIFAR, one or more batches.", show_default=False)],
    target: Annotated[
        str, typer.Option("--target", metavar="COLUMN", help="What is to be predicted: a column's name or number, an array of an npz.")
    ] = "",
    kind: Annotated[
        str, typer.Option("--kind", metavar="|".join(KINDS), help="What it is, where that is not plain.", autocompletion=complete_kind)
    ] = "",
    shape: Annotated[str, typer.Option("--shape", metavar="H,W[,C]", help="Of one image, where rows are flat.")] = "",
    labels: Annotated[Path | None, typer.Option("--labels", metavar="FILE", help="The labels of IDX images.", show_default=False)] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace other data of this name.")] = False,
    json: Json = False,
) -> None:
    """Take in your own data: npz (X, y), CSV or TSV, IDX (MNIST's format), CIFAR's binary files; or a spectrum of eigenvalues.

    The target of a table is its last column unless --target names another. Text, and few different whole numbers, make classes; other
    numbers real targets; --kind decides where that is not meant. The data are copied into the data folder (GENLAB_DATA) under their
    SHA-256, which runs on them hold. Under the name mnist, fashion-mnist or cifar10, give the official files.

    Raises:
        UsageError: no such file, a name that is taken, options that do not fit.
        DataError: the file cannot be understood.
        StoreError: the data folder cannot be written.
    """
    from lab.data_sets import print_import

    print_import(name, files, wishes_of(target, kind, shape, labels), force=force, json=json)


def wishes_of(target: str, kind: str, shape: str, labels: Path | None) -> Wishes:
    """What the options of `data import` say about a file.

    Raises:
        UsageError: no such kind, or no shape.
    """
    from engine.data.own import Wishes

    if kind not in ("", *KINDS):
        raise UsageError(f"--kind must be one of {', '.join(KINDS)}, got {echoed(kind)}", "leave it out to have it found")
    return Wishes(target, kind, _shape(shape) if shape else (), labels)  # type: ignore[arg-type]


def data_rm(name: OwnNamed, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Remove an imported or fetched data set, asking first; runs on it can still be shown."""
    from lab.data_sets import remove

    remove(name, yes=yes)


def data_fetch(name: Named) -> int:
    """Get a data set ready before it is needed: mnist, fashion-mnist and cifar10 from the network, checked by SHA-256.

    An interrupted fetch goes on where it ended. Without a network, copy the official files into the folder that `data path NAME` prints,
    or give them to `data import NAME FILE...`.

    Raises:
        UsageError: no such data set.
        DataError: no mirror gives it.
        StoreError: the data folder cannot be written, or is full.
    """
    from lab.data_sets import fetch

    return fetch(name)


def data_path(
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="A published data set.", autocompletion=complete_published, show_default=False)
    ] = "",
) -> None:
    """The folder that keeps imported data sets, or that of a published one."""
    from lab.data_sets import folder_of

    print(folder_of(name))
