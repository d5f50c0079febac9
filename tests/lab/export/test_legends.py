"""A legend covers nothing that is drawn, which is looked for in the pixels; markers, bands and words are whole, at any width."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from engine.contract import Axis, Figure, Layer, Marker, Picture, Series
from lab.export import image_files, legends
from lab.export.drawing import draw_figure, draw_picture
from lab.export.provenance import Provenance
from screens.widgets.palette import Level, Theme

X = np.linspace(0, 1, 50)
ABOUT = Provenance("a-run", "genlab run toy " + "--knob 1 " * 30, {"genlab": "1"}, (0, 1), "0" * 16, claims={"holds": ("T1",)})
CURVES = {
    "rising": [X],
    "falling": [1 - X],
    "across": [X, 1 - X],
    "full": [0.03 + 0.94 * (k + np.sin(9 * X + k) / 3) / 9 for k in range(10)],
}
WIDTHS = (3.3, 6.4, 10.0)


def made(curves, width, labels="curve {}", style="line"):
    figure = Figure("f", "A title that says what is seen", Axis("step"), Axis("value", unit="nats", lo=0, hi=1), ("*",))
    series = [
        Series(f"c/{k}", labels.format(k), X, y, lo=y - 0.02, hi=y + 0.02, band="range of 2", style=style) for k, y in enumerate(curves)
    ]
    drawing, axes = image_files.canvas(width)
    theme = Theme(Level.ANSI256, dark=False)
    draw_figure(axes, figure, series, [Marker("f", "x", 0.5, "half"), Marker("f", "x", 0.9, "late")], theme)
    return image_files.finished(drawing, axes, ABOUT, series), axes


def pixels(drawing):
    canvas = FigureCanvasAgg(drawing)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba()).astype(int)[..., :3]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("shape", CURVES)
def test_no_curve_passes_below_a_legend(shape, width):
    drawing, axes = made(CURVES[shape], width)
    drawing.draw_without_rendering()
    box = axes.get_legend().get_window_extent()
    axes.get_legend().draw = lambda renderer: None  # what lies below shows, and the layout stays
    image = pixels(drawing)
    rows, columns = (slice(int(a) + 1, int(b)) for a, b in ((len(image) - box.y1, len(image) - box.y0), (box.x0, box.x1)))
    assert (image[rows, columns] == 255).all()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("labels", ["{}", "curve {} of a network whose name is as long as a sentence may be, and then some more of it"])
@pytest.mark.parametrize("shape", ["rising", "full"])
def test_every_word_is_within_the_picture(shape, labels, width):
    drawing, axes = made(CURVES[shape], width, labels)
    drawing.draw_without_rendering()
    whole = drawing.bbox.padded(1)
    words = [axes.title, axes.xaxis.label, axes.yaxis.label, drawing._supxlabel, *axes.get_legend().get_texts()]
    for text in words:
        box = text.get_window_extent()
        assert whole.x0 <= box.x0 and box.x1 <= whole.x1 and whole.y0 <= box.y0 and box.y1 <= whole.y1, text.get_text()
    assert axes.bbox.height > 0.3 * drawing.bbox.height or width < 4
    legend, caption = axes.get_legend().get_window_extent(), drawing._supxlabel.get_window_extent()
    assert legend.y0 >= caption.y1 - 1


def test_what_a_legend_must_not_cover_is_found():
    drawing, axes = image_files.canvas()
    axes.plot([0, np.nan, 1], [0, np.nan, 1], "o-")
    axes.fill_between([0, 1], [0, 0], [1, 1])
    axes.bar([0.5], [1])
    axes.imshow(np.ones((2, 2)))
    drawing.draw_without_rendering()
    assert sum(filled for _, filled in legends.drawn(axes)) == 2 + 1 + 1 + 1


def test_markers_of_one_colour_differ_and_bars_stand_side_by_side():
    _, axes = made([np.full(50, 0.4), np.full(50, 0.6)], 6.4, style="bars")
    assert len({str(line.get_linestyle()) + str(line._dash_pattern) for line in axes.lines}) == 2
    spans = sorted((patch.get_x(), patch.get_x() + patch.get_width()) for patch in axes.patches)
    assert len(spans) == 100 and all(left[1] <= right[0] + 1e-9 for left, right in pairwise(spans))


def test_a_band_that_reaches_zero_ends_at_the_least_number_drawn():
    figure = Figure("f", "F", Axis("x"), Axis("y", log=True), ("*",))
    band = Series("c", "c", X, X + 0.1, lo=X * 0 - 1.0, hi=X + 0.2, band="range")
    _, axes = image_files.canvas()
    draw_figure(axes, figure, [band], (), Theme(Level.ANSI256))
    (area,) = axes.collections
    assert area.get_paths()[0].vertices[:, 1].min() == pytest.approx(0.1)


@pytest.mark.parametrize(("lo", "hi", "expected"), [(2.0, 30.0, "5"), (60.0, 200.0, "80"), (1e-8, 1.0, "10⁻")])
def test_ticks_of_few_decades_are_numbers(lo, hi, expected):
    figure = Figure("f", "F", Axis("x"), Axis("y", log=True, lo=lo, hi=hi), ("*",))
    drawing, axes = image_files.canvas()
    draw_figure(axes, figure, [Series("c", "c", X, np.geomspace(lo, hi, 50))], (), Theme(Level.ANSI256))
    drawing.draw_without_rendering()
    assert any(expected in text.get_text() for text in axes.get_yticklabels())


def test_lines_over_a_picture_differ_without_colour():
    layers = tuple(Layer("line", np.array([[0.0, k], [1.0, k]]), f"line {k}", "same") for k in range(4))
    _, axes = image_files.canvas()
    draw_picture(axes, Picture("p", "P", layers=layers, extent=(0, 1, -1, 4)), Theme(Level.ANSI256))
    assert len({str(line._unscaled_dash_pattern) for line in axes.lines}) == 4 and len({line.get_color() for line in axes.lines}) == 1


def test_a_picture_explains_its_colours():
    drawing, axes = image_files.canvas()
    draw_picture(axes, Picture("p", "P", np.array([[0, 1], [1, -1]]), palette="classes", legend=("wrong", "right")), Theme())
    image_files.finished(drawing, axes, ABOUT)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["wrong", "right"]
    drawing, axes = image_files.canvas()
    draw_picture(axes, Picture("p", "P", np.arange(6.0).reshape(2, 3), equal=True), Theme())
    drawing.draw_without_rendering()
    (bar,) = axes.child_axes
    assert bar.bbox.height == pytest.approx(axes.bbox.height, rel=0.01)


@pytest.mark.parametrize("style", ["line", "points"])
def test_marks_on_the_edge_of_the_axes_are_whole_and_what_is_beyond_stays_out(style):
    def outside(x, y):
        """How many coloured pixels stand left of the axes and above them."""
        figure = Figure("f", "F", Axis("x", lo=0, hi=1), Axis("y", lo=0, hi=1), ("*",))
        drawing, axes = image_files.canvas(4.0)
        draw_figure(axes, figure, [Series("c", "c", np.array(x), np.array(y), style=style)], [], Theme(Level.ANSI256, dark=False))
        coloured = np.ptp(pixels(drawing), axis=2) > 60
        left, top = axes.transAxes.transform((0, 1)).astype(int)
        return coloured[:, : left - 1].sum(), coloured[: len(coloured) - top - 2].sum()

    left, above = outside([0.0, 0.5], [0.4, 1.0])
    assert left > 3 and above > 3
    assert outside([0.1, 0.5], [0.4, 0.9]) == (0, 0) and outside([0.0, 0.5], [0.4, 1.3])[1] == 0
