"""How runs are carried out; nothing here changes what they compute, except `threads` and `device` in the last digits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Options:
    """Device ("auto", "cpu", "cuda"), threads of torch, where runs are stored (None: nowhere), who is told of each measurement.

    typed: the command that a person typed, for the manifest.
    store_after: seconds of work after which a run is worth a folder, 0 to make it at once; a finished run gets one when it was left alone
        three times as long, or in the end.
    company: how many runs share the thread, and the time that each may spend on being drawn and saved.
    insist: whether a run that is to have a folder at once does not begin without it; else it is told, and tried again.
    watched: whether somebody looks at its curves while it runs; else it is drawn for its folder, and at its end.
    """

    device: str
    threads: int
    root: Path | None = None
    on_measure: Callable[[int, dict[str, Any]], None] | None = None
    typed: str = ""
    store_after: float = 0.0
    insist: bool = True
    company: int = 1
    watched: bool = True
