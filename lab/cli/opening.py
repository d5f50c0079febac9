"""How a command opens the app."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import Any

from engine.errors import Exit, UsageError


def open_app(*, headless: str = "genlab run NAME", **options: Any) -> int:
    """Open the app in this terminal.

    Raises:
        UsageError: standard input or output is not a terminal.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the app needs a terminal, and this is none", f"Without one: {headless}, and genlab list for the names.")
    from lab.settings import settings
    from lab.terminal_background import BackgroundQuestion, must_ask

    made = settings()
    with BackgroundQuestion() if must_ask(made.theme) else nullcontext() as question:
        from lab.launching import launch  # takes longer than a terminal needs to answer

        return int(launch(made, question, **options) or Exit.DONE)
