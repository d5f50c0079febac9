"""Figures as text: at any size, with any numbers, in any colours."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rich.console import Console

from engine.contract import Axis, Figure, Marker
from screens.widgets.axis_scales import Scale, ViewWindow
from screens.widgets.palette import Level, Theme, group_order, ink_of
from screens.widgets.plot_figure import draw_figure, legend_entries, plot
from screens.widgets.plot_legend import value_at
from screens.widgets.plot_request import Request
from tests.screens.drawn import ACCURACY, LOSS, MARKERS, ascii_theme, conditions, curve, plain

SIZES = [(38, 9), (60, 12), (78, 18), (100, 20), (200, 60), (20, 5), (19, 5), (20, 4), (1, 1), (0, 5), (5, 0)]
number = st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.floats(-10, 10), st.integers(-3, 3).map(float))
themes = st.builds(Theme, st.sampled_from(list(Level)), st.booleans(), st.booleans(), st.sampled_from([(), ("g0", "g1")]))


@st.composite
def requests(draw):
    def series(index):
        count = draw(st.integers(0, 25))
        x = draw(st.one_of(st.just(list(map(float, range(count)))), st.lists(number, min_size=count, max_size=count)))
        y, lo, hi = (draw(st.lists(number, min_size=count, max_size=count)) for _ in range(3))
        banded = draw(st.booleans())
        return curve(
            x, y, f"s/{index}", label=draw(st.text(max_size=12)), group=f"g{draw(st.integers(0, 9))}",
            kind=draw(st.sampled_from(["measured", "theory"])), style=draw(st.sampled_from(["line", "points", "bars"])),
            lo=np.array(lo) if banded else None, hi=np.array(hi) if banded else None,
        )  # fmt: skip

    def axis():
        named = draw(st.lists(st.tuples(number, st.text(max_size=8)), max_size=3))
        return Axis(draw(st.text(max_size=12)), draw(st.booleans()), draw(number | st.none()), draw(number | st.none()), "", tuple(named))

    end = st.one_of(number, st.none())
    return {
        "figure": Figure("f", draw(st.text(max_size=30)), axis(), axis(), ("s/*",)),
        "series": [series(index) for index in range(draw(st.integers(0, 4)))],
        "markers": draw(st.lists(st.builds(Marker, st.just("f"), st.sampled_from("xy"), number, st.text(max_size=20)), max_size=3)),
        "pinned": [series(9) for _ in range(draw(st.integers(0, 2)))],
        "cursor": draw(end),
        "view": ViewWindow(draw(end), draw(end), draw(end), draw(end)),
        "log_x": draw(st.booleans() | st.none()),
        "log_y": draw(st.booleans() | st.none()),
    }


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(requests(), st.integers(0, 200), st.integers(0, 40), themes)
def test_any_numbers_at_any_size_fill_the_pane_exactly(request_, width, height, theme):
    figure, series, markers = (request_.pop(name) for name in ("figure", "series", "markers"))
    rows = draw_figure(figure, series, markers, width=width, height=height, theme=theme, **request_)
    assert len(rows) == height
    for row in rows:
        assert row.cell_len == len(row.plain) == width
        assert row.plain.isprintable()
        assert not theme.ascii or row.plain.isascii()


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("theme", [Theme(), Theme(Level.NONE), ascii_theme()])
def test_figures_fit_their_panes(width, height, theme):
    for figure in (ACCURACY, LOSS):
        rows = draw_figure(figure, conditions(), MARKERS, width=width, height=height, theme=theme, cursor=30.0)
        assert [row.cell_len for row in rows] == [width] * height


def points_drawn(rows, glyph):
    return {(row, column) for row, line in enumerate(rows) for column, letter in enumerate(line) if letter == glyph}


def test_points_stand_where_plotext_puts_them():
    from textual_plotext import Plot

    rng = np.random.default_rng(3)
    x, y = rng.uniform(0, 10, 30), rng.uniform(0, 5, 30)
    figure = Figure("f", "f", Axis("x", lo=0, hi=10), Axis("y", lo=0, hi=5), ("*",))
    window = ViewWindow(y0=0.0, y1=5.0)  # looked at as it is: else y would be widened for its ticks
    ours = plain(figure, [curve(x, y, style="points")], width=60, height=14, theme=ascii_theme(), view=window)
    drawn = points_drawn(ours[2:], "*")  # below title and legend
    plot_ = Plot()
    plot_.theme("clear")
    plot_.xlim(0, 10)
    plot_.ylim(0, 5)
    plot_.plotsize(53, 9)  # the canvas alone: 60 columns less the gutter, 14 rows less five of words and axis
    plot_.xaxes(False, False)
    plot_.yaxes(False, False)
    plot_.xticks([])
    plot_.yticks([])
    plot_.scatter(x.tolist(), y.tolist(), marker="*")
    theirs = points_drawn(plot_.uncolorize(plot_.build()).splitlines(), "*")
    assert {(row, column - 7) for row, column in drawn} == theirs


def test_a_spike_of_one_point_in_a_million_is_drawn():
    y = np.zeros(1_000_000)
    y[123_456] = 7.0
    rows = plain(Figure("f", "f", Axis("x"), Axis("y", lo=0, hi=7), ("*",)), [curve(np.arange(y.size), y)], theme=ascii_theme())
    top = next(row for row in rows[2:5] if "*" in row)
    assert top.count("*") == 1
    assert abs(top.index("*") - 7 - 0.123 * 53) <= 1


def test_what_cannot_be_drawn_is_counted_and_breaks_the_line():
    y = np.ones(41)
    y[20] = np.nan
    figure = Figure("f", "f", Axis("x"), Axis("y", log=True), ("*",))
    rows = plain(figure, [curve(np.arange(41), y)], theme=ascii_theme())
    assert rows[0].rstrip().endswith("1 point not finite or not positive, left out")
    line = next(row for row in rows if "****" in row)
    assert re.search(r"\*+ +\*+", line)
    y[[3, 4]] = 0
    assert "3 points" in plain(figure, [curve(np.arange(41), y.copy())], theme=ascii_theme())[0]
    assert "3 left out" in plain(figure, [curve(np.arange(41), y.copy())], width=24, theme=ascii_theme())[0]


def test_log_axes_have_decades():
    rows = plain(ACCURACY, conditions(), MARKERS)
    assert rows[-2].split() == ["1", "10", "100", "1e3"]


def test_axes_carry_names_and_units():
    text = "\n".join(plain(LOSS, conditions()))
    assert "cross-entropy [nats]" in text
    assert "step" in text
    for height in (7, 8, 9):
        assert "step" in "\n".join(plain(LOSS, conditions(), height=height))


def test_the_legend_names_every_curve_outside_of_the_canvas():
    rows = plain(ACCURACY, conditions(), MARKERS, width=78, height=18)
    assert [word in rows[1] for word in ("train", "test", "a law")] == [True] * 3
    assert not any(word in "".join(rows[2:]) for word in ("train", "test", "a law"))


def test_a_legend_takes_a_fourth_row_rather_than_cutting_labels():
    words = ("variance", "variance near n", "variance, exact mean", "bias^2", "bias^2 near n", "bias^2, exact mean", "least variance")
    many = [curve([0, 1], [index, index + 1], word, label=word, group=f"g{index}") for index, word in enumerate(words)]
    seen = "\n".join(plain(Figure("f", "f", Axis("x"), Axis("y"), ("*",)), many, width=39, height=13))
    assert all(word in seen for word in words) and "…" not in seen
    low = "\n".join(plain(Figure("f", "f", Axis("x"), Axis("y"), ("*",)), many, width=39, height=11))
    assert "…" in low, "a low figure keeps its canvas"


def test_a_crowded_legend_counts_what_it_leaves_out():
    many = [curve([0, 1], [0, index], f"curve number {index}") for index in range(30)]
    row = plain(Figure("f", "f", Axis("x"), Axis("y"), ("*",)), many, width=40, height=9)[1]
    shown = len(re.findall(r"curv|cur…", row))
    assert f"+{30 - shown}" in row


def inks_of(series, theme):
    """The inks of each series' marks and of its entry in the legend."""
    theme = replace(theme, groups=group_order(conditions()))
    grid = plot(Request.of(ACCURACY, series), 78, 18, theme).grid
    return {
        glyph: {ink_of(int(tone)) for line, tones in zip(map(grid.line, range(18)), grid.inks, strict=True)
                for letter, tone in zip(line, tones, strict=True) if letter == glyph}
        for glyph in "●▲"
    }  # fmt: skip


