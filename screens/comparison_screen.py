"""Stored runs beside each other: the figures of a comparison, and in a panel where the runs differ, their values and their claims."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Static

from engine.contract import Command, Snapshot
from screens.application import Application, ExportRequest
from screens.comparison import Comparison
from screens.comparison_tables import VALUES, ComparisonTable, comparison_tables, marked_letters
from screens.keys import KEYS, LAB, LOOK, Key, bindings, shown_now
from screens.side_panel import SIDE_PANEL_FROM
from screens.view_screen import ViewScreen
from screens.widgets.palette import Theme, groups_of
from screens.widgets.text_row import TextRow, fit
from screens.widgets.values_panel import ValuesPanel

SHOWN = (
    "? help", "v tables", "1..9 figure", "f full", "m more", ", . cursor", "+ - zoom", "d values here", "e export", "c command", "esc back",
    "q quit",
)  # fmt: skip
BEYOND = ("region", "picture")  # actions of a run's screen that mean nothing here
GAP = 2  # cells between the columns of a table
OWN = ("side_panel('claims')", "export", "copy")


class StoredSession:
    """What a screen polls of runs that nobody computes here: always the same, and no command has an effect."""

    controllable = False
    obeyed: frozenset[type[Command]] = frozenset()
    refusal = "These runs are stored; what is shown here computes nothing."

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def latest(self) -> Snapshot:
        """Return what is shown."""
        return self._snapshot

    def post(self, command: Command) -> None:
        """Do nothing."""


class ComparisonTables(VerticalScroll):
    """Where the runs differ, their values and claims; scrolled with the arrows. A run's letter bears the mark and colour of its curves."""

    DEFAULT_CSS = "ComparisonTables { height: 1fr; scrollbar-gutter: stable; } ComparisonTables Static { width: 1fr; height: auto; }"

    def __init__(self, comparison: Comparison, theme: Theme) -> None:
        super().__init__()
        self._comparison, self._width = comparison, 0
        self._letters = marked_letters(comparison, replace(theme, groups=groups_of(comparison.snapshot)))
        self._text = Static()

    def compose(self) -> ComposeResult:
        """Hold one text."""
        yield self._text

    def on_resize(self) -> None:
        """Write the tables for the width there is."""
        width = self.scrollable_content_region.width
        if width == self._width:
            return
        self._width = width
        letters = [letter.plain for letter in self._letters]
        tables = comparison_tables(self._comparison, letters, width, GAP, letters)
        if tables[0].columns[1:] == tuple(letters):  # the runs' own names are nowhere yet
            tables.insert(0, ComparisonTable("", "Runs", ("", "run"), list(zip(letters, self._comparison.stored, strict=True))))
        self._text.update(Group(*(part for table in tables for part in _drawn(table, self._letters))))


def _drawn(table: ComparisonTable, letters: Sequence[Text]) -> Iterator[Text | Table]:
    coloured = {letter.plain: letter for letter in letters}
    made = Table(box=None, header_style="dim", pad_edge=False, padding=(0, GAP, 0, 0))
    for place, column in enumerate(table.columns):
        made.add_column(coloured.get(column, Text(column)), overflow="fold", no_wrap=place == 0 and table.of != VALUES)
    for row in table.rows:
        made.add_row(coloured.get(row[0], Text(row[0])), *map(Text, row[1:]))
    yield Text(f"\n{table.title}" if table.title else "", "bold")
    yield made


def meant_here(keys: Sequence[Key]) -> list[Key]:
    """Those of a run's keys that mean something for a comparison."""
    return [key for key in keys if (key.group in (LOOK, LAB) or key.action in OWN) and not key.action.startswith(BEYOND)]


