"""Bars as text: their heights, names, order and shades."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.contract import Axis, Figure, Marker
from screens.widgets.axis_scales import ViewWindow
from screens.widgets.palette import Level, Theme, ink_of
from screens.widgets.plot_figure import draw_figure, plot
from screens.widgets.plot_request import Request
from tests.screens.drawn import ascii_theme, curve, plain


def test_bars_are_as_high_as_their_values():
    figure = Figure("f", "f", Axis("bound", ticks=((0, "VC"), (1, "PAC"))), Axis("value", lo=0, hi=8), ("*",))
    bars = [curve([0, 1], [8, 2], "a", style="bars"), curve([0, 1], [4, 1], "b", style="bars")]
    rows = plain(figure, bars, width=60, height=14, theme=ascii_theme())
    body = rows[2:-3]
    assert len(body) == 9
    at = {glyph: [[row[column] for row in body].count(glyph) for column in range(60)] for glyph in "*o"}
    assert sorted(set(at["*"])) == [0, 3, 9] and sorted(set(at["o"])) == [0, 2, 5], "from the row of 0 to that of the value"
    nearly = plain(figure, [curve([0], [7.9], "a", style="bars")], width=60, height=14, theme=ascii_theme())
    assert [row for row in nearly if "*" in row and "8" in row], "to the nearest row"
    assert rows[-2].split() == ["VC", "PAC"]


def test_bars_stand_at_the_tick_of_0_and_end_at_that_of_their_value():
    """Within half a row: a bar of no height is a thin line in the row of 0."""
    figure = Figure("f", "f", Axis("x"), Axis("share", lo=0.0), ("*",))
    for height in range(10, 40):
        rows = plain(figure, [curve([1, 2, 3], [1.0, 0.0, 0.5], style="bars")], width=60, height=height, theme=Theme())
        ticks = {text.partition("┤")[0].strip(): row for row, text in enumerate(rows) if "┤" in text}
        columns = {column: [row for row, text in enumerate(rows[2:-3], 2) if text[column] in "▁▂▃▄▅▆▇█▀─"] for column in range(8, 60)}
        found = [found for found in columns.values() if found]
        tall, none = max(found, key=len), min(found, key=len)
        assert none == [ticks["0.0"]] and tall[-1] == ticks["0.0"] and tall[0] == ticks["1.0"], (height, rows)


def test_names_of_many_bars_are_never_cut_but_numbered_with_a_key():
    names = ("VC", "parameters", "Rademacher", "Golowich", "PAC-Bayes", "half data", "held out", "quadratic", "Neyshabur", "two-layer")
    figure = Figure("f", "f", Axis("bound", ticks=tuple(enumerate(names))), Axis("value", lo=0, hi=12), ("*",))
    bars = [curve(range(10), range(1, 11), "a", style="bars"), curve([0], [1], "b", style="points")]  # not bars alone, so upright
    rows = plain(figure, bars, width=70, height=16, theme=ascii_theme())
    foot = " ".join(rows[-4:-1]).split()
    assert rows[-4].split() == [str(number) for number in range(1, 11)]
    assert all(f"{number} {name}" in " ".join(foot) for number, name in enumerate(names, 1))
    wide = plain(figure, bars, width=140, height=16, theme=ascii_theme())
    assert "  ".join(names).split() == wide[-2].split()
    near = plain(figure, bars, width=70, height=16, theme=ascii_theme(), view=ViewWindow(5.5, 8.5))
    assert near[-2].split() == ["held", "out", "quadratic", "Neyshabur"]


def test_a_line_over_bars_stays_visible():
    figure = Figure("f", "f", Axis("bound"), Axis("value", lo=0.01, hi=100, log=True), ("*",))
    rows = plain(figure, [curve([0, 1, 2], [50, 60, 70], style="bars")], [Marker("f", "y", 1, "vacuous")], theme=ascii_theme(), width=60)
    row = next(row for row in rows if row.lstrip().startswith("1+"))
    assert row.count("-") >= 20
    assert "*" not in row


def test_a_line_leaves_narrow_bars_of_characters_as_they_are():
    figure = Figure("f", "f", Axis("bound"), Axis("value", lo=0.01, hi=100, log=True), ("*",))
    lines = [Marker("f", "y", at, "") for at in (0.05, 0.3, 1.0)]
    bars = [curve(range(16), np.geomspace(0.02, 50, 16), name, style="bars") for name in "ab"]
    rows = plain(figure, bars, lines, theme=ascii_theme(), width=70, height=12)
    heights = [sum(row[column] == "*" for row in rows[2:-3]) for column in range(70)]
    found = [height for height in heights if height]
    assert found == sorted(found) and len(found) >= 14 and any("-" in row and "*" in row for row in rows)


def test_of_bars_that_share_a_column_the_longest_stands_whole():
    heights = np.random.default_rng(0).uniform(0.2, 1.0, 90)
    figure = Figure("f", "f", Axis("frequency"), Axis("power", lo=0.0, hi=1.0), ("*",))
    rows = [row.plain[6:] for row in draw_figure(figure, [curve(range(90), heights, style="bars")], width=40, height=16)]
    for column in zip(*(row.ljust(40) for row in rows[1:-2]), strict=True):
        bar = "".join(column).lstrip(" ")
        assert " " not in bar[:-1].strip() and not set(bar[1:]) & set("▁▂▃▄▅▆▇"), bar


def test_bars_without_colour_differ_in_their_shade():
    series = [curve([1, 2], [1, 2], name, style="bars", label=name) for name in ("true", "random")]
    figure = Figure("f", "f", Axis("x"), Axis("y"), ("*",))
    rows = [row.plain for row in draw_figure(figure, series, width=40, height=12, theme=Theme(Level.NONE))]
    assert "██ true" in rows[1] and "▒▒ random" in rows[1]
    assert any("█" in row and "▒" in row for row in rows[2:])


def test_bars_of_one_series_that_stand_close_have_no_gaps_and_go_on_behind_a_curve():
    at = np.linspace(0.0, 3.0, 25)
    figure = Figure("f", "f", Axis("eigenvalue"), Axis("density", lo=0.0, hi=1.0), ("*",))
    for width in (60, 80):
        rows = [row.plain[8:] for row in draw_figure(figure, [curve(at, np.full(25, 0.5), style="bars")], width=width, height=14)]
        foot = max(rows, key=lambda row: row.count("█"))
        assert " " not in foot.strip(), f"gaps of 0 to 2 columns would look like values: {foot}"
    law = curve(at, np.full(25, 0.4), "law", kind="theory")
    grid = plot(Request.of(figure, [curve(at, np.full(25, 0.5), style="bars"), law], ()), 60, 14, Theme(groups=("a", "law"))).grid
    braille = (grid.codes >= 0x2800) & (grid.codes <= 0x28FF)
    behind = [ink_of(int(ink)).bg >= 0 for ink in grid.inks[braille]]
    assert len(behind) > 20 and np.mean(behind) > 0.9  # but for its ends, which are half a dot beyond the bars


def test_squares_of_points_over_bars_have_the_bars_behind_them():
    figure = Figure("f", "f", Axis("x"), Axis("y"), ("*",))
    bars, points = curve([0.0, 1, 2], [1.0, 2, 3], "b", style="bars"), curve([0.0, 1, 2], [0.5, 1, 1.5], "p", style="points")
    series = [bars, replace(points, basis="simulation")]
    grid = plot(Request.of(figure, series, ()), 50, 14, Theme(groups=("b", "p"))).grid
    dots = (grid.codes > 0x2800) & (grid.codes <= 0x28FF)
    behind = [ink_of(int(tone)).bg >= 0 for tone in grid.inks[dots]]
    assert behind and np.mean(behind) > 0.5  # but where a square reaches over the side of a bar
