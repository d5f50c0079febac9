"""Max margin: its claims at full size, its SVM against scikit-learn's, chunking, saving, and what happens at its limits."""

import json
import subprocess
import sys
from dataclasses import replace
from fnmatch import fnmatch

import numpy as np
import pytest
from scipy.optimize import linprog
from sklearn.svm import SVC

from engine.contract import Summary
from engine.errors import KnobError, ProblemError
from engine.phenomena.max_margin.experiment import MaxMargin
from engine.phenomena.max_margin.figures import FIGURES, LIMITS, PICTURES, shown
from engine.phenomena.max_margin.margin_runs import METHODS
from engine.phenomena.max_margin.plane import Plane
from engine.phenomena.max_margin.problems import ProblemConfig, make
from engine.phenomena.max_margin.solution import Solution, flow_times
from engine.registry import entries
from engine.state import State
from engine.theory.margins.margin_path import log_summed_loss
from tests.phenomena.driven import UNEVEN, work

SHORT = {"gd_steps": 2000}


def begin(seeds=(0,), preset="custom", base="quick", **knobs):
    return MaxMargin(MaxMargin.spec.configure(base, knobs), seeds, "cpu", preset)


@pytest.fixture(scope="module")
def quick():
    return work(begin(preset="quick"))


@pytest.fixture(scope="module")
def small():
    return work(begin((0, 1), data="gauss", n=20, d=4, **SHORT))


def verdict(run, name):
    return next(item for item in run.verdicts() if item.claim.id == name)


def curve(run, name):
    return next(item for item in run.series() if item.name == name)


# ---------------------------------------------------------------- declaration


