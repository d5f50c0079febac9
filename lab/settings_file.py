"""The settings file as people see it: a commented one to begin with, and a table of what counts and who says so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from engine.errors import UsageError
from engine.store import runs_root
from engine.store.files import replace, there, told
from engine.store.place import chosen
from lab.output import emit, plain, say, write_table
from lab.settings import CHOICES, Settings, settings
from screens.key_lists import CHOOSABLE

TEMPLATE = """\
# Settings of genlab. What counts, first to last: an option of the command line, a variable of the environment (GENLAB_THEME,
# GENLAB_DENSITY, GENLAB_RUNS), this file, the default. Lines that begin with # set nothing.

# theme = "auto"         # auto follows the terminal and keeps its background; dark and light bring their own
# density = "normal"     # compact shows many small figures side by side, roomy few large ones
# runs = "~/genlab-runs" # folder of the runs

[keys]                   # an action and its key, such as pin = "t" or rewind = "f5"
{keys}
"""


def template() -> str:
    """Return a file that sets nothing, with what could be set as comments."""
    keys = "\n".join(f'# {item.id} = "{item.shown}"{" " * max(1, 24 - len(item.id) - len(item.shown))}# {item.text}' for item in CHOOSABLE)
    return TEMPLATE.format(keys=keys)


def facts(made: Settings) -> Iterator[tuple[str, str, str]]:
    """Yield every setting: its name, its value, and what says so."""
    for name in CHOICES:
        variable = f"GENLAB_{name.upper()}"
        yield name, str(getattr(made, name)), variable if os.environ.get(variable) else "file" if name in made.given else "default"
    variable = os.environ.get("GENLAB_RUNS", "")
    given = bool(variable) and variable != str(made.runs or "")
    yield "runs", str(runs_root()), "--runs" if chosen() else "GENLAB_RUNS" if given else "file" if made.runs else "default"
    for action, key in made.keys.items():
        yield f"keys.{action}", key, "file"


def write_template(path: Path) -> None:
    """Write the commented file.

    Raises:
        UsageError: there is a file already.
        StoreError: the disk refuses.
    """
    if there(path):
        raise UsageError(f"{path} is there already and is left as it is", "Edit it; genlab settings says what counts.")
    with told(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    replace(path, template().encode())
    say(f"wrote {path}")


def print_settings(*, json: bool) -> None:
    """Print where the file is, whether it is there, and what counts.

    Raises:
        SettingsError: it, or a variable, holds what is not allowed.
    """
    made = settings()
    if made.problem:
        raise made.problem
    rows = list(facts(made))
    if json:
        for name, value, source in rows:
            emit({"event": "setting", "name": name, "value": value, "source": source})
        emit({"event": "settings", "path": str(made.path), "there": there(made.path)})
        return
    print(plain(f"{made.path}{'' if there(made.path) else ' (not there yet: genlab settings --write)'}"))
    write_table(("name", "value", "set by"), rows)
