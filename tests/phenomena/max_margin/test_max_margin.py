"""Max margin: its claims at full size, its SVM against scikit-learn's, chunking, saving, and what happens at its limits."""

import json
import subprocess
import sys
from fnmatch import fnmatch

import numpy as np
import pytest
from sklearn.svm import SVC

from engine.errors import KnobError, ProblemError
from engine.phenomena.max_margin import FIGURES, PICTURES, MaxMargin
from engine.phenomena.max_margin.curves import LAWS
from engine.phenomena.max_margin.lanes import LABELS
from engine.phenomena.max_margin.plane import Plane
from engine.phenomena.max_margin.problems import Wanted, make
from engine.phenomena.max_margin.solved import Solved, log_summed_loss, times
from engine.registry import entries
from engine.state import State
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
        ({"n": 3}, "n must be .*between 4 and 500, got 3"),
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
        drawn = [name for name in names if any(fnmatch(name, pattern) for pattern in figure.series)]
        assert len(drawn) >= 2, figure.name
    assert [item.name for item in quick.pictures()] == [item.name for item in PICTURES]
    for item in quick.series():
        assert len(item.x) == len(item.y) > 0
        assert np.isfinite(item.y).all()
        assert (item.lo is None) == (item.band == "")


# ---------------------------------------------------------------- claims


def test_the_quick_preset_decides_its_claims_and_they_hold(quick):
    verdicts = quick.verdicts()
    assert [item.claim.id for item in verdicts] == [f"MM{number}" for number in range(1, 11)]
    assert {item.claim.id for item in verdicts if item.mark == "not run"} == {"MM8"}
    assert {item.mark for item in verdicts if item.claim.id != "MM8"} == {"yes"}
    json.dumps([item.row() for item in verdicts])


@pytest.mark.slow
def test_the_standard_preset_reaches_own_margins_but_not_every_rank():
    """Seed 1: normalised descent has .9981 of the l1 margin after 1e5 steps, coordinate descent .9972. Shown as failing."""
    found = verdict(work(begin((0, 1, 2), "standard", "standard"), budget=1.0), "MM8")
    assert found.measured >= 0.95
    assert found.holds is False
    assert "seed 1: normalised 0.998" in found.note
    assert "seed 0" not in found.note


def test_claims_wait_for_what_they_need():
    run = work(begin(**SHORT, decades=20))
    marks = {item.claim.id: (item.mark, item.note) for item in run.verdicts()}
    assert marks["MM2"] == ("not yet", "needs decades 59")
    assert marks["MM5"][0] == "yes"
    assert marks["MM7"] == ("not yet", "needs gd steps 200000")
    assert marks["MM8"] == ("not yet", "needs gd steps 1000000")
    assert {item.holds for item in begin().verdicts()} == {None}


def test_claims_about_given_data_are_decided_on_them_whatever_is_shown(small):
    marks = {item.claim.id: item.mark for item in small.verdicts()}
    assert {marks[name] for name in ("MM1", "MM2", "MM3", "MM4", "MM5", "MM6", "MM10")} == {"yes"}


def test_a_wrong_margin_fails_its_claims():
    run = work(begin(gd_steps=0))
    solved = run._run.reference["four-point"]
    readings = solved.along_flow
    solved.__dict__["along_flow"] = type(readings)(**{**readings.__dict__, "direction": readings.direction * 1.02})
    assert verdict(run, "MM2").mark == "no"
    solved.__dict__["second_route"] = 1e-5
    assert verdict(run, "MM1").mark == "no"


# ---------------------------------------------------------------- the mathematics


@pytest.mark.parametrize(
    "wanted", [Wanted("four-point"), Wanted("soudry"), Wanted("gauss"), Wanted("gauss", 12, 3, bias=True), Wanted("four-point", bias=True)]
)
def test_the_svm_is_that_of_scikit_learn(wanted):
    """SVC has an unpenalised bias; on the points with both signs, z and -z, that bias is 0."""
    problem = make(wanted, 3)
    rows = problem.X * problem.y[:, None]
    machine = SVC(C=1e10, kernel="linear", tol=1e-12).fit(np.vstack([rows, -rows]), np.repeat([1, -1], len(rows)))
    np.testing.assert_allclose(problem.svm.w, machine.coef_[0], atol=1e-6 * problem.svm.norm)
    assert problem.svm.kkt <= 1e-10


