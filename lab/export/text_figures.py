"""`genlab show`: figures and pictures of a run as text on standard output, by the same drawing code as the app's."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.text import Text

from engine.contract import Figure, Marker, Picture, Series, Snapshot
from engine.errors import UsageError, echoed, nearest
from engine.registry import spec
from lab.export.run_document import run_document
from lab.output import (
    VALUE_COLUMNS,
    VERDICT_COLUMNS,
    ascii_only,
    console,
    detail_lines,
    emit,
    missing_values,
    plain,
    terminal_width,
    value_rows,
    verdict_rows,
    write,
    write_table,
)
from lab.running.reporters import phase_message
from lab.stored import load_run
from screens import formatting
from screens.widgets.palette import Level, Theme, group_order, groups_of
from screens.widgets.picture_draw import draw_picture
from screens.widgets.plot_figure import draw_figure

LEAST_WIDTH, MOST_WIDTH = 40, 160


def show_run(run: str, runs: Path | None, figure: str | None, height: int, *, json: bool) -> None:
    """Print a run as a screen shows it, or as one JSON object.

    Raises:
        StoreError: no such run, or damaged.
        UsageError: no figure of that name.
    """
    folder, snapshot = load_run(run, runs)
    if json:
        emit({"event": "show", **run_document(folder, snapshot)})
    else:
        print_run(snapshot, folder.name, only=figure, height=height)


def with_points(figure: Figure, series: Sequence[Series]) -> list[Series]:
    """The series with points that a figure draws, in the order of its patterns."""
    return [item for item in figure.draws(series) if len(item.x)]


def print_run(snapshot: Snapshot, name: str, *, only: str | None = None, height: int = 18) -> None:
    """Print everything that a screen shows of a run, or one figure or picture.

    Raises:
        UsageError: no figure or picture of that name.
    """
    declared = spec(snapshot.phenomenon)
    names = [figure.name for figure in declared.figures] + [picture.name for picture in declared.pictures]
    if only is not None and only not in names:
        raise UsageError(f"no figure {echoed(only)!r} of {snapshot.phenomenon}{nearest(only, names)}", "figures: " + ", ".join(names))
    if only is None:
        _print_head(snapshot, name)
    theme = theme_of(groups_of(snapshot))
    for figure in declared.figures:
        if only in (None, figure.name) and figure.draws(snapshot.series):
            print_figure(figure, snapshot.series, snapshot.markers, height, theme)
    for picture in snapshot.pictures:
        if only in (None, picture.name):
            print_picture(picture, height, theme)
    if only is None:
        write_table(VERDICT_COLUMNS, verdict_rows(snapshot.verdicts))
        _print_values(snapshot)
        for note in snapshot.notes:
            write(plain(f"note: {note}"))
        if snapshot.details:
            write(plain("\n".join(detail_lines(snapshot.details))))


def _print_values(snapshot: Snapshot) -> None:
    rows = value_rows(snapshot.scalars)
    if rows:
        write_table(VALUE_COLUMNS, rows, title="Values")
    for line in missing_values(snapshot.scalars):
        write(plain(line))


def _print_head(snapshot: Snapshot, name: str) -> None:
    write(plain(f"{name}: {snapshot.phenomenon}, preset {snapshot.preset}"), style="bold")
    if snapshot.headline:
        write(plain(snapshot.headline_sentence))
    write(plain(f"{phase_message(snapshot)}\n{snapshot.sentence}"))
    write(plain(f"{formatting.seeds(snapshot.seeds)}, {snapshot.device}, {formatting.duration(snapshot.elapsed)} of work"))


def theme_of(groups: tuple[str, ...]) -> Theme:
    """Colours and characters that standard output can show, the groups' in their order."""
    theme = Theme.detect()
    coloured = sys.stdout.isatty() or "FORCE_COLOR" in os.environ
    level = theme.level if coloured else Level.NONE
    return replace(theme, level=level, ascii=ascii_only(), groups=groups)


def print_figure(figure: Figure, series: Sequence[Series], markers: Sequence[Marker], height: int, theme: Theme | None = None) -> None:
    """Print one figure as wide as the terminal, within reason."""
    _print(draw_figure(figure, series, markers, width=_width(), height=height, theme=theme or theme_of(group_order(series))))


def print_picture(picture: Picture, height: int, theme: Theme) -> None:
    """Print one picture as wide as the terminal, within reason."""
    _print(draw_picture(picture, width=_width(), height=height, theme=theme))


def _width() -> int:
    return max(LEAST_WIDTH, min(MOST_WIDTH, terminal_width()))


def _print(lines: Sequence[Text]) -> None:
    wide = console()
    wide.width = MOST_WIDTH
    with wide.capture() as captured:
        for line in lines:
            wide.print(line)
    print("\n".join(row.rstrip() for row in captured.get().splitlines()) + "\n", flush=True)