@pytest.mark.parametrize("level", [Level.TRUECOLOR, Level.ANSI256, Level.ANSI16])
@pytest.mark.parametrize("dark", [True, False])
def test_train_and_test_differ_in_colour_and_marker(level, dark):
    inks = inks_of(conditions(), Theme(level, dark=dark))
    assert len(inks["●"]) == len(inks["▲"]) == 1
    assert inks["●"] != inks["▲"]


def test_a_group_looks_alike_whichever_curves_a_figure_has():
    both, alone = inks_of(conditions(), Theme()), inks_of(conditions()[1:2], Theme())
    assert alone["▲"] == both["▲"]
    assert not alone["●"]


def ansi(rows, system="truecolor"):
    console = Console(file=io.StringIO(), force_terminal=True, color_system=system, width=300)
    for row in rows:
        console.print(row)
    return console.file.getvalue()


def test_no_color_writes_no_colour_codes():
    text = ansi(draw_figure(ACCURACY, conditions(), MARKERS, width=78, height=18, theme=Theme(Level.NONE), cursor=30.0))
    assert set(re.findall(r"\x1b\[([\d;]*)m", text)) <= {"0", "1", "2"}  # plain, bold, dim
    assert "●" in text and "▲" in text


def test_sixteen_colours_stay_within_them():
    text = ansi(draw_figure(ACCURACY, conditions(), MARKERS, width=78, height=18, theme=Theme(Level.ANSI16)))
    codes = {int(code) for codes in re.findall(r"\x1b\[([\d;]*)m", text) for code in codes.split(";")}
    assert codes <= {0, 1, 2, *range(30, 38), *range(90, 98)}


