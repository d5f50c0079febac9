"""Importing data as it is typed in the app: a file and the options of `genlab data import`, read by that command itself."""

from __future__ import annotations

import contextlib
import io
import shlex
from dataclasses import replace
from typing import Any

import typer

from engine.errors import LabError, UsageError, echoed
from engine.paths import expanded
from lab.cli.data import data_import, wishes_of
from lab.cli.groups import LabCommand
from lab.data_sets import import_files

HINT = "type a file, then options such as --target COLUMN or --labels FILE"


def import_typed(name: str, typed: str) -> str:
    """Import a file and return a sentence that says what it holds. typed: FILE... and options.

    Raises:
        LabError: as `genlab data import` says it.
    """
    try:
        words = shlex.split(typed)
    except ValueError as error:
        raise UsageError(f"{echoed(typed)!r} cannot be read: {str(error).lower()}", "put a path with spaces in quotes") from None
    given = _parsed([name, *words])
    files = [expanded(path, HINT) for path in given["files"]]
    wishes = wishes_of(given["target"], given["kind"], given["shape"], given["labels"])
    if wishes.labels is not None:
        wishes = replace(wishes, labels=expanded(wishes.labels, HINT))
    _, sentence, notes = import_files(name, files, wishes, force=given["force"])
    return "; ".join((sentence, *notes))


def _parsed(words: list[str]) -> dict[str, Any]:
    """The parameters of `genlab data import` in these words."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command("import", cls=LabCommand)(data_import)
    command: Any = typer.main.get_command(app)
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # --help writes there
            found: dict[str, Any] = command.make_context("genlab data import", words).params
    except LabError:
        raise
    except Exception as error:  # Typer's own: a missing argument, --help
        said = error.format_message().rstrip(".") if hasattr(error, "format_message") else "these are no file and options"
        raise UsageError(said[:1].lower() + said[1:], HINT) from None
    return found
