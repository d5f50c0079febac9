"""How far a run or a sweep with `progress=True` is: a bar in a notebook; on a terminal a bar of a run, lines elsewhere."""

from __future__ import annotations

import html
import sys
from collections.abc import Callable
from typing import Any

from engine.contract import Snapshot
from lab.output import say
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


class ShownBar:
    """A bar below the cell that is shown anew, through the display of the kernel itself; works without widgets."""

    def __init__(self, title: str) -> None:
        from IPython.display import display  # type: ignore[import-not-found,unused-ignore]  # there, since this is a kernel

        self._bar = Bar(title)
        self._handle = display(self._bar, display_id=True)  # type: ignore[no-untyped-call,unused-ignore]

    def move(self, line: str, share: float | None) -> None:
        """Show the bar anew where that moves it."""
        if self._bar.move(line, share):
            self._handle.update(self._bar)


class NotebookReporter(Reporter):
    """A run as a bar below the cell."""

    def __init__(self, title: str) -> None:
        self._bar = ShownBar(title)

    def look(self, snapshot: Snapshot) -> None:
        """Show the bar anew where it moved."""
        self._bar.move(phase_message(snapshot), share(snapshot))

    def end(self, snapshot: Snapshot) -> None:
        """Leave how it ended."""
        self.look(snapshot)


class Bar:
    """Where a run stands, as HTML for notebooks and as a line for whatever shows text alone."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._line = "waiting"
        self._share: float | None = None

    def move(self, line: str, share: float | None) -> bool:
        """Take up where it stands; return whether that changed."""
        before = (self._line, self._share)
        self._line, self._share = line, share
        return before != (self._line, self._share)

    def __repr__(self) -> str:
        return f"{self._title}: {self._line}"

    def _repr_html_(self) -> str:
        value = "" if self._share is None else f" value='{self._share:.4f}'"
        return f"<progress max='1'{value}></progress> <code>{html.escape(self._title)}</code>: {html.escape(self._line)}"


def share(snapshot: Snapshot) -> float | None:
    """How much of a run's steps are made, where that is known."""
    return min(1.0, snapshot.step / snapshot.total) if snapshot.total else None


def sweep_teller(title: str, count: int) -> Callable[[int, str], None]:
    """Return what takes how many of a sweep's points have ended and a line on the last: a bar in a notebook, lines elsewhere."""
    if not in_notebook():
        return lambda ended, line: say(f"{ended} of {count}: {line}")
    bar = ShownBar(title)

    def tell(ended: int, line: str) -> None:
        bar.move(f"{ended} of {count} points, last {line}", ended / count)

    return tell


def follow(session: Any, title: str) -> None:
    """Wait until a run is over, telling how far it is."""
    told = reporter(title)
    try:
        while not session.join(LOOKS):
            told.look(session.latest())
        told.end(session.latest())
    finally:
        told.close()