def test_curves_that_coincide_can_both_be_seen():
    x = np.arange(50.0)
    figure = Figure("f", "f", Axis("x"), Axis("y"), ("*",))
    for theme, glyphs in ((ascii_theme(), "*o"), (Theme(Level.NONE), "●▲")):
        body = "".join(plain(figure, [curve(x, x, "a"), curve(x, x, "b")], theme=theme)[2:])
        counts = [body.count(glyph) for glyph in glyphs]
        assert min(counts) >= 2, counts


def test_marks_that_would_hide_each_other_stand_side_by_side():
    figure = Figure("f", "f", Axis("x"), Axis("y"), ("*",))
    pair = [curve([0, 1, 2], [1, 2, 1], name, style="points") for name in "ab"]
    body = "".join(plain(figure, pair, theme=Theme(Level.NONE))[2:])
    assert body.count("●") == body.count("▲") == 3


def test_theory_is_dashed_and_has_no_marks():
    x = np.arange(100.0)
    figure = Figure("f", "f", Axis("x"), Axis("y", lo=0, hi=2), ("*",))
    solid, dashed = (plain(figure, [curve(x, np.ones(100), kind=kind)], theme=Theme(Level.NONE)) for kind in ("measured", "theory"))
    assert "●" in "".join(solid) and "●" not in "".join(dashed)

    def cells(rows):
        return max(len(re.findall("[\u2801-\u28ff]", row)) for row in rows[2:])

    assert cells(solid) >= 40
    assert 20 <= cells(dashed) < 50


def test_theory_beside_points_alone_is_whole_and_beside_a_line_dashed():
    x = np.linspace(1, 100, 30)
    law = curve(x, np.ones(30), "law", kind="theory")
    words = [
        [entry.glyph for entry in legend_entries((law, curve(x, np.full(30, 1.5), style=style)), Theme())] for style in ("points", "line")
    ]
    assert words[0][0] == "──" and words[1][0] == "╌╌"


def test_markers_draw_lines_with_labels_beside_the_curves():
    rows = plain(ACCURACY, conditions(), MARKERS, width=78, height=18)
    assert any("memorised at 20" in row for row in rows)
    assert any(row.rstrip().endswith("chance") for row in rows)
    assert sum("⠄⠄⠄" in row or "⠁⠁⠁" in row or "⠂⠂⠂" in row or "⡀⡀⡀" in row for row in rows) >= 1


