"""Defects of the interface that the app survives: what is said of one, its report on the disk, and when they come too often."""

from __future__ import annotations

import os
import platform
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from lab.output import plain

Kind = tuple[str, str, int]  # class of the exception, file and line that raised it

WITHIN = 1.0  # seconds
SEVERAL = 3  # of one kind within that time repeat themselves
MANY = 10  # of any kinds do, too
MOST_KINDS = 20  # are reported; a screen that fails in ever new ways fills no disk


class Defects:
    """The defects since the app began. The first of each kind is reported, the others are counted.

    Attributes:
        reports: the files that were written, each once.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.reports: list[Path] = []
        self._clock = clock
        self._sentences: dict[Kind, str] = {}
        self._recent: deque[tuple[float, Kind]] = deque(maxlen=MANY)

    def note(self, error: Exception, folders: Iterable[Path], circumstances: Mapping[str, str]) -> str:
        """Count a defect, report the first of its kind in the first folder that takes it, and return what to say."""
        kind = _kind(error)
        self._recent.append((self._clock(), kind))
        if kind not in self._sentences:
            report = _write(folders, _report(error, circumstances)) if len(self._sentences) < MOST_KINDS else None
            if report is not None and report not in self.reports:
                self.reports.append(report)
            where = f"The report is {report}" if report is not None else "No report could be written."
            what = plain(f"{type(error).__name__}: {error}".rstrip(": "))
            self._sentences[kind] = f"Something inside genlab went wrong ({what}). Runs go on. {where}"
        return self._sentences[kind]

    @property
    def repeat(self) -> bool:
        """Whether they come too often to go on like this."""
        if not self._recent:
            return False
        now, kind = self._recent[-1]
        lately = [other for at, other in self._recent if now - at <= WITHIN]
        return lately.count(kind) >= SEVERAL or len(lately) >= MANY

    def forget(self) -> None:
        """Count anew: another screen is shown."""
        self._recent.clear()

    @property
    def farewell(self) -> list[str]:
        """What to say of them when the app has ended."""
        return [f"something inside genlab went wrong on the way; the report is {report}" for report in self.reports]


def _kind(error: Exception) -> Kind:
    frames = traceback.extract_tb(error.__traceback__)
    return type(error).__name__, frames[-1].filename if frames else "", (frames[-1].lineno or 0) if frames else 0


def _report(error: Exception, circumstances: Mapping[str, str]) -> str:
    facts = {
        "time": time.strftime("%Y-%m-%d %H:%M:%S"), "genlab": version("genlab"), "textual": version("textual"),
        "python": platform.python_version(), "system": platform.platform(), **circumstances,
    }  # fmt: skip
    return "".join([*(f"{name}: {value}\n" for name, value in facts.items()), *traceback.format_exception(error), "\n"])


def _write(folders: Iterable[Path], text: str) -> Path | None:
    """Append a report to the file of the first folder that takes it; None where none does. No link is followed."""
    from engine.store.folder import DEFECT

    for folder in folders:
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder / DEFECT, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o666)
            with os.fdopen(descriptor, "a", encoding="utf-8", errors="replace") as file:
                file.write(text)
            return folder / DEFECT
    return None
