"""A sweep's figures as files: every word is within the picture, curves, bands, heat map, contours and bounds are where their values are."""

import threading
from dataclasses import replace
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest

from engine.contract import Phase, Scalar, ScalarValue
from engine.contract.sweep import SweepPoint, SweepSnapshot
from engine.registry import spec
from engine.sweeps.figures import drawn
from engine.sweeps.grid import axes_of
from engine.sweeps.manifest import SweepManifest
from engine.sweeps.plan import Plan
from lab.export.image_files import LOOKS, looks
from lab.export.provenance import Provenance
from lab.export.sweep_images import drawings, write_figures

STEP = Scalar("grok_step", "first step at which test accuracy is 95 %", "step", log=True, whole=True)
ABOUT = Provenance("a-sweep", "genlab sweep grokking " + "--grid wd=.3,1,3 " * 12, {"genlab": "1"}, (0, 1), "0" * 16)
WIDTHS = (3.3, 6.4)
DECAYS, FRACTIONS = (0.3, 1.0, 3.0, 10.0), (0.2, 0.3, 0.4, 0.5)
SVG = "{http://www.w3.org/2000/svg}"


def step_of(decay, fraction):
    return 1000.0 / (decay * fraction)


def sweep(fractions):
    """Over decay and fraction, of two seeds; the slowest point is a lower bound, one point has no value."""
    declared = spec("grokking")
    grid = [f"wd={','.join(map(str, DECAYS))}", f"fraction={','.join(map(str, fractions))}"]
    plan = Plan.of(declared, "quick", {}, axes_of(declared, grid, ()), seeds=2)
    manifest = SweepManifest.of(plan, "cpu", 1, "typed")
    points = []
    for one in plan.points:
        knobs = {name: one.knobs[name] for name in ("wd", "fraction")}
        value, bound = step_of(knobs["wd"], knobs["fraction"]), knobs == {"wd": 0.3, "fraction": fractions[0]}
        values = {STEP.name: ScalarValue(STEP, (value, 1.5 * value), (bound, bound))}
        texts = {name: f"{number:g}" for name, number in knobs.items()}
        missing = knobs == {"wd": 10.0, "fraction": fractions[-1]}
        points.append(SweepPoint(knobs, texts, phase=Phase.FINISHED, run="run", ended=True, values={} if missing else values))
    figures, shown, maps = drawn("a-sweep", manifest, points, [STEP], declared)
    return SweepSnapshot(
        name="a-sweep", phenomenon="grokking", preset="quick", given={}, knobs={"wd": "weight decay", "fraction": "fraction"},
        seeds=(0, 1), scalars=(STEP,), claims=(), points=tuple(points), declared=figures, drawn=replace(shown, revision=1), maps=maps,
        live=False, rate=None, eta=None, command_line="genlab sweep grokking", folder="/runs/a-sweep", revision=1,
    )  # fmt: skip


CURVES, MAP = sweep(FRACTIONS[:2]), sweep(FRACTIONS)


def words(drawing):
    """Every text that is drawn."""
    return [text for text in drawing.findobj(matplotlib.text.Text) if text.get_visible() and text.get_text().strip()]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("shown", [CURVES, MAP], ids=["curves", "heat map"])
def test_every_word_is_within_the_picture(shown, width):
    made = dict(drawings(shown, ABOUT, width))
    assert made
    for name, drawing in made.items():
        with matplotlib.rc_context(LOOKS):
            drawing.draw_without_rendering()
        whole = drawing.bbox.padded(1)
        for axes in drawing.axes:
            ticks = [*axes.get_xticklabels(), *axes.get_yticklabels()]
            legend = axes.get_legend()
            for text in (axes.title, axes.xaxis.label, axes.yaxis.label, *(legend.get_texts() if legend else ())):
                box = text.get_window_extent()
                inside = whole.x0 <= box.x0 and box.x1 <= whole.x1 and whole.y0 <= box.y0 and box.y1 <= whole.y1
                assert inside or not text.get_text() or text in ticks, (name, text.get_text())


