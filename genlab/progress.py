"""How far `genlab.run(..., progress=True)` is: a bar in a notebook, a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import html
import sys
from typing import Any

from engine.contract import Snapshot
from lab.running.reporters import Reporter, choose_reporter, phase_message

LOOKS = 0.2  # seconds between two looks at a run


def reporter(title: str) -> Reporter:
    """Choose how to tell."""
    return NotebookReporter(title) if in_notebook() else choose_reporter(title)


def in_notebook() -> bool:
    """Whether this is a kernel, whose output is shown by a notebook; asks nothing of IPython where nobody has imported it."""
    shell = sys.modules.get("IPython")
    found = shell.get_ipython() if shell is not None and hasattr(shell, "get_ipython") else None
    return getattr(found, "kernel", None) is not None


class NotebookReporter(Reporter):
    """One output below the cell that is shown anew, through the display of the kernel itself; works without widgets."""

    def __init__(self, title: str) -> None:
        from IPython.display import display  # type: ignore[import-not-found,unused-ignore]  # there, since this is a kernel

        self._bar = Bar(title)
        self._handle = display(self._bar, display_id=True)

    def look(self, snapshot: Snapshot) -> None:
        """Show the bar anew where it moved."""
        if self._bar.follow(snapshot):
            self._handle.update(self._bar)

    def end(self, snapshot: Snapshot) -> None:
        """Leave how it ended."""
        self.look(snapshot)


class Bar:
    """Where a run stands, as HTML for notebooks and as a line for whatever shows text alone."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._line = "waiting"
        self._share: float | None = None

    def follow(self, snapshot: Snapshot) -> bool:
        """Take up where a run stands; return whether that changed."""
        before = (self._line, self._share)
        self._line = phase_message(snapshot)
        self._share = min(1.0, snapshot.step / snapshot.total) if snapshot.total else None
        return before != (self._line, self._share)

    def __repr__(self) -> str:
        return f"{self._title}: {self._line}"

    def _repr_html_(self) -> str:
        value = "" if self._share is None else f" value='{self._share:.4f}'"
        return f"<progress max='1'{value}></progress> <code>{html.escape(self._title)}</code>: {html.escape(self._line)}"


def follow(session: Any, title: str) -> None:
    """Wait until a run is over, telling how far it is."""
    told = reporter(title)
    try:
        while not session.join(LOOKS):
            told.look(session.latest())
        told.end(session.latest())
    finally:
        told.close()