def test_a_label_without_room_goes_to_the_legend():
    x = np.linspace(0, 10, 400)
    figure = Figure("f", "f", Axis("x"), Axis("y", lo=0, hi=1), ("*",))
    full = [curve(x, np.tile([0.0, 1.0], 200))]
    rows = plain(figure, full, [Marker("f", "x", 5.0, "half way")], width=60, height=12, theme=ascii_theme())
    assert "half way" in rows[1]
    assert not any("half way" in row for row in rows[2:])


def test_the_cursor_reads_every_curve():
    x = np.array([1.0, 10, 100, 1000])
    series = [curve(x, [1, 2, 3, 4], "accuracy/a"), curve(x[:2], [7, 8], "accuracy/b")]
    row = plain(ACCURACY, series, width=78, height=18, cursor=120.0)[-1]
    assert row.split() == ["step", "120", "●", "3", "▲", "-"]
    assert "step" in plain(ACCURACY, series, width=60, height=8, cursor=120.0)[1]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0.1, 1e4), min_size=1, max_size=30, unique=True), st.floats(0.05, 2e4), st.booleans(), st.booleans())
def test_a_reading_is_that_of_the_nearest_point(xs, at, log, ordered):
    x = np.sort(xs) if ordered else np.array(xs)
    y = np.arange(x.size, dtype=float)
    got = value_at(curve(x, y), at, Scale(0.05, 2e4, log))
    if not x.min() <= at <= x.max():
        assert np.isnan(got)
        return
    distance = np.abs(np.log(x / at)) if log else np.abs(x - at)
    assert distance[int(got)] <= distance.min() * (1 + 1e-9) + 1e-12


def test_pinned_curves_lie_beneath_and_are_named():
    x = np.arange(60.0)
    figure = Figure("f", "f", Axis("x"), Axis("y", lo=0, hi=60), ("a",))
    rows = plain(figure, [curve(x, x)], pinned=[curve(x, 60 - x)], theme=ascii_theme(), width=70)
    assert "pinned" in rows[1]
    assert sum(row.count(",") for row in rows) > 5


def test_the_window_shows_its_part_alone():
    x = np.arange(101.0)
    figure = Figure("f", "f", Axis("x"), Axis("y"), ("*",))
    rows = plain(figure, [curve(x, x)], view=ViewWindow(40, 60), theme=ascii_theme())
    labels = [float(word) for word in rows[-2].split()]
    assert labels[0] == 40 and labels[-1] == 60
    left = [float(row.split("+")[0]) for row in rows[2:-3] if "+" in row and row.split("+")[0].strip()]
    assert min(left) >= 30 and max(left) <= 70


def test_lines_lead_out_of_the_window():
    figure = Figure("f", "f", Axis("x"), Axis("y", lo=0, hi=100), ("*",))
    rows = plain(figure, [curve([0, 100], [0, 100])], view=ViewWindow(40, 60), theme=ascii_theme())
    assert sum(row.count("*") for row in rows[2:-3]) >= 53


def test_scales_can_be_switched():
    rows = plain(ACCURACY, conditions(), log_x=False)
    assert rows[-2].split()[0] == "0"
    log, linear = (
        [float(row.partition("┤")[0]) for row in plain(LOSS, conditions(), log_y=choice, height=20) if "┤" in row]
        for choice in (None, False)
    )
    assert log[0] / log[1] == pytest.approx(log[1] / log[2], rel=0.2)
    assert linear[0] - linear[1] == pytest.approx(linear[1] - linear[2])


def test_a_band_is_shaded_between_its_edges():
    x = np.linspace(0, 10, 50)
    figure = Figure("f", "f", Axis("x"), Axis("y", lo=0, hi=9), ("*",))
    rows = plain(figure, [curve(x, np.full(50, 5.0), lo=np.full(50, 3.0), hi=np.full(50, 7.0))], width=60, height=15, theme=ascii_theme())
    body = rows[2:-3]
    shaded = [9 - index for index, row in enumerate(body) if "." in row[7:]]
    assert shaded == [7, 6, 4, 3] or shaded == [7, 6, 5, 4, 3]


