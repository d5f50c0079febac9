"""One phenomenon on the home screen: key, title, its newest run's state and main curve, question; or why it cannot be opened."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from rich.text import Text
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from engine.contract import Phase, Snapshot
from screens import formatting
from screens.application import PhenomenonEntry
from screens.listed_run import Glimpse, ListedRun, MainFigure
from screens.widgets.palette import Level, Theme
from screens.widgets.run_columns import age, claims, knob_words, phase
from screens.widgets.text_row import fit, spread

Detail = Literal["picture", "two rows", "one row"]
GAP = 2  # columns between title, question and state in one row
LEAST_SPARK, MOST_SPARK = 6, 24  # columns of a curve in one row
STATE = 38  # columns of the state before it: phase, progress and three counts of claims
LEAST_QUESTION = 16
PLOT, PLOT_SHARE = 36, 0.45  # columns of a picture, and the part of the card that it takes at most
NO_RUN, UNREAD, DAMAGED = "no run yet", "...", "run cannot be read"


def state_of(snapshot: Snapshot) -> list[Text]:
    """Return what became of a run so far, the most important first: phase with progress, and by mark the claims that it is meant for."""
    said = Text(snapshot.phase.value, formatting.PHASE_STYLE[snapshot.phase])
    if snapshot.phase in (Phase.RUNNING, Phase.PAUSED):
        said.append(f" {formatting.percent(snapshot)}", "none")
    counts = formatting.tally([verdict for verdict in snapshot.verdicts if verdict.status not in formatting.NOT_OF_THIS_RUN])
    unstored = [Text("not stored", "bold red")] if snapshot.unstored else []
    return [said, *unstored, *(Text(f"{len(ids)} {status.mark}", formatting.STATUS_STYLE[status]) for status, ids in counts.items())]


def _named(parts: Sequence[Text]) -> list[Text]:
    """Say before the first number what is counted."""
    first = next((place for place, part in enumerate(parts) if part.plain[:1].isdigit()), len(parts))
    return [*parts[:first], *(Text.assemble(("claims ", "dim"), part) for part in parts[first : first + 1]), *parts[first + 1 :]]


class PhenomenonCard(Widget, can_focus=True):
    """A card: one row or two where room is short, a picture beside the whole question where there is more.

    Args:
        entry: the phenomenon.
        key: what opens it.
        title_width: columns of the longest title of all cards, so that questions in one row stand below one another.
        theme: what the terminal can show.
    """

    DEFAULT_CSS = """
    PhenomenonCard { height: auto; width: 1fr; padding: 0 1; border-left: blank; }
    PhenomenonCard:focus { border-left: outer $primary; }
    """

    class Opened(Message):
        """A card was clicked."""

        def __init__(self, card: PhenomenonCard) -> None:
            super().__init__()
            self.card = card

    def __init__(self, entry: PhenomenonEntry, key: str, title_width: int = 0, theme: Theme | None = None) -> None:
        super().__init__()
        self.entry = entry
        self.key = key
        self.detail: Detail = "two rows"
        self.rows = 0  # of the picture
        self.theme = theme or Theme()
        self._title_width = title_width
        self._state = [Text("cannot be opened", "red")] if entry.problem else [Text(UNREAD, "dim")]
        self._main: MainFigure | None = None
        self._run: ListedRun | None = None  # which is not of this app

    def spoil(self, problem: str) -> None:
        """Say from now on why the phenomenon cannot be opened."""
        self.entry = replace(self.entry, problem=problem)
        self._state, self._main, self._run = [Text("cannot be opened", "red")], None, None
        self.refresh(layout=True)

    def show(self, snapshot: Snapshot | None, main: MainFigure | None = None) -> None:
        """Show what became of the app's own run; None: there is none, nor one in the store."""
        self._show([Text(NO_RUN, "dim")] if snapshot is None else state_of(snapshot), main, None)

    def show_stored(self, glimpse: Glimpse) -> None:
        """Show what became of the newest run of the store."""
        run = glimpse.run
        state = [Text(DAMAGED, "red")] if run.problem else [phase(run), *claims(run.claims or {})]
        self._show(state, glimpse.main, run)

    def _show(self, state: Sequence[Text], main: MainFigure | None, run: ListedRun | None) -> None:
        """Repaint only where something changed."""
        if self.entry.problem:
            return
        same = [(part.plain, part.style) for part in state] == [(part.plain, part.style) for part in self._state]
        if not same or main is not self._main or run is not self._run:
            self._state, self._main, self._run = list(state), main, run
            self.refresh()

    def give(self, detail: Detail, rows: int = 0) -> None:
        """Take so many rows; rows: those of the picture."""
        if (detail, rows) != (self.detail, self.rows):
            self.detail, self.rows = detail, rows
            self.refresh(layout=True)

    @property
    def sentence(self) -> str:
        """What stands below the title: the question, that of the run whose picture is shown, or what is wrong."""
        asked = self._main.asked if self._main is not None else ""
        return self.entry.problem or asked or self.entry.question or self.entry.name

    @property
    def cut(self) -> bool:
        """Whether the card shows only the beginning of its sentence."""
        if self.detail == "picture":
            return len(self._wrapped(self._beside)) > self._question_rows
        room = self._room() if self.detail == "one row" else self.content_region.width - 2
        return len(self.sentence) > room

    def on_click(self) -> None:
        """Open the phenomenon."""
        self.post_message(self.Opened(self))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the rows it was given: those of what is drawn would be counted in the width that it had before a resize."""
        return {"picture": self.rows + 2, "two rows": 2, "one row": 1}[self.detail]

    def render(self) -> Text:
        """Draw key, title and state in one row, the sentence in the same or below, beside the picture."""
        width = self._width
        name = Text.assemble((f"{self.key or ' '} ", "bold cyan"), (self.entry.title, "bold reverse" if self.has_focus else "bold"))
        state = self._fitting_state()
        style = "red" if self.entry.problem else "" if self.has_focus else "dim"
        if self.detail == "one row":
            column = " " * (self._title_width - len(self.entry.title) + GAP)
            if self._spark:
                return name.append(column).append_text(state)
            if self._room() >= LEAST_QUESTION:
                name.append(column).append_text(_cut(self.sentence, self._room(), style))
            return spread(name, state, width)
        if self.detail == "two rows":
            return Text("\n").join([spread(name, state, width), Text.assemble("  ", _cut(self.sentence, width - 2, style))])
        return Text("\n").join([spread(name, state, width), *self._picture(style), Text()])

    # ------------------------------------------------------------ the picture

    @property
    def _plot(self) -> int:
        return min(PLOT, int(self._width * PLOT_SHARE))

    @property
    def _beside(self) -> int:
        """Columns of the words beside the picture; always the same, so that the words stay where they are once there is one."""
        return max(10, self._width - 2 - self._plot - GAP)

    @property
    def _question_rows(self) -> int:
        return max(1, self.rows - 1)

    def _wrapped(self, width: int) -> list[str]:
        return textwrap.wrap(self.sentence, max(10, width))

    def _picture(self, style: str) -> list[Text]:
        """The rows below the title: the question, which run is shown, and the picture at the right."""
        beside = self._beside
        words = [Text(part, style) for part in self._wrapped(beside)[: self._question_rows]]
        words += [Text()] * (self._question_rows - len(words))
        words.append(Text(self._about(beside), "dim"))
        drawn = [Text()] * self.rows
        if self._main is not None:
            from screens.widgets.mini_plot import mini_plot  # with the first run that is shown: home stands before it is imported

            drawn = mini_plot(self._main, self._plot, self.rows, self.theme)
        lines = []
        for place in range(self.rows):
            left = words[place] if place < len(words) else Text()
            left.truncate(beside, overflow="ellipsis", pad=True)
            lines.append(Text.assemble("  ", left, " " * GAP, drawn[place]))
        return lines

    def _about(self, width: int) -> str:
        """Say what is drawn, of a stored run from when and with which knobs; of that, in this order, what has room whole."""
        if self._run is None:
            return self._main.figure.title if self._main is not None else ""
        nothing = "b lists it with the reason" if self._run.problem else "nothing measured yet"
        drawn = self._main.figure.title if self._main is not None else nothing
        ago = age((time.time_ns() - self._run.changed) / 1e9)
        parts = [part for part in (drawn, f"{ago} ago", knob_words(self._run.knobs)) if part]
        fitting = [self._of_preset(", ".join(parts[:count])) for count in range(len(parts), 0, -1)]
        return next((words for words in fitting if len(words) <= width), self._base or fitting[-1])

    @property
    def _base(self) -> str:
        """The preset of the run that is shown, unless it is the usual one: what another study shows does not answer the question."""
        return self._run.base if self._run is not None and self._run.base != "quick" else ""

    def _of_preset(self, words: str) -> str:
        return f"{self._base}: {words}" if self._base else words

    # ------------------------------------------------------------ one row

    @property
    def _width(self) -> int:
        return max(1, self.content_region.width or self.app.size.width)

    @property
    def _spark(self) -> int:
        """Columns of the curve in one row; 0 where there is none, or no room."""
        if self.detail == "picture" or self._main is None:
            return 0
        title = self._title_width if self.detail == "one row" else len(self.entry.title)
        room = self._width - 2 - title - GAP - STATE - GAP
        return min(MOST_SPARK, room) if room >= LEAST_SPARK else 0

    def _fitting_state(self) -> Text:
        spark = self._spark
        title = self._title_width if self.detail == "one row" else len(self.entry.title)
        parts = [*self._state, *([Text(self._base, "dim")] if spark and self._base else [])]
        room = STATE if spark else self._width - 2 - title - GAP
        named = _named(parts)
        state = fit(named if Text("  ").join(named).cell_len <= room else parts, room)
        if not spark or self._main is None:
            return state
        from screens.widgets.mini_plot import sparkline  # as above

        state.append(" " * (STATE - state.cell_len + GAP))
        return state.append(sparkline(self._main, spark, self.theme), "" if self.theme.level is Level.NONE else "cyan")

    def _room(self) -> int:
        """Columns of the sentence between title and state in one row."""
        return 0 if self._spark else self._width - 2 - self._title_width - GAP - self._fitting_state().cell_len - GAP


def _cut(sentence: str, width: int, style: str) -> Text:
    """As many whole words of a sentence as fit, with an ellipsis where that is not all."""
    if len(sentence) <= width:
        return Text(sentence, style)
    words = sentence[:width].rpartition(" ")[0]
    if not words:
        return Text(f"{sentence[: max(0, width - 1)]}…", style)
    return Text(f"{words.rstrip(',;:')} …" if len(words) + 2 <= width else f"{words.rstrip(',;:')}…", style)
