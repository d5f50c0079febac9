"""A person's settings: a TOML file at the platform's place, checked whole before any of it is used.

What counts, first to last: an option of the command line, a variable of the environment (`GENLAB_THEME`, `GENLAB_DENSITY`,
`GENLAB_RUNS`), the file, the default. A file with an error is left as it is, none of it counts, and one sentence says what is wrong.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast, get_args

from engine.errors import UsageError, echoed, nearest
from engine.paths import expanded
from screens.key_lists import REBINDABLE, clashes, key_problem

Theme = Literal["auto", "dark", "light"]
Density = Literal["compact", "normal", "roomy"]

VARIABLE = "GENLAB_SETTINGS"
MOST = 1 << 16  # bytes of a file that can be meant
SENTENCE = 90  # letters of what the parser of TOML says; its own sentences are shorter, what it quotes of a file need not be
HINT = "genlab settings shows what is set and what is allowed; genlab settings --write makes a file to begin with."
CHOICES: dict[str, tuple[str, ...]] = {"theme": get_args(Theme), "density": get_args(Density)}
NAMES = (*CHOICES, "runs", "keys")


class SettingsError(UsageError):
    """A settings file that cannot be read or holds what is not allowed."""


@dataclass(frozen=True)
class Settings:
    """What a person has set, or the defaults.

    theme: auto follows the terminal and keeps its background; dark and light bring their own. runs: the default folder of runs; None
    for the platform's. keys: action to the key that does it. given: which names the file sets. problem: why the
    file does not count.
    """

    path: Path
    theme: Theme = "auto"
    density: Density = "normal"
    runs: Path | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    given: tuple[str, ...] = ()
    problem: SettingsError | None = None


def settings_path() -> Path:
    """Return the place of the file: `GENLAB_SETTINGS`, or `settings.toml` in the platform's folder for configuration.

    Raises:
        UsageError: it is within the home of a user who does not exist.
    """
    import platformdirs  # for --help and list, which read no settings

    given = os.environ.get(VARIABLE)
    if given:
        return expanded(given, f"choose another place with the variable {VARIABLE}")
    return platformdirs.user_config_path("genlab", appauthor=False) / "settings.toml"


def use_runs(made: Settings) -> None:
    """Let this process, and every process that it starts, look for runs in the settings' folder, unless the environment names another."""
    if made.runs is not None:
        os.environ.setdefault("GENLAB_RUNS", str(made.runs))


def settings() -> Settings:
    """Return what the file and the environment say; where one of them is wrong, the defaults with the problem."""
    path = Path(os.devnull)
    try:
        path = settings_path()
        return in_environment(read(path))
    except SettingsError as error:
        return Settings(path, problem=error)
    except UsageError as error:
        return Settings(path, problem=SettingsError(error.message, error.hint))


def in_environment(made: Settings) -> Settings:
    """Let variables of the environment have their way.

    Raises:
        SettingsError: a variable has a value that is not allowed.
    """
    for name, allowed in CHOICES.items():
        variable = f"GENLAB_{name.upper()}"
        value = os.environ.get(variable)
        if value and value not in allowed:
            raise SettingsError(f"{variable} must be {_either(allowed)}, got {echoed(value)!r}", HINT)
        if value:
            made = Settings(**{**made.__dict__, name: value})
    return made


def read(path: Path) -> Settings:
    """Read a settings file; one that is not there sets nothing.

    Raises:
        SettingsError: it cannot be read, is no TOML, or holds a name or value that is not allowed.
    """
    try:
        data = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise SettingsError(f"{path}: {(error.strerror or str(error)).lower()}", HINT) from None
    if len(data) > MOST:
        raise SettingsError(f"{path}: {len(data):,} bytes are too many for settings; at most {MOST:,}", HINT)
    try:
        text = data.decode()
        found = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}, line {data[: error.start].count(10) + 1}: not UTF-8", HINT) from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SettingsError(_syntax(path, text, str(error)), HINT) from None
    return _Checked(path, text, found).settings()