def test_held_out_points_lie_near_training_points_and_one_is_mislabelled():
    for wanted in (Wanted("four-point"), Wanted("gauss"), Wanted("gauss", 20, 4, bias=True)):
        problem = make(wanted, 0)
        held_out = problem.held_out
        distance = np.linalg.norm(held_out.X[:, None] - problem.X[None], axis=2).min(axis=1)
        assert distance.max() <= 0.5 * problem.svm.margin * (1 + 1e-12)
        assert np.count_nonzero(held_out.y * (held_out.X @ problem.svm.w) <= 0) == 1
        if wanted.bias:
            assert np.all(held_out.X[:, -1] == 1)


def test_the_products_end_where_their_constants_are(quick):
    """Constants of the reference, relative error of order 1/L."""
    for figure, constant, within in (("direction-law", 0.6545, 0.01), ("angle-law", 0.2142, 0.02), ("margin-law", 0.2927, 1e-3),
                                     ("loss-law", 0.8, 1e-6)):  # fmt: skip
        assert set(LAWS) >= {figure}
        flow, limit = curve(quick, f"{figure}/flow"), curve(quick, f"{figure}/limit")
        assert limit.y[-1] == pytest.approx(constant, rel=2e-4)
        assert flow.y[-1] == pytest.approx(constant, rel=within)
        assert flow.x[-1] == pytest.approx(1e59)


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


def test_the_loss_is_right_where_it_is_below_every_float():
    Z = np.array([[1.0, 0.0], [0.0, 2.0]])
    w = np.array([[0.3, -0.2], [35.0, 20.0], [5000.0, 4000.0]])
    found = log_summed_loss(Z, w)
    np.testing.assert_allclose(found[0], np.log(np.log1p(np.exp(-0.3)) + np.log1p(np.exp(0.4))), rtol=1e-12)
    np.testing.assert_allclose(found[1], -35.0 + np.log1p(np.exp(-5.0)), rtol=1e-12)
    np.testing.assert_allclose(found[2], -5000.0, rtol=1e-12)


def test_optimisers_without_a_flow_stand_where_the_flow_has_their_loss(quick):
    lane = quick._run.named("normalised")[0]
    tau = lane.log_times()
    inside = np.isfinite(tau)
    readings = lane.solved.along_flow
    flow_loss = np.interp(tau[inside], readings.log_s, readings.log_loss)
    np.testing.assert_allclose(flow_loss, log_summed_loss(lane.solved.svm.Z, lane.path[inside]), rtol=1e-9)


def test_times_hold_every_whole_decade():
    for decades in (3, 9, 59):
        tau = times(-1.3, decades) / np.log(10)
        assert tau[0] == pytest.approx(-1.3)
        assert np.all(np.diff(tau) > 0)
        for decade in range(decades + 1):
            assert np.abs(tau - decade).min() < 1e-12


def test_lines_of_the_picture_are_where_the_weights_say():
    for wanted in (Wanted("four-point"), Wanted("gauss", 30, 6), Wanted("four-point", bias=True), Wanted("gauss", 30, 6, bias=True)):
        problem = make(wanted, 0)
        plane = Plane(Solved(problem, times(0.0, 10)))
        d = problem.X.shape[1] - wanted.bias
        bias = problem.svm.w[-1] if wanted.bias else 0.0
        for level in (0.0, 1.0, -1.0):
            values = plane.line(problem.svm.w, level) @ (plane.basis @ problem.svm.w[:d]) + bias
            np.testing.assert_allclose(values, level, atol=1e-9)
        np.testing.assert_allclose(plane.basis @ plane.basis.T, np.eye(2), atol=1e-12)
        support = plane.points[problem.svm.support] @ (plane.basis @ problem.svm.w[:d]) + bias
        np.testing.assert_allclose(np.abs(support), 1.0, atol=1e-9)


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
    assert [record["direction error"][0] for record in alone.history.records[1:]] == [
        record["direction error"][1] for record in small.history.records[1:]
    ]
    together = curve(small, "direction-error/flow")
    assert together.band == "range of 2 seeds"


# ---------------------------------------------------------------- knobs


def test_another_optimiser_is_shown_without_computing_again(quick):
    before = quick.history.steps[:]
    for name, label in LABELS.items():
        quick.set_knob("optimiser", name)
        assert curve(quick, "direction-error/steps").label == f"true {label}"
        assert label in " ".join(layer.label for layer in quick.pictures()[0].layers)
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
    assert all(np.isfinite(values).all() for name, values in run.arrays().items())


def test_without_true_steps_the_flow_is_there():
    run = work(begin(gd_steps=0))
    assert run.history.steps == [0]
    assert verdict(run, "MM2").mark == "yes"
    assert not any(item.name.endswith("/steps") for item in run.series())
