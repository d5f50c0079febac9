"""What is known of the selected run of a list: its whole name, knobs and claims, and its main figure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.text import Text
from textual.widget import Widget

from engine.contract import Status, Verdict
from screens import formatting
from screens.listed_run import ListedRun, MainFigure, Preview
from screens.widgets.mini_plot import main_figure, mini_plot
from screens.widgets.palette import Theme
from screens.widgets.run_columns import knob_words

LEAST_PLOT = 6  # rows from which a figure is drawn
PLOT_SHARE = 0.45  # of the width
TOP_VALUES = 6
MARK = 10  # columns of a claim's mark


class RunPreview(Widget):
    """A few rows below the list; as many as it is given. The name and the knobs come first, so that two rows are enough."""

    DEFAULT_CSS = "RunPreview { width: 1fr; height: 2; padding: 0 1; }"

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shown: Preview | None = None
        self._figure: MainFigure | None = None

    def show(self, preview: Preview | None) -> None:
        """Show a run; None for none."""
        self._shown = preview
        found = preview is not None and preview.spec is not None and preview.snapshot is not None
        self._figure = main_figure(preview.spec, preview.snapshot) if found else None  # type: ignore[union-attr, arg-type]
        self.refresh()

    def show_row(self, run: ListedRun | None) -> None:
        """Show what the list knows of a run, until its preview is read."""
        if run is None:
            self.show(None)
        elif self._shown is None or self._shown.run.name != run.name:
            self.show(Preview(run))
        elif self._shown.run is not run:
            self._shown = Preview(run, self._shown.spec, self._shown.snapshot, self._shown.problem)
            self.refresh()

    def render(self) -> Text:
        """Draw text at the left and, where there is room, the figure at the right."""
        width, height = self.content_size
        if self._shown is None or not height:
            return Text()
        columns = int(width * PLOT_SHARE) if self._figure is not None and height >= LEAST_PLOT and width >= 60 else 0
        room = width - columns - 2 * bool(columns)
        lines = _words(self._shown, room, height)
        if not columns or self._figure is None:
            return Text("\n", no_wrap=True).join(lines[:height])
        caption = Text(self._figure.figure.title, "dim")
        caption.truncate(columns, overflow="ellipsis")
        picture = [caption, *mini_plot(self._figure, columns, height - 1, self._theme)]
        lines += [Text()] * (height - len(lines))
        for line in lines:
            line.truncate(room, overflow="ellipsis", pad=True)
        return Text("\n", no_wrap=True).join(
            [Text.assemble(line, "  ", drawn) for line, drawn in zip(lines[:height], picture[:height], strict=True)]
        )


def _words(preview: Preview, width: int, height: int) -> list[Text]:
    run, snapshot = preview.run, preview.snapshot
    lines = [Text.assemble((run.called, "bold"))]
    problem = run.problem or run.flaw or preview.problem
    lines += _wrapped(Text(problem, "red" if run.problem or run.flaw else "dim"), width, height - 1)
    if run.known and not run.problem:
        lines += _wrapped(_about(run), width, height - len(lines))
    if snapshot is not None and height > len(lines):
        lines.append(Text(snapshot.sentence, formatting.PHASE_STYLE[snapshot.phase]))
        lines += _claims(snapshot.verdicts, width)
        lines += [
            Text.assemble((f"{item.scalar.label}: ", "dim"), formatting.scalar(item)) for item in snapshot.scalars if not item.reason
        ][:TOP_VALUES]
    for line in lines:
        line.no_wrap = True
        line.truncate(max(1, width), overflow="ellipsis")
    return lines


def _claims(verdicts: Sequence[Verdict], width: int) -> list[Text]:
    """Return what became of the claims that the run is meant for, the most important first, and how many it is not meant for."""
    own = [verdict for verdict in verdicts if verdict.status not in formatting.NOT_OF_THIS_RUN]
    told = [verdict for verdict in own if not verdict.claim.identity or verdict.status is Status.FAILS]
    lines: list[Text] = []
    for verdict in sorted(told, key=lambda verdict: list(Status).index(verdict.status)):
        measured = f": {formatting.number(verdict.measured)}" if verdict.measured else ""
        said = textwrap.wrap(f"{verdict.claim.sentence}{measured}", max(1, width - MARK)) or [""]
        heads = [(f"{verdict.mark:{MARK}}", formatting.STATUS_STYLE[verdict.status]), *[(" " * MARK, "")] * (len(said) - 1)]
        lines += [Text.assemble(head, part) for head, part in zip(heads, said, strict=True)]
    others = len(verdicts) - len(own)
    return [*lines, *([Text(f"{others} {'needs' if others == 1 else 'need'} other settings", "dim")] if others else [])]


def _about(run: ListedRun) -> Text:
    """Say whose run it is, of which preset and seeds, and of a run of no preset which one it is but for some knobs."""
    seeds = formatting.seeds(run.seeds) if run.seeds else ""
    head = Text(", ".join(filter(None, (run.phenomenon, f"preset {run.preset}", seeds))), "dim")
    knobs = knob_words(run.knobs)
    if knobs:
        return head.append(f": {run.base or run.preset} but for ", "dim").append(knobs, "not dim")
    return head


def _wrapped(text: Text, width: int, most: int) -> list[Text]:
    """A text in as many rows as it takes; of more than there is room for, the last one holds all that is left."""
    rows: list[Text] = []
    at = 0
    for part in textwrap.wrap(text.plain, max(1, width))[: max(1, most)]:
        at = text.plain.index(part, at)
        rows.append(text[at : at + len(part)] if len(rows) + 1 < most else text[at:])
        at += len(part)
    return rows
