"""The keys of the tour, declared once: bindings, help and palette are made from this list."""

from __future__ import annotations

from typing import Literal

from rich.text import Text
from textual.binding import Binding

from engine.contract.tour import Choice, Number, Question
from screens.keys import Key
from screens.widgets.text_row import fit

ANSWER, MOVE, LAB = "Answer", "Stops", "Lab"
Stage = Literal["asking", "waiting", "answered", "explained"]

TOUR_KEYS = (
    Key("", "", "1 ... 4", "Choose an option; or arrows and enter", ANSWER, palette=False),
    Key("", "", "0 ... 9", "Type a number; enter answers", ANSWER, palette=False),
    Key("", "", "arrows", "Choose a handle of a curve and move it; page keys move it far, enter answers", ANSWER, palette=False),
    Key("enter,space", "advance", "enter", "Go on: to the explanation, then to the next stop", ANSWER, palette=False),
    Key("r", "again", "r", "Ask again; run again what failed or gave no answer", ANSWER),
    Key("n", "next", "n", "Next stop; one without an answer is skipped", MOVE),
    Key("b", "back", "b", "The stop before", MOVE),
    Key("l", "list", "l", "All stops, and what became of them", MOVE),
    Key("o", "open", "o", "Open the phenomenon on its own screen, with knobs, claims and notes", LAB),
    Key("s", "store", "s", "Store the run of this stop; otherwise it is not kept", LAB),
    Key("question_mark", "app.help", "?", "Help", LAB, palette=False),
    Key("escape", "app.home", "escape", "Home; progress is kept", LAB),
    Key("ctrl+l", "app.redraw", "ctrl+l", "Draw the screen anew", LAB),
    Key("q", "app.leave", "q", "Quit; progress is kept", LAB),
)


def bindings() -> list[Binding]:
    """Return the keys as Textual bindings."""
    return [Binding(key.keys, key.action, key.text, show=False) for key in TOUR_KEYS if key.keys]


def key_row(question: Question, stage: Stage, first_stop: bool, width: int) -> Text:
    """Return the row of keys at the bottom, those for the answer or for going on first; none that does nothing."""
    asking = stage == "asking"
    if stage == "waiting":
        first = ("n", "next without it")
    elif not asking:
        first = ("enter", "explain" if stage == "answered" else "next")
    elif isinstance(question, Choice):
        first = (f"1..{len(question.options)}", "answer")
    else:
        first = ("enter", "answer") if isinstance(question, Number) else ("arrows enter", "draw, answer")
    pairs = [first, ("n", "skip" if asking else "next"), ("b", "back"), ("l", "stops"), ("r", "again"), ("s", "store"), ("o", "open")]
    idle = ("r", "s", "o") if asking else ("n",) if stage in ("waiting", "explained") else ()
    pairs = [first, *(pair for pair in pairs[1:] if pair[0] not in idle and not (first_stop and pair[0] == "b"))]
    pairs += [("?", "help"), ("escape", "home"), ("q", "quit")]
    return fit([Text.assemble((key, "bold cyan"), " ", what) for key, what in pairs], width)
