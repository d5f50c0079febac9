"""What a run was asked to be: written once when its folder is made, never changed."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import StoreError
from engine.store.files import damaged, read_json, write_json

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


class Manifest(BaseModel):
    """Config, seeds, versions, device and command line of a run. With `config` and `seeds` alone it can be repeated."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    phenomenon: str
    preset: str
    config: dict[str, Any]
    seeds: tuple[int, ...] = Field(min_length=1)
    device: str = "cpu"
    threads: int = 1
    command_line: str = ""
    created: str = Field(default_factory=_now)
    versions: dict[str, str] = Field(default_factory=versions)
    format: int = FORMAT

    @property
    def base(self) -> str:
        """The folder's name before a number makes it unique: `grokking-quick-s0`, `grokking-quick-s0x8` for eight seeds."""
        return run_name(self.phenomenon, self.preset, self.seeds)

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
        if not isinstance(written, int):
            raise damaged(path)
        if written > FORMAT:
            sentence = f"run {name} was written by a newer genlab (format {written}; this one reads format {FORMAT})"
            raise StoreError(sentence, "update genlab: pip install --upgrade genlab")
        if written < FORMAT:
            sentence = f"run {name} was written by an older genlab (format {written}; this one reads format {FORMAT})"
            raise OlderFormat(sentence, f"compute it again with genlab run; genlab rm {name} removes it")
        try:
            return cls.model_validate(found)
        except ValidationError as error:
            raise damaged(path) from error


def run_name(phenomenon: str, preset: str, seeds: tuple[int, ...]) -> str:
    """Return what a run is called: `grokking-quick-s0`, with `x8` behind it for eight seeds."""
    return f"{phenomenon}-{preset}-s{seeds[0]}" + (f"x{len(seeds)}" if len(seeds) > 1 else "")