def test_curves_are_the_values_with_their_seeds_as_a_band_and_one_legend_entry_a_value_of_the_other_knob():
    (drawing,) = [made for name, made in drawings(CURVES, ABOUT) if name == "grok_step"]
    axes = drawing.axes[0]
    with matplotlib.rc_context(LOOKS):
        drawing.draw_without_rendering()
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert axes.get_xlabel() == "weight decay (wd)" and "step" in axes.get_ylabel()
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    for fraction in FRACTIONS[:2]:
        assert labels.count(f"fraction {fraction:g}") == 1, labels
    points = {(round(x, 9), round(y, 6)) for line in axes.lines for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)}
    for decay in DECAYS[1:3]:
        for fraction in FRACTIONS[:2]:
            assert (decay, round(1.25 * step_of(decay, fraction), 6)) in points  # the median of two seeds


def test_a_heat_map_has_a_cell_a_point_with_bounds_ringed_and_what_is_missing_left_empty():
    (drawing,) = [made for name, made in drawings(MAP, ABOUT) if name == "map-grok_step"]
    with matplotlib.rc_context(LOOKS):
        drawing.draw_without_rendering()
    axes, bar = drawing.axes[0], drawing.axes[0].child_axes[0]
    (mesh,) = [item for item in axes.collections if hasattr(item, "_meshWidth") or type(item).__name__ == "QuadMesh"]
    cells = np.ma.getdata(mesh.get_array()).reshape(len(FRACTIONS), len(DECAYS)), np.ma.getmaskarray(mesh.get_array())
    expected = np.array([[1.25 * step_of(decay, fraction) for decay in DECAYS] for fraction in FRACTIONS])
    hidden = cells[1].reshape(expected.shape)
    assert hidden.sum() == 1 and hidden[-1, -1]
    np.testing.assert_allclose(cells[0][~hidden], expected[~hidden])
    assert (axes.get_xlabel(), axes.get_ylabel(), bar.get_ylabel()) == ("weight decay", "fraction", "step")
    corners = mesh.get_coordinates()
    for place, decay in enumerate(DECAYS):  # each value lies within its cell
        assert corners[0, place, 0] < decay < corners[0, place + 1, 0]
    (rings,) = [line for line in axes.lines if line.get_marker() == "o"]
    assert (rings.get_xdata().tolist(), rings.get_ydata().tolist()) == ([DECAYS[0]], [FRACTIONS[0]])
    contours = [item for item in axes.collections if type(item).__name__ == "QuadContourSet"]
    assert len(contours) == 1 and len(contours[0].levels) >= 3


@pytest.mark.parametrize("shown", [CURVES, MAP], ids=["curves", "heat map"])
def test_an_svg_is_whole_and_its_words_are_text(shown, tmp_path):
    paths = list(write_figures(shown, ABOUT, tmp_path, "svg"))
    for path in paths:
        root = ElementTree.parse(path).getroot()
        said = " ".join("".join(node.itertext()) for node in root.iter(f"{SVG}text"))
        assert "weight decay" in said and "genlab sweep grokking" in said
        width, height = (float(root.get(side).removesuffix("pt")) for side in ("width", "height"))
        assert list(map(float, root.get("viewBox").split())) == [0, 0, width, height]
    names = {path.name for path in paths}
    assert names == ({"a-sweep-grok_step.svg"} if shown is CURVES else names | {"a-sweep-map-grok_step.svg"})


def test_the_same_sweep_gives_the_same_bytes(tmp_path):
    paths, again = list(write_figures(CURVES, ABOUT, tmp_path, "svg")), tmp_path / "again"
    again.mkdir()
    assert [path.read_bytes() for path in write_figures(CURVES, ABOUT, again, "svg")] == [path.read_bytes() for path in paths]


def test_one_thread_draws_at_a_time():
    """Matplotlib's settings and its parser of text belong to the process: an export and a picture at once would spoil each other."""
    entered = threading.Event()

    def another() -> None:
        with looks():
            entered.set()

    beside = threading.Thread(target=another, daemon=True)
    with looks():
        beside.start()
        assert not entered.wait(0.2)
        with looks():  # the same thread may: saving begins while a figure is drawn
            pass
    beside.join(30)
    assert entered.is_set()
