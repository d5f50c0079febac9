"""Runs side by side."""

import dataclasses

import numpy as np

from engine.contract import Axis, Figure, Series
from engine.errors import Exit
from lab.export.comparison import overlay
from tests.lab.command_line import lines
from tests.lab.running.test_driving import START


def test_compare_lists_differences_and_overlays(genlab, run):
    first, second = run(), run("--rate", "0.2")
    code, out, err = genlab("compare", first, second)
    assert (code, err) == (0, "")
    rows = [line.split() for line in out.splitlines()]
    assert ["rate", "0.1", "0.2"] in rows
    assert not any(row[:1] == ["steps"] for row in rows)
    assert f"a {first}" in out
    assert f"b {second}" in out
    assert "a: seed 0" in out
    assert "b: seed 0" in out
    (record,) = lines(genlab("compare", first, second, "--json")[1])
    assert [item["config"]["rate"] for item in record["runs"]] == [0.1, 0.2]


def test_many_curves_are_compared_faintly(genlab, run):
    first, second = run("--seeds", "3"), run("--seeds", "3", "--rate", "0.2")
    code, out, _ = genlab("compare", first, second)
    assert code == 0
    assert "a: seed 0" not in out
    assert "pinned" in out


def test_compare_wants_two_runs_of_one_phenomenon(genlab, run):
    name = run()
    code, _, err = genlab("compare", name, name)
    assert code == Exit.USAGE
    assert "two different runs" in err


def test_theory_that_runs_share_is_drawn_once():
    x = np.arange(3.0)
    law = Series("law", "law", x, x, kind="theory", basis="exact")
    measured = Series("value/0", "seed 0", x, x + 1)
    run = dataclasses.replace(START, series=(law, measured))
    figure = Figure("decay", "Decay", Axis("step"), Axis("value"), ("value/*", "law"))
    joint, series = overlay(figure, {"a": run, "b": run})
    assert [item.label for item in series] == ["a: seed 0", "a: law", "b: seed 0"]
    assert len({item.name for item in series}) == 3
    assert joint.series == ("*",)


def test_equal_names_in_two_folders_are_two_runs(genlab, tmp_path):
    for place, rate in (("A", "0.1"), ("B", "0.2")):
        genlab("run", "toy", "--rate", rate, "--steps", "20", "--quiet", "--runs", str(tmp_path / place))
    paths = [str(tmp_path / place / "toy-custom-s0") for place in "AB"]
    code, out, err = genlab("compare", *paths, "--json")
    assert (code, err) == (0, "")
    assert [(item["run"], item["config"]["rate"]) for item in lines(out)[0]["runs"]] == list(zip(paths, (0.1, 0.2), strict=True))
    assert genlab("compare", paths[0], paths[0])[0] == Exit.USAGE