class _Checked:
    """A file's content, checked name by name."""

    def __init__(self, path: Path, text: str, found: Mapping[str, Any]) -> None:
        self.path, self.lines, self.found = path, text.splitlines(), found

    def settings(self) -> Settings:
        for name in self.found:
            if name not in NAMES:
                self.refuse(name, f"no setting {echoed(name)!r}{nearest(name, NAMES)}; there are {', '.join(NAMES)}")
        theme, density = (self.choice(name, CHOICES[name]) for name in CHOICES)
        return Settings(
            self.path, cast(Theme, theme), cast(Density, density), self.folder(), self.keys(), tuple(self.found),
        )  # fmt: skip

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        default = {"theme": "auto", "density": "normal"}[name]
        value = self.found.get(name, default)
        if not isinstance(value, str) or value not in allowed:
            self.refuse(name, f"{name} must be {_either(allowed)}, got {_value(value)}")
        return str(value)

    def folder(self) -> Path | None:
        value = self.found.get("runs")
        if value is None:
            return None
        if not isinstance(value, str) or not value or not value.isprintable():
            self.refuse("runs", f"runs must be a folder's path in quotes, got {_value(value)}")
        try:
            path = expanded(value, HINT)
        except UsageError as error:
            self.refuse("runs", error.message)
        if not path.is_absolute():
            self.refuse("runs", f"runs must be a whole path, or begin with ~, got {_value(value)}")
        if path.exists() and not path.is_dir():
            self.refuse("runs", f"runs must be a folder, and {echoed(path)} is none")
        return path

    def keys(self) -> dict[str, str]:
        table = self.found.get("keys", {})
        if not isinstance(table, dict):
            self.refuse("keys", f'keys must be a table of actions with their keys ([keys], then pin = "p"), got {_value(table)}')
        for name, value in table.items():
            if name not in REBINDABLE:
                self.refuse(name, f"no action {echoed(name)!r}{nearest(name, REBINDABLE)}; there are {', '.join(REBINDABLE)}", "keys")
            wrong = key_problem(value, name) if isinstance(value, str) else f"a key in quotes is needed, got {_value(value)}"
            if wrong:
                self.refuse(name, f"{name}: {wrong}", "keys")
        for key, one, other in clashes(table):
            self.refuse(
                [name for name in table if name in (one, other)][-1], f"{echoed(key)!r} cannot be the key of both {one} and {other}", "keys"
            )
        return dict(table)

    def refuse(self, name: str, sentence: str, table: str = "") -> Any:
        """Raise the sentence with file and line."""
        here, within = "", ""
        key = rf"[\"']?{re.escape(name)}[\"']?\s*"
        for number, line in enumerate(self.lines, 1):
            header = re.match(r"\s*\[\s*([^\]]*?)\s*\]", line)
            within = header[1] if header else within
            plain = within == table and re.match(rf"\s*{key}[=.]", line)
            dotted = table and not within and re.match(rf"\s*{table}\s*\.\s*{key}=", line)
            if plain or dotted or (not table and header and header[1] == name):
                here = f", line {number}"
                break
        raise SettingsError(f"{self.path}{here}: {sentence}", HINT)


def _syntax(path: Path, text: str, said: str) -> str:
    """Put what the parser says (`... (at line 3, column 5)`) behind file and line."""
    match = re.fullmatch(r"(?P<what>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)", said, re.DOTALL)
    what, lines = match["what"] if match else said, text.splitlines()
    number = int(match["line"]) if match and match["line"] else len(lines)
    shown = f" in {echoed(lines[number - 1].strip())}" if 0 < number <= len(lines) else ""
    quotes = " (text stands in quotes)" if what == "Invalid value" else ""
    return f"{path}, line {number}: no TOML{shown}: {_lowered(what)}{quotes}"


def _lowered(said: str) -> str:
    """Return a parser's sentence as part of ours; what it quotes of the file, if long, is cut."""
    return said[:1].lower() + said[1:] if len(said) <= SENTENCE and said.isprintable() else echoed(said[:1].lower() + said[1:])


def _either(allowed: tuple[str, ...]) -> str:
    return f"{', '.join(allowed[:-1])} or {allowed[-1]}"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return repr(echoed(value)) if isinstance(value, str) else echoed(value)
