"""What is drawn of a sweep: axes, curves, bands, lower bounds, heat maps."""

from dataclasses import replace

import numpy as np
import pytest

from engine.contract import Phase, Scalar, ScalarValue
from engine.contract.sweep import SweepPoint
from engine.registry import spec
from engine.sweeps.figures import drawn, without_values
from engine.sweeps.grid import axes_of
from engine.sweeps.heat_map import levels_of
from engine.sweeps.layout import value_ticks
from engine.sweeps.manifest import SweepManifest
from engine.sweeps.plan import FEW, Plan

GROKKING = spec("grokking")
STEP = Scalar("grok_step", "first step", "step", log=True, whole=True)


def sweep(grid, answer, seeds=3):
    """The figures of a sweep whose points answer with `answer(knobs)`: a ScalarValue, or None."""
    plan = Plan.of(GROKKING, "quick", {"p": 31}, axes_of(GROKKING, grid, ("p",)), seeds=seeds)
    manifest = SweepManifest.of(plan, "cpu", 1, "typed")
    points = []
    for point in plan.points:
        value = answer(point.knobs)
        values = {} if value is None else {STEP.name: value}
        points.append(SweepPoint(point.knobs, {}, "run", Phase.FINISHED, ended=value is not None, values=values))
    return drawn("a sweep", manifest, points, [STEP], GROKKING)


def steps(*seeds, censored=()):
    return ScalarValue(STEP, tuple(map(float, seeds)), tuple(censored) or (False,) * len(seeds))


def test_a_curve_per_value_of_the_other_knob_with_a_band_over_seeds():
    declared, shown, maps = sweep(["wd=.3,1,3", "fraction=.2,.4"], lambda k: steps(100 * k["wd"], 300 * k["wd"], 200 * k["wd"]))
    (figure,) = declared.figures
    curves = figure.draws(shown.series)
    assert [curve.label for curve in curves] == ["fraction 0.2", "fraction 0.4"]
    assert curves[0].x.tolist() == [0.3, 1, 3] and curves[0].y.tolist() == pytest.approx([60, 200, 600])
    assert curves[0].lo.tolist() == pytest.approx([30, 100, 300]) and curves[0].hi.tolist() == pytest.approx([90, 300, 900])
    assert curves[0].band == "median, range of 3 seeds"
    assert (figure.x.label, figure.x.log, figure.y.log, figure.y.unit) == ("weight decay (wd)", True, True, "step")
    assert not maps and not shown.pictures


def test_lower_bounds_stand_apart_and_no_line_goes_through_them():
    def answer(knobs):
        return steps(1500, 1500, 900, censored=(True, True, False)) if knobs["wd"] < 1 else steps(400, 500, 600)

    declared, shown, _ = sweep(["wd=.3,1,3"], answer)
    line, bound = declared.figures[0].draws(shown.series)
    assert np.isnan(line.y[0]) and line.y[1:].tolist() == [500, 500] and np.isnan(line.hi[0])
    assert (bound.style, bound.x.tolist(), bound.y.tolist(), bound.group) == ("points", [0.3], [1500], line.group)
    assert "lower bound" in bound.label and "lower bound" in declared.figures[0].note


def test_what_has_no_value_says_why_and_is_not_drawn():
    declared, shown, _ = sweep(["wd=.3,1"], lambda k: ScalarValue(STEP, (np.nan,) * 3, (False,) * 3, "needs decay"))
    assert not shown.series and declared.figures[0].empty == "needs decay"
    declared, shown, _ = sweep(["wd=.3,1"], lambda k: None)
    assert not shown.series and declared.figures[0].empty == "fills as points end"


def test_an_axis_with_a_zero_is_linear_and_words_have_places():
    declared, *_ = sweep(["wd=0,.3,3"], lambda k: steps(1, 2, 3))
    assert not declared.figures[0].x.log
    declared, shown, _ = sweep(["op=add,sub,mul"], lambda k: steps(1, 2, 3))
    assert declared.figures[0].x.ticks == ((0.0, "add"), (1.0, "sub"), (2.0, "mul"))
    assert shown.series[0].x.tolist() == [0, 1, 2]


def test_two_knobs_with_many_values_are_a_heat_map():
    value = {}

    def answer(knobs):
        made = value[knobs["wd"], knobs["fraction"]] = 100 * knobs["wd"] + knobs["fraction"]
        return steps(made, made, made, censored=(knobs["wd"] > 2.9 and knobs["fraction"] > 0.59,) * 3)

    declared, shown, maps = sweep(["wd=0.1:3:log5", "fraction=.2:.6:lin5"], answer)
    (picture,), cells = shown.pictures, maps["map-grok_step"]
    assert declared.pictures[0].name == picture.name == "map-grok_step"
    for row, fraction in enumerate(cells.y):
        for column, wd in enumerate(cells.x):
            assert cells.values[row, column] == value[wd, fraction]
    assert cells.bound.sum() == 1 and cells.bound[-1, -1]
    assert picture.values[0, 0] == pytest.approx(np.log10(cells.values[-1, 0])), "the first row is the top one"
    rings = [layer for layer in picture.layers if layer.kind == "rings"]
    assert [layer.label for layer in rings] == ["lower bound"] and len(rings[0].xy) == 1
    assert any(layer.kind == "points" for layer in picture.layers), "where it crosses round levels"


