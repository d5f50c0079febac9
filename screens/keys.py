"""Every key of a phenomenon's screen, declared once: the bindings, the help and the palette are made from this list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.binding import Binding


@dataclass(frozen=True)
class Key:
    """A key with what it does.

    shown: how help writes it. palette: whether the palette offers it, too. id: by which settings give the action another key; none
    where its key is always the same.
    """

    keys: str
    action: str
    shown: str
    text: str
    group: str
    palette: bool = True
    id: str = ""


RUN, LOOK, READ, LAB = "Run", "Look", "Read and keep", "Lab"

KEYS = (
    Key("space", "run_or_pause", "space", "Start, pause, go on, run again", RUN, palette=False, id="run"),
    Key("s", "step", "s", "Advance to the next measurement, then pause", RUN, id="step"),
    Key("r", "rewind", "r", "Begin again from the same seeds and knobs", RUN, id="rewind"),
    Key("R", "reseed", "R", "Begin again from the next seeds", RUN, id="reseed"),
    Key("S", "stop", "S", "Stop a watched run of another process; its state is saved", RUN, palette=False, id="stop"),
    Key("p", "pin", "p", "Pin the present curves faintly; what is run next is drawn over them", RUN, id="pin"),
    Key("P", "unpin", "P", "Take the pinned curves away", RUN, id="unpin"),
    Key("k", "side_panel('knobs')", "k", "Knobs: arrows choose and change, digits or enter type, enter applies", RUN, id="knobs"),
    *(
        Key(
            str(digit),
            f"digit({digit})",
            "1 ... 9",
            "Choose a figure or picture; two digits at once from the tenth on",
            LOOK,
            palette=False,
        )
        for digit in range(1, 10)
    ),
    Key("m,pagedown", "turn(1)", "m", "More figures: the next page", LOOK, id="next_page"),
    Key("M,pageup", "turn(-1)", "M", "The page before", LOOK, id="previous_page"),
    Key("f", "full", "f", "Give the chosen figure the whole screen, or share it again", LOOK, id="full"),
    Key("i", "picture", "i", "The chosen figure as the exported picture, here or as a file", LOOK, id="picture"),
    Key("comma", "cursor(-1)", ",", "Move the cursor back, in all figures with the same x axis", LOOK, id="cursor_back"),
    Key("full_stop", "cursor(1)", ".", "Move the cursor forward", LOOK, id="cursor_forward"),
    Key("less_than_sign", "cursor_page(-1)", "<", "Move the cursor back by a tenth of what is seen", LOOK, id="cursor_far_back"),
    Key("greater_than_sign", "cursor_page(1)", ">", "Move the cursor forward by a tenth", LOOK, id="cursor_far_forward"),
    Key("home", "cursor_end(-1)", "home", "Move the cursor to the first point", LOOK, id="cursor_first"),
    Key("end", "cursor_end(1)", "end", "Move the cursor to the last point", LOOK, id="cursor_last"),
    Key("g", "go_to", "g", "Move the cursor to a number", LOOK, id="go_to"),
    Key("d", "side_panel('values')", "d", "The values of every figure at the cursor", LOOK, id="values"),
    Key("plus,equals_sign", "zoom(1)", "+", "Zoom in along x, about the cursor", LOOK, id="zoom_in"),
    Key("minus", "zoom(-1)", "-", "Zoom out along x", LOOK, id="zoom_out"),
    Key("right_square_bracket", "zoom_y(1)", "]", "Zoom in along y, about what the cursor reads", LOOK, id="zoom_in_y"),
    Key("left_square_bracket", "zoom_y(-1)", "[", "Zoom out along y", LOOK, id="zoom_out_y"),
    Key("l", "link", "l", "Zoom and pan all figures with this x axis together, or one alone", LOOK, id="link"),
    Key("0", "digit(0)", "0", "Show everything again, without cursor", LOOK, palette=False),
    Key("a", "smooth", "a", "Smooth the measured curves (mean of 5, 15, 45 points), the raw ones faint", LOOK, id="smooth"),
    Key("x", "log('x')", "x", "Switch the x axis between linear and logarithmic", LOOK, id="log_x"),
    Key("y", "log('y')", "y", "Switch the y axis between linear and logarithmic", LOOK, id="log_y"),
    Key("v", "side_panel('claims')", "v", "Claims: predicted, measured, and whether they hold", READ, id="claims"),
    Key("n", "side_panel('notes')", "n", "Notes: what to notice, formulas, references", READ, id="notes"),
    Key("e", "export", "e", "Write the run with its figures to disk; choose another folder where that fails", READ, id="export"),
    Key("c", "copy", "c", "Copy the command that repeats this run without the app", READ, id="copy"),
    Key("C", "app.compare", "C", "Compare stored runs: mark them in a list", READ, id="compare"),
    Key("b", "app.browse", "b", "Browse the runs of every process: open, resume, compare, export, delete", LAB, palette=False, id="browse"),
    Key("tab", "region(1)", "tab", "Move between figures, knobs, claims and notes", LAB, palette=False),
    Key("shift+tab", "region(-1)", "shift+tab", "Move back", LAB, palette=False),
    Key("question_mark", "app.help", "?", "Help on the keys and on what is selected", LAB, palette=False, id="help"),
    Key("escape", "back", "escape", "One level back: panel, full figure, home; the run goes on", LAB),
    Key("ctrl+l", "app.redraw", "ctrl+l", "Draw the screen anew", LAB),
    Key("q", "app.leave", "q", "Quit; runs are saved, and what cannot be is said", LAB, id="quit"),
)


# As people write them, and Textual's names.
NAMED = {
    "space": "space", "insert": "insert", "delete": "delete", "home": "home", "end": "end", "pageup": "pageup", "pagedown": "pagedown",
    **{f"f{number}": f"f{number}" for number in range(1, 13)},
    **{f"ctrl+{letter}": f"ctrl+{letter}" for letter in "efgknortuvwxy"},  # others are the terminal's, tmux's, or another key's code
}  # fmt: skip
MARKS = {
    ",": "comma", ".": "full_stop", "<": "less_than_sign", ">": "greater_than_sign", "+": "plus", "-": "minus", "=": "equals_sign",
    "[": "left_square_bracket", "]": "right_square_bracket", "?": "question_mark", "!": "exclamation_mark", '"': "quotation_mark",
    "#": "number_sign", "$": "dollar_sign", "%": "percent_sign", "&": "ampersand", "'": "apostrophe", "(": "left_parenthesis",
    ")": "right_parenthesis", "*": "asterisk", "/": "slash", ":": "colon", ";": "semicolon", "@": "at", "\\": "backslash",
    "^": "circumflex_accent", "_": "underscore", "`": "grave_accent", "{": "left_curly_bracket", "|": "vertical_line",
    "}": "right_curly_bracket", "~": "tilde",
}  # fmt: skip


def key_name(key: str) -> str:
    """Return Textual's name of a key as people write it; empty where it can be no action's key."""
    if len(key) == 1 and key.isascii() and key.isalpha():
        return key
    return MARKS.get(key) or NAMED.get(key, "")


def rebound(chosen: Mapping[str, str], keys: Sequence[Key] = KEYS) -> tuple[Key, ...]:
    """Return the keys of a screen with those that were chosen for actions, as people write them."""
    return tuple(replace(item, keys=key_name(chosen[item.id]), shown=chosen[item.id]) if item.id in chosen else item for item in keys)


def shown_now(usual: str, chosen: Sequence[Key], keys: Sequence[Key] = KEYS) -> str:
    """Return how keys of a screen are written that are usually written so (`+ -`), with those of the settings."""
    now = {before.shown: item.shown for before, item in zip(keys, chosen, strict=True)}
    return " ".join(now.get(part, part) for part in usual.split())


def bindings(keys: Sequence[Key] = KEYS) -> list[Binding]:
    """Return the keys of a screen as Textual bindings."""
    from textual.binding import Binding  # which takes 150 ms, and who checks settings needs none

    return [Binding(key.keys, key.action, key.text, show=False, id=key.id or None) for key in keys if key.keys]
