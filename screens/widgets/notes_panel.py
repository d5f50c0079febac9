"""What to notice: what the run says of itself, the text's first section, the details behind the run's numbers, the rest of the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from engine.contract import Detail, Spec
from engine.contract.declared import STUDIES
from screens.widgets.details_table import details_table

OTHERS = "**With other settings**"


class NotesPanel(VerticalScroll):
    """The notes; their Markdown is read when they are first opened."""

    DEFAULT_CSS = "NotesPanel { height: 1fr; scrollbar-gutter: stable; } NotesPanel Static { width: 1fr; }"

    def __init__(self, spec: Spec, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._spec = spec
        self._text = Static()  # what to notice
        self._rest = Static()
        self._run = Static()
        self._table = Static()
        self._said: tuple[str, ...] = ()
        self._details: tuple[Detail, ...] = ()
        self._width = 0
        self._asked = spec.question
        self._about: tuple[str, ...] = ()  # names of the preset and the study that are looked at

    def on_mount(self) -> None:
        """Begin without a word of the run."""
        self._run.display = bool(self._said)
        self._table.display = bool(self._details)

    def compose(self) -> ComposeResult:
        """Hold what this run says of itself, what to notice, its details, then the rest of the text."""
        yield self._run
        yield self._text
        yield self._table
        yield self._rest

    def show_run(self, notes: Sequence[str]) -> None:
        """Show what the run says of itself above the text; nothing happens when that is shown already."""
        if tuple(notes) != self._said:
            self._said = tuple(notes)
            text = Text("\n").join(Text.assemble(("- ", "dim"), note) for note in notes)
            self._run.display = bool(notes)
            self._run.update(Text.assemble(("This run\n", "bold"), text, "\n") if notes else "")

    def show_details(self, details: Sequence[Detail]) -> None:
        """Show the details behind the run's numbers after what to notice; nothing happens when they are shown already."""
        if tuple(details) != self._details:
            self._details = tuple(details)
            self._table.display = bool(details)
            self._lay_details_out()

    def show_about(self, preset: str, config: Mapping[str, Any]) -> None:
        """Let what the text says of a run's preset or study come first; nothing happens when it does already."""
        usual = {knob.name: knob.default for knob in self._spec.config.knobs() if knob.name in STUDIES}
        about = (preset, *(str(config[name]) for name, value in usual.items() if config.get(name, value) != value))
        if about != self._about:
            before, self._about, self._asked = self._markdown(), about, self._spec.asked({**usual, **config})
            if self._width > 0 and self._markdown() != before:
                self._lay_text_out()

    def on_resize(self) -> None:
        """Lay the Markdown out for a new width; that is dear, so never twice for the same one."""
        width = self.scrollable_content_region.width
        if width > 0 and width != self._width:
            self._width = width
            self._lay_text_out()
            self._lay_details_out()

    def _lay_text_out(self) -> None:
        for part, markdown in zip((self._text, self._rest), self._markdown(), strict=True):
            part.update(laid_out(markdown, self._width).append("\n" if part is self._text else ""))

    def _lay_details_out(self) -> None:
        if self._width > 0:
            self._table.update(details_table(self._details, self._width).append("\n"))

    def _markdown(self) -> tuple[str, str]:
        """The question with the first section, and the rest with the references."""
        first, rest = first_section(foremost(self._spec.notes, self._about))
        references = "\n".join(f"- {item}" for item in self._spec.references)
        return f"**{self._asked}**\n\n{first}\n", f"{rest}\n\n**References**\n\n{references}\n"


def first_section(notes: str) -> tuple[str, str]:
    r"""Return notes up to their second heading, and from there on.

    Example:
        >>> first_section("## What to notice\n\n- all\n\n## Formulas\n\n- one")
        ('## What to notice\n\n- all\n', '## Formulas\n\n- one')
    """
    lines = notes.split("\n")
    headings = [place for place, line in enumerate(lines) if line.startswith("#")]
    end = headings[1] if len(headings) > 1 else len(lines)
    return "\n".join(lines[:end]), "\n".join(lines[end:])


def foremost(notes: str, names: Sequence[str]) -> str:
    r"""Return notes whose first list begins with the points that have one of the names set off, as `name`, *name* or **name**.

    Those of a study (a second name) stand apart from the others. Sections with one of the names in their heading, a blank for
    each hyphen, follow right after that list.

    Example:
        >>> foremost("- all\n- Study **mirror**:\n  its own", ["mirror"])
        '- Study **mirror**:\n  its own\n- all'
    """
    lines = notes.split("\n")
    begin = next((place for place, line in enumerate(lines) if line.startswith("- ")), len(lines))
    end = next((place for place in range(begin, len(lines)) if lines[place].startswith("#")), len(lines))
    points: list[list[str]] = []
    for line in lines[begin:end]:
        if line.startswith("- ") or not points:
            points.append([])
        points[-1].append(line)
    marks = [f"{mark}{name}{mark}" for name in names for mark in ("`", "*")]  # one star of two is enough
    own = [any(mark in line for line in point for mark in marks) for point in points]
    mine, others = (
        [line for point, is_own in zip(points, own, strict=True) if is_own is wanted for line in point if line] for wanted in (True, False)
    )
    parted = ["", OTHERS, ""] if len(names) > 1 and mine and others else []  # a study, of which the others do not speak
    kept = [*mine, *parted, *others] + ([""] if end < len(lines) else [])
    return "\n".join([*lines[:begin], *kept, *_own_sections_first(lines[end:], names)])


def _own_sections_first(lines: list[str], names: Sequence[str]) -> list[str]:
    """Return lines from a heading on with the sections first whose headings have one of the names."""
    sections: list[list[str]] = []
    for line in lines:
        if line.startswith("#") or not sections:
            sections.append([])
        sections[-1].append(line)
    own = [any(name.replace("-", " ").casefold() in section[0].casefold() for name in names if name) for section in sections]
    if sections and sections[-1][-1]:
        sections[-1].append("")  # it may no longer be the last one
    ordered = [
        line for wanted in (True, False) for section, is_own in zip(sections, own, strict=True) if is_own is wanted for line in section
    ]
    while ordered and not ordered[-1] and not (lines and not lines[-1]):
        ordered.pop()
    return ordered


def laid_out(markdown: str, width: int) -> Text:
    """Return Markdown as text whose lines are broken for a width."""
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(width=width, color_system=None, legacy_windows=False)
    lines = console.render_lines(Markdown(markdown, hyperlinks=False), pad=False)
    return Text("\n", no_wrap=True).join(Text.assemble(*((part.text, part.style or "") for part in line)) for line in lines)
