"""The command `genlab settings`: what a person has set, where, and what can be set."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.errors import Exit
from lab.cli.groups import LabCommand
from lab.cli.parameters import Json


def add_settings(app: typer.Typer) -> None:
    """Add the command."""
    app.command("settings", cls=LabCommand)(settings)


def settings(
    write: Annotated[bool, typer.Option("--write", help="Write a file that sets nothing yet, with everything as comments.")] = False,
    path: Annotated[bool, typer.Option("--path", help="Print the file's path alone.")] = False,
    json: Json = False,
) -> int:
    """The settings file: its place, what it sets, and what can be set.

    An option of the command line beats a variable of the environment, which beats the file.

    Raises:
        UsageError: the file holds what is not allowed, or there is one already that would be overwritten.
    """
    from lab.settings import settings_path
    from lab.settings_file import print_settings, write_template

    if path:
        print(settings_path())
    elif write:
        write_template(settings_path())
    else:
        print_settings(json=json)
    return Exit.DONE
