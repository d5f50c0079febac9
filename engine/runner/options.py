"""How runs are carried out; nothing here changes what they compute, except `threads` and `device` in the last digits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Options:
    """Device ("auto", "cpu", "cuda"), threads of torch, where runs are stored (None: nowhere), who is told of each measurement."""

    device: str
    threads: int
    root: Path | None = None
    on_measure: Callable[[int, dict[str, Any]], None] | None = None
    command_line: str = ""
