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
    Key("p", "pin", "p", "Pin the present curves faintly; what is run next is drawn over them", RUN),
    Key("P", "unpin", "P", "Take the pinned curves away", RUN),
    Key("k", "side_panel('knobs')", "k", "Knobs: arrows choose and change, digits or enter type, enter applies", RUN),
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
    Key("m,pagedown", "turn(1)", "m", "More figures: the next page", LOOK),
    Key("M,pageup", "turn(-1)", "M", "The page before", LOOK),
    Key("f", "full", "f", "Give the chosen figure the whole screen, or share it again", LOOK),
    Key("comma", "cursor(-1)", ",", "Move the cursor back, in all figures with the same x axis", LOOK),
    Key("full_stop", "cursor(1)", ".", "Move the cursor forward", LOOK),
    Key("less_than_sign", "cursor_page(-1)", "<", "Move the cursor back by a tenth of what is seen", LOOK),
    Key("greater_than_sign", "cursor_page(1)", ">", "Move the cursor forward by a tenth", LOOK),
    Key("home", "cursor_end(-1)", "home", "Move the cursor to the first point", LOOK),
    Key("end", "cursor_end(1)", "end", "Move the cursor to the last point", LOOK),
    Key("g", "go_to", "g", "Move the cursor to a number", LOOK),
    Key("d", "side_panel('values')", "d", "The values of every figure at the cursor", LOOK),
    Key("plus,equals_sign", "zoom(1)", "+", "Zoom in along x, about the cursor", LOOK),
    Key("minus", "zoom(-1)", "-", "Zoom out along x", LOOK),
    Key("right_square_bracket", "zoom_y(1)", "]", "Zoom in along y, about what the cursor reads", LOOK),
    Key("left_square_bracket", "zoom_y(-1)", "[", "Zoom out along y", LOOK),
    Key("l", "link", "l", "Zoom and pan all figures with this x axis together, or one alone", LOOK),
    Key("0", "digit(0)", "0", "Show everything again, without cursor", LOOK, palette=False),
    Key("a", "smooth", "a", "Smooth the measured curves (mean of 5, 15, 45 points), the raw ones faint", LOOK),
    Key("x", "log('x')", "x", "Switch the x axis between linear and logarithmic", LOOK),
    Key("y", "log('y')", "y", "Switch the y axis between linear and logarithmic", LOOK),
    Key("v", "side_panel('claims')", "v", "Claims: predicted, measured, and whether they hold", READ),
    Key("n", "side_panel('notes')", "n", "Notes: what to notice, formulas, references", READ),
    Key("e", "export", "e", "Write the run with its figures to disk; choose another folder where that fails", READ),
    Key("c", "copy", "c", "Copy the command that repeats this run without the app", READ),
    Key("C", "app.compare", "C", "Compare stored runs: mark them in a list", READ),
    Key("b", "app.browse", "b", "Browse the runs of every process: open, resume, compare, export, delete", LAB, palette=False),
    Key("tab", "region(1)", "tab", "Move between figures, knobs, claims and notes", LAB, palette=False),
    Key("shift+tab", "region(-1)", "shift+tab", "Move back", LAB, palette=False),
    Key("question_mark", "app.help", "?", "Help on the keys and on what is selected", LAB, palette=False),
    Key("escape", "back", "escape", "One level back: panel, full figure, home; the run goes on", LAB),
    Key("ctrl+l", "app.redraw", "ctrl+l", "Draw the screen anew", LAB),
    Key("q", "app.leave", "q", "Quit; runs are saved, and what cannot be is said", LAB),
)


def bindings() -> list[Binding]:
    """Return the keys as Textual bindings."""
    return [Binding(key.keys, key.action, key.text, show=False) for key in KEYS]
