"""The progress bar of headless runs on a terminal: rich, on standard error, with rate and time left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from lab.headless import Reporter, standing
from lab.output import ascii_only, console, say

if TYPE_CHECKING:
    from engine.contract import Snapshot


class BarReporter(Reporter):
    """One line that is redrawn in place, and replaced by a plain one at the end."""

    def __init__(self, title: str) -> None:
        self.title = title
        columns = [TextColumn("{task.description}"), BarColumn(bar_width=20), TextColumn("{task.fields[standing]}")]
        if not ascii_only():
            columns.insert(0, SpinnerColumn())
        self.progress = Progress(*columns, console=console(stderr=True), transient=True, refresh_per_second=5)
        self.task = self.progress.add_task(title, total=None, standing="")
        self.progress.start()

    def look(self, snapshot: Snapshot) -> None:
        """Move the bar."""
        self.progress.update(self.task, completed=snapshot.step, total=snapshot.total, standing=standing(snapshot))

    def close(self) -> None:
        """Take the bar away."""
        self.progress.stop()

    def end(self, snapshot: Snapshot) -> None:
        """Leave one line in place of the bar."""
        self.close()
        say(f"{self.title}: {standing(snapshot)}")
