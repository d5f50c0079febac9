"""Figures and pictures as text on standard output, by the same drawing code as the app's."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.errors import UsageError, nearest
from lab.output import VERDICT_COLUMNS, ascii_only, console, plain, terminal_width, verdict_rows, write, write_table

if TYPE_CHECKING:
    from rich.text import Text

    from engine.contract import Figure, Marker, Picture, Series, Snapshot
    from screens.widgets.palette import Theme

LEAST_WIDTH, MOST_WIDTH = 40, 160


def select(figure: Figure, series: Sequence[Series]) -> list[Series]:
    """The series with points that a figure draws, in the order of its patterns."""
    return [item for item in figure.draws(series) if len(item.x)]


def print_run(snapshot: Snapshot, name: str, *, only: str | None = None, height: int = 18) -> None:
    """Print everything that a screen shows of a run, or one figure or picture.

    Raises:
        UsageError: no figure or picture of that name.
    """
    from engine.registry import spec

    declared = spec(snapshot.phenomenon)
    names = [figure.name for figure in declared.figures] + [picture.name for picture in declared.pictures]
    if only is not None and only not in names:
        raise UsageError(f"no figure {only!r} of {snapshot.phenomenon}{nearest(only, names)}", "figures: " + ", ".join(names))
    if only is None:
        _print_head(snapshot, name)
    theme = theme_of(snapshot.series)
    for figure in declared.figures:
        if only in (None, figure.name) and figure.draws(snapshot.series):
            draw_figure(figure, snapshot.series, snapshot.markers, height, theme)
    for picture in snapshot.pictures:
        if only in (None, picture.name):
            draw_picture(picture, height, theme)
    if only is None:
        write_table(VERDICT_COLUMNS, verdict_rows(snapshot.verdicts))
        for note in snapshot.notes:
            write(plain(f"note: {note}"))


def _print_head(snapshot: Snapshot, name: str) -> None:
    from lab.headless import standing
    from screens.words import duration, seeds

    write(plain(f"{name}: {snapshot.phenomenon}, preset {snapshot.preset}"), style="bold")
    write(plain(f"{standing(snapshot)}\n{snapshot.sentence}"))
    write(plain(f"{seeds(snapshot.seeds)}, {snapshot.device}, {duration(snapshot.elapsed)} of work"))


def theme_of(series: Sequence[Series]) -> Theme:
    """Colours and characters that standard output can show; groups in the order of the series."""
    from screens.widgets.palette import Level, Theme, group_order

    theme = Theme.detect()
    coloured = sys.stdout.isatty() or "FORCE_COLOR" in os.environ
    level = theme.level if coloured else Level.NONE
    return dataclasses.replace(theme, level=level, ascii=ascii_only(), groups=group_order(series))


def draw_figure(
    figure: Figure,
    series: Sequence[Series],
    markers: Sequence[Marker],
    height: int,
    theme: Theme | None = None,
    pinned: Sequence[Series] = (),
) -> None:
    """Print one figure as wide as the terminal, within reason; `pinned` curves lie faintly beneath."""
    from screens.widgets.plot import draw_figure as draw

    _print(draw(figure, series, markers, width=_width(), height=height, theme=theme or theme_of(series), pinned=pinned))


def draw_picture(picture: Picture, height: int, theme: Theme) -> None:
    """Print one picture."""
    from screens.widgets.picture import draw_picture as draw

    _print(draw(picture, width=_width(), height=height, theme=theme))


def _width() -> int:
    return max(LEAST_WIDTH, min(MOST_WIDTH, terminal_width()))


def _print(lines: Sequence[Text]) -> None:
    wide = console()
    wide.width = MOST_WIDTH
    with wide.capture() as captured:
        for line in lines:
            wide.print(line)
    print("\n".join(row.rstrip() for row in captured.get().splitlines()) + "\n", flush=True)
