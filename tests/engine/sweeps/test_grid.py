"""The syntax of grids, and the points that they give."""

import numpy as np
import pytest

from engine.errors import UsageError
from engine.registry import spec
from engine.sweeps.grid import axes_of, typed_axes
from engine.sweeps.plan import Plan

GROKKING = spec("grokking")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("wd=0,0.3,1", (0.0, 0.3, 1.0)),
        ("wd=1,1.0,0.3", (1.0, 0.3)),
        ("fraction=.2:.6:lin5", (0.2, 0.3, 0.4, 0.5, 0.6)),
        ("wd=0,0.1:1:log3", (0.0, 0.1, 0.3162, 1.0)),
        ("steps=100:103", (100, 101, 102, 103)),
        ("steps=100:1000:log3", (100, 316, 1000)),
        ("model=gromov,mlp", ("gromov", "mlp")),
        ("sweep=yes,no", (True, False)),
    ],
)
def test_values_of_a_grid(text, values):
    ((_, found),) = axes_of(GROKKING, [text], ()).items()
    assert found == values and [type(one) for one in found] == [type(one) for one in values]


def test_a_logarithmic_range_has_its_ends_exactly_and_even_steps():
    found = axes_of(GROKKING, ["wd=0.1:3:log5"], ())["wd"]
    assert (found[0], found[-1], len(found)) == (0.1, 3.0, 5)
    assert np.diff(np.log(found)) == pytest.approx([np.log(30) / 4] * 4, rel=1e-3)


def test_lists_are_separated_by_semicolons():
    assert axes_of(spec("deep-double-descent"), ["h=8,16;32"], ()) == {"h": ((8, 16), (32,))}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("wd", "a grid is KNOB=V1,V2"),
        ("wd=", "a grid is KNOB=V1,V2"),
        ("wd=,", "a grid is KNOB=V1,V2"),
        ("wd=1,,2", "the grid of weight decay has an empty value"),
        ("wd=3:0.1:log5", "goes from 3 to 0.1, and must rise"),
        ("wd=1:1:lin2", "must rise"),
        ("wd=0:1:log3", "must begin above 0"),
        ("wd=0.5:1", "needs a count"),
        ("wd=0:1:lin1", "has at least 2 values"),
        ("wd=0:1:5", "a range is LOW:HIGH:log5"),
        ("wd=0:1:log", "a range is LOW:HIGH:log5"),
        ("wd=0:1:2:3", "a range is LOW:HIGH:log5"),
        ("wd=0:11:lin3", "weight decay must be between 0 and 10, got 11"),
        ("steps=100:1000000", "a grid has at most 10,000 values"),
        ("wd=0:1:lin999999999", "a grid has at most 10,000 values"),
        ("decay=1", "no knob 'decay'"),
    ],
)
def test_a_grid_that_means_nothing_is_one_sentence(text, sentence):
    with pytest.raises(UsageError) as refused:
        axes_of(GROKKING, [text], ())
    assert sentence in refused.value.message and "\n" not in refused.value.message


@pytest.mark.parametrize(("grid", "given"), [(["wd=1", "wd=2"], ()), (["wd=1"], ("wd",))])
def test_a_knob_is_given_once(grid, given):
    with pytest.raises(UsageError, match="knob 'wd' is given twice"):
        axes_of(GROKKING, grid, given)


def test_grids_from_python():
    found = typed_axes(GROKKING, {"wd": np.array([0.3, 1.0]), "fraction": ".2:.4:lin3", "p": 31}, ())
    assert found == {"wd": (0.3, 1.0), "fraction": (0.2, 0.3, 0.4), "p": (31,)}
    with pytest.raises(UsageError, match="is empty"):
        typed_axes(GROKKING, {"wd": []}, ())


def plan(*grid, **options):
    return Plan.of(GROKKING, "quick", options.pop("given", {}), axes_of(GROKKING, grid, ()), **options)


def test_the_plan_is_every_combination():
    found = plan("wd=.3,1", "fraction=.2,.4", given={"p": "31"}, seeds=3, collect=["grok_step"])
    assert [dict(point.knobs) for point in found.points] == [{"wd": w, "fraction": f} for w in (0.3, 1.0) for f in (0.2, 0.4)]
    assert {point.config.p for point in found.points} == {31}
    assert (found.seeds, [scalar.name for scalar in found.collect]) == ((0, 1, 2), ["grok_step"])
    again = found.command_line
    assert (
        again
        == "genlab sweep grokking --preset quick --p 31 --grid wd=0.3,1 --grid fraction=0.2,0.4 --seed 0 --seeds 3 --collect grok_step"
    )


def test_a_refused_combination_says_where():
    with pytest.raises(UsageError, match=r"p must be a prime .* \(at wd=1, p=24\)"):
        plan("wd=1", "p=23:24")


def test_enormous_plans_are_refused_before_they_are_made():
    with pytest.raises(UsageError, match="at most 10,000 points, got 80,010,000"):
        plan("wd=0:1:lin10000", "fraction=.1:.9:lin10000")


def test_values_that_do_not_exist_are_named_with_the_nearest():
    with pytest.raises(UsageError) as refused:
        plan("wd=1", collect=["grok_stpe"])
    assert "did you mean grok_step?" in refused.value.message and "memorise_step" in refused.value.hint


def test_shapes_are_those_of_the_knobs_that_do_not_keep_them():
    found = plan("wd=.3,1", "lr=.001,.01", "p=31,37")
    shapes = [found.shape(point) for point in found.points]
    assert len(set(shapes)) == 2 and shapes[0] == shapes[2] != shapes[1]
    assert Plan.of(spec("min-norm"), "quick", {}, {}).shape(Plan.of(spec("min-norm"), "quick", {}, {}).points[0]) == ""
