"""Bars on their side: every name whole with its values, levels across them, at every size, colour depth and cursor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.contract import Axis, Figure, Marker, Series
from screens.widgets.axis_scales import ViewWindow
from screens.widgets.palette import Level, Theme
from screens.widgets.plot_figure import draw_figure, plot
from screens.widgets.plot_request import Request
from screens.widgets.plot_view import PlotView

WORDS = ("VC", "parameters", "Rademacher", "Golowich", "BFT", "NBS", "Occam", "PAC-Bayes", "classic", "quadratic", "lambda", "half data",
         "held out")  # fmt: skip
FIGURE = Figure("bounds", "Bounds", Axis("bound", ticks=tuple(enumerate(WORDS))), Axis("error", log=True, lo=0.01), ("bounds/*",))
TRUE = Series("bounds/true", "true", np.arange(13.0), np.geomspace(0.05, 5e4, 13), style="bars")
RANDOM = Series("bounds/random", "random", np.arange(12.0), np.geomspace(1.0, 1e5, 12), style="bars")
LEVELS = (Marker("bounds", "y", 1.0, "vacuous from 1", brief="vacuous"),)
COLOURS = Theme(Level.ANSI256, False)


def drawn(width: int, height: int, theme: Theme = COLOURS, **options: object) -> list[str]:
    return [row.plain for row in draw_figure(FIGURE, [TRUE, RANDOM], LEVELS, width=width, height=height, theme=theme, **options)]  # type: ignore[arg-type]


@pytest.mark.parametrize("theme", [COLOURS, Theme(Level.ANSI16, False), Theme(Level.NONE, False), Theme(Level.NONE, True)])
@pytest.mark.parametrize("size", [(79, 17), (116, 13), (116, 40)])
def test_every_name_stands_whole_beside_its_values(size, theme):
    rows = drawn(*size, theme)
    for place, word in enumerate(WORDS):
        row = next(index for index, text in enumerate(rows) if f"{word}┤" in text or f"{word}+" in text)
        both = " ".join(rows[row : row + 2])
        assert f"{TRUE.y[place]:.3g}".partition("e")[0] in both, word
    assert any("vacuous" in row for row in rows)
    assert all(len(row) == size[0] for row in rows)


def test_a_bar_ends_in_the_column_of_its_value():
    request = Request.of(FIGURE, [TRUE], LEVELS)
    plotted = plot(request, 79, 17, COLOURS)
    assert plotted.lying is not None and plotted.y is not None
    for place in plotted.lying.places:
        line = plotted.grid.line(plotted.top + place.row)[plotted.lying.gutter : plotted.lying.gutter + plotted.lying.columns]
        last = max(index for index, letter in enumerate(line) if letter in "█▀▄")
        assert abs(float(plotted.y.unit(TRUE.y[int(place.at)])) * (plotted.lying.columns - 1) - last) <= 1


def test_two_bars_of_a_row_are_half_as_high_and_of_two_colours():
    plotted = plot(Request.of(FIGURE, [TRUE, RANDOM], ()), 79, 17, COLOURS)
    assert plotted.lying is not None and plotted.lying.high == 1
    row = plotted.grid.line(plotted.top)  # VC: .05 and 1
    assert row.index("▀") < row.index("▄"), "both together, then the longer one alone"
    plain = plot(Request.of(FIGURE, [TRUE, RANDOM], ()), 79, 17, Theme(Level.NONE, False)).grid.line(plotted.top)
    assert plain.index("█") < plain.index("▒"), "the shorter one lies over the longer one"


def test_names_that_have_room_below_their_bars_stand_upright():
    few = replace(FIGURE, x=Axis("bound", ticks=tuple(enumerate(WORDS[:3]))))
    assert plot(Request.of(few, [replace(TRUE, x=TRUE.x[:3], y=TRUE.y[:3])]), 79, 17, COLOURS).lying is None
    points = replace(TRUE, style="points")
    assert plot(Request.of(FIGURE, [points]), 79, 17, COLOURS).lying is None
    assert plot(Request.of(FIGURE, [TRUE, RANDOM]), 30, 8, COLOURS).lying is None, "no room for rows"


@pytest.mark.parametrize("theme", [COLOURS, Theme(Level.NONE, False), Theme(Level.NONE, True)])
@pytest.mark.parametrize("size", [(79, 17), (116, 40)])
def test_where_pinned_bars_ended_is_marked_in_their_row(theme, size):
    """Beyond a bar that has become shorter, in the row of its own name alone."""
    before = replace(TRUE, y=TRUE.y * np.where(np.arange(TRUE.y.size) == 6, 30.0, 1.0))
    bare, marked = (plot(Request.of(FIGURE, [TRUE, RANDOM], pinned=pinned), *size, theme) for pinned in ([TRUE], [before]))
    assert bare.lying is not None and marked.lying is not None
    rows = [index for index in range(size[1]) if bare.grid.line(index) != marked.grid.line(index)]
    place = next(place for place in marked.lying.places if place.at == 6)
    assert rows == [marked.top + place.row]
    line = marked.grid.line(rows[0])[marked.lying.gutter : marked.lying.gutter + marked.lying.columns]
    end = float(marked.y.unit(before.y[6])) * (marked.lying.columns - 1)
    assert min(abs(index - end) for index, letter in enumerate(line) if letter in ("▀", "█", ":")) <= 1


def test_names_stand_beside_their_rows_before_anything_is_measured():
    figure = replace(FIGURE, x=replace(FIGURE.x, lo=-0.6, hi=len(WORDS) - 0.4))
    rows = [row.plain for row in draw_figure(figure, [], width=79, height=17, theme=COLOURS)]
    assert all(any(f"{word}┤" in row for row in rows) for word in WORDS) and any("no data yet" in row for row in rows)


def test_the_cursor_marks_its_name_and_a_window_shows_a_part():
    assert any("▶Occam" in row for row in drawn(79, 17, cursor=6.0))
    assert not any("▶" in row for row in drawn(79, 17, cursor=40.0))
    seen = "".join(drawn(79, 17, view=ViewWindow(3.5, 12.5)))
    assert "NBS┤" in seen and "Golowich" not in seen


def test_nothing_is_drawn_of_what_is_missing_infinite_or_beyond_the_axis():
    odd = replace(TRUE, y=np.array([np.nan, np.inf, 0.0, -1.0, 1e-9, 1e300, *TRUE.y[6:]]))
    for log in (True, False):
        rows = draw_figure(FIGURE, [odd], LEVELS, width=79, height=17, theme=COLOURS, log_y=log)
        assert "PAC-Bayes" in "".join(row.plain for row in rows)
    assert draw_figure(FIGURE, [replace(TRUE, x=TRUE.x[:0], y=TRUE.y[:0])], LEVELS, width=79, height=17, theme=COLOURS)


def test_the_mouse_finds_the_bars_of_the_row_that_it_points_at():
    view = PlotView(COLOURS)
    view.show(FIGURE, [TRUE, RANDOM], LEVELS)
    view.draw_grid(79, 17)
    plotted = plot(Request.of(FIGURE, [TRUE, RANDOM], LEVELS), 79, 17, COLOURS)
    assert view.data_x(20, plotted.top + 7) == 7.0
    assert view.data_x(20, 0) is None
    wide = PlotView(COLOURS)
    wide.show(FIGURE, [TRUE, RANDOM], LEVELS)
    wide.draw_grid(116, 13)
    assert wide.data_x(100, 3) is not None and wide.data_x(100, 3) > 6
