"""The runs that were last written into, on home: those that are computed now first; a click opens the run browser."""

from __future__ import annotations

import time

from rich.text import Text
from textual.message import Message
from textual.widget import Widget

from screens.listed_run import Glimpses
from screens.widgets.run_columns import MARK, columns_of, head, row, telling

LEAST = 3  # rows that make sense
NONE = "No runs are stored yet; a card's key starts one."


class LatestRuns(Widget):
    """As many rows as it is given, below a heading."""

    DEFAULT_CSS = "LatestRuns { width: 1fr; height: 0; padding: 0 1; }"

    class Clicked(Message):
        """It was clicked."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: Glimpses | None = None
        self._problem = ""

    def show(self, shown: Glimpses, problem: str = "") -> None:
        """Show runs, or why they cannot be read."""
        if shown is not self._shown or problem != self._problem:
            self._shown, self._problem = shown, problem
            self.refresh()

    def tick(self) -> None:
        """Let the ages move on."""
        if self._shown is not None and self._shown.latest:
            self.refresh()

    def on_click(self) -> None:
        """Ask for the browser."""
        self.post_message(self.Clicked())

    def render(self) -> Text:
        """Draw the heading and the rows."""
        width, height = self.content_size
        if height < LEAST or self._shown is None:
            return Text()
        lines = [self._heading(width)]
        if not self._problem and self._shown.latest:
            shown = self._shown.latest[: height - len(lines) - 1]
            columns, first = columns_of(width + MARK, runs=shown), telling(shown)
            lines.append(Text(head(columns, "age").plain[MARK:].replace("↓", " "), "dim"))
            lines += [row(run, columns, 0, time.time_ns(), lambda run, name: "", first)[MARK:] for run in shown]
        for line in lines:
            line.no_wrap = True
            line.truncate(max(1, width), overflow="ellipsis")
        return Text("\n", no_wrap=True).join(lines[:height])

    def _heading(self, width: int) -> Text:
        shown = self._shown
        if self._problem:
            return Text(self._problem, "bold red")
        if shown is None or not shown.count:
            return Text(NONE, "dim")
        working = Text(f", {shown.working} running" if shown.working else "", "bold green")
        words = Text.assemble(("Runs", "bold"), f"  {shown.count:,}", working, "  ", ("b", "bold cyan"), " browses them ")
        return Text.assemble(words, ("─" * max(0, width - words.cell_len), "dim"))
