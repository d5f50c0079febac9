"""How far a person is on the tour: one small checked JSON file. What cannot be read is kept aside, and the tour begins anew.

Each entry is written by itself into what the file holds at that moment, so that two tours at once do not undo each other.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.contract.tour import Answer, Stop, Visit
from engine.errors import StoreError
from engine.paths import user_data
from engine.store.files import read_json, there, told, write_json

FORMAT = 1
LARGEST = 2**20  # bytes
FILE = "tour.json"
RESULTS = ("right", "near", "off", "skipped")


class OtherFormat(StoreError):
    """A file that this version does not read."""


class Progress:
    """What became of each stop.

    Args:
        stops: those that there are; entries of others stay in the file and are not shown.
        path: the file; None for the usual one.

    Attributes:
        visits: what became of stops, by name.
        at: the name of the stop that was shown last; empty at first.
        problem: why the file could not be read or written, as a sentence.
    """

    def __init__(self, stops: Sequence[Stop], path: Path | None = None) -> None:
        self.path = path if path is not None else user_data(FILE)
        self.visits: dict[str, Visit] = {}
        self.at = ""
        self.problem = ""
        self._stops = {stop.name: stop for stop in stops}
        try:
            self._take(self._read())
        except StoreError as error:
            self.problem = f"{error.message}; the tour begins anew, and what was there is kept beside it"

    def record(self, stop: Stop, visit: Visit) -> None:
        """Keep what became of a stop; `problem` says if that was not possible."""
        self.visits[stop.name] = visit
        entry = {"result": visit.result, "answer": list(visit.answer) if isinstance(visit.answer, tuple) else visit.answer}
        self._write(lambda found: found["stops"].update({stop.name: entry}))

    def move_to(self, stop: Stop) -> None:
        """Keep which stop is shown."""
        if stop.name != self.at:
            self.at = stop.name
            self._write(lambda found: found.update({"at": stop.name}))

    def _read(self) -> dict[str, Any]:
        """Return what the file holds; the beginning where there is none.

        Raises:
            StoreError: it cannot be read, is damaged, or is of another version.
        """
        if not there(self.path):
            return {"format": FORMAT, "stops": {}, "at": ""}
        found = read_json(self.path, LARGEST)
        if found.get("format") != FORMAT:
            raise OtherFormat(f"{self.path} was written by another version of genlab")
        stops, at = found.get("stops"), found.get("at", "")
        sound = isinstance(stops, dict) and isinstance(at, str) and all(_sound(entry) for entry in stops.values())
        if not sound:
            raise StoreError(f"{self.path} is damaged: it holds something else than the stops of a tour")
        return {**found, "at": at}

    def _take(self, found: Mapping[str, Any]) -> None:
        for name, entry in found["stops"].items():
            stop, answer = self._stops.get(name), _answer(entry["answer"])
            if stop is not None and (answer is None or stop.fits(answer)):
                self.visits[name] = Visit(entry["result"], answer)
        self.at = found["at"] if found["at"] in self._stops else ""

    def _write(self, change: Any) -> None:
        try:
            try:
                found = self._read()
            except StoreError:
                self._put_aside()
                found = self._read()
            change(found)
            with told(self.path.parent):
                self.path.parent.mkdir(parents=True, exist_ok=True)
            write_json(self.path, found)
        except StoreError as error:
            self.problem = f"progress of the tour is not kept: {error.message}"
        else:
            self.problem = ""

    def _put_aside(self) -> None:
        """Rename what cannot be read, to the first name that is free."""
        place = next(
            path for number in range(1, 10_000) if not there(path := self.path.with_name(f"{self.path.stem}.unread-{number}.json"))
        )
        with told(self.path):
            os.rename(self.path, place)  # noqa: PTH104 (the store's other files are moved by os too)


def _sound(entry: object) -> bool:
    """Whether an entry of the file is what `record` writes, as far as its stop need not be known."""
    if not isinstance(entry, dict) or entry.get("result") not in RESULTS or "answer" not in entry:
        return False
    answer = entry["answer"]
    numbers = answer if isinstance(answer, list) else [answer]
    return answer is None or all(isinstance(item, int | float) and not isinstance(item, bool) for item in numbers)


def _answer(found: Any) -> Answer | None:
    return tuple(float(item) for item in found) if isinstance(found, list) else found
