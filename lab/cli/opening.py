"""How a command opens the app."""

from __future__ import annotations

import sys
from typing import Any

from engine.errors import Exit, UsageError


def open_app(*, headless: str = "genlab run NAME", **options: Any) -> int:
    """Open the app in this terminal.

    Raises:
        UsageError: standard input or output is not a terminal.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the app needs a terminal, and this is none", f"Without one: {headless}, and genlab list for the names.")
    from lab.launching import launch

    return int(launch(**options) or Exit.DONE)
