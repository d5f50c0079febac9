"""Rows of the knob form: what every row does, the row that chooses a preset, and the one that hides knobs without effect."""

from __future__ import annotations

import re
import textwrap
from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from engine.contract import Preset


class FormField(Widget, can_focus=True):
    """One row of the form. Subclasses say what stands in it and what left, right, enter and typing do."""

    DEFAULT_CSS = "FormField { height: auto; width: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "Lower", show=False),
        Binding("right", "step(1)", "Raise", show=False),
        Binding("enter", "enter", "Type or apply", show=False),
    ]

    class Focused(Message):
        """A field got the keyboard; the form explains it."""

    label = ""
    error = ""
    refusal = ""  # why nothing can be changed here, if nothing can
    unit_width = 0
    mark_width = 0

    def on_focus(self) -> None:
        """Show the frame of the focused row and let the form explain it."""
        self.refresh()
        self.post_message(self.Focused())

    def on_blur(self) -> None:
        """Show the row as not focused."""
        self.refresh()

    def on_click(self) -> None:
        """Take the keyboard."""
        self.focus()

    def align(self, unit_width: int) -> None:
        """Leave so many columns for the unit, as the rows above and below do."""
        if unit_width != self.unit_width:
            self.unit_width = unit_width
            self.refresh(layout=True)

    def fail(self, sentence: str) -> None:
        """Show an error sentence under the field, or none."""
        if sentence != self.error:
            self.error = sentence
            self.refresh(layout=True)

    def explain(self) -> str:
        """Say in a few sentences what the field sets."""
        return ""

    def refused(self) -> bool:
        """Say under the field that nothing can be changed, if that is so."""
        self.fail(self.refusal)
        return bool(self.refusal)

    def lines(self, width: int) -> list[Text]:
        """Return what stands in the row at a width."""
        raise NotImplementedError

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Rows at a width, which may not be the present one."""
        return len(self.lines(width))

    def render(self) -> Text:
        """Draw the row."""
        return Text("\n").join(self.lines(self.size.width))

    def row(self, width: int, value: str, unit: str, mark: str, *, faint: bool = False) -> list[Text]:
        """Lay out label, value with arrows when focused, unit and mark, and the error below; faint: it does not matter now."""
        arrows = ("‹", "›") if self.has_focus else (" ", " ")
        width = max(20, width)
        used = cell_len(self.label) + cell_len(value) + len(arrows) + 1
        if unit or mark or used + self.unit_width + self.mark_width + 2 <= width:  # else a long value may take their columns
            unit, mark = f" {unit:{self.unit_width}}" if self.unit_width else "", f" {mark:{self.mark_width}}" if self.mark_width else ""
        plain, strong, told = ("dim", "dim", "dim") if faint else ("", "bold", "green")
        left = Text.assemble((self.label, "bold" if self.has_focus else plain))
        inside = "reverse" if self.has_focus else strong
        right = Text.assemble(
            (arrows[0], "cyan"), (value, inside), (arrows[1], "cyan"),
            (unit, "dim"), (mark, told),
        )  # fmt: skip
        lines = [Text.assemble(left, " " * (width - left.cell_len - right.cell_len), right)]
        if left.cell_len + right.cell_len + 1 > width:  # a long list of numbers goes on rows of its own
            *parts, last = _parts(value, width - (right.cell_len - cell_len(value)))
            before, _, behind = right.divide([1, 1 + len(value)])
            rows = [*(Text(part, inside) for part in parts), Text.assemble(before, (last, inside), behind)]
            lines = [left, *(Text.assemble(" " * max(0, width - part.cell_len), part) for part in rows)]
        return [*lines, *(Text(line, "red") for line in textwrap.wrap(self.error, width))]


def _parts(value: str, width: int) -> list[str]:
    """Divide a list of numbers into rows of a width, each but the last with its comma; anything else stays as it is."""
    rows = [""]
    for part in re.findall(r"[^,]*,|[^,]+$", value):
        if rows[-1] and len(rows[-1]) + len(part) > width:
            rows.append("")
        rows[-1] += part
    return rows


class PresetField(FormField):
    """Chooses a preset: left and right leaf through them, enter begins again with the one shown."""

    class Chosen(Message):
        """Begin again with this preset."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, presets: tuple[Preset, ...]) -> None:
        super().__init__()
        self.presets = presets
        self.label = "preset"
        self.present = presets[0].name
        self.shown: str | None = None

    @property
    def choice(self) -> Preset | None:
        """The preset that is shown; None for knobs that equal no preset ("custom")."""
        name = self.shown if self.shown is not None else self.present
        return next((preset for preset in self.presets if preset.name == name), None)

    def show(self, name: str) -> None:
        """Follow the run's preset, unless a person is choosing."""
        if name != self.present:
            self.present = name
            self.shown = None
            self.refresh(layout=True)

    def action_step(self, direction: int) -> None:
        """Show the next preset without applying it."""
        if self.refused():
            return
        names = [preset.name for preset in self.presets]
        place = names.index(self.choice.name) + direction if self.choice else 0
        self.shown = names[place % len(names)]
        self.refresh(layout=True)
        self.post_message(self.Focused())

    def action_enter(self) -> None:
        """Apply the preset that is shown."""
        if self.refused():
            return
        choice = self.choice
        if choice is not None:
            self.shown = None
            self.post_message(self.Chosen(choice.name))

    def on_blur(self) -> None:
        """Forget a choice that was not applied."""
        self.shown = None
        self.refresh()

    def explain(self) -> str:
        """Say what the preset is for and where it is from."""
        preset = self.choice
        if preset is None:
            return "The knobs equal no preset."
        needs = f" Needs {preset.needs}." if preset.needs else ""
        source = f" After {preset.source}." if preset.source else ""
        return f"{preset.why.rstrip('.')}.{source}{needs} Enter begins again with it."

    def lines(self, width: int) -> list[Text]:
        """Return the row: which preset."""
        shown = self.choice.name if self.choice else self.present
        return self.row(width, shown, "", "enter" if self.shown not in (None, self.present) else "")


class UnusedRow(FormField):
    """Shows or hides the knobs that have no effect beside the present values of the others."""

    class Turned(Message):
        """Show them now, or hide them."""

    def __init__(self) -> None:
        super().__init__()
        self.label = "without effect here"
        self.count = 0
        self.opened = False

    def follow(self, count: int) -> None:
        """Say how many there are."""
        if count != self.count:
            self.count = count
            self.refresh(layout=True)

    def action_step(self, direction: int) -> None:
        """Turn over, as enter does."""
        self.action_enter()

    def action_enter(self) -> None:
        """Show them, or hide them again."""
        self.opened = not self.opened
        self.refresh(layout=True)
        self.post_message(self.Turned())

    def explain(self) -> str:
        """Say which these are."""
        turned = "hides" if self.opened else "shows"
        return f"Knobs that change nothing beside the present values of the others. Enter {turned} them."

    def lines(self, width: int) -> list[Text]:
        """Return the row: how many, and whether they are seen."""
        return self.row(width, f"{self.count} {'shown' if self.opened else 'hidden'}", "", "enter" if self.has_focus else "", faint=True)
