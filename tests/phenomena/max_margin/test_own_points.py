"""Imported points in max-margin: their separator against scikit-learn, what cannot be separated named by its rows, resuming."""

import re

import numpy as np
import pytest
from scipy.optimize import linprog
from sklearn.svm import SVC

from engine import registry
from engine.config import build
from engine.contract import Status
from engine.data import own
from engine.errors import DataError, KnobError, ProblemError
from engine.phenomena.max_margin.plane import Plane
from engine.state import State
from tests.phenomena.driven import work

pytestmark = pytest.mark.usefixtures("one_thread")
RNG = np.random.default_rng(0)
POINTS = np.array([(1.0, 1.0), (2.0, 1.5), (1.5, 3.0), (4.0, 1.0), (5.0, 3.0)])
LABELS = np.array([0, 0, 0, 1, 1])
TINY = {"gd_steps": 200, "decades": 8}


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    """Five points of the plane that need a bias, or none once they are moved; blobs of three features; one feature."""
    monkeypatch.setenv("GENLAB_DATA", str(tmp_path / "data"))
    add("five", POINTS, LABELS)
    add("moved", POINTS - [2.8, 2.0], LABELS)
    add("blobs", np.vstack([RNG.normal(-3, 1, (20, 3)), RNG.normal(3, 1, (20, 3))]), np.repeat([0, 1], 20))
    add("line", np.array([[-2.0], [-3.0], [1.0], [2.5]]), np.array([0, 0, 1, 1]))


def add(name, x, y, names=("left", "right")):
    own.add(name, own.OwnData("classes", x, np.asarray(y), (x.shape[1],), names, source=f"{name}.csv"), force=True)


def make(seeds=(0,), **knobs):
    config = registry.spec("max-margin").configure("quick", {**TINY, **knobs})
    return registry.load("max-margin")(config, seeds, "cpu", "custom")