def test_the_declaration_loads_neither_torch_nor_scipy():
    code = (
        "import sys, engine.registry; engine.registry.spec('max-margin'); sys.exit(', '.join({'torch', 'scipy'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_registry_reads_the_docstring():
    entry = next(item for item in entries() if item.name == "max-margin")
    assert (entry.title, entry.order) == ("Max margin", 50)


@pytest.mark.parametrize(
    ("knobs", "sentence"),
    [
        ({"n": 3}, "n must be .*between 4 and 1000, got 3"),
        ({"eta": 2}, "step size must be .*got 2"),
        ({"flips": 5}, "flips must be at most the 4 points of four-point, got 5"),
        ({"optimiser": "sgn"}, "did you mean sign"),
        ({"decades": 60}, "between 3 and 59"),
    ],
)
def test_impossible_knobs_are_named(knobs, sentence):
    with pytest.raises(KnobError, match=sentence):
        MaxMargin.spec.configure("quick", knobs)


def test_labels_that_nothing_separates_are_named_with_their_certificate():
    with pytest.raises(ProblemError, match=r"not separable through the origin .* of row \d+ .*add up to within") as caught:
        begin(flips=1)
    assert caught.value.hint == "lower flips, or turn the bias on"
    with pytest.raises(ProblemError, match="not separable") as caught:
        begin(data="gauss", n=60, d=3, flips=20)
    assert "lower n" in caught.value.hint


def test_a_step_of_nothing_is_refused():
    with pytest.raises(ProblemError, match="step size must be positive, got 0"):
        begin(eta=0)


def test_every_figure_and_picture_is_delivered(quick):
    names = [item.name for item in quick.series()]
    assert len(names) == len(set(names))
    for figure in FIGURES:
        if any(not condition.test(quick.config) for condition in figure.domain):
            continue  # of the other study
        drawn = [name for name in names if any(fnmatch(name, pattern) for pattern in figure.series)]
        assert len(drawn) >= 2, figure.name
    assert [item.name for item in quick.pictures()] == [
        item.name for item in PICTURES if all(condition.test(quick.config) for condition in item.domain)
    ]
    for item in quick.series():
        assert len(item.x) == len(item.y) > 0
        assert np.isfinite(item.y).all()
        assert (item.lo is None) == (item.band == "")


# ---------------------------------------------------------------- claims


def test_the_quick_preset_decides_its_claims_and_they_hold(quick):
    verdicts = quick.verdicts()
    others = [item.claim.id for item in verdicts if not item.claim.id.startswith("MM")]  # of the other studies
    assert [item.claim.id for item in verdicts] == [*(f"MM{number}" for number in range(1, 11)), *others]
    assert {item.claim.id for item in verdicts if item.mark in ("not run", "n/a")} == {"MM8", *others}
    assert {item.mark for item in verdicts if item.claim.id not in ("MM8", *others)} == {"yes"}
    json.dumps([item.row() for item in verdicts])
    assert all(item.values for item in verdicts if item.holds is not None)


@pytest.mark.slow
def test_each_optimiser_reaches_its_own_margin_in_the_standard_preset():
    """Seed 1: normalised descent has .9981 of the l1 margin, coordinate descent .9972; their goals are too alike to be told apart."""
    run = work(begin((0, 1, 2), "standard", "standard"), budget=1.0)
    found = verdict(run, "MM8")
    assert found.holds and found.measured >= 0.95
    assert run.solutions[1].goal_share("l2", "l1") > 0.99
    assert 6 <= found.values["pairs"] < 18


def test_a_goal_has_its_own_margin_and_less_of_another():
    """Shares of the three goals in the three norms, by a linear programme and by the SVM of scikit-learn."""
    solution = Solution(make(ProblemConfig("gauss"), 0), flow_times(0.0, 10))
    shares = np.array([[solution.goal_share(goal, order) for order in ("l1", "l2", "linf")] for goal in ("l1", "l2", "linf")])
    np.testing.assert_allclose(np.diag(shares), 1.0, atol=1e-9)
    assert np.all(shares[~np.eye(3, dtype=bool)] < 1.0)
    rows = solution.svm.Z
    w = SVC(C=1e10, kernel="linear", tol=1e-12).fit(np.vstack([rows, -rows]), np.repeat([1, -1], len(rows))).coef_[0]
    programme = linprog(np.append(np.zeros(20), -1.0), np.hstack([-rows, rows, np.ones((40, 1))]), np.zeros(40),
                        np.append(np.ones(20), 0.0)[None], [1.0], bounds=[(0, None)] * 20 + [(None, None)])  # fmt: skip
    assert shares[1, 0] == pytest.approx((rows @ w).min() / np.abs(w).sum() / -programme.fun, rel=1e-6)


def test_validation_loss_grows_by_what_the_svm_gets_wrong(quick):
    """Held-out points whose labels are turned round are wrong by construction: the slope follows them, and the claim could fail."""
    found = verdict(quick, "MM9")
    held_out, w = quick.problems[0].held_out, np.array([0.8, 0.4])
    assert found.predicted == pytest.approx(np.clip(-held_out.y * (held_out.X @ w), 0, None).mean(), rel=1e-9)
    assert found.holds and 0.03 < found.values["error of w_hat"] < 0.2
    run = work(begin(gd_steps=0))
    solution = run.solutions[0]
    readings = solution.along_flow
    slower = replace(readings.held_out, loss=readings.held_out.loss * 0.97)
    solution.__dict__["along_flow"] = replace(readings, held_out=slower)
    assert verdict(run, "MM9").mark == "no"
    moved = replace(readings.held_out, error=readings.held_out.error + 0.02)
    solution.__dict__["along_flow"] = replace(readings, held_out=moved)
    assert verdict(run, "MM9").mark == "no"


def test_claims_wait_for_what_they_need():
    run = work(begin(**SHORT, decades=20))
    marks = {item.claim.id: (item.mark, item.reason) for item in run.verdicts()}
    assert marks["MM2"] == ("n/a", "needs decades at least 59")
    assert marks["MM5"][0] == "yes"
    assert marks["MM7"] == ("n/a", "needs gd_steps at least 200000")
    assert marks["MM8"] == ("n/a", "needs data gauss, gd_steps at least 1000000")
    assert {item.holds for item in begin().verdicts()} == {None}
    assert all(item.reason for item in begin().verdicts())


def test_claims_about_given_data_are_decided_on_them_whatever_is_shown(small):
    marks = {item.claim.id: item.mark for item in small.verdicts()}
    assert {marks[name] for name in ("MM1", "MM2", "MM3", "MM4", "MM5", "MM6", "MM10")} == {"yes"}


def test_a_wrong_margin_fails_its_claims():
    run = work(begin(gd_steps=0))
    solution = run.references["four-point"]
    readings = solution.along_flow
    farther = replace(readings.curves, direction_error=readings.curves.direction_error * 1.02)
    solution.__dict__["along_flow"] = replace(readings, curves=farther)
    assert verdict(run, "MM2").mark == "no"
    solution.__dict__["second_route"] = 1e-5
    assert verdict(run, "MM1").mark == "no"


# ---------------------------------------------------------------- the mathematics


@pytest.mark.parametrize(
    "config",
    [
        ProblemConfig("four-point"),
        ProblemConfig("soudry"),
        ProblemConfig("gauss"),
        ProblemConfig("gauss", 12, 3, bias=True),
        ProblemConfig("four-point", bias=True),
    ],
)
def test_the_svm_is_that_of_scikit_learn(config):
    """SVC has an unpenalised bias; on the points with both signs, z and -z, that bias is 0."""
    problem = make(config, 3)
    rows = problem.X * problem.y[:, None]
    machine = SVC(C=1e10, kernel="linear", tol=1e-12).fit(np.vstack([rows, -rows]), np.repeat([1, -1], len(rows)))
    np.testing.assert_allclose(problem.svm.w, machine.coef_[0], atol=1e-6 * problem.svm.norm)
    assert problem.svm.kkt <= 1e-10


def test_the_products_end_where_their_constants_are(quick):
    """Constants of the reference, relative error of order 1/L."""
    for figure, constant, within in (("direction-law", 0.6545, 0.01), ("angle-law", 0.2142, 0.02), ("margin-law", 0.2927, 1e-3),
                                     ("loss-law", 0.8, 1e-6)):  # fmt: skip
        (solution,) = quick.solutions
        assert LIMITS[figure](solution.limit) == pytest.approx(constant, rel=2e-4)
        assert shown(figure, solution.along_flow)[-1] == pytest.approx(constant, rel=within)
    flow, limit = curve(quick, "direction-law/flow"), curve(quick, "direction-law/limit")
    assert (flow.x[-1], flow.y[-1]) == pytest.approx((1e59, 0.6545), rel=0.01) and limit.y[-1] == pytest.approx(0.6545, rel=2e-4)


def test_dots_are_the_plain_formula_at_the_time_of_their_step(quick):
    """A hundred steps of the textbook loop, measured without the engine."""
    arrays = quick.arrays()
    Z, w = arrays["X"] * arrays["y"][:, None], np.zeros(2)
    eta = 0.5 * 8 / np.linalg.eigvalsh(Z.T @ Z)[-1]
    for _ in range(100):
        w += eta * Z.T @ (1 / (1 + np.exp(Z @ w)))
    dots = curve(quick, "direction-error/steps")
    place = int(np.argmin(np.abs(dots.x - 100 * eta)))
    assert dots.x[place] == pytest.approx(100 * eta, rel=1e-12)
    assert dots.y[place] == pytest.approx(np.linalg.norm(w / np.linalg.norm(w) - np.array([2, 1]) / 5**0.5), rel=1e-9)
    loss = curve(quick, "loss/steps")
    assert loss.y[place] == pytest.approx(np.log1p(np.exp(-Z @ w)).sum(), rel=1e-9)


def test_optimisers_without_a_flow_stand_where_the_flow_has_their_loss(quick):
    solution, run = quick.walks("normalised")[0]
    tau = run.log_times(solution)
    inside = np.isfinite(tau)
    readings = solution.along_flow
    flow_loss = np.interp(tau[inside], readings.log_s, readings.log_loss)
    np.testing.assert_allclose(flow_loss, log_summed_loss(solution.svm.Z, run.path[inside]), rtol=1e-9)


def test_times_hold_every_whole_decade():
    for decades in (3, 9, 59):
        tau = flow_times(-1.3, decades) / np.log(10)
        assert tau[0] == pytest.approx(-1.3)
        assert np.all(np.diff(tau) > 0)
        for decade in range(decades + 1):
            assert np.abs(tau - decade).min() < 1e-12


def test_lines_of_the_picture_are_where_the_weights_say():
    for config in (
        ProblemConfig("four-point"),
        ProblemConfig("gauss", 30, 6),
        ProblemConfig("four-point", bias=True),
        ProblemConfig("gauss", 30, 6, bias=True),
    ):
        problem = make(config, 0)
        plane = Plane(Solution(problem, flow_times(0.0, 10)))
        d = problem.X.shape[1] - config.bias
        bias = problem.svm.w[-1] if config.bias else 0.0
        for level in (0.0, 1.0, -1.0):
            values = plane.line(problem.svm.w, level) @ (plane.basis @ problem.svm.w[:d]) + bias
            np.testing.assert_allclose(values, level, atol=1e-9)
        several = np.array([problem.svm.w, -2 * problem.svm.w])
        for line, w in zip(plane.lines(several, 1.0), several, strict=True):
            np.testing.assert_allclose(line @ (plane.basis @ w[:d]) + (w[-1] if config.bias else 0.0), 1.0, atol=1e-9)
        np.testing.assert_allclose(plane.basis @ plane.basis.T, np.eye(2), atol=1e-12)
        support = plane.points[problem.svm.support] @ (plane.basis @ problem.svm.w[:d]) + bias
        np.testing.assert_allclose(np.abs(support), 1.0, atol=1e-9)


def test_with_the_cursor_over_s_the_picture_shows_the_separator_of_that_time(quick):
    picture, arrays = quick.pictures()[0], quick.arrays()
    flow = next(layer for layer in picture.layers if layer.group == "flow")
    assert flow.label == "flow s=1e59"
    np.testing.assert_array_equal(flow.xy, flow.under(None).xy)
    for decade, label in ((4, "flow s=1e+04"), (30, "flow s=1e+30")):
        shown, place = flow.under(10.0**decade), int(np.argmin(np.abs(arrays["log_s"] - decade * np.log(10))))
        assert shown.label == label
        np.testing.assert_allclose(shown.xy @ arrays["w_flow"][place], 0.0, atol=1e-9)  # the line on which w.x is 0
        assert np.linalg.norm(shown.xy[1] - shown.xy[0]) == pytest.approx(np.linalg.norm(flow.xy[1] - flow.xy[0]))
    assert not [item.name for item in quick.series() if item.name.startswith("separator/")]


# ---------------------------------------------------------------- numbers do not depend on how it is driven


def test_curves_are_there_at_once():
    run = begin()
    run.advance(1e-9)
    assert run.due() and run.step == 0
    assert curve(run, "direction-error/flow").x[-1] == pytest.approx(1e59)
    assert [item.name for item in run.pictures()] == ["separator"]


def test_chunking_changes_no_number(small):
    again = work(begin((0, 1), data="gauss", n=20, d=4, **SHORT), budget=UNEVEN)
    assert again.history.steps == small.history.steps
    assert again.history.records == small.history.records


@pytest.mark.parametrize("until", [0, 10, 200, 2000])
def test_a_restored_run_ends_with_the_same_records(small, until):
    first = work(begin((0, 1), data="gauss", n=20, d=4, **SHORT), until=until)
    for _ in range(20):  # save amid the way to the next measurement, too
        if not first.due():
            first.advance(1e-6)
    saved = first.state()
    json.dumps(saved.scalars)
    second = begin((0, 1), data="gauss", n=20, d=4, **SHORT)
    for step, record in zip(first.history.steps, first.history.records, strict=True):
        second.history.append(step, record)
    second.step = first.step
    second.restore(State({name: item.copy() for name, item in saved.arrays.items()}, saved.scalars))
    work(second)
    assert second.history.steps == small.history.steps
    assert second.history.records == small.history.records
    assert [item.row() for item in second.verdicts()] == [item.row() for item in small.verdicts()]
    for one, other in zip(second.series(), small.series(), strict=True):
        assert one.name == other.name
        np.testing.assert_array_equal(one.y, other.y)


def test_a_seed_among_others_is_like_alone(small):
    alone = work(begin((1,), data="gauss", n=20, d=4, **SHORT))
    assert [record["own margin"] for record in alone.history.records[1:]] == [
        record["own margin"][1::2] for record in small.history.records[1:]
    ]
    assert [record["direction error"][0] for record in alone.history.records[1:]] == [
        record["direction error"][1] for record in small.history.records[1:]
    ]
    together = curve(small, "direction-error/flow")
    assert together.band == Summary.MEDIAN_RANGE.format(n="2 seeds")


# ---------------------------------------------------------------- knobs


def test_another_optimiser_is_shown_without_computing_again(quick):
    before = quick.history.steps[:]
    for method in METHODS:
        quick.set_knob("optimiser", method.name)
        assert curve(quick, "direction-error/steps").label == f"true {method.label} steps"
        assert method.label in " ".join(layer.label for layer in quick.pictures()[0].layers)
    quick.set_knob("optimiser", "gd")
    assert quick.history.steps == before


@pytest.mark.parametrize(
    "knobs",
    [{"bias": True}, {"data": "soudry"}, {"data": "gauss", "n": 4, "d": 50}, {"data": "mnist1d", "n": 20}, {"eta": 1}, {"decades": 3},
     {"data": "gauss", "bias": True, "flips": 1, "n": 8}, {"adam_eps": 0.001}],
)  # fmt: skip
def test_the_corners_of_the_knobs_stay_finite(knobs):
    run = work(begin(gd_steps=500, **knobs), budget=1.0)
    for item in run.series():
        assert np.isfinite(item.x).all() and np.isfinite(item.y).all(), item.name
    assert run.markers() and run.pictures() and run.notes
    assert "Adam" not in run.notes[-1], "the last note, which the status row shows, is not about another optimiser than the run's"
    assert all(np.isfinite(values).all() for name, values in run.arrays().items())


def test_with_few_true_steps_the_other_optimisers_make_none():
    run = work(begin(gd_steps=5))
    assert run.history.steps == [0, 1, 2, 3, 4, 5]
    assert np.isfinite(run.readings.latest("own margin", "gd")).all()
    assert np.isnan(run.readings.latest("own margin", "sign")).all()
    assert {item.name for item in run.series() if item.name.startswith("optimisers/")} == {"optimisers/gd"}


def test_without_true_steps_the_flow_is_there():
    run = work(begin(gd_steps=0))
    assert run.history.steps == [0]
    assert verdict(run, "MM2").mark == "yes"
    assert not any(item.name.endswith("/steps") for item in run.series())
