"""What a run was asked to be: written once when its folder is made, never changed."""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import platform
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, ValidationError

from engine.cores import MOST_THREADS
from engine.errors import StoreError
from engine.seeds import LAST_SEED, MOST_SEEDS
from engine.store.files import damaged, printable, read_json, write_json
from engine.store.place import removal
from engine.store.strict_json import dumps

FORMAT = 2  # of the whole folder; grows when another genlab would misread it


class OlderFormat(StoreError):
    """A run that a genlab before this format stored."""


def versions() -> dict[str, str]:
    """Return the versions that numbers depend on, without importing what they are of."""
    found = {"python": platform.python_version()}
    for name in ("genlab", "torch", "numpy", "scipy"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "unknown"
    return found


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _of_knobs(values: Any) -> Any:
    """Knobs are numbers, texts, or lists of these."""
    for value in values.values() if isinstance(values, dict) else [values]:
        for item in value if isinstance(value, list | tuple) else [value]:
            if not isinstance(item, bool | int | float | str) or (isinstance(item, int) and abs(item) >= 2**63):
                raise ValueError(f"{type(item).__name__} is no knob's value")
    return values


Name = Annotated[str, Field(max_length=200)]
Seed = Annotated[StrictInt, Field(ge=0, le=LAST_SEED)]
Knobs = Annotated[dict[str, Any], BeforeValidator(_of_knobs)]


class Manifest(BaseModel):
    """Config, seeds, versions, device and command line of a run. With `config` and `seeds` alone it can be repeated.

    command_line: the whole command that gives the same numbers, whoever began the run; typed: what was typed, where anything was.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    phenomenon: Name
    preset: Name
    config: Knobs
    seeds: tuple[Seed, ...] = Field(min_length=1, max_length=MOST_SEEDS)
    device: Annotated[str, Field(pattern="^(cpu|cuda)$")] = "cpu"
    threads: Annotated[StrictInt, Field(ge=1, le=MOST_THREADS)] = 1
    command_line: str = ""
    typed: str = ""
    created: str = Field(default_factory=_now)
    versions: dict[str, str] = Field(default_factory=versions)
    format: int = FORMAT

    @property
    def base(self) -> str:
        """The folder's name before a number makes it unique: `grokking-quick-s0`, `grokking-quick-s0x8` for eight seeds."""
        return run_name(self.phenomenon, self.preset, self.seeds)

    @property
    def identity(self) -> str:
        """What the run's state must name: it changes with everything that decides what is computed, and with the run's begin."""
        decisive = self.model_dump(mode="json", include={"phenomenon", "preset", "config", "seeds", "device", "threads", "created"})
        return hashlib.sha256(dumps(printable(decisive)).encode()).hexdigest()[:16]

    @property
    def digest(self) -> str:
        """Sixteen hexadecimal digits that are equal where the same is computed: the same phenomenon, knobs and seeds."""
        decisive = self.model_dump(mode="json", include={"phenomenon", "config", "seeds"})
        return hashlib.sha256(dumps(printable(decisive)).encode()).hexdigest()[:16]

    @property
    def again(self) -> str:
        """The command that computes the run anew, beside this one."""
        return self.command_line if self.command_line.startswith("genlab run ") else f"genlab run {self.phenomenon}"

    def write(self, path: Path) -> None:
        """Write the file.

        Raises:
            StoreError: the disk refused.
        """
        write_json(path, self.model_dump(mode="json"))

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Read the file.

        Raises:
            StoreError: missing, damaged, or written by a newer or (OlderFormat) an older genlab.
        """
        found, name = read_json(path), path.parent.name
        written = found.get("format")
        if not isinstance(written, int) or isinstance(written, bool):
            raise damaged(path)
        if written > FORMAT:
            sentence = f"run {name} was written by a newer genlab (format {written}; this one reads format {FORMAT})"
            raise StoreError(sentence, "update genlab: pip install --upgrade genlab")
        if written < FORMAT:
            sentence = f"run {name} was written by an older genlab (format {written}; this one reads format {FORMAT})"
            raise OlderFormat(sentence, f"compute it again with genlab run; {removal(path.parent)} removes it")
        try:
            return cls.model_validate(found)
        except ValidationError as error:
            first = error.errors()[0]
            raise damaged(path, f"{'.'.join(map(str, first['loc']))}: {first['msg'][:100]}") from error


def run_name(phenomenon: str, preset: str, seeds: tuple[int, ...]) -> str:
    """Return what a run is called: `grokking-quick-s0`, with `x8` behind it for eight seeds."""
    return f"{phenomenon}-{preset}-s{seeds[0]}" + (f"x{len(seeds)}" if len(seeds) > 1 else "")