def test_levels_are_round_and_within():
    assert levels_of(np.array([0.0, 10.0])).tolist() == pytest.approx([2, 4, 6, 8])
    assert levels_of(np.array([3.0, 3.0])).size == 0


def test_many_curves_are_thinned_and_said():
    declared, shown, _ = sweep(["wd=.3:3:lin13", "lr=.001:.01:lin12"], lambda k: steps(1, 2, 3))
    assert len(shown.series) == 8 and "8 of 12 curves" in declared.figures[0].note


def test_titles_are_the_words_of_the_table_and_a_lone_curve_says_of_how_many_seeds_it_is():
    declared, shown, _ = sweep(["wd=.3,1,3"], lambda k: steps(1, 2, 3))
    assert [figure.title for figure in declared.figures] == ["grok_step against weight decay"]
    assert declared.figures[0].y.label == "first step" and [curve.label for curve in shown.series] == ["median of 3 seeds"]
    _, shown, _ = sweep(["wd=.3,1,3"], lambda k: steps(1), seeds=1)
    assert [curve.label for curve in shown.series] == ["seed 0"]


def test_what_no_point_has_takes_no_room_once_all_have_ended():
    other = replace(STEP, name="other")
    none = ScalarValue(other, (np.nan,), (False,), "needs decay")

    def points(ended):
        return [SweepPoint({"wd": 1.0}, {}, "run", Phase.FINISHED, ended=ended, values={"grok_step": steps(1), "other": none})]

    plan = Plan.of(GROKKING, "quick", {"p": 31}, axes_of(GROKKING, ["wd=1"], ("p",)), seeds=1)
    manifest = SweepManifest.of(plan, "cpu", 1, "typed")
    for ended, wanted in ((False, ["grok_step", "other"]), (True, ["grok_step"])):
        declared, *_ = drawn("a sweep", manifest, points(ended), [STEP, other], GROKKING)
        assert [figure.name for figure in declared.figures] == wanted
    assert without_values([STEP, other], points(True)) == {"other": "needs decay"} and not without_values([STEP, other], points(False))


def test_an_axis_has_its_ticks_at_the_values_where_they_are_few():
    declared, *_ = sweep(["wd=.5,1,2"], lambda k: steps(1, 2, 3))
    assert declared.figures[0].x.ticks == ((0.5, "0.5"), (1.0, "1"), (2.0, "2"))
    assert value_ticks([0.001, 0.01, 0.1]) and not value_ticks([0.001, 0.002, 0.1])
    assert not value_ticks([1, 1.01, 2]) and not value_ticks(range(1, 12)) and not value_ticks([3])


def test_no_figure_of_what_is_the_same_at_every_value_unless_somebody_asked_for_it():
    names = [scalar.name for scalar in GROKKING.scalars[:FEW]]

    def figures(collect, bounds=(300, 300), last=2.0, ended=True, failed=False):
        plan = Plan.of(GROKKING, "quick", {"p": 31}, axes_of(GROKKING, ["wd=.5,2", "fraction=.2,.4"], ("p",)), seeds=1, collect=collect)
        points = []
        for point in plan.points:
            first, later = point.knobs["wd"] < 1, point.knobs["fraction"] > 0.3
            values = {
                name: ScalarValue(scalar, (last if later and not first else 1.0,), (False,))
                for name, scalar in zip(names, GROKKING.scalars, strict=False)
            }
            bound = ScalarValue(GROKKING.scalars[3], (float(bounds[0] if first else bounds[1]),), (not later,))
            points.append(SweepPoint(point.knobs, {}, "run", Phase.FINISHED, ended=ended, values={**values, names[3]: bound}))
        points[-1:] = [replace(points[-1], values={})] if failed else points[-1:]
        manifest = SweepManifest.of(plan, "cpu", 1, "typed")
        return [figure.name for figure in drawn("a sweep", manifest, points, plan.collect, GROKKING)[0].figures]

    assert figures(()) == names[:3], "all points of one value of fraction are one number, or one bound"
    assert figures(names[:2] + names[3:]) == names[:2] + names[3:] and figures((), bounds=(300, 301)) == names
    assert figures((), last=1.0) == names, "some figure stays"
    assert figures((), ended=False) == figures((), failed=True) == names
