"""A curve keeps its colour and marker from the first draw to the exported file, whatever comes and goes beside it."""

from dataclasses import replace

import numpy as np
import pytest

from engine.contract import Axis, Figure, Layer, Marker, Picture, Series
from lab.export import image_files, text_figures, text_file
from lab.export.drawing import draw_figure, draw_picture
from screens.widgets.palette import DARK, FILLED, LIGHT, Theme, groups_of, ink_of
from screens.widgets.plot_figure import legend_entries
from tests.screens.canned import SPEC, canned

FIGURE = Figure("loss", "Loss", Axis("step"), Axis("loss"), ("loss/*",))
X = np.array([1.0, 2.0, 3.0])
GROUPS = ("c", "a", "b")  # in the order of their first appearance


def curve(group):
    return Series(f"loss/{group}", group, X, X, group=group)


def snapshot(order):
    layer = Layer("points", np.ones((1, 2)), "b's point", "b")
    picture = Picture("plane", "Plane", layers=(layer, replace(layer, group="nobody's")), extent=(0, 2, 0, 2))
    markers = (Marker("loss", "x", 2.0, "event", order[-1]), Marker("loss", "y", 2.0, "chance", "event"))
    return canned(series=tuple(map(curve, order)), groups=GROUPS, pictures=(picture,), markers=markers)


@pytest.mark.parametrize("order", ["abc", "cab", "ba", "b"])
def test_an_image_has_the_colours_and_markers_of_the_screen(order):
    shown = snapshot(order)
    theme = Theme(dark=False, groups=groups_of(shown))
    _, axes = image_files.canvas()
    draw_figure(axes, FIGURE, shown.series, shown.markers, theme)
    lines = {line.get_label(): line for line in axes.lines}
    for group, place in zip(GROUPS, range(3), strict=True):
        if group in order:
            expected = "o^s"[place]
            assert lines[group].get_marker() == expected
            red, green, blue = (int(lines[group].get_color()[at : at + 2], 16) for at in (1, 3, 5))
            cube = [0, 95, 135, 175, 215, 255]  # levels of the 256 colours
            assert 16 + 36 * cube.index(red) + 6 * cube.index(green) + cube.index(blue) == LIGHT.full[place]
    assert lines["event"].get_color() == lines[order[-1]].get_color()
    _, plane = image_files.canvas()
    draw_picture(plane, shown.pictures[0], theme)
    assert plane.lines[0].get_color() == lines["b"].get_color()
    assert plane.lines[1].get_color() not in {line.get_color() for line in lines.values()}


@pytest.mark.parametrize("order", ["abc", "cab", "ba"])
def test_text_has_them_too(order, monkeypatch, capsys):
    seen = []
    declared = replace(SPEC, figures=(FIGURE,))

    def draw(figure, series, markers=(), *, theme, **options):
        seen.append({entry.label: (entry.glyph, ink_of(entry.ink).fg) for entry in legend_entries(figure.draws(series), theme)})
        return []

    for module in (text_file, text_figures):
        monkeypatch.setattr(module, "draw_figure", draw)
    monkeypatch.setattr(text_figures, "spec", lambda name: declared)
    monkeypatch.setattr(text_figures.Theme, "detect", classmethod(lambda cls: cls()))
    monkeypatch.setenv("FORCE_COLOR", "1")
    text_file.as_text(declared, snapshot(order))
    text_figures.print_run(snapshot(order), "a-run", only="loss")
    without_colour, coloured = seen
    for place, group in enumerate(GROUPS):
        if group in order:
            assert without_colour[group][0] == coloured[group][0] == FILLED[place]
            assert coloured[group][1] == DARK.full[place]