@pytest.mark.parametrize(("series", "words"), [((), "no data yet"), ((curve([np.nan], [1]),), "nothing to draw here")])
def test_an_empty_figure_says_so(series, words):
    assert words in "".join(plain(Figure("f", "f", Axis("x"), Axis("y"), ("*",)), series))


def test_an_empty_figure_says_what_fills_it():
    figure = Figure("f", "f", Axis("x"), Axis("y"), ("*",), empty="fills with preset standard, or with the knob follow")
    said = " ".join(word for row in draw_figure(figure, [], width=30, height=9) for word in row.plain.split())
    assert "fills with preset" in said and "standard, or with the" in said and "knob follow" in said


def test_series_come_in_the_order_of_the_patterns():
    series = [curve([1], [1], name) for name in ("b/2", "a/1", "b/1")]
    chosen = Figure("f", "f", Axis(""), Axis(""), ("a/*", "b/*", "b/1")).draws(series)
    assert [item.name for item in chosen] == ["a/1", "b/2", "b/1"]


@pytest.mark.parametrize(
    ("environ", "level", "ascii_"),
    [
        ({"TERM": "xterm-256color", "LANG": "de_DE.UTF-8"}, Level.ANSI256, False),
        ({"TERM": "xterm", "COLORTERM": "truecolor", "LC_ALL": "C.utf8"}, Level.TRUECOLOR, False),
        ({"TERM": "linux", "LANG": "C"}, Level.ANSI16, True),
        ({"TERM": "xterm-256color", "NO_COLOR": "1", "LANG": "C.UTF-8"}, Level.NONE, False),
        ({"TERM": "dumb"}, Level.NONE, True),
        ({"TERM": "xterm", "LC_ALL": "C", "LANG": "C.UTF-8"}, Level.ANSI16, True),
    ],
)
def test_the_environment_tells_what_can_be_shown(environ, level, ascii_):
    theme = Theme.detect(environ)
    assert (theme.level, theme.ascii) == (level, ascii_)


def test_words_become_ascii_where_asked_for():
    assert ascii_theme().text("σ² ≤ 1 – naïve\x1b[31m") == "sigma^2 <= 1 - naive [31m"
    assert Theme().text("a\x00b\u0301漢c") == "abc"


def test_a_row_of_many_points_has_few_marks_and_leaves_what_is_beneath_to_be_seen():
    figure = Figure("f", "F", Axis("x", lo=0, hi=1), Axis("y", lo=0, hi=1), ("*",))
    x = np.linspace(0, 1, 40)
    points = curve(x, np.full(40, 0.5), "points", style="points")
    law = curve(x, np.full(40, 0.5), "law", kind="theory")
    rows = plain(figure, [points, law], width=60, height=14, theme=Theme(Level.ANSI16))
    (row,) = (text for text in rows if text.count(Theme().mark(0)) > 1)
    inside = row.partition("┤")[2] or row.partition("│")[2]
    places = [place for place, letter in enumerate(inside) if letter == Theme().mark(0)]
    assert places[0] == 0 and places[-1] == len(inside) - 1 and np.diff(places).min() >= 3
    assert sum("\u2801" <= letter <= "\u28ff" for letter in inside) > len(inside) / 2


def test_few_points_and_scattered_ones_and_extremes_keep_their_marks():
    figure, mark = Figure("f", "F", Axis("x", lo=0, hi=1), Axis("y", lo=0, hi=1), ("*",)), Theme().mark(0)
    few = curve(np.linspace(0.5, 0.6, 4), np.full(4, 0.5), style="points")
    theme = Theme(Level.ANSI16)
    assert sum(text.count(mark) for text in plain(figure, [few], width=60, height=14, theme=theme)[2:]) == 4
    x = np.linspace(0, 1, 24)
    apart = curve(x, np.tile([0.1, 0.5, 0.9], 8), style="points")
    assert sum(text.count(mark) for text in plain(figure, [apart], width=80, height=14, theme=theme)[2:]) == 24
    spike = curve(x, np.where(np.arange(24) == 11, 0.9, 0.2), style="points")
    assert sum(text.count(mark) for text in plain(figure, [spike], width=50, height=14, theme=theme)[2:6]) == 1
