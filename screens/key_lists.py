"""The keys of home and of the tour, declared once as those of a phenomenon's screen are; and which keys settings may give to what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from string import ascii_lowercase, digits

from screens.keys import KEYS, NAMED, Key, key_name, rebound

HOME, ANSWER, MOVE, LAB = "Home", "Answer", "Stops", "Lab"
HOME_KEYS = (
    Key("", "", "1 ... 0 a c", "Open a phenomenon; its quick preset starts", HOME),
    Key("up,left", "move(-1)", "arrows", "Select a card", HOME),
    Key("down,right", "move(1)", "arrows", "Select a card", HOME),
    Key("enter,space", "open", "enter", "Open the selected card", HOME),
    Key("t", "app.open_tour", "t", "The tour: half an hour of questions that experiments answer", HOME, id="tour"),
    Key("b", "app.browse", "b", "Browse the runs of every process: filter, sort, open, resume, compare, export, delete", HOME, id="browse"),
    Key("w", "app.open_sweeps", "w", "Stored sweeps", HOME, id="sweeps"),
    Key("", "", "ctrl+p", "Palette: every command, preset and study, by its words", HOME),
    Key("C", "app.compare", "C", "Compare stored runs: mark them in a list", HOME, id="compare"),
    Key("question_mark", "app.help", "?", "Help", HOME, id="help"),
    Key("q", "app.leave", "q", "Quit; runs are saved", HOME, id="quit"),
)
TOUR_KEYS = (
    Key("", "", "1 ... 4", "Choose an option; or arrows and enter", ANSWER, palette=False),
    Key("", "", "0 ... 9", "Type a number; enter answers", ANSWER, palette=False),
    Key("", "", "arrows", "Choose a handle of a curve and move it; page keys move it far, enter answers", ANSWER, palette=False),
    Key("enter,space", "advance", "enter", "Go on: to the explanation, then to the next stop", ANSWER, palette=False),
    Key("r", "again", "r", "Ask again; run again what failed or gave no answer", ANSWER, id="tour_again"),
    Key("n", "next", "n", "Next stop; one without an answer is skipped", MOVE, id="tour_next"),
    Key("b", "back", "b", "The stop before", MOVE, id="tour_back"),
    Key("l", "list", "l", "All stops, and what became of them", MOVE, id="tour_list"),
    Key("o", "open", "o", "Open the phenomenon on its own screen, with knobs, claims and notes", LAB, id="tour_open"),
    Key("s", "store", "s", "Store the run of this stop; otherwise it is not kept", LAB, id="tour_store"),
    Key("question_mark", "app.help", "?", "Help", LAB, palette=False, id="help"),
    Key("escape", "app.home", "escape", "Home; progress is kept", LAB),
    Key("ctrl+l", "app.redraw", "ctrl+l", "Draw the screen anew", LAB),
    Key("q", "app.leave", "q", "Quit; progress is kept", LAB, id="quit"),
)
SCREENS = (KEYS, HOME_KEYS, TOUR_KEYS)
CHOOSABLE = tuple({item.id: item for keys in reversed(SCREENS) for item in reversed(keys) if item.id}.values())[::-1]
REBINDABLE = tuple(item.id for item in CHOOSABLE)
OF_NUMBERS = frozenset(".,+-_eE")  # what a number may hold beside digits, where the tour asks for one


def card_keys(home: Sequence[Key] = HOME_KEYS) -> str:
    """Return the keys of the cards in order: digits, then the letters that do nothing else on home."""
    taken = {name for item in home for name in item.keys.split(",")}
    return f"{digits[1:]}0{''.join(letter for letter in ascii_lowercase if letter not in taken)}"


def key_problem(key: str, action: str = "") -> str:
    """Say what keeps a key from being an action's; nothing where it can be."""
    if action.startswith("tour_") and key in OF_NUMBERS:
        return f"the key {key!r} is part of numbers, which the tour asks for"
    if key_name(key):
        return ""
    taken = {item.shown for item in KEYS if not item.id}
    if key in taken or (key.isascii() and key.isdecimal()):
        return f"the key {key!r} is always the same action's: digits choose figures, tab and escape move"
    return f"no key {key[:20]!r}; a key is a letter, a mark such as + or ?, {', '.join(list(NAMED)[:7])}, f1 to f12, ctrl+e and the like"


def clashes(chosen: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield keys that would have two actions on one screen, with both; chosen: action to key, as people write it."""
    for keys in SCREENS:
        holder: dict[str, str] = {}
        for item in rebound(chosen, keys):
            for name in item.keys.split(",") if item.keys else ():
                what = item.id or item.action
                if name in holder and holder[name] != what:
                    yield item.shown, holder[name], what
                holder[name] = what
