"""The row of keys below a stop of the tour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from rich.text import Text

from engine.contract.tour import Choice, Number, Question
from screens.key_lists import TOUR_KEYS
from screens.keys import Key, shown_now
from screens.widgets.text_row import fit

Stage = Literal["asking", "waiting", "answered", "explained"]


def key_row(question: Question, stage: Stage, place: int, count: int, width: int, chosen: Sequence[Key] = TOUR_KEYS) -> Text:
    """Return the row of keys at the bottom, those for the answer or for going on first; none that does nothing."""
    asking, last = stage == "asking", place + 1 == count
    if stage == "waiting":
        first = ("n", "next without it")
    elif not asking:
        first = ("enter", "explain" if stage == "answered" else "all stops" if last else "next")
    elif isinstance(question, Choice):
        first = (f"1..{len(question.options)}", "answer")
    else:
        first = ("enter", "answer") if isinstance(question, Number) else ("arrows enter", "draw, answer")
    pairs = [first, ("n", "skip" if asking else "next"), ("b", "back"), ("l", "stops"), ("r", "again"), ("s", "store"), ("o", "open")]
    idle = ("r", "s", "o") if asking else ("n",) if stage in ("waiting", "explained") or last else ()
    pairs = [first, *(pair for pair in pairs[1:] if pair[0] not in idle and not (place == 0 and pair[0] == "b"))]
    pairs += [("?", "help"), ("escape", "home"), ("q", "quit")]
    shown = [(key if key == "arrows enter" else shown_now(key, chosen, TOUR_KEYS), what) for key, what in pairs]
    return fit([Text.assemble((key, "bold cyan"), " ", what) for key, what in shown], width)
