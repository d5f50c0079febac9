"""Every key of a phenomenon's screen, declared once: the bindings, the help and the palette are made from this list."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True)
class Key:
    """A key with what it does. `shown` is how help writes it; `palette` is whether the palette offers it, too."""

    keys: str
    action: str
    shown: str
    text: str
    group: str
    palette: bool = True


RUN, LOOK, READ, LAB = "Run", "Look", "Read and keep", "Lab"

KEYS = (
    Key("space", "run_or_pause", "space", "Start, pause, go on, run again", RUN, palette=False),
    Key("s", "step", "s", "Advance to the next measurement, then pause", RUN),
    Key("r", "rewind", "r", "Begin again from the same seeds and knobs", RUN),
    Key("R", "reseed", "R", "Begin again from the next seeds", RUN),
    Key("S", "stop", "S", "Stop a watched run of another process; its state is saved", RUN, palette=False),
    Key("p", "pin", "p", "Pin the present curves faintly and run again beside them", RUN),
    Key("P", "unpin", "P", "Take the pinned curves away", RUN),
    Key("k", "side_panel('knobs')", "k", "Knobs: arrows choose and change, digits or enter type, enter applies", RUN),
    *(Key(str(digit), f"view({digit - 1})", "1 ... 9", "Choose a figure or picture", LOOK, palette=False) for digit in range(1, 10)),
    Key("m,pagedown", "turn(1)", "m", "More figures: the next page", LOOK),
    Key("M,pageup", "turn(-1)", "M", "The page before", LOOK),
    Key("f", "full", "f", "Give the chosen figure the whole screen, or share it again", LOOK),
    Key("comma", "cursor(-1)", ",", "Move the cursor back, in all figures with the same x axis", LOOK),
    Key("full_stop", "cursor(1)", ".", "Move the cursor forward", LOOK),
    Key("plus,equals_sign", "zoom(1)", "+", "Zoom in on the chosen figure, around the cursor", LOOK),
    Key("minus", "zoom(-1)", "-", "Zoom out", LOOK),
    Key("0", "reset", "0", "Show everything again, without cursor", LOOK),
    Key("x", "log('x')", "x", "Switch the x axis between linear and logarithmic", LOOK),
    Key("y", "log('y')", "y", "Switch the y axis between linear and logarithmic", LOOK),
    Key("v", "side_panel('claims')", "v", "Claims: predicted, measured, and whether they hold", READ),
    Key("n", "side_panel('notes')", "n", "Notes: what to notice, formulas, references", READ),
    Key("e", "export", "e", "Write the run with its figures to disk; choose another folder where that fails", READ),
    Key("c", "copy", "c", "Copy the command that repeats this run without the app", READ),
    Key("tab", "region(1)", "tab", "Move between figures, knobs, claims and notes", LAB, palette=False),
    Key("shift+tab", "region(-1)", "shift+tab", "Move back", LAB, palette=False),
    Key("question_mark", "app.help", "?", "Help on the keys and on what is selected", LAB, palette=False),
    Key("escape", "app.home", "escape", "Home; the run goes on", LAB),
    Key("ctrl+l", "app.redraw", "ctrl+l", "Draw the screen anew", LAB),
    Key("q", "app.leave", "q", "Quit; runs are saved, and what cannot be is said", LAB),
)


def bindings() -> list[Binding]:
    """Return the keys as Textual bindings."""
    return [Binding(key.keys, key.action, key.text, show=False) for key in KEYS]