class ComparisonScreen(ViewScreen, inherit_bindings=False):
    """A comparison.

    Args:
        comparison: the runs and their figures.
        application: what stands around the screen.
        command: prints the same without the app.
        export: writes the comparison as files and returns a sentence that says which. Blocks; called in a thread.
        leave: shows where the comparison was opened from.
    """

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(meant_here(KEYS)))
    ROOMIER = True
    DEFAULT_CSS = """
    ComparisonScreen { layout: vertical; }
    ComparisonScreen #body { height: 1fr; }
    ComparisonScreen #body > ComparisonTables, ComparisonScreen #body > ValuesPanel { display: none; padding: 0 1; }
    """

    def __init__(
        self,
        comparison: Comparison,
        application: Application,
        command: str,
        export: Callable[[ExportRequest], str],
        leave: Callable[[], None],
    ) -> None:
        super().__init__(comparison.spec, StoredSession(comparison.snapshot), application)
        self.comparison, self._command, self._export, self._leave = comparison, command, export, leave
        self.panel = ""
        self.tables, self.values = ComparisonTables(comparison, application.drawing), ValuesPanel()
        self._rows = {name: TextRow(id=name) for name in ("title", "views", "keys")}

    def compose(self) -> ComposeResult:
        """Lay out title, figures beside the panel, and the rows below."""
        yield self._rows["title"]
        yield self._rows["views"]
        yield self.figures.legend
        with Horizontal(id="body"):
            yield self.figures
            yield self.tables
            yield self.values
        yield self.message
        yield self.place
        yield self._rows["keys"]

    def on_mount(self) -> None:
        """Begin with the figures selected."""
        self.figures.focus()

    # ------------------------------------------------------------ what is drawn

    def draw(self, snapshot: Snapshot) -> None:
        """Show the figures."""
        self.snapshot = snapshot
        with self.app.batch_update():
            self.figures.show(snapshot)
            self.say_rows()

    def say_rows(self) -> None:
        """Bring the rows around the figures up to date."""
        width, count = self.size.width, len(self.comparison.runs)
        names = "; ".join(self.comparison.names)
        head = [Text(" genlab ", "reverse bold"), Text(self.spec.title, "bold"), Text(f"{count} runs compared"), Text(names, "dim")]
        self._rows["title"].show(fit(head, width))
        pairs = [(shown_now(key, self.application.keys), what) for key, _, what in (item.rpartition(" ") for item in SHOWN)]
        keys = [Text.assemble((key, "bold cyan"), " ", what) for key, what in pairs]
        self._rows["keys"].show(fit(keys, width))
        self.say_phase()

    def say_phase(self) -> None:
        """Say which of the runs still computes, and what the cursor reads."""
        going = [name for name, run in zip(self.comparison.names, self.comparison.runs, strict=True) if not run.phase.over]
        usual = "; ".join(["v: where the runs differ, values, claims", *self.snapshot.notes])
        words = f"still computing, shown as stored last: {'; '.join(going)}" if going else usual
        self.message.show(Text(words, "dim"), self.figures.readout(), bad=self.snapshot.phase)

    def say_values(self) -> None:
        """Bring what is said of the cursor up to date."""
        self.say_phase()
        if self.values.display:
            self.values.show(self.spec.figures, self.snapshot, self.figures.cursor)

    def on_figure_grid_rearranged(self) -> None:
        """Show which views are visible, where not all are."""
        row = self._rows["views"]
        row.display = self.figures.divided
        row.show(self.figures.elsewhere(self.size.width))
        self.say_phase()

    # ------------------------------------------------------------ panels

    def on_resize(self, event: events.Resize) -> None:
        """Choose the layout for a size."""
        self._lay_out(event.size.width)
        self.call_after_refresh(self.say_rows)

    def action_side_panel(self, panel: str) -> None:
        """Open the tables or the values at the cursor, or close them."""
        self.panel = "" if self.panel == panel else panel
        self._lay_out(self.size.width)
        opened = {"claims": self.tables, "values": self.values}.get(self.panel)
        (self.figures if opened is None or (opened is self.values and self.figures.display) else opened).focus()
        self.say_values()

    def _lay_out(self, width: int) -> None:
        beside = width >= SIDE_PANEL_FROM
        with self.app.batch_update():
            for name, panel in (("claims", self.tables), ("values", self.values)):
                panel.display = self.panel == name
                panel.styles.width = width // 2 if beside else width
            self.figures.display = self.figures.legend.display = beside or not self.panel

    @property
    def help_keys(self) -> Sequence[Key]:
        """What help lists."""
        return meant_here(self.application.keys)

    def uncover_figures(self) -> None:
        """Close the panel that covers the figures."""
        if not self.figures.display:
            self.action_side_panel(self.panel)

    def action_back(self) -> None:
        """Go one level back: from a panel, then from a figure that has the whole screen, then to where it was opened from."""
        if self.panel:
            self.action_side_panel(self.panel)
        elif self.figures.full:
            self.figures.toggle_full()
        else:
            self._leave()

    # ------------------------------------------------------------ taking something along

    def action_copy(self) -> None:
        """Copy the command that prints this comparison, and show it."""
        self.app.copy_to_clipboard(self._command)
        self.say(f"{getattr(self.app, 'where_copied', 'Sent to the terminal')}: {self._command}")

    def action_export(self) -> None:
        """Ask how the comparison is to be written."""
        self.application.offer_files(self.snapshot.run, list(dict.fromkeys(self.comparison.origins.values())), self._export)

    def explain_focus(self) -> Text:
        """Return what help says of the selected part."""
        return self.explain_view()