@pytest.mark.parametrize("name", ["moved", "blobs", "line"])
def test_the_separator_through_the_origin_is_that_of_scikit_learn(name):
    """Every row with its mirror image and the other label: then the best intercept is 0."""
    problem = make(data=name).problems[0]
    x = own.load(name).x
    twice, labels = np.vstack([x, -x]), np.concatenate([problem.y, -problem.y])
    machine = SVC(kernel="linear", C=1e10, tol=1e-10).fit(twice, labels)
    np.testing.assert_allclose(machine.coef_[0], problem.svm.w, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(machine.intercept_, 0, atol=1e-6)
    np.testing.assert_array_equal(np.sign(x @ problem.svm.w), problem.y)


def test_a_bias_is_the_weight_of_a_constant():
    problem = make(data="five", bias=True).problems[0]
    np.testing.assert_array_equal(problem.X, np.column_stack([POINTS, np.ones(5)]))
    np.testing.assert_array_equal(problem.y, [-1, -1, -1, 1, 1])
    rows = np.vstack([problem.X, -problem.X])
    machine = SVC(kernel="linear", C=1e10, tol=1e-10).fit(rows, np.concatenate([problem.y, -problem.y]))
    np.testing.assert_allclose(machine.coef_[0], problem.svm.w, rtol=1e-5)


def test_a_run_ends_with_its_points_drawn_where_they_lie():
    run = work(make(data="five", bias=True))
    assert [verdict.claim.id for verdict in run.verdicts() if verdict.status is Status.FAILS] == []
    picture = run.pictures()[0]
    layers = {layer.label: layer for layer in picture.layers}
    support = run.problems[0].svm.support
    for name, rows in (("left", slice(0, 3)), ("right", slice(3, None))):
        for label, chosen in ((name, ~support), (f"{name}, support", support)):
            np.testing.assert_array_equal(layers[label].xy, POINTS[rows][chosen[rows]])
    x0, x1, y0, y1 = picture.extent
    assert x0 < POINTS[:, 0].min() and POINTS[:, 0].max() < x1 and y0 < POINTS[:, 1].min() and POINTS[:, 1].max() < y1
    svm = run.problems[0].svm
    for end in layers["SVM"].xy:
        assert svm.w @ [*end, 1.0] == pytest.approx(0, abs=1e-9)
    margins = [layer for layer in picture.layers if layer.group == "svm" and not layer.label]
    for layer, side in zip(margins, (1, -1), strict=True):
        for end in layer.xy:
            assert svm.w @ [*end, 1.0] == pytest.approx(side, abs=1e-9)
    assert "all 5 rows of 2 features" in run.notes[-1] and "right is +1, left -1" in run.notes[-1]


def test_without_a_bias_the_origin_is_shown():
    run = work(make(data="moved"))
    x0, x1, y0, y1 = Plane(run.solutions[0]).extent
    assert x0 < 0 < x1 and y0 < 0 < y1


@pytest.mark.parametrize("name", ["line", "blobs"])
def test_one_feature_and_three_are_drawn_too(name):
    picture = work(make(data=name)).pictures()[0]
    assert all(np.isfinite(layer.xy).all() for layer in picture.layers)
    assert (picture.note == "the plane in which the flow turns") is (name == "blobs")


def test_points_that_contradict_one_another_are_named_as_the_file_counts_them():
    """The named rows alone have no separator, by a linear programme; all others have one."""
    x = np.array([(29.0, 21.0), (29.0, 22.0), (21.0, 20.0), (19.0, 20.0), (20.0, 21.0), (20.0, 19.0)])
    y = np.array([0, 0, 0, 0, 1, 1])
    add("crossed", x, y)
    with pytest.raises(ProblemError, match=r"crossed is not separable by any hyperplane: its rows .* contradict one another") as caught:
        make(data="crossed", bias=True)
    named = np.array([int(number) for number in re.findall(r"\d+", caught.value.message.split("rows")[1].split("contradict")[0])]) - 1
    signs = np.where(y == 0, -1.0, 1.0)
    rows = np.column_stack([x, np.ones(6)]) * signs[:, None]

    def separable(chosen):
        return linprog(np.zeros(3), A_ub=-rows[chosen], b_ub=-np.ones(len(chosen)), bounds=(None, None)).success

    assert {4, 5} <= set(named) and not separable(named)
    assert separable(np.setdiff1d(np.arange(6), named)) and all(separable(np.setdiff1d(named, row)) for row in named)


def test_what_a_bias_would_change_is_said():
    add("diagonal", np.array([(1.0, 1.0), (2.0, 2.0), (4.0, 4.0), (5.0, 5.0)]), [0, 0, 1, 1])
    with pytest.raises(
        ProblemError, match=r"diagonal is not separable by a hyperplane through the origin: its rows .* contradict"
    ) as caught:
        make(data="diagonal")
    assert "--bias yes" in caught.value.hint
    assert make(data="diagonal", bias=True).problems[0].svm.support.sum() == 2
    add("twins", np.array([(1.0, 2.0), (1.0, 2.0), (3.0, 1.0)]), [0, 1, 1])
    with pytest.raises(ProblemError, match="rows 1 and 2 contradict") as caught:
        make(data="twins")
    assert "with a bias it is not separable either" in caught.value.hint
    add("zero", np.array([(1.0, 2.0), (0.0, 0.0), (3.0, 1.0)]), [0, 1, 1])
    with pytest.raises(ProblemError, match="row 2 lies at the origin"):
        make(data="zero")


def test_other_kinds_and_more_than_two_classes_are_refused():
    add("three", POINTS, [0, 1, 2, 0, 1], ("a", "b", "c"))
    with pytest.raises(KnobError, match="two classes, and three has 3: a, b, c"):
        make(data="three")
    own.add("prices", own.OwnData("targets", POINTS, POINTS[:, 0], (2,), source="p.csv"))
    with pytest.raises(KnobError, match="got prices") as caught:
        make(data="prices")
    assert "imported as targets, and this takes classes" in caught.value.hint
    with pytest.raises(KnobError, match="flips must be at most the 5 points of five, got 6"):
        make(data="five", flips=6)
    add("many", np.zeros((2001, 1)), np.arange(2001) % 2)
    with pytest.raises(KnobError, match=r"up to 2,000 rows .* many has 2,001 rows"):
        make(data="many")


def test_a_margin_too_narrow_for_two_solvers_is_not_called_a_failure():
    add("narrow", np.array([(1e4, 1.0), (1e4, 1.1), (1e4, -1.0), (1e4, -1.2)]), [0, 0, 1, 1])
    verdicts = {verdict.claim.id: verdict for verdict in work(make(data="narrow")).verdicts()}
    assert verdicts["MM1"].status is Status.NOT_APPLICABLE and "of the longest row" in verdicts["MM1"].reason


def test_a_resumed_run_ends_with_the_same_records():
    whole, first = work(make(data="moved", seeds=(0, 1))), work(make(data="moved", seeds=(0, 1)), until=20)
    saved, second = first.state(), make(data="moved", seeds=(0, 1))
    for step, record in zip(first.history.steps, first.history.records, strict=True):
        second.history.append(step, record)
    second.restore(State({key: item.copy() for key, item in saved.arrays.items()}, saved.scalars))
    work(second)
    assert [repr(record) for record in second.history.records] == [repr(record) for record in whole.history.records]


def test_other_content_under_the_name_is_refused():
    run = make(data="moved")
    stored = run.config.values()
    add("moved", POINTS, LABELS)
    with pytest.raises(DataError, match="moved is another one now"):
        build(type(run.config), stored)
    with pytest.raises(DataError, match="moved is another one now"):
        type(run)(run.config, (0,), "cpu", "custom")


def test_a_slope_that_hangs_on_points_beside_the_boundary_is_not_decided():
    """Points far apart: the separator gets few of those around them wrong, and these by so little that s = 1e59 is early for them."""
    add("apart", np.array([(0.0, 0.0), (1.0, 0.5), (0.5, 1.0), (3.0, 3.0), (4.0, 2.5)]), LABELS)
    run = make(data="apart", bias=True, decades=59, gd_steps=0)
    work(run)
    problem = run.problems[0]
    margins = problem.held_out.y * (problem.held_out.X @ problem.svm.w)
    assert 0 < np.count_nonzero(margins < 0) < 10
    half = 59 / 2 * np.log(10)
    open_part = np.mean(np.abs(margins) / (1 + np.exp(np.abs(margins) * half))) / np.mean(np.clip(-margins, 0, None))
    found = next(item for item in run.verdicts() if item.claim.id == "MM9")
    assert found.status is Status.CENSORED and f"{open_part:.2g}" in found.reason
