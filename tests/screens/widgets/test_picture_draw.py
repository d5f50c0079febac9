"""Pictures as text: cells that can be read back, layers where they belong, any size and any values."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from engine.contract import Layer, Picture
from screens.widgets.palette import Level, Theme, brightness, ink_of
from screens.widgets.picture_draw import draw_picture, picture_grid
from screens.widgets.picture_layers import styled_layers
from screens.widgets.picture_palette import ASCII_CLASSES, RAMPS, class_colours, ramp
from screens.widgets.picture_view import PictureView
from tests.screens.drawn import ascii_theme, grid_picture, plane_picture

number = st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.floats(-5, 5))
themes = st.builds(Theme, st.sampled_from(list(Level)), st.booleans(), st.booleans(), st.sampled_from([(), ("a",)]))


@st.composite
def pictures(draw):
    shape = draw(st.tuples(st.integers(0, 9), st.integers(0, 9)))
    values = np.array(draw(st.lists(number, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]))).reshape(shape)

    def layer():
        points = draw(st.lists(st.tuples(number, number), max_size=6))
        return Layer(
            draw(st.sampled_from(["path", "line", "points", "rings"])), np.array(points).reshape(-1, 2), draw(st.text(max_size=8)),
            draw(st.sampled_from(["", "a", "b"])),
        )  # fmt: skip

    layers = tuple(layer() for _ in range(draw(st.integers(0, 3))))
    return Picture(
        "p", draw(st.text(max_size=20)), draw(st.sampled_from([values, None])), layers,
        draw(st.one_of(st.none(), st.tuples(number, number, number, number))),
        draw(st.sampled_from(["sequential", "diverging", "classes", "grey"])), draw(number | st.none()), draw(number | st.none()),
        tuple(draw(st.lists(st.text(max_size=8), max_size=4))), draw(st.text(max_size=6)), draw(st.text(max_size=6)), draw(st.booleans()),
        draw(st.text(max_size=10)), draw(st.booleans()), draw(st.text(max_size=12)),
    )  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(pictures(), st.integers(0, 120), st.integers(0, 40), themes)
def test_any_picture_at_any_size_fills_the_pane_exactly(picture, width, height, theme):
    rows = draw_picture(picture, width=width, height=height, theme=theme)
    assert len(rows) == height
    for row in rows:
        assert row.cell_len == len(row.plain) == width
        assert row.plain.isprintable()
        assert not theme.ascii or row.plain.isascii()


def colours_of(grid, top, rows, columns):
    """Read half blocks back: the colour of every value, (2 * rows, columns)."""
    out = np.full((2 * rows, columns), -1)
    for row in range(rows):
        for column in range(columns):
            letter, tone = chr(grid.codes[top + row, column]), ink_of(int(grid.inks[top + row, column]))
            out[2 * row : 2 * row + 2, column] = {" ": (tone.bg, tone.bg), "▀": (tone.fg, tone.bg), "▄": (-1, tone.fg)}[letter]
    return out


def test_every_value_has_its_own_cells():
    values = np.array([[0.0, 1.0, np.nan], [1.0, 1.0, 0.0], [0.0, 0.5, 1.0]])
    grid = picture_grid(Picture("p", "p", values), 60, 6, Theme())
    colours = ramp("sequential", Theme(), muted=False)
    low, middle, high = colours[0], colours[len(colours) // 2], colours[-1]
    want = np.array([[low, high, -1], [high, high, low], [low, middle, high]])
    got = colours_of(grid, 2, 4, 60)  # eight half rows and 60 columns: twice and twenty times the values
    assert (got[:6] == want.repeat(2, axis=0).repeat(20, axis=1)).all()
    assert (got[6:] == -1).all()


def test_classes_take_their_colours_in_order():
    grid = picture_grid(replace(grid_picture(4), values=np.array([[0, 1], [2, 3]])), 40, 4, Theme())
    colours = class_colours(Theme(), muted=False)
    got = colours_of(grid, 1, 3, 6)
    assert got[0, 0] == colours[0] and got[0, 3] == colours[1] and got[3, 0] == colours[2] and got[3, 3] == colours[3]


def test_the_legend_names_classes_and_values():
    text = "\n".join(row.plain for row in draw_picture(grid_picture(), width=78, height=18))
    assert all(word in text for word in ("wrong", "right", "train", "lost", "→ b", "↓ a"))
    text = "\n".join(row.plain for row in draw_picture(Picture("p", "Heat", np.array([[0.25, 3.5]])), width=78, height=18))
    assert "0.25" in text and "3.5" in text


def test_without_colour_values_are_characters():
    values = np.linspace(0, 1, 30)[None].repeat(4, axis=0)
    rows = [row.plain for row in draw_picture(Picture("p", "p", values), width=30, height=8, theme=ascii_theme())]
    assert rows[2] == "   ...:::---===+++***###%%%@@@"
    rows = [row.plain for row in draw_picture(Picture("p", "p", values), width=30, height=8, theme=Theme(Level.NONE))]
    assert list(dict.fromkeys(rows[2])) == list(" ░▒▓█")
    style = {
        str(span.style)
        for row in draw_picture(Picture("p", "p", values), width=30, height=8, theme=Theme(Level.NONE))
        for span in row.spans
    }
    assert not any("color" in item for item in style)


def test_each_class_has_a_character_of_its_own():
    picture = replace(grid_picture(), values=np.array([[0, 1, 2, 3]]), equal=False)
    for theme in (ascii_theme(), Theme(Level.NONE)):
        body = "".join(row.plain for row in draw_picture(picture, width=40, height=8, theme=theme)[2:])
        assert len(set(body.replace(" ", ""))) == 4


@pytest.mark.parametrize("level", [Level.NONE, Level.ANSI16, Level.ANSI256])
def test_in_ascii_the_legend_shows_the_characters_of_the_cells(level):
    _, *rows = (row.plain for row in draw_picture(grid_picture(), width=60, height=22, theme=ascii_theme(level=level)))
    cells = "".join(row[:40] for row in rows)
    for glyph, word in zip(ASCII_CLASSES, grid_picture().legend, strict=False):
        assert f"{glyph} {word}" in "".join(rows) and glyph in cells


def test_lines_of_a_group_without_labels_look_like_its_first():
    lines = [Layer("line", np.array([[0, at], [1, at]]), "|w|" if not at else "", group="norm") for at in (0.0, 0.5, 1.0)]
    other = Layer("line", np.array([[0, 0], [1, 1]]), "fits", group="fits")
    looks = [(item.line, item.dash) for item in styled_layers([*lines, other], ascii_theme())]
    assert len(set(looks[:3])) == 1 and looks[3] != looks[0]


def test_ramps_grow_lighter():
    for name in ("sequential", "grey"):
        light = [brightness(colour) for colour in RAMPS[name]]
        assert all(a < b + 0.02 for a, b in pairwise(light))
        assert light[-1] - light[0] > 0.7


def place_of(rows, letter):
    return [(row, line.index(letter)) for row, line in enumerate(rows) if letter in line]


def test_layers_stand_at_their_coordinates():
    points = np.array([[-3.0, 3.0], [3.0, -3.0], [0.0, 0.0]])
    picture = Picture("p", "p", layers=(Layer("points", points, "data"),), extent=(-3, 3, -3, 3))
    rows = [row.plain for row in draw_picture(picture, width=49, height=14, theme=ascii_theme())]
    places = place_of(rows[2:], "*")
    assert (places[0][1], places[-1][1]) == (7, 48) and abs(places[1][1] - 27.5) <= 0.6
    assert places[1][0] - places[0][0] == places[2][0] - places[1][0] > 2
    assert rows[2 + places[1][0]].split()[0].startswith("0"), "the origin stands beside its tick"
    assert [float(word) for word in rows[-1].split()] == sorted(float(word) for word in rows[-1].split())


def test_a_logarithmic_plane_has_decades_as_ticks_and_layers_between_them():
    picture = Picture(
        "p", "p", None, (Layer("points", np.array([[31.6, 10.0], [-1.0, 5.0]]), "", "a"),), (1.0, 1000.0, 1.0, 100.0), log=True
    )
    rows = [row.plain for row in draw_picture(picture, width=47, height=15)]
    row, column = next((i, text.index("●")) for i, text in enumerate(rows) if "●" in text)
    assert rows[-1].split() == ["1", "10", "100", "1e3"] and "1 point not finite" in rows[0]
    assert abs(column - (7 + 20)) <= 1 and abs(row - 7) <= 1


def test_equal_units_make_circles_round():
    angle = np.linspace(0, 2 * np.pi, 400)
    circle = np.c_[np.cos(angle), np.sin(angle)]
    picture = Picture("p", "p", layers=(Layer("line", circle, ""),), extent=(-1, 1, -1, 1), equal=True)
    rows = [row.plain for row in draw_picture(picture, width=100, height=24, theme=Theme(Level.NONE))]
    canvas = [row[7:] for row in rows[1:-2]]
    drawn = np.array([[0x2800 < ord(letter) <= 0x28FF for letter in row] for row in canvas])
    high, wide = drawn.any(axis=1).sum(), drawn.any(axis=0).sum()
    assert wide == pytest.approx(2 * high, rel=0.1)


def test_layers_are_told_apart_and_named():
    for theme in (Theme(), Theme(Level.NONE), ascii_theme()):
        text = "\n".join(row.plain for row in draw_picture(plane_picture(), width=78, height=20, theme=theme))
        assert all(word in text for word in ("zero loss", "gradient descent", "solutions", "chosen", "w1", "w2"))
    assert "◉" in text or "O" in text


def test_contour_lines_replace_colours_under_layers():
    rows = [row.plain for row in draw_picture(plane_picture(), width=78, height=24, theme=Theme(Level.NONE))]
    braille = sum(len(re.findall("[\u2801-\u28ff]", row)) for row in rows)
    alone = replace(plane_picture(), values=None)
    fewer = sum(len(re.findall("[\u2801-\u28ff]", row.plain)) for row in draw_picture(alone, width=78, height=24, theme=Theme(Level.NONE)))
    assert braille > 1.5 * fewer


def test_marks_over_colours_can_be_read():
    x = np.linspace(0, 1, 40)
    picture = Picture("p", "p", np.tile(x, (20, 1)), (Layer("line", np.c_[x, x], "diagonal"),), (0, 1, 0, 1))
    grid = picture_grid(picture, 78, 20, Theme())
    for row, column in np.argwhere((grid.codes > 0x2800) & (grid.codes <= 0x28FF)).tolist():
        tone = ink_of(int(grid.inks[row, column]))
        assert tone.bg >= 0
        assert abs(brightness(tone.fg) - brightness(tone.bg)) > 0.2


def test_points_that_are_not_finite_are_counted():
    picture = Picture("p", "p", layers=(Layer("points", np.array([[0, 0], [np.nan, 1], [1, np.inf], [1, 1]]), "data"),))
    assert "2 points not finite" in draw_picture(picture, width=78, height=12)[0].plain


def test_nothing_to_draw_is_said():
    assert "no data yet" in "".join(row.plain for row in draw_picture(Picture("p", "p"), width=40, height=8))


def test_groups_have_the_colours_of_the_figures():
    theme = Theme(groups=("true", "random"))
    picture = Picture("p", "p", layers=(Layer("points", np.zeros((1, 2)), "random labels", "random"),), extent=(-1, 1, -1, 1))
    grid = picture_grid(picture, 60, 12, theme)
    tones = {ink_of(int(tone)).fg for code, tone in zip(grid.codes.ravel(), grid.inks.ravel(), strict=True) if chr(code) == "▲"}
    assert tones == {theme.shades.full[1]}


class Host(App[None]):
    def compose(self) -> ComposeResult:
        yield PictureView(Theme(), id="picture")

    @property
    def view(self) -> PictureView:
        return self.query_one("#picture", PictureView)


def drive(scenario, size=(60, 20)):
    async def run():
        app = Host()
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await scenario(app, pilot, app.view)

    asyncio.run(run())


def shown(app):
    return [strip.text for strip in app.screen._compositor.render_strips()]


def test_the_widget_shows_its_picture_and_redraws_only_new_ones():
    async def scenario(app, pilot, view):
        picture = grid_picture()
        view.show(picture)
        await pilot.pause()
        grid = view._current()
        assert shown(app) == [row.plain for row in grid.text()]
        view.show(replace(picture))
        assert view._current() is grid
        view.show(replace(picture, values=picture.values.copy()))
        assert view._current() is not grid

    drive(scenario)


def test_a_large_change_is_sent_in_parts_and_arrives_whole():
    async def scenario(app, pilot, view):
        first = Picture("p", "p", np.zeros((40, 60)), lo=0, hi=1)
        view.show(first)
        await pilot.pause()
        view.show(replace(first, values=np.indices((40, 60)).sum(axis=0) % 2.0))
        waiting = sum(bool((view._shown.codes[row] != view._drawn.codes[row]).any()) for row in range(20))
        assert waiting > 5
        for _ in range(400):
            if (view._shown.codes == view._drawn.codes).all():
                break
            await pilot.pause(0.01)
        await pilot.pause()
        assert (view._shown.inks == view._drawn.inks).all()
        assert shown(app) == [row.plain for row in view._current().text()]

    drive(scenario)


@pytest.mark.parametrize("size", [(1, 1), (2, 30), (30, 2), (8, 3), (160, 48)])
def test_no_size_is_too_small(size):
    async def scenario(app, pilot, view):
        for picture in (grid_picture(), plane_picture(), Picture("p", "p")):
            view.show(picture)
            await pilot.pause()
        assert [len(row) for row in shown(app)] == [size[0]] * size[1]

    drive(scenario, size)


def test_layers_have_the_colours_of_their_curves_and_no_two_groups_the_same():
    theme = Theme(groups=tuple("abcdefghijk"))
    names = ("data", "h", "margin", "a", "h")
    styled = styled_layers([Layer("points", np.zeros((1, 2)), name, name) for name in names], theme)
    inks = {name: item.ink for name, item in zip(names, styled, strict=True)}
    assert (inks["a"], inks["h"]) == (theme.curve(0), theme.curve(7))
    assert len(set(inks.values())) == 4


@pytest.mark.parametrize(("width", "height"), [(38, 16), (60, 14), (44, 12), (120, 30)])
def test_a_picture_says_how_many_of_its_cells_of_classes_it_shows(width, height):
    """Counted in the picture: all cells are one class, and a row of text holds one row of them, two characters a cell."""
    picture = Picture("pairs", "Pairs", np.ones((59, 59), dtype=int), palette="classes", legend=("no", "yes"), equal=True)
    rows = [row.plain for row in draw_picture(picture, width=width, height=height, theme=ascii_theme())]
    found, cell = re.search(r"(\d+) of 59", " ".join(rows)), ASCII_CLASSES[1]
    cells = [row.count(cell) // 2 for row in rows if row.count(cell) > 4]
    assert found and set(cells) == {len(cells)} == {int(found[1])}
    assert "of 59" not in "".join(row.plain for row in draw_picture(picture, width=150, height=70, theme=ascii_theme()))


def test_averages_and_whole_pictures_say_nothing_of_cells():
    for picture in (grid_picture(8), Picture("p", "Averages", np.random.default_rng(0).standard_normal((90, 90)), equal=True)):
        assert " of " not in "".join(row.plain for row in draw_picture(picture, width=40, height=14))


def test_rows_and_columns_that_are_thinned_differently_are_both_counted():
    picture = Picture("p", "P", np.zeros((40, 200), dtype=int), palette="classes", legend=("no",))
    text = " ".join(row.plain for row in draw_picture(picture, width=80, height=14))
    assert "24 of 40 rows, 80 of 200 columns" in text


def test_a_picture_alone_has_its_note_in_rows_of_its_own():
    picture = replace(
        plane_picture(), note="shade: |x.w - y|; eta 0.1: error x0.8 a step, which takes it to the line in some twenty steps of descent"
    )
    for width, height in ((78, 16), (114, 40)):
        alone, among = (picture_grid(picture, width, height, Theme(), 1, alone) for alone in (True, False))
        assert picture.note in " ".join(alone.line(row).strip() for row in range(1, 4))
        assert picture.note not in " ".join(among.line(row).strip() for row in range(height))
        assert alone.line(0).startswith("1 Minimum norm")


@pytest.mark.parametrize("theme", [Theme(), ascii_theme()], ids=["colour", "ascii"])
def test_points_without_a_label_are_named_with_the_line_of_their_group(theme):
    ends = np.array([[-3.0, 3.0], [3.0, -3.0]])
    line, points = Layer("line", ends, "fits", "fits"), Layer("points", ends / 2, "", "fits")
    plain_line = Layer("line", ends[::-1], "other", "other")
    styled = styled_layers((line, points, plain_line), theme)
    assert styled[0].legend[1:] == styled[1].mark != styled[0].legend[0] and styled[0].ink == styled[1].ink
    assert len(set(styled[2].legend)) == 1


@pytest.mark.parametrize("width", range(20, 90, 5))
def test_no_title_is_cut_to_say_how_many_cells_are_shown(width):
    picture = Picture("p", "Fitted: all labels", np.zeros((60, 200), dtype=int), palette="classes", legend=("no",))
    title = draw_picture(picture, width=width, height=14)[0].plain
    assert title.startswith(picture.title) and ("% shown" in title or "of 200 columns" in title) == (width >= 30)


@pytest.mark.parametrize(("width", "shade", "entry"), [(60, True, True), (34, False, True), (24, True, False)])
def test_a_scale_says_of_what_it_is_where_nothing_else_loses_its_place_for_that(width, shade, entry):
    layer = Layer("line", np.array([[0.0, 0.0], [1.0, 1.0]]), "fitted")
    picture = Picture("p", "T", np.linspace(0.25, 0.75, 16).reshape(4, 4), (layer,), (0, 1, 0, 1), shade="error")
    first = draw_picture(picture, width=width, height=14, theme=Theme())[1].plain
    assert "0.25" in first and "0.75" in first
    assert ("error" in first, "fitted" in first) == (shade, entry)
