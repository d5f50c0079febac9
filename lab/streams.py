"""What standard output can write: in which characters, and that none of them is a failure."""

from __future__ import annotations

import sys
from typing import Any


def is_utf8(stream: Any) -> bool:
    """Whether a stream takes every character; one of a test that has no encoding does."""
    return "utf" in (getattr(stream, "encoding", None) or "utf-8").lower()


def write_any_character() -> None:
    """Let nothing fail for a character: bytes of names that are no text go out as they are, what is not to be had as `?`."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="surrogateescape" if is_utf8(sys.stdout) else "replace")
